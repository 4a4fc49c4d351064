package plan

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"entente.dev/entente/internal/directory"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/topology"
)

// span is a stretch of time that a budget bounds.
type span int

const (
	run span = iota
	day
	week
	spans
)

func (s span) String() string { return [...]string{"one run", "24 hours", "7 days"}[s] }

// covers tells whether a removal from before this plan counts. Of a run it does while it is not over.
func (s span) covers(r Removed, now time.Time) bool {
	switch s {
	case day:
		return r.At.After(now.Add(-24 * time.Hour))
	case week:
		return r.At.After(now.Add(-7 * 24 * time.Hour))
	}
	return r.Open
}

// bound is what a budget says about a span; ok is false where it says nothing. A window of zeros was not declared:
// one that was is as wide as the run at least.
func (s span) bound(b topology.Budget) (w topology.Window, ok bool) {
	switch s {
	case day:
		return b.Day, b.Day != topology.Window{}
	case week:
		return b.Week, b.Week != topology.Window{}
	}
	return topology.Window{Count: b.Count, Percent: b.Percent}, true
}

// tally is what one share adds to the sums of budgets.
type tally struct {
	carried int
	leaving int        // removals of this plan
	made    [spans]int // removals from before that are none of this plan
	gone    [spans]int // those of them whom the share carries no longer
	shrunk  string     // which user set became suddenly small
}

func (t tally) plus(o tally) tally {
	t.carried, t.leaving = t.carried+o.carried, t.leaving+o.leaving
	for s := range spans {
		t.made[s], t.gone[s] = t.made[s]+o.made[s], t.gone[s]+o.gone[s]
	}
	return t
}

// count makes the tally of a share of those whom it carries and those who leave it with this plan.
func (c *computation) count(share ident.Share, carried, leaving map[string]bool) tally {
	t := tally{carried: len(carried), leaving: len(leaving)}
	for _, r := range c.removed[share] {
		for s := range spans {
			if leaving[r.Person.ID] || !s.covers(r, c.in.Now) {
				continue
			}
			t.made[s]++
			if !carried[r.Person.ID] {
				t.gone[s]++
			}
		}
	}
	return t
}

// removedBy sorts removals by share, each person once: the newest counts.
func removedBy(list []Removed) map[ident.Share][]Removed {
	newest := map[ident.Share]map[ident.Person]Removed{}
	for _, r := range list {
		if newest[r.Share] == nil {
			newest[r.Share] = map[ident.Person]Removed{}
		}
		known, twice := newest[r.Share][r.Person]
		if !twice || r.At.After(known.At) {
			newest[r.Share][r.Person] = Removed{r.Share, r.Person, r.At, r.Open || known.Open}
		} else if r.Open {
			known.Open = true
			newest[r.Share][r.Person] = known
		}
	}
	by := map[ident.Share][]Removed{}
	for share, people := range newest {
		for _, r := range people {
			by[share] = append(by[share], r)
		}
	}
	return by
}

// scope is a part of the organization that one budget bounds.
type scope struct {
	name   string
	budget topology.Budget
	sum    tally
	wide   bool // more than one share
}

// verdicts compares every planned share's removals with the budgets that bound them: its own, its target's and the
// organization's. What shares that are not planned have under way counts too.
func (c *computation) verdicts(shares []SharePlan, tallies []tally) {
	all, byTarget := c.sums(shares, tallies)
	declared := make(map[ident.Share]topology.Share, len(c.in.Topology.Shares))
	for _, share := range c.in.Topology.Shares {
		declared[share.Share] = share
	}
	for i := range shares {
		share := declared[shares[i].Share]
		if slices.Contains(c.in.Draining, share.Share) {
			continue // a person asked for exactly this removal
		}
		own := tallies[i]
		own.made[run], own.gone[run] = 0, 0 // a run is one plan's
		scopes := []scope{{name: "share " + share.Share.String(), budget: share.Policy.Deprovisioning.Budget, sum: own}}
		for _, b := range c.in.Topology.Budgets.Targets {
			if b.Tenant == share.Target {
				scopes = append(scopes, scope{"target " + string(b.Tenant), b.Budget, byTarget[b.Tenant], true})
			}
		}
		if b := c.in.Topology.Budgets.Organization; b != nil {
			scopes = append(scopes, scope{"the organization", *b, all, true})
		}
		shares[i].Budget = verdict(tallies[i], scopes)
	}
}

// sums adds the shares up, for the organization and for each target. It looks at shares that are not planned only
// where a budget bounds more than one share.
func (c *computation) sums(shares []SharePlan, tallies []tally) (all tally, byTarget map[ident.Tenant]tally) {
	byTarget = map[ident.Tenant]tally{}
	if b := c.in.Topology.Budgets; b.Organization == nil && len(b.Targets) == 0 {
		return all, byTarget
	}
	counted := map[ident.Share]bool{}
	add := func(share ident.Share, t tally) {
		if !counted[share] {
			counted[share] = true
			all, byTarget[share.Target] = all.plus(t), byTarget[share.Target].plus(t)
		}
	}
	for i, s := range shares {
		add(s.Share, tallies[i])
	}
	for _, s := range c.in.Topology.Shares {
		add(s.Share, c.count(s.Share, c.carriedBy(s.Share), nil))
	}
	for share := range c.removed {
		add(share, c.count(share, c.carriedBy(share), nil))
	}
	return all, byTarget
}

// carriedBy is who is in the scope group of a share that is not planned.
func (c *computation) carriedBy(share ident.Share) map[string]bool {
	carried := map[string]bool{}
	source := c.in.Snapshots[share.Source].Snapshot()
	if source == nil {
		return carried
	}
	for _, g := range c.groupsOf(source, share) {
		for _, id := range g.Users {
			carried[id] = true
		}
	}
	return carried
}

// verdict finds what is allowed by all bounds, and the first bound of each scope that is exceeded.
func verdict(own tally, scopes []scope) BudgetVerdict {
	v := BudgetVerdict{Removals: own.leaving, Allowed: -1}
	var why []string
	for _, sc := range scopes {
		exceeded := ""
		for s := range spans {
			bound, bounds := s.bound(sc.budget)
			if !bounds {
				continue
			}
			others := sc.sum.leaving + sc.sum.made[s] - own.leaving
			limit := within(bound, sc.sum.carried+sc.sum.gone[s])
			if left := max(0, limit-others); v.Allowed < 0 || left < v.Allowed {
				v.Allowed = left
			}
			if exceeded == "" && own.leaving > 0 && own.leaving+others > limit {
				exceeded = sc.words(s, own.leaving, limit, others)
			}
		}
		if exceeded != "" {
			why = append(why, exceeded)
		}
	}
	if own.leaving > 0 && own.shrunk != "" {
		why = append(why, own.shrunk)
	}
	v.Over, v.Why = len(why) > 0, strings.Join(why, "; ")
	return v
}

// within is how many removals a bound lets through of so many people. The smaller of count and percent holds; the
// percentage is rounded up, so that one person may always leave.
func within(w topology.Window, people int) int {
	return min(w.Count, (people*w.Percent+99)/100)
}

func (sc scope) words(s span, leaving, limit, others int) string {
	are := "are"
	if limit == 1 {
		are = "is"
	}
	text := fmt.Sprintf("%s; %d %s allowed in %s for %s", persons(leaving, "removal"), limit, are, s, sc.name)
	switch {
	case others == 0:
		return text
	case sc.wide:
		return fmt.Sprintf("%s, %d more were made, are under way or planned", text, others)
	case others == 1:
		return text + ", 1 was made already"
	}
	return fmt.Sprintf("%s, %d were made already", text, others)
}

// least is how many people a set must have lost before that is sudden.
const least = 5

// shrunk tells that the share's user sets name less than half of whom it carries from them: a source that empties by
// mistake is looked at by a person even where the budget would let everybody go. From which of several sets somebody
// came is not known once they left it, so the sets of one share count together.
func (s *sharePlanner) shrunk() string {
	if s.draining() || s.retired() {
		return ""
	}
	named := map[string]bool{}
	for _, set := range s.share.Sets {
		for _, id := range s.sets[set].people {
			named[id] = true
		}
	}
	included := s.included()
	carried := 0
	for id := range s.carried {
		if named[id] || !slices.Contains(included, id) {
			carried++
		}
	}
	if 2*len(named) >= carried || carried-len(named) < least {
		return ""
	}
	noun := "user set "
	if len(s.share.Sets) > 1 {
		noun = "user sets "
	}
	return fmt.Sprintf("%s%s shrank from %d to %s", noun, strings.Join(s.share.Sets, ", "), carried, persons(len(named), "person"))
}

// groupsOf finds the scope groups of a share in its source, by our marker, or by our ledger when somebody renamed one.
func (c *computation) groupsOf(source *directory.Snapshot, share ident.Share) []directory.Group {
	name, nickname := GroupName(c.in.Topology.Name, share), GroupNickname(c.in.Topology.Name, share)
	var ours []directory.Group
	for _, g := range source.Groups {
		if g.DisplayName == name || c.in.Owned[g.ID] && g.MailNickname == nickname {
			ours = append(ours, g)
		}
	}
	return ours
}
