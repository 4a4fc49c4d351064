package tenant

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/workflow"

	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/store"
	"entente.dev/entente/internal/testkit/flowtest"
)

var (
	bc   = flowtest.BtoC
	ba   = ident.Share{Source: "b", Target: "a"}
	both = []ident.Share{ba, bc}
)

type world struct {
	*flowtest.Env
	at       []time.Time
	seen     bool
	err      error
	statuses []store.TenantStatus
}

func newWorld(t *testing.T) *world {
	w := &world{Env: flowtest.New(t)}
	flowtest.On(w.Env, contract.ObserveTenant, func(contract.ObserveIn) (contract.ObserveOut, error) {
		w.at = append(w.at, w.Now())
		if w.err != nil {
			return contract.ObserveOut{}, w.err
		}
		first := !w.seen
		w.seen = true
		return contract.ObserveOut{SnapshotID: "s", Changed: first}, nil
	})
	flowtest.Do[contract.CoverageIn](w.Env, contract.ProjectCoverage, nil)
	flowtest.Do(w.Env, contract.PutTenantStatus, func(s store.TenantStatus) error { w.statuses = append(w.statuses, s); return nil })
	w.HearSignals(nil)
	return w
}

func state() contract.TenantState {
	return contract.TenantState{Schema: 1, Org: "o", Tenant: flowtest.Source, TopologyDigest: "t1", Shares: both, Pace: flowtest.Pace}
}

func (w *world) until(d time.Duration, s contract.TenantState) (out contract.TenantState) {
	w.T.Helper()
	w.Later(d, func() {
		value, err := w.QueryWorkflow(contract.StatusQuery)
		require.NoError(w.T, err)
		require.NoError(w.T, value.Get(&out))
		w.CancelWorkflow()
	})
	w.ExecuteWorkflow(Workflow, s)
	return out
}

func (w *world) ask(s ident.Share, deep bool) {
	w.SignalWorkflow(contract.ObserveRequested, contract.ObserveRequestedSignal{Share: s, Deep: deep})
}

func (w *world) deeps() (out []bool) {
	for _, in := range flowtest.Inputs[contract.ObserveIn](w.Env, contract.ObserveTenant) {
		out = append(out, in.Deep)
	}
	return out
}

func TestTheFirstObservationIsAtOnceAndEveryShareHears(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.until(time.Minute, state())
	require.Len(t, w.at, 1)
	require.Equal(t, "s", s.SnapshotID)
	require.Len(t, w.Signals(contract.TenantObserved), 2)
	require.Len(t, w.Calls(contract.ProjectCoverage), 1)
	require.Equal(t, both, flowtest.Inputs[contract.ObserveIn](w.Env, contract.ObserveTenant)[0].Shares)
}

func TestTheClockLooksEveryIntervalWithAtMostATenthOfJitterAndSaysNothingWithoutNews(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.until(10*time.Hour, state())
	require.InDelta(t, 14, len(w.at), 1)
	for i := 1; i < len(w.at); i++ {
		gap := w.at[i].Sub(w.at[i-1])
		require.GreaterOrEqual(t, gap, 40*time.Minute-time.Second)
		require.LessOrEqual(t, gap, 44*time.Minute+time.Second)
	}
	require.Len(t, w.Signals(contract.TenantObserved), 2, "only the first one had news")
	require.Len(t, w.statuses, len(w.at), "when it was last looked at is shown all the same")
}

func TestAnObservationIsOrderedByTemporalsClock(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.until(24*time.Hour, state())
	ordered := flowtest.Inputs[contract.ObserveIn](w.Env, contract.ObserveTenant)
	require.Greater(t, len(ordered), 1)
	for i, in := range ordered {
		require.WithinDuration(t, w.at[i], in.At, time.Second)
		require.False(t, in.At.After(w.at[i]), "never later than the look itself")
	}
}

func TestManyRequestsAreOneObservationAPollAtMost(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := range 100 {
		w.Later(10*time.Minute+time.Duration(i)*time.Second, func() { w.ask(bc, false) })
	}
	w.until(30*time.Minute, state())
	require.InDelta(t, 3, len(w.at)-1, 1, "100 requests in 100 seconds, a poll of a minute")
	for i := 1; i < len(w.at); i++ {
		require.GreaterOrEqual(t, w.at[i].Sub(w.at[i-1]), time.Minute-time.Second)
	}
	for _, s := range w.Signals(contract.TenantObserved)[2:] {
		require.Equal(t, contract.ShareID("o", bc), s.Workflow, "only who asked hears that nothing changed")
	}
}

func TestATenantOutOfReachIsTheTenantsProblemWithinAMinute(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.err = problem.New(problem.Unavailable, "list users", "the connection was refused")
	s := w.until(time.Minute, state())
	require.NotNil(t, s.Problem)
	require.Equal(t, problem.Unavailable, s.Problem.Kind)
	require.NotEmpty(t, w.statuses)
}

func TestAFailureIsTheTenantsProblemAndRepairsItself(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.err = problem.New(problem.Forbidden, "list users", "User.Read.All is missing")
	w.Later(time.Hour, func() {
		require.InDelta(t, 13, len(w.at), 3, "1, 2, 4 minutes, then every 5")
		require.Equal(t, problem.Forbidden, w.statuses[len(w.statuses)-1].Problem.Kind)
		require.Empty(t, w.Signals(contract.TenantObserved))
		w.err = nil
	})
	s := w.until(2*time.Hour, state())
	require.Nil(t, s.Problem)
	require.Nil(t, w.statuses[len(w.statuses)-1].Problem)
	require.Zero(t, s.Failures)
	require.Len(t, w.Signals(contract.TenantObserved), 2)
}

func TestADeepLookThatFailedIsDeepTheNextTime(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Later(10*time.Minute, func() {
		w.err = problem.New(problem.Forbidden, "list users", "no")
		w.ask(bc, true)
	})
	w.Later(11*time.Minute, func() { w.err = nil })
	w.until(30*time.Minute, state())
	require.Equal(t, []bool{false, true, true}, w.deeps())
}

func TestANewTopologyIsTakenOverAndReadDeep(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Later(10*time.Minute, func() {
		w.SignalWorkflow(contract.TopologyApplied, contract.TopologyAppliedSignal{TopologyDigest: "t2", Shares: []ident.Share{bc}, Pace: flowtest.Pace})
	})
	s := w.until(30*time.Minute, state())
	require.Equal(t, "t2", s.TopologyDigest)
	require.Equal(t, []bool{false, true}, w.deeps())
}

func TestATenantThatNothingNeedsIsLookedAtNoMore(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Later(10*time.Minute, func() { w.SignalWorkflow(contract.TopologyApplied, contract.TopologyAppliedSignal{Released: true}) })
	w.ExecuteWorkflow(Workflow, state())
	require.NoError(t, w.GetWorkflowError())
	require.Len(t, w.at, 1)
}

func TestTheNextRunKnowsWhatThisOneKnew(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Later(time.Minute, func() { w.err = problem.New(problem.Forbidden, "list users", "no"); w.ask(bc, true) })
	w.ExecuteWorkflow(Workflow, state())
	var next *workflow.ContinueAsNewError
	require.ErrorAs(t, w.GetWorkflowError(), &next)
	var carried contract.TenantState
	require.NoError(t, converter.GetDefaultDataConverter().FromPayloads(next.Input, &carried))
	require.Equal(t, observationsPerRun, carried.Seq)
	require.True(t, carried.Deep, "still owed")
	require.Equal(t, []ident.Share{bc}, carried.Requested)
	require.NotZero(t, carried.Epoch)
	require.NotNil(t, carried.Problem)

	second := newWorld(t)
	second.SetStartTime(w.Now())
	s := second.until(30*time.Minute, carried)
	require.Equal(t, []bool{true}, second.deeps())
	require.Equal(t, carried.Epoch, s.Epoch)
}

func TestALaterEntityProjectsOverAnEarlierOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.until(time.Minute, state())
	require.Greater(t, s.Epoch, 1)
	require.Equal(t, s.Epoch, w.statuses[0].Stamp.Run)
}
