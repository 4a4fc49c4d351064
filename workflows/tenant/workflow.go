// Package tenant is the entity of one tenant: it observes the tenant once for all of its shares and tells them
// what changed. Only tenants keep a clock; an idle share has no timer of its own.
package tenant

import (
	"fmt"
	"hash/fnv"
	"slices"
	"time"

	"go.temporal.io/sdk/workflow"

	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/store"
	"entente.dev/entente/internal/temporalkit/failure"
	"entente.dev/entente/workflows/profile"
)

// observationsPerRun bounds a history: after so many the entity continues as new.
const observationsPerRun = 40

// Workflow observes, tells its shares, sleeps until the next observation is due or asked for. It ends only when no
// topology and no share needs the tenant any more.
func Workflow(ctx workflow.Context, state contract.TenantState) error {
	e := &entity{ctx: ctx, state: state}
	if err := e.register(); err != nil {
		return err
	}
	for made := 0; ; made++ {
		if err := e.awaitTurn(made == 0); err != nil {
			return err
		}
		if e.released {
			return nil
		}
		if err := e.observe(); err != nil {
			return err
		}
		e.drain()
		if made+1 >= observationsPerRun || workflow.GetInfo(ctx).GetContinueAsNewSuggested() {
			return workflow.NewContinueAsNewError(ctx, contract.TenantWorkflow, e.carry())
		}
	}
}

type entity struct {
	ctx       workflow.Context
	state     contract.TenantState
	requested bool
	released  bool
	applied   workflow.ReceiveChannel
	asked     workflow.ReceiveChannel
}

func (e *entity) register() error {
	e.applied = workflow.GetSignalChannel(e.ctx, contract.TopologyApplied)
	e.asked = workflow.GetSignalChannel(e.ctx, contract.ObserveRequested)
	e.requested = len(e.state.Requested) > 0
	if e.state.Epoch == 0 {
		e.state.Epoch = int(workflow.Now(e.ctx).Unix())
	}
	return workflow.SetQueryHandler(e.ctx, contract.StatusQuery, func() (contract.TenantState, error) { return e.state, nil })
}

// carry is the state the next run starts from.
func (e *entity) carry() contract.TenantState { return e.state }

// awaitTurn sleeps until the next observation is due, or asked for and not too soon after the last one.
func (e *entity) awaitTurn(first bool) error {
	e.drain()
	if first && e.state.Due.IsZero() {
		return nil
	}
	for {
		if e.released {
			return nil
		}
		now := workflow.Now(e.ctx)
		until := e.state.Due
		if e.requested {
			until = e.state.NotBefore
		}
		if !now.Before(until) {
			return nil
		}
		if err := e.sleepOrSignal(until.Sub(now)); err != nil {
			return err
		}
	}
}

func (e *entity) sleepOrSignal(d time.Duration) error {
	ctx, cancel := workflow.WithCancel(e.ctx)
	defer cancel()
	timer := workflow.NewTimer(ctx, d)
	selector := workflow.NewSelector(e.ctx)
	var failed error
	selector.AddFuture(timer, func(f workflow.Future) { failed = f.Get(e.ctx, nil) })
	selector.AddReceive(e.applied, func(workflow.ReceiveChannel, bool) { e.drain() })
	selector.AddReceive(e.asked, func(workflow.ReceiveChannel, bool) { e.drain() })
	selector.Select(e.ctx)
	if failed != nil {
		return failed
	}
	return e.ctx.Err()
}

// drain takes every signal that waits; handlers only note what was asked.
func (e *entity) drain() {
	for {
		var s contract.TopologyAppliedSignal
		if !e.applied.ReceiveAsync(&s) {
			break
		}
		if e.released = s.Released; s.Released {
			continue
		}
		e.state.TopologyDigest, e.state.Shares, e.state.Pace = s.TopologyDigest, s.Shares, s.Pace
		e.requested, e.state.Deep = true, true
		e.state.Requested = union(e.state.Requested, s.Shares)
	}
	for {
		var s contract.ObserveRequestedSignal
		if !e.asked.ReceiveAsync(&s) {
			break
		}
		e.requested, e.state.Deep = true, e.state.Deep || s.Deep
		e.state.Requested = union(e.state.Requested, []ident.Share{s.Share})
	}
}

// observe makes one observation and tells the shares; a failure becomes the tenant's problem and is tried
// again by itself.
func (e *entity) observe() error {
	requesters, deep := e.state.Requested, e.state.Deep
	e.state.Requested, e.requested, e.state.Deep = nil, false, false
	var out contract.ObserveOut
	err := workflow.ExecuteActivity(profile.Observe(e.ctx, e.state.Tenant), contract.ObserveTenant, contract.ObserveIn{
		Org: e.state.Org, Tenant: e.state.Tenant, TopologyDigest: e.state.TopologyDigest, Deep: deep, Shares: e.state.Shares, At: workflow.Now(e.ctx),
	}).Get(e.ctx, &out)
	if e.ctx.Err() != nil {
		return e.ctx.Err()
	}
	e.state.Seq++
	if err != nil {
		e.state.Failures++
		e.state.Problem = failure.ProblemOf(err)
		e.state.Requested = union(e.state.Requested, requesters)
		e.state.Deep = e.state.Deep || deep
		e.state.Due = workflow.Now(e.ctx).Add(profile.Backoff(e.state.Pace, e.state.Failures))
		e.state.NotBefore = e.state.Due
		return e.project(true)
	}
	news := e.state.Problem != nil || out.Changed || e.state.SnapshotID == ""
	e.state.Failures, e.state.Problem = 0, nil
	e.state.SnapshotID, e.state.Digest = out.SnapshotID, out.Digest
	e.state.NotBefore = workflow.Now(e.ctx).Add(e.state.Pace.Poll)
	e.state.Due = workflow.Now(e.ctx).Add(e.jittered(e.state.Pace.Every))
	if news {
		if err := e.projectCoverage(); err != nil {
			return err
		}
	}
	if err := e.project(news); err != nil {
		return err
	}
	if out.Changed {
		requesters = e.state.Shares
	}
	return e.tell(requesters, contract.TenantObservedSignal{Tenant: e.state.Tenant.Name, SnapshotID: out.SnapshotID, Changed: out.Changed})
}

// jittered spreads the tenants of one organization over their interval: up to a tenth more, taken from the
// tenant's name and the observation's number, so that a replay waits as long as the first time.
func (e *entity) jittered(d time.Duration) time.Duration {
	h := fnv.New32a()
	fmt.Fprintf(h, "%s/%d", e.state.Tenant.TenantID, e.state.Seq)
	return d + d*time.Duration(h.Sum32()%100)/1000
}

func (e *entity) projectCoverage() error {
	in := contract.CoverageIn{Org: e.state.Org, TopologyDigest: e.state.TopologyDigest}
	return e.tolerate(workflow.ExecuteActivity(profile.Core(e.ctx), contract.ProjectCoverage, in).Get(e.ctx, nil))
}

func (e *entity) project(news bool) error {
	now := workflow.Now(e.ctx)
	const shownFor = time.Minute // the time of the last look that people see is never older than this
	if !news && now.Sub(e.state.ProjectedAt) < shownFor {
		return nil
	}
	e.state.ProjectedAt = now
	status := store.TenantStatus{
		Org: e.state.Org, Tenant: e.state.Tenant.Name, Stamp: store.Stamp{Run: e.state.Epoch, Seq: e.state.Seq},
		Problem: e.state.Problem, SnapshotID: e.state.SnapshotID, ObservedAt: now, UpdatedAt: now,
	}
	return e.tolerate(workflow.ExecuteActivity(profile.Core(e.ctx), contract.PutTenantStatus, status).Get(e.ctx, nil))
}

// tolerate lets a failed projection pass: the next observation projects again. Only cancellation ends the entity.
func (e *entity) tolerate(err error) error {
	if err != nil {
		workflow.GetLogger(e.ctx).Warn("projection failed", "kind", string(failure.ProblemOf(err).Kind))
	}
	return e.ctx.Err()
}

// tell signals shares; one that does not run yet will read the store when it starts.
func (e *entity) tell(shares []ident.Share, s contract.TenantObservedSignal) error {
	profile.Each(e.ctx, len(shares), 50, func(ctx workflow.Context, i int) error {
		return workflow.SignalExternalWorkflow(ctx, contract.ShareID(e.state.Org, shares[i]), "", contract.TenantObserved, s).Get(ctx, nil)
	})
	return e.ctx.Err()
}

func union(a, b []ident.Share) []ident.Share {
	all := slices.Concat(a, b)
	slices.SortFunc(all, func(x, y ident.Share) int {
		if x.Less(y) {
			return -1
		}
		if y.Less(x) {
			return 1
		}
		return 0
	})
	return slices.Compact(all)
}
