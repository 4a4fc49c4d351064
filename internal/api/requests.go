package api

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"entente.dev/entente/internal/api/wire"
	"entente.dev/entente/internal/authn"
	"entente.dev/entente/internal/authz"
	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/plan"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/prospect"
	"entente.dev/entente/internal/store"
	"entente.dev/entente/internal/topology"
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
	out := wire.Request{
		Request: r, Acceptance: facts.Acceptance, Budget: facts.Budget, Counts: facts.Counts, Changes: list(facts.Changes),
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
	page, err := described(ctx, s, r, func() (store.PeoplePage, error) { return s.Store.RequestPeople(ctx, r.Org, r.ID, r.PlanDigest, f) })
	if err != nil {
		return wire.People{}, err
	}
	out := wire.People{People: list(page.People), Total: page.Total, Sums: list(page.Sums)}
	if len(out.People) > in.Limit {
		out.People = out.People[:in.Limit]
		out.Next = strconv.Itoa(out.People[in.Limit-1].Ordinal)
	}
	return out, nil
}

type inApprove struct {
	IDPath
	KeyHeader
	Body wire.Approve
}

func (s *server) approve(ctx context.Context, in *inApprove) (wire.Decided, error) {
	r, err := s.open(ctx, in.Org, in.ID, authz.Approve)
	if err != nil {
		return wire.Decided{}, err
	}
	if in.Body.PlanDigest != "" && in.Body.PlanDigest != r.PlanDigest {
		return wire.Decided{}, &problem.Error{
			Kind: problem.Stale, Op: "approve", Tenant: string(r.Tenant), Remedy: "look at the request again, then decide",
			Detail: fmt.Sprintf("the request is about plan %s by now, not %s", ident.Short(r.PlanDigest), ident.Short(in.Body.PlanDigest)),
		}
	}
	d := contract.Decision{
		Approve: true, By: authn.From(ctx).Name, Reason: in.Body.Reason, MaxUsers: in.Body.MaxUsers,
		ExistingGuests: in.Body.ExistingGuests, PlanDigest: r.PlanDigest,
	}
	if in.Body.ExpiresAfter != "" {
		if d.ExpiresAfter, err = topology.ParseDuration(in.Body.ExpiresAfter); err != nil || d.ExpiresAfter <= 0 {
			return wire.Decided{}, invalid("approve", fmt.Sprintf("expiresAfter: %q is not a duration", in.Body.ExpiresAfter), `write for example "90d" or "12h"`)
		}
	}
	if d.Exclusions, err = s.excluded(ctx, r, in.Body.Exclusions); err != nil {
		return wire.Decided{}, err
	}
	d.Excluded = len(d.Exclusions)
	return s.decide(ctx, r, d, in.key())
}

type inReject struct {
	IDPath
	KeyHeader
	Body wire.Reason
}

func (s *server) reject(ctx context.Context, in *inReject) (wire.Decided, error) {
	r, err := s.open(ctx, in.Org, in.ID, authz.Reject)
	if err != nil {
		return wire.Decided{}, err
	}
	if strings.TrimSpace(in.Body.Reason) == "" {
		return wire.Decided{}, invalid("reject", "a no needs its reason", "say why; the asking side will read it")
	}
	return s.decide(ctx, r, contract.Decision{By: authn.From(ctx).Name, Reason: in.Body.Reason, PlanDigest: r.PlanDigest}, in.key())
}

// open finds a request that still waits. The check is for a good message; the workflow decides races.
func (s *server) open(ctx context.Context, org, id string, verb authz.Verb) (store.Request, error) {
	r, err := s.find(ctx, org, id, verb)
	if err != nil || r.Status == store.Waiting {
		return r, err
	}
	detail := fmt.Sprintf("the request is %s already", r.Status)
	if len(r.DecidedBy) > 0 {
		detail += " by " + strings.Join(r.DecidedBy, ", ")
	}
	return r, &problem.Error{Kind: problem.Conflict, Op: string(verb), Tenant: string(r.Tenant), Detail: detail,
		Remedy: "nothing is left to decide; see `entente inbox` for what waits"}
}

func (s *server) decide(ctx context.Context, r store.Request, d contract.Decision, key string) (wire.Decided, error) {
	result, err := s.Control.Decide(ctx, r.Workflow, d, key)
	if err != nil {
		return wire.Decided{}, err
	}
	return wire.Decided{RequestID: r.ID, Status: result.Status, Missing: result.Missing}, nil
}

// excluded finds the people an admin leaves out among those the request is about.
func (s *server) excluded(ctx context.Context, r store.Request, upns []string) ([]plan.Exclusion, error) {
	if len(upns) == 0 {
		return nil, nil
	}
	p, err := s.Store.SharePlan(ctx, r.Org, r.PlanDigest)
	if err != nil {
		return nil, err
	}
	byUPN := map[string]ident.Person{}
	for _, e := range p.Effects {
		byUPN[strings.ToLower(e.UPN)] = e.Person
	}
	var out []plan.Exclusion
	wrong := wire.From(&problem.Error{Kind: problem.Invalid, Op: "approve", Detail: "somebody to be excluded is not in the request; nothing was decided",
		Remedy: "use the user principal names that the request lists"})
	for i, upn := range upns {
		person, ok := byUPN[strings.ToLower(strings.TrimSpace(upn))]
		if !ok {
			wrong.Errors = append(wrong.Errors, wire.Fault{Location: fmt.Sprintf("body.exclusions[%d]", i), Rule: "not-in-request", Message: upn + " is not in the request"})
			continue
		}
		out = append(out, plan.Exclusion{Person: person})
	}
	if len(wrong.Errors) > 0 {
		return nil, wrong
	}
	return out, nil
}
