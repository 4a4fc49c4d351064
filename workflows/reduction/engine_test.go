package reduction

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/workflow"

	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/testkit/flowtest"
)

// live is a target where both are still there.
func live(w *world) *world {
	w.checks = []contract.RemovalsOut{{Total: 2, Live: 2}}
	return w
}

func staged(unapproved int, digests ...string) func(contract.EngineIn) contract.EngineOut {
	n := 0
	return func(contract.EngineIn) contract.EngineOut {
		n++
		out := contract.EngineOut{TooMany: true, Unapproved: unapproved, Digest: digests[min(n, len(digests))-1]}
		if out.Digest != "" {
			out.Staged = 4
		}
		return out
	}
}

// TestWhatTheEngineHoldsBackIsReleasedWhenTwoLooksAgree: and not while the log still grows.
func TestWhatTheEngineHoldsBackIsReleasedWhenTwoLooksAgree(t *testing.T) {
	t.Parallel()
	w := live(newWorld(t))
	w.engine = staged(0, "", "d3", "d4", "d4")
	result, err := w.run(leaves(false))
	require.NoError(t, err)
	require.Equal(t, proven, result.Status)
	released := flowtest.Inputs[contract.ReleaseIn](w.Env, contract.ReleaseDeletes)
	require.Len(t, released, 1)
	require.Equal(t, "d4", released[0].Digest)
	require.Equal(t, "sp", released[0].ServicePrincipalID)
	require.GreaterOrEqual(t, len(w.Calls(contract.CheckEngine)), 4)
}

// TestNothingIsReleasedWithSomebodyNobodyApproved: the share hears of it; once they are back, the rest goes on.
func TestNothingIsReleasedWithSomebodyNobodyApproved(t *testing.T) {
	t.Parallel()
	w := live(newWorldThatHears(t))
	w.RegisterWorkflowWithOptions(Workflow, workflow.RegisterOptions{Name: contract.ReductionWorkflow})
	var heard []contract.ReductionMovedSignal
	w.engine = staged(2, "d")
	w.Later(40*time.Hour, func() {
		require.Empty(t, w.Calls(contract.ReleaseDeletes))
		w.engine = staged(0, "e")
	})
	in := leaves(false)
	in.Grace = 0
	w.ExecuteWorkflow(parent(&heard), in)
	require.NoError(t, w.GetWorkflowError())
	require.Len(t, w.Calls(contract.ReleaseDeletes), 1)
	require.Len(t, heard, 3)
	require.Equal(t, problem.GuardTripped, heard[1].Problem.Kind)
	require.Contains(t, heard[1].Problem.Detail, "2 people among them left through no reduction")
	require.Nil(t, heard[2].Problem)
}

// TestWhatChangedBetweenLookAndReleaseIsLookedAtAgain: the write checks by itself.
func TestWhatChangedBetweenLookAndReleaseIsLookedAtAgain(t *testing.T) {
	t.Parallel()
	w := live(newWorld(t))
	w.engine = staged(0, "d")
	tries := 0
	w.release = func() error {
		if tries++; tries == 2 {
			w.release = nil
			return w.released()
		}
		return problem.New(problem.Stale, "release", "others now")
	}
	_, err := w.run(leaves(false))
	require.NoError(t, err)
	require.Equal(t, 2, tries)
}

// TestWhatTheEngineLeavesIsDeletedOnceItsTimeIsOver: only what is ours, and never before.
func TestWhatTheEngineLeavesIsDeletedOnceItsTimeIsOver(t *testing.T) {
	t.Parallel()
	w := live(newWorld(t))
	w.brought = 2
	early := 0
	w.engine = func(in contract.EngineIn) contract.EngineOut {
		if !in.Late {
			early++
			return contract.EngineOut{}
		}
		return contract.EngineOut{Abandoned: 2}
	}
	result, err := w.run(leaves(false))
	require.NoError(t, err)
	require.Equal(t, contract.ReductionResult{Status: proven, Removed: 2, Proven: 2}, result)
	require.Positive(t, early)
	require.Equal(t, []string{contract.ProveBrought, contract.DeleteBrought}, w.Calls(contract.ProveBrought, contract.DeleteBrought))
	require.Equal(t, "d2", flowtest.Inputs[contract.BroughtIn](w.Env, contract.ProveBrought)[0].PlanDigest, "judged by a fresh plan")
}

// TestWhatIsNotOursIsNeverDeleted: it stays open, and is looked through now and then.
func TestWhatIsNotOursIsNeverDeleted(t *testing.T) {
	t.Parallel()
	w := live(newWorld(t))
	w.engine = func(in contract.EngineIn) contract.EngineOut { return contract.EngineOut{Abandoned: 2} }
	w.Later(10*24*time.Hour, func() { w.checks = []contract.RemovalsOut{{Total: 2, InBin: 2}} })
	_, err := w.run(leaves(false))
	require.NoError(t, err)
	require.Empty(t, w.Calls(contract.DeleteBrought))
	require.Less(t, len(w.Calls(contract.ProveBrought)), 130)
}

// TestAnApprovalIsForOneReductionOnly: the next one over budget asks again, in its own workflow.
func TestAnApprovalIsForOneReductionOnly(t *testing.T) {
	t.Parallel()
	for range 2 {
		w := newWorld(t)
		in := leaves(true)
		in.Requester = "subject-pat"
		own := w.Update(time.Hour, contract.DecideUpdate, contract.Decision{Approve: true, By: "pat", Subject: "subject-pat", PlanDigest: "d1"})
		w.Later(90*time.Minute, w.removedNobody)
		yes := w.Update(2*time.Hour, contract.DecideUpdate, contract.Decision{Approve: true, By: "carol", Subject: "subject-carol", PlanDigest: "d1"})
		_, err := w.run(in)
		require.NoError(t, err)
		require.Error(t, own.Rejected, "who asks does not answer: an override takes two people")
		require.Equal(t, contract.DecisionResult{Status: "approved"}, yes.Result)
		require.Len(t, w.Calls(contract.OpenRequest), 1)
	}
}
