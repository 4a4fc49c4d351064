// Package planning computes plans and coverage on stored snapshots: it reads the store, calls the pure rooms,
// and stores what came out. It never touches a tenant.
package planning

import (
	"context"
	"slices"
	"time"

	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/coverage"
	"entente.dev/entente/internal/directory"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/plan"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/prospect"
	"entente.dev/entente/internal/store"
	"entente.dev/entente/internal/topology"
)

// Store is what planning reads and writes.
type Store interface {
	store.Topologies
	store.Snapshots
	store.Plans
	store.Facts
	Envelopes(ctx context.Context, org string) ([]plan.Envelope, error)
	ListReductions(ctx context.Context, org string) ([]store.Reduction, error)
	PutCoverage(ctx context.Context, org string, c coverage.Coverage, at time.Time) error
}

// Activities are the planning activities; New wires them.
type Activities struct {
	store Store
	now   func() time.Time
}

// New returns the activities. now is the wall clock, for expiries.
func New(s Store, now func() time.Time) *Activities { return &Activities{store: s, now: now} }

// PlanTopology plans every share of a stored topology on the newest complete snapshots. Repeating it stores
// the same plan under the same digest.
func (a *Activities) PlanTopology(ctx context.Context, in contract.PlanTopologyIn) (contract.PlanRef, error) {
	t, err := a.topology(ctx, in.Org, in.TopologyDigest)
	if err != nil {
		return contract.PlanRef{}, err
	}
	input, err := a.gather(ctx, in.Org, t)
	if err != nil {
		return contract.PlanRef{}, err
	}
	p := plan.Compute(input)
	if err := a.store.PutPlan(ctx, in.Org, &p); err != nil {
		return contract.PlanRef{}, err
	}
	return contract.PlanRef{Digest: p.Digest, Counts: p.Counts, Fatal: slices.ContainsFunc(p.Refusals, fatal)}, nil
}

func fatal(r plan.Refusal) bool { return r.Fatal }

// PlanShare plans one share and stores its plan; the workflow learns kinds, counts and verdicts only.
func (a *Activities) PlanShare(ctx context.Context, in contract.PlanShareIn) (contract.SharePlanRef, error) {
	t, err := a.topology(ctx, in.Org, in.TopologyDigest)
	if err != nil {
		return contract.SharePlanRef{}, err
	}
	declared := slices.ContainsFunc(t.Shares, func(s topology.Share) bool { return s.Share == in.Share })
	if !declared {
		if !in.Drain {
			return contract.SharePlanRef{Declared: false}, nil
		}
		t.Shares = append(t.Shares, topology.Share{Share: in.Share})
	}
	input, err := a.gather(ctx, in.Org, t)
	if err != nil {
		return contract.SharePlanRef{}, err
	}
	input.Only = []ident.Share{in.Share}
	if in.Drain {
		input.Draining = []ident.Share{in.Share}
	}
	if err := a.roll(ctx, in, &input); err != nil {
		return contract.SharePlanRef{}, err
	}
	if err := missing(input, in.Share, in.After); err != nil {
		return contract.SharePlanRef{}, err
	}
	if err := a.dropInclusions(ctx, in.Org, in.Share, input); err != nil {
		return contract.SharePlanRef{}, err
	}
	for _, h := range plan.Undone(input, in.Share) {
		if err := a.store.DropHold(ctx, in.Org, h.Person, h.Tenant); err != nil {
			return contract.SharePlanRef{}, err
		}
	}
	p := plan.Compute(input)
	if len(p.Shares) != 1 {
		return contract.SharePlanRef{}, problem.New(problem.Bug, "plan a share", "the planner returned another number of shares than asked")
	}
	if err := a.store.PutSharePlan(ctx, in.Org, &p.Shares[0]); err != nil {
		return contract.SharePlanRef{}, err
	}
	out := ref(&p.Shares[0], t, declared)
	out.Deadline, out.Job = deadline(&p.Shares[0], input), health(&p.Shares[0], input)
	out.PauseAbove = t.Rollout.PauseAbove
	if !in.Drain { // a stop is carried out in a freeze too
		out.FrozenUntil, out.FreezeWhy = t.FrozenUntil(input.Now)
	}
	return out, nil
}

// missing tells which tenant's complete snapshot a share still lacks, or has only from before its last write.
func missing(in plan.Input, s ident.Share, after time.Time) error {
	for _, t := range []ident.Tenant{s.Source, s.Target} {
		if snapshot := in.Snapshots[t].Snapshot(); snapshot == nil || snapshot.TakenAt.Before(after) {
			p := problem.New(problem.Incomplete, "plan a share", "no complete snapshot since the share last wrote")
			p.Tenant = string(t)
			p.Remedy = "the tenant is observed next; entente status shows what keeps it from being read"
			return p
		}
	}
	return nil
}

func ref(p *plan.SharePlan, t *topology.Topology, declared bool) contract.SharePlanRef {
	out := contract.SharePlanRef{
		Digest: p.Digest, Terms: p.Terms, Counts: p.Counts, Acceptance: p.Acceptance, Budget: p.Budget, Desired: p.Desired, Declared: declared, Ring: p.Ring,
	}
	out.Desired.Members = nil // people stay in the store
	for _, c := range p.Changes {
		out.Kinds = append(out.Kinds, c.Kind)
	}
	for _, s := range t.Shares {
		if s.Share == p.Share {
			out.Policy, out.Sets, out.Definitions = s.Policy, s.Sets, plan.Definitions(t, s.Sets)
		}
	}
	out.Guests = p.Acceptance.Guests
	var leaving, asking []ident.Person
	for _, e := range p.Effects {
		if prospect.Comes(e.Action) {
			asking = append(asking, e.Person)
		}
		switch e.Action { // who waits, and whose sign-in changes, is nothing that the engine owes
		case plan.Remove:
			leaving = append(leaving, e.Person)
		case plan.Adopt:
			out.Guests++
			out.Pending++
		case plan.Create, plan.Restore:
			out.Pending++
		}
	}
	if len(leaving) > 0 {
		out.Leaving = ident.Digest(leaving)
	}
	if len(asking) > 0 {
		out.Asking = ident.Digest(asking)
	}
	for _, r := range p.Refusals {
		if r.Fatal && out.Refused == "" {
			out.Refused = r.Rule + ": " + r.Detail
		}
		if !r.Fatal && out.Held == "" {
			out.Held = "nobody is removed: " + r.Rule + ": " + r.Detail
		}
	}
	for _, w := range p.Warnings {
		if !slices.Contains(out.Warnings, w.Rule) {
			out.Warnings = append(out.Warnings, w.Rule)
		}
	}
	return out
}

// ProjectCoverage stores the matrix of the collaborating user set as the newest snapshots show it.
func (a *Activities) ProjectCoverage(ctx context.Context, in contract.CoverageIn) error {
	t, err := a.topology(ctx, in.Org, in.TopologyDigest)
	if err != nil {
		return err
	}
	input, err := a.gather(ctx, in.Org, t)
	if err != nil {
		return err
	}
	return a.store.PutCoverage(ctx, in.Org, coverage.Matrix(t, input.Snapshots, input.Links, input.Holds, input.Inclusions...), a.now())
}

func (a *Activities) topology(ctx context.Context, org, digest string) (*topology.Topology, error) {
	revision, err := a.store.Topology(ctx, org, digest)
	if err != nil {
		return nil, err
	}
	t, problems := topology.Parse(revision.File, revision.Source)
	if len(problems) > 0 {
		return nil, problem.Wrap(problem.Invalid, "read the stored topology", problems)
	}
	return t, nil
}

// gather collects everything a plan depends on. A tenant without a complete snapshot is left out; the planner
// refuses what would need it.
func (a *Activities) gather(ctx context.Context, org string, t *topology.Topology) (plan.Input, error) {
	in := plan.Input{
		Topology: t, Snapshots: map[ident.Tenant]directory.Complete{}, Envelopes: map[ident.Share]plan.Envelope{},
		Owned: map[string]bool{}, Now: a.now(),
	}
	for _, tenant := range t.Tenants {
		snapshot, ref, _, err := a.store.LatestSnapshot(ctx, org, tenant.Name)
		if problem.KindOf(err) == problem.NotFound || (err == nil && !ref.Sealed) {
			continue
		}
		if err != nil {
			return in, err
		}
		if in.Snapshots[tenant.Name], err = directory.Seal(snapshot); err != nil {
			return in, err
		}
	}
	return in, a.facts(ctx, org, &in)
}

func (a *Activities) facts(ctx context.Context, org string, in *plan.Input) (err error) {
	if in.Links, err = a.store.Links(ctx, org); err != nil {
		return err
	}
	if in.Holds, err = a.store.Holds(ctx, org); err != nil {
		return err
	}
	if in.Inclusions, err = a.store.Inclusions(ctx, org); err != nil {
		return err
	}
	for i, h := range in.Holds {
		if h.Over(in.Now) && h.Ended.IsZero() {
			in.Holds[i].Ended = h.Until // what it did is still to be undone
		}
	}
	in.Inclusions = slices.DeleteFunc(in.Inclusions, func(i plan.Inclusion) bool { return !i.Until.IsZero() && !in.Now.Before(i.Until) })
	envelopes, err := a.store.Envelopes(ctx, org)
	if err != nil {
		return err
	}
	for _, e := range envelopes {
		in.Envelopes[e.Share] = e
	}
	owned, err := a.store.Owned(ctx, org)
	if err != nil {
		return err
	}
	for _, o := range owned {
		in.Owned[o.ID] = true
	}
	in.Removed, err = a.removed(ctx, org, in.Now.Add(-budgets))
	return err
}
