package share

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/workflow"

	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/testkit/flowtest"
)

const day = 24 * time.Hour

func TestANewShareIsAskedForAcceptedSetUpAndInSync(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.pending = 2
	w.Later(30*time.Minute, func() {
		require.Empty(t, w.Calls(contract.SetupWorkflow), "nothing is written before the target's yes")
	})
	w.Later(2*time.Hour, func() { w.pending = 0; w.observed(true) })
	s := w.until(3*time.Hour, state(contract.PhaseNew))
	require.Equal(t, contract.PhaseInSync, s.Phase)
	require.Equal(t, []contract.Phase{contract.PhaseWaiting, contract.PhaseSettingUp, contract.PhaseSyncing, contract.PhaseInSync}, w.phases())
	require.Len(t, w.Calls(contract.OpenRequest), 1)
	require.NotEmpty(t, w.Signals(contract.ObserveRequested))
	for i := 1; i < len(w.statuses); i++ {
		a, b := w.statuses[i-1].Stamp, w.statuses[i].Stamp
		require.True(t, a.Run < b.Run || a.Run == b.Run && a.Seq < b.Seq, "projections never go backwards")
	}
}

func TestARejectedShareIsNotAskedAgainUntilANewTopology(t *testing.T) {
	t.Parallel()
	for status, phase := range map[string]contract.Phase{"rejected": contract.PhaseRejected, "expired": contract.PhaseExpired} {
		w := newWorld(t)
		w.answer.Status = status
		w.Later(2*time.Hour, func() { w.observed(true) })
		w.Later(3*time.Hour, func() {
			require.Equal(t, phase, w.now().Phase)
			require.Len(t, w.Calls(contract.OpenRequest), 1)
			w.answer.Status = "approved"
			w.SignalWorkflow(contract.TopologyApplied, contract.TopologyAppliedSignal{TopologyDigest: "t2", Pace: flowtest.Pace})
		})
		s := w.until(5*time.Hour, state(contract.PhaseNew))
		require.Equal(t, contract.PhaseInSync, s.Phase)
		require.Len(t, w.Calls(contract.OpenRequest), 2)
		require.Contains(t, w.phases(), phase)
	}
}

func TestAQuestionThatFailsIsAskedAgainLaterEachTime(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.fails[contract.AcceptanceWorkflow] = problem.New(problem.Unavailable, "close a request", "the store is down")
	s := w.until(time.Hour, state(contract.PhaseNew))
	require.Equal(t, contract.PhaseBlocked, s.Phase)
	require.Less(t, len(w.Calls(contract.AcceptanceWorkflow)), 20)
}

func TestARemovalRunsBesideArrivals(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.accepted, w.setUp, w.removals, w.leaveIn = true, true, 1, day
	w.Later(time.Hour, func() {
		require.Equal(t, contract.PhaseReducing, w.now().Phase)
		w.setUp = false
		w.observed(true)
	})
	w.Later(2*time.Hour, func() { require.Len(t, w.Calls(contract.SetupWorkflow), 1, "arrivals do not wait for a grace") })
	s := w.until(2*day, state(contract.PhaseInSync))
	require.Equal(t, contract.PhaseInSync, s.Phase)
	require.Len(t, w.Calls(contract.ReductionWorkflow), 1)
}

// TestOneLeaveIsOneReduction: a snapshot from before a removal still shows the person in the scope group; planned on,
// it would take them out again and again.
func TestOneLeaveIsOneReduction(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.accepted, w.setUp, w.removals, w.proveIn = true, true, 1, time.Minute
	w.takenAt = w.Now()
	w.Later(time.Hour, func() { w.observed(true) }) // a fact, but no newer picture
	w.Later(2*time.Hour, func() {
		w.takenAt, w.removals = w.Now(), 0
		w.observed(true)
	})
	s := w.until(day, state(contract.PhaseInSync))
	require.Equal(t, contract.PhaseInSync, s.Phase)
	require.Len(t, w.Calls(contract.ReductionWorkflow), 1)
}

func TestPeopleWhoMayNotLeaveAreAskedAboutOnce(t *testing.T) {
	t.Parallel()
	for _, answer := range []string{"rejected", "expired"} {
		w := newWorld(t)
		w.accepted, w.setUp, w.removals, w.stay = true, true, 1, answer
		for i := range 20 {
			w.Later(time.Duration(i+1)*time.Minute, func() { w.observed(true) })
		}
		w.Later(30*time.Minute, func() {
			require.Equal(t, contract.PhaseRejected, w.now().Phase)
			w.removals = 2
			w.observed(true)
		})
		w.Later(40*time.Minute, func() {
			w.SignalWorkflow(contract.TopologyApplied, contract.TopologyAppliedSignal{TopologyDigest: "t1", Pace: flowtest.Pace})
		})
		w.until(time.Hour, state(contract.PhaseInSync))
		require.Len(t, w.Calls(contract.ReductionWorkflow), 3, "once, once more for others, and once more when applied again")
	}
}

func TestGuestsAreNotedBeforeTheSetUpThatLetsTheEngineConvertThem(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.accepted, w.guests = true, 1
	w.until(time.Hour, state(contract.PhaseNew))
	noted := slices.Index(w.order, contract.RecordConversions)
	require.GreaterOrEqual(t, noted, 0)
	require.Less(t, noted, slices.Index(w.order, contract.SetupWorkflow))
}

// TestANoToARemovalHoldsForAPartOfItToo: somebody comes back after the target said no to two; the other one alone is
// within the budget, and the target is asked all the same.
func TestANoToARemovalHoldsForAPartOfItToo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.accepted, w.setUp, w.removals, w.refusesToLose = true, true, 2, true
	w.Later(time.Hour, func() { w.removals = 1; w.observed(true) })
	w.until(day, state(contract.PhaseInSync))
	require.Equal(t, []bool{true, true}, w.askedAbout)
}

func TestAProofThatIsAwaitedHoldsUpNobodyElse(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.accepted, w.setUp, w.removals, w.proveIn = true, true, 1, 20*day
	w.Later(time.Hour, func() { w.removals = 3; w.observed(true) })
	w.Later(2*time.Hour, func() {
		require.Equal(t, 2, w.inFlight)
		require.Contains(t, w.now().Detail, "for 4 of them the proof is awaited")
	})
	s := w.until(30*day, state(contract.PhaseInSync))
	require.Equal(t, contract.PhaseInSync, s.Phase)
}

func TestWhatKeepsAProofFromBeingReadIsTheSharesProblem(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.accepted, w.setUp, w.removals, w.proveIn = true, true, 1, day
	w.Later(time.Hour, func() {
		w.SignalWorkflow(contract.ReductionMoved, contract.ReductionMovedSignal{ID: "r-b-c-1", Problem: problem.New(problem.Forbidden, "read the log", "no right")})
	})
	w.Later(2*time.Hour, func() {
		require.Equal(t, contract.PhaseReducing, w.now().Phase)
		require.Equal(t, problem.Forbidden, w.now().Problem.Kind)
		require.Equal(t, problem.Forbidden, w.statuses[len(w.statuses)-1].Problem.Kind)
	})
	s := w.until(2*day, state(contract.PhaseInSync))
	require.Nil(t, s.Problem)
}

func TestABlockedShareTriesAgainByItselfLaterEachTime(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.accepted = true
	w.fails[contract.SetupWorkflow] = forbidden()
	for m := time.Minute; m < time.Hour; m += time.Minute { // its tenants are looked at all the time; nothing changes
		w.Later(m, func() { w.observed(false) })
	}
	w.Later(time.Hour, func() {
		require.Equal(t, contract.PhaseBlocked, w.now().Phase)
		require.Equal(t, problem.Forbidden, w.now().Problem.Kind)
		require.InDelta(t, 11, len(w.Calls(contract.SetupWorkflow)), 3, "1, 2, 4 minutes, then every 5 (and one that each takes)")
		delete(w.fails, contract.SetupWorkflow)
	})
	s := w.until(2*time.Hour, state(contract.PhaseNew))
	require.Equal(t, contract.PhaseInSync, s.Phase)
	require.Nil(t, s.Problem)
	require.Zero(t, s.Failures)
}

func TestAConflictIsPlannedAgainFromTheNextLook(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.accepted = true
	w.fails[contract.SetupWorkflow] = problem.New(problem.Conflict, "write", "somebody was quicker")
	w.Later(70*time.Second, func() { delete(w.fails, contract.SetupWorkflow); w.observed(false) })
	w.Later(80*time.Second, func() { require.Len(t, w.Calls(contract.SetupWorkflow), 2) })
	s := w.until(time.Hour, state(contract.PhaseNew))
	require.Equal(t, contract.PhaseInSync, s.Phase)
}

func TestWithoutASnapshotItObserves(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.accepted, w.setUp = true, true
	w.planErr = problem.New(problem.Incomplete, "plan a share", "no complete snapshot yet")
	w.Later(time.Minute, func() {
		require.Equal(t, contract.PhaseObserving, w.now().Phase)
		require.Len(t, w.Signals(contract.ObserveRequested), 2, "both tenants are asked to look")
		w.planErr = nil
		w.observed(false)
	})
	require.Equal(t, contract.PhaseInSync, w.until(time.Hour, state(contract.PhaseNew)).Phase)
}

func TestARefusedShareSaysWhy(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.refused = "empty-set: the group is empty"
	s := w.until(time.Hour, state(contract.PhaseNew))
	require.Equal(t, contract.PhaseRefused, s.Phase)
	require.Equal(t, w.refused, s.Detail)
	require.Empty(t, w.Calls(contract.SetupWorkflow, contract.ReductionWorkflow, contract.OpenRequest))
}

func TestARetiredShareTakesNobodyAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.accepted, w.setUp, w.removals = true, true, 5
	w.declared = false
	before := state(contract.PhaseInSync)
	before.DeclaredDigest = "t0"
	s := w.until(day, before)
	require.Equal(t, contract.PhaseInSync, s.Phase)
	require.Contains(t, s.Detail, "no longer declared")
	require.Empty(t, w.Calls(contract.SetupWorkflow, contract.ReductionWorkflow, contract.TeardownWorkflow))
}

func TestAShareThatRetiresWhileItIsAskedForWithdrawsTheQuestion(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.answerIn = 0
	w.Later(time.Hour, func() {
		w.declared = false
		w.SignalWorkflow(contract.TopologyApplied, contract.TopologyAppliedSignal{TopologyDigest: "t2", Pace: flowtest.Pace})
	})
	s := w.until(2*time.Hour, state(contract.PhaseNew))
	require.Empty(t, s.RequestID)
}

func TestContinuesAsNewOnlyWithoutAChildInFlight(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.answerIn = 0
	for i := range 2 * passesPerRun {
		w.Later(time.Duration(i+1)*time.Minute, func() { w.observed(true) })
	}
	s := w.until(day, state(contract.PhaseNew))
	require.Equal(t, contract.PhaseWaiting, s.Phase, "the question is open, so the run goes on")

	w = newWorld(t)
	w.accepted, w.setUp = true, true
	for i := range 2 * passesPerRun {
		w.Later(time.Duration(i+1)*time.Minute, func() { w.observed(true) })
	}
	w.ExecuteWorkflow(Workflow, state(contract.PhaseInSync))
	var next *workflow.ContinueAsNewError
	require.ErrorAs(t, w.GetWorkflowError(), &next)
	require.Len(t, w.Calls(contract.PlanShare), passesPerRun)
}
