package share

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/testkit/flowtest"
)

// TestWhateverHappensTheShareEndsWhereItsModelSays lets admins, tenants, failures and the clock do anything in any
// order. The model is small: the last command counts. After an apply, or without any command, the share ends in sync;
// after a stop, or a yes taken back with a drain, it is down; after a freeze it is frozen, unless there was nothing to
// freeze. Nobody is set up without a yes, and nothing is taken down before everybody is proven out.
func TestWhateverHappensTheShareEndsWhereItsModelSays(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(t)
		w.leaveIn, w.proveIn = day, day
		var last string // command
		var froze *flowtest.Answer
		stopped := false
		var at time.Duration
		for range rapid.IntRange(1, 8).Draw(rt, "events") {
			at += time.Duration(rapid.IntRange(1, 3000).Draw(rt, "minutes")) * time.Minute
			switch rapid.SampledFrom([]string{"observed", "leave", "stop", "apply", "break", "repair", "restore", "arrive", "freeze", "drain", "outside", "quarantine", "pause", "calendar"}).Draw(rt, "event") {
			case "observed":
				w.Later(at, func() { w.observed(true) })
			case "leave":
				w.Later(at, func() { w.removals, w.stranded = 1, 1; w.observed(true) })
			case "arrive":
				w.Later(at, func() { w.pending = 1; w.observed(true) })
				w.Later(at+time.Hour, func() { w.pending = 0; w.observed(true) })
			case "stop":
				last, stopped = "stop", true
				w.Update(at, contract.StopUpdate, stopIt)
			case "freeze":
				last, froze = "freeze", w.Update(at, contract.RevokeUpdate, takesBack(contract.Freeze))
			case "drain":
				last, froze = "drain", w.Update(at, contract.RevokeUpdate, takesBack(contract.DrainShare))
			case "outside":
				w.Later(at, func() {
					if w.accepted {
						w.waiting = 3
						w.observed(true)
					}
				})
			case "apply":
				last = "apply"
				w.Later(at, func() {
					w.SignalWorkflow(contract.TopologyApplied, contract.TopologyAppliedSignal{TopologyDigest: "t1", Pace: flowtest.Pace})
				})
			case "quarantine": // repaired after a while; should that not be seen, the engine tries by itself
				w.Later(at, func() {
					w.job = quarantine("EncounteredQuarantineException", "CredentialsMissing")
					w.fails[contract.CheckConnection] = problem.New(problem.Rejected, "test", "no")
					w.observed(true)
				})
				w.Later(at+2*time.Hour, func() { delete(w.fails, contract.CheckConnection) })
				w.Later(at+day, func() { w.job = contract.JobHealth{Code: "Active", State: "Active"}; w.observed(true) })
			case "pause":
				w.Later(at, func() { w.job = contract.JobHealth{Code: "Paused", State: "Paused"}; w.observed(true) })
			case "calendar":
				w.Later(at, func() { w.thaw = w.Now().Add(day) })
			case "break":
				w.Later(at, func() {
					w.fails[contract.SetupWorkflow], w.fails[contract.ReductionWorkflow] = forbidden(), forbidden()
				})
			case "repair":
				w.Later(at, func() { delete(w.fails, contract.SetupWorkflow); delete(w.fails, contract.ReductionWorkflow) })
			case "restore":
				w.Update(at, contract.RestoreUpdate, contract.RestoreCommand{ReductionID: "r", By: "pat"})
			}
		}
		w.Later(at+time.Hour, func() { delete(w.fails, contract.SetupWorkflow); delete(w.fails, contract.ReductionWorkflow) })
		s, over := w.upTo(at+10*day, state(contract.PhaseNew))
		if w.early {
			rt.Fatal("taken down while somebody was not proven out")
		}
		if n := len(w.Calls(contract.SetupWorkflow)); n > 0 && len(w.Calls(contract.AcceptanceWorkflow)) == 0 {
			rt.Fatal("set up without a yes")
		}
		if over { // it went on as a new run
			return
		}
		switch {
		case s.Stop != nil || s.Revoke != nil || stopped && w.teardowns == 0:
			rt.Fatalf("a command was not carried out: %s %s", s.Phase, s.Detail)
		case s.Phase == contract.PhaseStopped && w.setUp, s.Phase == contract.PhaseFrozen && !w.frozen:
			rt.Fatalf("%s, and it is not so", s.Phase)
		}
		want := map[string]contract.Phase{
			"": contract.PhaseInSync, "apply": contract.PhaseInSync, "stop": contract.PhaseStopped, "freeze": contract.PhaseFrozen, "drain": contract.PhaseStopped,
		}[last]
		refused := (last == "freeze" || last == "drain") && froze.Rejected != nil
		if s.Phase != want && !refused {
			rt.Fatalf("after %q it ended %s (%s)", last, s.Phase, s.Detail)
		}
	})
}

// TestCarriedStateSurvivesTheChangeOfRun is the identity of JSON on any state.
func TestCarriedStateSurvivesTheChangeOfRun(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		text, n := rapid.String(), rapid.IntRange(0, 1<<30)
		when := rapid.Custom(func(rt *rapid.T) time.Time { return time.Unix(int64(n.Draw(rt, "s")), int64(n.Draw(rt, "ns"))).UTC() })
		s := contract.ShareState{
			Schema: 1, Org: text.Draw(rt, "org"), Share: flowtest.BtoC, Source: flowtest.Source, Target: flowtest.Target, TopologyDigest: text.Draw(rt, "t"),
			DeclaredDigest: text.Draw(rt, "d"), Pace: contract.Pace{Every: time.Duration(n.Draw(rt, "e")), Poll: time.Duration(n.Draw(rt, "p"))},
			Phase: contract.Phase(text.Draw(rt, "phase")), Detail: text.Draw(rt, "detail"), RunSeq: n.Draw(rt, "run"), StatusSeq: n.Draw(rt, "seq"),
			RequestID: text.Draw(rt, "req"), People: n.Draw(rt, "people"), InSync: rapid.Bool().Draw(rt, "in"), WaitingSince: when.Draw(rt, "w"),
			LearnSince: when.Draw(rt, "l"), Dirty: rapid.Bool().Draw(rt, "dirty"), Failures: n.Draw(rt, "f"), AskedDigest: text.Draw(rt, "asked"),
			StayDigest: text.Draw(rt, "stay"), Requester: text.Draw(rt, "requester"), FreshAfter: when.Draw(rt, "fresh"), Accepted: rapid.Bool().Draw(rt, "accepted"),
		}
		if rapid.Bool().Draw(rt, "with commands") {
			s.Problem = problem.New(problem.Forbidden, text.Draw(rt, "op"), text.Draw(rt, "why"))
			s.Stop = &contract.StopCommand{By: text.Draw(rt, "by"), Reason: text.Draw(rt, "reason")}
			s.Restores = []contract.RestoreCommand{{ReductionID: text.Draw(rt, "id"), People: []ident.Person{{Home: "b", ID: text.Draw(rt, "pid")}}}}
			s.Reverts = []contract.RevertCommand{{By: text.Draw(rt, "rby")}}
			s.Revoke = &contract.RevokeCommand{Mode: contract.Freeze, By: text.Draw(rt, "vby"), Subject: text.Draw(rt, "subject"), Reason: text.Draw(rt, "vwhy")}
		}
		raw, err := json.Marshal(s)
		require.NoError(t, err)
		var back contract.ShareState
		require.NoError(t, json.Unmarshal(raw, &back))
		require.Equal(t, s, back)
	})
}
