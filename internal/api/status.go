package api

import (
	"context"
	"net/http"
	"slices"

	"entente.dev/entente/internal/api/wire"
	"entente.dev/entente/internal/authn"
	"entente.dev/entente/internal/authz"
	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/plan"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/store"
)

// newestRuns is how many passes a share's page shows.
const newestRuns = 20

func (s *server) statusRoutes() {
	handle(s, operation{method: http.MethodGet, path: "/v1/organizations", id: "organizations", summary: "Organizations of this server"}, s.organizations)
	handle(s, operation{method: http.MethodGet, path: "/v1/whoami", id: "whoami", summary: "Who the caller is here"}, s.whoami)
	handle(s, operation{method: http.MethodGet, path: "/v1/organizations/{org}/status", id: "status", summary: "Where every share and tenant stands"}, s.status)
	handle(s, operation{method: http.MethodGet, path: "/v1/organizations/{org}/shares/{source}/{target}", id: "get-share", summary: "One share"}, s.share)
	handle(s, operation{method: http.MethodGet, path: "/v1/organizations/{org}/runs", id: "runs", summary: "Passes of shares, newest first"}, s.runs)
	handle(s, operation{method: http.MethodGet, path: "/v1/organizations/{org}/coverage", id: "coverage", summary: "Who is represented where"}, s.coverage)
}

func (s *server) organizations(ctx context.Context, _ *struct{}) (wire.Organizations, error) {
	all, err := s.Store.Organizations(ctx)
	out := wire.Organizations{Organizations: []string{}}
	for _, org := range all {
		if s.may(ctx, authz.Read, authz.OfOrg(org)) {
			out.Organizations = append(out.Organizations, org)
		}
	}
	return out, err
}

func (s *server) whoami(ctx context.Context, _ *struct{}) (authn.Principal, error) {
	return authn.From(ctx), nil
}

func (s *server) status(ctx context.Context, in *OrgPath) (wire.Status, error) {
	if err := s.allow(ctx, authz.Read, authz.OfOrg(in.Org)); err != nil {
		return wire.Status{}, err
	}
	return s.readStatus(ctx, in.Org)
}

// readStatus is the caller's view: shares that its tenant is a side of, tenants it may see.
func (s *server) readStatus(ctx context.Context, org string) (wire.Status, error) {
	out := wire.Status{Organization: org, InSync: true, Shares: []wire.ShareStatus{}, Tenants: []wire.Tenant{}}
	shares, err := s.Store.ShareStatuses(ctx, org)
	if err != nil {
		return out, err
	}
	tenants, err := s.Store.TenantStatuses(ctx, org)
	if err != nil {
		return out, err
	}
	if len(shares) == 0 && len(tenants) == 0 {
		if err := s.known(ctx, org); err != nil {
			return out, err
		}
	}
	waiting, err := s.Store.ListRequests(ctx, store.RequestFilter{Org: org, Status: store.Waiting})
	if err != nil {
		return out, err
	}
	for _, r := range waiting {
		if s.may(ctx, authz.Read, authz.OfShare(authz.Request, org, r.Share)) {
			out.Waiting++
		}
	}
	for _, share := range shares {
		if s.may(ctx, authz.Read, authz.OfShare(authz.Share, org, share.Share)) {
			view := shareView(share, tenants)
			out.Shares = append(out.Shares, view)
			out.InSync = out.InSync && (view.InSync || view.Phase == string(contract.PhaseStopped)) && len(view.Problems) == 0
		}
	}
	for _, t := range tenants {
		if s.may(ctx, authz.Read, authz.OfTenant(org, t.Tenant)) {
			out.Tenants = append(out.Tenants, wire.Tenant{
				Tenant: t.Tenant, Problem: t.Problem, SnapshotID: t.SnapshotID, ObservedAt: t.ObservedAt, UpdatedAt: t.UpdatedAt,
			})
			out.InSync = out.InSync && t.Problem == nil
		}
	}
	for _, t := range unseen(out) {
		if s.may(ctx, authz.Read, authz.OfTenant(org, t.Tenant)) {
			out.Tenants = append(out.Tenants, t)
		}
	}
	out.InSync = out.InSync && len(out.Shares) > 0
	return out, nil
}

// unseen are tenants of shares that never reported, with the problem that a share has with them: nobody serves them,
// or nobody can reach them. It also puts such a problem on tenants that reported before.
func unseen(status wire.Status) []wire.Tenant {
	var out []wire.Tenant
	for _, share := range status.Shares {
		for _, side := range []ident.Tenant{share.Share.Source, share.Share.Target} {
			known := func(t wire.Tenant) bool { return t.Tenant == side }
			i := slices.IndexFunc(share.Problems, func(p *problem.Error) bool { return p.Tenant == string(side) })
			if i < 0 {
				continue
			}
			if at := slices.IndexFunc(status.Tenants, known); at >= 0 {
				if status.Tenants[at].Problem == nil {
					status.Tenants[at].Problem = share.Problems[i]
				}
			} else if !slices.ContainsFunc(out, known) {
				out = append(out, wire.Tenant{Tenant: side, Problem: share.Problems[i], UpdatedAt: share.UpdatedAt})
			}
		}
	}
	return out
}

// known tells an organization that has nothing yet from one that nobody ever planned.
func (s *server) known(ctx context.Context, org string) error {
	all, err := s.Store.Organizations(ctx)
	if err != nil || slices.Contains(all, org) {
		return err
	}
	return &problem.Error{Kind: problem.NotFound, Op: "find the organization", Detail: "no organization of that name has a topology here",
		Remedy: "check --org, or plan a topology with that metadata.name first"}
}

// shareView adds the problems of a share's tenants: a share cannot go on while one of its sides cannot be read.
func shareView(share store.ShareStatus, tenants []store.TenantStatus) wire.ShareStatus {
	out := wire.ShareStatus{
		Share: share.Share, Phase: share.Phase, Detail: share.Detail, RequestID: share.RequestID, PlanDigest: share.PlanDigest,
		People: share.People, InSync: share.InSync, Run: share.Stamp.Run, UpdatedAt: share.UpdatedAt,
	}
	if share.Problem != nil {
		out.Problems = append(out.Problems, share.Problem)
	}
	for _, side := range []ident.Tenant{share.Share.Source, share.Share.Target} {
		for _, t := range tenants {
			if t.Tenant == side && t.Problem != nil && !slices.ContainsFunc(out.Problems, func(p *problem.Error) bool {
				return p.Tenant == t.Problem.Tenant && p.Kind == t.Problem.Kind && p.Op == t.Problem.Op
			}) {
				out.Problems = append(out.Problems, t.Problem)
			}
		}
	}
	return out
}

func (s *server) share(ctx context.Context, in *SharePath) (wire.Share, error) {
	if err := s.allow(ctx, authz.Read, authz.OfShare(authz.Share, in.Org, in.share())); err != nil {
		return wire.Share{}, err
	}
	share, err := s.Store.ShareStatus(ctx, in.Org, in.share())
	if err != nil {
		return wire.Share{}, err
	}
	tenants, err := s.Store.TenantStatuses(ctx, in.Org)
	if err != nil {
		return wire.Share{}, err
	}
	edge := in.share()
	runs, err := s.Store.Runs(ctx, in.Org, &edge, newestRuns)
	if err != nil {
		return wire.Share{}, err
	}
	out := wire.Share{ShareStatus: shareView(share, tenants), Runs: list(runs), Changes: []plan.Change{}}
	if share.PlanDigest == "" {
		return out, nil
	}
	p, err := s.Store.SharePlan(ctx, in.Org, share.PlanDigest)
	if problem.KindOf(err) == problem.NotFound {
		return out, nil // plans are kept for a time only; the status says the rest
	}
	if err != nil {
		return out, err
	}
	out.Changes = list(p.Changes)
	for _, w := range p.Warnings {
		out.Warnings = append(out.Warnings, w.Detail)
	}
	return out, nil
}

type inRuns struct {
	OrgPath
	Share string `query:"share" maxLength:"130" example:"b/c"`
	Limit int    `query:"limit" minimum:"1" maximum:"1000" default:"100"`
}

func (s *server) runs(ctx context.Context, in *inRuns) (wire.Runs, error) {
	if err := s.allow(ctx, authz.Read, authz.OfOrg(in.Org)); err != nil {
		return wire.Runs{}, err
	}
	var only *ident.Share
	if in.Share != "" {
		share, err := ident.ParseShare(in.Share)
		if err != nil {
			return wire.Runs{}, invalid("list the runs", err.Error(), "")
		}
		only = &share
	}
	runs, err := s.Store.Runs(ctx, in.Org, only, in.Limit)
	if err != nil {
		return wire.Runs{}, err
	}
	runs = slices.DeleteFunc(runs, func(r store.Run) bool {
		return !s.may(ctx, authz.Read, authz.OfShare(authz.Share, in.Org, r.Share))
	})
	return wire.Runs{Runs: list(runs)}, nil
}
