package acceptance

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/workflow"

	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/plan"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/temporalkit/failure"
	"entente.dev/entente/internal/testkit/flowtest"
	"entente.dev/entente/workflows/reminder"
)

// by is a yes of one person under some name.
func by(subject, name string) contract.Decision {
	return contract.Decision{Approve: true, By: name, Subject: subject}
}

func TestOnePersonUnderTwoNamesIsOneApprover(t *testing.T) {
	t.Parallel()
	e := env(t)
	first := e.Update(1*time.Hour, contract.DecideUpdate, by("s1", "Carol"))
	renamed := e.Update(2*time.Hour, contract.DecideUpdate, by("s1", "Carol Ann"))
	namesake := e.Update(3*time.Hour, contract.DecideUpdate, by("s2", "Carol"))
	_, closed := outcome(t, e, asks(2, 7))
	require.Equal(t, contract.DecisionResult{Status: "waiting", Missing: 1}, first.Result)
	require.Equal(t, problem.Conflict, kind(renamed.Rejected))
	require.Equal(t, contract.DecisionResult{Status: "approved"}, namesake.Result, "a namesake is somebody else")
	require.Equal(t, []string{"Carol", "Carol"}, closed.By)
	require.Equal(t, []string{"s1", "s2"}, closed.Subjects)
}

func TestWhoAsksMaySayNoButNeverYes(t *testing.T) {
	t.Parallel()
	for _, says := range []bool{true, false} {
		e := env(t)
		d := by("pat", "Pat of C")
		d.Approve = says
		a := e.Update(time.Hour, contract.DecideUpdate, d)
		in := asks(1, 7)
		in.Requester = "pat"
		result, closed := outcome(t, e, in)
		if says {
			p := failure.ProblemOf(a.Rejected)
			require.Equal(t, problem.Forbidden, p.Kind)
			require.Equal(t, "somebody else who is an admin of tenant c must answer", p.Remedy)
			require.Equal(t, "expired", result.Status)
			continue
		}
		require.Equal(t, "rejected", result.Status)
		require.Equal(t, []string{"pat"}, closed.Subjects)
	}
}

func TestWhoAppliesLaterLosesTheYesThatTheyGave(t *testing.T) {
	t.Parallel()
	e := env(t)
	in := asks(2, 7)
	in.Requester = "pat"
	e.Update(1*time.Hour, contract.DecideUpdate, by("dave", "dave"))
	e.Later(2*time.Hour, func() {
		e.SignalWorkflow(contract.PlanRefreshed, contract.PlanRefreshedSignal{SharePlanRef: in.Plan, Requester: "dave"})
	})
	third := e.Update(3*time.Hour, contract.DecideUpdate, by("erin", "erin"))
	result, _ := outcome(t, e, in)
	require.Equal(t, contract.DecisionResult{Status: "waiting", Missing: 1}, third.Result)
	require.Equal(t, "expired", result.Status)
	refreshed := flowtest.Inputs[contract.OpenRequestIn](e, contract.OpenRequest)
	require.Len(t, refreshed, 1)
	require.True(t, refreshed[0].Refresh)
	require.Empty(t, refreshed[0].Request.Approvals)
}

func TestWhoApprovedMayStillSayNo(t *testing.T) {
	t.Parallel()
	e := env(t)
	e.Update(1*time.Hour, contract.DecideUpdate, by("s1", "carol"))
	e.Update(2*time.Hour, contract.DecideUpdate, contract.Decision{By: "carol", Subject: "s1", Reason: "on second thought"})
	result, closed := outcome(t, e, asks(2, 7))
	require.Equal(t, "rejected", result.Status)
	require.Equal(t, []string{"s1", "s1"}, closed.Subjects)
}

func TestAPartialYesIsShownBeforeItsGiverHears(t *testing.T) {
	t.Parallel()
	e := flowtest.New(t)
	var a *flowtest.Answer
	shown := false
	flowtest.Do[contract.CloseRequestIn](e, contract.CloseRequest, nil)
	flowtest.Do(e, contract.NoteApproval, func(contract.NoteApprovalIn) error { shown = !a.Done; return nil })
	a = e.Update(time.Hour, contract.DecideUpdate, by("s1", "carol"))
	outcome(t, e, asks(3, 7))
	require.True(t, shown)
	noted := flowtest.Inputs[contract.NoteApprovalIn](e, contract.NoteApproval)
	require.Len(t, noted, 1)
	require.Equal(t, 2, noted[0].Missing)
	require.Equal(t, "d1", noted[0].Decision.PlanDigest, "what it was given to")
}

func TestARefreshIsWrittenAfterTheApprovalsThatItKeeps(t *testing.T) {
	t.Parallel()
	e := env(t)
	newer := asks(2, 9).Plan
	newer.Digest = "d2"
	e.Update(1*time.Hour, contract.DecideUpdate, by("s1", "carol"))
	e.Later(2*time.Hour, func() {
		e.SignalWorkflow(contract.PlanRefreshed, contract.PlanRefreshedSignal{SharePlanRef: newer})
	})
	outcome(t, e, asks(2, 7))
	require.Equal(t, []string{contract.NoteApproval, contract.OpenRequest}, e.Calls(contract.NoteApproval, contract.OpenRequest))
	r := flowtest.Inputs[contract.OpenRequestIn](e, contract.OpenRequest)[0].Request
	require.Equal(t, []string{"carol"}, r.Approvals, "more people are a matter of the cap")
	require.Equal(t, 2, r.Approvers)
	require.Equal(t, "d2", r.PlanDigest)
}

func TestAnInboxThatCannotBeWrittenIsWrittenLater(t *testing.T) {
	t.Parallel()
	e := flowtest.New(t)
	flowtest.Do[contract.CloseRequestIn](e, contract.CloseRequest, nil)
	fails := 2
	flowtest.Do(e, contract.OpenRequest, func(contract.OpenRequestIn) error {
		if fails--; fails >= 0 {
			return problem.New(problem.Bug, "open a request", "broken")
		}
		return nil
	})
	newer := asks(1, 9).Plan
	newer.Digest = "d2"
	e.Later(time.Hour, func() {
		e.SignalWorkflow(contract.PlanRefreshed, contract.PlanRefreshedSignal{SharePlanRef: newer})
	})
	e.Update(2*time.Hour, contract.DecideUpdate, yes("carol"))
	result, _ := outcome(t, e, asks(1, 7))
	require.Equal(t, "approved", result.Status)
	require.Len(t, e.Calls(contract.OpenRequest), 3)
}

// rest is a question about three people more than the 500 that were accepted.
func rest() contract.AcceptanceInput {
	in := asks(1, 500)
	in.Plan.Counts.Waiting, in.Plan.Acceptance = 3, plan.AcceptanceNeed{Needed: true, Delta: true, Why: "over the cap: 503 people, 500 accepted"}
	return in
}

func TestAYesToTheRestCoversEverybody(t *testing.T) {
	t.Parallel()
	e := env(t)
	small := yes("carol")
	small.MaxUsers = 502
	capped := e.Update(time.Hour, contract.DecideUpdate, small)
	e.Update(2*time.Hour, contract.DecideUpdate, yes("carol"))
	_, closed := outcome(t, e, rest())
	require.Equal(t, problem.Invalid, kind(capped.Rejected), "500 who are there and 3 who wait")
	require.Equal(t, 503, closed.Envelope.MaxUsers)
	require.Empty(t, closed.Envelope.ExistingGuests, "nobody spoke of guests: what was agreed before holds")
}

func TestACapMayLeaveOutWhomItExcludes(t *testing.T) {
	t.Parallel()
	e := env(t)
	d := yes("carol")
	d.MaxUsers, d.Excluded, d.Rules = 500, 3, []plan.ExclusionRule{{Field: "department", Match: "Sales"}}
	e.Update(time.Hour, contract.DecideUpdate, d)
	result, closed := outcome(t, e, rest())
	require.Equal(t, "approved", result.Status)
	require.Equal(t, d.Rules, closed.Envelope.Rules)
}

func TestAYesToModeAutoSaysSo(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"auto", "manual"} {
		e := env(t)
		in := asks(1, 7)
		in.Plan.Policy.Acceptance.Mode, in.Plan.Policy.Acceptance.AutoBelow = mode, 50
		e.Update(time.Hour, contract.DecideUpdate, yes("carol"))
		_, closed := outcome(t, e, in)
		require.Equal(t, mode == "auto", closed.Envelope.Auto)
		require.Equal(t, mode == "auto", closed.Envelope.AutoBelow == 50)
	}
}

// TestWhoeverRacesThereIsOneOutcome lets a yes, a no, the end of time and a withdrawal come in the same moment, in any
// order. Whoever got an answer got the outcome that is recorded.
func TestWhoeverRacesThereIsOneOutcome(t *testing.T) {
	t.Parallel()
	racers := []string{"yes", "no", "withdraw"}
	for _, at := range []time.Duration{time.Hour, 14 * 24 * time.Hour} { // then time is up as well
		for i := range racers {
			for j := range racers {
				if i == j {
					continue
				}
				e := env(t)
				answers := map[string]*flowtest.Answer{"yes": {}, "no": {}}
				e.Later(at, func() {
					for _, who := range []string{racers[i], racers[j]} {
						switch who {
						case "yes":
							e.UpdateWorkflow(contract.DecideUpdate, who, answers[who], yes("carol"))
						case "no":
							e.UpdateWorkflow(contract.DecideUpdate, who, answers[who], contract.Decision{By: "dave"})
						case "withdraw":
							e.CancelWorkflow()
						}
					}
				})
				result, closed := outcome(t, e, asks(1, 7))
				require.Equal(t, result.Status == "approved", closed.Envelope != nil)
				for who, a := range answers {
					if a.Result != nil {
						require.Equal(t, contract.DecisionResult{Status: result.Status}, a.Result, "%s of %s, %s", who, racers[i], racers[j])
					}
				}
			}
		}
	}
}

// asked runs a question as the share does, with a reminder beside it.
func asked(t *testing.T, e *flowtest.Env, in contract.AcceptanceInput, opened bool) {
	t.Helper()
	flowtest.On(e, contract.ListChannels, func(contract.AnnounceIn) (contract.ChannelsOut, error) {
		return contract.ChannelsOut{Channels: []string{"mail"}}, nil
	})
	flowtest.Do[contract.DeliverIn](e, contract.Deliver, nil)
	flowtest.Child(e, contract.ReminderWorkflow, func(ctx workflow.Context, in contract.ReminderInput) (bool, error) {
		return true, reminder.Workflow(ctx, in)
	})
	if opened {
		e.Later(time.Minute, func() { e.SignalWorkflow(contract.RequestOpened, nil) })
	}
	outcome(t, e, in)
}

func said(e *flowtest.Env) (out []contract.Occasion) {
	for _, d := range flowtest.Inputs[contract.DeliverIn](e, contract.Deliver) {
		out = append(out, d.Occasion)
	}
	return out
}

func TestPeopleAreToldOfAQuestionOnceItIsStored(t *testing.T) {
	t.Parallel()
	e := env(t)
	in := asks(1, 7)
	in.Plan.Policy.Acceptance.RemindAfter = 24 * time.Hour
	newer := in.Plan
	newer.Digest = "d2"
	e.Later(time.Hour, func() {
		e.SignalWorkflow(contract.PlanRefreshed, contract.PlanRefreshedSignal{SharePlanRef: newer})
		e.SignalWorkflow(contract.RequestOpened, nil)
	})
	e.Update(36*time.Hour, contract.DecideUpdate, yes("carol"))
	asked(t, e, in, true)
	require.Equal(t, []contract.Occasion{contract.Asked, contract.Reminded, contract.Ended}, said(e))
}

func TestAQuestionThatNobodySawIsNotAnnounced(t *testing.T) {
	t.Parallel()
	e := env(t)
	e.Later(time.Hour, e.CancelWorkflow)
	asked(t, e, asks(1, 7), false)
	require.Empty(t, said(e))
}

func TestAWithdrawnQuestionSaysItsLastWord(t *testing.T) {
	t.Parallel()
	e := env(t)
	e.Later(time.Hour, e.CancelWorkflow)
	asked(t, e, asks(1, 7), true)
	require.Equal(t, []contract.Occasion{contract.Asked, contract.Ended}, said(e))
}
