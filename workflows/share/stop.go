package share

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/workflows/profile"
)

// stop drains the share and takes its objects down, in that order; interrupted anywhere, it goes on there.
func (e *entity) stop() error {
	if err := e.alone(); err != nil || e.state.Phase == contract.PhaseBlocked && !e.retryAt.IsZero() {
		return err
	}
	ref, err := e.plan(true)
	if err != nil {
		return e.planFailed(err)
	}
	if ref.Refused != "" { // the plan does not see all of the share's objects: taking the rest down would strand people
		return e.applyFailed(problem.New(problem.GuardTripped, "stop the share", ref.Refused), "nothing is taken down while a rule stands against it")
	}
	e.nextRun()
	e.enter(contract.PhaseStopping, firstOut(ref.Counts.Removals))
	if err := e.drainPeople(ref); err != nil {
		return e.applyFailed(err, "draining stopped; the inbound policy stays on until everybody is out")
	}
	in := contract.TeardownInput{Run: e.run(), Found: ref.Desired.Found, Plan: ref}
	if err := e.child(contract.TeardownWorkflow, "teardown", in, nil); err != nil {
		return e.applyFailed(err, "taking the set-up down stopped")
	}
	drop := contract.DropShareIn{Org: e.state.Org, Share: e.state.Share, By: e.state.Stop.By, Reason: e.state.Stop.Reason, Run: e.run().ID()}
	if err := workflow.ExecuteActivity(profile.Core(e.ctx), contract.DropShare, drop).Get(e.ctx, nil); err != nil {
		return e.applyFailed(err, "recording the end of the share failed")
	}
	e.state.Stop, e.state.People, e.state.Failures, e.retryAt = nil, 0, 0, time.Time{}
	e.state.DeclaredDigest, e.state.Accepted, e.state.Rollout, e.state.Job = "", false, nil, nil
	e.wrote()
	e.enter(contract.PhaseStopped, "drained and taken down")
	return e.requestObservation(true)
}

// alone ends what runs beside the passes: a question is withdrawn, a reduction in its grace taken back. One whose
// people are out already is awaited, because without the set-up nobody deletes them in the target.
func (e *entity) alone() error {
	e.asking.withdraw()
	e.leaving.withdraw()
	for e.accompanied() {
		if detail := e.departing(); detail != "" {
			e.enter(contract.PhaseStopping, detail)
		}
		if err := workflow.Await(e.ctx, e.news); err != nil {
			return err
		}
		e.drain()
		e.settle()
	}
	return nil
}

func (e *entity) drainPeople(ref contract.SharePlanRef) error {
	if ref.Counts.Removals == 0 {
		return nil
	}
	in := contract.ReductionInput{
		Run: e.run(), ID: e.reductionID(), TopologyDigest: e.state.TopologyDigest, PlanDigest: ref.Digest, Plan: ref, Drain: true, Reason: e.state.Stop.Reason, Requester: e.state.Requester,
	}
	return e.child(contract.ReductionWorkflow, "reduction", in, nil)
}
