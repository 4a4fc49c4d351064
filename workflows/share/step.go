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
	"entente.dev/entente/internal/temporalkit/failure"
	"entente.dev/entente/workflows/profile"
)

// settingUp are the changes that the set-up child makes; arrivals in the scope group are its last step.
var settingUp = []plan.Kind{
	plan.InboundPartner, plan.InboundSync, plan.OutboundPartner, plan.Application, plan.Job, plan.Secrets,
	plan.JobSchema, plan.ScopeGroup, plan.Assignment, plan.ScopeAdd, plan.StartJob,
}

// step is one pass. An error ends the entity (cancellation); everything else becomes a phase.
func (e *entity) step() error {
	e.state.Dirty, e.replan, e.aside = false, false, ""
	e.retryAt, e.deadline = time.Time{}, time.Time{} // armed again below where something is on its way
	if e.state.Revoke != nil {
		return e.revoke()
	}
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
	digest := e.state.TopologyDigest
	if drain && e.state.DeclaredDigest != "" { // a share that is declared no longer is drained by the policy that it had
		digest = e.state.DeclaredDigest
	}
	in := contract.PlanShareIn{Org: e.state.Org, TopologyDigest: digest, Share: e.state.Share, Drain: drain, After: e.state.FreshAfter}
	if !drain {
		in.Rollout = e.opened()
	}
	var ref contract.SharePlanRef
	err := workflow.ExecuteActivity(profile.Core(e.ctx), contract.PlanShare, in).Get(e.ctx, &ref)
	return ref, err
}

// planFailed waits for a snapshot where that is what is missing; a tenant that cannot be observed is the
// tenant's problem and shown there.
func (e *entity) planFailed(err error) error {
	if e.ctx.Err() != nil {
		return e.ctx.Err()
	}
	if profile.IsKind(err, problem.Incomplete, problem.NotFound) {
		if e.state.FreshAfter.IsZero() || e.state.Phase == contract.PhaseNew {
			e.enter(contract.PhaseObserving, "waits for a complete picture of both tenants")
		}
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
	if ref.Declared {
		e.state.DeclaredDigest = e.state.TopologyDigest
	}
	e.until(soonest(ref.Deadline, ref.FrozenUntil))
	e.notice(ref)
	switch {
	case !ref.Declared:
		return e.retired()
	case ref.Refused != "":
		e.enter(contract.PhaseRefused, ref.Refused)
		return nil
	case asks(ref) && !again(ref):
		return e.await(ref)
	}
	e.state.Accepted = true
	if err := e.askAside(ref); err != nil || e.state.Phase == contract.PhaseBlocked && !e.retryAt.IsZero() {
		return err
	}
	if wrote, err := e.switchSignIns(ref); wrote || err != nil {
		return err
	}
	if !ref.FrozenUntil.IsZero() {
		return e.outwait(ref)
	}
	e.roll(ref)
	if !e.starts() {
		ref = ref.Without(plan.StartJob)
	}
	if ref.Has(settingUp...) {
		return e.setUp(ref)
	}
	if ref.Has(plan.ScopeRemove) {
		e.reduce(ref)
	}
	if stuck, err := e.heal(ref); stuck {
		return err
	}
	if ref.Has(plan.Convert) {
		return e.convert(ref)
	}
	return e.rest(ref)
}

// retired leaves a share alone that no topology declares any more; one that never carried anybody is over.
func (e *entity) retired() error {
	e.asking.withdraw() // it needs no answer any more
	if e.state.DeclaredDigest == "" {
		e.enter(contract.PhaseStopped, "no longer declared")
		return nil
	}
	e.enter(contract.PhaseInSync, "no longer declared; nothing is taken away until the share is stopped")
	return nil
}

// rest says what the share waits for, if anything.
func (e *entity) rest(ref contract.SharePlanRef) error {
	if e.leaving == nil {
		e.state.Failures = 0
	}
	if e.rests() {
		return e.ctx.Err()
	}
	if ref.Pending > 0 {
		return e.awaitEngine(ref)
	}
	e.state.WaitingSince = time.Time{}
	if err := e.learn(ref); err != nil {
		return err
	}
	if detail := e.departing(); detail != "" {
		e.depart(also(detail, e.notes()))
		return nil
	}
	if ref.Has(plan.ScopeRemove) {
		e.enter(contract.PhaseRejected, also(fmt.Sprintf("tenant %s did not agree that %s; apply again to ask again", e.state.Target.Name, ofThemLeave(ref.Counts.Removals)), e.aside))
		return nil
	}
	if e.rolled(ref) {
		return e.ctx.Err()
	}
	if ref.Acceptance.Frozen {
		e.enter(contract.PhaseFrozen, also(frozen(ref, e.state.Target.Name), e.aside))
		return nil
	}
	e.enter(contract.PhaseInSync, also(ref.Held, e.aside))
	return nil
}

// awaitEngine looks again while Microsoft's engine owes something. Past its time we restore what it does not
// notice (people deleted by hand in the target) and say that it takes too long.
func (e *entity) awaitEngine(ref contract.SharePlanRef) error {
	now := workflow.Now(e.ctx)
	if e.state.WaitingSince.IsZero() {
		e.state.WaitingSince = now
	}
	late := now.Sub(e.state.WaitingSince) > profile.EngineWindow(e.state.Pace)
	if late && ref.Has(plan.Undelete) {
		e.state.WaitingSince = now
		return e.undelete(ref)
	}
	if (late || e.ringed(ref)) && e.rolled(ref) {
		return e.ctx.Err()
	}
	detail := fmt.Sprintf("Microsoft's engine still has %s to bring", people(ref.Pending))
	if late {
		detail += "; it takes longer than usual, look at the provisioning log of the share's application"
	}
	e.enter(contract.PhaseSyncing, also(detail, e.notes()))
	e.lookAgain(max(e.state.Pace.Poll, e.state.Pace.Every/4))
	return e.requestObservation(false)
}

// undelete restores the people whom the plan names, in the target.
func (e *entity) undelete(ref contract.SharePlanRef) error {
	e.nextRun()
	e.enter(contract.PhaseRestoring, "people deleted in the target are restored there")
	in := contract.GuestsIn{WriteIn: e.write(e.state.Target), PlanDigest: ref.Digest}
	return e.ended(workflow.ExecuteActivity(profile.Write(e.ctx, e.state.Target), contract.UndeletePlanned, in).Get(e.ctx, nil), "restoring in the target stopped")
}

// learn reads, once after a set-up, who became which object from the engine's log. Without it the share still
// works: people are then matched by address.
func (e *entity) learn(ref contract.SharePlanRef) error {
	if e.state.LearnSince.IsZero() || ref.Desired.Found.JobID == "" {
		return nil
	}
	in := contract.LearnIn{WriteIn: e.write(e.state.Source), JobID: ref.Desired.Found.JobID, Since: e.state.LearnSince}
	err := workflow.ExecuteActivity(profile.Read(e.ctx, e.state.Source), contract.LearnLinks, in).Get(e.ctx, nil)
	if err != nil && e.ctx.Err() == nil {
		workflow.GetLogger(e.ctx).Warn("links not learned", "kind", string(failure.ProblemOf(err).Kind))
		return nil
	}
	e.state.LearnSince = time.Time{}
	return e.ctx.Err()
}

func (e *entity) write(t contract.TenantRef) contract.WriteIn {
	return contract.WriteIn{Org: e.state.Org, Share: e.state.Share, Tenant: t, Run: e.run().ID(), TargetTenantID: e.state.Target.TenantID}
}

// wrote notes that the tenants have changed by our hand: the next plan waits for a look that shows it. The time is
// Temporal's, as is that of a look: when it was ordered (contract.ObserveIn). A worker's own clock plays no part.
func (e *entity) wrote() { e.state.FreshAfter = workflow.Now(e.ctx) }

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
	e.enter(contract.PhaseSettingUp, also(count(ref.Counts.Changes, "change", "changes")+" on both sides", e.rolling()))
	run := store.Run{Trigger: "plan", Phase: string(contract.PhaseSettingUp), PlanDigest: ref.Digest, Changes: ref.Counts.Changes, StartedAt: started}
	e.recordRun(run)
	e.aside = also(e.aside, e.ails()) // should the set-up fail, people learn of both
	var result contract.SetupResult
	err := e.recordConversions(ref)
	if err == nil {
		err = e.child(contract.SetupWorkflow, "setup", contract.SetupInput{Run: e.run(), Plan: ref}, &result)
	}
	if e.ctx.Err() != nil {
		return e.ctx.Err()
	}
	run.EndedAt = workflow.Now(e.ctx)
	if err != nil {
		run.Outcome, run.Detail = "failed", failure.ProblemOf(err).Error()
		e.recordRun(run)
		return e.applyFailed(err, "set-up stopped")
	}
	if e.state.LearnSince.IsZero() {
		const clockSkew = 5 * time.Minute
		e.state.LearnSince = started.Add(-clockSkew)
	}
	if ref.Has(mends...) {
		e.repaired()
	}
	e.started(ref)
	e.state.WaitingSince = workflow.Now(e.ctx)
	e.wrote()
	run.Outcome, run.Detail = "done", people(result.Added)+" came into the scope group"
	e.recordRun(run)
	e.state.Failures = 0
	e.enter(contract.PhaseSyncing, also("set up; Microsoft's engine takes over", e.rolling()))
	e.lookAgain(max(e.state.Pace.Poll, e.state.Pace.Every/4))
	return e.requestObservation(true)
}

// recordConversions notes who is a guest before a set-up makes the mapping recurring: Microsoft's engine may convert
// them in its next cycle, before any pass of ours, and what is not noted cannot be taken back.
func (e *entity) recordConversions(ref contract.SharePlanRef) error {
	if !ref.Has(plan.Convert) || !notesGuestsFirst(e.ctx) {
		return nil
	}
	in := contract.GuestsIn{WriteIn: e.write(e.state.Target), PlanDigest: ref.Digest}
	return workflow.ExecuteActivity(profile.Core(e.ctx), contract.RecordConversions, in).Get(e.ctx, nil)
}

// applyFailed turns a failed step into a blocked share. Conflicts and stale preconditions are planned again at
// once from a fresh look; the rest waits for a repair and is tried again by itself.
func (e *entity) applyFailed(err error, what string) error {
	if e.ctx.Err() != nil {
		return e.ctx.Err()
	}
	e.wrote() // some of it may have been done
	e.blocked(err)
	e.replan = e.state.Failures == 1 && profile.IsKind(err, problem.Conflict, problem.Stale, problem.NotFound)
	e.enter(contract.PhaseBlocked, also(what, e.aside))
	return e.requestObservation(true)
}
