package share

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/plan"
	"entente.dev/entente/internal/store"
	"entente.dev/entente/internal/testkit/flowtest"
)

// applied is a topology of somebody.
func (w *world) applied(digest, subject string) {
	w.SignalWorkflow(contract.TopologyApplied, contract.TopologyAppliedSignal{TopologyDigest: digest, Pace: flowtest.Pace, By: "somebody", Subject: subject})
}

// outsiders is a share that runs, with three people outside of what its target accepted.
func outsiders(t *testing.T) *world {
	w := newWorld(t)
	w.accepted, w.setUp, w.waiting = true, true, 3
	return w
}

func requests(w *world) (out []store.Request) {
	for _, in := range flowtest.Inputs[contract.OpenRequestIn](w.Env, contract.OpenRequest) {
		out = append(out, in.Request)
	}
	return out
}

const threeWait = "3 people wait for tenant c: over the cap: 503 people, 500 accepted"

func TestOnlyWhatIsOutsideOfAnAcceptanceWaits(t *testing.T) {
	t.Parallel()
	w := outsiders(t)
	w.setUp, w.answerIn = false, 10*time.Hour
	w.switches = map[plan.Kind]contract.BatchOut{plan.Block: {Done: 1}}
	w.Later(2*time.Hour, func() {
		require.Len(t, w.Calls(contract.SetupWorkflow), 1, "what was accepted is set up meanwhile")
		require.Len(t, w.Calls(contract.BlockPlanned), 1)
		s := w.now()
		require.Equal(t, contract.PhaseInSync, s.Phase)
		require.Equal(t, threeWait, s.Detail)
		require.NotEmpty(t, s.RequestID)
		w.removals = 1
		w.observed(true)
	})
	w.Later(3*time.Hour, func() { require.Len(t, w.Calls(contract.ReductionWorkflow), 1, "and who leaves leaves") })
	s := w.until(day, state(contract.PhaseInSync))
	require.Equal(t, contract.PhaseInSync, s.Phase)
	require.Empty(t, s.Detail)
	require.Len(t, w.approved, 1)
	r := requests(w)
	require.Len(t, r, 1)
	require.True(t, r[0].Delta)
	require.Equal(t, 3, r[0].People)
	require.Equal(t, 1, r[0].Approvers)
	require.NotContains(t, w.phases(), contract.PhaseWaiting)
}

func TestWhereOnlyTheTimeIsOverItIsAboutEverybody(t *testing.T) {
	t.Parallel()
	in := contract.AcceptanceInput{Run: flowtest.Run, RequestID: "q", Plan: contract.SharePlanRef{
		Counts: plan.Counts{People: 7}, Acceptance: plan.AcceptanceNeed{Needed: true, Delta: true, Why: "the acceptance has expired"},
	}}
	require.Equal(t, 7, in.Request("w", time.Time{}).People)
	in.Plan.Counts.Waiting = 2
	require.Equal(t, 2, in.Request("w", time.Time{}).People)
	in.Plan.Acceptance = plan.AcceptanceNeed{Needed: true}
	require.Equal(t, 7, in.Request("w", time.Time{}).People)
}

func TestANoToTheRestLeavesTheShareAsItIs(t *testing.T) {
	t.Parallel()
	for _, answer := range []string{"rejected", "expired"} {
		w := outsiders(t)
		w.answer.Status = answer
		w.Later(2*time.Hour, func() { w.observed(true) })
		w.Later(3*time.Hour, func() {
			s := w.now()
			require.Equal(t, contract.PhaseInSync, s.Phase)
			require.Equal(t, "tenant c did not accept 3 people: over the cap: 503 people, 500 accepted; apply again to ask again", s.Detail)
			require.Len(t, w.Calls(contract.AcceptanceWorkflow), 1, "not asked again for the same topology")
			w.applied("t1", "pat")
		})
		w.until(5*time.Hour, state(contract.PhaseInSync))
		require.Len(t, w.Calls(contract.AcceptanceWorkflow), 2, "apply again asks again")
		require.Equal(t, []contract.Phase{contract.PhaseInSync}, w.phases())
	}
}

func TestAQuestionAboutARestThatIsGoneIsWithdrawn(t *testing.T) {
	t.Parallel()
	w := outsiders(t)
	w.answerIn = 0
	w.Later(time.Hour, func() { w.waiting = 0; w.observed(true) })
	s := w.until(2*time.Hour, state(contract.PhaseInSync))
	require.Empty(t, s.RequestID)
	require.Empty(t, s.Detail)
	require.Empty(t, w.approved)
}

func TestWithoutAnAcceptanceNothingIsWritten(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.answerIn = 0
	w.switches = map[plan.Kind]contract.BatchOut{plan.Block: {Done: 1}}
	s := w.until(day, state(contract.PhaseNew))
	require.Equal(t, contract.PhaseWaiting, s.Phase)
	require.Empty(t, w.Calls(contract.SetupWorkflow, contract.ReductionWorkflow, contract.BlockPlanned, contract.MemberTypeWorkflow))
}

func TestWhoAppliedLastIsWhoAsks(t *testing.T) {
	t.Parallel()
	w := outsiders(t)
	w.answerIn = 5 * time.Hour
	before := state(contract.PhaseInSync)
	before.Requester = "pat"
	w.Later(2*time.Hour, func() { w.applied("t1", "erin") })
	w.Later(3*time.Hour, func() { w.applied("t1", ""); w.removals = 1 })
	s := w.until(4*time.Hour, before)
	require.Equal(t, "somebody", s.Requester, "a name where there is no subject")
	require.Equal(t, "pat", flowtest.Inputs[contract.AcceptanceInput](w.Env, contract.AcceptanceWorkflow)[0].Requester)
	require.Equal(t, "somebody", flowtest.Inputs[contract.ReductionInput](w.Env, contract.ReductionWorkflow)[0].Requester)
}

func TestAnOverBudgetRemovalWaitsForTheTarget(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.accepted, w.setUp, w.removals, w.over, w.agreeIn, w.leaveIn = true, true, 3, true, 2*time.Hour, day
	w.Later(time.Hour, func() {
		s := w.now()
		require.Equal(t, contract.PhaseWaiting, s.Phase)
		require.Equal(t, "in the inbox of tenant c: 3 people would leave; the budget allows 1", s.Detail)
	})
	w.Later(3*time.Hour, func() {
		s := w.now()
		require.Equal(t, contract.PhaseReducing, s.Phase)
		require.Equal(t, "3 people leave", s.Detail)
	})
	require.Equal(t, contract.PhaseInSync, w.until(3*day, state(contract.PhaseInSync)).Phase)
}

func TestOnePersonIsCountedAsOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.accepted, w.setUp, w.removals, w.leaveIn, w.proveIn = true, true, 1, day, day
	w.Later(time.Hour, func() { require.Equal(t, "1 person leaves", w.now().Detail) })
	w.Later(30*time.Hour, func() {
		require.Equal(t, "1 person leaves; for 1 of them the proof is awaited", w.now().Detail)
	})
	w.until(3*day, state(contract.PhaseInSync))
}

func TestAnAcceptanceThatEndsWakesTheShare(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.accepted, w.setUp = true, true
	w.deadline = w.Now().Add(10 * day)
	w.Later(9*day, func() { require.Len(t, w.Calls(contract.PlanShare), 1, "nothing wakes it before") })
	w.Later(10*day-time.Minute, func() { w.waiting = 2 })
	w.Later(10*day+time.Minute, func() {
		require.Len(t, w.Calls(contract.AcceptanceWorkflow), 1)
		w.deadline = time.Time{}
	})
	w.until(60*day, state(contract.PhaseInSync))
	require.Less(t, len(w.Calls(contract.PlanShare)), 8)
}

// TestADeadlineThatThePlannerHasNotReachedIsNoHotLoop: its clock may be behind.
func TestADeadlineThatThePlannerHasNotReachedIsNoHotLoop(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.accepted, w.setUp = true, true
	w.deadline = w.Now().Add(time.Hour)
	w.until(time.Hour+10*time.Minute, state(contract.PhaseInSync))
	require.InDelta(t, 11, len(w.Calls(contract.PlanShare)), 2, "once a minute at most")
}

// TestAWaitTakesItsTimerAlong: otherwise every pass leaves one of months behind.
func TestAWaitTakesItsTimerAlong(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.accepted, w.setUp = true, true
	w.deadline = w.Now().Add(90 * day)
	scheduled, cancelled := 0, 0
	w.SetOnTimerScheduledListener(func(string, time.Duration) { scheduled++ })
	w.SetOnTimerCanceledListener(func(string) { cancelled++ })
	for i := range 10 {
		w.Later(time.Duration(i+1)*time.Hour, func() { w.observed(true) })
	}
	w.Later(20*time.Hour, func() { require.Equal(t, 1, scheduled-cancelled) })
	w.until(day, state(contract.PhaseInSync))
	require.Greater(t, scheduled, 10)
}

func TestAnIdleShareHasNoTimer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.accepted, w.setUp = true, true
	timers := 0
	w.SetOnTimerScheduledListener(func(string, time.Duration) { timers++ })
	w.until(30*day, state(contract.PhaseInSync))
	require.Zero(t, timers)
}

func TestSignInsAreSwitchedAndLookedAtAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.accepted, w.setUp = true, true
	w.switches = map[plan.Kind]contract.BatchOut{plan.Block: {Done: 2}, plan.Unblock: {Done: 1}}
	before := state(contract.PhaseInSync)
	began := w.Now()
	s := w.until(time.Hour, before)
	require.Equal(t, contract.PhaseInSync, s.Phase)
	require.Len(t, w.Calls(contract.BlockPlanned, contract.UnblockPlanned), 2)
	require.False(t, s.FreshAfter.Before(began), "the next plan waits for a look that shows it")
	require.NotEmpty(t, w.Signals(contract.ObserveRequested))
	in := flowtest.Inputs[contract.GuestsIn](w.Env, contract.BlockPlanned)[0]
	require.Equal(t, "c", string(in.Tenant.Name))
	require.Equal(t, "d", in.PlanDigest)
}

func TestAnAccountThatCannotBeSwitchedHoldsUpNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.accepted, w.switches = true, map[plan.Kind]contract.BatchOut{plan.Block: {Failed: 1}}
	s := w.until(2*time.Hour, state(contract.PhaseNew))
	require.Equal(t, contract.PhaseInSync, s.Phase)
	require.Equal(t, "the sign-in of 1 person could not be switched in tenant c", s.Detail)
	require.Len(t, w.Calls(contract.SetupWorkflow), 1)
	require.Less(t, len(w.Calls(contract.BlockPlanned)), 10)
}

func TestAMissingPermissionToSwitchBlocksTheShare(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.accepted, w.setUp, w.switches = true, true, map[plan.Kind]contract.BatchOut{plan.Unblock: {Done: 1}}
	w.fails[contract.UnblockPlanned] = forbidden()
	w.Later(time.Hour, func() {
		require.Equal(t, contract.PhaseBlocked, w.now().Phase)
		delete(w.fails, contract.UnblockPlanned)
	})
	require.Equal(t, contract.PhaseInSync, w.until(2*time.Hour, state(contract.PhaseInSync)).Phase)
}
