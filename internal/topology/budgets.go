package topology

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/goccy/go-yaml/ast"

	"entente.dev/entente/internal/ident"
)

// unwritten is a window about which the file says nothing yet. Zero would not do: a file may well say zero.
var unwritten = Window{Count: -1, Percent: -1}

// withWindows derives the numbers of windows that nobody wrote from the budget of a run.
func (b Budget) withWindows() Budget {
	b.Day, b.Week = b.Day.derived(b, dayTimes), b.Week.derived(b, weekTimes)
	return b
}

func (w Window) derived(run Budget, times int) Window {
	if w.Count < 0 {
		w.Count = times * run.Count
	}
	if w.Percent < 0 {
		w.Percent = min(100, times*run.Percent)
	}
	return w
}

// place is where a number stands, and how near to a share that is: a share's own number is nearer than one of
// the defaults.
type place struct {
	node ast.Node
	near int
}

// places are the places of the numbers of one policy or budget, by key: "count", "day.count", "engineThreshold".
type places map[string]place

// add notes those keys of the mapping that have a value.
func (p places) add(m mapping, prefix string, near int, names ...string) {
	for _, name := range names {
		if n, ok := m.values[name]; ok {
			p[prefix+name] = place{n, near}
		}
	}
}

// nearest is the place of the keys that is nearest to a share; of equals the first one.
func (p places) nearest(keys ...string) ast.Node {
	var best place
	for _, key := range keys {
		if at, ok := p[key]; ok && (best.node == nil || at.near > best.near) {
			best = at
		}
	}
	return best.node
}

// readBudget overwrites the numbers that the mapping mentions and notes where they stand.
func readBudget(m mapping, b *Budget, written places, near int) {
	m.number("count", &b.Count)
	m.number("percent", &b.Percent)
	written.add(m, "", near, "count", "percent")
	readWindow(m, "day", &b.Day, written, near)
	readWindow(m, "week", &b.Week, written, near)
}

func readWindow(m mapping, name string, w *Window, written places, near int) {
	window := m.child(name)
	window.number("count", &w.Count)
	window.number("percent", &w.Percent)
	written.add(window, name+".", near, "count", "percent")
}

// readDeprovisioning overwrites what the mapping mentions.
func (d *draft) readDeprovisioning(m mapping) {
	p := &d.Deprovisioning
	m.choice("action", &p.Action)
	m.duration("grace", &p.Grace)
	m.number("engineThreshold", &p.EngineThreshold)
	d.written, d.near = maps.Clone(d.written), d.near+1
	d.written.add(m, "", d.near, "engineThreshold")
	readBudget(m.child("budget"), &p.Budget, d.written, d.near)
}

// checkBudget reports windows that are narrower than what lies inside of them.
func (r *reader) checkBudget(b Budget, written places) {
	for _, unit := range []struct {
		name           string
		run, day, week int
	}{{"count", b.Count, b.Day.Count, b.Week.Count}, {"percent", b.Percent, b.Day.Percent, b.Week.Percent}} {
		day, week := "day."+unit.name, "week."+unit.name
		if unit.day < unit.run {
			r.report(written.nearest(day, unit.name), RuleBadNumber,
				fmt.Sprintf("the day's %s of %d is below the run's %d, so that the run's could never be used", unit.name, unit.day, unit.run),
				fmt.Sprintf("write %d or more for the day, or %d at most for the run", unit.run, unit.day))
		}
		if unit.week < unit.day {
			r.report(written.nearest(week, day, unit.name), RuleBadNumber,
				fmt.Sprintf("the week's %s of %d%s is below the day's %d%s, so that the day's could never be used", unit.name, unit.week, written.derivation(week, weekTimes), unit.day, written.derivation(day, dayTimes)),
				fmt.Sprintf("write %d or more for the week, or %d at most for the day", unit.day, unit.week))
		}
	}
}

// derivation explains a number that the file does not write.
func (p places) derivation(key string, times int) string {
	if _, ok := p[key]; ok {
		return ""
	}
	return fmt.Sprintf(" (not written: %d times the run's)", times)
}

// checkThreshold reports an engine's guard that would trip on what the budget lets through. At its threshold the
// engine deletes nobody, stages the deletions and quarantines the job; Microsoft's pages waver between meeting
// and exceeding it, so equal is too much.
func (r *reader) checkThreshold(d Deprovisioning, written places) {
	count, threshold := d.Budget.Count, d.EngineThreshold
	if threshold > count {
		return
	}
	remedy := fmt.Sprintf("write engineThreshold: %d or more, or a budget count of %d at most", count+1, threshold-1)
	if count >= maxCount {
		remedy = fmt.Sprintf("write a budget count of %d at most", threshold-1)
	}
	r.report(written.nearest("engineThreshold", "count"), RuleBadNumber,
		fmt.Sprintf("engineThreshold %d%s is not above the budget's count of %d: at its threshold the engine deletes nobody and quarantines the job, although the budget lets that many go", threshold, written.standing("engineThreshold"), count),
		remedy)
}

// standing explains a default that nobody wrote.
func (p places) standing(key string) string {
	if _, ok := p[key]; ok {
		return ""
	}
	return " (the engine's default)"
}

// budgets reads the bounds beside those of the shares.
func (r *reader) budgets(m mapping, t *Topology) Budgets {
	var all Budgets
	if m.has("organization") {
		b := r.budget(m.child("organization"))
		all.Organization = &b
	}
	list, _ := m.list("targets")
	seen := map[ident.Tenant]Position{}
	for _, n := range list {
		target := r.mapping(n, targetTable)
		b := TargetBudget{Tenant: r.tenant(target, "tenant", t), Budget: r.budget(target), Pos: position(n)}
		if first, twice := seen[b.Tenant]; twice && b.Tenant != "" {
			r.report(target.place("tenant"), RuleDuplicateBudget, fmt.Sprintf("the budget of target %s is also in line %d", b.Tenant, first.Line), "keep one of them")
		}
		seen[b.Tenant] = position(target.place("tenant"))
		all.Targets = append(all.Targets, b)
	}
	slices.SortStableFunc(all.Targets, func(a, b TargetBudget) int { return cmp.Compare(a.Tenant, b.Tenant) })
	return all
}

// budget reads a budget that has no defaults.
func (r *reader) budget(m mapping) Budget {
	b, written := Budget{Day: unwritten, Week: unwritten}, places{}
	readBudget(m, &b, written, 0)
	b = b.withWindows()
	if m.has("count") && m.has("percent") { // otherwise the missing one is reported, and compares with nothing
		r.checkBudget(b, written)
	}
	return b
}
