package share

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/plan"
)

func TestWhileTheCalendarIsFrozenQuestionsAreAskedAndNothingIsSetUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.thaw = w.Now().Add(2 * day)
	w.Later(30*time.Minute, func() { require.Equal(t, contract.PhaseWaiting, w.now().Phase) })
	w.Later(day, func() {
		s := w.now()
		require.Equal(t, contract.PhasePaused, s.Phase)
		require.Contains(t, s.Detail, "frozen by the calendar until "+minute(w.thaw)+": year end")
		require.True(t, s.Accepted)
		require.Empty(t, w.Calls(contract.SetupWorkflow))
		require.Less(t, len(w.Calls(contract.PlanShare)), 5, "it waits for the end, and does not look")
	})
	s := w.until(2*day+time.Hour, state(contract.PhaseNew))
	require.Equal(t, contract.PhaseInSync, s.Phase)
	require.NotContains(t, s.Detail, "frozen")
	require.Len(t, w.Calls(contract.SetupWorkflow), 1)
}

func TestAFreezeHoldsBackEveryChangeButBlocks(t *testing.T) {
	t.Parallel()
	for name, have := range map[string]func(*world){
		"removals":    func(w *world) { w.removals = 1 },
		"conversions": func(w *world) { w.convert = 1 },
		"set-up":      func(w *world) { w.mendable = true },
		"a start":     func(w *world) { w.job = contract.JobHealth{Code: "Paused", State: "Paused"} },
		"unblocking": func(w *world) {
			w.switches = map[plan.Kind]contract.BatchOut{plan.Unblock: {Done: 1}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.accepted, w.setUp, w.thaw = true, true, w.Now().Add(day)
			have(w)
			writes := []string{contract.SetupWorkflow, contract.ReductionWorkflow, contract.MemberTypeWorkflow, contract.UnblockPlanned, contract.UndeletePlanned}
			w.Later(day-time.Minute, func() {
				require.Empty(t, w.Calls(writes...))
				require.Contains(t, w.now().Detail, "frozen by the calendar")
				require.False(t, w.now().InSync)
			})
			w.until(day+2*time.Minute, state(contract.PhaseInSync))
			require.NotEmpty(t, w.Calls(writes...))
		})
	}
}

func TestBlocksStopsAndRevocationsRunInAFreeze(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.accepted, w.setUp, w.thaw = true, true, w.Now().Add(30*day)
	w.switches = map[plan.Kind]contract.BatchOut{plan.Block: {Done: 1}}
	w.Later(time.Hour, func() {
		require.Len(t, w.Calls(contract.BlockPlanned), 1)
		require.Equal(t, contract.PhaseInSync, w.now().Phase)
		require.Contains(t, w.now().Detail, "frozen by the calendar")
	})
	w.stranded = 2
	w.Update(2*time.Hour, contract.RevokeUpdate, takesBack(contract.DrainShare))
	s := w.until(day, state(contract.PhaseInSync))
	require.Equal(t, contract.PhaseStopped, s.Phase)
	require.Equal(t, 1, w.teardowns)
}
