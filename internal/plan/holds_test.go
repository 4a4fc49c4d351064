package plan

import (
	"slices"
	"testing"
	"time"

	"entente.dev/entente/internal/directory"
	"entente.dev/entente/internal/ident"
)

func blockOn(name string) Hold {
	return Hold{Person: ident.Person{Home: "b", ID: "b-" + name}, Tenant: "c", Kind: HoldBlocked, Reason: "under investigation", By: "kim"}
}

// TestABlockKeepsTheAccountAndTurnsTheSignInOff, again where the engine undid it, and on again when it is over.
func TestABlockKeepsTheAccountAndTurnsTheSignInOff(t *testing.T) {
	t.Parallel()
	w := settled(t)
	object := effectOn(mustShare(w, edge("b", "c")), "b-barbara").ObjectID
	w.holds = []Hold{blockOn("barbara")}
	look := func(step string, kind Kind, action EffectAction, from, to, why string) {
		t.Helper()
		s := sharePlan(t, w.plan(t), edge("b", "c"))
		want := Effect{Share: s.Share, Person: ident.Person{Home: "b", ID: "b-barbara"}, UPN: "barbara@b.example", Name: "barbara", Tenant: "c", ObjectID: object,
			Action: action, From: from, To: to, Reason: why}
		if got := effectOn(s, "b-barbara"); got != want || len(s.Warnings) > 0 || s.Counts.People != 2 {
			t.Errorf("%s: %+v %v", step, got, warningRules(s))
		}
		switch {
		case kind == "" && len(s.Changes) > 0, kind != "" && !slices.Equal(kinds(s), []Kind{kind}):
			t.Errorf("%s: %v", step, kinds(s))
		case kind != "":
			c := s.Changes[0]
			if c.Side != Target || c.Tenant != "c" || c.Action != "update" || !slices.Equal(c.People, []string{object}) || len(c.DependsOn) > 0 {
				t.Errorf("%s: %+v", step, c)
			}
		}
		w.apply(t, w.plan(t))
	}
	const why = "blocked by the target: under investigation"
	look("put", Block, TurnOff, "member", "blocked", why)
	look("standing", "", KeepOne, "blocked", "blocked", why)
	w.editUser("c", object, func(u *directory.User) { u.Enabled = true })
	look("undone by the engine", Block, TurnOff, "member", "blocked", why)
	w.narrow(edge("b", "c"), func(e *Envelope) { e.Revoked = &Revocation{Reason: "an incident"} })
	w.editUser("c", object, func(u *directory.User) { u.Enabled = true })
	look("in a frozen share", Block, TurnOff, "member", "blocked", why)
	w.narrow(edge("b", "c"), func(e *Envelope) { e.Revoked = nil })
	w.holds[0].Until = now
	look("over", Unblock, TurnOn, "blocked", "member", "the target's hold is over: sign-in as before")
	look("undone", "", KeepOne, "member", "member", "already there")
}

// TestWhatABlockLeavesAlone: nobody is turned on or off who is disabled at home, internal in the target, or not ours.
func TestWhatABlockLeavesAlone(t *testing.T) {
	t.Parallel()
	barbara := func(w *world) string { return effectOn(mustShare(w, edge("b", "c")), "b-barbara").ObjectID }
	off := func(u *directory.User) { u.Enabled = false }
	tests := map[string]struct {
		fresh  bool
		change func(w *world)
		want   EffectAction
		kinds  []Kind
	}{
		"disabled at home": {change: func(w *world) {
			w.editUser("b", "b-barbara", off)
			w.holds = []Hold{blockOn("barbara")}
		}, want: KeepOne},
		"released, disabled at home": {change: func(w *world) {
			w.editUser("c", barbara(w), off)
			w.editUser("b", "b-barbara", off)
			w.holds = []Hold{blockOn("barbara")}
			w.holds[0].Ended = now
		}, want: KeepOne},
		"released, and turned on by somebody": {change: func(w *world) {
			w.holds = []Hold{blockOn("barbara")}
			w.holds[0].Ended = now
		}, want: KeepOne},
		"released, but kept out now": {change: func(w *world) {
			w.editUser("c", barbara(w), off)
			w.holds = []Hold{blockOn("barbara"), blockOn("barbara")}
			w.holds[0].Ended, w.holds[1].Kind = now, HoldKeepOut
		}, want: Remove, kinds: []Kind{ScopeRemove}},
		"in the target's recycle bin": {change: func(w *world) {
			w.bin("c", barbara(w))
			w.holds = []Hold{blockOn("barbara")}
		}, want: KeepOne},
		"an internal account": {change: func(w *world) {
			w.editUser("c", barbara(w), func(u *directory.User) { u.UserPrincipalName, u.CreationType = "barbara@c.example", "" })
			w.holds = []Hold{blockOn("barbara")}
		}, want: KeepOne},
		"not arrived yet": {fresh: true, change: func(w *world) { w.holds = []Hold{blockOn("barbara")} }, want: HeldOut, kinds: newShare},
		"a guest whom somebody else invited": {fresh: true, change: func(w *world) {
			w.guest("c", "b", "barbara")
			w.holds = []Hold{blockOn("barbara")}
		}, want: HeldOut, kinds: newShare},
		"leaving": {change: func(w *world) {
			w.edit("b", "g-b", drop("b-barbara"))
			w.holds = []Hold{blockOn("barbara")}
		}, want: Remove, kinds: []Kind{ScopeRemove, Block}},
		"deleted at home": {change: func(w *world) {
			s := w.tenants["b"]
			s.Users = slices.DeleteFunc(s.Users, func(u directory.User) bool { return u.ID == "b-barbara" })
			w.holds = []Hold{blockOn("barbara")}
		}, want: Skip},
		"of another target": {change: func(w *world) {
			w.holds = []Hold{blockOn("barbara")}
			w.holds[0].Tenant = "a"
		}, want: KeepOne},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			if !test.fresh {
				w = settled(t)
			}
			test.change(w)
			s := sharePlan(t, w.plan(t), edge("b", "c"))
			if got := effectOn(s, "b-barbara"); got.Action != test.want || !slices.Equal(kinds(s), test.kinds) {
				t.Errorf("%+v %v", got, kinds(s))
			}
			if test.want == HeldOut && slices.Contains(s.Desired.Members, "b-barbara") {
				t.Error("she is let in")
			}
		})
	}
}

// TestABlockHoldsForAnAccountThatStayed: where the policy keeps accounts, somebody who left is blocked all the same.
func TestABlockHoldsForAnAccountThatStayed(t *testing.T) {
	t.Parallel()
	w := settled(t)
	policyOf(w, edge("b", "c")).Deprovisioning.Action = "keep"
	w.edit("b", "g-b", drop("b-barbara"))
	w.apply(t, w.plan(t))
	w.holds = []Hold{blockOn("barbara")}
	s := sharePlan(t, w.plan(t), edge("b", "c"))
	if e := effectOn(s, "b-barbara"); !slices.Equal(kinds(s), []Kind{Block}) || e.Action != TurnOff || e.From != "member" || e.To != "blocked" || s.Counts.People != 1 {
		t.Errorf("%+v %v", e, kinds(s))
	}
	w.apply(t, w.plan(t))
	if s = sharePlan(t, w.plan(t), edge("b", "c")); len(s.Changes) > 0 || effectOn(s, "b-barbara").Action != "" {
		t.Errorf("%+v", s.Effects)
	}
}

// TestABlockedPersonWhoseAccountStayedComesBackBlocked: it is proven theirs, so the block can hold.
func TestABlockedPersonWhoseAccountStayedComesBackBlocked(t *testing.T) {
	t.Parallel()
	w := settled(t)
	policyOf(w, edge("b", "c")).Deprovisioning.Action = "keep"
	w.edit("b", "g-b", drop("b-barbara"))
	w.apply(t, w.plan(t))
	w.edit("b", "g-b", func(g *directory.Group) { g.Users = []string{"b-barbara", "b-bob"} })
	w.holds = []Hold{blockOn("barbara")}
	if s := sharePlan(t, w.plan(t), edge("b", "c")); !slices.Equal(kinds(s), []Kind{ScopeAdd, Block}) || effectOn(s, "b-barbara").Action != TurnOff {
		t.Errorf("%v %+v", kinds(s), effectOn(s, "b-barbara"))
	}
}

func TestWhenAHoldIsOver(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		hold Hold
		over bool
	}{
		{Hold{}, false}, {Hold{Until: now.Add(time.Second)}, false}, {Hold{Until: now}, true}, {Hold{Ended: now}, true},
	} {
		if test.hold.Over(now) != test.over {
			t.Errorf("%+v", test.hold)
		}
	}
}

// TestABlockIsForgottenOnceTheSignInIsOn and not before: a look from before its end proves nothing.
func TestABlockIsForgottenOnceTheSignInIsOn(t *testing.T) {
	t.Parallel()
	off := func(w *world, id string) { w.editUser("c", id, func(u *directory.User) { u.Enabled = false }) }
	for name, test := range map[string]struct {
		change func(w *world, object string)
		gone   bool
	}{
		"on":                       {func(*world, string) {}, true},
		"ran out, on":              {func(w *world, _ string) { w.holds[0].Ended, w.holds[0].Until = time.Time{}, now }, true},
		"still off":                {off, false},
		"in force":                 {func(w *world, _ string) { w.holds[0].Ended = time.Time{} }, false},
		"looked before it ended":   {func(w *world, _ string) { w.tenants["c"].TakenAt = now.Add(-time.Second) }, false},
		"in the recycle bin":       {func(w *world, id string) { w.bin("c", id) }, false},
		"keeps out":                {func(w *world, _ string) { w.holds[0].Kind = HoldKeepOut }, false},
		"of another target":        {func(w *world, _ string) { w.holds[0].Tenant = "a" }, false},
		"home is gone from sight":  {func(w *world, _ string) { w.tenants["b"].Users = nil }, false},
		"the account is not there": {func(w *world, _ string) { w.tenants["c"].Users = nil }, false},
	} {
		w := settled(t)
		w.tenants["c"].TakenAt = now
		w.holds = []Hold{blockOn("barbara")}
		w.holds[0].Ended = now
		test.change(w, effectOn(mustShare(w, edge("b", "c")), "b-barbara").ObjectID)
		if got := Undone(w.in(t), edge("b", "c")); (len(got) == 1) != test.gone {
			t.Errorf("%s: %v", name, got)
		}
	}
}
