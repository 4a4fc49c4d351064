package plan

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"entente.dev/entente/internal/directory"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/topology"
)

// crowd is a world in which b shares so many people with a and with c, and everybody is carried.
func crowd(t tester, people int) *world {
	t.Helper()
	w := emptyWorld(t, threeTenants)
	w.topology.Shares = slices.DeleteFunc(w.topology.Shares, func(s topology.Share) bool { return s.Source != "b" })
	var names []string
	for i := range people {
		names = append(names, fmt.Sprintf("p%02d", i))
		w.user("b", names[i])
	}
	w.group("b", "g-b", "Collaboration", names...)
	w.agree("keep")
	w.apply(t, w.plan(t))
	return w
}

// leave takes the first n people who are left out of the set of b.
func (w *world) leave(n int) {
	w.edit("b", "g-b", func(g *directory.Group) { g.Users = slices.Clone(g.Users[n:]) })
}

func (w *world) budget(share ident.Share, b topology.Budget) {
	policyOf(w, share).Deprovisioning.Budget = b
}

func gone(share ident.Share, ago time.Duration, open bool, people ...string) []Removed {
	var list []Removed
	for _, p := range people {
		list = append(list, Removed{Share: share, Person: ident.Person{Home: share.Source, ID: "b-" + p}, At: now.Add(-ago), Open: open})
	}
	return list
}

// TestBudgets: the share b→c carries 20 people and loses three.
func TestBudgets(t *testing.T) {
	t.Parallel()
	const hour, days = time.Hour, 24 * time.Hour
	bc, ba, ac := edge("b", "c"), edge("b", "a"), edge("a", "c")
	plenty := topology.Budget{Count: 50, Percent: 100}
	daily := func(count, percent int) topology.Budget {
		b := plenty
		b.Day = topology.Window{Count: count, Percent: percent}
		return b
	}
	weekly := func(count, percent int) topology.Budget {
		b := plenty
		b.Week = topology.Window{Count: count, Percent: percent}
		return b
	}
	tests := map[string]struct {
		budget  topology.Budget
		target  *topology.Budget
		org     *topology.Budget
		removed []Removed
		only    bool
		want    BudgetVerdict
	}{
		"plenty":             {budget: plenty, want: BudgetVerdict{3, 20, false, ""}},
		"a run's count":      {budget: topology.Budget{Count: 2, Percent: 100}, want: BudgetVerdict{3, 2, true, "3 removals; 2 are allowed in one run for share b→c"}},
		"a run's percentage": {budget: topology.Budget{Count: 50, Percent: 1}, want: BudgetVerdict{3, 1, true, "3 removals; 1 is allowed in one run for share b→c"}},
		"what was removed is of an earlier run": {budget: topology.Budget{Count: 3, Percent: 100}, removed: gone(bc, hour, true, "x1", "x2"),
			want: BudgetVerdict{3, 3, false, ""}},
		"a day": {budget: daily(2, 100), removed: gone(bc, hour, false, "x1", "x2"),
			want: BudgetVerdict{3, 0, true, "3 removals; 2 are allowed in 24 hours for share b→c, 2 were made already"}},
		"a day that is over":     {budget: daily(3, 100), removed: gone(bc, days, false, "x1", "x2"), want: BudgetVerdict{3, 3, false, ""}},
		"a day to the edge":      {budget: daily(5, 100), removed: gone(bc, hour, false, "x1", "x2"), want: BudgetVerdict{3, 3, false, ""}},
		"of those who are there": {budget: daily(50, 20), removed: gone(bc, hour, false, "x1"), want: BudgetVerdict{3, 4, false, ""}}, // 20% of 21 are 5
		"those who are announced are not counted twice": {budget: daily(3, 100), removed: gone(bc, hour, true, "p00", "p01", "p02"),
			want: BudgetVerdict{3, 3, false, ""}},
		"the same person twice": {budget: daily(4, 100), removed: slices.Concat(gone(bc, hour, true, "x1"), gone(bc, 2*hour, false, "x1")),
			want: BudgetVerdict{3, 3, false, ""}},
		"a week": {budget: weekly(3, 100), removed: gone(bc, 3*days, false, "x1"),
			want: BudgetVerdict{3, 2, true, "3 removals; 3 are allowed in 7 days for share b→c, 1 was made already"}},
		"a week that is over":                   {budget: weekly(3, 100), removed: gone(bc, 7*days, false, "x1"), want: BudgetVerdict{3, 3, false, ""}},
		"another share has a budget of its own": {budget: daily(3, 100), removed: gone(ba, hour, false, "x1"), want: BudgetVerdict{3, 3, false, ""}},
		"the target, a run": {budget: plenty, target: &topology.Budget{Count: 3, Percent: 100}, removed: gone(ac, hour, true, "x1"),
			want: BudgetVerdict{3, 2, true, "3 removals; 3 are allowed in one run for target c, 1 more were made, are under way or planned"}},
		"the target, a run that is over": {budget: plenty, target: &topology.Budget{Count: 3, Percent: 100}, removed: gone(ac, hour, false, "x1"),
			want: BudgetVerdict{3, 3, false, ""}},
		"the target, a day": {budget: plenty, target: &topology.Budget{Count: 3, Percent: 100, Day: topology.Window{Count: 4, Percent: 100}}, removed: gone(ac, hour, false, "x1", "x2"),
			want: BudgetVerdict{3, 2, true, "3 removals; 4 are allowed in 24 hours for target c, 2 more were made, are under way or planned"}},
		"another target":   {budget: plenty, target: &topology.Budget{Count: 3, Percent: 100}, removed: gone(ba, hour, true, "x1"), want: BudgetVerdict{3, 3, false, ""}},
		"the organization": {budget: plenty, org: &topology.Budget{Count: 5, Percent: 100}, want: BudgetVerdict{3, 2, true, "3 removals; 5 are allowed in one run for the organization, 3 more were made, are under way or planned"}},
		"the organization, of one share's plan": {budget: plenty, org: &topology.Budget{Count: 5, Percent: 100}, only: true, removed: gone(ba, hour, true, "p00"),
			want: BudgetVerdict{3, 4, false, ""}},
		"the organization's percentage is of all shares' people": {budget: plenty, org: &topology.Budget{Count: 50, Percent: 10}, only: true,
			want: BudgetVerdict{3, 4, false, ""}},
		"two bounds": {budget: topology.Budget{Count: 2, Percent: 100}, org: &topology.Budget{Count: 1, Percent: 100}, only: true,
			want: BudgetVerdict{3, 1, true, "3 removals; 2 are allowed in one run for share b→c; 3 removals; 1 is allowed in one run for the organization"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := crowd(t, 20)
			w.leave(3)
			w.budget(bc, test.budget)
			w.topology.Budgets.Organization = test.org
			if test.target != nil {
				w.topology.Budgets.Targets = []topology.TargetBudget{{Tenant: "c", Budget: *test.target}}
			}
			in := w.in(t)
			in.Removed = test.removed
			if test.only {
				in.Only = []ident.Share{bc}
			}
			if got := sharePlan(t, Compute(in), bc).Budget; got != test.want {
				t.Errorf("%+v\nwant %+v", got, test.want)
			}
		})
	}
}

// TestASetThatShrinksSuddenlyIsLookedAt, whatever the budget would let through.
func TestASetThatShrinksSuddenlyIsLookedAt(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		carried, stay int
		why           string
	}{
		{40, 12, "user set b-people shrank from 40 to 12 people"}, {40, 19, "user set b-people shrank from 40 to 19 people"}, {40, 20, ""},
		{8, 3, "user set b-people shrank from 8 to 3 people"}, {7, 3, ""}, {5, 1, ""}, {6, 1, "user set b-people shrank from 6 to 1 person"},
	} {
		w := crowd(t, test.carried)
		w.budget(edge("b", "c"), topology.Budget{Count: 500, Percent: 100})
		w.leave(test.carried - test.stay)
		s := sharePlan(t, w.plan(t), edge("b", "c"))
		if s.Budget.Over != (test.why != "") || s.Budget.Why != test.why || s.Budget.Removals != test.carried-test.stay {
			t.Errorf("%d of %d stay: %+v", test.stay, test.carried, s.Budget)
		}
	}
}

// TestAStopHasNoBudget, and is none of the others' business.
func TestAStopHasNoBudget(t *testing.T) {
	t.Parallel()
	w := crowd(t, 20)
	w.leave(1)
	w.topology.Budgets.Organization = &topology.Budget{Count: 1, Percent: 100}
	in := w.in(t)
	in.Draining = []ident.Share{edge("b", "c")}
	p := Compute(in)
	if s := sharePlan(t, p, edge("b", "c")); s.Budget != (BudgetVerdict{}) || s.Counts.Removals != 20 {
		t.Errorf("%+v", s.Budget)
	}
	if s := sharePlan(t, p, edge("b", "a")); s.Budget != (BudgetVerdict{Removals: 1, Allowed: 1}) {
		t.Errorf("%+v", s.Budget)
	}
}

func TestTheEnginesThreshold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	policyOf(w, edge("b", "c")).Deprovisioning.EngineThreshold = 77
	policyOf(w, edge("b", "a")).Deprovisioning.EngineThreshold = 0
	p := w.plan(t)
	for share, want := range map[ident.Share]int{edge("b", "c"): 77, edge("b", "a"): 500, edge("a", "b"): 500} {
		if got := sharePlan(t, p, share).Desired.DeleteLimit; got != want {
			t.Errorf("%s: %d, want %d", share, got, want)
		}
	}
}

// TestTheVerdictIsPartOfTheDigestOnlyWhenSomebodyMustLook: what is left of a budget changes with the hour.
func TestTheVerdictIsPartOfTheDigestOnlyWhenSomebodyMustLook(t *testing.T) {
	t.Parallel()
	w := crowd(t, 20)
	w.leave(3)
	w.budget(edge("b", "c"), topology.Budget{Count: 9, Percent: 100, Day: topology.Window{Count: 9, Percent: 100}})
	digest := func(removed ...string) string {
		in := w.in(t)
		in.Removed = gone(edge("b", "c"), time.Hour, false, removed...)
		return sharePlan(t, Compute(in), edge("b", "c")).Digest
	}
	var seven []string
	for i := range 7 {
		seven = append(seven, fmt.Sprintf("x%d", i))
	}
	if digest() != digest("x1") || digest() == digest(seven...) {
		t.Error("another digest with the same answer, or the same one with another")
	}
}

// step is a bit of a history: so many leave each share, so long after the step before.
type departure struct {
	Wait   time.Duration
	ToA, C int
}

// history plays departures; whoever may go without a second look goes, with the next step also out of the scope group.
// It tells when too many went within a window of the bounds, of one share or of both.
func history(steps []departure, share, org topology.Budget, compute computer) error {
	w := crowd(&quiet{}, 40)
	for _, e := range []ident.Share{edge("b", "a"), edge("b", "c")} {
		w.budget(e, share)
	}
	w.topology.Budgets.Organization = &org
	sets := map[ident.Tenant]string{"a": "g-a-people", "c": "g-c-people"}
	for i := range w.topology.Shares {
		s := &w.topology.Shares[i]
		var names []string
		for n := range 40 {
			names = append(names, fmt.Sprintf("p%02d", n))
		}
		set := sets[s.Target]
		w.group("b", set, set, names...)
		w.topology.UserSets = append(w.topology.UserSets, topology.UserSet{Name: set, Tenant: "b", Group: set})
		s.Sets = []string{set}
		w.narrow(s.Share, func(e *Envelope) { e.Sets = s.Sets })
	}
	var removed []Removed
	at := now
	for _, step := range steps {
		at = at.Add(step.Wait)
		for target, n := range map[ident.Tenant]int{"a": step.ToA, "c": step.C} {
			w.edit("b", sets[target], func(g *directory.Group) { g.Users = g.Users[min(n, len(g.Users)-1):] })
		}
		for _, s := range w.topology.Shares {
			in := w.in(&quiet{})
			in.Only, in.Now, in.Removed = []ident.Share{s.Share}, at, removed
			p := compute(in).Shares[0]
			if p.Budget.Over {
				continue
			}
			for _, id := range changed(p, ScopeRemove) {
				removed = append(removed, Removed{Share: s.Share, Person: ident.Person{Home: "b", ID: id}, At: at})
			}
			w.edit("b", scopeGroup(w, "b", s.Target), func(g *directory.Group) {
				g.Users = slices.DeleteFunc(slices.Clone(g.Users), func(id string) bool { return slices.Contains(changed(p, ScopeRemove), id) })
			})
		}
		if err := tooMany(removed, at, share, org); err != nil {
			return err
		}
	}
	return nil
}

func tooMany(removed []Removed, at time.Time, share, org topology.Budget) error {
	in := func(back time.Duration, target ident.Tenant) (n int) {
		for _, r := range removed {
			if r.At.After(at.Add(-back)) && strings.HasPrefix(string(r.Share.Target), string(target)) {
				n++
			}
		}
		return n
	}
	for back, bounds := range map[time.Duration][2]int{24 * time.Hour: {share.Day.Count, org.Day.Count}, 7 * 24 * time.Hour: {share.Week.Count, org.Week.Count}} {
		if a, c, all := in(back, "a"), in(back, "c"), in(back, ""); max(a, c) > bounds[0] || all > bounds[1] {
			return fmt.Errorf("within %s %d and %d went, of %d for each and %d together", back, a, c, bounds[0], bounds[1])
		}
	}
	return nil
}

var departures = rapid.Custom(func(t *rapid.T) []departure {
	one := rapid.Custom(func(t *rapid.T) departure {
		return departure{
			Wait: time.Duration(rapid.IntRange(1, 60).Draw(t, "hours")) * time.Hour,
			ToA:  rapid.IntRange(0, 3).Draw(t, "a"), C: rapid.IntRange(0, 3).Draw(t, "c"),
		}
	})
	return rapid.SliceOfN(one, 1, 10).Draw(t, "departures")
})

var tightBudgets = rapid.Custom(func(t *rapid.T) topology.Budget {
	run := rapid.IntRange(1, 4).Draw(t, "run")
	days := run + rapid.IntRange(0, 4).Draw(t, "day")
	weeks := days + rapid.IntRange(0, 6).Draw(t, "week")
	return topology.Budget{Count: run, Percent: 100, Day: topology.Window{Count: days, Percent: 100}, Week: topology.Window{Count: weeks, Percent: 100}}
})

// TestNoSequenceOfSmallRemovalsSlipsThrough: whatever the steps, no window ever holds more than its bound without a
// question.
func TestNoSequenceOfSmallRemovalsSlipsThrough(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		if err := history(departures.Draw(t, "steps"), tightBudgets.Draw(t, "share"), tightBudgets.Draw(t, "organization"), Compute); err != nil {
			t.Fatal(err)
		}
	})
}

// TestTheSequencePropertyCatchesAForgetfulBudget is its planted bug: a run that does not know of the runs before.
func TestTheSequencePropertyCatchesAForgetfulBudget(t *testing.T) {
	t.Parallel()
	for name, bug := range map[string]computer{
		"of all runs before": func(in Input) Plan { in.Removed = nil; return Compute(in) },
		"of those of yesterday": func(in Input) Plan {
			in.Removed = slices.DeleteFunc(slices.Clone(in.Removed), func(r Removed) bool { return r.At.Before(in.Now.Add(-24 * time.Hour)) })
			return Compute(in)
		},
		"of the other shares": func(in Input) Plan {
			in.Removed = slices.DeleteFunc(slices.Clone(in.Removed), func(r Removed) bool { return r.Share != in.Only[0] })
			return Compute(in)
		},
	} {
		caught := false
		for seed := 0; seed < 200 && !caught; seed++ {
			caught = history(departures.Example(seed), tightBudgets.Example(seed), tightBudgets.Example(seed+1000), bug) != nil
		}
		if !caught {
			t.Errorf("forgetful %s: unnoticed", name)
		}
	}
}

func tighter(w *world, in Input, p Plan, compute computer) error {
	tight := *w.topology
	tight.Shares = slices.Clone(tight.Shares)
	for i := range tight.Shares {
		b := &tight.Shares[i].Policy.Deprovisioning.Budget
		b.Count, b.Percent = b.Count/2, b.Percent/2
	}
	in.Topology = &tight
	for i, s := range compute(in).Shares {
		loose := p.Shares[i].Budget
		if s.Budget.Allowed > loose.Allowed || (loose.Over && !s.Budget.Over) {
			return fmt.Errorf("%s allows %d with a tighter budget, %d with a looser", s.Share, s.Budget.Allowed, loose.Allowed)
		}
	}
	return nil
}
