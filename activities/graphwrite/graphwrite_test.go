package graphwrite_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"entente.dev/entente/activities/graphwrite"
	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/entrasim/faults"
	"entente.dev/entente/internal/entrasim/simclient"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/plan"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/store"
	"entente.dev/entente/internal/testkit/tenants"
)

type clients struct{ *tenants.Ground }

func (c clients) Writer(id string) (graphwrite.Graph, error) { return c.Graph(id) }

var (
	bc = ident.Share{Source: "b", Target: "c"}
	cb = ident.Share{Source: "c", Target: "b"}
)

func ground(t *testing.T) (*tenants.Ground, *graphwrite.Activities) {
	g := tenants.New(t)
	return g, graphwrite.New(clients{g}, g.Store, time.Now)
}

// side is one direction of a share's partner entry in one tenant.
func side(g *tenants.Ground, s ident.Share, at ident.Tenant) contract.PartnerIn {
	other := s.Source
	if at == s.Source {
		other = s.Target
	}
	return contract.PartnerIn{WriteIn: g.Write(s, at), PartnerTenantID: g.Refs[other].TenantID, Inbound: at == s.Target}
}

func name(g *tenants.Ground) contract.NameIn {
	in := contract.NameIn{WriteIn: g.Write(bc, "b")}
	in.Name, in.Nickname = plan.AppName(in.Org, bc, in.TargetTenantID), plan.GroupNickname(in.Org, bc)
	return in
}

func owned(g *tenants.Ground) map[string]bool {
	list, err := g.Store.Owned(g.T.Context(), tenants.Org)
	require.NoError(g.T, err)
	out := map[string]bool{}
	for _, o := range list {
		out[o.Kind] = true
	}
	return out
}

func TestBothDirectionsOfOneEntryMayBeWrittenAtOnce(t *testing.T) {
	t.Parallel()
	g, a := ground(t)
	var wait sync.WaitGroup
	for range 3 {
		for _, s := range []ident.Share{bc, cb} {
			wait.Go(func() {
				if err := a.EnsurePartner(t.Context(), side(g, s, "c")); err != nil {
					t.Error(err)
				}
			})
		}
	}
	wait.Wait()
	c, err := g.Graph(g.Refs["c"].TenantID)
	require.NoError(t, err)
	p, err := c.Partner(t.Context(), g.Refs["b"].TenantID)
	require.NoError(t, err)
	require.True(t, *p.InboundConsent && *p.OutboundConsent, "neither overwrote the other")
}

func TestInboundSyncIsPutOnceThenPatchedAndRepeatsWriteNothing(t *testing.T) {
	t.Parallel()
	g, a := ground(t)
	in := side(g, bc, "c")
	require.NoError(t, a.EnsurePartner(t.Context(), in))
	require.NoError(t, a.EnsureInboundSync(t.Context(), in))
	for _, r := range g.Requests(func() {
		require.NoError(t, a.EnsurePartner(t.Context(), in))
		require.NoError(t, a.EnsureInboundSync(t.Context(), in))
	}) {
		require.False(t, r.Write, r.Path)
	}
	c, err := g.Graph(g.Refs["c"].TenantID)
	require.NoError(t, err)
	require.NoError(t, c.PatchIdentitySync(t.Context(), in.PartnerTenantID, false))
	require.NoError(t, a.EnsureInboundSync(t.Context(), in))
	p, err := c.Partner(t.Context(), in.PartnerTenantID)
	require.NoError(t, err)
	require.True(t, p.InboundSync)
}

func TestALostAnswerLosesNoOwnership(t *testing.T) {
	t.Parallel()
	g, a := ground(t)
	in := side(g, bc, "c")
	for _, do := range []func(context.Context, contract.PartnerIn) error{a.EnsurePartner, a.EnsureInboundSync} {
		yes := true
		g.Fault(faults.Rule{Match: faults.Match{Write: &yes}, Max: 1, Effect: faults.Effect{Kind: faults.ApplyThenDrop}})
		require.Equal(t, problem.Unavailable, problem.KindOf(do(t.Context(), in)), "Temporal repeats it")
		g.Fired()
		require.NoError(t, do(t.Context(), in))
	}
	require.True(t, owned(g)["partner"] && owned(g)["identitySync"])
	require.NoError(t, a.DeleteInboundSync(t.Context(), in))
	require.NoError(t, a.ReleasePartner(t.Context(), in))
	state, err := g.Admin.State(t.Context(), "c", false)
	require.NoError(t, err)
	require.Empty(t, state.Partners, "what we made we take away")
	require.Empty(t, owned(g))
}

func TestReleaseKeepsWhatOthersUse(t *testing.T) {
	t.Parallel()
	g, a := ground(t)
	require.NoError(t, a.EnsurePartner(t.Context(), side(g, bc, "c")))
	require.NoError(t, a.EnsurePartner(t.Context(), side(g, cb, "c")))
	require.NoError(t, a.ReleasePartner(t.Context(), side(g, bc, "c")))
	c, err := g.Graph(g.Refs["c"].TenantID)
	require.NoError(t, err)
	p, err := c.Partner(t.Context(), g.Refs["b"].TenantID)
	require.NoError(t, err, "the reverse share relies on it")
	require.True(t, *p.OutboundConsent)
	require.False(t, *p.InboundConsent)
	require.NoError(t, a.ReleasePartner(t.Context(), side(g, cb, "c")))
	_, err = c.Partner(t.Context(), g.Refs["b"].TenantID)
	require.Equal(t, problem.NotFound, problem.KindOf(err), "nobody is left")
	require.NoError(t, a.ReleasePartner(t.Context(), side(g, cb, "c")), "and again")
}

func TestACreateWhoseAnswerIsLostIsInDoubtNotRepeated(t *testing.T) {
	t.Parallel()
	g, a := ground(t)
	yes := true
	for what, create := range map[string]func(context.Context, contract.NameIn) (contract.FoundOut, error){"app": a.CreateApplication, "group": a.CreateGroup} {
		g.Fault(faults.Rule{Match: faults.Match{Write: &yes}, Max: 1, Effect: faults.Effect{Kind: faults.ApplyThenDrop}})
		_, err := create(t.Context(), name(g))
		require.Equal(t, problem.Ambiguous, problem.KindOf(err), what)
		g.Fired()
	}
	c, err := g.Graph(g.Refs["b"].TenantID)
	require.NoError(t, err)
	apps, err := c.SyncAppsNamed(t.Context(), name(g).Name)
	require.NoError(t, err)
	require.Len(t, apps, 1, "found again by its marker")
}

// broken is a store that cannot record.
type broken struct{ store.Store }

func (broken) PutOwned(context.Context, string, store.Owned) error {
	return problem.New(problem.Unavailable, "record what was made", "the database is down")
}

func TestACreateThatCouldNotBeRecordedIsInDoubtToo(t *testing.T) {
	t.Parallel()
	g := tenants.New(t)
	a := graphwrite.New(clients{g}, broken{g.Store}, time.Now)
	_, err := a.CreateGroup(t.Context(), name(g))
	require.Equal(t, problem.Ambiguous, problem.KindOf(err), "retried, it would be made twice")
	in := side(g, bc, "c")
	require.Equal(t, problem.Unavailable, problem.KindOf(a.EnsurePartner(t.Context(), in)))
	state, err := g.Admin.State(t.Context(), "c", false)
	require.NoError(t, err)
	require.Empty(t, state.Partners, "nothing is made that could not be taken back")
}

func TestWhatIsNotOursIsNotTouched(t *testing.T) {
	t.Parallel()
	g, a := ground(t)
	theirs := g.Edit(simclient.Edit{Tenant: "b", Action: "group.create", Group: "Theirs"})
	c, err := g.Graph(g.Refs["b"].TenantID)
	require.NoError(t, err)
	app, err := c.InstantiateSyncApp(t.Context(), "Theirs")
	require.NoError(t, err)
	job := contract.JobIn{WriteIn: g.Write(bc, "b"), ServicePrincipalID: app.ServicePrincipalID, JobID: "job"}
	assign := contract.AssignIn{WriteIn: g.Write(bc, "b"), ServicePrincipalID: app.ServicePrincipalID, GroupID: theirs}
	require.NoError(t, g.Store.PutSharePlan(t.Context(), tenants.Org, &plan.SharePlan{Share: bc, Digest: "d", Changes: []plan.Change{{Kind: plan.ScopeAdd, People: []string{"x"}}}}))
	ctx := t.Context()
	for _, r := range g.Requests(func() {
		for what, err := range map[string]error{
			"put secrets": a.PutSecrets(ctx, job), "schema": a.EnsureSchema(ctx, job), "start": a.StartJob(ctx, job), "restart": a.RestartJob(ctx, job),
			"assign": a.AssignGroup(ctx, assign), "delete job": a.DeleteJob(ctx, job), "delete app": a.DeleteApplication(ctx, job), "delete group": a.DeleteGroup(ctx, assign),
			"add": last(a.AddScopeMembers(ctx, contract.ScopeIn{WriteIn: g.Write(bc, "b"), GroupID: theirs, PlanDigest: "d"})),
		} {
			require.Equal(t, problem.Rejected, problem.KindOf(err), what)
		}
	}) {
		require.False(t, r.Write, "%s %s", r.Method, r.Path)
	}
}

func last(_ contract.BatchOut, err error) error { return err }

// people makes n users in b and returns their ids.
func people(g *tenants.Ground, n int) (ids []string) {
	for i := range n {
		ids = append(ids, g.Edit(simclient.Edit{Tenant: "b", Action: "user.create", User: fmt.Sprintf("q%d@b.example", i)}))
	}
	return ids
}

func members(g *tenants.Ground, group string) int {
	state, err := g.Admin.State(g.T.Context(), "b", false)
	require.NoError(g.T, err)
	for _, s := range state.Groups {
		if s.ID == group {
			return len(s.Members)
		}
	}
	return -1
}

func TestMembersComeAndGoEachWithItsOwnOutcome(t *testing.T) {
	t.Parallel()
	g, a := ground(t)
	group, err := a.CreateGroup(t.Context(), name(g))
	require.NoError(t, err)
	ids := people(g, 25)
	g.Edit(simclient.Edit{Tenant: "b", Action: "user.delete", User: ids[3]})
	g.Edit(simclient.Edit{Tenant: "b", Action: "user.purge", User: ids[3]})
	require.NoError(t, g.Store.PutSharePlan(t.Context(), tenants.Org, &plan.SharePlan{Share: bc, Digest: "d", Changes: []plan.Change{{Kind: plan.ScopeAdd, People: ids}}}))
	accepted(t, g, plan.Envelope{})
	in := contract.ScopeIn{WriteIn: g.Write(bc, "b"), GroupID: group.ID, PlanDigest: "d"}
	for range 2 { // the second time everybody is there already
		out, err := a.AddScopeMembers(t.Context(), in)
		require.NoError(t, err)
		require.Equal(t, contract.BatchOut{Done: 24, Failed: 1}, out)
		require.Equal(t, 24, members(g, group.ID))
	}
	var removals []store.Removal
	for _, id := range ids[:5] {
		removals = append(removals, store.Removal{Person: ident.Person{Home: "b", ID: id}, State: store.Announced})
	}
	removals[1].State = store.Returned
	require.NoError(t, g.Store.PutReduction(t.Context(), store.Reduction{ID: "r", Org: tenants.Org, Share: bc, Removals: removals, OpenedAt: time.Now(), Stamp: store.Stamp{Run: 1}}))
	ref := contract.ReductionRef{WriteIn: g.Write(bc, "b"), ID: "r", GroupID: group.ID}
	for range 2 {
		_, err := a.RemoveScopeMembers(t.Context(), ref)
		require.NoError(t, err)
		require.Equal(t, 21, members(g, group.ID), "who came back in time stays")
	}
	r, err := g.Store.Reduction(t.Context(), tenants.Org, "r")
	require.NoError(t, err)
	for i, m := range r.Removals {
		require.Equal(t, i == 1, m.State == store.Returned)
		require.Equal(t, i != 1, m.State == store.Removed)
	}
	r.Status = "proving"
	r.Stamp.Seq++
	require.NoError(t, g.Store.PutReduction(t.Context(), r))
	_, err = a.AddScopeMembers(t.Context(), in)
	require.NoError(t, err)
	r, err = g.Store.Reduction(t.Context(), tenants.Org, "r")
	require.NoError(t, err)
	for i, m := range r.Removals { // the third is gone for good and cannot come back
		require.Equal(t, i != 3, m.State == store.Returned, "back in the scope group, a removal that is not proven yet is over")
	}
	require.NoError(t, a.DeleteGroup(t.Context(), contract.AssignIn{WriteIn: g.Write(bc, "b"), GroupID: group.ID}))
	require.NoError(t, a.DeleteGroup(t.Context(), contract.AssignIn{WriteIn: g.Write(bc, "b"), GroupID: group.ID}), "gone is gone")
}

func TestAProcessUsesNoOtherTenantsCredential(t *testing.T) {
	t.Parallel()
	g, a := ground(t)
	in := side(g, bc, "c")
	in.Tenant.TenantID = "0d000000-0000-4000-8000-00000000000d"
	err := a.EnsurePartner(t.Context(), in)
	require.Equal(t, problem.Invalid, problem.KindOf(err))
	require.False(t, errors.Is(err, context.Canceled))
}
