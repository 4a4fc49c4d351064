package reduction

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/workflow"

	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/store"
	"entente.dev/entente/internal/temporalkit/failure"
	"entente.dev/entente/internal/testkit/flowtest"
)

// closed is the one outcome that was recorded.
func (w *world) closed() contract.CloseRequestIn {
	w.T.Helper()
	all := flowtest.Inputs[contract.CloseRequestIn](w.Env, contract.CloseRequest)
	require.Len(w.T, all, 1, "exactly one outcome is recorded")
	return all[0]
}

func by(subject string) contract.Decision {
	return contract.Decision{Approve: true, By: "Carol", Subject: subject}
}

func TestAsManyMustAgreeAsThePolicyAsksFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.Update(1*time.Hour, contract.DecideUpdate, by("s1"))
	again := w.Update(2*time.Hour, contract.DecideUpdate, by("s1"))
	w.Later(3*time.Hour, w.removedNobody)
	second := w.Update(4*time.Hour, contract.DecideUpdate, by("s2"))
	in := leaves(true)
	in.Plan.Policy.Acceptance.Approvers = 2
	result, err := w.run(in)
	require.NoError(t, err)
	require.Equal(t, proven, result.Status)
	require.Equal(t, contract.DecisionResult{Status: "waiting", Missing: 1}, first.Result)
	require.Equal(t, problem.Conflict, failure.ProblemOf(again.Rejected).Kind)
	require.Equal(t, contract.DecisionResult{Status: "approved"}, second.Result)
	require.Equal(t, []string{"s1", "s2"}, w.closed().Subjects)
	noted := flowtest.Inputs[contract.NoteApprovalIn](w.Env, contract.NoteApproval)
	require.Len(t, noted, 1)
	require.Equal(t, 1, noted[0].Missing)
	require.Equal(t, 2, flowtest.Inputs[contract.OpenRequestIn](w.Env, contract.OpenRequest)[0].Request.Approvers)
}

func TestWhoAppliedMayKeepPeopleButNotLetThemGo(t *testing.T) {
	t.Parallel()
	for _, says := range []bool{true, false} {
		w := newWorld(t)
		d := by("pat")
		d.Approve = says
		a := w.Update(time.Hour, contract.DecideUpdate, d)
		in := leaves(true)
		in.Requester = "pat"
		_, err := w.run(in)
		require.NoError(t, err)
		w.removedNobody()
		if says {
			require.Equal(t, problem.Forbidden, failure.ProblemOf(a.Rejected).Kind)
			require.Equal(t, store.Expired, w.closed().Status)
		} else {
			require.Equal(t, store.Rejected, w.closed().Status)
		}
	}
}

// TestAQuestionThatIsTakenBackIsClosed: otherwise it stays in the inbox, and nobody takes its answer.
func TestAQuestionThatIsTakenBackIsClosed(t *testing.T) {
	t.Parallel()
	for _, at := range []time.Duration{time.Millisecond, time.Hour} {
		w := newWorld(t)
		w.Later(at, w.CancelWorkflow)
		_, err := w.run(leaves(true))
		require.Error(t, err)
		require.Equal(t, store.Withdrawn, w.closed().Status)
		require.Equal(t, []string{cancelled}, w.statuses())
		require.Equal(t, 1, w.ended)
		w.removedNobody()
	}
}

func TestYesNoAndTheEndAtOnceAreOneOutcome(t *testing.T) {
	t.Parallel()
	for _, at := range []time.Duration{time.Hour, 14 * 24 * time.Hour} {
		for _, order := range [][]string{{"yes", "no"}, {"no", "yes"}, {"yes", "cancel"}, {"cancel", "yes"}, {"no", "cancel"}, {"cancel", "no"}} {
			w := newWorld(t)
			answers := map[string]*flowtest.Answer{"yes": {}, "no": {}}
			w.Later(at, func() {
				for _, who := range order {
					switch who {
					case "yes":
						w.UpdateWorkflow(contract.DecideUpdate, who, answers[who], by("s1"))
					case "no":
						w.UpdateWorkflow(contract.DecideUpdate, who, answers[who], contract.Decision{By: "dave"})
					default:
						w.CancelWorkflow()
					}
				}
			})
			_, _ = w.run(leaves(true))
			for who, a := range answers {
				if a.Result != nil {
					require.Equal(t, contract.DecisionResult{Status: string(w.closed().Status)}, a.Result, "%s of %v", who, order)
				}
			}
		}
	}
}

func TestTheTargetIsRemindedOfWhoWouldLeave(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Update(time.Hour, contract.DecideUpdate, by("s1"))
	in := leaves(true)
	in.Plan.Policy.Acceptance.RemindAfter, in.Plan.Policy.Acceptance.EscalateAfter = 24*time.Hour, 48*time.Hour
	began := w.Now()
	_, err := w.run(in)
	require.NoError(t, err)
	require.Equal(t, []string{contract.OpenRequest, contract.ReminderWorkflow, contract.CloseRequest}, w.Calls(contract.OpenRequest, contract.ReminderWorkflow, contract.CloseRequest))
	got := flowtest.Inputs[contract.ReminderInput](w.Env, contract.ReminderWorkflow)[0]
	require.WithinDuration(t, began.Add(14*24*time.Hour), got.Until, time.Minute)
	got.Until = time.Time{}
	require.Equal(t, contract.ReminderInput{Org: "o", RequestID: "r-b-c-1", RemindAfter: 24 * time.Hour, EscalateAfter: 48 * time.Hour}, got)
	require.Equal(t, 1, w.ended)
}

func TestTheShareHearsThatItsTargetAgreed(t *testing.T) {
	t.Parallel()
	w := newWorldThatHears(t)
	w.RegisterWorkflowWithOptions(Workflow, workflow.RegisterOptions{Name: contract.ReductionWorkflow})
	w.HearSignals(nil)
	w.Later(time.Hour, func() {
		require.NoError(t, w.UpdateWorkflowByID("child", contract.DecideUpdate, "yes", &flowtest.Answer{}, by("s1")))
	})
	var heard []contract.ReductionMovedSignal
	w.ExecuteWorkflow(parent(&heard), leaves(true))
	require.NoError(t, w.GetWorkflowError())
	require.Equal(t, contract.ReductionMovedSignal{ID: "r-b-c-1", Agreed: true}, heard[0])
}
