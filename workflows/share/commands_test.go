package share

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/temporalkit/failure"
)

var stopIt = contract.StopCommand{By: "pat", Reason: "over"}

func TestAStopDrainsThenTakesDown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.accepted, w.setUp, w.stranded = true, true, 2
	w.Update(time.Hour, contract.StopUpdate, stopIt)
	w.Update(time.Hour+time.Second, contract.StopUpdate, stopIt)
	s := w.until(day, state(contract.PhaseInSync))
	require.Equal(t, contract.PhaseStopped, s.Phase)
	require.Equal(t, []string{contract.ReductionWorkflow, contract.TeardownWorkflow, contract.DropShare}, w.Calls(contract.ReductionWorkflow, contract.TeardownWorkflow, contract.DropShare))
	require.False(t, w.early)
}

func TestAStopWhileWaitingWithdrawsTheQuestion(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.answerIn = 0
	w.Update(time.Hour, contract.StopUpdate, stopIt)
	s := w.until(day, state(contract.PhaseNew))
	require.Equal(t, contract.PhaseStopped, s.Phase)
	require.Empty(t, s.RequestID)
	require.Empty(t, w.Calls(contract.SetupWorkflow))
}

func TestAStopDuringAGraceTakesTheReductionBackAndDrains(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.accepted, w.setUp, w.removals, w.stranded, w.leaveIn = true, true, 1, 2, day
	w.Update(time.Hour, contract.StopUpdate, stopIt)
	s := w.until(3*time.Hour, state(contract.PhaseInSync))
	require.Equal(t, contract.PhaseStopped, s.Phase)
	require.Len(t, w.Calls(contract.ReductionWorkflow), 2)
	require.False(t, w.early)
}

func TestAStopWaitsForTheProofOfEarlierRemovals(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.accepted, w.setUp, w.removals, w.proveIn = true, true, 1, 5*day
	w.Update(time.Hour, contract.StopUpdate, stopIt)
	w.Later(day, func() {
		require.Zero(t, w.teardowns, "without the set-up nobody deletes them in the target")
		require.Equal(t, contract.PhaseStopping, w.now().Phase)
	})
	s := w.until(6*day, state(contract.PhaseInSync))
	require.Equal(t, contract.PhaseStopped, s.Phase)
	require.False(t, w.early)
}

func TestAStopThatCannotGoOnTriesAgainLaterEachTime(t *testing.T) {
	t.Parallel()
	for _, what := range []string{"planning", contract.ReductionWorkflow, contract.TeardownWorkflow, contract.DropShare} {
		w := newWorld(t)
		w.accepted, w.setUp, w.stranded = true, true, 2
		broken := problem.New(problem.Forbidden, "reach the source", "no right")
		w.fails[what] = broken
		if what == "planning" {
			w.planErr = broken
		}
		w.Update(time.Minute, contract.StopUpdate, stopIt)
		w.Later(2*time.Hour, func() {
			s := w.now()
			require.NotNil(t, s.Stop, what)
			require.Contains(t, []contract.Phase{contract.PhaseBlocked, contract.PhaseStopping}, s.Phase, what)
			require.Less(t, len(w.Calls(contract.PlanShare)), 40, "%s: no hot loop", what)
			delete(w.fails, what)
			w.planErr = nil
		})
		require.Equal(t, contract.PhaseStopped, w.until(3*time.Hour, state(contract.PhaseInSync)).Phase, what)
	}
}

func TestNothingIsTakenDownWhileThePlanDoesNotSeeEverything(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.accepted, w.setUp, w.refused = true, true, "duplicate-group: more than one group is this share's scope group"
	w.Update(time.Minute, contract.StopUpdate, stopIt)
	s := w.until(time.Hour, state(contract.PhaseInSync))
	require.Zero(t, w.teardowns)
	require.Equal(t, contract.PhaseBlocked, s.Phase)
	require.Contains(t, s.Problem.Detail, "duplicate-group")
}

func TestAStoppedShareRestsUntilItIsAppliedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.accepted, w.setUp = true, true
	w.Update(time.Minute, contract.StopUpdate, stopIt)
	w.Later(time.Hour, func() { w.observed(true) })
	refused := w.Update(2*time.Hour, contract.RestoreUpdate, contract.RestoreCommand{ReductionID: "r", By: "pat"})
	w.Later(3*time.Hour, func() {
		require.Equal(t, contract.PhaseStopped, w.now().Phase)
		require.Len(t, w.Calls(contract.OpenRequest), 0)
		w.SignalWorkflow(contract.TopologyApplied, contract.TopologyAppliedSignal{TopologyDigest: "t1", Pace: state("").Pace})
	})
	s := w.until(5*time.Hour, state(contract.PhaseInSync))
	require.Equal(t, problem.Conflict, failure.ProblemOf(refused.Rejected).Kind)
	require.Equal(t, contract.PhaseInSync, s.Phase, "asked again, accepted again, set up again")
	require.Len(t, w.Calls(contract.OpenRequest), 1)
}

func TestAStoppedShareThatIsDeclaredNoLongerStaysStopped(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.accepted, w.setUp = true, true
	w.Update(time.Minute, contract.StopUpdate, stopIt)
	w.Later(time.Hour, func() {
		w.declared = false
		w.SignalWorkflow(contract.TopologyApplied, contract.TopologyAppliedSignal{TopologyDigest: "t2", Pace: state("").Pace})
	})
	require.Equal(t, contract.PhaseStopped, w.until(2*time.Hour, state(contract.PhaseInSync)).Phase)
}

func TestARetiredShareIsDrainedByThePolicyThatItHad(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.accepted, w.setUp = true, true
	w.Later(time.Hour, func() {
		w.declared = false
		w.SignalWorkflow(contract.TopologyApplied, contract.TopologyAppliedSignal{TopologyDigest: "t2", Pace: state("").Pace})
	})
	w.Update(2*time.Hour, contract.StopUpdate, stopIt)
	require.Equal(t, contract.PhaseStopped, w.until(3*time.Hour, state(contract.PhaseInSync)).Phase)
	for _, in := range inputsOfPlan(w) {
		require.Equal(t, in.Drain, in.TopologyDigest == "t1" && in.Drain, "drained by the last topology that declared it")
	}
}

func TestARestoreIsTriedAgainWhileARepairMayBeUnderWay(t *testing.T) {
	t.Parallel()
	command := contract.RestoreCommand{ReductionID: "r-1", By: "pat"}
	w := newWorld(t)
	w.accepted, w.setUp = true, true
	w.fails[contract.RestoreWorkflow] = forbidden()
	w.Update(time.Minute, contract.RestoreUpdate, command)
	w.Later(10*time.Minute, func() { delete(w.fails, contract.RestoreWorkflow) })
	s := w.until(time.Hour, state(contract.PhaseInSync))
	require.Empty(t, s.Restores)
	require.Equal(t, contract.PhaseInSync, s.Phase)
	require.Greater(t, len(w.Calls(contract.RestoreWorkflow)), 1)

	w = newWorld(t)
	w.accepted, w.setUp = true, true
	w.fails[contract.RestoreWorkflow] = problem.New(problem.NotFound, "read a reduction", "there is none")
	w.Update(time.Minute, contract.RestoreUpdate, command)
	s = w.until(time.Hour, state(contract.PhaseInSync))
	require.Empty(t, s.Restores, "what can never work is not kept")
	require.Len(t, w.Calls(contract.RestoreWorkflow), 1)
}

func TestCommandsWithoutANameAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	stop := w.Update(time.Minute, contract.StopUpdate, contract.StopCommand{})
	restore := w.Update(time.Minute, contract.RestoreUpdate, contract.RestoreCommand{ReductionID: "r"})
	revert := w.Update(time.Minute, contract.RevertUpdate, contract.RevertCommand{})
	w.until(time.Hour, state(contract.PhaseNew))
	for _, a := range []error{stop.Rejected, restore.Rejected, revert.Rejected} {
		require.Equal(t, problem.Invalid, failure.ProblemOf(a).Kind)
	}
}

func TestARevertRunsOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.accepted, w.setUp = true, true
	w.Update(time.Minute, contract.RevertUpdate, contract.RevertCommand{By: "pat"})
	s := w.until(time.Hour, state(contract.PhaseInSync))
	require.Empty(t, s.Reverts)
	require.Len(t, w.Calls(contract.MemberTypeWorkflow), 1)
}
