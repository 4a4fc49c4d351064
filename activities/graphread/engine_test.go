package graphread_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"entente.dev/entente/activities/graphread"
	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/directory"
	"entente.dev/entente/internal/entrasim/simclient"
	"entente.dev/entente/internal/graph"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/store"
	"entente.dev/entente/internal/testkit/tenants"
)

// job is what the source says of its job and in its log; people are the tenant's own.
type job struct {
	*tenants.Ground
	status *graph.JobStatus
	rows   *[]graph.ProvisioningRow
}

func (j job) Reader(id string) (graphread.Graph, error) {
	c, err := j.Graph(id)
	return withJob{withLog{c, j.rows}, j.status}, err
}

type withJob struct {
	withLog
	status *graph.JobStatus
}

func (w withJob) JobStatus(context.Context, string, string) (graph.JobStatus, error) {
	return *w.status, nil
}

// leaving is a reduction of three people of b: one disabled, one enabled, one who is not there at all any more.
func leaving(t *testing.T) (*tenants.Ground, *graphread.Activities, job, contract.EngineIn, [3]string) {
	g := tenants.New(t)
	j := job{g, &graph.JobStatus{SyncJob: directory.SyncJob{Code: graph.CodeActive}, LastBegan: time.Now()}, &[]graph.ProvisioningRow{}}
	people := [3]string{
		g.Edit(simclient.Edit{Tenant: "b", Action: "user.create", User: "off@b.example"}),
		g.Edit(simclient.Edit{Tenant: "b", Action: "user.create", User: "on@b.example"}), "00000000-0000-4000-8000-00000000dead",
	}
	g.Edit(simclient.Edit{Tenant: "b", Action: "user.disable", User: "off@b.example"})
	r := store.Reduction{ID: "r", Org: tenants.Org, Share: bc, Status: "proving", OpenedAt: time.Now().Add(-time.Hour), Stamp: store.Stamp{Run: 1}}
	for _, p := range people {
		object := g.Edit(simclient.Edit{Tenant: "c", Action: "user.create", User: p + "@c.example"})
		r.Removals = append(r.Removals, store.Removal{Person: ident.Person{Home: "b", ID: p}, ObjectID: object, State: store.Removed, At: time.Now().Add(-time.Hour)})
	}
	require.NoError(t, g.Store.PutReduction(t.Context(), r))
	a := graphread.New(j, g.Store, time.Now)
	_, err := a.CheckRemovals(t.Context(), contract.ReductionRef{WriteIn: g.Write(bc, "c"), ID: "r"})
	require.NoError(t, err)
	in := contract.EngineIn{ReductionRef: contract.ReductionRef{WriteIn: g.Write(bc, "b"), ID: "r", JobID: "job"}, ServicePrincipalID: "sp", Limit: 2}
	return g, a, j, in, people
}

func removals(g *tenants.Ground) []store.Removal {
	r, err := g.Store.Reduction(g.T.Context(), tenants.Org, "r")
	require.NoError(g.T, err)
	return r.Removals
}

// TestWhomTheEngineLeavesIsKnownOnlyAfterAHealthyCycleThatDidNothing: a job in trouble may still delete, and so may one
// that tried and failed.
func TestWhomTheEngineLeavesIsKnownOnlyAfterAHealthyCycleThatDidNothing(t *testing.T) {
	t.Parallel()
	g, a, j, in, people := leaving(t)
	abandoned := func() int {
		t.Helper()
		out, err := a.CheckEngine(t.Context(), in)
		require.NoError(t, err)
		return out.Abandoned
	}
	require.Zero(t, abandoned(), "it had not its time yet")
	in.Late = true
	j.status.Code = graph.CodeQuarantine
	require.Zero(t, abandoned())
	j.status.Code, j.status.LastBegan = graph.CodeActive, time.Now().Add(-2*time.Hour)
	require.Zero(t, abandoned(), "no cycle since")
	j.status.LastBegan = time.Now()
	*j.rows = []graph.ProvisioningRow{{ID: "1", Action: "delete", Status: "failure", SourceID: people[0]}}
	require.Equal(t, 1, abandoned(), "it tried to delete the other one")
	*j.rows = nil
	require.Equal(t, 2, abandoned())
	got := removals(g)
	require.Equal(t, []string{store.DisabledFirst, "", store.PurgedAtHome}, []string{got[0].Abandoned, got[1].Abandoned, got[2].Abandoned})
	_, err := a.CheckRemovals(t.Context(), contract.ReductionRef{WriteIn: g.Write(bc, "c"), ID: "r"})
	require.NoError(t, err)
	require.Contains(t, removals(g)[0].Missing, "the engine leaves the account in the target: disabled at home")
	g.Edit(simclient.Edit{Tenant: "b", Action: "user.enable", User: "off@b.example"})
	require.Equal(t, 1, abandoned(), "enabled again at home: the engine acts")
}

// TestWhatIsHeldBackIsComparedWithWhatWasApproved, as far as the log shows all of it.
func TestWhatIsHeldBackIsComparedWithWhatWasApproved(t *testing.T) {
	t.Parallel()
	g, a, j, in, people := leaving(t)
	j.status.QuarantineReason = graph.TooManyDeletes
	row := func(cycle, person string) graph.ProvisioningRow {
		return graph.ProvisioningRow{ID: cycle + person, Action: "stageddelete", Status: "skipped", CycleID: cycle, SourceID: person}
	}
	check := func() contract.EngineOut {
		t.Helper()
		out, err := a.CheckEngine(t.Context(), in)
		require.NoError(t, err)
		require.True(t, out.TooMany)
		return out
	}
	*j.rows = []graph.ProvisioningRow{row("2", people[0])}
	require.Zero(t, check().Staged, "fewer than the limit cannot be all")
	*j.rows = []graph.ProvisioningRow{row("2", people[1]), row("2", people[0]), row("1", "stranger")}
	out := check()
	require.Equal(t, []int{2, 0}, []int{out.Staged, out.Unapproved}, "only the newest cycle counts")
	*j.rows = []graph.ProvisioningRow{row("2", people[0]), row("2", people[1])}
	require.Equal(t, out.Digest, check().Digest, "in any order")
	require.Contains(t, removals(g)[0].Missing, "holds the deletion back")
	*j.rows = append(*j.rows, row("2", "stranger"))
	out = check()
	require.Equal(t, 1, out.Unapproved)
	r, err := g.Store.Reduction(t.Context(), tenants.Org, "r")
	require.NoError(t, err)
	require.Equal(t, []store.Staged{{Person: ident.Person{Home: "b", ID: "stranger"}}}, r.Staged)
	_, err = store.UpdateReduction(t.Context(), g.Store, tenants.Org, "r", func(r *store.Reduction) error {
		r.Removals[1].State = store.Returned
		return nil
	})
	require.NoError(t, err)
	require.Equal(t, 2, check().Unapproved, "who came back is no approved removal")
	require.NotEmpty(t, staged(g))
	for _, m := range removals(g) {
		g.Edit(simclient.Edit{Tenant: "c", Action: "user.delete", User: m.ObjectID})
	}
	_, err = a.CheckRemovals(t.Context(), contract.ReductionRef{WriteIn: g.Write(bc, "c"), ID: "r"})
	require.NoError(t, err)
	require.Empty(t, staged(g), "deleted after all: nothing is held back")
}

func staged(g *tenants.Ground) []store.Staged {
	r, err := g.Store.Reduction(g.T.Context(), tenants.Org, "r")
	require.NoError(g.T, err)
	return r.Staged
}

func TestAJobThatRunsAgainHoldsNothingBack(t *testing.T) {
	t.Parallel()
	g, a, j, in, people := leaving(t)
	j.status.QuarantineReason = graph.TooManyDeletes
	*j.rows = []graph.ProvisioningRow{{ID: "1", Action: "stageddelete", CycleID: "1", SourceID: people[0]}, {ID: "2", Action: "stageddelete", CycleID: "1", SourceID: "stranger"}}
	_, err := a.CheckEngine(t.Context(), in)
	require.NoError(t, err)
	require.Len(t, staged(g), 1)
	j.status.QuarantineReason = ""
	_, err = a.CheckEngine(t.Context(), in)
	require.NoError(t, err)
	r, err := g.Store.Reduction(t.Context(), tenants.Org, "r")
	require.NoError(t, err)
	require.Empty(t, r.Staged)
	require.Contains(t, r.Removals[0].Missing, "still live")
}
