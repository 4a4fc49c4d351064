package share

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/testkit/flowtest"
)

var goOn = contract.ContinueCommand{By: "pat", Reason: "they are on leave"}

func rollsOut(t *testing.T) *world {
	w := newWorld(t)
	w.accepted, w.rings, w.batch = true, 3, 5
	return w
}

// arrivals are how many came with each set-up.
func (w *world) arrivals() (out []int) {
	for _, in := range flowtest.Inputs[contract.SetupInput](w.Env, contract.SetupWorkflow) {
		out = append(out, in.Plan.Ring.Arrivals)
	}
	return out
}

func TestARolloutOpensItsNextRingOnceEverybodyOfTheLastIsIn(t *testing.T) {
	t.Parallel()
	w := rollsOut(t)
	w.pending = 2
	w.Later(30*time.Minute, func() {
		require.Equal(t, []int{5}, w.arrivals(), "two of the first ring are still missing")
		require.Contains(t, w.now().Detail, "ring 1 of 3")
		require.Equal(t, contract.PhaseSyncing, w.now().Phase)
		w.pending = 0
		w.observed(true)
	})
	s := w.until(2*time.Hour, state(contract.PhaseNew))
	require.Equal(t, contract.PhaseInSync, s.Phase)
	require.Empty(t, s.Detail)
	require.Nil(t, s.Rollout)
	require.Equal(t, []int{5, 5, 5}, w.arrivals())
}

func TestARolloutPausesByItselfUntilAPersonContinues(t *testing.T) {
	t.Parallel()
	w := rollsOut(t)
	w.pending, w.spare = 2, 39
	early := w.Update(time.Hour, contract.ContinueUpdate, goOn)
	nobody := w.Update(3*time.Hour, contract.ContinueUpdate, contract.ContinueCommand{By: "pat"})
	w.Later(3*time.Hour, func() {
		s := w.now()
		require.Equal(t, contract.PhasePaused, s.Phase)
		require.Contains(t, s.Detail, "ring 1 of 3 paused: 2 of 5 people failed")
		require.Equal(t, []int{5}, w.arrivals())
		require.Equal(t, "rollout", w.runs[len(w.runs)-1].Trigger)
		w.SignalWorkflow(contract.TopologyApplied, contract.TopologyAppliedSignal{TopologyDigest: "t1", Pace: flowtest.Pace})
	})
	w.Later(4*time.Hour, func() { require.Equal(t, contract.PhasePaused, w.now().Phase, "an apply does not go on") })
	now := w.Update(5*time.Hour, contract.ContinueUpdate, goOn)
	s := w.until(6*time.Hour, state(contract.PhaseNew))
	require.Error(t, early.Rejected)
	require.Error(t, nobody.Rejected)
	require.NoError(t, now.Rejected)
	require.Equal(t, []int{5, 5, 5}, w.arrivals(), "the two were missing before: they do not pause the next rings")
	require.Nil(t, s.Rollout)
}

func TestARingMayLoseAsManyAsTheTopologySays(t *testing.T) {
	t.Parallel()
	w := rollsOut(t)
	w.pending, w.spare = 2, 40
	s := w.until(4*time.Hour, state(contract.PhaseNew))
	require.Equal(t, []int{5, 5, 5}, w.arrivals())
	require.Equal(t, contract.PhaseSyncing, s.Phase)
	require.Nil(t, s.Rollout)
}

func TestAnIdleShareRollsNothingOut(t *testing.T) {
	t.Parallel()
	w := rollsOut(t)
	w.brought = 15
	s := w.until(time.Hour, state(contract.PhaseInSync))
	require.Nil(t, s.Rollout)
	require.Equal(t, contract.PhaseInSync, s.Phase)
	require.Empty(t, w.Calls(contract.SetupWorkflow))
	require.Equal(t, 1, inputsOfPlan(w)[0].Rollout.Rings)
}

func TestATopologyWithoutRingsEndsARollout(t *testing.T) {
	t.Parallel()
	w := rollsOut(t)
	w.pending = 2
	w.Later(3*time.Hour, func() {
		require.Equal(t, contract.PhasePaused, w.now().Phase)
		w.rings, w.pending = 0, 0
		w.SignalWorkflow(contract.TopologyApplied, contract.TopologyAppliedSignal{TopologyDigest: "t2", Pace: flowtest.Pace})
	})
	s := w.until(4*time.Hour, state(contract.PhaseNew))
	require.Equal(t, contract.PhaseInSync, s.Phase)
	require.Nil(t, s.Rollout)
}
