package share

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/plan"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/temporalkit/failure"
	"entente.dev/entente/internal/testkit/flowtest"
)

func takesBack(mode string) contract.RevokeCommand {
	return contract.RevokeCommand{Mode: mode, By: "Dave", Subject: "s2", Reason: "an audit"}
}

// running is a share that is in sync.
func running(t *testing.T) *world {
	w := newWorld(t)
	w.accepted, w.setUp = true, true
	return w
}

func TestAFrozenShareTakesNobodyInAndLetsPeopleGo(t *testing.T) {
	t.Parallel()
	w := running(t)
	w.Update(time.Hour, contract.RevokeUpdate, takesBack(contract.Freeze))
	w.Later(2*time.Hour, func() {
		s := w.now()
		require.Equal(t, contract.PhaseFrozen, s.Phase)
		require.Equal(t, "tenant c took its acceptance back: an audit", s.Detail)
		require.False(t, s.InSync)
		w.removals, w.switches = 1, map[plan.Kind]contract.BatchOut{plan.Block: {Done: 1}}
		w.observed(true)
	})
	s := w.until(10*day, state(contract.PhaseInSync))
	require.Equal(t, contract.PhaseFrozen, s.Phase)
	require.Nil(t, s.Revoke)
	require.Len(t, w.Calls(contract.ReductionWorkflow), 1)
	require.Len(t, w.Calls(contract.BlockPlanned), 1)
	require.Empty(t, w.Calls(contract.AcceptanceWorkflow), "the target is not asked by itself")
	require.Len(t, w.revoked, 1)
	require.Equal(t, takesBack(contract.Freeze), w.revoked[0].Command)
}

func TestAnApplyAsksAFrozenTargetAgainAndItsYesUnfreezes(t *testing.T) {
	t.Parallel()
	for answer, phase := range map[string]contract.Phase{"approved": contract.PhaseInSync, "rejected": contract.PhaseFrozen, "expired": contract.PhaseFrozen} {
		w := running(t)
		w.answer.Status = answer
		w.Update(time.Hour, contract.RevokeUpdate, takesBack(contract.Freeze))
		w.Later(2*time.Hour, func() { w.applied("t1", "pat") })
		w.Later(2*time.Hour+time.Minute, func() {
			require.Equal(t, contract.PhaseFrozen, w.now().Phase, "until the yes")
			require.True(t, requests(w)[0].Delta)
		})
		w.Later(4*time.Hour, func() { w.observed(true) })
		s := w.until(day, state(contract.PhaseInSync))
		require.Equal(t, phase, s.Phase, answer)
		require.Len(t, w.Calls(contract.AcceptanceWorkflow), 1)
	}
}

func TestADrainTakesEverybodyOutAndTheShareDown(t *testing.T) {
	t.Parallel()
	w := running(t)
	w.stranded = 2
	w.Update(time.Hour, contract.RevokeUpdate, takesBack(contract.DrainShare))
	s := w.until(day, state(contract.PhaseInSync))
	require.Equal(t, contract.PhaseStopped, s.Phase)
	require.Equal(t, 1, w.teardowns)
	require.Equal(t, []string{contract.RevokeEnvelope, contract.ReductionWorkflow, contract.TeardownWorkflow, contract.DropShare},
		w.Calls(contract.RevokeEnvelope, contract.ReductionWorkflow, contract.TeardownWorkflow, contract.DropShare))
	dropped := flowtest.Inputs[contract.DropShareIn](w.Env, contract.DropShare)[0]
	require.Equal(t, "Dave", dropped.By)
	require.Equal(t, "revoked: an audit", dropped.Reason)
}

func TestWhatTakesNothingBackIsRefused(t *testing.T) {
	t.Parallel()
	kind := func(a *flowtest.Answer) problem.Kind {
		if p := failure.ProblemOf(a.Rejected); p != nil {
			return p.Kind
		}
		return ""
	}
	w := newWorld(t)
	w.answerIn = 0
	early := w.Update(time.Minute, contract.RevokeUpdate, takesBack(contract.Freeze))
	w.until(time.Hour, state(contract.PhaseNew))
	require.Equal(t, problem.Conflict, kind(early), "nothing is accepted yet")

	w = running(t)
	var answers []*flowtest.Answer
	for _, c := range []contract.RevokeCommand{{Mode: "melt", By: "Dave", Reason: "r"}, {Mode: contract.Freeze, Reason: "r"}, {Mode: contract.Freeze, By: "Dave"}} {
		answers = append(answers, w.Update(time.Minute, contract.RevokeUpdate, c))
	}
	w.Update(time.Hour, contract.StopUpdate, stopIt)
	during := w.Update(time.Hour+time.Second, contract.RevokeUpdate, takesBack(contract.Freeze))
	after := w.Update(day, contract.RevokeUpdate, takesBack(contract.DrainShare))
	w.until(2*day, state(contract.PhaseInSync))
	for _, a := range answers {
		require.Equal(t, problem.Invalid, kind(a))
		require.NotEmpty(t, failure.ProblemOf(a.Rejected).Remedy)
	}
	require.Equal(t, problem.Conflict, kind(during))
	require.Equal(t, problem.Conflict, kind(after))
	require.Empty(t, w.revoked)
}

func TestARevocationThatCannotBeRecordedIsTriedAgainAsTheSameOne(t *testing.T) {
	t.Parallel()
	w := running(t)
	w.fails[contract.RevokeEnvelope] = problem.New(problem.Conflict, "write", "no")
	w.Update(time.Minute, contract.RevokeUpdate, takesBack(contract.Freeze))
	w.Later(time.Hour, func() {
		require.Equal(t, contract.PhaseBlocked, w.now().Phase)
		delete(w.fails, contract.RevokeEnvelope)
	})
	require.Equal(t, contract.PhaseFrozen, w.until(2*time.Hour, state(contract.PhaseInSync)).Phase)
	runs := map[string]bool{}
	for _, in := range flowtest.Inputs[contract.RevokeIn](w.Env, contract.RevokeEnvelope) {
		runs[in.Run] = true
	}
	require.Len(t, runs, 1)
}

// TestAYesAndARevocationAtOnce: whichever comes first, the answer has one outcome and the target's last word holds.
func TestAYesAndARevocationAtOnce(t *testing.T) {
	t.Parallel()
	for _, at := range []time.Duration{time.Hour - time.Millisecond, time.Hour, time.Hour + time.Millisecond} {
		w := outsiders(t)
		w.answerIn = time.Hour
		w.Update(at, contract.RevokeUpdate, takesBack(contract.Freeze))
		s := w.until(day, state(contract.PhaseInSync))
		require.Equal(t, contract.PhaseFrozen, s.Phase)
		require.Len(t, w.Calls(contract.AcceptanceWorkflow), 1)
		require.Len(t, w.revoked, 1)
		require.Empty(t, s.RequestID)
	}
}

// TestTheLastCommandCounts: of applying, stopping and revoking, whatever the share is doing meanwhile.
func TestTheLastCommandCounts(t *testing.T) {
	t.Parallel()
	apply := func(w *world) { w.applied("t1", "pat") }
	send := func(name string, command any) func(w *world) {
		return func(w *world) { w.UpdateWorkflow(name, "", &flowtest.Answer{}, command) }
	}
	stop, freeze, drain := send(contract.StopUpdate, stopIt), send(contract.RevokeUpdate, takesBack(contract.Freeze)), send(contract.RevokeUpdate, takesBack(contract.DrainShare))
	for name, c := range map[string]struct {
		commands []func(*world)
		want     contract.Phase
		revoked  bool
	}{
		"stop, apply":              {[]func(*world){stop, apply}, contract.PhaseInSync, false},
		"apply, stop":              {[]func(*world){apply, stop}, contract.PhaseStopped, false},
		"stop, apply, stop":        {[]func(*world){stop, apply, stop}, contract.PhaseStopped, false},
		"stop, apply, stop, apply": {[]func(*world){stop, apply, stop, apply}, contract.PhaseInSync, false},
		"freeze, apply":            {[]func(*world){freeze, apply}, contract.PhaseInSync, true},
		"apply, freeze":            {[]func(*world){apply, freeze}, contract.PhaseFrozen, true},
		"freeze, stop":             {[]func(*world){freeze, stop}, contract.PhaseStopped, true},
		"freeze, drain":            {[]func(*world){freeze, drain}, contract.PhaseStopped, true},
		"drain, freeze":            {[]func(*world){drain, freeze}, contract.PhaseStopped, true},
		"drain, apply":             {[]func(*world){drain, apply}, contract.PhaseInSync, true},
		"apply, drain":             {[]func(*world){apply, drain}, contract.PhaseStopped, true},
		"stop, freeze":             {[]func(*world){stop, freeze}, contract.PhaseStopped, false},
		"freeze, freeze":           {[]func(*world){freeze, freeze}, contract.PhaseFrozen, true},
	} {
		for _, gap := range []time.Duration{0, 10 * time.Second} { // all at once; and while the share is at it
			w := running(t)
			w.stranded = 2
			for i, command := range c.commands {
				w.Later(time.Hour+time.Duration(i)*gap, func() { command(w) })
			}
			s := w.until(10*day, state(contract.PhaseInSync))
			require.Equal(t, c.want, s.Phase, "%s, every %s: %s", name, gap, s.Detail)
			require.Equal(t, c.revoked, len(w.revoked) > 0, "%s: what was taken back is in the ledger", name)
			require.False(t, w.early)
			require.Nil(t, s.Revoke)
			require.Nil(t, s.Stop)
		}
	}
}
