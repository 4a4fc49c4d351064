package topology

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// farthest is how far ahead the end of a freeze is looked for. No freeze lasts longer; see Parse.
const farthest = 366 * Day

// maxFreezes keeps a hostile file from exhausting the parser.
const maxFreezes = 50

// Until is when the freeze that is in force at a moment ends; zero when none is. The clock that counts is the one on
// the wall of the freeze's zone: an hour that daylight saving repeats is frozen twice, one that it skips never.
func (f Freeze) Until(at time.Time) time.Time {
	return f.until(at, f.location())
}

// location is the zone of the freeze. Parse refuses zones that do not exist; they count as UTC here.
func (f Freeze) location() *time.Location {
	zone, err := loadZone(f.Zone)
	if err != nil {
		return time.UTC
	}
	return zone
}

func (f Freeze) until(at time.Time, zone *time.Location) time.Time {
	local := at.In(zone)
	if !f.holds(local) {
		return time.Time{}
	}
	for limit := at.Add(farthest); f.holds(local) && local.Before(limit); {
		local = f.nextEdge(local)
	}
	return local.UTC()
}

// FrozenUntil is when the organization thaws, and why it is frozen: the reason of the freeze in force that ends last,
// or when that freeze holds. Zero when it is not frozen at that moment. Freezes that follow each other without a gap
// count as one; it looks about a year ahead.
func (t *Topology) FrozenUntil(at time.Time) (until time.Time, reason string) {
	return thaw(t.Freezes, at, at.Add(farthest))
}

// thaw follows freezes from a moment until none is in force, or past the limit.
func thaw(freezes []Freeze, at, limit time.Time) (until time.Time, reason string) {
	zones := make([]*time.Location, len(freezes)) // loaded once: the walk below asks often
	for i, f := range freezes {
		zones[i] = f.location()
	}
	until, reason = lastToEnd(freezes, zones, at)
	for end := until; !end.IsZero() && until.Before(limit); {
		until = end
		end, _ = lastToEnd(freezes, zones, until)
	}
	return until, reason
}

// lastToEnd is the freeze in force at a moment that ends last.
func lastToEnd(freezes []Freeze, zones []*time.Location, at time.Time) (until time.Time, reason string) {
	for i, f := range freezes {
		if end := f.until(at, zones[i]); end.After(until) {
			until, reason = end, cmp.Or(f.Reason, f.String())
		}
	}
	return until, reason
}

// String says when a freeze holds, for one without a reason.
func (f Freeze) String() string {
	var words []string
	if f.From != "" {
		words = append(words, f.From+" to "+f.To)
	}
	if len(f.Days) > 0 {
		words = append(words, strings.Join(f.Days, ", "))
	}
	if f.Hours != "" {
		words = append(words, f.Hours)
	}
	return strings.Join(append(words, f.Zone), " ")
}

// holds tells whether the freeze is in force at a moment of its zone.
func (f Freeze) holds(local time.Time) bool {
	if f.From != "" {
		day := local.Format(time.DateOnly)
		return f.From <= day && day <= f.To
	}
	today := int(local.Weekday()+6) % 7 // weekdays begins with Monday
	if f.Hours == "" {
		return f.onDay(today)
	}
	start, end := f.hours()
	clock := wallClock(local)
	if start < end {
		return f.onDay(today) && start <= clock && clock < end
	}
	return f.onDay(today) && start <= clock || f.onDay((today+6)%7) && clock < end
}

func (f Freeze) onDay(day int) bool {
	return len(f.Days) == 0 || slices.Contains(f.Days, weekdays()[day])
}

// nextEdge is the next moment at which the freeze may begin or end: midnight, its hours, or a shift of the zone.
func (f Freeze) nextEdge(local time.Time) time.Time {
	clock, next := wallClock(local), Day
	if f.Hours != "" {
		start, end := f.hours()
		for _, edge := range []time.Duration{start, end} {
			if clock < edge && edge < next {
				next = edge
			}
		}
	}
	edge := local.Add(next - clock)
	if _, shift := local.ZoneBounds(); !shift.IsZero() && shift.Before(edge) {
		return shift
	}
	return edge
}

// hours are the two times of Hours as distances from midnight.
func (f Freeze) hours() (start, end time.Duration) {
	from, to, _ := strings.Cut(f.Hours, "-")
	return clockTime(from), clockTime(to)
}

func clockTime(text string) time.Duration {
	t, err := time.Parse("15:04", text)
	if err != nil {
		return 0 // Parse refuses such hours
	}
	return wallClock(t)
}

// wallClock is what a clock on the wall shows, as a distance from its midnight.
func wallClock(t time.Time) time.Duration {
	hour, minute, second := t.Clock()
	return time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute + time.Duration(second)*time.Second + time.Duration(t.Nanosecond())
}

func (r *reader) freezes(doc mapping) []Freeze {
	list, _ := doc.list("freezes")
	if len(list) > maxFreezes {
		r.report(doc.place("freezes"), RuleBadValue, fmt.Sprintf("%d freezes are too many", len(list)), fmt.Sprintf("write %d at most; name several days in one", maxFreezes))
		return nil
	}
	var freezes []Freeze
	before := len(r.problems)
	for _, n := range list {
		m := r.mapping(n, freezeTable)
		if m.keys == nil {
			continue
		}
		freezes = append(freezes, r.freeze(m))
	}
	slices.SortStableFunc(freezes, compareFreezes)
	if len(r.problems) == before {
		r.checkThaw(doc, freezes)
	}
	return freezes
}

func compareFreezes(a, b Freeze) int {
	return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To), slices.Compare(a.Days, b.Days), cmp.Compare(a.Hours, b.Hours), cmp.Compare(a.Zone, b.Zone), cmp.Compare(a.Reason, b.Reason))
}

func (r *reader) freeze(m mapping) Freeze {
	f := Freeze{Zone: utc}
	m.choice("zone", &f.Zone)
	if _, err := loadZone(f.Zone); err != nil {
		remedy := "write an IANA name such as Europe/Stockholm, or UTC"
		if near, ok := nearest(f.Zone, zoneNames()); ok {
			remedy = fmt.Sprintf("did you mean %s?", near)
		}
		r.report(m.place("zone"), RuleBadValue, fmt.Sprintf("zone %q is not a time zone", f.Zone), remedy)
	}
	m.choice("reason", &f.Reason)
	dates, weekly := m.has("from") || m.has("to"), m.has("days") || m.has("hours")
	switch {
	case dates && weekly:
		r.report(m.node, RuleBadValue, "a freeze has both dates and days or hours", "write two freezes, one with from and to, one with days and hours")
	case dates:
		r.dates(m, &f)
	case weekly:
		f.Days = r.days(m)
		r.hours(m, &f.Hours)
	default:
		r.report(m.node, RuleMissingField, "a freeze does not say when", "write from: and to:, or days: or hours:")
	}
	return f
}

// dates reads the two days between which a freeze lies.
func (r *reader) dates(m mapping, f *Freeze) {
	first, begins := r.date(m, "from", &f.From)
	last, ends := r.date(m, "to", &f.To)
	switch {
	case !begins || !ends:
	case last.Before(first):
		r.report(m.place("to"), RuleBadValue, fmt.Sprintf("to %s is before from %s", f.To, f.From), "write the first day under from and the last one under to; they may be the same")
	case last.Sub(first) >= 365*Day:
		r.report(m.place("to"), RuleBadValue, fmt.Sprintf("a freeze from %s to %s is longer than a year", f.From, f.To), "mind the year; to end sharing, stop the shares")
	}
}

func (r *reader) date(m mapping, name string, into *string) (time.Time, bool) {
	if !m.has(name) {
		f, _ := m.table.field(name)
		r.report(m.node, RuleMissingField, "a freeze with dates has no "+name, "add "+name+": "+strings.TrimSuffix(lowerFirst(f.about()), "."))
		return time.Time{}, false
	}
	text, ok := m.text(name)
	if !ok {
		return time.Time{}, false
	}
	day, err := time.Parse(time.DateOnly, text)
	if err != nil {
		r.report(m.place(name), RuleBadValue, fmt.Sprintf("%s %q is not a day", name, text), "write year, month and day, for example 2026-12-20")
		return time.Time{}, false
	}
	*into = text
	return day, true
}

// days reads days of the week, into the order of the week.
func (r *reader) days(m mapping) []string {
	names, nodes, ok := m.texts("days")
	if !ok {
		return nil
	}
	if list, _ := m.list("days"); len(list) == 0 {
		r.report(m.place("days"), RuleBadValue, "days names no day", "write at least one of "+strings.Join(weekdays(), ", ")+", or leave days out")
	}
	var days []string
	for i, name := range names {
		switch {
		case !slices.Contains(weekdays(), name):
			r.report(nodes[i], RuleBadValue, fmt.Sprintf("%q is not a day", name), "write "+strings.Join(weekdays(), ", "))
		case slices.Contains(days, name):
			r.report(nodes[i], RuleBadValue, name+" is named twice", "keep one of them")
		default:
			days = append(days, name)
		}
	}
	slices.SortFunc(days, func(a, b string) int {
		return cmp.Compare(slices.Index(weekdays(), a), slices.Index(weekdays(), b))
	})
	return days
}

func (r *reader) hours(m mapping, into *string) {
	text, ok := m.text("hours")
	if !ok {
		return
	}
	if from, to, _ := strings.Cut(text, "-"); from == to {
		r.report(m.place("hours"), RuleBadValue, fmt.Sprintf("hours %q begin and end at the same time", text), "write two times, or leave hours out to freeze whole days")
		return
	}
	*into = text
}

// checkThaw reports weekly freezes that leave no time at all between them.
func (r *reader) checkThaw(doc mapping, freezes []Freeze) {
	weekly := slices.DeleteFunc(slices.Clone(freezes), func(f Freeze) bool { return f.From != "" })
	monday := time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC) // any would do: weeks repeat
	if until, _ := thaw(weekly, monday, monday.Add(14*Day)); until.Sub(monday) >= 14*Day {
		r.report(doc.place("freezes"), RuleBadValue, "these freezes leave no time in which anything could run", "leave a gap in the week; to end sharing, stop the shares")
	}
}
