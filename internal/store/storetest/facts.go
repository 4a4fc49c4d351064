package storetest

import (
	"fmt"
	"testing"
	"time"

	"entente.dev/entente/internal/plan"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/store"
)

func links(t *testing.T, d Database) {
	s, ctx := open(t, d), t.Context()
	same(t, value[[]plan.Link](t)(s.Links(ctx, org)), []plan.Link{})
	ok(t, s.PutLinks(ctx, org, nil))
	var want []plan.Link
	for i := range 1234 { // two full statements and a part
		want = append(want, plan.Link{Person: who(fmt.Sprintf("%05d", i)), Tenant: "c", ObjectID: fmt.Sprint(i)})
	}
	for range 2 {
		ok(t, s.PutLinks(ctx, org, want))
	}
	same(t, value[[]plan.Link](t)(s.Links(ctx, org)), want)
	twice := []plan.Link{want[7], want[7]}
	twice[0].ObjectID, twice[1].ObjectID = "first", "last"
	ok(t, s.PutLinks(ctx, org, twice))
	want[7].ObjectID = "last"
	same(t, value[[]plan.Link](t)(s.Links(ctx, org)), want)
}

func owned(t *testing.T, d Database) {
	s, ctx := open(t, d), t.Context()
	two := store.Owned{ID: "2", Kind: "group", Tenant: "b", Share: bc, At: day}
	one := store.Owned{ID: "1", Kind: "job", Tenant: "c"}
	ok(t, s.PutOwned(ctx, org, two))
	ok(t, s.PutOwned(ctx, org, one))
	one.Kind = "application"
	ok(t, s.PutOwned(ctx, org, one))
	same(t, value[[]store.Owned](t)(s.Owned(ctx, org)), []store.Owned{one, two})
	for range 2 {
		ok(t, s.DropOwned(ctx, org, "1"))
	}
	same(t, value[[]store.Owned](t)(s.Owned(ctx, org)), []store.Owned{two})
}

func holds(t *testing.T, d Database) {
	s, ctx := open(t, d), t.Context()
	one := plan.Hold{Person: who("x"), Tenant: "a", Kind: "keepOut", Reason: "contract", By: "kim", Until: time.Now().Add(time.Hour).UTC().Truncate(time.Second)}
	two := plan.Hold{Person: who("x"), Tenant: "c", Kind: "blocked"}
	ok(t, s.PutHold(ctx, org, two))
	ok(t, s.PutHold(ctx, org, one))
	one.Reason = "longer"
	ok(t, s.PutHold(ctx, org, one))
	all := func() []plan.Hold {
		t.Helper()
		return value[[]plan.Hold](t)(s.Holds(ctx, org))
	}
	same(t, all(), []plan.Hold{one, two})
	ok(t, s.DropHold(ctx, org, who("x"), "a"))
	same(t, all(), []plan.Hold{one, two}) // both are in force
	same(t, value[plan.Hold](t)(s.EndHold(ctx, org, who("x"), "a", at(1))), one)
	same(t, all(), []plan.Hold{two})
	_, err := s.EndHold(ctx, org, who("x"), "a", at(1))
	is(t, err, problem.NotFound)
	one.Until = at(1)
	ok(t, s.PutHold(ctx, org, one))
	for range 2 {
		ok(t, s.DropHold(ctx, org, who("x"), "a")) // it has run out
	}
	same(t, all(), []plan.Hold{two})
}

// holdsEnd: a block that is over stays until what it did is undone, beside whatever else holds the person.
func holdsEnd(t *testing.T, d Database) {
	s, ctx := open(t, d), t.Context()
	block := plan.Hold{Person: who("x"), Tenant: "c", Kind: "blocked", At: at(0)}
	out := plan.Hold{Person: who("x"), Tenant: "c", Kind: "keepOut", At: at(5)}
	ended := func(h plan.Hold, hour int) plan.Hold { h.Ended = at(hour); return h }
	all := func() []plan.Hold {
		t.Helper()
		return value[[]plan.Hold](t)(s.Holds(ctx, org))
	}
	ok(t, s.PutHold(ctx, org, block))
	same(t, value[plan.Hold](t)(s.EndHold(ctx, org, who("x"), "c", at(1))), ended(block, 1))
	same(t, all(), []plan.Hold{ended(block, 1)})
	ok(t, s.PutHold(ctx, org, block)) // blocked again: nothing has ended any more
	same(t, all(), []plan.Hold{block})
	for range 2 {
		ok(t, s.PutHold(ctx, org, out))
	}
	same(t, all(), []plan.Hold{out, ended(block, 5)})
	ok(t, s.DropHold(ctx, org, who("x"), "c"))
	same(t, all(), []plan.Hold{out})
	ok(t, s.PutHold(ctx, org, block))
	ok(t, s.PutHold(ctx, org, out))
	same(t, value[plan.Hold](t)(s.EndHold(ctx, org, who("x"), "c", at(6))), out)
	same(t, all(), []plan.Hold{ended(block, 5)})
	ok(t, s.PutHold(ctx, org, ended(block, 7)))
	same(t, all(), []plan.Hold{ended(block, 7)})
	ok(t, s.DropHold(ctx, org, who("x"), "c"))
	same(t, all(), []plan.Hold{})
}

// holdsNew: a new hold takes no decision's place, and the same decision again is none.
func holdsNew(t *testing.T, d Database) {
	s, ctx := open(t, d), t.Context()
	hold := func(kind, by string, hour int) plan.Hold {
		return plan.Hold{Person: who("x"), Tenant: "c", Kind: kind, By: by, At: at(hour)}
	}
	only := func(want ...plan.Hold) {
		t.Helper()
		same(t, value[[]plan.Hold](t)(s.Holds(ctx, org)), want)
	}
	for _, kind := range []string{"keepOut", "blocked"} {
		own := hold(kind, "carol", 0)
		ok(t, s.PutNewHold(ctx, org, own))
		ok(t, s.PutNewHold(ctx, org, hold(kind, "carol", 1))) // a repeat
		for _, other := range []string{"keepOut", "blocked"} {
			is(t, s.PutNewHold(ctx, org, hold(other, "pat", 2)), problem.Conflict)
		}
		only(own)
		_ = value[plan.Hold](t)(s.EndHold(ctx, org, who("x"), "c", at(3)))
	}
	is(t, s.PutNewHold(ctx, org, hold("keepOut", "pat", 4)), problem.Conflict) // the block is not undone yet
	ok(t, s.DropHold(ctx, org, who("x"), "c"))
	past := hold("keepOut", "carol", 4)
	past.Until = at(5)
	ok(t, s.PutHold(ctx, org, past))
	ok(t, s.PutNewHold(ctx, org, hold("keepOut", "pat", 6))) // that one has run out
	only(hold("keepOut", "pat", 6))
	past.Kind = "blocked"
	ok(t, s.PutHold(ctx, org, past))
	is(t, s.PutNewHold(ctx, org, hold("keepOut", "pat", 7)), problem.Conflict)
	elsewhere := hold("keepOut", "pat", 8)
	elsewhere.Tenant = "a"
	ok(t, s.PutNewHold(ctx, org, elsewhere))
}

func inclusions(t *testing.T, d Database) {
	s, ctx := open(t, d), t.Context()
	one := plan.Inclusion{Share: ba, Person: who("x"), Reason: "restored", Until: at(3)}
	two := plan.Inclusion{Share: bc, Person: who("x")}
	ok(t, s.PutInclusions(ctx, org, []plan.Inclusion{two, two, one}))
	two.Reason = "again"
	ok(t, s.PutInclusions(ctx, org, []plan.Inclusion{two}))
	same(t, value[[]plan.Inclusion](t)(s.Inclusions(ctx, org)), []plan.Inclusion{one, two})
	for range 2 {
		ok(t, s.DropInclusion(ctx, org, bc, who("x")))
	}
	same(t, value[[]plan.Inclusion](t)(s.Inclusions(ctx, org)), []plan.Inclusion{one})
}

func conversions(t *testing.T, d Database) {
	s, ctx := open(t, d), t.Context()
	one := store.Conversion{Share: bc, Person: who("x"), Tenant: "c", ObjectID: "o", From: "Guest", To: "Member", At: day}
	two := one
	two.Person = who("y")
	put := func(c ...store.Conversion) {
		t.Helper()
		ok(t, s.PutConversions(ctx, org, c))
	}
	all := func() []store.Conversion {
		t.Helper()
		return value[[]store.Conversion](t)(s.Conversions(ctx, org))
	}
	put(two, one)
	same(t, all(), []store.Conversion{one, two})
	reverted := one
	reverted.Reverted = at(2)
	put(reverted)
	put(one)
	same(t, all(), []store.Conversion{reverted, two})
	one.At = at(3)
	put(one)
	same(t, all(), []store.Conversion{one, two})
}
