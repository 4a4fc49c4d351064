package acceptance

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/workflow"

	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/testkit/flowtest"
	"entente.dev/entente/workflows/reminder"
)

// opened lets the share store the question, which lets a reminder begin: with nobody to tell.
func opened(e *flowtest.Env, after time.Duration) {
	flowtest.On(e, contract.ListChannels, func(contract.AnnounceIn) (contract.ChannelsOut, error) { return contract.ChannelsOut{}, nil })
	flowtest.Child(e, contract.ReminderWorkflow, func(ctx workflow.Context, in contract.ReminderInput) (bool, error) {
		return true, reminder.Workflow(ctx, in)
	})
	e.Later(after, func() { e.SignalWorkflow(contract.RequestOpened, nil) })
}

func refreshed(e *flowtest.Env, after time.Duration, in contract.AcceptanceInput, digest, asking string) {
	newer := in.Plan
	newer.Digest, newer.Asking = digest, asking
	e.Later(after, func() {
		e.SignalWorkflow(contract.PlanRefreshed, contract.PlanRefreshedSignal{SharePlanRef: newer})
	})
}

func looks(e *flowtest.Env) (digests []string) {
	for _, in := range flowtest.Inputs[contract.CheckAddressesIn](e, contract.CheckAddresses) {
		digests = append(digests, in.PlanDigest)
	}
	return digests
}

// TestTheTargetIsLookedAtForThePeopleWhoAsk: once the question is stored, and again when other people ask, after the
// store shows them.
func TestTheTargetIsLookedAtForThePeopleWhoAsk(t *testing.T) {
	t.Parallel()
	e := env(t)
	in := asks(1, 7)
	in.Plan.Asking = "seven"
	opened(e, time.Minute)
	refreshed(e, time.Hour, in, "d2", "seven")
	refreshed(e, 2*time.Hour, in, "d3", "eight")
	refreshed(e, 3*time.Hour, in, "d4", "seven")
	e.Update(5*time.Hour, contract.DecideUpdate, yes("carol"))
	outcome(t, e, in)
	require.Equal(t, []string{"d1", "d3", "d4"}, looks(e))
	require.Equal(t, []string{contract.CheckAddresses, contract.OpenRequest, contract.OpenRequest, contract.CheckAddresses, contract.OpenRequest, contract.CheckAddresses},
		e.Calls(contract.CheckAddresses, contract.OpenRequest))
	first := flowtest.Inputs[contract.CheckAddressesIn](e, contract.CheckAddresses)[0]
	require.Equal(t, contract.CheckAddressesIn{Org: "o", RequestID: "b-c-1", Share: flowtest.BtoC, Tenant: flowtest.Target, PlanDigest: "d1"}, first)
	require.Empty(t, e.Calls(contract.NoteUnchecked))
}

func TestAQuestionThatIsNotStoredIsNotLookedInto(t *testing.T) {
	t.Parallel()
	e := env(t)
	in := asks(1, 7)
	refreshed(e, time.Hour, in, "d2", "eight")
	e.Update(2*time.Hour, contract.DecideUpdate, yes("carol"))
	outcome(t, e, in)
	require.Empty(t, looks(e))
}

// TestALookHoldsNothingUp: while it takes its time people answer, and others who ask are looked for after it.
func TestALookHoldsNothingUp(t *testing.T) {
	t.Parallel()
	e := flowtest.New(t)
	flowtest.Do[contract.CloseRequestIn](e, contract.CloseRequest, nil)
	flowtest.Do[contract.OpenRequestIn](e, contract.OpenRequest, nil)
	release := make(chan struct{})
	flowtest.Do(e, contract.CheckAddresses, func(in contract.CheckAddressesIn) error {
		if in.PlanDigest == "d1" {
			<-release
		}
		return nil
	})
	in := asks(1, 7)
	opened(e, 0)
	refreshed(e, time.Second, in, "d2", "eight")
	refreshed(e, 2*time.Second, in, "d3", "nine")
	e.Later(3*time.Second, func() {
		require.Equal(t, []string{contract.OpenRequest, contract.OpenRequest}, e.Calls(contract.OpenRequest), "what the admin sees is current")
		require.Len(t, looks(e), 1)
		close(release)
	})
	e.Update(time.Hour, contract.DecideUpdate, yes("carol"))
	result, _ := outcome(t, e, in)
	require.Equal(t, "approved", result.Status)
	require.Equal(t, []string{"d1", "d3"}, looks(e))
}

// TestALookThatFailedIsSaid and is not repeated for the same people: the question stays as it is.
func TestALookThatFailedIsSaid(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ kind, want problem.Kind }{
		"for good":        {problem.Invalid, problem.Invalid},
		"out of patience": {problem.Unavailable, problem.Unavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := flowtest.New(t)
			flowtest.Do[contract.CloseRequestIn](e, contract.CloseRequest, nil)
			flowtest.Do[contract.OpenRequestIn](e, contract.OpenRequest, nil)
			flowtest.Do[contract.NoteUncheckedIn](e, contract.NoteUnchecked, nil)
			flowtest.Do(e, contract.CheckAddresses, func(contract.CheckAddressesIn) error { return problem.New(c.kind, "look", "not now") })
			in := asks(1, 7)
			opened(e, time.Minute)
			refreshed(e, 2*time.Hour, in, "d2", "")
			e.Update(3*time.Hour, contract.DecideUpdate, yes("carol"))
			result, _ := outcome(t, e, in)
			require.Equal(t, "approved", result.Status)
			require.Equal(t, []contract.NoteUncheckedIn{{Org: "o", RequestID: "b-c-1", Kind: c.want}}, flowtest.Inputs[contract.NoteUncheckedIn](e, contract.NoteUnchecked))
		})
	}
}

// TestAnAnswerEndsTheLook: nothing is noted about a question that has ended.
func TestAnAnswerEndsTheLook(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(e *flowtest.Env){
		"answered":  func(e *flowtest.Env) { e.Update(time.Second, contract.DecideUpdate, yes("carol")) },
		"withdrawn": func(e *flowtest.Env) { e.Later(time.Second, e.CancelWorkflow) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := flowtest.New(t)
			flowtest.Do[contract.CloseRequestIn](e, contract.CloseRequest, nil)
			flowtest.Do[contract.NoteUncheckedIn](e, contract.NoteUnchecked, nil)
			flowtest.Do(e, contract.CheckAddresses, func(contract.CheckAddressesIn) error { return problem.New(problem.Unavailable, "look", "not now") })
			opened(e, 0)
			end(e)
			outcome(t, e, asks(1, 7))
			require.NotEmpty(t, looks(e))
			require.Empty(t, e.Calls(contract.NoteUnchecked))
		})
	}
}
