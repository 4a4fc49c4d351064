package plan

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"entente.dev/entente/internal/ident"
)

// rings is how far a share's rollout is. Its zero value holds nobody back.
type rings struct {
	all  []string
	open int
}

// rings finds the rollout of a share.
func (c *computation) rings(share ident.Share) rings {
	all := c.in.Topology.Rollout.Rings
	opened, rolls := c.in.Rings[share]
	if !rolls {
		return rings{all, len(all)}
	}
	return rings{all, min(max(0, opened.Rings), len(all))}
}

// last tells whether everything is let through.
func (r rings) last() bool { return r.open == len(r.all) }

// portion is how many of so many people are in the first n rings. Percentages are rounded up.
func (r rings) portion(n, people int) int {
	switch {
	case n >= len(r.all):
		return people
	case n <= 0:
		return 0
	}
	ring := r.all[n-1]
	if percent, ok := strings.CutSuffix(ring, "%"); ok {
		share, _ := strconv.Atoi(percent) // topology.Parse refuses anything else
		return min(people, (people*share+99)/100)
	}
	count, _ := strconv.Atoi(ring)
	return min(people, count)
}

// of is the first ring in which somebody's place is, counted from 0, among so many people.
func (r rings) of(at, people int) int {
	for n := range len(r.all) {
		if at < r.portion(n, people) {
			return n
		}
	}
	return len(r.all)
}

// inTurn is the order of a rollout: by the digest of an id, the same in every plan, and no list's order.
func inTurn[T any](list []T, id func(T) string) []T {
	type placed struct {
		key  string
		item T
	}
	placeds := make([]placed, len(list))
	for i, item := range list {
		placeds[i] = placed{ident.Digest(id(item)), item}
	}
	slices.SortFunc(placeds, func(a, b placed) int { return cmp.Compare(a.key, b.key) })
	ordered := make([]T, len(list))
	for i, p := range placeds {
		ordered[i] = p.item
	}
	return ordered
}

// rolls tells whether a ring may hold somebody back. A stop knows no rings, and a first question shows the target
// everybody who would come in the end.
func (s *sharePlanner) rolls() bool {
	return !s.rings.last() && !s.draining() && !s.retired() && s.envelope != nil
}

// arrive lets newcomers in until the share carries as many as the open rings hold of everybody who is to be there.
// Whoever is carried stays, whatever the ring.
func (s *sharePlanner) arrive() {
	if !s.rolls() {
		return
	}
	wanted, carried := len(s.keep), 0
	var newcomers []int // effects
	for i, e := range s.out.Effects {
		switch id := e.Person.ID; {
		case s.keep[id] && s.carried[id]:
			carried++
		case s.keep[id]:
			newcomers = append(newcomers, i)
		}
	}
	place := carried
	for _, i := range inTurn(newcomers, func(i int) string { return s.out.Effects[i].Person.ID }) {
		e := &s.out.Effects[i]
		if ring := s.rings.of(place, wanted); ring > s.rings.open {
			delete(s.keep, e.Person.ID)
			e.Action, e.Ring, e.Reason = Wait, ring, s.ringed("comes", ring)
		}
		place++
	}
}

func (s *sharePlanner) ringed(what string, ring int) string {
	return fmt.Sprintf("%s with ring %d of %d", what, ring, len(s.rings.all))
}

// convertByRing leaves guests as they are whose ring has not come. Before the last ring the mapping is not recurring,
// because the engine would convert everybody in scope; one that is recurring already stays so while it holds nobody
// whose ring has not come, because each change of it makes the engine begin anew.
func (s *sharePlanner) convertByRing() {
	if !s.rolls() || !s.converts {
		return
	}
	var everybody []string
	for _, e := range s.out.Effects {
		if s.keep[e.Person.ID] || e.Action == Wait {
			everybody = append(everybody, e.Person.ID)
		}
	}
	place := map[string]int{}
	for i, id := range inTurn(everybody, func(id string) string { return id }) {
		place[id] = i
	}
	early := 0
	for i := range s.out.Effects {
		e := &s.out.Effects[i]
		if e.Action != Adopt || !s.keep[e.Person.ID] {
			continue
		}
		if ring := s.rings.of(place[e.Person.ID], len(everybody)); ring > s.rings.open {
			early++
			e.Action, e.To, e.Ring, e.Reason = Leave, e.From, ring, "existing guest: "+s.ringed("becomes Member", ring)
		}
	}
	if early > 0 || s.job == nil || !s.job.Schema.UserTypeRecurring {
		s.out.Desired.Schema.UserTypeRecurring = false
	}
}

// leaveByRing takes out as many of those who leave as the open rings hold; the others stay for now. Whoever left since
// the rollout began counts as one of them, and whose removal is under way goes first. What the target decided about a
// person no ring holds back.
func (s *sharePlanner) leaveByRing(leaving []leaver) {
	var ordered []leaver
	for _, l := range leaving {
		if _, out := s.outside[l.effect.Person.ID]; out || !s.rolls() {
			s.add(s.leave(l.effect, l.home))
			continue
		}
		ordered = append(ordered, l)
	}
	if len(ordered) == 0 {
		return
	}
	open, left := s.goneBefore()
	ordered = inTurn(ordered, func(l leaver) string { return l.effect.Person.ID })
	slices.SortStableFunc(ordered, func(a, b leaver) int {
		switch first, second := open[a.effect.Person.ID], open[b.effect.Person.ID]; {
		case first == second:
			return 0
		case first:
			return -1
		}
		return 1
	})
	for i, l := range ordered {
		ring := s.rings.of(left+i, left+len(ordered))
		if ring <= s.rings.open {
			s.add(s.leave(l.effect, l.home))
			continue
		}
		l.effect.Ring = ring
		s.stays(l.effect, l.home, fmt.Sprintf("leaves with a later ring (%d of %d)", ring, len(s.rings.all)))
	}
}

// goneBefore is whose removal is under way, and how many left since the rollout began.
func (s *sharePlanner) goneBefore() (open map[string]bool, left int) {
	open = map[string]bool{}
	since := s.in.Rings[s.share.Share].Since
	for _, r := range s.removed[s.share.Share] {
		switch {
		case s.carried[r.Person.ID]:
			open[r.Person.ID] = r.Open
		case !r.At.Before(since):
			left++
		}
	}
	return open, left
}

// ringState sums up what the open rings let through.
func (s *sharePlanner) ringState() {
	if len(s.rings.all) == 0 || s.draining() || s.retired() {
		return
	}
	r := RingState{Open: s.rings.open, Of: len(s.rings.all), Removals: s.out.Counts.Removals}
	for _, e := range s.out.Effects {
		if s.keep[e.Person.ID] && !s.carried[e.Person.ID] {
			r.Arrivals++
		}
		if e.Action == Adopt && s.converts {
			r.Conversions++
		}
		r.More = r.More || e.Ring > 0
	}
	s.out.Ring = r
}
