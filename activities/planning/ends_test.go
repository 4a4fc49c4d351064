package planning

import (
	"path/filepath"
	"testing"
	"time"

	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/directory"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/plan"
	"entente.dev/entente/internal/store"
	"entente.dev/entente/internal/store/sqlite"
)

var (
	noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)
	bc   = ident.Share{Source: "b", Target: "c"}
	bob  = ident.Person{Home: "b", ID: "bob"}
)

func open(t *testing.T) store.Store {
	t.Helper()
	db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "entente.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func planned(t *testing.T, db store.Store) contract.SharePlanRef {
	t.Helper()
	return plannedBy(t, db, contract.PlanShareIn{TopologyDigest: "d"})
}

func plannedBy(t *testing.T, db store.Store, in contract.PlanShareIn) contract.SharePlanRef {
	t.Helper()
	in.Org, in.Share = "contoso-group", bc
	out, err := New(db, func() time.Time { return noon }).PlanShare(t.Context(), in)
	ok(t, err)
	return out
}

func agreed(until time.Time) plan.Envelope {
	return plan.Envelope{Share: bc, Sets: []string{"b-people"}, MaxUsers: 9, UserType: "member", ExistingGuests: "keep", ExpiresAt: until}
}

// TestAPlanSaysWhenItEnds: the share wakes then, because nothing else would tell it.
func TestAPlanSaysWhenItEnds(t *testing.T) {
	t.Parallel()
	in := func(d time.Duration) time.Time { return noon.Add(d) }
	hold := func(until time.Time) plan.Hold {
		return plan.Hold{Person: bob, Tenant: "c", Kind: plan.HoldBlocked, Until: until}
	}
	tests := map[string]struct {
		envelope   plan.Envelope
		hold       plan.Hold
		inclusion  time.Time
		want       time.Time
		unaccepted bool
	}{
		"nothing ends":               {envelope: agreed(time.Time{})},
		"nothing accepted":           {unaccepted: true},
		"the acceptance":             {envelope: agreed(in(3 * time.Hour)), hold: hold(in(5 * time.Hour)), inclusion: in(4 * time.Hour), want: in(3 * time.Hour)},
		"a hold":                     {envelope: agreed(in(3 * time.Hour)), hold: hold(in(time.Hour)), want: in(time.Hour)},
		"a restored person's stay":   {envelope: agreed(in(3 * time.Hour)), inclusion: in(2 * time.Hour), want: in(2 * time.Hour)},
		"an acceptance that expired": {envelope: agreed(noon)},
		"a hold that ran out":        {envelope: agreed(time.Time{}), hold: hold(in(-time.Hour))},
		"a hold of another target": {envelope: agreed(time.Time{}), hold: plan.Hold{Person: ident.Person{Home: "c", ID: "x"}, Tenant: "b",
			Kind: plan.HoldKeepOut, Until: in(time.Hour)}},
		"one taken back": {envelope: func() plan.Envelope {
			e := agreed(in(time.Hour))
			e.Revoked = &plan.Revocation{Reason: "an incident"}
			return e
		}()},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := open(t)
			put(t, db, []string{"bob"}, noon)
			if !test.unaccepted {
				ok(t, db.PutEnvelope(t.Context(), "contoso-group", test.envelope))
			}
			if test.hold.Person.ID != "" {
				ok(t, db.PutHold(t.Context(), "contoso-group", test.hold))
			}
			if !test.inclusion.IsZero() {
				ok(t, db.PutInclusions(t.Context(), "contoso-group", []plan.Inclusion{{Share: bc, Person: ident.Person{Home: "b", ID: "barbara"}, Until: test.inclusion}}))
			}
			if got := planned(t, db).Deadline; !got.Equal(test.want) {
				t.Errorf("%s, want %s", got, test.want)
			}
		})
	}
}

// TestTheTopologysAnswerDoesNotExpire: while it answers for the target nothing ends with the acceptance.
func TestTheTopologysAnswerDoesNotExpire(t *testing.T) {
	t.Parallel()
	in := plan.Input{Topology: parsed(t, twoTenants+"defaults: { acceptance: { mode: auto } }\n"), Now: noon, Envelopes: map[ident.Share]plan.Envelope{bc: agreed(noon.Add(time.Hour))}}
	p := &plan.SharePlan{Share: bc, Counts: plan.Counts{People: 3, Waiting: 2}}
	for below, want := range map[int]time.Time{0: {}, 6: {}, 5: noon.Add(time.Hour)} {
		e := in.Envelopes[bc]
		e.Auto, e.AutoBelow = true, below
		in.Envelopes[bc] = e
		if got := deadline(p, in); !got.Equal(want) {
			t.Errorf("below %d: %s, want %s", below, got, want)
		}
	}
}

// TestWhoWaitsIsNothingThatTheEngineOwes: a share whose newcomers wait for an answer is not waiting for the engine.
func TestWhoWaitsIsNothingThatTheEngineOwes(t *testing.T) {
	t.Parallel()
	db := open(t)
	put(t, db, []string{"barbara", "bob"}, noon)
	e := agreed(noon.Add(time.Hour))
	e.MaxUsers = 0
	ok(t, db.PutEnvelope(t.Context(), "contoso-group", e))
	if ref := planned(t, db); ref.Pending != 0 || ref.Counts.Waiting != 2 || !ref.Acceptance.Delta {
		t.Errorf("%+v", ref)
	}
	e.MaxUsers = 1
	ok(t, db.PutEnvelope(t.Context(), "contoso-group", e))
	if ref := planned(t, db); ref.Pending != 1 || ref.Counts.Waiting != 1 {
		t.Errorf("%+v", ref)
	}
}

// TestABlockThatRanOutIsUndoneAndThenForgotten.
func TestABlockThatRanOutIsUndoneAndThenForgotten(t *testing.T) {
	t.Parallel()
	db := open(t)
	put(t, db, []string{"bob"}, noon)
	ok(t, db.PutEnvelope(t.Context(), "contoso-group", agreed(time.Time{})))
	ok(t, db.PutHold(t.Context(), "contoso-group", plan.Hold{Person: bob, Tenant: "c", Kind: plan.HoldBlocked, Until: noon.Add(-time.Hour)}))
	ok(t, db.PutLinks(t.Context(), "contoso-group", []plan.Link{{Person: bob, Tenant: "c", ObjectID: "bob-in-c"}}))
	look := func(enabled bool) {
		c := &directory.Snapshot{Tenant: "c", TenantID: "0c000000-0000-4000-8000-00000000000c", TakenAt: noon, Read: directory.Collections(), Users: []directory.User{
			{ID: "bob-in-c", UserPrincipalName: "bob_b.example#EXT#@c.example", UserType: directory.Member, CreationType: "Invitation", Enabled: enabled}}}
		_, err := db.PutSnapshot(t.Context(), "contoso-group", c, true, store.Cursor{})
		ok(t, err)
	}
	holds := func() int {
		list, err := db.Holds(t.Context(), "contoso-group")
		ok(t, err)
		return len(list)
	}
	look(false)
	if ref := planned(t, db); !ref.Has(plan.Unblock) || ref.Pending != 0 || holds() != 1 {
		t.Errorf("%v, %d holds", ref.Kinds, holds())
	}
	look(true)
	if ref := planned(t, db); ref.Has(plan.Unblock) || holds() != 0 {
		t.Errorf("%v, %d holds", ref.Kinds, holds())
	}
}
