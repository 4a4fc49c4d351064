package api

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"entente.dev/entente/internal/api/wire"
	"entente.dev/entente/internal/authn"
	"entente.dev/entente/internal/authz"
	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/plan"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/store"
	"entente.dev/entente/internal/topology"
)

// The pace of a share's waiting loops: never quicker than fastest, and while something is on its way a look
// at least every slowest.
const (
	fastest = 500 * time.Millisecond
	slowest = time.Minute
)

const topologyLimit = 5 << 20

func (s *server) planRoutes() {
	handle(s, operation{method: http.MethodPost, path: "/v1/validate", id: "validate", limit: topologyLimit,
		summary: "Check a topology without looking at any tenant"}, s.validate)
	handle(s, operation{method: http.MethodPost, path: "/v1/plans", id: "plan", limit: topologyLimit,
		summary: "Show what a topology would change; writes nothing in any tenant"}, s.plan)
	handle(s, operation{method: http.MethodGet, path: "/v1/organizations/{org}/plans/{id}", id: "get-plan",
		summary: "A stored plan"}, s.storedPlan)
	handle(s, operation{method: http.MethodPost, path: "/v1/apply", id: "apply", limit: topologyLimit,
		summary: "Plan, and hand the topology over"}, s.apply)
}

type inTopology struct{ Body wire.Topology }

type inApply struct {
	KeyHeader
	Body wire.Apply
}

// parse reads a topology; all its faults together are one problem.
func parse(file, text string) (*topology.Topology, string, error) {
	if file == "" {
		file = "topology.yaml"
	}
	t, faults := topology.Parse(file, []byte(text))
	if len(faults) > 0 {
		p := wire.From(&problem.Error{
			Kind: problem.Invalid, Op: "read the topology", Detail: fmt.Sprintf("%s has %s; nothing was changed", file, count(len(faults), "fault")),
			Remedy: "correct the places listed",
		})
		for _, f := range faults {
			p.Errors = append(p.Errors, wire.Fault{File: f.File, Line: f.Line, Column: f.Column, Rule: f.Rule, Message: f.Message, Remedy: f.Remedy})
		}
		return nil, file, p
	}
	return t, file, nil
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func (s *server) validate(ctx context.Context, in *inTopology) (wire.Valid, error) {
	if err := s.allow(ctx, authz.Validate, authz.OfOrg("")); err != nil {
		return wire.Valid{}, err
	}
	t, _, err := parse(in.Body.File, in.Body.Text)
	if err != nil {
		return wire.Valid{}, err
	}
	return wire.Valid{Organization: t.Name, Digest: t.Digest(), Tenants: len(t.Tenants), UserSets: len(t.UserSets), Shares: len(t.Shares)}, nil
}

func (s *server) plan(ctx context.Context, in *inTopology) (wire.Plan, error) {
	t, file, err := parse(in.Body.File, in.Body.Text)
	if err != nil {
		return wire.Plan{}, err
	}
	if err := s.allow(ctx, authz.Plan, authz.OfOrg(t.Name)); err != nil {
		return wire.Plan{}, err
	}
	return s.preview(ctx, t, file, in.Body.Text)
}

// preview stores the revision and has it planned. A revision that is only planned is not applied: the
// organization's workflow knows which one is.
func (s *server) preview(ctx context.Context, t *topology.Topology, file, text string) (wire.Plan, error) {
	rev, err := s.Store.PutTopology(ctx, store.Revision{
		Org: t.Name, Digest: t.Digest(), File: file, Source: []byte(text), Author: authn.From(ctx).Name, StoredAt: s.Now(),
	})
	if err != nil {
		return wire.Plan{}, err
	}
	ref, err := s.Control.Preview(ctx, t.Name, rev.Digest)
	if err != nil {
		return wire.Plan{}, err
	}
	p, err := s.Store.Plan(ctx, t.Name, ref.Digest)
	if err != nil {
		return wire.Plan{}, err
	}
	return flatten(p, file), nil
}

func (s *server) storedPlan(ctx context.Context, in *IDPath) (wire.Plan, error) {
	if err := s.allow(ctx, authz.People, authz.OfOrg(in.Org)); err != nil {
		return wire.Plan{}, err
	}
	p, err := s.Store.Plan(ctx, in.Org, in.ID)
	if err != nil {
		return wire.Plan{}, err
	}
	return flatten(p, ""), nil
}

// flatten puts the lists of all shares together; a refusal or warning that stands both in the plan and in a
// share appears once.
func flatten(p *plan.Plan, file string) wire.Plan {
	out := wire.Plan{
		Organization: p.Name, File: file, TopologyDigest: p.Topology, Digest: p.Digest, Counts: p.Counts,
		Shares: []wire.PlanShare{}, Changes: []plan.Change{}, Effects: []plan.Effect{},
		Refusals: list(slices.Clone(p.Refusals)), Warnings: list(slices.Clone(p.Warnings)),
	}
	refused, warned := map[string]bool{}, map[string]bool{}
	for _, r := range out.Refusals {
		refused[ident.Digest(r)] = true
	}
	for _, w := range out.Warnings {
		warned[ident.Digest(w)] = true
	}
	for _, share := range p.Shares {
		out.Shares = append(out.Shares, wire.PlanShare{
			Share: share.Share, Digest: share.Digest, Counts: share.Counts, Acceptance: share.Acceptance, Budget: share.Budget,
		})
		out.Changes = append(out.Changes, share.Changes...)
		out.Effects = append(out.Effects, share.Effects...)
		for _, r := range share.Refusals {
			if key := ident.Digest(r); !refused[key] {
				refused[key] = true
				out.Refusals = append(out.Refusals, r)
			}
		}
		for _, w := range share.Warnings {
			if key := ident.Digest(w); !warned[key] {
				warned[key] = true
				out.Warnings = append(out.Warnings, w)
			}
		}
	}
	c := p.Counts
	out.Pending = len(out.Changes) > 0 || c.Creates+c.Converts+c.Restores+c.Removals > 0
	out.Fatal = slices.ContainsFunc(out.Refusals, func(r plan.Refusal) bool { return r.Fatal })
	return out
}

func (s *server) apply(ctx context.Context, in *inApply) (wire.Applied, error) {
	t, file, err := parse(in.Body.File, in.Body.Text)
	if err != nil {
		return wire.Applied{}, err
	}
	if err := s.allow(ctx, authz.Apply, authz.OfOrg(t.Name)); err != nil {
		return wire.Applied{}, err
	}
	p, err := s.preview(ctx, t, file, in.Body.Text)
	if err != nil {
		return wire.Applied{}, err
	}
	if p.Fatal {
		return wire.Applied{}, refusals(p)
	}
	if in.Body.PlanDigest != "" && in.Body.PlanDigest != p.Digest {
		return wire.Applied{}, s.stale(ctx, in.Body.PlanDigest, p)
	}
	key := in.key()
	result, err := s.Control.Apply(ctx, t.Name, applyInput(t, p, authn.From(ctx)), key)
	if err != nil {
		return wire.Applied{}, err
	}
	_, err = s.Store.Append(ctx, store.Entry{
		Org: t.Name, At: s.Now(), Actor: authn.From(ctx).Name, Verb: "apply", Object: result.TopologyDigest, Key: "apply/" + key,
		Data: map[string]string{"plan": p.Digest, "subject": authn.From(ctx).ID()},
	})
	if err != nil {
		return wire.Applied{}, err
	}
	return wire.Applied{
		Organization: t.Name, TopologyDigest: result.TopologyDigest, PlanDigest: p.Digest,
		Tenants: result.Tenants, Shares: result.Shares, Counts: p.Counts,
	}, nil
}

func applyInput(t *topology.Topology, p wire.Plan, by authn.Principal) contract.ApplyInput {
	in := contract.ApplyInput{TopologyDigest: p.TopologyDigest, PlanDigest: p.Digest, By: by.Name, Subject: by.ID(), Pace: pace(t.Shares)}
	for _, tenant := range t.Tenants {
		in.Tenants = append(in.Tenants, contract.TenantRef{Name: tenant.Name, TenantID: tenant.TenantID})
	}
	for _, share := range t.Shares {
		in.Shares = append(in.Shares, share.Share)
	}
	return in
}

// pace follows the most impatient share: a tenant is observed once for all of them.
func pace(shares []topology.Share) contract.Pace {
	var every time.Duration
	for _, share := range shares {
		if e := share.Policy.Observe.Every; e > 0 && (every == 0 || e < every) {
			every = e
		}
	}
	if every == 0 {
		every = 40 * time.Minute
	}
	every = max(every, fastest)
	return contract.Pace{Every: every, Poll: min(every, slowest)}
}

// refusals are the plan's reasons to apply nothing, as faults with their places.
func refusals(p wire.Plan) error {
	out := wire.From(&problem.Error{Kind: problem.Invalid, Op: "apply the topology", Detail: "the plan refuses it; nothing was changed",
		Remedy: "correct what is listed, then apply again"})
	for _, r := range p.Refusals {
		if r.Fatal {
			out.Errors = append(out.Errors, wire.Fault{File: p.File, Line: r.Pos.Line, Column: r.Pos.Column, Rule: r.Rule, Message: r.Detail, Remedy: r.Remedy})
		}
	}
	return out
}

// stale says what differs between the plan that was seen and the one that would be applied.
func (s *server) stale(ctx context.Context, seen string, now wire.Plan) error {
	out := wire.From(&problem.Error{
		Kind: problem.Stale, Op: "apply the topology", Remedy: "look at the plan again, then apply the new digest",
		Detail: fmt.Sprintf("the plan is %s by now, not %s; nothing was changed", ident.Short(now.Digest), ident.Short(seen)),
	})
	stored, err := s.Store.Plan(ctx, now.Organization, seen)
	if err != nil {
		out.Errors = append(out.Errors, wire.Fault{Rule: "unknown-plan", Message: "the plan that was seen is not stored here"})
		return out
	}
	before, after := lines(flatten(stored, "")), lines(now)
	for _, line := range after {
		if !slices.Contains(before, line) {
			out.Errors = append(out.Errors, wire.Fault{Rule: "plan-changed", Message: "now: " + line})
		}
	}
	for _, line := range before {
		if !slices.Contains(after, line) {
			out.Errors = append(out.Errors, wire.Fault{Rule: "plan-changed", Message: "no longer: " + line})
		}
	}
	return out
}

func lines(p wire.Plan) []string {
	var out []string
	for _, c := range p.Changes {
		out = append(out, fmt.Sprintf("%s %s: %s", c.Share, c.Kind, c.Summary))
	}
	for _, e := range p.Effects {
		if e.Action != plan.KeepOne {
			out = append(out, fmt.Sprintf("%s %s %s", e.Share, e.Action, e.UPN))
		}
	}
	return out
}
