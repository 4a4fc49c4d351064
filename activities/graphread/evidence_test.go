package graphread_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"entente.dev/entente/activities/graphread"
	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/entrasim/simclient"
	"entente.dev/entente/internal/graph"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/store"
	"entente.dev/entente/internal/testkit/tenants"
)

// logged puts rows into the provisioning log, which only the engine writes; everything else is the tenant.
type logged struct {
	*tenants.Ground
	rows *[]graph.ProvisioningRow
}

func (l logged) Reader(id string) (graphread.Graph, error) {
	c, err := l.Graph(id)
	return withLog{c, l.rows}, err
}

type withLog struct {
	graphread.Graph
	rows *[]graph.ProvisioningRow
}

func (w withLog) ProvisioningLog(context.Context, graph.ProvisioningQuery) ([]graph.ProvisioningRow, error) {
	return *w.rows, nil
}

var bc = ident.Share{Source: "b", Target: "c"}

// reduced is a reduction of one person who stands for an object in the target.
func reduced(t *testing.T, object string) (*tenants.Ground, *graphread.Activities, *[]graph.ProvisioningRow, contract.ReductionRef) {
	g := tenants.New(t)
	rows := &[]graph.ProvisioningRow{}
	require.NoError(t, g.Store.PutReduction(t.Context(), store.Reduction{
		ID: "r", Org: tenants.Org, Share: bc, Status: "proving", OpenedAt: time.Now(), Stamp: store.Stamp{Run: 1},
		Removals: []store.Removal{{Person: ident.Person{Home: "b", ID: "p"}, ObjectID: object, State: store.Removed}},
	}))
	return g, graphread.New(logged{g, rows}, g.Store, time.Now), rows, contract.ReductionRef{WriteIn: g.Write(bc, "c"), ID: "r"}
}

func removal(g *tenants.Ground) store.Removal {
	r, err := g.Store.Reduction(g.T.Context(), tenants.Org, "r")
	require.NoError(g.T, err)
	return r.Removals[0]
}

func TestARemovalIsProvenByBinAndLogTogether(t *testing.T) {
	t.Parallel()
	g, a, rows, ref := reduced(t, "")
	object := g.Edit(simclient.Edit{Tenant: "c", Action: "user.create", User: "moved@c.example"})
	_, err := store.UpdateReduction(t.Context(), g.Store, tenants.Org, "r", func(r *store.Reduction) error { r.Removals[0].ObjectID = object; return nil })
	require.NoError(t, err)
	look := func(live, bin, proven int) {
		t.Helper()
		out, err := a.CheckRemovals(t.Context(), ref)
		require.NoError(t, err)
		require.Equal(t, []int{live, bin}, []int{out.Live, out.InBin})
		out, err = a.CheckLog(t.Context(), ref)
		require.NoError(t, err)
		require.Equal(t, proven, out.Proven)
	}
	*rows = []graph.ProvisioningRow{{ID: "other", Action: "delete", Status: "failure", TargetID: object}}
	look(1, 0, 0)
	require.Contains(t, removal(g).Missing, "still live")
	g.Edit(simclient.Edit{Tenant: "c", Action: "user.delete", User: object})
	look(0, 1, 0)
	require.Contains(t, removal(g).Missing, "provisioning log")
	*rows = append(*rows, graph.ProvisioningRow{ID: "row", Action: "delete", Status: "success", TargetID: object})
	look(0, 1, 1)
	require.Equal(t, store.Proven, removal(g).State)
	require.Equal(t, "row", removal(g).LogID)
	links, err := g.Store.Links(t.Context(), tenants.Org)
	require.NoError(t, err)
	require.Len(t, links, 1)

	g.Edit(simclient.Edit{Tenant: "c", Action: "user.restore", User: object})
	out, err := a.CheckReturned(t.Context(), ref)
	require.NoError(t, err)
	require.Equal(t, contract.RemovalsOut{Total: 1, Live: 1}, out)
	require.Equal(t, store.Returned, removal(g).State)
}

func TestNobodyIsProvenGoneWhomTheEngineBroughtMeanwhile(t *testing.T) {
	t.Parallel()
	g, a, rows, ref := reduced(t, "")
	object := g.Edit(simclient.Edit{Tenant: "c", Action: "user.create", User: "late@c.example"})
	*rows = []graph.ProvisioningRow{{ID: "1", Action: "create", Status: "success", SourceID: "p", TargetID: object}}
	out, err := a.CheckRemovals(t.Context(), ref)
	require.NoError(t, err)
	require.Zero(t, out.Proven)
	require.Equal(t, 1, out.Gone, "the log has to be asked")
	out, err = a.CheckLog(t.Context(), ref)
	require.NoError(t, err)
	require.Zero(t, out.Proven)
	require.Equal(t, object, removal(g).ObjectID)
	out, err = a.CheckRemovals(t.Context(), ref)
	require.NoError(t, err)
	require.Equal(t, 1, out.Live)
}

func TestTwoWritersOfAReductionLoseNothing(t *testing.T) {
	t.Parallel()
	g, _, _, _ := reduced(t, "x")
	var wait sync.WaitGroup
	for range 10 {
		for _, mark := range []string{"a", "b"} { // a removal and a restore
			wait.Go(func() {
				_, err := store.UpdateReduction(t.Context(), g.Store, tenants.Org, "r", func(r *store.Reduction) error {
					r.Reason += mark
					return nil
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		wait.Wait()
	}
	r, err := g.Store.Reduction(t.Context(), tenants.Org, "r")
	require.NoError(t, err)
	require.GreaterOrEqual(t, strings.Count(r.Reason, "a"), 10)
	require.GreaterOrEqual(t, strings.Count(r.Reason, "b"), 10)
}

// TestWhoCannotComeBackIsLostAndTriedAgainWhenTheyCan: what is neither live nor in the bin does not hold a restore up.
func TestWhoCannotComeBackIsLostAndTriedAgainWhenTheyCan(t *testing.T) {
	t.Parallel()
	g, a, _, ref := reduced(t, "never-there")
	out, err := a.CheckRestorable(t.Context(), ref)
	require.NoError(t, err)
	require.Equal(t, contract.RemovalsOut{Total: 1, Lost: 1}, out)
	require.Equal(t, store.Lost, removal(g).State)
	require.Contains(t, removal(g).Missing, "purged")
	out, err = a.CheckReturned(t.Context(), ref)
	require.NoError(t, err)
	require.Zero(t, out.Total, "nobody waits for the lost")
	out, err = a.CheckRemovals(t.Context(), ref)
	require.NoError(t, err)
	require.Equal(t, 1, out.Lost)

	object := g.Edit(simclient.Edit{Tenant: "c", Action: "user.create", User: "late@c.example"})
	_, err = store.UpdateReduction(t.Context(), g.Store, tenants.Org, "r", func(r *store.Reduction) error { r.Removals[0].ObjectID = object; return nil })
	require.NoError(t, err)
	g.Edit(simclient.Edit{Tenant: "c", Action: "user.delete", User: object})
	out, err = a.CheckRestorable(t.Context(), ref)
	require.NoError(t, err)
	require.Equal(t, contract.RemovalsOut{Total: 1}, out)
	out, err = a.CheckReturned(t.Context(), ref)
	require.NoError(t, err)
	require.Equal(t, 1, out.InBin)
	require.NotEqual(t, store.Lost, removal(g).State)
	ref.Final = true
	_, err = a.CheckReturned(t.Context(), ref)
	require.NoError(t, err)
	require.Equal(t, store.Lost, removal(g).State, "the engine and Entra had their time")
}
