package share

import (
	"fmt"

	"go.temporal.io/sdk/workflow"

	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/workflows/profile"
)

// child runs one step of a pass to its end.
func (e *entity) child(name, noun string, in, out any) error {
	ctx := profile.Child(e.ctx, e.run().ID()+"/"+noun)
	return workflow.ExecuteChildWorkflow(ctx, name, in).Get(e.ctx, out)
}

// reduce starts the reduction beside the passes: its grace must not hold back people who arrive. A target that did
// not let these people go is not asked about them again until a topology is applied.
func (e *entity) reduce(ref contract.SharePlanRef) {
	if e.leaving != nil || ref.Leaving != "" && ref.Leaving == e.state.StayDigest {
		return
	}
	if e.state.StayDigest != "" { // the target said no to others or to more: it is asked about these too, whatever the budget
		ref.Budget.Over = true
	}
	e.nextRun()
	in := contract.ReductionInput{
		Run: e.run(), ID: e.reductionID(), TopologyDigest: e.state.TopologyDigest, PlanDigest: ref.Digest, Plan: ref,
		Grace: ref.Policy.Deprovisioning.Grace, Reason: "left the user set", Requester: e.state.Requester,
	}
	e.leaving = e.beside(contract.ReductionWorkflow, "reduction", in)
	e.leaving.reduction, e.leaving.people, e.leaving.leaving = in.ID, ref.Counts.Removals, ref.Leaving
	if ref.Budget.Over {
		e.leaving.held = fmt.Sprintf("in the inbox of tenant %s: %s would leave; the budget allows %d", e.state.Target.Name, people(ref.Counts.Removals), ref.Budget.Allowed)
	}
	e.depart(e.departing())
}

func (e *entity) reductionID() string {
	return fmt.Sprintf("r-%s-%s-%d", e.state.Share.Source, e.state.Share.Target, e.state.RunSeq)
}

// convert brings existing guests to Member, as the target agreed.
func (e *entity) convert(ref contract.SharePlanRef) error {
	e.nextRun()
	e.enter(contract.PhaseConverting, becomeMembers(ref.Counts.Converts))
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
	e.wrote()
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
	if e.ctx.Err() == nil && !e.again(err) {
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
	if e.ctx.Err() == nil && !e.again(err) {
		e.state.Reverts = e.state.Reverts[1:]
	}
	return e.ended(err, "reverting conversions stopped")
}

// again tells whether a failed command is kept for another try: a repair may be under way. It does not hold up
// the share for ever.
func (e *entity) again(err error) bool {
	const tries = 10
	waits := []problem.Kind{problem.Unavailable, problem.Throttled, problem.Unauthenticated, problem.Forbidden, problem.Ambiguous}
	return err != nil && e.state.Failures < tries && profile.IsKind(err, waits...)
}
