package share

import (
	"go.temporal.io/sdk/workflow"

	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/store"
	"entente.dev/entente/internal/temporalkit/failure"
	"entente.dev/entente/workflows/profile"
)

// enter moves the share to a phase and projects it when something that people see has changed.
func (e *entity) enter(phase contract.Phase, detail string) {
	before := e.state
	e.state.Phase, e.state.Detail = phase, detail
	e.state.InSync = phase == contract.PhaseInSync
	switch phase {
	case contract.PhaseBlocked:
	case contract.PhaseReducing, contract.PhaseStopping:
		e.state.Problem = e.trouble
	default:
		e.state.Problem = nil
	}
	same := before.Phase == phase && before.Problem == e.state.Problem && before.Detail == detail && before.RequestID == e.state.RequestID &&
		before.People == e.state.People && before.PlanDigest == e.state.PlanDigest && phase != contract.PhaseBlocked
	if same {
		return
	}
	e.state.StatusSeq++
	e.project()
}

// project writes the share's status for lists and pages. A failure is logged; the next change projects again.
func (e *entity) project() {
	status := store.ShareStatus{
		Org: e.state.Org, Share: e.state.Share, Stamp: store.Stamp{Run: e.state.RunSeq, Seq: e.state.StatusSeq},
		Phase: string(e.state.Phase), Detail: e.state.Detail, Problem: e.state.Problem, RequestID: e.state.RequestID,
		PlanDigest: e.state.PlanDigest, People: e.state.People, InSync: e.state.InSync, UpdatedAt: workflow.Now(e.ctx),
	}
	if err := workflow.ExecuteActivity(profile.Core(e.ctx), contract.PutShareStatus, status).Get(e.ctx, nil); err != nil && e.ctx.Err() == nil {
		workflow.GetLogger(e.ctx).Warn("status not projected", "kind", string(failure.ProblemOf(err).Kind))
	}
}

// recordRun notes the beginning or the end of a pass that had something to do.
func (e *entity) recordRun(run store.Run) {
	run.Org, run.Share, run.Seq = e.state.Org, e.state.Share, e.state.RunSeq
	if err := workflow.ExecuteActivity(profile.Core(e.ctx), contract.PutRun, run).Get(e.ctx, nil); err != nil && e.ctx.Err() == nil {
		workflow.GetLogger(e.ctx).Warn("run not recorded", "kind", string(failure.ProblemOf(err).Kind))
	}
}

// run names the pass for its children.
func (e *entity) run() contract.RunInput {
	return contract.RunInput{
		Org: e.state.Org, Share: e.state.Share, Source: e.state.Source, Target: e.state.Target,
		Seq: e.state.RunSeq, Pace: e.state.Pace,
	}
}

// nextRun begins a new pass with writes or questions; its number names its children and its records.
func (e *entity) nextRun() {
	e.state.RunSeq++
	e.state.StatusSeq = 0
}
