package acceptance

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/testkit/flowtest"
)

// under asks with other terms, and a plan of another digest for the same people.
func under(in contract.AcceptanceInput, terms, digest string) contract.PlanRefreshedSignal {
	in.Plan.Terms, in.Plan.Digest = terms, digest
	return contract.PlanRefreshedSignal{SharePlanRef: in.Plan}
}

func TestAYesIsGivenToTheTermsThatItsGiverSaw(t *testing.T) {
	t.Parallel()
	e := env(t)
	in := asks(2, 7)
	in.Plan.Terms = "t1"
	first := e.Update(1*time.Hour, contract.DecideUpdate, by("s1", "carol"))
	e.Later(2*time.Hour, func() { e.SignalWorkflow(contract.PlanRefreshed, under(in, "t2", "d2")) })
	stale := by("s2", "dave")
	stale.PlanDigest = "d1"
	second := e.Update(3*time.Hour, contract.DecideUpdate, stale)
	third := e.Update(4*time.Hour, contract.DecideUpdate, by("s2", "dave"))
	again := e.Update(5*time.Hour, contract.DecideUpdate, by("s1", "carol"))
	_, closed := outcome(t, e, in)
	require.Equal(t, contract.DecisionResult{Status: "waiting", Missing: 1}, first.Result)
	require.Equal(t, problem.Stale, kind(second.Rejected))
	require.Equal(t, contract.DecisionResult{Status: "waiting", Missing: 1}, third.Result, "the yes to other terms is void")
	require.NoError(t, again.Rejected, "and its giver may say it again")
	require.Equal(t, []string{"s2", "s1"}, closed.Subjects)
	refreshed := flowtest.Inputs[contract.OpenRequestIn](e, contract.OpenRequest)
	require.Empty(t, refreshed[0].Request.Approvals)
}

func TestTheSameTermsKeepAYes(t *testing.T) {
	t.Parallel()
	e := env(t)
	in := asks(2, 7)
	in.Plan.Terms = "t1"
	e.Update(1*time.Hour, contract.DecideUpdate, by("s1", "carol"))
	e.Later(2*time.Hour, func() { e.SignalWorkflow(contract.PlanRefreshed, under(in, "t1", "d2")) })
	alike := by("s2", "dave")
	alike.PlanDigest = "d1"
	e.Update(3*time.Hour, contract.DecideUpdate, alike)
	result, _ := outcome(t, e, in)
	require.Equal(t, "approved", result.Status)
}

// TestAsManyApproversAsAreAskedForNow: whoever agreed under the other number says it again, and counts again.
func TestAsManyApproversAsAreAskedForNow(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ before, after int }{{2, 1}, {3, 2}, {2, 3}} {
		e := env(t)
		in := asks(c.before, 7)
		in.Plan.Terms = "t1"
		now := in
		now.Plan.Policy.Acceptance.Approvers = c.after
		e.Update(1*time.Hour, contract.DecideUpdate, by("s1", "carol"))
		e.Later(2*time.Hour, func() { e.SignalWorkflow(contract.PlanRefreshed, under(now, "t2", "d2")) })
		again := e.Update(3*time.Hour, contract.DecideUpdate, by("s1", "carol"))
		for i := 1; i < c.after; i++ {
			e.Update(time.Duration(3+i)*time.Hour, contract.DecideUpdate, by("other"+string(rune('0'+i)), "x"))
		}
		result, closed := outcome(t, e, in)
		require.NoError(t, again.Rejected)
		require.Equal(t, "approved", result.Status)
		require.Len(t, closed.Subjects, c.after)
	}
}

// TestAYesThatIsVoidBeforeItIsShownIsNeverShown: its giver hears that the question is another one.
func TestAYesThatIsVoidBeforeItIsShownIsNeverShown(t *testing.T) {
	t.Parallel()
	e := flowtest.New(t)
	flowtest.Do[contract.CloseRequestIn](e, contract.CloseRequest, nil)
	flowtest.Do[contract.OpenRequestIn](e, contract.OpenRequest, nil)
	in := asks(3, 7)
	in.Plan.Terms = "t1"
	var second flowtest.Answer
	flowtest.Do(e, contract.NoteApproval, func(contract.NoteApprovalIn) error { // while the first is being shown
		e.UpdateWorkflow(contract.DecideUpdate, "second", &second, by("s2", "dave"))
		e.SignalWorkflow(contract.PlanRefreshed, under(in, "t2", "d2"))
		return nil
	})
	first := e.Update(time.Hour, contract.DecideUpdate, by("s1", "carol"))
	outcome(t, e, in)
	require.Equal(t, problem.Stale, kind(first.Err))
	require.Equal(t, problem.Stale, kind(second.Err))
	require.Len(t, e.Calls(contract.NoteApproval), 1)
	refreshed := flowtest.Inputs[contract.OpenRequestIn](e, contract.OpenRequest)
	require.Empty(t, refreshed[len(refreshed)-1].Request.Approvals)
}

// TestAYesNamesWhatDefinedTheSets, so that the name of a set alone brings nobody in.
func TestAYesNamesWhatDefinedTheSets(t *testing.T) {
	t.Parallel()
	e := env(t)
	in := asks(1, 7)
	in.Plan.Definitions = map[string]string{"b-people": "group:collaboration"}
	e.Update(time.Hour, contract.DecideUpdate, yes("carol"))
	_, closed := outcome(t, e, in)
	require.Equal(t, in.Plan.Definitions, closed.Envelope.Definitions)
}

// TestLimitsThatWereSaidHoldInAutoToo: those of the policy are what the topology may answer beyond.
func TestLimitsThatWereSaidHoldInAutoToo(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		below, cap int
		end        time.Duration
		want       int
		bounded    bool
	}{
		"nothing said":              {below: 50, want: 50},
		"nothing said, no bound":    {},
		"a cap":                     {cap: 20, want: 21},
		"a cap below the policy's":  {below: 50, cap: 20, want: 21},
		"a cap beyond the policy's": {below: 50, cap: 80, want: 50},
		"an end":                    {end: 24 * time.Hour, bounded: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := env(t)
			in := asks(1, 7)
			in.Plan.Policy.Acceptance.Mode, in.Plan.Policy.Acceptance.AutoBelow = "auto", c.below
			d := yes("carol")
			d.MaxUsers, d.ExpiresAfter = c.cap, c.end
			e.Update(time.Hour, contract.DecideUpdate, d)
			_, closed := outcome(t, e, in)
			require.True(t, closed.Envelope.Auto)
			require.Equal(t, c.want, closed.Envelope.AutoBelow)
			require.Equal(t, c.bounded, closed.Envelope.Bounded)
		})
	}
}

func TestNobodyWhoAskedForWhatIsOpenSaysYes(t *testing.T) {
	t.Parallel()
	e := env(t)
	in := asks(1, 7)
	in.Requester = "pat"
	e.Later(1*time.Hour, func() {
		e.SignalWorkflow(contract.PlanRefreshed, contract.PlanRefreshedSignal{SharePlanRef: in.Plan, Requester: "dave"})
	})
	first := e.Update(2*time.Hour, contract.DecideUpdate, by("pat", "pat"))
	second := e.Update(3*time.Hour, contract.DecideUpdate, by("dave", "dave"))
	third := e.Update(4*time.Hour, contract.DecideUpdate, by("erin", "erin"))
	outcome(t, e, in)
	require.Equal(t, problem.Forbidden, kind(first.Rejected))
	require.Equal(t, problem.Forbidden, kind(second.Rejected))
	require.Equal(t, contract.DecisionResult{Status: "approved"}, third.Result)
}

// TestAnAnswerThatRacesWithAWithdrawal is kept, or its giver hears that the question is withdrawn.
func TestAnAnswerThatRacesWithAWithdrawal(t *testing.T) {
	t.Parallel()
	for _, cancelFirst := range []bool{true, false} {
		for approvers := 1; approvers < 3; approvers++ {
			e := env(t)
			var a flowtest.Answer
			e.Later(time.Hour, func() {
				if cancelFirst {
					e.CancelWorkflow()
				}
				e.UpdateWorkflow(contract.DecideUpdate, "yes", &a, yes("carol"))
				if !cancelFirst {
					e.CancelWorkflow()
				}
			})
			result, _ := outcome(t, e, asks(approvers, 7))
			err := a.Rejected
			if err == nil {
				err = a.Err
			}
			if result.Status != "withdrawn" {
				require.NoError(t, err)
				continue
			}
			require.Equal(t, problem.Conflict, kind(err))
			require.Contains(t, err.Error(), "the request is already withdrawn")
		}
	}
}
