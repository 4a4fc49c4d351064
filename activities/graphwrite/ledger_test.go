package graphwrite_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"entente.dev/entente/activities/graphwrite"
	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/entrasim/faults"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/store"
	"entente.dev/entente/internal/testkit/tenants"
)

// forgetful is a store whose ledger is down for as many appends.
type forgetful struct {
	store.Store
	down int
}

func (f *forgetful) Append(ctx context.Context, e store.Entry) (store.Entry, error) {
	if f.down > 0 {
		f.down--
		return store.Entry{}, problem.New(problem.Unavailable, "append to the ledger", "the database is down")
	}
	return f.Store.Append(ctx, e)
}

func entries(g *tenants.Ground) []store.Entry {
	list, err := g.Store.LedgerEntries(g.T.Context(), tenants.Org, 0, 0)
	require.NoError(g.T, err)
	return list
}

func TestAWriteIsOneEntryHoweverOftenItIsRepeated(t *testing.T) {
	t.Parallel()
	g, a := ground(t)
	in := side(g, bc, "c")
	for attempt := range int32(3) {
		a.At("w/1", attempt+1)
		require.NoError(t, a.EnsurePartner(t.Context(), in))
		a.At("w/2", attempt+1)
		require.NoError(t, a.EnsureInboundSync(t.Context(), in))
	}
	list := entries(g)
	require.Len(t, list, 2)
	for _, e := range list {
		require.NotEmpty(t, e.Data["after"], e.Verb)
		require.NotEmpty(t, e.Data["requestId"], e.Verb)
		require.Empty(t, e.Data["before"], "%s: it was not there", e.Verb)
	}
	require.NotEqual(t, list[0].Data["requestId"], list[1].Data["requestId"])
	a.At("w/3", 1)
	require.NoError(t, a.DeleteInboundSync(t.Context(), in))
	require.NoError(t, a.DeleteInboundSync(t.Context(), in))
	a.At("w/4", 1)
	require.NoError(t, a.EnsureInboundSync(t.Context(), in))
	list = entries(g)
	require.Len(t, list, 4, "the same write again, by another activity, is another entry")
	require.NotEmpty(t, list[2].Data["before"])
	require.Empty(t, list[2].Data["after"])
}

func TestAnEntryThatWasLostIsMadeUpFor(t *testing.T) {
	t.Parallel()
	g := tenants.New(t)
	f := &forgetful{Store: g.Store, down: 1}
	a := graphwrite.New(clients{g}, f, time.Now)
	in := side(g, bc, "c")
	a.At("w/1", 1)
	require.Equal(t, problem.Unavailable, problem.KindOf(a.EnsurePartner(t.Context(), in)))
	require.Empty(t, entries(g))
	for attempt := range int32(3) {
		a.At("w/1", attempt+2)
		require.NoError(t, a.EnsurePartner(t.Context(), in))
	}
	list := entries(g)
	require.Len(t, list, 1)
	require.NotEmpty(t, list[0].Data["note"])
	a.At("w/9", 1)
	require.NoError(t, a.EnsurePartner(t.Context(), in))
	require.Len(t, entries(g), 1, "what was as wanted is no write")
}

func TestALostCreateIsClaimed(t *testing.T) {
	t.Parallel()
	g, a := ground(t)
	yes := true
	g.Fault(faults.Rule{Match: faults.Match{Write: &yes}, Max: 1, Effect: faults.Effect{Kind: faults.ApplyThenDrop}})
	_, err := a.CreateApplication(t.Context(), name(g))
	require.Equal(t, problem.Ambiguous, problem.KindOf(err))
	g.Fired()
	require.Empty(t, entries(g))
	c, err := g.Graph(g.Refs["b"].TenantID)
	require.NoError(t, err)
	apps, err := c.SyncAppsNamed(t.Context(), name(g).Name)
	require.NoError(t, err)
	in := contract.JobIn{WriteIn: g.Write(bc, "b"), ServicePrincipalID: apps[0].ServicePrincipalID}
	for attempt := range int32(2) {
		a.At("w/1", attempt+1)
		require.NoError(t, a.PutSecrets(t.Context(), in))
	}
	var verbs []string
	for _, e := range entries(g) {
		verbs = append(verbs, e.Verb)
	}
	require.Equal(t, []string{"claim-application", "put-settings"}, verbs)
	require.True(t, owned(g)["application"])
}
