package acceptance

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/plan"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/temporalkit/failure"
	"entente.dev/entente/internal/testkit/flowtest"
	"entente.dev/entente/internal/topology"
)

func asks(approvers, people int) contract.AcceptanceInput {
	var p topology.Policy
	p.Acceptance.Approvers, p.Acceptance.MaxUsers = approvers, 500
	p.Acceptance.AskFor, p.Acceptance.ExpiresAfter = 14*24*time.Hour, 90*24*time.Hour
	p.UserType.Value, p.UserType.ExistingGuests = "member", "ask"
	return contract.AcceptanceInput{Run: flowtest.Run, RequestID: "b-c-1", Plan: contract.SharePlanRef{
		Digest: "d1", Counts: plan.Counts{People: people}, Policy: p, Sets: []string{"b-people"},
	}}
}

func env(t *testing.T) *flowtest.Env {
	e := flowtest.New(t)
	flowtest.Do[contract.CloseRequestIn](e, contract.CloseRequest, nil)
	flowtest.Do[contract.NoteApprovalIn](e, contract.NoteApproval, nil)
	flowtest.Do[contract.OpenRequestIn](e, contract.OpenRequest, nil)
	flowtest.Do[contract.CheckAddressesIn](e, contract.CheckAddresses, nil)
	return e
}

// outcome runs the question and returns its answer with what was recorded: always exactly one closing.
func outcome(t *testing.T, e *flowtest.Env, in contract.AcceptanceInput) (contract.AcceptanceResult, contract.CloseRequestIn) {
	t.Helper()
	e.ExecuteWorkflow(Workflow, in)
	require.True(t, e.IsWorkflowCompleted())
	require.NoError(t, e.GetWorkflowError())
	var result contract.AcceptanceResult
	require.NoError(t, e.GetWorkflowResult(&result))
	closings := flowtest.Inputs[contract.CloseRequestIn](e, contract.CloseRequest)
	require.Len(t, closings, 1, "exactly one outcome is recorded")
	require.Equal(t, result.Status, string(closings[0].Status))
	return result, closings[0]
}

func kind(err error) problem.Kind {
	if p := failure.ProblemOf(err); p != nil {
		return p.Kind
	}
	return ""
}

func yes(by string) contract.Decision { return contract.Decision{Approve: true, By: by} }

func TestOneYesIsEnoughWhereOneIsAsked(t *testing.T) {
	t.Parallel()
	e := env(t)
	a := e.Update(time.Hour, contract.DecideUpdate, yes("carol"))
	result, closed := outcome(t, e, asks(1, 7))
	require.Equal(t, "approved", result.Status)
	require.Equal(t, "carol", result.By)
	require.Equal(t, contract.DecisionResult{Status: "approved"}, a.Result)
	require.Equal(t, []string{"carol"}, closed.By)
	env := closed.Envelope
	require.Equal(t, 500, env.MaxUsers)
	require.Equal(t, []string{"b-people"}, env.Sets)
	require.Equal(t, "keep", env.ExistingGuests, "guests are converted only when somebody says so")
	require.Equal(t, 90*24*time.Hour, env.ExpiresAt.Sub(env.AcceptedAt))
}

func TestSeveralApproversAreDifferentPeople(t *testing.T) {
	t.Parallel()
	e := env(t)
	first := e.Update(1*time.Hour, contract.DecideUpdate, yes("carol"))
	again := e.Update(2*time.Hour, contract.DecideUpdate, yes("carol"))
	second := e.Update(3*time.Hour, contract.DecideUpdate, yes("dave"))
	_, closed := outcome(t, e, asks(2, 7))
	require.Equal(t, contract.DecisionResult{Status: "waiting", Missing: 1}, first.Result)
	require.Equal(t, problem.Conflict, kind(again.Rejected))
	require.Equal(t, contract.DecisionResult{Status: "approved"}, second.Result)
	require.Equal(t, []string{"carol", "dave"}, closed.Envelope.AcceptedBy)
}

func TestWhatCannotCountIsRefusedBeforeItIsInTheHistory(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		decision contract.Decision
		want     problem.Kind
	}{
		"nobody":                 {contract.Decision{Approve: true}, problem.Invalid},
		"cap below the people":   {contract.Decision{Approve: true, By: "carol", MaxUsers: 6}, problem.Invalid},
		"unknown word":           {contract.Decision{Approve: true, By: "carol", ExistingGuests: "maybe"}, problem.Invalid},
		"another plan":           {contract.Decision{Approve: true, By: "carol", PlanDigest: "d0"}, problem.Stale},
		"another plan, rejected": {contract.Decision{By: "carol", PlanDigest: "d0"}, problem.Stale},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := env(t)
			a := e.Update(time.Hour, contract.DecideUpdate, c.decision)
			result, _ := outcome(t, e, asks(1, 7))
			require.Equal(t, c.want, kind(a.Rejected))
			require.Equal(t, "expired", result.Status)
		})
	}
}

func TestACapBelowThePeopleIsFineWhenTheRestAreExcluded(t *testing.T) {
	t.Parallel()
	e := env(t)
	d := yes("carol")
	d.MaxUsers, d.Excluded, d.Exclusions = 6, 1, []plan.Exclusion{{Person: ident.Person{Home: "b", ID: "1"}}}
	e.Update(time.Hour, contract.DecideUpdate, d)
	result, closed := outcome(t, e, asks(1, 7))
	require.Equal(t, "approved", result.Status)
	require.Equal(t, 6, closed.Envelope.MaxUsers)
	require.Equal(t, d.Exclusions, closed.Envelope.Exclusions)
}

func TestANoEndsItAndLeavesNoEnvelope(t *testing.T) {
	t.Parallel()
	e := env(t)
	e.Update(1*time.Hour, contract.DecideUpdate, yes("carol"))
	e.Update(2*time.Hour, contract.DecideUpdate, contract.Decision{By: "dave", Reason: "not now"})
	result, closed := outcome(t, e, asks(2, 7))
	require.Equal(t, contract.AcceptanceResult{Status: "rejected", By: "dave", Reason: "not now"}, result)
	require.Nil(t, closed.Envelope)
}

func TestNobodyAnswers(t *testing.T) {
	t.Parallel()
	e := env(t)
	began := e.Now()
	result, closed := outcome(t, e, asks(1, 7))
	require.Equal(t, "expired", result.Status)
	require.Equal(t, 14*24*time.Hour, closed.At.Sub(began).Round(time.Hour))
}

func TestAWithdrawnQuestionIsClosed(t *testing.T) {
	t.Parallel()
	e := env(t)
	e.Later(time.Hour, e.CancelWorkflow)
	result, closed := outcome(t, e, asks(1, 7))
	require.Equal(t, "withdrawn", result.Status)
	require.Nil(t, closed.Envelope)
}

func TestYesAndNoAtTheSameTimeIsOneOutcome(t *testing.T) {
	t.Parallel()
	for _, noFirst := range []bool{false, true} {
		e := env(t)
		var up, down flowtest.Answer
		e.Later(time.Hour, func() {
			if noFirst {
				e.UpdateWorkflow(contract.DecideUpdate, "no", &down, contract.Decision{By: "dave"})
			}
			e.UpdateWorkflow(contract.DecideUpdate, "yes", &up, yes("carol"))
			if !noFirst {
				e.UpdateWorkflow(contract.DecideUpdate, "no", &down, contract.Decision{By: "dave"})
			}
		})
		result, _ := outcome(t, e, asks(1, 7))
		won, lost := &up, &down
		if noFirst {
			won, lost = &down, &up
		}
		require.Equal(t, contract.DecisionResult{Status: result.Status}, won.Result)
		require.Equal(t, problem.Conflict, kind(lost.Rejected))
	}
}

func TestTheEnvelopeIsTheNarrowestOfWhatWasSaid(t *testing.T) {
	t.Parallel()
	e := env(t)
	a, b := yes("carol"), yes("dave")
	a.MaxUsers, a.ExpiresAfter, a.ExistingGuests, a.Exclusions = 50, 30*24*time.Hour, "convert", []plan.Exclusion{{Person: ident.Person{Home: "b", ID: "1"}}}
	b.MaxUsers, b.ExistingGuests, b.Exclusions = 20, "keep", []plan.Exclusion{{Person: ident.Person{Home: "b", ID: "2"}}}
	e.Update(1*time.Hour, contract.DecideUpdate, a)
	e.Update(2*time.Hour, contract.DecideUpdate, b)
	_, closed := outcome(t, e, asks(2, 7))
	env := closed.Envelope
	require.Equal(t, 20, env.MaxUsers)
	require.Equal(t, 30*24*time.Hour, env.ExpiresAt.Sub(env.AcceptedAt))
	require.Equal(t, "keep", env.ExistingGuests)
	require.Equal(t, []plan.Exclusion{{Person: ident.Person{Home: "b", ID: "1"}}, {Person: ident.Person{Home: "b", ID: "2"}}}, env.Exclusions)
}

func TestOnlyWhatIsAskedNowIsAnswered(t *testing.T) {
	t.Parallel()
	e := env(t)
	newer := asks(1, 12).Plan
	newer.Digest = "d2"
	e.Later(time.Hour, func() { e.SignalWorkflow(contract.PlanRefreshed, contract.PlanRefreshedSignal{SharePlanRef: newer}) })
	old := yes("carol")
	old.PlanDigest = "d1"
	late := e.Update(2*time.Hour, contract.DecideUpdate, old)
	small := yes("carol")
	small.MaxUsers = 10
	capped := e.Update(3*time.Hour, contract.DecideUpdate, small)
	now := yes("carol")
	now.PlanDigest = "d2"
	e.Update(4*time.Hour, contract.DecideUpdate, now)
	result, _ := outcome(t, e, asks(1, 7))
	require.Equal(t, problem.Stale, kind(late.Rejected))
	require.Equal(t, problem.Invalid, kind(capped.Rejected), "the cap is measured at the people who ask now")
	require.Equal(t, "approved", result.Status)
}

func TestAnotherSetAsksEveryApproverAgain(t *testing.T) {
	t.Parallel()
	e := env(t)
	newer := asks(2, 7).Plan
	newer.Digest, newer.Sets = "d2", []string{"b-people", "b-guests"}
	e.Update(1*time.Hour, contract.DecideUpdate, yes("carol"))
	e.Later(2*time.Hour, func() { e.SignalWorkflow(contract.PlanRefreshed, contract.PlanRefreshedSignal{SharePlanRef: newer}) })
	second := e.Update(3*time.Hour, contract.DecideUpdate, yes("dave"))
	result, _ := outcome(t, e, asks(2, 7))
	require.Equal(t, contract.DecisionResult{Status: "waiting", Missing: 1}, second.Result)
	require.Equal(t, "expired", result.Status)
}

func TestAYesThatCouldNotBeKeptIsNoYes(t *testing.T) {
	t.Parallel()
	e := flowtest.New(t)
	flowtest.Do(e, contract.CloseRequest, func(contract.CloseRequestIn) error { return problem.New(problem.Conflict, "close a request", "closed") })
	a := e.Update(time.Hour, contract.DecideUpdate, yes("carol"))
	e.ExecuteWorkflow(Workflow, asks(1, 7))
	require.Error(t, e.GetWorkflowError())
	require.Equal(t, problem.Conflict, kind(a.Err))
}
