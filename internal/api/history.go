package api

import (
	"context"
	"maps"
	"slices"
	"strings"

	"entente.dev/entente/internal/api/wire"
	"entente.dev/entente/internal/authz"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/ledger"
	"entente.dev/entente/internal/plan"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/store"
)

type inHistory struct {
	OrgPath
	Person string `path:"person" maxLength:"400" doc:"User principal name at home, or HOME/OBJECT-ID"`
	Limit  int    `query:"limit" minimum:"1" maximum:"1000" default:"200" doc:"The newest so many"`
}

// history finds the person's objects, and what the ledger says of each of them. The ledger itself holds no names:
// who is meant is answered by what is known today. An admin sees all about the own tenant's people, and of others
// what happened in the own tenant; somebody of whom the caller may see nothing is not found.
func (s *server) history(ctx context.Context, in *inHistory) (wire.History, error) {
	if err := s.allow(ctx, authz.Read, authz.OfOrg(in.Org)); err != nil {
		return wire.History{}, err
	}
	person, upn, err := s.anybody(ctx, in.Org, in.Person)
	if err != nil {
		return wire.History{}, err
	}
	entries, err := s.story(ctx, in.Org, person)
	if err != nil {
		return wire.History{}, err
	}
	if !s.may(ctx, authz.People, authz.OfTenant(in.Org, person.Home)) {
		entries = slices.DeleteFunc(entries, func(e store.Entry) bool { return !s.showsPeople(ctx, e) })
		if len(entries) == 0 {
			return wire.History{}, nobody()
		}
	}
	out := wire.History{Person: person, UPN: upn, Entries: entries, More: len(entries) > in.Limit}
	if out.More {
		out.Entries = entries[len(entries)-in.Limit:]
	}
	return out, nil
}

func nobody() error {
	return &problem.Error{Kind: problem.NotFound, Op: "find the person", Detail: "nobody with that user principal name lives in a tenant of this organization",
		Remedy: "use the name at home, for example bob@b.example, or HOME/OBJECT-ID"}
}

func (s *server) showsPeople(ctx context.Context, e store.Entry) bool {
	if e.Share != nil {
		return s.may(ctx, authz.People, authz.OfShare(authz.Share, e.Org, *e.Share))
	}
	return e.Tenant != "" && s.may(ctx, authz.People, authz.OfTenant(e.Org, e.Tenant))
}

// anybody finds a person who lives in a tenant, or who left the shares and is known from there.
func (s *server) anybody(ctx context.Context, org, text string) (ident.Person, string, error) {
	person, upn, err := s.person(ctx, org, text, everywhere)
	if err == nil || problem.KindOf(err) != problem.NotFound {
		return person, upn, err
	}
	reductions, listErr := s.Store.ListReductions(ctx, org)
	if listErr != nil {
		return ident.Person{}, "", listErr
	}
	for _, r := range reductions {
		for _, m := range r.Removals {
			if strings.EqualFold(m.UPN, strings.TrimSpace(text)) {
				return m.Person, m.UPN, nil
			}
		}
	}
	return ident.Person{}, "", err
}

// story is every entry about a person's objects and the decisions about shares that carry or would carry them,
// oldest first.
func (s *server) story(ctx context.Context, org string, person ident.Person) ([]store.Entry, error) {
	subjects, err := s.objects(ctx, org, person)
	if err != nil {
		return nil, err
	}
	found := map[int64]store.Entry{}
	carried := map[ident.Share]bool{}
	for _, subject := range slices.Sorted(maps.Keys(subjects)) {
		about, err := s.Store.LedgerAbout(ctx, org, subject, 0)
		if err != nil {
			return nil, err
		}
		for _, e := range about {
			e.People = slices.DeleteFunc(slices.Clone(e.People), func(p string) bool { return !subjects[p] })
			found[e.Seq] = e
			if e.Share != nil && e.Share.Source == person.Home {
				carried[*e.Share] = true
			}
		}
	}
	if err := s.decisions(ctx, org, person, carried, found); err != nil {
		return nil, err
	}
	out := slices.Collect(maps.Values(found))
	slices.SortFunc(out, func(a, b store.Entry) int { return int(a.Seq - b.Seq) })
	return out, nil
}

// objects are a person's names in the ledger: at home, and every object that ever stood for them in a target.
func (s *server) objects(ctx context.Context, org string, person ident.Person) (map[string]bool, error) {
	out := map[string]bool{ledger.PersonOf(person): true}
	links, err := s.Store.Links(ctx, org)
	if err != nil {
		return nil, err
	}
	for _, l := range links {
		if l.Person == person {
			out[ledger.ObjectOf(l.Tenant, l.ObjectID)] = true
		}
	}
	conversions, err := s.Store.Conversions(ctx, org)
	if err != nil {
		return nil, err
	}
	for _, c := range conversions {
		if c.Person == person {
			out[ledger.ObjectOf(c.Tenant, c.ObjectID)] = true
		}
	}
	reductions, err := s.Store.ListReductions(ctx, org)
	for _, r := range reductions {
		for _, m := range r.Removals {
			if m.Person == person && m.ObjectID != "" {
				out[ledger.ObjectOf(r.Share.Target, m.ObjectID)] = true
			}
		}
	}
	return out, err
}

// decisions adds those about the shares that carried the person, and of the home's other shares those whose plan
// names them.
func (s *server) decisions(ctx context.Context, org string, person ident.Person, carried map[ident.Share]bool, found map[int64]store.Entry) error {
	shares, err := s.Store.ShareStatuses(ctx, org)
	if err != nil {
		return err
	}
	for _, status := range shares {
		if _, known := carried[status.Share]; status.Share.Source == person.Home && !known {
			carried[status.Share] = false
		}
	}
	for share, did := range carried {
		about, err := s.Store.LedgerAbout(ctx, org, ledger.SubjectOfShare(share), 0)
		if err != nil {
			return err
		}
		if !did && len(about) > 0 {
			if did, err = s.names(ctx, org, about[len(about)-1].Data["plan"], person); err != nil {
				return err
			}
		}
		for _, e := range about {
			if did {
				found[e.Seq] = e
			}
		}
	}
	return nil
}

// names tells whether a stored share plan is about a person. A plan that is not kept any more names nobody.
func (s *server) names(ctx context.Context, org, digest string, person ident.Person) (bool, error) {
	if digest == "" {
		return false, nil
	}
	p, err := s.Store.SharePlan(ctx, org, digest)
	if problem.KindOf(err) == problem.NotFound && err != nil {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(p.Effects, func(e plan.Effect) bool { return e.Person == person }), nil
}
