package reduction

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/workflow"

	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/plan"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/store"
	"entente.dev/entente/internal/temporalkit/failure"
	"entente.dev/entente/internal/testkit/flowtest"
)

// world is what the activities see; zero functions behave well.
type world struct {
	*flowtest.Env
	plan     func() (contract.SharePlanRef, error)
	returned int
	checks   []contract.RemovalsOut // one per look; the last one stays
	look     func(n int) error
	log      contract.RemovalsOut
	remove   func() error
	engine   func(contract.EngineIn) contract.EngineOut
	release  func() error
	brought  int // abandoned accounts that are ours
	looks    int
	ended    int // questions whose reminder heard of their end
}

func newWorld(t *testing.T) *world {
	w := newWorldThatHears(t)
	w.HearSignals(nil)
	return w
}

func newWorldThatHears(t *testing.T) *world {
	w := &world{Env: flowtest.New(t), log: contract.RemovalsOut{Total: 2, Proven: 2}, checks: []contract.RemovalsOut{{Total: 2, InBin: 2}}}
	w.plan = func() (contract.SharePlanRef, error) { return contract.SharePlanRef{Digest: "d2", Declared: true}, nil }
	flowtest.Do[contract.OpenReductionIn](w.Env, contract.OpenReduction, nil)
	flowtest.Do[contract.SetReductionIn](w.Env, contract.SetReduction, nil)
	flowtest.Do[contract.OpenRequestIn](w.Env, contract.OpenRequest, nil)
	flowtest.Do[contract.CloseRequestIn](w.Env, contract.CloseRequest, nil)
	flowtest.Do[contract.NoteApprovalIn](w.Env, contract.NoteApproval, nil)
	flowtest.Child(w.Env, contract.ReminderWorkflow, func(ctx workflow.Context, _ contract.ReminderInput) (bool, error) {
		if ok, _ := workflow.GetSignalChannel(ctx, contract.RequestEnded).ReceiveWithTimeout(ctx, 60*24*time.Hour, nil); ok {
			w.ended++
		}
		return true, nil
	})
	flowtest.Do[contract.JobIn](w.Env, contract.RestartJob, nil)
	flowtest.On(w.Env, contract.PlanShare, func(contract.PlanShareIn) (contract.SharePlanRef, error) { return w.plan() })
	flowtest.On(w.Env, contract.ConfirmReduction, func(contract.ReductionInput) (contract.RemovalsOut, error) {
		return contract.RemovalsOut{Total: 2, Returned: w.returned}, nil
	})
	flowtest.On(w.Env, contract.RemoveScopeMembers, func(contract.ReductionRef) (contract.BatchOut, error) {
		if w.remove != nil {
			return contract.BatchOut{}, w.remove()
		}
		return contract.BatchOut{Done: 2}, nil
	})
	flowtest.On(w.Env, contract.CheckRemovals, func(contract.ReductionRef) (contract.RemovalsOut, error) {
		w.looks++
		if w.look != nil {
			if err := w.look(w.looks); err != nil {
				return contract.RemovalsOut{}, err
			}
		}
		return w.checks[min(w.looks, len(w.checks))-1], nil
	})
	flowtest.On(w.Env, contract.CheckEngine, func(in contract.EngineIn) (contract.EngineOut, error) {
		if w.engine == nil {
			return contract.EngineOut{}, nil
		}
		return w.engine(in), nil
	})
	flowtest.Do[contract.ReleaseIn](w.Env, contract.ReleaseDeletes, func(contract.ReleaseIn) error { return w.released() })
	flowtest.On(w.Env, contract.ProveBrought, func(contract.BroughtIn) (contract.BatchOut, error) {
		return contract.BatchOut{Done: w.brought}, nil
	})
	flowtest.On(w.Env, contract.DeleteBrought, func(contract.ReductionRef) (contract.BatchOut, error) {
		w.checks = []contract.RemovalsOut{{Total: 2, InBin: 2, Proven: 2}}
		return contract.BatchOut{Done: w.brought}, nil
	})
	flowtest.On(w.Env, contract.CheckLog, func(contract.ReductionRef) (contract.RemovalsOut, error) { return w.log, nil })
	return w
}

func (w *world) released() error {
	if w.release != nil {
		return w.release()
	}
	w.engine, w.checks = nil, []contract.RemovalsOut{{Total: 2, InBin: 2}}
	return nil
}

func leaves(over bool) contract.ReductionInput {
	in := contract.ReductionInput{Run: flowtest.Run, ID: "r-b-c-1", TopologyDigest: "t", PlanDigest: "d1", Grace: 24 * time.Hour}
	in.Plan.Budget = plan.BudgetVerdict{Removals: 2, Allowed: 1, Over: over}
	in.Plan.Counts.Removals = 2
	in.Plan.Policy.Acceptance.AskFor = 14 * 24 * time.Hour
	in.Plan.Desired.Found = plan.Found{ServicePrincipalID: "sp", JobID: "job", ScopeGroupID: "g"}
	return in
}

func (w *world) run(in contract.ReductionInput) (contract.ReductionResult, error) {
	w.ExecuteWorkflow(Workflow, in)
	require.True(w.T, w.IsWorkflowCompleted())
	var result contract.ReductionResult
	if err := w.GetWorkflowError(); err != nil {
		return result, err
	}
	return result, w.GetWorkflowResult(&result)
}

// statuses are what the reduction was called, in order.
func (w *world) statuses() (out []string) {
	for _, in := range flowtest.Inputs[contract.SetReductionIn](w.Env, contract.SetReduction) {
		out = append(out, in.Status)
	}
	return out
}

func (w *world) removedNobody() {
	w.T.Helper()
	require.Empty(w.T, w.Calls(contract.RemoveScopeMembers))
}

func TestWithinBudgetPeopleLeaveAfterTheirGraceAndItIsProven(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	began := w.Now()
	var at time.Time
	w.remove = func() error { at = w.Now(); return nil }
	result, err := w.run(leaves(false))
	require.NoError(t, err)
	require.Equal(t, contract.ReductionResult{Status: proven, Removed: 2, Proven: 2}, result)
	require.Equal(t, 24*time.Hour, at.Sub(began).Round(time.Minute))
	require.Equal(t, []string{removing, proving, proven}, w.statuses())
	require.Empty(t, w.Calls(contract.OpenRequest, contract.RestartJob))
	require.Equal(t, "d2", flowtest.Inputs[contract.ReductionInput](w.Env, contract.ConfirmReduction)[0].PlanDigest, "the last look is at the newest plan")
}

// TestAGraceThatEndsInAFreezeWaitsForItsEnd: and the last look is then newer than the freeze.
func TestAGraceThatEndsInAFreezeWaitsForItsEnd(t *testing.T) {
	t.Parallel()
	for name, grace := range map[string]time.Duration{"with grace": 24 * time.Hour, "without": 0} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			thaw := w.Now().Add(10 * 24 * time.Hour)
			w.plan = func() (contract.SharePlanRef, error) {
				ref := contract.SharePlanRef{Digest: "d2", Declared: true}
				if w.Now().Before(thaw) {
					ref.FrozenUntil = thaw
				}
				return ref, nil
			}
			var at time.Time
			w.remove = func() error { at = w.Now(); return nil }
			in := leaves(false)
			in.Grace = grace
			result, err := w.run(in)
			require.NoError(t, err)
			require.Equal(t, proven, result.Status)
			require.False(t, at.Before(thaw), "removed %s before the end", thaw.Sub(at))
			looks := flowtest.Inputs[contract.PlanShareIn](w.Env, contract.PlanShare)
			require.Len(t, looks, 2)
			require.False(t, looks[1].After.Before(thaw))
		})
	}
}

func TestOverBudgetNobodyIsRemovedBeforeAYes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Later(time.Hour, w.removedNobody)
	a := w.Update(2*time.Hour, contract.DecideUpdate, contract.Decision{Approve: true, By: "carol", PlanDigest: "d1"})
	result, err := w.run(leaves(true))
	require.NoError(t, err)
	require.Equal(t, proven, result.Status)
	require.Equal(t, contract.DecisionResult{Status: "approved"}, a.Result)
	request := flowtest.Inputs[contract.OpenRequestIn](w.Env, contract.OpenRequest)[0].Request
	require.Equal(t, "reduction", request.Kind)
	require.Equal(t, "2 people would leave; the budget allows 1", request.Why)
	require.Equal(t, waiting, flowtest.Inputs[contract.OpenReductionIn](w.Env, contract.OpenReduction)[0].Status)
}

func TestANoOrNoAnswerLeavesEverybody(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]store.RequestStatus{"no": store.Rejected, "silence": store.Expired} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			if name == "no" {
				w.Update(time.Hour, contract.DecideUpdate, contract.Decision{By: "carol", Reason: "they stay"})
			}
			result, err := w.run(leaves(true))
			require.NoError(t, err)
			require.Equal(t, string(want), result.Status)
			require.Equal(t, []string{cancelled}, w.statuses())
			require.Equal(t, want, flowtest.Inputs[contract.CloseRequestIn](w.Env, contract.CloseRequest)[0].Status)
			w.removedNobody()
		})
	}
}

func TestAnAnswerThatIsNotAwaitedIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.Update(time.Hour, contract.DecideUpdate, contract.Decision{Approve: true, By: "carol"})
	_, err := w.run(leaves(false))
	require.NoError(t, err)
	require.Equal(t, problem.Conflict, failure.ProblemOf(a.Rejected).Kind)

	w = newWorld(t)
	stale := w.Update(time.Hour, contract.DecideUpdate, contract.Decision{Approve: true, By: "carol", PlanDigest: "d0"})
	nobody := w.Update(2*time.Hour, contract.DecideUpdate, contract.Decision{Approve: true})
	_, err = w.run(leaves(true))
	require.NoError(t, err)
	require.Equal(t, problem.Stale, failure.ProblemOf(stale.Rejected).Kind)
	require.Equal(t, problem.Invalid, failure.ProblemOf(nobody.Rejected).Kind)
	w.removedNobody()
}

func TestBackInTimeMeansNothingHappened(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.returned = 2
	result, err := w.run(leaves(false))
	require.NoError(t, err)
	require.Equal(t, cancelled, result.Status)
	require.Equal(t, []string{cancelled}, w.statuses())
	w.removedNobody()
}

func TestAShareThatIsDeclaredNoLongerLosesNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.plan = func() (contract.SharePlanRef, error) { return contract.SharePlanRef{}, nil }
	result, err := w.run(leaves(false))
	require.NoError(t, err)
	require.Equal(t, cancelled, result.Status)
	require.Empty(t, w.Calls(contract.ConfirmReduction, contract.RemoveScopeMembers))
}

// TestNobodyLeavesOnAPictureFromBeforeTheGrace: whoever came back during the grace shows only on a newer one. While the
// source cannot be read, the reduction waits.
func TestNobodyLeavesOnAPictureFromBeforeTheGrace(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	looks := 0
	w.plan = func() (contract.SharePlanRef, error) {
		looks++
		if looks < 5 {
			return contract.SharePlanRef{}, failure.ToTemporal(problem.New(problem.Incomplete, "plan a share", "no complete snapshot since"))
		}
		w.returned = 2
		return contract.SharePlanRef{Digest: "d2", Declared: true}, nil
	}
	result, err := w.run(leaves(false))
	require.NoError(t, err)
	require.Equal(t, "cancelled", result.Status)
	require.Equal(t, 5, looks)
	require.Empty(t, w.Calls(contract.RemoveScopeMembers))
}

func TestTheProofWaitsUntilBinAndLogAgree(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.checks = []contract.RemovalsOut{{Total: 2, Live: 2}, {Total: 2, Live: 1, InBin: 1}, {Total: 2, InBin: 2}, {Total: 2, InBin: 2}}
	w.log = contract.RemovalsOut{Total: 2, Proven: 1}
	w.look = func(n int) error {
		if n == 4 {
			w.log.Proven = 2
		}
		return nil
	}
	result, err := w.run(leaves(false))
	require.NoError(t, err)
	require.Equal(t, contract.ReductionResult{Status: proven, Removed: 2, Proven: 2}, result)
	require.Len(t, w.Calls(contract.CheckRemovals), 4)
	require.Len(t, w.Calls(contract.CheckLog), 3, "the log is not asked while everybody is live")
}

func TestSomebodyEmptiedOutOfTheBinIsProvenByTheLog(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.checks = []contract.RemovalsOut{{Total: 2, Gone: 2}}
	result, err := w.run(leaves(false))
	require.NoError(t, err)
	require.Equal(t, proven, result.Status)
}

func TestAStopBypassesBudgetAndGraceAndRestartsTheJob(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	began := w.Now()
	in := leaves(true)
	in.Drain = true
	var at time.Time
	w.remove = func() error { at = w.Now(); return nil }
	result, err := w.run(in)
	require.NoError(t, err)
	require.Equal(t, proven, result.Status)
	require.WithinDuration(t, began, at, time.Minute)
	require.Equal(t, []string{contract.RemoveScopeMembers, contract.RestartJob}, w.Calls(contract.OpenRequest, contract.PlanShare, contract.RemoveScopeMembers, contract.RestartJob))
}

func TestCancelledBeforeTheRemovalItIsTakenBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Later(time.Hour, w.CancelWorkflow)
	_, err := w.run(leaves(false))
	require.Error(t, err)
	require.Equal(t, []string{cancelled}, w.statuses())
	w.removedNobody()
}

func TestCancelledAfterTheRemovalItIsFollowedToTheProof(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.checks = []contract.RemovalsOut{{Total: 2, Live: 2}, {Total: 2, Live: 2}, {Total: 2, InBin: 2}}
	w.Later(24*time.Hour+30*time.Second, w.CancelWorkflow)
	result, err := w.run(leaves(false))
	require.NoError(t, err)
	require.Equal(t, proven, result.Status)
	require.Equal(t, []string{removing, proving, proven}, w.statuses())
}

func TestAPolicyThatKeepsAccountsHasNothingToProve(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	in := leaves(false)
	in.Plan.Policy.Deprovisioning.Action = "keep"
	result, err := w.run(in)
	require.NoError(t, err)
	require.Equal(t, contract.ReductionResult{Status: proven, Removed: 2}, result)
	require.Empty(t, w.Calls(contract.CheckRemovals))
}

// parent stands for the share: it collects what the reduction tells it.
func parent(heard *[]contract.ReductionMovedSignal) func(workflow.Context, contract.ReductionInput) error {
	return func(ctx workflow.Context, in contract.ReductionInput) error {
		workflow.Go(ctx, func(ctx workflow.Context) {
			for {
				var s contract.ReductionMovedSignal
				workflow.GetSignalChannel(ctx, contract.ReductionMoved).Receive(ctx, &s)
				*heard = append(*heard, s)
			}
		})
		ctx = workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{WorkflowID: "child"})
		return workflow.ExecuteChildWorkflow(ctx, contract.ReductionWorkflow, in).Get(ctx, nil)
	}
}

func TestTheShareHearsOfTheRemovalAndOfWhatKeepsTheProofFromBeingRead(t *testing.T) {
	t.Parallel()
	w := newWorldThatHears(t)
	var heard []contract.ReductionMovedSignal
	w.RegisterWorkflowWithOptions(Workflow, workflow.RegisterOptions{Name: contract.ReductionWorkflow})
	w.look = func(n int) error {
		if n <= 3 {
			return problem.New(problem.Forbidden, "read the provisioning log", "AuditLog.Read.All is missing")
		}
		return nil
	}
	w.checks = []contract.RemovalsOut{{}, {}, {}, {Total: 2, Live: 2}, {Total: 2, InBin: 2}}
	in := leaves(false)
	in.Grace = 0
	w.ExecuteWorkflow(parent(&heard), in)
	require.NoError(t, w.GetWorkflowError())
	require.Len(t, heard, 3, "said once when it begins and once when it is over")
	require.True(t, heard[0].Removed)
	require.Equal(t, problem.Forbidden, heard[1].Problem.Kind)
	require.Nil(t, heard[2].Problem)
}

func TestAProofThatNeverComesIsReportedAfterTheBinsThirtyDays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.checks = []contract.RemovalsOut{{Total: 2, Live: 2}}
	in := leaves(false)
	in.Run.Pace = contract.Pace{Every: 2 * time.Second, Poll: time.Second}
	began := w.Now()
	_, err := w.run(in)
	require.Equal(t, problem.Incomplete, failure.ProblemOf(err).Kind)
	require.NotContains(t, w.statuses(), cancelled)
	require.Greater(t, w.Now().Sub(began), evidence)
	require.Less(t, len(w.Calls(contract.CheckRemovals)), 1200, "a history is finite")
}
