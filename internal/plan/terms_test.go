package plan

import (
	"maps"
	"slices"
	"testing"
	"time"

	"entente.dev/entente/internal/directory"
	"entente.dev/entente/internal/topology"
)

// redefined is the settled world, accepted as it was, whose set b-people is defined anew: Zoe is a contractor, Bob is
// in both groups, Barbara only in the old one.
func redefined(t *testing.T, change func(*topology.UserSet)) (*world, SharePlan) {
	t.Helper()
	w := settled(t)
	w.narrow(edge("b", "c"), func(e *Envelope) { e.Definitions = Definitions(w.topology, e.Sets) })
	w.user("b", "zoe")
	w.group("b", "g-contractors", "Contractors", "zoe", "bob")
	w.redefine("b-people", change)
	return w, sharePlan(t, w.plan(t), edge("b", "c"))
}

func (w *world) redefine(name string, change func(*topology.UserSet)) {
	i := slices.IndexFunc(w.topology.UserSets, func(s topology.UserSet) bool { return s.Name == name })
	change(&w.topology.UserSets[i])
}

// TestASetDefinedAnewIsASetThatNobodyAccepted: its name brings nobody in whom the target never heard of.
func TestASetDefinedAnewIsASetThatNobodyAccepted(t *testing.T) {
	t.Parallel()
	group := func(name string) func(*topology.UserSet) {
		return func(s *topology.UserSet) { s.Group, s.Users = name, nil }
	}
	list := func(s *topology.UserSet) { s.Group, s.Users = "", []string{"zoe@b.example", "bob@b.example"} }
	for name, test := range map[string]struct {
		change func(*topology.UserSet)
		why    string
	}{
		"another group": {group("Contractors"), "set b-people is now group Contractors"},
		"a list":        {list, "set b-people is now a list of people"},
	} {
		w, s := redefined(t, test.change)
		if e := effectOn(s, "b-zoe"); e.Action != Wait || e.Reason != "waits for the target's answer: "+test.why {
			t.Errorf("%s: %+v", name, e)
		}
		if effectOn(s, "b-bob").Action != KeepOne || effectOn(s, "b-barbara").Action != Remove || !slices.Equal(s.Desired.Members, []string{"b-bob"}) {
			t.Errorf("%s: %+v", name, s.Effects)
		}
		if need := s.Acceptance; !need.Needed || !need.Delta || need.Why != test.why {
			t.Errorf("%s: %+v", name, need)
		}
		w.narrow(edge("b", "c"), func(e *Envelope) { e.Definitions = Definitions(w.topology, e.Sets) })
		if s := sharePlan(t, w.plan(t), edge("b", "c")); effectOn(s, "b-zoe").Action != Create || s.Acceptance.Needed {
			t.Errorf("%s, after a yes: %+v", name, s.Effects)
		}
	}
	if _, s := redefined(t, group("COLLABORATION")); s.Acceptance.Needed {
		t.Errorf("letters' case: %+v", s.Acceptance)
	}
	w, _ := redefined(t, group("Contractors"))
	w.narrow(edge("b", "c"), func(e *Envelope) { e.Definitions = nil })
	if s := sharePlan(t, w.plan(t), edge("b", "c")); s.Acceptance.Needed || effectOn(s, "b-zoe").Action != Create {
		t.Errorf("an acceptance that says nothing of definitions: %+v", s.Effects)
	}
}

// TestWhoIsOnAListIsAMatterOfTheCap: a list that grows is still that list.
func TestWhoIsOnAListIsAMatterOfTheCap(t *testing.T) {
	t.Parallel()
	w := settled(t)
	w.redefine("b-people", func(s *topology.UserSet) { s.Group, s.Users = "", []string{"bob@b.example", "barbara@b.example"} })
	w.narrow(edge("b", "c"), func(e *Envelope) { e.Definitions = Definitions(w.topology, e.Sets) })
	w.user("b", "zoe")
	w.redefine("b-people", func(s *topology.UserSet) { s.Users = append(s.Users, "zoe@b.example") })
	if s := sharePlan(t, w.plan(t), edge("b", "c")); s.Acceptance.Needed || effectOn(s, "b-zoe").Action != Create {
		t.Errorf("%+v", s.Effects)
	}
}

// TestTheTermsArePartOfTheDigest: who says yes to a plan says yes to its terms.
func TestTheTermsArePartOfTheDigest(t *testing.T) {
	t.Parallel()
	plan := func(change func(*world, *topology.Policy)) SharePlan {
		w := settled(t)
		w.group("b", "g-same", "Same", "bob", "barbara")
		change(w, policyOf(w, edge("b", "c")))
		return sharePlan(t, w.plan(t), edge("b", "c"))
	}
	before := plan(func(*world, *topology.Policy) {})
	if before.Terms == "" {
		t.Fatal("no terms")
	}
	for name, change := range map[string]func(*world, *topology.Policy){
		"mode":         func(_ *world, p *topology.Policy) { p.Acceptance.Mode = "auto" },
		"autoBelow":    func(_ *world, p *topology.Policy) { p.Acceptance.AutoBelow = 7 },
		"approvers":    func(_ *world, p *topology.Policy) { p.Acceptance.Approvers++ },
		"maxUsers":     func(_ *world, p *topology.Policy) { p.Acceptance.MaxUsers++ },
		"expiresAfter": func(_ *world, p *topology.Policy) { p.Acceptance.ExpiresAfter += time.Hour },
		"userType":     func(_ *world, p *topology.Policy) { p.UserType.Drift += "x" },
		"guests":       func(_ *world, p *topology.Policy) { p.UserType.ExistingGuests += "x" },
		"action":       func(_ *world, p *topology.Policy) { p.Deprovisioning.Action = "keep" },
		"definition": func(w *world, _ *topology.Policy) {
			w.redefine("b-people", func(s *topology.UserSet) { s.Group = "Same" })
		},
	} {
		if after := plan(change); after.Terms == before.Terms || after.Digest == before.Digest {
			t.Errorf("%s: the same terms", name)
		}
	}
	for name, change := range map[string]func(*world, *topology.Policy){
		"reminders": func(_ *world, p *topology.Policy) { p.Acceptance.RemindAfter += time.Hour },
		"grace":     func(_ *world, p *topology.Policy) { p.Deprovisioning.Grace += time.Hour },
		"people": func(w *world, _ *topology.Policy) {
			w.edit("b", "g-b", func(g *directory.Group) { g.Users = g.Users[:1] })
		},
	} {
		if plan(change).Terms != before.Terms {
			t.Errorf("%s: other terms", name)
		}
	}
}

// TestADefinitionIsSaidInOneForm, because it is compared with what was accepted long ago.
func TestADefinitionIsSaidInOneForm(t *testing.T) {
	t.Parallel()
	top := &topology.Topology{UserSets: []topology.UserSet{{Name: "a", Group: "Über Collaboration"}, {Name: "b", Users: []string{"x@b.example"}}, {Name: "c", Group: "C"}}}
	if got, want := Definitions(top, []string{"a", "b"}), map[string]string{"a": "group:über collaboration", "b": "users"}; !maps.Equal(got, want) {
		t.Errorf("%v", got)
	}
}

// TestWhoIsLeavingStillTakesRoom: the cap is of the people who are there, and somebody who leaves is, until they are
// out. Nobody is asked for that: it solves itself.
func TestWhoIsLeavingStillTakesRoom(t *testing.T) {
	t.Parallel()
	w := settled(t)
	w.narrow(edge("b", "c"), func(e *Envelope) { e.MaxUsers = 2 })
	w.user("b", "zoe")
	w.edit("b", "g-b", func(g *directory.Group) { g.Users = []string{"b-bob", "b-zoe"} })
	s := sharePlan(t, w.plan(t), edge("b", "c"))
	if e := effectOn(s, "b-zoe"); e.Action != Wait || e.Reason != "waits until somebody who leaves is out: the cap of 2 is full" || s.Acceptance.Needed {
		t.Errorf("%+v %+v", e, s.Acceptance)
	}
	if effectOn(s, "b-barbara").Action != Remove {
		t.Errorf("%+v", s.Effects)
	}
	w.apply(t, w.plan(t))
	if s := sharePlan(t, w.plan(t), edge("b", "c")); effectOn(s, "b-zoe").Action != Create || len(s.Desired.Members) != 2 {
		t.Errorf("after barbara is out: %+v", s.Effects)
	}
	w = settled(t)
	w.narrow(edge("b", "c"), func(e *Envelope) { e.Auto, e.AutoBelow, e.MaxUsers = true, 3, 2 })
	policyOf(w, edge("b", "c")).Acceptance.Mode = "auto"
	w.user("b", "zoe")
	w.edit("b", "g-b", func(g *directory.Group) { g.Users = []string{"b-bob", "b-zoe"} })
	if s := sharePlan(t, w.plan(t), edge("b", "c")); effectOn(s, "b-zoe").Action != Wait || s.Acceptance.Needed {
		t.Errorf("auto: %+v %+v", effectOn(s, "b-zoe"), s.Acceptance)
	}
}

// TestAnEndThatTheTargetSaidHoldsInAutoToo.
func TestAnEndThatTheTargetSaidHoldsInAutoToo(t *testing.T) {
	t.Parallel()
	policy := topology.Acceptance{Mode: "auto"}
	e := Envelope{Auto: true, ExpiresAt: now}
	if !e.AnswersItself(policy, 5, now) {
		t.Error("the policy's own end does not end it")
	}
	e.Bounded = true
	if e.AnswersItself(policy, 5, now) || !e.AnswersItself(policy, 5, now.Add(-time.Second)) {
		t.Error("the end that was said")
	}
	w := settled(t)
	w.narrow(edge("b", "c"), func(e *Envelope) { e.Auto, e.Bounded, e.ExpiresAt = true, true, now })
	policyOf(w, edge("b", "c")).Acceptance.Mode = "auto"
	w.user("b", "zoe")
	w.edit("b", "g-b", func(g *directory.Group) { g.Users = append(slices.Clone(g.Users), "b-zoe") })
	s := sharePlan(t, w.plan(t), edge("b", "c"))
	if effectOn(s, "b-zoe").Action != Wait || s.Acceptance.Why != "the acceptance has expired; the topology asks to answer for the target from then on" {
		t.Errorf("%+v %+v", effectOn(s, "b-zoe"), s.Acceptance)
	}
}
