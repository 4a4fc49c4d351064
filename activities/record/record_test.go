package record_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"entente.dev/entente/activities/record"
	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/plan"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/store"
	"entente.dev/entente/internal/store/sqlite"
)

var bc = ident.Share{Source: "b", Target: "c"}

func person(id string) ident.Person { return ident.Person{Home: "b", ID: id} }

func open(t *testing.T) (store.Store, *record.Activities, contract.ReductionInput) {
	s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "entente.db"))
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.Close() })
	p := plan.SharePlan{Share: bc, Digest: "d1", Effects: []plan.Effect{
		{Person: person("1"), Tenant: "c", Action: plan.Remove, ObjectID: "o1"}, {Person: person("2"), Tenant: "c", Action: plan.Remove}, {Person: person("3"), Action: plan.KeepOne},
	}}
	require.NoError(t, s.PutSharePlan(t.Context(), "o", &p))
	p.Digest, p.Effects = "d2", p.Effects[1:]
	require.NoError(t, s.PutSharePlan(t.Context(), "o", &p))
	return s, record.New(s, time.Now), contract.ReductionInput{Run: contract.RunInput{Org: "o", Share: bc, Seq: 1}, ID: "r", PlanDigest: "d1"}
}

func TestAReductionOpenedTwiceIsOneAndOnlyGoesForward(t *testing.T) {
	t.Parallel()
	s, a, in := open(t)
	for range 2 {
		require.NoError(t, a.OpenReduction(t.Context(), contract.OpenReductionIn{ReductionInput: in, Status: "grace"}))
	}
	for _, status := range []string{"removing", "proving", "removing", "grace", "proving"} {
		require.NoError(t, a.SetReduction(t.Context(), contract.SetReductionIn{Org: "o", ID: "r", Status: status}))
	}
	r, err := s.Reduction(t.Context(), "o", "r")
	require.NoError(t, err)
	require.Equal(t, "proving", r.Status)
	require.Len(t, r.Removals, 2)
	entries, err := s.LedgerEntries(t.Context(), "o", 0, 100)
	require.NoError(t, err)
	require.Len(t, entries, 3, "announced, removing, proving: each once")
}

func TestTheLastLookLetsThoseStayWhoCameBack(t *testing.T) {
	t.Parallel()
	s, a, in := open(t)
	require.NoError(t, a.OpenReduction(t.Context(), contract.OpenReductionIn{ReductionInput: in, Status: "grace"}))
	in.PlanDigest = "d2"
	for range 2 {
		out, err := a.ConfirmReduction(t.Context(), in)
		require.NoError(t, err)
		require.Equal(t, contract.RemovalsOut{Total: 2, Returned: 1}, out)
	}
	r, err := s.Reduction(t.Context(), "o", "r")
	require.NoError(t, err)
	require.Equal(t, []store.RemovalState{store.Returned, store.Announced}, []store.RemovalState{r.Removals[0].State, r.Removals[1].State})
}

func TestARequestHasOneOutcome(t *testing.T) {
	t.Parallel()
	s, a, _ := open(t)
	open := contract.OpenRequestIn{Request: store.Request{ID: "q", Org: "o", Kind: "acceptance", Share: bc, Tenant: "c", PlanDigest: "d1", Status: store.Waiting, OpenedAt: time.Now()}}
	require.NoError(t, a.OpenRequest(t.Context(), open))
	yes := contract.CloseRequestIn{Org: "o", ID: "q", Status: store.Approved, By: []string{"carol"}, At: time.Now(), Envelope: &plan.Envelope{Share: bc, RequestID: "q", MaxUsers: 5}}
	for range 2 {
		require.NoError(t, a.CloseRequest(t.Context(), yes))
	}
	err := a.CloseRequest(t.Context(), contract.CloseRequestIn{Org: "o", ID: "q", Status: store.Rejected, At: time.Now()})
	require.Equal(t, problem.Conflict, problem.KindOf(err))
	entries, err := s.LedgerEntries(t.Context(), "o", 0, 100)
	require.NoError(t, err)
	require.Len(t, entries, 2)
	envelopes, err := s.Envelopes(t.Context(), "o")
	require.NoError(t, err)
	require.Len(t, envelopes, 1)
}

func TestAStopRepeatedIsOneEntryAndForgetsWhatWasAccepted(t *testing.T) {
	t.Parallel()
	s, a, in := open(t)
	require.NoError(t, a.OpenReduction(t.Context(), contract.OpenReductionIn{ReductionInput: in, Status: "grace"}))
	require.NoError(t, a.KeepRestored(t.Context(), contract.KeepRestoredIn{Org: "o", Share: bc, Command: contract.RestoreCommand{ReductionID: "r", People: []ident.Person{person("1")}, By: "pat"}, Until: time.Now().Add(time.Hour)}))
	kept, err := s.Inclusions(t.Context(), "o")
	require.NoError(t, err)
	require.Len(t, kept, 1, "only whom the command names")
	before, err := s.LedgerEntries(t.Context(), "o", 0, 100)
	require.NoError(t, err)
	for range 2 {
		require.NoError(t, a.DropShare(t.Context(), contract.DropShareIn{Org: "o", Share: bc, By: "pat", Run: "run/1"}))
	}
	after, err := s.LedgerEntries(t.Context(), "o", 0, 100)
	require.NoError(t, err)
	require.Len(t, after, len(before)+1)
	kept, err = s.Inclusions(t.Context(), "o")
	require.NoError(t, err)
	require.Empty(t, kept)
}
