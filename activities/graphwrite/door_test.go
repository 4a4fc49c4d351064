package graphwrite_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/plan"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/store"
	"entente.dev/entente/internal/testkit/tenants"
)

// accepted is C's yes to the share, as it stands now.
func accepted(t *testing.T, g *tenants.Ground, e plan.Envelope) {
	t.Helper()
	e.Share = bc
	require.NoError(t, g.Store.PutEnvelope(t.Context(), tenants.Org, e))
}

// A write may be tried again long after it was planned: what the target has said meanwhile counts.
func TestNobodyIsAddedWhomTheTargetKeepsOutByNow(t *testing.T) {
	t.Parallel()
	g, a := ground(t)
	group, err := a.CreateGroup(t.Context(), name(g))
	require.NoError(t, err)
	ids := people(g, 3)
	require.NoError(t, g.Store.PutSharePlan(t.Context(), tenants.Org, &plan.SharePlan{Share: bc, Digest: "d", Changes: []plan.Change{{Kind: plan.ScopeAdd, People: ids}}}))
	in := contract.ScopeIn{WriteIn: g.Write(bc, "b"), GroupID: group.ID, PlanDigest: "d"}

	for name, e := range map[string]*plan.Envelope{
		"nothing is accepted": nil, "taken back": {Revoked: &plan.Revocation{By: "charlie", At: time.Now()}}, "expired": {ExpiresAt: time.Now().Add(-time.Minute)},
	} {
		if e != nil {
			accepted(t, g, *e)
		}
		_, err := a.AddScopeMembers(t.Context(), in)
		require.Equal(t, problem.Stale, problem.KindOf(err), name)
		require.Zero(t, members(g, group.ID), name)
	}

	one, two := ident.Person{Home: "b", ID: ids[0]}, ident.Person{Home: "b", ID: ids[1]}
	accepted(t, g, plan.Envelope{Exclusions: []plan.Exclusion{{Person: one}}})
	require.NoError(t, g.Store.PutHold(t.Context(), tenants.Org, plan.Hold{Person: two, Tenant: "c", Kind: plan.HoldKeepOut, Reason: "no"}))
	out, err := a.AddScopeMembers(t.Context(), in)
	require.NoError(t, err)
	require.Equal(t, 1, out.Done)
	require.Equal(t, 1, members(g, group.ID))
}

// A restore is no way around the target.
func TestARestoreLeavesThoseOutWhomTheTargetKeepsOut(t *testing.T) {
	t.Parallel()
	g, a := ground(t)
	group, err := a.CreateGroup(t.Context(), name(g))
	require.NoError(t, err)
	ids := people(g, 2)
	held := ident.Person{Home: "b", ID: ids[0]}
	require.NoError(t, g.Store.PutReduction(t.Context(), store.Reduction{ID: "r", Org: tenants.Org, Share: bc, OpenedAt: time.Now(), Stamp: store.Stamp{Run: 1}, Removals: []store.Removal{
		{Person: held, State: store.Proven}, {Person: ident.Person{Home: "b", ID: ids[1]}, State: store.Proven},
	}}))
	ref := contract.ReductionRef{WriteIn: g.Write(bc, "b"), ID: "r"}
	accepted(t, g, plan.Envelope{Revoked: &plan.Revocation{By: "charlie", At: time.Now()}})
	_, err = a.ReturnScopeMembers(t.Context(), ref)
	require.Equal(t, problem.Stale, problem.KindOf(err))
	require.Zero(t, members(g, group.ID))

	accepted(t, g, plan.Envelope{})
	require.NoError(t, g.Store.PutHold(t.Context(), tenants.Org, plan.Hold{Person: held, Tenant: "c", Kind: plan.HoldKeepOut, Reason: "no"}))
	_, err = a.ReturnScopeMembers(t.Context(), ref)
	require.NoError(t, err)
	require.Equal(t, 1, members(g, group.ID))
	r, err := g.Store.Reduction(t.Context(), tenants.Org, "r")
	require.NoError(t, err)
	require.Equal(t, store.Lost, r.Removals[0].State)
	require.Equal(t, "the target keeps this person out", r.Removals[0].Missing)
}
