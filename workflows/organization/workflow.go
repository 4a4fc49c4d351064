// Package organization is the entity of one topology. It takes a topology over, starts the tenants and shares
// that it declares, and tells those that run already. Preview, its other entry, observes the tenants and
// computes the plan of a topology that may never be applied.
package organization

import (
	"cmp"
	"errors"
	"slices"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/temporalkit/failure"
	"entente.dev/entente/workflows/profile"
)

// appliesPerRun bounds a history.
const appliesPerRun = 20

// Workflow waits for topologies. An apply returns when every tenant and share has been told.
func Workflow(ctx workflow.Context, state contract.OrganizationState) error {
	e := &entity{ctx: ctx, state: state}
	if err := e.register(); err != nil {
		return err
	}
	for range appliesPerRun {
		if err := workflow.Await(ctx, func() bool { return len(e.pending) > 0 }); err != nil {
			return err
		}
		e.step()
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if workflow.GetInfo(ctx).GetContinueAsNewSuggested() {
			break
		}
	}
	if err := workflow.Await(ctx, func() bool { return len(e.pending) == 0 && workflow.AllHandlersFinished(ctx) }); err != nil {
		return err
	}
	return workflow.NewContinueAsNewError(ctx, contract.OrganizationWorkflow, e.state)
}

type entity struct {
	ctx     workflow.Context
	state   contract.OrganizationState
	pending []*application
}

// application is one apply on its way.
type application struct {
	in   contract.ApplyInput
	done bool
	err  error
}

func (e *entity) register() error {
	err := workflow.SetQueryHandler(e.ctx, contract.StatusQuery, func() (contract.OrganizationState, error) { return e.state, nil })
	if err != nil {
		return err
	}
	return workflow.SetUpdateHandlerWithOptions(e.ctx, contract.ApplyUpdate, e.onApply, workflow.UpdateHandlerOptions{Validator: mayApply})
}

func mayApply(in contract.ApplyInput) error {
	if in.TopologyDigest == "" || in.By == "" || len(in.Tenants) == 0 {
		return failure.ToTemporal(problem.New(problem.Invalid, "apply a topology", "digest, author and tenants are needed"))
	}
	return nil
}

func (e *entity) onApply(ctx workflow.Context, in contract.ApplyInput) (contract.ApplyResult, error) {
	a := &application{in: in}
	e.pending = append(e.pending, a)
	if err := workflow.Await(ctx, func() bool { return a.done }); err != nil {
		return contract.ApplyResult{}, err
	}
	return contract.ApplyResult{TopologyDigest: in.TopologyDigest, Tenants: len(in.Tenants), Shares: len(in.Shares)}, a.err
}

// step takes the oldest apply over.
func (e *entity) step() {
	a := e.pending[0]
	e.pending = e.pending[1:]
	e.state.Retired = retired(e.state, a.in.Shares)
	released := e.former(a.in)
	e.state.Applied = a.in
	a.err = e.tellTenants(a.in)
	if a.err == nil {
		a.err = e.tellShares(a.in)
	}
	if a.err == nil {
		a.err = e.release(released)
	}
	a.done = true
}

// former keeps the tenants that are not declared any more but that a retired share needs, and returns the others:
// nobody looks at those again. The ones that stay go on being observed by the topology that declared them.
func (e *entity) former(in contract.ApplyInput) (released []contract.TenantRef) {
	var kept []contract.TenantRef
	for _, t := range slices.Concat(e.state.Former, e.state.Applied.Tenants) {
		named := func(o contract.TenantRef) bool { return o.Name == t.Name }
		switch {
		case slices.ContainsFunc(in.Tenants, named) || slices.ContainsFunc(kept, named) || slices.ContainsFunc(released, named):
		case slices.ContainsFunc(e.state.Retired, func(s ident.Share) bool { return s.Source == t.Name || s.Target == t.Name }):
			kept = append(kept, t)
		default:
			released = append(released, t)
		}
	}
	e.state.Former = kept
	return released
}

func (e *entity) release(tenants []contract.TenantRef) error {
	return first(profile.Each(e.ctx, len(tenants), 20, func(ctx workflow.Context, i int) error {
		signal := contract.TopologyAppliedSignal{Released: true, By: e.state.Applied.By}
		_, err := tell(ctx, contract.TenantEntityID(e.state.Org, tenants[i].Name), signal)
		return err
	}))
}

// retired are the shares that were applied once and are no longer declared. They keep what they carry until a
// person stops them: leaving a share out of a file never takes anybody's access.
func retired(state contract.OrganizationState, declared []ident.Share) []ident.Share {
	var out []ident.Share
	for _, s := range slices.Concat(state.Retired, state.Applied.Shares) {
		if !slices.Contains(declared, s) && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

func (e *entity) tellTenants(in contract.ApplyInput) error {
	return first(profile.Each(e.ctx, len(in.Tenants), 20, func(ctx workflow.Context, i int) error {
		t := in.Tenants[i]
		var shares []ident.Share
		for _, s := range slices.Concat(in.Shares, e.state.Retired) {
			if s.Source == t.Name || s.Target == t.Name {
				shares = append(shares, s)
			}
		}
		signal := contract.TopologyAppliedSignal{TopologyDigest: in.TopologyDigest, PlanDigest: in.PlanDigest, Shares: shares, Pace: in.Pace, By: in.By, Subject: in.Subject}
		state := contract.TenantState{Schema: 1, Org: e.state.Org, Tenant: t, TopologyDigest: in.TopologyDigest, Shares: shares, Pace: in.Pace}
		return startOrTell(ctx, contract.TenantEntityID(e.state.Org, t.Name), contract.TenantWorkflow, state, signal)
	}))
}

func (e *entity) tellShares(in contract.ApplyInput) error {
	refs := map[ident.Tenant]contract.TenantRef{}
	for _, t := range slices.Concat(e.state.Former, in.Tenants) {
		refs[t.Name] = t
	}
	shares := slices.Concat(in.Shares, e.state.Retired)
	return first(profile.Each(e.ctx, len(shares), 50, func(ctx workflow.Context, i int) error {
		s := shares[i]
		signal := contract.TopologyAppliedSignal{TopologyDigest: in.TopologyDigest, PlanDigest: in.PlanDigest, Pace: in.Pace, By: in.By, Subject: in.Subject}
		state := contract.ShareState{
			Schema: 1, Org: e.state.Org, Share: s, Source: refs[s.Source], Target: refs[s.Target],
			TopologyDigest: in.TopologyDigest, Pace: in.Pace, Phase: contract.PhaseNew, Dirty: true, Requester: cmp.Or(in.Subject, in.By),
		}
		return startOrTell(ctx, contract.ShareID(e.state.Org, s), contract.ShareWorkflow, state, signal)
	}))
}

// startOrTell starts an entity that outlives us, or signals the one that runs.
func startOrTell(ctx workflow.Context, id, name string, state any, signal contract.TopologyAppliedSignal) error {
	running, err := tell(ctx, id, signal)
	if running || err != nil {
		return err
	}
	return workflow.ExecuteChildWorkflow(profile.Entity(ctx, id), name, state).GetChildWorkflowExecution().Get(ctx, nil)
}

// tell signals an entity; running is false when there is none. Any other failure is no reason to start one.
func tell(ctx workflow.Context, id string, signal contract.TopologyAppliedSignal) (running bool, err error) {
	err = workflow.SignalExternalWorkflow(ctx, id, "", contract.TopologyApplied, signal).Get(ctx, nil)
	var unknown *temporal.UnknownExternalWorkflowExecutionError
	if errors.As(err, &unknown) {
		return false, nil
	}
	return err == nil, err
}

func first(errs []error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
