package share

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/workflow"

	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/plan"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/store"
	"entente.dev/entente/workflows/profile"
)

// settingUp are the changes that the set-up child makes; arrivals in the scope group are its last step.
var settingUp = []plan.Kind{
	plan.InboundPartner, plan.InboundSync, plan.OutboundPartner, plan.Application, plan.Job, plan.Secrets,
	plan.JobSchema, plan.ScopeGroup, plan.Assignment, plan.ScopeAdd, plan.StartJob,
}

// step is one pass. An error ends the entity (cancellation); everything else becomes a phase.
func (e *entity) step() error {
	e.state.Dirty, e.retryAt = false, time.Time{} // armed again below where something is on its way
	if e.state.Stop != nil {
		return e.stop()
	}
	if e.state.Phase == contract.PhaseStopped {
		return e.ctx.Err()
	}
	if len(e.state.Restores) > 0 {
		return e.restoreNext()
	}
	if len(e.state.Reverts) > 0 {
		return e.revertNext()
	}
	ref, err := e.plan(false)
	if err != nil {
		return e.planFailed(err)
	}
	return e.follow(ref)
}

// plan computes and stores the share's plan on the newest complete snapshots.
func (e *entity) plan(drain bool) (contract.SharePlanRef, error) {
	var ref contract.SharePlanRef
	err := workflow.ExecuteActivity(profile.Core(e.ctx), contract.PlanShare, contract.PlanShareIn{
		Org: e.state.Org, TopologyDigest: e.state.TopologyDigest, Share: e.state.Share, Drain: drain,
	}).Get(e.ctx, &ref)
	return ref, err
}

// planFailed waits for a snapshot where that is what is missing; a tenant that cannot be observed is the
// tenant's problem and shown there.
func (e *entity) planFailed(err error) error {
	if e.ctx.Err() != nil {
		return e.ctx.Err()
	}
	if profile.IsKind(err, problem.Incomplete, problem.NotFound) {
		e.enter(contract.PhaseObserving, "waits for a complete picture of both tenants")
		e.lookAgain(profile.Backoff(e.state.Pace, 4))
		return e.requestObservation(false)
	}
	e.blocked(err)
	e.enter(contract.PhaseBlocked, "planning failed")
	return nil
}

// follow acts on a plan: refuse, ask, apply, wait, or rest.
func (e *entity) follow(ref contract.SharePlanRef) error {
	e.state.PlanDigest, e.state.People = ref.Digest, ref.Counts.People
	switch {
	case !ref.Declared:
		e.enter(contract.PhaseInSync, "no longer declared; nothing is taken away until the share is stopped")
		return nil
	case ref.Refused != "":
		e.enter(contract.PhaseRefused, ref.Refused)
		return nil
	case ref.Acceptance.Needed:
		return e.ask(ref)
	}
	e.withdrawQuestion()
	if ref.Has(settingUp...) {
		return e.setUp(ref)
	}
	if ref.Has(plan.ScopeRemove) {
		e.reduce(ref)
	}
	if ref.Has(plan.Convert) {
		return e.convert(ref)
	}
	return e.rest(ref)
}

// rest says what the share waits for, if anything.
func (e *entity) rest(ref contract.SharePlanRef) error {
	e.state.Failures = 0
	if e.leaving != nil {
		e.enter(contract.PhaseReducing, fmt.Sprintf("%d people leave", ref.Counts.Removals))
		return nil
	}
	if ref.Pending > 0 {
		e.enter(contract.PhaseSyncing, fmt.Sprintf("Microsoft's engine still has %d people to bring", ref.Pending))
		e.lookAgain(max(e.state.Pace.Poll, e.state.Pace.Every/4))
		return e.requestObservation(false)
	}
	e.enter(contract.PhaseInSync, "")
	return nil
}

// requestObservation asks both tenants to look; they coalesce what many shares ask.
func (e *entity) requestObservation(deep bool) error {
	s := contract.ObserveRequestedSignal{Share: e.state.Share, Deep: deep}
	for _, t := range []ident.Tenant{e.state.Source.Name, e.state.Target.Name} {
		if err := workflow.SignalExternalWorkflow(e.ctx, contract.TenantEntityID(e.state.Org, t), "", contract.ObserveRequested, s).Get(e.ctx, nil); err != nil {
			workflow.GetLogger(e.ctx).Warn("tenant entity does not run", "tenant", string(t))
		}
	}
	return e.ctx.Err()
}

// setUp runs the set-up child and lets both tenants be observed; the next pass judges what came of it.
func (e *entity) setUp(ref contract.SharePlanRef) error {
	e.nextRun()
	started := workflow.Now(e.ctx)
	e.enter(contract.PhaseSettingUp, fmt.Sprintf("%d changes on both sides", ref.Counts.Changes))
	run := store.Run{Trigger: "plan", Phase: string(contract.PhaseSettingUp), PlanDigest: ref.Digest, Changes: ref.Counts.Changes, StartedAt: started}
	e.recordRun(run)
	var result contract.SetupResult
	err := e.child(contract.SetupWorkflow, "setup", contract.SetupInput{Run: e.run(), Plan: ref}, &result)
	if e.ctx.Err() != nil {
		return e.ctx.Err()
	}
	run.EndedAt = workflow.Now(e.ctx)
	if err != nil {
		run.Outcome, run.Detail = "failed", contract.ProblemOf(err).Error()
		e.recordRun(run)
		return e.applyFailed(err, "set-up stopped")
	}
	run.Outcome, run.Detail = "done", fmt.Sprintf("%d people came into the scope group", result.Added)
	e.recordRun(run)
	e.state.Failures = 0
	e.enter(contract.PhaseSyncing, "set up; Microsoft's engine takes over")
	e.lookAgain(max(e.state.Pace.Poll, e.state.Pace.Every/4))
	return e.requestObservation(true)
}

// applyFailed turns a failed step into a blocked share. Conflicts and stale preconditions are planned again at
// once from a fresh look; the rest waits for a repair and is tried again by itself.
func (e *entity) applyFailed(err error, what string) error {
	e.blocked(err)
	e.enter(contract.PhaseBlocked, what)
	return e.requestObservation(true)
}
