package topology

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func moment(t *testing.T, text string) time.Time {
	t.Helper()
	if text == "" {
		return time.Time{}
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return at.UTC()
}

// TestAFreezeEnds: in which moments freezes hold and when they end, on both sides of each edge.
func TestAFreezeEnds(t *testing.T) {
	t.Parallel()
	yearEnd := Freeze{From: "2026-12-20", To: "2027-01-06", Zone: "Europe/Stockholm"}
	weekend := Freeze{Days: []string{"sat", "sun"}, Zone: "Europe/Stockholm"}
	nights := Freeze{Hours: "22:00-06:00", Zone: "Europe/Stockholm"}
	fridays := Freeze{Days: []string{"fri"}, Hours: "22:00-06:00", Zone: "UTC"}
	noon := Freeze{Days: []string{"mon"}, Hours: "11:30-13:00", Zone: "America/New_York"}
	cairo := Freeze{From: "2026-04-01", To: "2026-04-23", Zone: "Africa/Cairo"} // midnight of the 24th is skipped there
	repeated := Freeze{Hours: "01:00-02:30", Zone: "Europe/Stockholm"}
	for _, c := range []struct {
		freeze    Freeze
		at, until string
	}{
		{yearEnd, "2026-12-19T22:59:59Z", ""},
		{yearEnd, "2026-12-19T23:00:00Z", "2027-01-06T23:00:00Z"},
		{yearEnd, "2027-01-06T22:59:59Z", "2027-01-06T23:00:00Z"},
		{yearEnd, "2027-01-06T23:00:00Z", ""},
		{weekend, "2026-07-03T21:59:59Z", ""},
		{weekend, "2026-07-03T22:00:00Z", "2026-07-05T22:00:00Z"}, // summer time
		{weekend, "2026-03-28T12:00:00Z", "2026-03-29T22:00:00Z"}, // 23 hours on Sunday
		{weekend, "2026-10-24T12:00:00Z", "2026-10-25T23:00:00Z"}, // 25 hours on Sunday
		{nights, "2026-07-06T20:00:00Z", "2026-07-07T04:00:00Z"},
		{nights, "2026-07-07T03:59:59Z", "2026-07-07T04:00:00Z"},
		{nights, "2026-07-07T04:00:00Z", ""},
		{nights, "2026-03-28T21:00:00Z", "2026-03-29T04:00:00Z"}, // an hour is skipped
		{fridays, "2026-07-03T21:59:59Z", ""},
		{fridays, "2026-07-03T23:00:00Z", "2026-07-04T06:00:00Z"},
		{fridays, "2026-07-04T05:00:00Z", "2026-07-04T06:00:00Z"}, // Saturday, but Friday's night
		{fridays, "2026-07-03T05:00:00Z", ""},                     // Friday, but Thursday's night
		{noon, "2026-07-06T15:30:00Z", "2026-07-06T17:00:00Z"},
		{noon, "2026-07-07T15:30:00Z", ""},
		{cairo, "2026-04-23T12:00:00Z", "2026-04-23T22:00:00Z"},
		{repeated, "2026-10-24T23:30:00Z", "2026-10-25T00:30:00Z"}, // 01:30, until 02:30 of summer
		{repeated, "2026-10-25T00:45:00Z", ""},                     // 02:45 of summer
		{repeated, "2026-10-25T01:00:00Z", "2026-10-25T01:30:00Z"}, // 02:00 again
		{Freeze{Days: []string{"mon"}, Zone: "no such zone"}, "2026-07-06T23:00:00Z", "2026-07-07T00:00:00Z"},
	} {
		if got := c.freeze.Until(moment(t, c.at)); got != moment(t, c.until) {
			t.Errorf("%s at %s: until %s, want %s", c.freeze, c.at, got, c.until)
		}
	}
}

// TestFreezesJoin: freezes that follow each other without a gap are one to those who wait.
func TestFreezesJoin(t *testing.T) {
	t.Parallel()
	topology := &Topology{Freezes: []Freeze{
		{Hours: "22:00-06:00", Zone: "UTC"},
		{Days: []string{"sat", "sun"}, Zone: "UTC", Reason: "nobody is there"},
		{From: "2026-12-19", To: "2026-12-20", Zone: "UTC", Reason: "move"},
	}}
	for at, want := range map[string]string{
		"2026-07-01T12:00:00Z": "",
		"2026-07-01T23:00:00Z": "2026-07-02T06:00:00Z 22:00-06:00 UTC",
		"2026-07-03T22:00:00Z": "2026-07-06T06:00:00Z 22:00-06:00 UTC", // Friday night, weekend, Sunday night
		"2026-07-04T05:00:00Z": "2026-07-06T06:00:00Z nobody is there",
		"2026-07-05T23:00:00Z": "2026-07-06T06:00:00Z 22:00-06:00 UTC",
	} {
		until, reason := topology.FrozenUntil(moment(t, at))
		got := strings.TrimSpace(until.Format(time.RFC3339) + " " + reason)
		if until.IsZero() {
			got = reason
		}
		if got != want {
			t.Errorf("%s: %q, want %q", at, got, want)
		}
	}
	if until, reason := (&Topology{}).FrozenUntil(someMonday); !until.IsZero() || reason != "" {
		t.Error("frozen without a freeze")
	}
}

// TestAFreezeHoldsUntilItsEnd compares Until with a reading of the wall clock, minute by minute: it holds in every
// minute before the end and not at the end, also where a zone shifts.
func TestAFreezeHoldsUntilItsEnd(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		f := anyFreeze(t)
		zone, err := loadZone(f.Zone)
		if err != nil {
			t.Fatal(err)
		}
		at := someMonday.Add(time.Duration(rapid.IntRange(0, 720*24*60).Draw(t, "minute")) * time.Minute)
		end := f.Until(at)
		if end.IsZero() != !frozenOnTheWall(f, at.In(zone)) {
			t.Fatalf("%s at %s: until %s", f, at, end)
		}
		for m := at; m.Before(end); m = m.Add(time.Minute) {
			if !frozenOnTheWall(f, m.In(zone)) {
				t.Fatalf("%s at %s: until %s, but not at %s", f, at, end, m)
			}
		}
		if !end.IsZero() && frozenOnTheWall(f, end.In(zone)) {
			t.Fatalf("%s at %s: still at its end %s", f, at, end)
		}
	})
}

// frozenOnTheWall reads a freeze as a person with a calendar and a clock on the wall does.
func frozenOnTheWall(f Freeze, local time.Time) bool {
	clock, today := local.Format("15:04"), strings.ToLower(local.Format("Mon"))
	yesterday := strings.ToLower(time.Date(local.Year(), local.Month(), local.Day()-1, 12, 0, 0, 0, time.UTC).Format("Mon"))
	named := func(day string) bool { return len(f.Days) == 0 || strings.Contains(fmt.Sprint(f.Days), day) }
	begin, end, _ := strings.Cut(f.Hours, "-")
	switch {
	case f.From != "":
		date := local.Format("2006-01-02")
		return !(date < f.From || date > f.To)
	case f.Hours == "":
		return named(today)
	case begin < end:
		return named(today) && clock >= begin && clock < end
	}
	return named(today) && clock >= begin || named(yesterday) && clock < end
}

// TestManyFreezesAreReadQuickly: a file cannot keep the parser busy with freezes that chain minute by minute.
func TestManyFreezesAreReadQuickly(t *testing.T) {
	t.Parallel()
	var hostile, dense strings.Builder
	for i := range 20_000 {
		fmt.Fprintf(&hostile, "  - { hours: \"00:00-00:01\", zone: Europe/Stokholm, reason: r%d }\n", i)
	}
	for i := range maxFreezes {
		start, end := i*1440/maxFreezes, (i+1)*1440/maxFreezes%1440
		fmt.Fprintf(&dense, "  - { hours: \"%02d:%02d-%02d:%02d\", zone: Europe/Stockholm }\n", start/60, start%60, end/60, end%60)
	}
	for name, list := range map[string]string{"hostile": hostile.String(), "dense": dense.String()} {
		began := time.Now()
		_, problems := Parse("freezes.yaml", []byte(example+"freezes:\n"+list))
		if took := time.Since(began); took > 10*time.Second || len(problems) != 1 {
			t.Errorf("%s: %s, %d problems", name, took, len(problems))
		}
	}
}

const guarded = `protected:
  - { tenant: c, users: [root@c.example, admin@c.example] }
  - { tenant: b, group: "Break glass" }
freezes:
  - { hours: "22:00-06:00", zone: Europe/Stockholm }
  - { days: [sun, sat], zone: Europe/Stockholm, reason: "nobody is there" }
  - { from: 2026-12-20, to: 2027-01-06, reason: "year end" }
budgets:
  organization: { count: 200, percent: 5, day: { count: 300, percent: 8 }, week: { count: 500, percent: 15 } }
  targets:
    - { tenant: c, count: 80, percent: 10, week: { count: 240 } }
    - { tenant: a, count: 1, percent: 50 }
`

func TestProtectedFreezesAndBudgetsAreRead(t *testing.T) {
	t.Parallel()
	got := mustParse(t, example+guarded)
	if diff := cmp.Diff([]Protected{
		{Tenant: "b", Group: "Break glass"},
		{Tenant: "c", Users: []string{"admin@c.example", "root@c.example"}},
	}, got.Protected, samePlaces); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]Freeze{
		{Hours: "22:00-06:00", Zone: "Europe/Stockholm"},
		{Days: []string{"sat", "sun"}, Zone: "Europe/Stockholm", Reason: "nobody is there"},
		{From: "2026-12-20", To: "2027-01-06", Zone: "UTC", Reason: "year end"},
	}, got.Freezes); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(Budgets{
		Organization: &Budget{Count: 200, Percent: 5, Day: Window{300, 8}, Week: Window{500, 15}},
		Targets: []TargetBudget{
			{Tenant: "a", Budget: Budget{Count: 1, Percent: 50, Day: Window{3, 100}, Week: Window{10, 100}}},
			{Tenant: "c", Budget: Budget{Count: 80, Percent: 10, Day: Window{240, 30}, Week: Window{240, 100}}},
		},
	}, got.Budgets, samePlaces); diff != "" {
		t.Error(diff)
	}
	if got.Protected[0].Pos != (Position{Line: 21, Column: 5}) {
		t.Errorf("protected at %+v", got.Protected[0].Pos)
	}
	if got.Digest() == mustParse(t, example).Digest() {
		t.Error("guards do not change the digest")
	}
}

// TestTheOrderOfGuardsDoesNotMatter: lists of entries are sets.
func TestTheOrderOfGuardsDoesNotMatter(t *testing.T) {
	t.Parallel()
	lines := strings.Split(guarded, "\n")
	for _, pair := range [][2]int{{1, 2}, {4, 6}, {10, 11}} {
		lines[pair[0]], lines[pair[1]] = lines[pair[1]], lines[pair[0]]
	}
	a, b := mustParse(t, example+guarded), mustParse(t, example+strings.Join(lines, "\n"))
	if a.Digest() != b.Digest() {
		t.Error(cmp.Diff(a, b, samePlaces))
	}
}

// TestWindowsFollowTheRun: what the file does not write about a day or a week comes from the run that holds in the
// end, and what it writes anywhere for a share stays.
func TestWindowsFollowTheRun(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ defaults, share, want string }{
		{"{}", "{}", "50/10 150/30 500/100 500"},
		{"{}", "{ count: 5 }", "5/10 15/30 50/100 500"},
		{"{ percent: 40 }", "{}", "50/40 150/100 500/100 500"},
		{"{ day: { count: 70 } }", "{ count: 5, week: { count: 70 } }", "5/10 70/30 70/100 500"},
		{"{ count: 20 }", "{ day: { percent: 12 }, week: { percent: 12 } }", "20/10 60/12 200/12 500"},
		{"{ count: 0, day: { count: 0 }, week: { count: 7 } }", "{}", "0/10 0/30 7/100 500"},
		{"{ day: { count: 200 } }", "{ day: { count: 100 } }", "50/10 100/30 500/100 500"},
	} {
		file := strings.Replace(example, "budget: { count: 50, percent: 10 }", "budget: "+c.defaults, 1)
		file = strings.Replace(file, "- mesh: [a, b, c] ", "- { from: a, to: b, deprovisioning: { budget: "+c.share+" } } ", 1)
		d := mustParse(t, file).Shares[0].Policy.Deprovisioning
		b := d.Budget
		got := fmt.Sprintf("%d/%d %d/%d %d/%d %d", b.Count, b.Percent, b.Day.Count, b.Day.Percent, b.Week.Count, b.Week.Percent, d.EngineThreshold)
		if got != c.want {
			t.Errorf("defaults %s, share %s: %s, want %s", c.defaults, c.share, got, c.want)
		}
	}
}

// TestFaultyDefaultsThatNoShareUsesAreFine: what counts is what holds for a share.
func TestFaultyDefaultsThatNoShareUsesAreFine(t *testing.T) {
	t.Parallel()
	file := strings.Replace(example, "budget: { count: 50", "budget: { count: 600", 1)
	mustParse(t, strings.Replace(file, "- mesh: [a, b, c] ", "- { from: a, to: b, deprovisioning: { engineThreshold: 601 } } ", 1))
}
