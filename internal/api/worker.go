package api

import (
	"context"
	"net/http"
	"slices"

	"entente.dev/entente/internal/api/wire"
	"entente.dev/entente/internal/authn"
	"entente.dev/entente/internal/authz"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/plan"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/store"
)

// The worker's part of the API: what the activities of one tenant's queue read and record, for a process that has that
// tenant's credential and no database. Every route is one method of the store, narrowed to the tenants that the token
// is bound to. Whatever concerns others is refused, and names of people are left out of what is read: activities
// address objects.

func (s *server) workerRoutes() {
	const base = "/v1/organizations/{org}/worker"
	op := func(method, path, id, summary string) operation {
		return operation{method: method, path: base + path, id: "worker-" + id, summary: "Workers only: " + summary, limit: wire.MaxWorkerBody}
	}
	handle(s, op(http.MethodGet, "/topologies/{digest}", "topology", "a topology as far as it concerns the worker's tenants"), s.workerTopology)
	handle(s, op(http.MethodGet, "/share-plans/{digest}", "share-plan", "the worker's side of a share's plan"), s.workerSharePlan)
	handle(s, op(http.MethodPut, "/ledger", "append", "append to the ledger; the same key again is the same entry"), s.workerAppend)
	handle(s, op(http.MethodGet, "/reductions", "reductions", "reductions of the worker's shares, newest first"), s.workerReductions)
	handle(s, op(http.MethodGet, "/reductions/{id}", "reduction", "one reduction"), s.workerReduction)
	handle(s, op(http.MethodPut, "/reductions/{id}", "put-reduction", "note how far the removals of a reduction are"), s.workerPutReduction)
	handle(s, op(http.MethodPut, "/links", "put-links", "who became which object, by the provisioning log of the worker's tenant"), s.workerPutLinks)
	handle(s, op(http.MethodGet, "/owned", "owned", "objects that Entente made in the worker's tenants"), s.workerOwned)
	handle(s, op(http.MethodPut, "/owned", "put-owned", "note an object that was made"), s.workerPutOwned)
	handle(s, op(http.MethodDelete, "/owned", "drop-owned", "forget an object that was deleted"), s.workerDropOwned)
	handle(s, op(http.MethodGet, "/holds", "holds", "decisions of the worker's tenants about single people"), s.workerHolds)
	handle(s, op(http.MethodGet, "/door", "door", "whether the target of a share of the worker's tenant lets anybody in now, and whom it keeps out"), s.workerDoor)
	handle(s, op(http.MethodDelete, "/holds", "drop-hold", "forget a hold that has ended and was undone"), s.workerDropHold)
	handle(s, op(http.MethodGet, "/conversions", "conversions", "guests of the worker's tenants that became Members"), s.workerConversions)
	handle(s, op(http.MethodPut, "/conversions", "put-conversions", "note conversions that were turned back"), s.workerPutConversions)
	handle(s, op(http.MethodGet, "/requests/{id}/askers", "askers", "marks of the addresses of those whom a request to the worker's tenant would bring"), s.workerAskers)
	handle(s, op(http.MethodPut, "/requests/{id}/evidence", "put-evidence", "what was looked up in the worker's tenant for a request to it"), s.workerPutEvidence)
	s.snapshotRoutes(base + "/tenants/{tenant}/snapshot")
}

// worker is a caller who may work for some tenants of an organization.
type worker struct {
	s       *server
	ctx     context.Context
	org     string
	tenants []ident.Tenant
}

// worker refuses everybody but workers of the organization.
func (s *server) worker(ctx context.Context, org string) (worker, error) {
	w := worker{s: s, ctx: ctx, org: org}
	for _, t := range authn.From(ctx).Tenants(org) {
		if s.may(ctx, authz.Work, authz.OfWork(org, t)) {
			w.tenants = append(w.tenants, t)
		}
	}
	if len(w.tenants) == 0 {
		return w, s.allow(ctx, authz.Work, authz.OfWork(org, ""))
	}
	return w, s.known(ctx, org)
}

// of refuses what belongs to a tenant that the worker does not serve.
func (w worker) of(t ident.Tenant) error {
	return w.s.allow(w.ctx, authz.Work, authz.OfWork(w.org, t))
}

// ofShare refuses a share of which no side is the worker's.
func (w worker) ofShare(share ident.Share) error {
	return w.s.allow(w.ctx, authz.Work, authz.OfShare(authz.WorkerData, w.org, share))
}

func (w worker) has(t ident.Tenant) bool { return slices.Contains(w.tenants, t) }

func (w worker) touches(share ident.Share) bool { return w.has(share.Source) || w.has(share.Target) }

// beyond refuses a claim that goes beyond a worker's own tenant or task.
func beyond(op string, tenant ident.Tenant, detail string) error {
	return withStatus(&problem.Error{Kind: problem.Forbidden, Op: op, Tenant: string(tenant), Detail: detail,
		Remedy: "a worker records what it did in its own tenant, and nothing else; nothing was stored"}, http.StatusForbidden)
}

func recorded(err error) (wire.Recorded, error) { return wire.Recorded{Recorded: err == nil}, err }

type inDigest struct {
	OrgPath
	Digest string `path:"digest" maxLength:"128"`
}

func (s *server) workerSharePlan(ctx context.Context, in *inDigest) (*plan.SharePlan, error) {
	w, err := s.worker(ctx, in.Org)
	if err != nil {
		return nil, err
	}
	p, err := s.Store.SharePlan(ctx, in.Org, in.Digest)
	if err != nil {
		return nil, err
	}
	if err := w.ofShare(p.Share); err != nil {
		return nil, err
	}
	return w.side(*p), nil
}

// side leaves of a plan what the worker's side of the share has to do. People are object ids: those of the source are
// for its worker, those of the target for the other, and names for neither.
func (w worker) side(p plan.SharePlan) *plan.SharePlan {
	p.Changes = slices.DeleteFunc(slices.Clone(p.Changes), func(c plan.Change) bool { return !w.has(c.Tenant) })
	p.Refusals, p.Warnings = []plan.Refusal{}, []plan.Warning{}
	if !w.has(p.Share.Source) {
		p.Desired.Members = nil
	}
	var effects []plan.Effect
	for _, e := range p.Effects {
		if w.has(e.Tenant) {
			e.UPN, e.Name, e.Reason = "", "", ""
			effects = append(effects, e)
		}
	}
	p.Effects = list(effects)
	return &p
}

func (s *server) workerHolds(ctx context.Context, in *OrgPath) (wire.WorkerHolds, error) {
	w, err := s.worker(ctx, in.Org)
	if err != nil {
		return wire.WorkerHolds{}, err
	}
	all, err := s.Store.Holds(ctx, in.Org)
	return wire.WorkerHolds{Holds: only(all, func(h plan.Hold) bool { return w.has(h.Tenant) })}, err
}

type inDropHold struct {
	OrgPath
	Body wire.HoldRef
}

// workerDropHold forgets what is over; the store keeps a hold in force, whose release is the tenant's admin's.
func (s *server) workerDropHold(ctx context.Context, in *inDropHold) (wire.Recorded, error) {
	w, err := s.worker(ctx, in.Org)
	if err == nil {
		err = w.of(in.Body.Tenant)
	}
	if err != nil {
		return wire.Recorded{}, err
	}
	return recorded(s.Store.DropHold(ctx, in.Org, in.Body.Person, in.Body.Tenant))
}

func (s *server) workerConversions(ctx context.Context, in *OrgPath) (wire.WorkerConversions, error) {
	w, err := s.worker(ctx, in.Org)
	if err != nil {
		return wire.WorkerConversions{}, err
	}
	all, err := s.Store.Conversions(ctx, in.Org)
	return wire.WorkerConversions{Conversions: only(all, func(c store.Conversion) bool { return w.has(c.Tenant) })}, err
}

type inConversions struct {
	OrgPath
	Body wire.WorkerConversions
}

func (s *server) workerPutConversions(ctx context.Context, in *inConversions) (wire.Recorded, error) {
	w, err := s.worker(ctx, in.Org)
	if err != nil {
		return wire.Recorded{}, err
	}
	for _, c := range in.Body.Conversions {
		if err := w.of(c.Tenant); err != nil {
			return wire.Recorded{}, err
		}
		if c.Share.Target != c.Tenant || c.Person.Home != c.Share.Source {
			return wire.Recorded{}, beyond("note a conversion", c.Tenant, "a conversion is of a person of the share's source, in its target")
		}
	}
	return recorded(s.Store.PutConversions(ctx, in.Org, in.Body.Conversions))
}

type inLinks struct {
	OrgPath
	Body wire.WorkerLinks
}

// workerPutLinks takes links from the source only: it is the source's log that proves them.
func (s *server) workerPutLinks(ctx context.Context, in *inLinks) (wire.Recorded, error) {
	w, err := s.worker(ctx, in.Org)
	if err != nil {
		return wire.Recorded{}, err
	}
	for _, l := range in.Body.Links {
		if err := w.of(l.Person.Home); err != nil {
			return wire.Recorded{}, err
		}
	}
	return recorded(s.Store.PutLinks(ctx, in.Org, in.Body.Links))
}

// only filters a list; it never answers null.
func only[T any](all []T, keep func(T) bool) []T {
	out := []T{}
	for _, v := range all {
		if keep(v) {
			out = append(out, v)
		}
	}
	return out
}
