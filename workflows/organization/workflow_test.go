package organization

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/temporalkit/failure"
	"entente.dev/entente/internal/testkit/flowtest"
)

var (
	a       = contract.TenantRef{Name: "a", TenantID: "0a000000-0000-4000-8000-00000000000a"}
	b, c    = flowtest.Source, flowtest.Target
	ab, bc  = ident.Share{Source: "a", Target: "b"}, flowtest.BtoC
	apply1  = contract.ApplyInput{TopologyDigest: "t1", By: "pat", Tenants: []contract.TenantRef{a, b, c}, Shares: []ident.Share{ab, bc}, Pace: flowtest.Pace}
	unknown = &temporal.UnknownExternalWorkflowExecutionError{}
)

type world struct {
	*flowtest.Env
	told   map[string][]contract.TopologyAppliedSignal
	broken error
}

func newWorld(t *testing.T) *world {
	w := &world{Env: flowtest.New(t), told: map[string][]contract.TopologyAppliedSignal{}}
	flowtest.Child(w.Env, contract.TenantWorkflow, func(ctx workflow.Context, _ contract.TenantState) (bool, error) { return true, w.entity(ctx) })
	flowtest.Child(w.Env, contract.ShareWorkflow, func(ctx workflow.Context, _ contract.ShareState) (bool, error) { return true, w.entity(ctx) })
	w.HearSignals(func(flowtest.Signal) error { // to whoever does not run
		if w.broken != nil {
			return w.broken
		}
		return unknown
	})
	return w
}

// entity runs for longer than the test and hears.
func (w *world) entity(ctx workflow.Context) error {
	workflow.Go(ctx, func(ctx workflow.Context) {
		for {
			var s contract.TopologyAppliedSignal
			workflow.GetSignalChannel(ctx, contract.TopologyApplied).Receive(ctx, &s)
			id := workflow.GetInfo(ctx).WorkflowExecution.ID
			w.told[id] = append(w.told[id], s)
		}
	})
	return workflow.Sleep(ctx, 3*time.Hour)
}

func (w *world) run(d time.Duration, s contract.OrganizationState) (out contract.OrganizationState) {
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

func fresh() contract.OrganizationState { return contract.OrganizationState{Schema: 1, Org: "o"} }

func TestAnApplyStartsTenantsAndSharesTheNextOneTellsThem(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.Update(time.Minute, contract.ApplyUpdate, apply1)
	next := apply1
	next.TopologyDigest = "t2"
	second := w.Update(time.Hour, contract.ApplyUpdate, next)
	s := w.run(2*time.Hour, fresh())
	require.Equal(t, contract.ApplyResult{TopologyDigest: "t1", Tenants: 3, Shares: 2}, first.Result)
	require.NoError(t, second.Err)
	require.Len(t, w.Calls(contract.TenantWorkflow), 3)
	require.Len(t, w.Calls(contract.ShareWorkflow), 2)
	require.Equal(t, "t2", s.Applied.TopologyDigest)
	for _, in := range flowtest.Inputs[contract.ShareState](w.Env, contract.ShareWorkflow) {
		require.NotEmpty(t, in.Source.TenantID)
		require.True(t, in.Dirty && in.Phase == contract.PhaseNew)
	}
}

// TestWhoAppliesIsKnownToTheShares: they may not answer for a target.
func TestWhoAppliesIsKnownToTheShares(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first, second := apply1, apply1
	first.Subject, second.Subject = "s1", "s2"
	w.Update(time.Minute, contract.ApplyUpdate, first)
	w.Update(time.Hour, contract.ApplyUpdate, second)
	w.run(2*time.Hour, contract.OrganizationState{Schema: 1, Org: "o"})
	started := flowtest.Inputs[contract.ShareState](w.Env, contract.ShareWorkflow)
	require.Len(t, started, 2)
	require.Equal(t, "s1", started[0].Requester)
	told := w.told[contract.ShareID("o", bc)]
	require.Len(t, told, 1)
	require.Equal(t, "s2", told[0].Subject)
}

func TestAShareThatIsLeftOutIsKeptUntilSomebodyStopsIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Update(time.Minute, contract.ApplyUpdate, apply1)
	next := apply1
	next.TopologyDigest, next.Shares, next.Tenants = "t2", []ident.Share{bc}, []contract.TenantRef{b, c}
	w.Update(time.Hour, contract.ApplyUpdate, next)
	s := w.run(2*time.Hour, fresh())
	require.Equal(t, []ident.Share{ab}, s.Retired)
	require.Equal(t, []contract.TenantRef{a}, s.Former, "a retired share still needs it")
	require.Empty(t, w.told[contract.TenantEntityID("o", "a")], "it goes on being observed by the topology that declared it")
	require.Equal(t, "t2", w.told[contract.ShareID("o", ab)][0].TopologyDigest, "the share hears that it is declared no longer")
	require.Equal(t, []ident.Share{bc, ab}, w.told[contract.TenantEntityID("o", "b")][0].Shares)
}

func TestATenantThatNothingNeedsIsReleased(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	in := apply1
	in.Shares = []ident.Share{bc}
	w.Update(time.Minute, contract.ApplyUpdate, in)
	next := in
	next.TopologyDigest, next.Tenants = "t2", []contract.TenantRef{b, c}
	w.Update(time.Hour, contract.ApplyUpdate, next)
	s := w.run(2*time.Hour, fresh())
	require.Empty(t, s.Former)
	told := w.told[contract.TenantEntityID("o", "a")]
	require.Len(t, told, 1)
	require.True(t, told[0].Released)
	require.False(t, w.told[contract.TenantEntityID("o", "b")][0].Released)
}

func TestAnEntityIsStartedOnlyWhenThereIsNone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.broken = errors.New("the signal was refused for another reason")
	answer := w.Update(time.Minute, contract.ApplyUpdate, apply1)
	w.run(time.Hour, fresh())
	require.Error(t, answer.Err)
	require.Empty(t, w.Calls(contract.TenantWorkflow, contract.ShareWorkflow))
}

func TestAnApplyNeedsItsAuthor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	in := apply1
	in.By = ""
	answer := w.Update(time.Minute, contract.ApplyUpdate, in)
	w.run(time.Hour, fresh())
	require.Equal(t, problem.Invalid, failure.ProblemOf(answer.Rejected).Kind)
}

func TestTheNextRunKnowsTheTopology(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := range appliesPerRun {
		w.Update(time.Duration(i+1)*time.Minute, contract.ApplyUpdate, apply1)
	}
	w.ExecuteWorkflow(Workflow, fresh())
	var next *workflow.ContinueAsNewError
	require.ErrorAs(t, w.GetWorkflowError(), &next)
	var carried contract.OrganizationState
	require.NoError(t, converter.GetDefaultDataConverter().FromPayloads(next.Input, &carried))
	require.Equal(t, apply1, carried.Applied)
}

func TestAPreviewFailsWhenOneTenantCannotBeRead(t *testing.T) {
	t.Parallel()
	for _, broken := range []bool{false, true} {
		e := flowtest.New(t)
		flowtest.On(e, contract.ObserveTenant, func(in contract.ObserveIn) (contract.ObserveOut, error) {
			if broken && in.Tenant == b {
				return contract.ObserveOut{}, problem.New(problem.Unauthenticated, "sign in", "the secret is wrong")
			}
			return contract.ObserveOut{}, nil
		})
		flowtest.On(e, contract.PlanTopology, func(contract.PlanTopologyIn) (contract.PlanRef, error) { return contract.PlanRef{Digest: "p"}, nil })
		e.ExecuteWorkflow(Preview, contract.PreviewInput{Org: "o", TopologyDigest: "t1", Tenants: apply1.Tenants})
		if broken {
			require.Equal(t, problem.Unauthenticated, failure.ProblemOf(e.GetWorkflowError()).Kind)
			require.Empty(t, e.Calls(contract.PlanTopology))
			continue
		}
		var ref contract.PlanRef
		require.NoError(t, e.GetWorkflowResult(&ref))
		require.Equal(t, "p", ref.Digest)
	}
}
