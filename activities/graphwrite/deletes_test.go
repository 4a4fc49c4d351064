package graphwrite_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"entente.dev/entente/activities/graphwrite"
	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/entrasim/faults"
	"entente.dev/entente/internal/entrasim/simclient"
	"entente.dev/entente/internal/graph"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/plan"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/store"
	"entente.dev/entente/internal/testkit/tenants"
)

var gone = ident.Person{Home: "b", ID: "p"}

// abandoned is a reduction of one person whose account in c the engine leaves. invited makes it a B2B one.
func abandoned(t *testing.T, invited bool, change func(*store.Removal)) (*tenants.Ground, *graphwrite.Activities, contract.ReductionRef, string) {
	g, a := ground(t)
	object := ""
	if invited {
		object = g.Edit(simclient.Edit{Tenant: "c", Action: "guest.invite", User: "left@b.example"})
	} else {
		object = g.Edit(simclient.Edit{Tenant: "c", Action: "user.create", User: "left@c.example"})
	}
	g.Edit(simclient.Edit{Tenant: "c", Action: "user.disable", User: object})
	m := store.Removal{Person: gone, ObjectID: object, State: store.Removed, Abandoned: store.DisabledFirst, Brought: "created/row"}
	if change != nil {
		change(&m)
	}
	require.NoError(t, g.Store.PutReduction(t.Context(), store.Reduction{
		ID: "r", Org: tenants.Org, Share: bc, Status: "proving", Stamp: store.Stamp{Run: 1}, Removals: []store.Removal{m},
	}))
	return g, a, contract.ReductionRef{WriteIn: g.Write(bc, "c"), ID: "r"}, object
}

func left(g *tenants.Ground) store.Removal {
	r, err := g.Store.Reduction(g.T.Context(), tenants.Org, "r")
	require.NoError(g.T, err)
	return r.Removals[0]
}

func TestAnAbandonedAccountOfOursIsSoftDeletedOnce(t *testing.T) {
	t.Parallel()
	g, a, ref, object := abandoned(t, true, nil)
	out, err := a.DeleteBrought(t.Context(), ref)
	require.NoError(t, err)
	require.Equal(t, contract.BatchOut{Done: 1}, out)
	c, err := g.Graph(ref.Tenant.TenantID)
	require.NoError(t, err)
	_, err = c.DeletedUser(t.Context(), object)
	require.NoError(t, err, "restorable for 30 days")
	require.Equal(t, "delete-brought/r/"+object, left(g).Deleted)
	e, err := g.Store.LedgerEntry(t.Context(), tenants.Org, left(g).Deleted)
	require.NoError(t, err)
	require.Equal(t, "delete-brought", e.Verb)
	require.NotEmpty(t, e.Data["before"])
	require.NotEmpty(t, e.Data["requestId"])
	require.Contains(t, e.People, "c/"+object)
	for _, r := range g.Requests(func() {
		out, err = a.DeleteBrought(t.Context(), ref)
		require.NoError(t, err)
	}) {
		require.False(t, r.Write, r.Path)
	}
	require.Zero(t, out.Done)
}

// TestADeleteWhoseAnswerWasLostIsStillOurs: the repeat finds it in the bin and makes up for the entry.
func TestADeleteWhoseAnswerWasLostIsStillOurs(t *testing.T) {
	t.Parallel()
	g, a, ref, object := abandoned(t, true, nil)
	yes := true
	g.Fault(faults.Rule{Match: faults.Match{Write: &yes}, Max: 1, Effect: faults.Effect{Kind: faults.ApplyThenDrop}})
	_, err := a.DeleteBrought(t.Context(), ref)
	require.Equal(t, problem.Unavailable, problem.KindOf(err))
	g.Fired()
	a.At("activity", 2)
	out, err := a.DeleteBrought(t.Context(), ref)
	require.NoError(t, err)
	require.Equal(t, 1, out.Done)
	e, err := g.Store.LedgerEntry(t.Context(), tenants.Org, "delete-brought/r/"+object)
	require.NoError(t, err)
	require.NotEmpty(t, e.Data["note"])
}

// TestNothingElseIsEverDeleted: each guard by itself keeps the account.
func TestNothingElseIsEverDeleted(t *testing.T) {
	t.Parallel()
	none := func(*store.Removal) {}
	for name, c := range map[string]struct {
		internal bool
		change   func(*store.Removal)
		before   func(*tenants.Ground, string)
		kept     string
	}{
		"of somebody who lives there": {internal: true, change: none, kept: "lives elsewhere"},
		"not proven to be ours":       {change: func(m *store.Removal) { m.Brought = "" }},
		"the engine may still act":    {change: func(m *store.Removal) { m.Abandoned = "" }},
		"back":                        {change: func(m *store.Removal) { m.State = store.Returned }},
		"kept by the core":            {change: func(m *store.Removal) { m.Kept = "protected" }, kept: "protected"},
		"its sign-in is on": {change: none, kept: "sign-in is on", before: func(g *tenants.Ground, object string) {
			g.Edit(simclient.Edit{Tenant: "c", Action: "user.enable", User: object})
		}},
		"held": {change: none, kept: "a hold of the target", before: func(g *tenants.Ground, _ string) {
			require.NoError(g.T, g.Store.PutHold(g.T.Context(), tenants.Org, plan.Hold{Person: gone, Tenant: "c", Kind: plan.HoldBlocked, By: "carol", At: time.Now()}))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g, a, ref, object := abandoned(t, !c.internal, c.change)
			if c.before != nil {
				c.before(g, object)
			}
			for _, r := range g.Requests(func() {
				out, err := a.DeleteBrought(t.Context(), ref)
				require.NoError(t, err)
				require.Zero(t, out.Done)
			}) {
				require.False(t, r.Write, r.Path)
			}
			require.Contains(t, left(g).Kept, c.kept)
			require.Empty(t, left(g).Deleted)
		})
	}
}

func TestAReductionOfAnotherShareDeletesNobody(t *testing.T) {
	t.Parallel()
	_, a, ref, _ := abandoned(t, true, nil)
	ref.Share.Source = "a"
	_, err := a.DeleteBrought(t.Context(), ref)
	require.Equal(t, problem.Rejected, problem.KindOf(err))
}

// held puts a job into quarantine, with a log; everything else is the tenant.
type held struct {
	*tenants.Ground
	rows     *[]graph.ProvisioningRow
	reason   *string
	restarts *[]string
}

func (h held) Writer(id string) (graphwrite.Graph, error) {
	c, err := h.Graph(id)
	return heldJob{c, h}, err
}

type heldJob struct {
	graphwrite.Graph
	job held
}

func (h heldJob) JobStatus(context.Context, string, string) (graph.JobStatus, error) {
	s := graph.JobStatus{}
	s.QuarantineReason = *h.job.reason
	return s, nil
}

func (h heldJob) ProvisioningLog(context.Context, graph.ProvisioningQuery) ([]graph.ProvisioningRow, error) {
	return *h.job.rows, nil
}

func (h heldJob) RestartJob(_ context.Context, _, _, scope string) error {
	*h.job.restarts = append(*h.job.restarts, scope)
	return nil
}

// TestOnlyTheDeletionsThatWereLookedAtAndApprovedAreReleased: read again at the moment of the release.
func TestOnlyTheDeletionsThatWereLookedAtAndApprovedAreReleased(t *testing.T) {
	t.Parallel()
	g, plain := ground(t)
	app, err := plain.CreateApplication(t.Context(), name(g))
	require.NoError(t, err)
	rows, reason, restarts := &[]graph.ProvisioningRow{}, graph.TooManyDeletes, &[]string{}
	a := graphwrite.New(held{g, rows, &reason, restarts}, g.Store, time.Now)
	require.NoError(t, g.Store.PutReduction(t.Context(), store.Reduction{
		ID: "r", Org: tenants.Org, Share: bc, Status: "proving", Stamp: store.Stamp{Run: 1},
		Removals: []store.Removal{{Person: gone, ObjectID: "o", State: store.Removed}},
	}))
	in := contract.ReleaseIn{Digest: ident.Digest([]string{"p"})}
	in.ReductionRef = contract.ReductionRef{WriteIn: g.Write(bc, "b"), ID: "r", JobID: "job"}
	in.ServicePrincipalID = app.ID
	staged := func(people ...string) {
		*rows = nil
		for _, p := range people {
			*rows = append(*rows, graph.ProvisioningRow{ID: p, Action: "stageddelete", CycleID: "1", SourceID: p})
		}
	}
	staged()
	require.Equal(t, problem.Stale, problem.KindOf(a.ReleaseDeletes(t.Context(), in)))
	staged("p", "q")
	require.Equal(t, problem.Stale, problem.KindOf(a.ReleaseDeletes(t.Context(), in)), "another one since")
	in.Digest = ident.Digest([]string{"p", "q"})
	require.Equal(t, problem.GuardTripped, problem.KindOf(a.ReleaseDeletes(t.Context(), in)), "q left through no reduction")
	in.Digest = ident.Digest([]string{"p"})
	staged("p")
	require.Empty(t, *restarts)
	require.NoError(t, a.ReleaseDeletes(t.Context(), in))
	require.Equal(t, []string{graph.ResetForceDeletes}, *restarts)
	entries, err := g.Store.LedgerEntries(t.Context(), tenants.Org, 0, 100)
	require.NoError(t, err)
	last := entries[len(entries)-1]
	require.Equal(t, "release-staged-deletes", last.Verb)
	require.Equal(t, in.Digest, last.Data["after"])
	other := in
	other.Run = "run/2"
	require.NoError(t, a.ReleaseDeletes(t.Context(), other), "another reduction saw the same stop")
	require.Len(t, *restarts, 1, "a second release would take the guard off another cycle")
	reason = ""
	require.NoError(t, a.ReleaseDeletes(t.Context(), in), "nothing is held back any more")
	require.Len(t, *restarts, 1)
}
