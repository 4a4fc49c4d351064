package graphread_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"entente.dev/entente/activities/graphread"
	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/directory"
	"entente.dev/entente/internal/entrasim/faults"
	"entente.dev/entente/internal/entrasim/simclient"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/store"
	"entente.dev/entente/internal/testkit/tenants"
)

type clients struct{ *tenants.Ground }

func (c clients) Reader(id string) (graphread.Graph, error) { return c.Graph(id) }

const twoShares = "  - { from: b, to: a }\n  - { from: b, to: c }\n"

func observe(g *tenants.Ground, a *graphread.Activities, tenant, digest string, deep bool) (contract.ObserveOut, error) {
	return a.ObserveTenant(g.T.Context(), contract.ObserveIn{Org: tenants.Org, Tenant: g.Refs[ident.Tenant(tenant)], TopologyDigest: digest, Deep: deep})
}

// fresh reads everything, as if for the first time.
func fresh(g *tenants.Ground, tenant, digest string) *directory.Snapshot {
	g.T.Helper()
	other := &forgetful{Store: g.Store}
	_, err := observe(g, graphread.New(clients{g}, other, time.Now), tenant, digest, true)
	require.NoError(g.T, err)
	return other.kept
}

// forgetful knows no earlier observation and keeps the new one to itself.
type forgetful struct {
	store.Store
	kept *directory.Snapshot
}

// same insists that what was kept step by step is what a full read sees.
func same(g *tenants.Ground, digest string) {
	g.T.Helper()
	full, kept := fresh(g, "b", digest), newest(g, "b")
	full.TakenAt = kept.TakenAt
	for i := range kept.Groups { // a first read does not name soft-deleted members
		kept.Groups[i].Away = nil
	}
	if diff := cmp.Diff(full, kept); diff != "" {
		g.T.Fatalf("full read (-), deltas applied (+):\n%s", diff)
	}
}

func newest(g *tenants.Ground, tenant string) *directory.Snapshot {
	g.T.Helper()
	s, _, _, err := g.Store.LatestSnapshot(g.T.Context(), tenants.Org, ident.Tenant(tenant))
	require.NoError(g.T, err)
	return s
}

func TestADeltaAppliedIsAFullRead(t *testing.T) {
	t.Parallel()
	g := tenants.New(t)
	digest := g.Topology(twoShares)
	a := graphread.New(clients{g}, g.Store, time.Now)
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		for range rapid.IntRange(0, 4).Draw(rt, "edits") {
			n++
			edit := simclient.Edit{Tenant: "b", User: fmt.Sprintf("p%d@b.example", rapid.IntRange(0, 5).Draw(rt, "who")), Group: "Collaboration"}
			edit.Action = rapid.SampledFrom([]string{"user.create", "user.delete", "user.restore", "user.disable", "user.enable", "group.add", "group.remove", "user.patch"}).Draw(rt, "what")
			if edit.Action == "user.patch" {
				edit.Attributes = map[string]any{"displayName": fmt.Sprint("Person ", n)}
				for _, column := range []string{"department", "jobTitle"} {
					edit.Attributes[column] = rapid.SampledFrom([]any{"Sales", "Legal", nil}).Draw(rt, column)
				}
			}
			_, _ = g.Admin.Edit(t.Context(), edit) // one that is not possible now changes nothing
		}
		if rapid.Bool().Draw(rt, "look") {
			_, err := observe(g, a, "b", digest, false)
			require.NoError(t, err)
			same(g, digest)
		}
	})
}

func TestAnUnchangedTenantCostsSixRequests(t *testing.T) {
	t.Parallel()
	g := tenants.New(t)
	digest := g.Topology(twoShares)
	a := graphread.New(clients{g}, g.Store, time.Now)
	first, err := observe(g, a, "b", digest, false)
	require.NoError(t, err)
	require.True(t, first.Changed)
	requests := g.Requests(func() {
		second, err := observe(g, a, "b", digest, false)
		require.NoError(t, err)
		require.False(t, second.Changed)
		require.Equal(t, first.SnapshotID, second.SnapshotID)
	})
	for _, r := range requests {
		t.Log(r.Method, r.Path)
	}
	require.LessOrEqual(t, len(requests), 6)
}

func TestNestedGroupsAreFollowedByDeltaToo(t *testing.T) {
	t.Parallel()
	g := tenants.New(t)
	digest := g.Topology(twoShares)
	a := graphread.New(clients{g}, g.Store, time.Now)
	g.Edit(simclient.Edit{Tenant: "b", Action: "group.create", Group: "Inner"})
	g.Edit(simclient.Edit{Tenant: "b", Action: "group.add", Group: "Collaboration", User: "Inner"})
	_, err := observe(g, a, "b", digest, false)
	require.NoError(t, err)
	g.Edit(simclient.Edit{Tenant: "b", Action: "group.add", Group: "Inner", User: "bob@b.example"})
	requests := g.Requests(func() {
		_, err := observe(g, a, "b", digest, false)
		require.NoError(t, err)
	})
	require.LessOrEqual(t, len(requests), 7, "the groups known to be inside are followed from where they were")
	same(g, digest)
	g.Edit(simclient.Edit{Tenant: "b", Action: "group.remove", Group: "Collaboration", User: "Inner"})
	_, err = observe(g, a, "b", digest, false)
	require.NoError(t, err)
	same(g, digest)
}

func TestARestoredPersonIsAMemberAgainWhateverWasReadBefore(t *testing.T) {
	t.Parallel()
	g := tenants.New(t)
	digest := g.Topology(twoShares)
	a := graphread.New(clients{g}, g.Store, time.Now)
	id := g.Edit(simclient.Edit{Tenant: "b", Action: "user.delete", User: "bob@b.example"})
	_, err := observe(g, a, "b", digest, false) // the group is first read while Bob is in the recycle bin
	require.NoError(t, err)
	g.Edit(simclient.Edit{Tenant: "b", Action: "user.restore", User: id})
	_, err = observe(g, a, "b", digest, false)
	require.NoError(t, err)
	require.Contains(t, newest(g, "b").Groups[0].Users, id)
	same(g, digest)
}

func TestALostDeltaTokenMeansAFullRead(t *testing.T) {
	t.Parallel()
	g := tenants.New(t)
	digest := g.Topology(twoShares)
	a := graphread.New(clients{g}, g.Store, time.Now)
	_, err := observe(g, a, "b", digest, false)
	require.NoError(t, err)
	g.Edit(simclient.Edit{Tenant: "b", Action: "user.delete", User: "bob@b.example"})
	for _, route := range []string{"/users/delta", "/groups/delta"} {
		g.Fault(faults.Rule{Match: faults.Match{Route: route, Nth: 1}, Effect: faults.Effect{Kind: faults.Status, Status: 410, Code: "syncStateNotFound"}})
	}
	_, err = observe(g, a, "b", digest, false)
	require.NoError(t, err)
	g.Fired()
	same(g, digest)
}

func TestAFailedReadKeepsNothing(t *testing.T) {
	t.Parallel()
	g := tenants.New(t)
	digest := g.Topology(twoShares)
	a := graphread.New(clients{g}, g.Store, time.Now)
	_, err := observe(g, a, "b", digest, false)
	require.NoError(t, err)
	before := newest(g, "b").Digest()
	g.Edit(simclient.Edit{Tenant: "b", Action: "user.delete", User: "bob@b.example"})
	for _, route := range []string{"~/users/delta", "~/groups/delta", "~/directory/deletedItems", "~/partners", "~/servicePrincipals"} {
		g.Fault(faults.Rule{Match: faults.Match{Route: route}, Effect: faults.Effect{Kind: faults.Status, Status: 503}})
		_, err := observe(g, a, "b", digest, false)
		require.Equal(t, problem.Unavailable, problem.KindOf(err), route)
		require.Equal(t, before, newest(g, "b").Digest(), "%s: a partial picture is never kept", route)
		g.Fired()
	}
	_, err = observe(g, a, "b", digest, false)
	require.NoError(t, err)
	same(g, digest) // nothing was lost meanwhile
}

func TestAPureTargetNeedsNoRightToSynchronize(t *testing.T) {
	t.Parallel()
	g := tenants.New(t)
	digest := g.Topology("  - { from: b, to: c }\n")
	a := graphread.New(clients{g}, g.Store, time.Now)
	g.Edit(simclient.Edit{Tenant: "c", Action: "permission.revoke", App: "Entente", Permission: "Synchronization.ReadWrite.All"})
	g.Edit(simclient.Edit{Tenant: "c", Action: "permission.revoke", App: "Entente", Permission: "Application.Read.All"})
	_, err := observe(g, a, "c", digest, true)
	require.NoError(t, err)
	out, err := a.ObserveTenant(t.Context(), contract.ObserveIn{
		Org: tenants.Org, Tenant: g.Refs["c"], TopologyDigest: digest, Shares: []ident.Share{{Source: "c", Target: "a"}},
	})
	t.Log(out, err) // whether the read of applications is refused depends on what else the tenant granted
}

func (f *forgetful) LatestSnapshot(_ context.Context, org string, tenant ident.Tenant) (*directory.Snapshot, store.SnapshotRef, store.Cursor, error) {
	return nil, store.SnapshotRef{}, store.Cursor{}, problem.New(problem.NotFound, "read a snapshot", "none")
}

func (f *forgetful) PutSnapshot(_ context.Context, _ string, s *directory.Snapshot, _ bool, _ store.Cursor) (store.SnapshotRef, error) {
	f.kept = s
	return store.SnapshotRef{Digest: s.Digest()}, nil
}
