package api

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"entente.dev/entente/internal/api/wire"
	"entente.dev/entente/internal/authn"
	"entente.dev/entente/internal/authz"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/plan"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/prospect"
	"entente.dev/entente/internal/store"
)

func (s *server) requestRoutes() {
	const base = "/v1/organizations/{org}/requests"
	handle(s, operation{method: http.MethodGet, path: base, id: "requests", summary: "Questions to tenants, newest first"}, s.requests)
	handle(s, operation{method: http.MethodGet, path: base + "/{id}", id: "get-request", summary: "One question"}, s.request)
	handle(s, operation{method: http.MethodGet, path: base + "/{id}/people", id: "request-people", summary: "Who exactly it is about"}, s.people)
	handle(s, operation{method: http.MethodPost, path: base + "/{id}/approve", id: "approve", summary: "Say yes, within limits"}, s.approve)
	handle(s, operation{method: http.MethodPost, path: base + "/{id}/reject", id: "reject", summary: "Say no"}, s.reject)
}

type inRequests struct {
	OrgPath
	Tenant string `query:"tenant" maxLength:"64"`
	Status string `query:"status" enum:"waiting,approved,rejected,expired,withdrawn"`
	Kind   string `query:"kind" enum:"acceptance,reduction"`
}

func (s *server) requests(ctx context.Context, in *inRequests) (wire.Requests, error) {
	if err := s.allow(ctx, authz.Read, authz.OfOrg(in.Org)); err != nil {
		return wire.Requests{}, err
	}
	all, err := s.Store.ListRequests(ctx, store.RequestFilter{
		Org: in.Org, Tenant: ident.Tenant(in.Tenant), Status: store.RequestStatus(in.Status), Kind: in.Kind,
	})
	if err != nil {
		return wire.Requests{}, err
	}
	out := wire.Requests{Requests: []store.Request{}}
	for _, r := range all {
		if s.may(ctx, authz.Read, objectOf(r)) {
			r.Requester = "" // who somebody is, is for telling people apart only
			out.Requests = append(out.Requests, r)
		}
	}
	return out, nil
}

// objectOf makes the deciding tenant the target, also where the question is not about an acceptance.
func objectOf(r store.Request) authz.Object {
	o := authz.OfShare(authz.Request, r.Org, r.Share)
	if r.Tenant != "" && r.Tenant != o.Target {
		o.Source, o.Target = o.Target, r.Tenant
	}
	return o
}

// find answers "not allowed" for a request the caller may not see, whether it exists or not.
func (s *server) find(ctx context.Context, org, id string, verb authz.Verb) (store.Request, error) {
	r, err := s.Store.Request(ctx, org, id)
	if problem.KindOf(err) == problem.NotFound && err != nil {
		if denied := s.allow(ctx, authz.Read, authz.OfShare(authz.Request, org, ident.Share{})); denied != nil {
			return r, denied
		}
	}
	if err != nil {
		return r, err
	}
	return r, s.allow(ctx, verb, objectOf(r))
}

func (s *server) request(ctx context.Context, in *IDPath) (wire.Request, error) {
	r, err := s.find(ctx, in.Org, in.ID, authz.Read)
	if err != nil {
		return wire.Request{}, err
	}
	facts, err := described(ctx, s, r, func() (prospect.Facts, error) { return s.Store.RequestFacts(ctx, r.Org, r.ID, r.PlanDigest) })
	if err != nil {
		return wire.Request{}, err
	}
	evidence, err := s.evidence(ctx, r)
	if err != nil {
		return wire.Request{}, err
	}
	yours := r.Requester != "" && r.Requester == authn.From(ctx).ID()
	r.Requester = ""
	out := wire.Request{
		Request: r, Yours: yours, Acceptance: facts.Acceptance, Budget: facts.Budget, Counts: facts.Counts, Changes: list(facts.Changes),
		Summary: wire.Prospect{
			As: facts.As, Standing: facts.Standing, Directory: facts.Directory, Collisions: list(facts.Collisions(evidence)), Notes: facts.Notes(evidence),
		},
	}
	if !s.may(ctx, authz.People, objectOf(r)) {
		for i := range out.Summary.Collisions {
			out.Summary.Collisions[i].People = nil
		}
	}
	return out, nil
}

// described reads what is kept beside a request. A request that was opened before it was kept, or whose plan has just
// become another one, is described first.
func described[T any](ctx context.Context, s *server, r store.Request, read func() (T, error)) (T, error) {
	out, err := read()
	if err == nil || problem.KindOf(err) != problem.NotFound {
		return out, err
	}
	if err := store.Describe(ctx, s.Store, r); err != nil {
		return out, err
	}
	return read()
}

// evidence is nil where nothing was looked up in the target.
func (s *server) evidence(ctx context.Context, r store.Request) (*prospect.Evidence, error) {
	e, err := s.Store.Evidence(ctx, r.Org, r.ID)
	if err == nil {
		return &e, nil
	}
	if problem.KindOf(err) == problem.NotFound {
		return nil, nil
	}
	return nil, err
}

type inPeople struct {
	IDPath
	PageQuery
	Search string `query:"search" maxLength:"400" doc:"Part of a user principal name, a name or a mail address"`
	Action string `query:"action" maxLength:"32" doc:"What happens to them: create, convert, keep, leave-guest, restore, remove, skip, held, wait, block, unblock"`
	From   string `query:"from" maxLength:"32" doc:"How they stand now: absent, guest, member, pending, softDeleted, blocked"`
	Rule   string `query:"rule" maxLength:"400" example:"department:Sales*" doc:"Only those whom this exclusion rule would leave out: field:match"`
}

// people pages by position: the list of a digest never changes.
func (s *server) people(ctx context.Context, in *inPeople) (wire.People, error) {
	r, err := s.find(ctx, in.Org, in.ID, authz.People)
	if err != nil {
		return wire.People{}, err
	}
	// One row more than asked tells whether there is another page.
	f := store.PeopleFilter{Search: strings.TrimSpace(in.Search), Action: plan.EffectAction(in.Action), From: in.From, Limit: in.Limit + 1}
	if in.After != "" {
		if f.After, err = strconv.Atoi(in.After); err != nil || f.After < 0 {
			return wire.People{}, invalid("page the people", "the cursor is not one of this list", "start without after")
		}
	}
	var page store.PeoplePage
	fit := 0
	if in.Rule == "" {
		page, err = s.listed(ctx, r, f)
	} else {
		page, fit, err = s.wouldLeaveOut(ctx, r, in.Rule, f)
	}
	if err != nil {
		return wire.People{}, err
	}
	out := wire.People{People: list(page.People), Total: page.Total, Sums: list(page.Sums), Fit: fit}
	if len(out.People) > in.Limit {
		out.People = out.People[:in.Limit]
		out.Next = strconv.Itoa(out.People[in.Limit-1].Ordinal)
	}
	return out, nil
}

func (s *server) listed(ctx context.Context, r store.Request, f store.PeopleFilter) (store.PeoplePage, error) {
	return described(ctx, s, r, func() (store.PeoplePage, error) { return s.Store.RequestPeople(ctx, r.Org, r.ID, r.PlanDigest, f) })
}
