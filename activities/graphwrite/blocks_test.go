package graphwrite_test

import (
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

// floor is a target with held people, and a stored plan that switches all of their sign-ins.
type floor struct {
	*tenants.Ground
	a  *graphwrite.Activities
	in contract.GuestsIn
}

// hold says how one person of a floor is held.
type hold struct {
	name    string
	kind    string // empty: no hold
	ended   bool
	until   time.Time
	off     bool // the sign-in is off by now
	resides bool // not an external account
}

func holding(t *testing.T, holds ...hold) (floor, []string) {
	t.Helper()
	g, a := ground(t)
	var ids []string
	p := plan.SharePlan{Share: bc, Digest: "d"}
	for _, h := range holds {
		id := ""
		if h.resides {
			id = g.Edit(simclient.Edit{Tenant: "c", Action: "user.create", User: "res-" + h.name + "@c.example"})
		} else {
			id = g.Edit(simclient.Edit{Tenant: "c", Action: "guest.invite", User: h.name + "@elsewhere.example", Name: h.name})
		}
		if h.off {
			g.Edit(simclient.Edit{Tenant: "c", Action: "user.disable", User: id})
		}
		who := ident.Person{Home: "b", ID: "id-" + h.name}
		ids = append(ids, id)
		p.Effects = append(p.Effects, plan.Effect{Share: bc, Person: who, Tenant: "c", ObjectID: id, Action: plan.TurnOff})
		if h.kind == "" {
			continue
		}
		stored := plan.Hold{Person: who, Tenant: "c", Kind: h.kind, Reason: "an audit", By: "carol", At: time.Now(), Until: h.until}
		if h.ended {
			stored.Ended = time.Now()
		}
		require.NoError(t, g.Store.PutHold(t.Context(), tenants.Org, stored))
	}
	for _, k := range []plan.Kind{plan.Block, plan.Unblock} {
		p.Changes = append(p.Changes, plan.Change{Kind: k, Share: bc, Tenant: "c", People: ids})
	}
	require.NoError(t, g.Store.PutSharePlan(t.Context(), tenants.Org, &p))
	return floor{Ground: g, a: a, in: contract.GuestsIn{WriteIn: g.Write(bc, "c"), PlanDigest: "d"}}, ids
}

// enabled tells whose sign-in is on.
func (f floor) enabled(ids []string) (out []bool) {
	c, err := f.Graph(f.Refs["c"].TenantID)
	require.NoError(f.T, err)
	for _, id := range ids {
		u, err := c.User(f.T.Context(), id)
		require.NoError(f.T, err)
		out = append(out, u.Enabled)
	}
	return out
}

func (f floor) holds() []plan.Hold {
	list, err := f.Store.Holds(f.T.Context(), tenants.Org)
	require.NoError(f.T, err)
	return list
}

func TestOnlyABlockInForceTurnsASignInOff(t *testing.T) {
	t.Parallel()
	past := time.Now().Add(-time.Hour)
	f, ids := holding(t,
		hold{name: "bob", kind: plan.HoldBlocked}, hold{name: "none"}, hold{name: "out", kind: plan.HoldKeepOut},
		hold{name: "released", kind: plan.HoldBlocked, ended: true}, hold{name: "over", kind: plan.HoldBlocked, until: past},
		hold{name: "off", kind: plan.HoldBlocked, off: true},
	)
	for attempt := range int32(2) { // the second time nothing is left to write
		f.a.At("w/1", attempt+1)
		var writes int
		for _, r := range f.Requests(func() {
			out, err := f.a.BlockPlanned(t.Context(), f.in)
			require.NoError(t, err)
			require.Equal(t, contract.BatchOut{Done: 1 - int(attempt)}, out)
		}) {
			if r.Write {
				writes++
			}
		}
		require.Equal(t, 1-int(attempt), writes)
	}
	require.Equal(t, []bool{false, true, true, true, true, false}, f.enabled(ids))
	var first store.Entry
	for _, e := range entries(f.Ground) {
		if e.Object == ids[0] {
			first = e
		}
	}
	require.Equal(t, "block-person", first.Verb)
	require.NotEmpty(t, first.Data["before"])
	require.NotEqual(t, first.Data["before"], first.Data["after"])
	require.Subset(t, first.Subjects(), store.PersonAnd(ident.Person{Home: "b", ID: "id-bob"}, "c", ids[0]))
	require.Len(t, f.holds(), 5)
}

func TestASignInComesBackWhenItsBlockIsOverAndTheHoldIsForgotten(t *testing.T) {
	t.Parallel()
	past := time.Now().Add(-time.Hour)
	f, ids := holding(t,
		hold{name: "released", kind: plan.HoldBlocked, ended: true, off: true}, hold{name: "over", kind: plan.HoldBlocked, until: past, off: true},
		hold{name: "bob", kind: plan.HoldBlocked, off: true}, hold{name: "byhand", off: true}, hold{name: "on", kind: plan.HoldBlocked, ended: true},
	)
	for range 2 {
		_, err := f.a.UnblockPlanned(t.Context(), f.in)
		require.NoError(t, err)
	}
	require.Equal(t, []bool{true, true, false, false, true}, f.enabled(ids), "whom an admin turned off by hand stays off")
	require.Len(t, f.holds(), 1)
	require.Equal(t, "id-bob", f.holds()[0].Person.ID)
	var verbs []string
	for _, e := range entries(f.Ground) {
		verbs = append(verbs, e.Verb)
	}
	require.Equal(t, []string{"unblock-person", "unblock-person"}, verbs)
}

func TestAPersonWhoLivesThereIsNeverBlocked(t *testing.T) {
	t.Parallel()
	f, ids := holding(t, hold{name: "charlotte", kind: plan.HoldBlocked, resides: true}, hold{name: "bob", kind: plan.HoldBlocked})
	out, err := f.a.BlockPlanned(t.Context(), f.in)
	require.NoError(t, err)
	require.Equal(t, contract.BatchOut{Done: 1, Failed: 1}, out, "one that is refused holds up nobody")
	require.Equal(t, []bool{true, false}, f.enabled(ids))
}

func TestABlockWhoseAnswerIsLostIsOneWriteAndOneEntry(t *testing.T) {
	t.Parallel()
	f, ids := holding(t, hold{name: "bob", kind: plan.HoldBlocked})
	yes := true
	f.Fault(faults.Rule{Match: faults.Match{Write: &yes}, Max: 1, Effect: faults.Effect{Kind: faults.ApplyThenDrop}})
	f.a.At("w/1", 1)
	_, err := f.a.BlockPlanned(t.Context(), f.in)
	require.Equal(t, problem.Unavailable, problem.KindOf(err), "Temporal repeats it")
	f.Fired()
	f.a.At("w/1", 2)
	_, err = f.a.BlockPlanned(t.Context(), f.in)
	require.NoError(t, err)
	require.Equal(t, []bool{false}, f.enabled(ids))
	require.Len(t, entries(f.Ground), 1)
}

func TestAnAccountThatIsGoneNeedsNoUnblocking(t *testing.T) {
	t.Parallel()
	f, ids := holding(t, hold{name: "bob", kind: plan.HoldBlocked, ended: true, off: true})
	f.Edit(simclient.Edit{Tenant: "c", Action: "user.delete", User: ids[0]})
	out, err := f.a.UnblockPlanned(t.Context(), f.in)
	require.NoError(t, err)
	require.Zero(t, out)
	require.Empty(t, f.holds())
}

func TestAMissingPermissionToBlockIsNamed(t *testing.T) {
	t.Parallel()
	f, ids := holding(t, hold{name: "bob", kind: plan.HoldBlocked})
	f.Fault(faults.Rule{Match: faults.Match{Method: "PATCH"}, Max: 1, Effect: faults.Effect{Kind: faults.Status, Status: 403, Code: "Authorization_RequestDenied"}})
	_, err := f.a.BlockPlanned(t.Context(), f.in)
	p := problem.Of(err)
	require.Equal(t, problem.Forbidden, p.Kind)
	require.Contains(t, p.Remedy, "User.ReadWrite.All")
	require.Equal(t, []bool{true}, f.enabled(ids))
}
