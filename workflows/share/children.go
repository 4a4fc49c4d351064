package share

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/workflow"

	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/store"
	"entente.dev/entente/internal/temporalkit/failure"
	"entente.dev/entente/workflows/profile"
)

// child runs one step of a pass to its end.
func (e *entity) child(name, noun string, in, out any) error {
	ctx := profile.Child(e.ctx, e.run().ID()+"/"+noun)
	return workflow.ExecuteChildWorkflow(ctx, name, in).Get(e.ctx, out)
}

// beside starts a child that runs beside the passes; its end makes the next pass due.
func (e *entity) beside(name, noun, planDigest string, in any, ended func(workflow.Context, workflow.Future)) *background {
	ctx, cancel := workflow.WithCancel(e.ctx)
	b := &background{cancel: cancel, planDigest: planDigest, id: e.run().ID() + "/" + noun}
	future := workflow.ExecuteChildWorkflow(profile.Child(ctx, b.id), name, in)
	b.started = future.GetChildWorkflowExecution()
	workflow.Go(e.ctx, func(ctx workflow.Context) {
		ended(ctx, future)
		b.done = true
		e.state.Dirty = true
	})
	return b
}

// ask puts the share into its target's inbox, once; while it waits, a changed plan refreshes what the admin
// sees. A target that said no is not asked again for the same topology.
func (e *entity) ask(ref contract.SharePlanRef) error {
	if e.state.AskedDigest == e.state.TopologyDigest {
		e.enter(e.state.Phase, e.state.Detail)
		return nil
	}
	if e.asking == nil { // whoever answers must run before anybody sees the question
		e.nextRun()
		e.state.RequestID = fmt.Sprintf("%s-%s-%d", e.state.Share.Source, e.state.Share.Target, e.state.RunSeq)
		in := contract.AcceptanceInput{Run: e.run(), RequestID: e.state.RequestID, Plan: ref}
		e.asking = e.beside(contract.AcceptanceWorkflow, "acceptance", "", in, e.answered)
	}
	asking := e.asking
	if err := asking.started.Get(e.ctx, nil); err != nil {
		return e.applyFailed(err, "the question to the target could not be started")
	}
	if asking.planDigest != ref.Digest {
		if err := workflow.ExecuteActivity(profile.Core(e.ctx), contract.OpenRequest, contract.OpenRequestIn{Request: e.request(ref, asking.id)}).Get(e.ctx, nil); err != nil {
			return e.applyFailed(err, "the target's inbox could not be written")
		}
		asking.planDigest = ref.Digest
	}
	e.enter(contract.PhaseWaiting, "in the inbox of tenant "+string(e.state.Target.Name)+": "+ref.Acceptance.Why)
	return nil
}

func (e *entity) request(ref contract.SharePlanRef, workflowID string) store.Request {
	now := workflow.Now(e.ctx)
	return store.Request{
		ID: e.state.RequestID, Org: e.state.Org, Kind: "acceptance", Share: e.state.Share, Tenant: e.state.Target.Name,
		PlanDigest: ref.Digest, Why: ref.Acceptance.Why, People: ref.Counts.People, MaxUsers: ref.Policy.Acceptance.MaxUsers,
		Guests: ref.Guests, Status: store.Waiting, Workflow: workflowID,
		OpenedAt: now, ExpiresAt: now.Add(ref.Policy.Acceptance.AskFor),
	}
}

// answered notes the target's answer.
func (e *entity) answered(ctx workflow.Context, f workflow.Future) {
	var result contract.AcceptanceResult
	err := f.Get(ctx, &result)
	e.asking, e.state.RequestID = nil, ""
	switch {
	case err != nil:
		e.state.Detail = "the question to the target ended: " + failure.ProblemOf(err).Error()
	case result.Status == string(store.Rejected):
		e.state.Phase, e.state.Detail, e.state.AskedDigest = contract.PhaseRejected, "the target said no: "+result.Reason, e.state.TopologyDigest
		e.state.StatusSeq++
		e.project()
	case result.Status == string(store.Expired):
		e.state.Phase, e.state.Detail, e.state.AskedDigest = contract.PhaseExpired, "nobody answered in time; apply again to ask again", e.state.TopologyDigest
		e.state.StatusSeq++
		e.project()
	}
}

// withdrawQuestion ends a question that no longer needs an answer.
func (e *entity) withdrawQuestion() {
	if e.asking != nil && !e.asking.done {
		e.asking.cancel()
	}
}

// reduce starts the reduction beside the passes: its grace must not hold back people who arrive.
func (e *entity) reduce(ref contract.SharePlanRef) {
	if e.leaving != nil {
		return
	}
	e.nextRun()
	in := contract.ReductionInput{
		Run: e.run(), ID: e.reductionID(), TopologyDigest: e.state.TopologyDigest, PlanDigest: ref.Digest, Plan: ref,
		Grace: ref.Policy.Deprovisioning.Grace, Reason: "left the user set",
	}
	e.enter(contract.PhaseReducing, fmt.Sprintf("%d people leave", ref.Counts.Removals))
	e.leaving = e.beside(contract.ReductionWorkflow, "reduction", ref.Digest, in, e.left)
}

func (e *entity) reductionID() string {
	return fmt.Sprintf("r-%s-%s-%d", e.state.Share.Source, e.state.Share.Target, e.state.RunSeq)
}

func (e *entity) left(ctx workflow.Context, f workflow.Future) {
	var result contract.ReductionResult
	err := f.Get(ctx, &result)
	e.leaving = nil
	if err != nil && ctx.Err() == nil {
		e.blocked(err)
		e.state.Phase, e.state.Detail = contract.PhaseBlocked, "the reduction stopped"
		e.state.StatusSeq++
		e.project()
	}
}

// convert brings existing guests to Member, as the target agreed.
func (e *entity) convert(ref contract.SharePlanRef) error {
	e.nextRun()
	e.enter(contract.PhaseConverting, fmt.Sprintf("%d existing guests become Members", ref.Counts.Converts))
	var result contract.MemberTypeResult
	err := e.child(contract.MemberTypeWorkflow, "membertype", contract.MemberTypeInput{Run: e.run(), PlanDigest: ref.Digest}, &result)
	return e.ended(err, "converting existing guests stopped")
}

// ended closes a foreground child: observe what came of it, or block.
func (e *entity) ended(err error, what string) error {
	if e.ctx.Err() != nil {
		return e.ctx.Err()
	}
	if err != nil {
		return e.applyFailed(err, what)
	}
	e.state.Failures = 0
	e.lookAgain(e.state.Pace.Poll)
	return e.requestObservation(false)
}

// restoreNext carries out the oldest restore.
func (e *entity) restoreNext() error {
	command := e.state.Restores[0]
	e.nextRun()
	e.enter(contract.PhaseRestoring, "people of "+command.ReductionID+" come back")
	var result contract.RestoreResult
	err := e.child(contract.RestoreWorkflow, "restore", contract.RestoreInput{Run: e.run(), Command: command}, &result)
	if e.ctx.Err() == nil {
		e.state.Restores = e.state.Restores[1:]
	}
	return e.ended(err, "the restore of "+command.ReductionID+" stopped")
}

// revertNext turns converted guests back into guests.
func (e *entity) revertNext() error {
	command := e.state.Reverts[0]
	e.nextRun()
	e.enter(contract.PhaseConverting, "converted guests become guests again")
	var result contract.MemberTypeResult
	err := e.child(contract.MemberTypeWorkflow, "membertype", contract.MemberTypeInput{Run: e.run(), Revert: true, By: command.By}, &result)
	if e.ctx.Err() == nil {
		e.state.Reverts = e.state.Reverts[1:]
	}
	return e.ended(err, "reverting conversions stopped")
}

// stop drains the share and takes its objects down, in that order; interrupted anywhere, it goes on there.
func (e *entity) stop() error {
	e.withdrawQuestion()
	if e.leaving != nil {
		e.leaving.cancel()
	}
	if err := workflow.Await(e.ctx, func() bool { return e.asking == nil && e.leaving == nil }); err != nil {
		return err
	}
	ref, err := e.plan(true)
	if err != nil {
		return e.planFailed(err)
	}
	e.nextRun()
	e.enter(contract.PhaseStopping, fmt.Sprintf("%d people are taken out first", ref.Counts.Removals))
	if err := e.drainPeople(ref); err != nil {
		return e.applyFailed(err, "draining stopped; the inbound policy stays on until everybody is out")
	}
	in := contract.TeardownInput{Run: e.run(), Found: ref.Desired.Found, Plan: ref}
	if err := e.child(contract.TeardownWorkflow, "teardown", in, nil); err != nil {
		return e.applyFailed(err, "taking the set-up down stopped")
	}
	drop := contract.DropShareIn{Org: e.state.Org, Share: e.state.Share, By: e.state.Stop.By, Reason: e.state.Stop.Reason}
	if err := workflow.ExecuteActivity(profile.Core(e.ctx), contract.DropShare, drop).Get(e.ctx, nil); err != nil {
		return e.applyFailed(err, "recording the end of the share failed")
	}
	e.state.Stop, e.state.People, e.state.Failures, e.retryAt = nil, 0, 0, time.Time{}
	e.enter(contract.PhaseStopped, "drained and taken down")
	return e.requestObservation(true)
}

func (e *entity) drainPeople(ref contract.SharePlanRef) error {
	if ref.Counts.Removals == 0 {
		return nil
	}
	in := contract.ReductionInput{
		Run: e.run(), ID: e.reductionID(), TopologyDigest: e.state.TopologyDigest, PlanDigest: ref.Digest, Plan: ref, Drain: true, Reason: e.state.Stop.Reason,
	}
	return e.child(contract.ReductionWorkflow, "reduction", in, nil)
}
