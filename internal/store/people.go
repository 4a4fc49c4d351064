package store

import (
	"context"

	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/plan"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/prospect"
)

// AskedPerson is what a request's plan means for one person.
type AskedPerson struct {
	plan.Effect
	Ordinal int    `json:"-"`              // where they stand in the list: a cursor
	Mail    string `json:"mail,omitempty"` // at home
	Note    string `json:"note,omitempty"` // what the plan warns of about this person
}

// PeopleSum counts the people of a request whom the same happens to and who stand alike.
type PeopleSum struct {
	Action plan.EffectAction `json:"action"`
	From   string            `json:"from"`
	People int               `json:"people"`
}

// PeopleFilter narrows the people of a request; zero fields do not.
type PeopleFilter struct {
	Search string // part of a user principal name, a name or a mail address
	Action plan.EffectAction
	From   string
	After  int // cursor: AskedPerson.Ordinal
	Limit  int // 0: all
}

// PeoplePage is a part of the people of a request, with the sums of all of them.
type PeoplePage struct {
	People []AskedPerson
	Sums   []PeopleSum
	Total  int
}

// AskersPage is a part of those whom a request would bring, as its list of people says.
type AskersPage struct {
	Digest string           `json:"digest"` // of the plan that the list is of
	Askers []prospect.Asker `json:"askers"`
	Next   int              `json:"next,omitempty"` // where the next part begins; 0: this is the last
}

// RequestPeople keeps whom requests are about, one row for each, so that a page costs a page. A list is stored once
// for a plan, whoever asks about it, and goes with the last request that reads it.
type RequestPeople interface {
	// PutRequestPeople lists the people of a request's plan. mail gives addresses at home by person; it may be nil.
	// The same plan again changes nothing; another one replaces the request's list.
	PutRequestPeople(ctx context.Context, org, request string, p *plan.SharePlan, mail map[ident.Person]string) error
	// RequestPeople is problem.NotFound where this plan was not listed for this request.
	RequestPeople(ctx context.Context, org, request, digest string, f PeopleFilter) (PeoplePage, error)
	// RequestTwins are people of a request whose mail address somebody has whom another source sends to the target.
	RequestTwins(ctx context.Context, org, request string) (prospect.Collision, error)
	PutRequestFacts(ctx context.Context, org, request, digest string, f prospect.Facts) error
	// RequestFacts is problem.NotFound where nothing was counted for this plan.
	RequestFacts(ctx context.Context, org, request, digest string) (prospect.Facts, error)
	// Askers are those of a request's people who would come, by marks of their addresses. The first part is of the
	// newest list (digest "", after 0); a next one is problem.NotFound when the list has become another one.
	Askers(ctx context.Context, org, request, digest string, after int) (AskersPage, error)
	PutEvidence(ctx context.Context, org, request string, e prospect.Evidence) error
	// Evidence is problem.NotFound where nothing was looked up for the request.
	Evidence(ctx context.Context, org, request string) (prospect.Evidence, error)
}

// Described is what describing a request reads and writes.
type Described interface {
	Plans
	Snapshots
	RequestPeople
}

// Describe lists the people of a request's plan and counts what its target should know, from what is stored. It is
// safe to repeat.
func Describe(ctx context.Context, s Described, r Request) error {
	p, err := s.SharePlan(ctx, r.Org, r.PlanDigest)
	if err != nil {
		return err
	}
	mail, err := addresses(ctx, s, r)
	if err != nil {
		return err
	}
	if err := s.PutRequestPeople(ctx, r.Org, r.ID, p, mail); err != nil {
		return err
	}
	in := prospect.Input{Plan: p}
	if in.Twins, err = s.RequestTwins(ctx, r.Org, r.ID); err != nil {
		return err
	}
	if in.Target, _, _, err = s.LatestSnapshot(ctx, r.Org, r.Share.Target); err != nil && problem.KindOf(err) != problem.NotFound {
		return err
	}
	return s.PutRequestFacts(ctx, r.Org, r.ID, r.PlanDigest, prospect.Compute(in))
}

// addresses are the mail addresses of a source's people, as newly observed; none where it was not.
func addresses(ctx context.Context, s Snapshots, r Request) (map[ident.Person]string, error) {
	source, _, _, err := s.LatestSnapshot(ctx, r.Org, r.Share.Source)
	if err != nil {
		if problem.KindOf(err) == problem.NotFound {
			return nil, nil
		}
		return nil, err
	}
	out := make(map[ident.Person]string, len(source.Users))
	for _, u := range source.Users {
		if u.Mail != "" {
			out[ident.Person{Home: r.Share.Source, ID: u.ID}] = u.Mail
		}
	}
	return out, nil
}
