package graphread_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"entente.dev/entente/activities/graphread"
	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/entrasim/faults"
	"entente.dev/entente/internal/entrasim/simclient"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/plan"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/prospect"
	"entente.dev/entente/internal/store"
	"entente.dev/entente/internal/testkit/tenants"
)

const guestsLimited = "10dae51f-b6af-4016-8d66-8c2a99b929b3"

// asking is a request of b to c: an effect for each name, with a mail address at home where one is given.
func asking(g *tenants.Ground, mail map[string]string, effects map[string]plan.EffectAction) contract.CheckAddressesIn {
	g.T.Helper()
	p := &plan.SharePlan{Share: bc, Digest: ident.Digest(effects)}
	addresses := map[ident.Person]string{}
	for name, action := range effects {
		who := ident.Person{Home: "b", ID: name}
		p.Effects = append(p.Effects, plan.Effect{Share: bc, Person: who, UPN: name + "@b.example", Name: name, Tenant: "c", Action: action})
		if mail[name] != "" {
			addresses[who] = mail[name]
		}
	}
	require.NoError(g.T, g.Store.PutRequestPeople(g.T.Context(), tenants.Org, "q", p, addresses))
	return contract.CheckAddressesIn{Org: tenants.Org, RequestID: "q", Share: bc, Tenant: g.Refs["c"], PlanDigest: p.Digest}
}

func contact(g *tenants.Ground, mail string, more ...string) {
	g.T.Helper()
	proxies := []string{"SMTP:" + mail, "X500:/o=" + mail}
	for _, address := range more {
		proxies = append(proxies, "smtp:"+address)
	}
	g.Edit(simclient.Edit{Tenant: "c", Action: "contact.create", User: mail, Attributes: map[string]any{"proxyAddresses": proxies}})
}

func mailGroup(g *tenants.Ground, name, mail string) {
	g.T.Helper()
	g.Edit(simclient.Edit{Tenant: "c", Action: "group.create", Group: name, Attributes: map[string]any{"mail": mail, "mailEnabled": true, "groupTypes": []string{"Unified"},
		"proxyAddresses": []string{"SMTP:" + mail}}})
}

func looked(g *tenants.Ground) prospect.Evidence {
	g.T.Helper()
	e, err := g.Store.Evidence(g.T.Context(), tenants.Org, "q")
	require.NoError(g.T, err)
	return e
}

// people are whom each kind of collision is about.
func people(e prospect.Evidence) map[prospect.Kind][]string {
	out := map[prospect.Kind][]string{}
	for _, c := range e.Collisions {
		for _, p := range c.People {
			out[c.Kind] = append(out[c.Kind], p.ID)
		}
	}
	return out
}

func TestATargetLearnsWhoseAddressesItUsesAlready(t *testing.T) {
	t.Parallel()
	g := tenants.New(t)
	a := graphread.New(clients{g}, g.Store, time.Now)
	in := asking(g, map[string]string{"barbara": "Barbara.Blom@b.example"}, map[string]plan.EffectAction{
		"bob": plan.Adopt, "barbara": plan.Wait, "dora": plan.Create, "erik": plan.Create,
		"inside": plan.Skip, "stays": plan.KeepOne, "leaves": plan.Remove, "out": plan.HeldOut,
	})
	contact(g, "sales@partner.example", "BOB@b.example") // one of the people has it as a second address
	contact(g, "barbara.blom@b.example", "barbara@b.example")
	for _, name := range []string{"inside", "stays", "leaves", "out"} {
		contact(g, name+"@b.example")
	}
	mailGroup(g, "Doras", "dora@b.example")
	mailGroup(g, "Barbaras", "barbara@b.example")
	g.Edit(simclient.Edit{Tenant: "c", Action: "user.create", User: "erik@c.example", Attributes: map[string]any{"mail": "erik@b.example"}}) // the plan tells of it
	requests := g.Requests(func() { require.NoError(t, a.CheckAddresses(t.Context(), in)) })
	require.Len(t, requests, 3, "contacts, groups, policy")
	e := looked(g)
	require.Equal(t, map[prospect.Kind][]string{prospect.Contact: {"barbara", "bob"}, prospect.Group: {"barbara", "dora"}}, people(e))
	require.Equal(t, []string{guestsLimited, "everyone", in.PlanDigest}, []string{e.GuestRole, e.Invites, e.Plan})
	require.Empty(t, e.Unread)
	require.WithinDuration(t, time.Now(), e.At, time.Minute)
	raw, err := json.Marshal(e)
	require.NoError(t, err)
	require.NotContains(t, string(raw), "@")

	g.Edit(simclient.Edit{Tenant: "c", Action: "contact.delete", User: "barbara.blom@b.example"})
	require.NoError(t, a.CheckAddresses(t.Context(), in))
	require.Equal(t, map[prospect.Kind][]string{prospect.Contact: {"bob"}, prospect.Group: {"barbara", "dora"}}, people(looked(g)), "a repeat replaces what was found")
}

func TestAMissingPermissionIsPartOfTheEvidence(t *testing.T) {
	t.Parallel()
	g := tenants.New(t)
	a := graphread.New(clients{g}, g.Store, time.Now)
	in := asking(g, nil, map[string]plan.EffectAction{"bob": plan.Create})
	contact(g, "bob@b.example")
	mailGroup(g, "Bobs", "bob@b.example")
	for _, permission := range []string{"OrgContact.Read.All", "Policy.Read.All", "Policy.ReadWrite.Authorization"} {
		g.Edit(simclient.Edit{Tenant: "c", Action: "permission.revoke", App: "Entente", Permission: permission})
	}
	require.NoError(t, a.CheckAddresses(t.Context(), in))
	e := looked(g)
	require.Equal(t, []prospect.Unread{{What: "contacts", Permission: "OrgContact.Read.All"}, {What: "authorizationPolicy", Permission: "Policy.Read.All"}}, e.Unread)
	require.Equal(t, map[prospect.Kind][]string{prospect.Group: {"bob"}}, people(e))
}

func TestNobodyWhoComesCostsOneRequest(t *testing.T) {
	t.Parallel()
	g := tenants.New(t)
	a := graphread.New(clients{g}, g.Store, time.Now)
	in := asking(g, nil, map[string]plan.EffectAction{"bob": plan.KeepOne})
	requests := g.Requests(func() { require.NoError(t, a.CheckAddresses(t.Context(), in)) })
	require.Len(t, requests, 1)
	require.Equal(t, guestsLimited, looked(g).GuestRole)
}

// TestWhatARepeatMayMendIsNotEvidence: throttling and outages are tried again; a refusal is told, beside what was seen
// before it came.
func TestWhatARepeatMayMendIsNotEvidence(t *testing.T) {
	t.Parallel()
	g := tenants.New(t)
	a := graphread.New(clients{g}, g.Store, time.Now)
	in := asking(g, nil, map[string]plan.EffectAction{"bob": plan.Create, "p0000": plan.Create, "p1000": plan.Create})
	for i := range 1001 { // two pages
		contact(g, fmt.Sprintf("p%04d@b.example", i))
	}
	for status, kind := range map[int]problem.Kind{429: problem.Throttled, 503: problem.Unavailable} {
		for _, route := range []string{"/contacts", "/groups", "/policies/authorizationPolicy"} {
			g.Fault(faults.Rule{Match: faults.Match{Route: route, Tenant: "c"}, Effect: faults.Effect{Kind: "status", Status: status}, Max: 1})
			require.Equal(t, kind, problem.KindOf(a.CheckAddresses(t.Context(), in)), "%s %d", route, status)
			g.Fired()
			_, err := g.Store.Evidence(t.Context(), tenants.Org, "q")
			require.Equal(t, problem.NotFound, problem.KindOf(err))
		}
	}
	g.Fault(faults.Rule{Match: faults.Match{Route: "/contacts", Tenant: "c", Nth: 2}, Effect: faults.Effect{Kind: "status", Status: 400}, Max: 1})
	require.NoError(t, a.CheckAddresses(t.Context(), in))
	g.Fired()
	e := looked(g)
	require.Equal(t, []prospect.Unread{{What: "contacts", Kind: "Rejected"}}, e.Unread)
	require.Len(t, people(e)[prospect.Contact], 1, "what the first page showed")

	require.NoError(t, a.CheckAddresses(t.Context(), in))
	require.Len(t, people(looked(g))[prospect.Contact], 2)
	require.Empty(t, looked(g).Unread)
}

// moving is a store whose list becomes another one after its first part was read.
type moving struct {
	store.Store
	then func()
}

func (m *moving) Askers(ctx context.Context, org, request, digest string, after int) (store.AskersPage, error) {
	page, err := m.Store.Askers(ctx, org, request, digest, after)
	if m.then != nil {
		m.then()
		m.then = nil
	}
	return page, err
}

func crowd(n int) map[string]plan.EffectAction {
	out := make(map[string]plan.EffectAction, n)
	for i := range n {
		out[fmt.Sprintf("p%06d", i)] = plan.Create
	}
	return out
}

func TestAListThatChangesMeanwhileIsReadAgain(t *testing.T) {
	t.Parallel()
	g := tenants.New(t)
	in := asking(g, nil, crowd(20_050))
	contact(g, "bob@b.example")
	a := graphread.New(clients{g}, &moving{g.Store, func() { asking(g, nil, map[string]plan.EffectAction{"bob": plan.Create}) }}, time.Now)
	require.Equal(t, problem.Unavailable, problem.KindOf(a.CheckAddresses(t.Context(), in)))
	require.NoError(t, a.CheckAddresses(t.Context(), in))
	require.Equal(t, map[prospect.Kind][]string{prospect.Contact: {"bob"}}, people(looked(g)))
	require.NotEqual(t, in.PlanDigest, looked(g).Plan, "the evidence says which people it is about")
}

// TestAHundredThousandPeopleCostAsManyRequestsAsOne: what is read is the target's objects, once.
func TestAHundredThousandPeopleCostAsManyRequestsAsOne(t *testing.T) {
	t.Parallel()
	g := tenants.New(t)
	const many = 100_000
	in := asking(g, nil, crowd(many))
	for i := range 1001 {
		contact(g, fmt.Sprintf("p%06d@b.example", i*90))
	}
	a := graphread.New(clients{g}, g.Store, time.Now)
	begun := time.Now()
	requests := g.Requests(func() { require.NoError(t, a.CheckAddresses(t.Context(), in)) })
	took := time.Since(begun)
	t.Logf("%d people, %d requests, %s", many, len(requests), took)
	require.Len(t, requests, 4, "two pages of contacts, groups, policy")
	require.Less(t, took, 20*time.Second)
	e := looked(g)
	require.Equal(t, 1001, e.Collisions[0].Count)
	require.Len(t, e.Collisions[0].People, prospect.Most)
}
