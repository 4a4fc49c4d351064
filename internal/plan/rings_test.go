package plan

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"entente.dev/entente/internal/directory"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/topology"
)

// ringed compares the plan without a rollout with those of one, ring by ring.
func ringed(in Input, p Plan, compute computer) error {
	rolling := *in.Topology
	rolling.Rollout = topology.Rollout{Rings: []string{"1", "40%", "100%"}}
	in.Topology = &rolling
	var before []SharePlan
	for n := 1; n <= 3; n++ {
		in.Rings = map[ident.Share]Opened{}
		for _, s := range in.Topology.Shares {
			in.Rings[s.Share] = Opened{Rings: n}
		}
		now := compute(in).Shares
		for i, s := range now {
			if err := oneRing(in, s, p.Shares[i], n); err != nil {
				return err
			}
			if n > 1 && !among(changed(before[i], ScopeRemove), changed(s, ScopeRemove)) {
				return fmt.Errorf("%s: with %d rings fewer leave", s.Share, n)
			}
		}
		before = now
	}
	return nil
}

// oneRing compares one share's plan in a ring with the one without any.
func oneRing(in Input, s, free SharePlan, n int) error {
	if n == 3 {
		s.Ring = RingState{}
		if got, want := bytesOf(Plan{Shares: []SharePlan{s}}), bytesOf(Plan{Shares: []SharePlan{free}}); got != want {
			return fmt.Errorf("%s: all rings are not none:\n%s\n%s", s.Share, got, want)
		}
		return nil
	}
	for _, kind := range []Kind{ScopeRemove, Convert, Block} {
		if kind == Convert && free.Counts.Waiting > 0 {
			continue // a cap lets people in by id, a ring by digest: who comes first differs, how many does not
		}
		if extra := changed(s, kind); !among(extra, changed(free, kind)) {
			return fmt.Errorf("%s: ring %d does %s to %v", s.Share, n, kind, extra)
		}
	}
	lingers := slices.ContainsFunc(s.Effects, func(e Effect) bool { return e.Ring > 0 && e.Action == KeepOne }) // and counts against the cap
	if s.Acceptance.Needed && !free.Acceptance.Needed && !lingers {
		return fmt.Errorf("%s: ring %d asks: %s", s.Share, n, s.Acceptance.Why)
	}
	_, agreed := in.Envelopes[s.Share]
	if come := newcomers(in, s); agreed && !s.fatal() && len(come) > (rings{in.Topology.Rollout.Rings, n}).portion(n, 14) {
		return fmt.Errorf("%s: ring %d lets %v in", s.Share, n, come)
	}
	if held := slices.ContainsFunc(s.Effects, func(e Effect) bool { return e.Ring > 0 }); held != s.Ring.More {
		return fmt.Errorf("%s: ring %d says more: %t", s.Share, n, s.Ring.More)
	}
	return nil
}

// among tells whether every one of some is among the others.
func among(some, others []string) bool {
	return !slices.ContainsFunc(some, func(id string) bool { return !slices.Contains(others, id) })
}

// rolling is the share b→c of so many people, agreed to and not set up yet, with three rings.
func rolling(t *testing.T, people int) *world {
	t.Helper()
	w := emptyWorld(t, threeTenants)
	w.topology.Shares = slices.DeleteFunc(w.topology.Shares, func(s topology.Share) bool { return s.Share != edge("b", "c") })
	w.topology.Rollout = topology.Rollout{Rings: []string{"2", "25%", "100%"}}
	w.budget(edge("b", "c"), topology.Budget{Count: 500, Percent: 100})
	var names []string
	for i := range people {
		names = append(names, fmt.Sprintf("p%02d", i))
		w.user("b", names[i])
	}
	w.group("b", "g-b", "Collaboration", names...)
	w.agree("convert")
	return w
}

func (w *world) ring(t *testing.T, n int, removed ...Removed) SharePlan {
	t.Helper()
	in := w.in(t)
	in.Rings, in.Removed = map[ident.Share]Opened{edge("b", "c"): {Rings: n}}, removed
	p := Compute(in)
	w.apply(t, p)
	return p.Shares[0]
}

func TestPeopleArriveByRing(t *testing.T) {
	t.Parallel()
	w := rolling(t, 18)
	var in []string
	for ring, want := range []struct{ come, wait int }{{0, 18}, {2, 16}, {3, 13}, {13, 0}} { // 25% of 18 are 5
		s := w.ring(t, ring)
		if s.Ring != (RingState{Open: ring, Of: 3, Arrivals: want.come, More: want.wait > 0}) || s.Counts.Ringed != want.wait || s.Counts.Waiting != 0 || s.Acceptance.Needed {
			t.Errorf("ring %d: %+v %+v %+v", ring, s.Ring, s.Counts, s.Acceptance)
		}
		if !among(in, s.Desired.Members) {
			t.Errorf("ring %d: somebody left", ring)
		}
		in = s.Desired.Members
		for _, e := range s.Effects {
			if e.Action == Wait && e.Reason != fmt.Sprintf("comes with ring %d of 3", e.Ring) {
				t.Errorf("%+v", e)
			}
		}
		if again := w.ring(t, ring); len(again.Changes) != 0 {
			t.Errorf("ring %d once more: %+v", ring, again.Changes)
		}
	}
}

// TestTheFirstQuestionShowsEverybody: a target that is asked must see who would come in the end.
func TestTheFirstQuestionShowsEverybody(t *testing.T) {
	t.Parallel()
	w := rolling(t, 18)
	delete(w.envelopes, edge("b", "c"))
	in := w.in(t)
	in.Rings = map[ident.Share]Opened{edge("b", "c"): {Rings: 1}}
	if s := Compute(in).Shares[0]; s.Counts.People != 18 || s.Counts.Ringed != 0 || !s.Acceptance.Needed {
		t.Errorf("%+v", s.Counts)
	}
}

// TestPeopleLeaveByRing: who left counts, so that a ring that is not opened further lets nobody else go.
func TestPeopleLeaveByRing(t *testing.T) {
	t.Parallel()
	w := rolling(t, 24)
	w.ring(t, 3)
	w.leave(20)
	var removed []Removed
	for _, step := range []struct{ ring, leave int }{{1, 2}, {1, 0}, {2, 3}, {2, 0}, {3, 15}, {3, 0}} {
		s := w.ring(t, step.ring, removed...)
		if s.Ring.Removals != step.leave || len(changed(s, ScopeRemove)) != step.leave || s.Ring.More != (step.ring < 3) {
			t.Errorf("ring %d: %+v", step.ring, s.Ring)
		}
		for _, e := range s.Effects {
			if e.Ring > 0 && (e.Action != KeepOne || e.Reason != fmt.Sprintf("leaves with a later ring (%d of 3)", e.Ring)) {
				t.Errorf("%+v", e)
			}
		}
		for _, id := range changed(s, ScopeRemove) {
			removed = append(removed, Removed{Share: s.Share, Person: ident.Person{Home: "b", ID: id}, At: now})
		}
	}
}

// TestWhoseRemovalIsUnderWayGoesFirst: otherwise a late leaver would call back who was announced.
func TestWhoseRemovalIsUnderWayGoesFirst(t *testing.T) {
	t.Parallel()
	w := rolling(t, 24)
	w.ring(t, 3)
	w.leave(4)
	announced := func() []Removed { return gone(edge("b", "c"), time.Hour, true, "p00", "p01") }
	w.leave(16)
	in := w.in(t)
	in.Rings, in.Removed = map[ident.Share]Opened{edge("b", "c"): {Rings: 1}}, announced()
	if s := Compute(in).Shares[0]; !slices.Equal(changed(s, ScopeRemove), []string{"b-p00", "b-p01"}) {
		t.Errorf("%+v", changed(s, ScopeRemove))
	}
}

// TestRemovalsBeforeTheRolloutAreNoneOfIt.
func TestRemovalsBeforeTheRolloutAreNoneOfIt(t *testing.T) {
	t.Parallel()
	w := rolling(t, 24)
	w.ring(t, 3)
	w.leave(4)
	in := w.in(t)
	in.Removed = gone(edge("b", "c"), 2*time.Hour, false, "x1", "x2")
	for since, want := range map[time.Duration]int{time.Hour: 2, 3 * time.Hour: 0} {
		in.Rings = map[ident.Share]Opened{edge("b", "c"): {Rings: 1, Since: now.Add(-since)}}
		if s := Compute(in).Shares[0]; s.Ring.Removals != want {
			t.Errorf("since %s: %+v", since, s.Ring)
		}
	}
}

// TestATargetsOwnDecisionAndAStopKnowNoRings.
func TestATargetsOwnDecisionAndAStopKnowNoRings(t *testing.T) {
	t.Parallel()
	w := rolling(t, 12)
	w.ring(t, 3)
	for i := range 6 {
		w.holds = append(w.holds, Hold{Person: ident.Person{Home: "b", ID: fmt.Sprintf("b-p%02d", i)}, Tenant: "c", Kind: HoldKeepOut})
	}
	in := w.in(t)
	in.Rings = map[ident.Share]Opened{edge("b", "c"): {Rings: 1}}
	if s := Compute(in).Shares[0]; s.Counts.Removals != 6 {
		t.Errorf("held: %+v", s.Counts)
	}
	in.Draining = []ident.Share{edge("b", "c")}
	if s := Compute(in).Shares[0]; s.Counts.Removals != 12 || s.Ring != (RingState{}) {
		t.Errorf("stopped: %+v %+v", s.Counts, s.Ring)
	}
}

// TestGuestsBecomeMembersByRing: the mapping is not recurring before the last one, so that a write of ours converts.
func TestGuestsBecomeMembersByRing(t *testing.T) {
	t.Parallel()
	w := rolling(t, 12)
	for i := range 12 {
		w.guest("c", "b", fmt.Sprintf("p%02d", i))
	}
	for _, step := range []struct {
		ring, converted int
		recurring       bool
	}{{1, 2, false}, {1, 0, false}, {2, 1, false}, {3, 9, true}, {3, 0, true}, {1, 0, true}} {
		s := w.ring(t, step.ring)
		if s.Ring.Conversions != step.converted || len(changed(s, Convert)) != step.converted || s.Desired.Schema.UserTypeRecurring != step.recurring {
			t.Errorf("ring %d: %+v %+v", step.ring, s.Ring, s.Desired.Schema)
		}
	}
}

// TestAGuestWhoIsInWaitsForTheirRing: everybody is carried as a guest, and the target agrees to conversion later.
func TestAGuestWhoIsInWaitsForTheirRing(t *testing.T) {
	t.Parallel()
	w := rolling(t, 12)
	for i := range 12 {
		w.guest("c", "b", fmt.Sprintf("p%02d", i))
	}
	w.agree("keep")
	w.ring(t, 3)
	w.agree("convert")
	s := w.ring(t, 2)
	if len(changed(s, Convert)) != 3 || s.Desired.Schema.UserTypeRecurring || !s.Ring.More || s.Counts.Ringed != 0 {
		t.Errorf("%+v %+v", s.Ring, s.Desired.Schema)
	}
	for _, e := range s.Effects {
		if e.Ring > 0 && (e.Action != Leave || e.Reason != "existing guest: becomes Member with ring 3 of 3") {
			t.Errorf("%+v", e)
		}
	}
	if again := w.ring(t, 2); len(again.Changes) != 0 {
		t.Errorf("once more: %+v", again.Changes)
	}
	if s := w.ring(t, 3); len(changed(s, Convert)) != 9 || !s.Desired.Schema.UserTypeRecurring {
		t.Errorf("the last ring: %+v", s.Ring)
	}
}

// TestAnEarlierRingDoesNotLetTheEngineConvert: the mapping is recurring already, and somebody in scope is a guest whose
// ring has not come.
func TestAnEarlierRingDoesNotLetTheEngineConvert(t *testing.T) {
	t.Parallel()
	w := rolling(t, 12)
	w.ring(t, 3)
	for _, u := range w.tenants["c"].Users {
		w.editUser("c", u.ID, func(u *directory.User) { u.UserType = directory.Guest })
	}
	if s := w.ring(t, 1); s.Desired.Schema.UserTypeRecurring || len(changed(s, Convert)) != 2 {
		t.Errorf("%+v %+v", s.Desired.Schema, changed(s, Convert))
	}
}

// TestARingAsksForNothing: who waits for a ring is not among those for whom the cap is too low, and who is over it waits
// for the target.
func TestARingAsksForNothing(t *testing.T) {
	t.Parallel()
	w := rolling(t, 20)
	w.narrow(edge("b", "c"), func(e *Envelope) { e.MaxUsers = 4 })
	if s := w.ring(t, 1); s.Acceptance.Needed || s.Counts.Ringed != 18 || s.Counts.Waiting != 0 {
		t.Errorf("ring 1: %+v %+v", s.Acceptance, s.Counts)
	}
	if s := w.ring(t, 2); s.Acceptance.Why != "over the cap: 5 people, 4 accepted" || s.Counts.Ringed != 15 || s.Counts.Waiting != 1 {
		t.Errorf("ring 2: %+v %+v", s.Acceptance, s.Counts)
	}
}

func TestPortions(t *testing.T) {
	t.Parallel()
	r := rings{all: []string{"5", "25%", "100%"}, open: 1}
	for _, test := range []struct{ n, people, want int }{{0, 9, 0}, {1, 9, 5}, {1, 3, 3}, {2, 41, 11}, {3, 41, 41}, {4, 41, 41}, {-1, 41, 0}} {
		if got := r.portion(test.n, test.people); got != test.want {
			t.Errorf("ring %d of %d people: %d, want %d", test.n, test.people, got, test.want)
		}
	}
	if r.of(4, 100) != 1 || r.of(5, 100) != 2 || r.of(25, 100) != 3 || (rings{}).last() != true {
		t.Error("places")
	}
}
