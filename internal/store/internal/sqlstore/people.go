package sqlstore

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"

	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/plan"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/prospect"
	"entente.dev/entente/internal/store"
	"entente.dev/entente/internal/store/internal/queries"
)

// peopleHead is what a page needs beside its rows.
type peopleHead struct {
	Sums  []store.PeopleSum `json:"sums"`
	Total int               `json:"total"`
}

// PutRequestPeople implements store.RequestPeople. Readers see the old list or the new one, never a part.
func (s *Store) PutRequestPeople(ctx context.Context, org, request string, p *plan.SharePlan, mail map[ident.Person]string) error {
	const op = "list the people of a request"
	if p == nil {
		return problem.New(problem.Invalid, op, "no plan was given")
	}
	if err := valid(op, need("organization", org), need("request", request), need("digest", p.Digest),
		need("source", string(p.Share.Source)), need("target", string(p.Share.Target))); err != nil {
		return err
	}
	for _, e := range p.Effects {
		if err := valid(op, need("person's home", string(e.Person.Home)), need("person", e.Person.ID), may("standing", e.From), may("standing", e.To),
			may("action", string(e.Action)), may("object", e.ObjectID)); err != nil {
			return err
		}
	}
	return s.write(ctx, op, func(t *tx) error { return t.putPeople(ctx, org, request, p, mail) })
}

func (t *tx) putPeople(ctx context.Context, org, request string, p *plan.SharePlan, mail map[ident.Person]string) error {
	number, err := t.next(ctx, org, "people")
	if err != nil {
		return err
	}
	use, err := t.GetPeopleUse(ctx, queries.GetPeopleUseParams{Org: org, Request: request})
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	if err == nil && use.Digest == p.Digest {
		return errUnchanged
	}
	_, err = t.GetPeopleList(ctx, queries.GetPeopleListParams{Org: org, Digest: p.Digest})
	if errors.Is(err, sql.ErrNoRows) {
		err = t.insertPeople(ctx, org, number, p, mail)
	}
	if err != nil {
		return err
	}
	if err := t.PutPeopleUse(ctx, queries.PutPeopleUseParams{Org: org, Request: request, Digest: p.Digest, Doc: []byte{}}); err != nil {
		return err
	}
	return t.dropUnread(ctx, org, use.Digest)
}

// dropUnread drops a list that no request reads any more.
func (t *tx) dropUnread(ctx context.Context, org, digest string) error {
	if digest == "" {
		return nil
	}
	uses, err := t.CountPeopleUses(ctx, queries.CountPeopleUsesParams{Org: org, Digest: digest})
	if err != nil || uses > 0 {
		return err
	}
	list, err := t.GetPeopleList(ctx, queries.GetPeopleListParams{Org: org, Digest: digest})
	if err != nil {
		return err
	}
	if err := t.DropPeopleRows(ctx, queries.DropPeopleRowsParams{Org: org, List: list.List}); err != nil {
		return err
	}
	return t.DropPeopleList(ctx, queries.DropPeopleListParams{Org: org, Digest: digest})
}

func (t *tx) insertPeople(ctx context.Context, org string, number int64, p *plan.SharePlan, mail map[ident.Person]string) error {
	rows, head := arrange(p, mail)
	doc, err := encode(head)
	if err != nil {
		return err
	}
	if err := t.taken(ctx, org, "people", number); err != nil {
		return err
	}
	err = t.PutPeopleList(ctx, queries.PutPeopleListParams{Org: org, Digest: p.Digest, List: number,
		Source: string(p.Share.Source), Target: string(p.Share.Target), Doc: doc})
	if err != nil {
		return err
	}
	return insertMany(ctx, t.db, queries.InsertPeopleRow, len(rows), func(i int) ([]any, error) {
		r := rows[i]
		upn, name, address := column(r.UPN), column(r.Name), column(r.Mail)
		claims := ""
		if r.Action != plan.HeldOut && r.Action != plan.Skip && r.Action != plan.Remove {
			claims = strings.ToLower(address)
		}
		return []any{org, number, int64(i + 1), strings.ToLower(upn + "\n" + name + "\n" + address), string(r.Action), r.From, r.To, upn, name,
			string(r.Person.Home), r.Person.ID, r.ObjectID, column(r.Reason), column(r.Note), address, claims}, nil
	})
}

// arrange orders a plan's people by user principal name, puts warnings beside whom they are about, and sums up.
func arrange(p *plan.SharePlan, mail map[ident.Person]string) ([]store.AskedPerson, peopleHead) {
	notes := map[ident.Person]string{}
	for _, w := range p.Warnings {
		if w.Person != nil {
			notes[*w.Person] = strings.TrimPrefix(notes[*w.Person]+"; "+w.Detail, "; ")
		}
	}
	sums := map[store.PeopleSum]int{}
	rows := make([]store.AskedPerson, len(p.Effects))
	for i, e := range p.Effects {
		rows[i] = store.AskedPerson{Effect: e, Mail: mail[e.Person], Note: notes[e.Person]}
		if rows[i].Note == e.Reason {
			rows[i].Note = ""
		}
		sums[store.PeopleSum{Action: e.Action, From: e.From}]++
	}
	slices.SortFunc(rows, func(a, b store.AskedPerson) int {
		return cmp.Or(cmp.Compare(strings.ToLower(a.UPN), strings.ToLower(b.UPN)), cmp.Compare(a.Person.ID, b.Person.ID))
	})
	head := peopleHead{Total: len(rows), Sums: make([]store.PeopleSum, 0, len(sums))}
	for sum, n := range sums {
		sum.People = n
		head.Sums = append(head.Sums, sum)
	}
	slices.SortFunc(head.Sums, func(a, b store.PeopleSum) int {
		return cmp.Or(cmp.Compare(a.Action, b.Action), cmp.Compare(a.From, b.From))
	})
	return rows, head
}

// RequestPeople implements store.RequestPeople, ordered by user principal name.
func (s *Store) RequestPeople(ctx context.Context, org, request, digest string, f store.PeopleFilter) (store.PeoplePage, error) {
	const op = "read the people of a request"
	var page store.PeoplePage
	if err := valid(op, may("organization", org), may("request", request), may("digest", digest), may("search", f.Search),
		may("action", string(f.Action)), may("standing", f.From)); err != nil {
		return page, err
	}
	err := s.view(ctx, op, func(t *tx) error {
		list, err := t.peopleList(ctx, op, org, request, digest)
		if err != nil {
			return err
		}
		head, err := decode[peopleHead](list.Doc)
		if err != nil {
			return err
		}
		page.Sums, page.Total = head.Sums, head.Total
		rows, err := t.peopleRows(ctx, org, list.List, f)
		for _, r := range rows {
			page.People = append(page.People, asked(list, r))
		}
		return err
	})
	return page, err
}

func (t *tx) peopleList(ctx context.Context, op, org, request, digest string) (queries.GetPeopleListRow, error) {
	use, err := t.GetPeopleUse(ctx, queries.GetPeopleUseParams{Org: org, Request: request})
	if err != nil {
		return queries.GetPeopleListRow{}, missing(err, op, "the list of request "+request)
	}
	if use.Digest != digest {
		return queries.GetPeopleListRow{}, problem.New(problem.NotFound, op, "the list of plan "+ident.Short(digest)+" is not stored")
	}
	list, err := t.GetPeopleList(ctx, queries.GetPeopleListParams{Org: org, Digest: digest})
	return list, missing(err, op, "the list of request "+request)
}

func (t *tx) peopleRows(ctx context.Context, org string, list int64, f store.PeopleFilter) ([]queries.ListPeopleRowsRow, error) {
	if f.Search == "" && f.Action == "" && f.From == "" {
		return t.ListPeopleRows(ctx, queries.ListPeopleRowsParams{Org: org, List: list, After: int64(f.After), MaxRows: upTo(f.Limit)})
	}
	rows, err := t.SearchPeopleRows(ctx, queries.SearchPeopleRowsParams{Org: org, List: list, After: int64(f.After), Action: string(f.Action),
		Standing: f.From, Pattern: containing(f.Search), MaxRows: upTo(f.Limit)})
	found := make([]queries.ListPeopleRowsRow, len(rows))
	for i, r := range rows {
		found[i] = queries.ListPeopleRowsRow(r)
	}
	return found, err
}

func asked(list queries.GetPeopleListRow, r queries.ListPeopleRowsRow) store.AskedPerson {
	return store.AskedPerson{Ordinal: int(r.Ordinal), Note: r.Note, Mail: r.Mail, Effect: plan.Effect{
		Share: share(list.Source, list.Target), Person: person(r.Home, r.Person), UPN: r.Upn, Name: r.Name, Tenant: ident.Tenant(list.Target),
		Action: plan.EffectAction(r.Action), From: r.Standing, To: r.Becomes, ObjectID: r.ObjectID, Reason: r.Reason,
	}}
}

// RequestTwins implements store.RequestPeople.
func (s *Store) RequestTwins(ctx context.Context, org, request string) (prospect.Collision, error) {
	const op = "look for people of other sources with the same addresses"
	out := prospect.Collision{Kind: prospect.Twin}
	if err := valid(op, may("organization", org), may("request", request)); err != nil {
		return out, err
	}
	err := s.view(ctx, op, func(t *tx) error {
		use, err := t.GetPeopleUse(ctx, queries.GetPeopleUseParams{Org: org, Request: request})
		if err != nil {
			return missing(err, op, "the list of request "+request)
		}
		list, err := t.GetPeopleList(ctx, queries.GetPeopleListParams{Org: org, Digest: use.Digest})
		if err != nil {
			return missing(err, op, "the list of request "+request)
		}
		rows, err := t.PeopleTwins(ctx, queries.PeopleTwinsParams{Org: org, List: list.List, Target: list.Target, Source: list.Source})
		for _, r := range rows {
			out.Add(person(r.Home, r.Person))
		}
		return err
	})
	return out, err
}

// PutRequestFacts implements store.RequestPeople. Facts of another plan than the request's by now are of no use.
func (s *Store) PutRequestFacts(ctx context.Context, org, request, digest string, f prospect.Facts) error {
	const op = "store what a request sums up to"
	if err := valid(op, need("organization", org), need("request", request), need("digest", digest)); err != nil {
		return err
	}
	doc, err := encode(f)
	if err != nil {
		return s.fail(op, err)
	}
	return s.write(ctx, op, func(t *tx) error {
		use, err := t.GetPeopleUse(ctx, queries.GetPeopleUseParams{Org: org, Request: request})
		if err != nil {
			return missing(err, op, "the list of request "+request)
		}
		if use.Digest != digest {
			return errUnchanged
		}
		return t.PutPeopleUse(ctx, queries.PutPeopleUseParams{Org: org, Request: request, Digest: digest, Doc: doc})
	})
}

// RequestFacts implements store.RequestPeople.
func (s *Store) RequestFacts(ctx context.Context, org, request, digest string) (prospect.Facts, error) {
	const op = "read what a request sums up to"
	if err := valid(op, may("organization", org), may("request", request), may("digest", digest)); err != nil {
		return prospect.Facts{}, err
	}
	use, err := s.query().GetPeopleUse(ctx, queries.GetPeopleUseParams{Org: org, Request: request})
	if err != nil {
		return prospect.Facts{}, s.fail(op, missing(err, op, "the list of request "+request))
	}
	if use.Digest != digest || len(use.Doc) == 0 {
		return prospect.Facts{}, problem.New(problem.NotFound, op, "the sums of plan "+ident.Short(digest)+" are not stored")
	}
	f, err := decode[prospect.Facts](use.Doc)
	return f, s.fail(op, err)
}

// PutEvidence implements store.RequestPeople.
func (s *Store) PutEvidence(ctx context.Context, org, request string, e prospect.Evidence) error {
	const op = "store what was looked up for a request"
	if err := valid(op, need("organization", org), need("request", request)); err != nil {
		return err
	}
	doc, err := encode(e)
	if err != nil {
		return s.fail(op, err)
	}
	return s.write(ctx, op, func(t *tx) error {
		return t.PutEvidence(ctx, queries.PutEvidenceParams{Org: org, Request: request, Doc: doc})
	})
}

// Evidence implements store.RequestPeople.
func (s *Store) Evidence(ctx context.Context, org, request string) (prospect.Evidence, error) {
	const op = "read what was looked up for a request"
	if err := valid(op, may("organization", org), may("request", request)); err != nil {
		return prospect.Evidence{}, err
	}
	doc, err := s.query().GetEvidence(ctx, queries.GetEvidenceParams{Org: org, Request: request})
	if err != nil {
		return prospect.Evidence{}, s.fail(op, missing(err, op, "evidence for request "+request))
	}
	e, err := decode[prospect.Evidence](doc)
	return e, s.fail(op, err)
}
