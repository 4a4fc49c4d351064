package topology

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"entente.dev/entente/internal/ident"
)

// anyTopology draws valid expanded topologies with awkward names in them.
func anyTopology(t *rapid.T) *Topology {
	topology := &Topology{Name: rapid.StringMatching(`[A-Za-z0-9][A-Za-z0-9._-]{0,20}`).Draw(t, "org")}
	names := rapid.SliceOfNDistinct(rapid.OneOf(rapid.StringMatching(`[a-z0-9][a-z0-9-]{0,8}`), rapid.SampledFrom([]string{"no", "null", "1e5", "0x1", "007", "on"})), 2, 5, rapid.ID).Draw(t, "tenants")
	slices.Sort(names)
	for i, name := range names {
		topology.Tenants = append(topology.Tenants, Tenant{
			Name: ident.Tenant(name), TenantID: fmt.Sprintf("%08x-0000-4000-8000-%012x", i, i+1), Domain: fmt.Sprintf("t%d.example", i),
		})
	}
	for i, name := range names {
		set := UserSet{Name: fmt.Sprintf("s%d", i), Tenant: ident.Tenant(name)}
		if rapid.Bool().Draw(t, "byGroup") {
			set.Group = rapid.String().Filter(func(s string) bool { return strings.TrimSpace(s) != "" && s == strings.TrimRight(s, "\n") }).Draw(t, "group")
		} else {
			set.Users = rapid.SliceOfNDistinct(rapid.StringMatching(`[a-z]{1,6}@[a-z]{1,6}\.example`), 1, 4, rapid.ID).Draw(t, "users")
			slices.Sort(set.Users)
		}
		topology.UserSets = append(topology.UserSets, set)
	}
	every := rapid.Int64Range(int64(time.Second), int64(longest)).Draw(t, "every")
	for i := range names {
		for j := range names {
			if i == j || rapid.IntRange(0, 2).Draw(t, "edge") == 0 {
				continue
			}
			share := Share{Share: ident.Share{Source: ident.Tenant(names[i]), Target: ident.Tenant(names[j])}, Sets: []string{topology.UserSets[i].Name}, Policy: anyPolicy(t)}
			share.Policy.Observe.Every = time.Duration(every)
			topology.Shares = append(topology.Shares, share)
		}
	}
	if rapid.Bool().Draw(t, "rollout") {
		topology.Rollout = Rollout{Rings: []string{"5", "25%", "100%"}, PauseAbove: rapid.IntRange(0, 100).Draw(t, "pauseAbove")}
	}
	anyProtected(t, topology)
	for range rapid.IntRange(0, 3).Draw(t, "freezes") {
		topology.Freezes = append(topology.Freezes, anyFreeze(t))
	}
	if until, _ := topology.FrozenUntil(someMonday); until.Sub(someMonday) > 300*Day {
		topology.Freezes = nil // never thaws
	}
	slices.SortFunc(topology.Freezes, compareFreezes)
	anyBudgets(t, topology)
	return topology
}

var someMonday = time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC)

func anyProtected(t *rapid.T, topology *Topology) {
	for _, tenant := range topology.Tenants { // at most one each, so that they are sorted
		switch one := (Protected{Tenant: tenant.Name}); rapid.IntRange(0, 2).Draw(t, "protected") {
		case 1:
			one.Group = rapid.SampledFrom([]string{"Break glass", "no", "#1", "a: b"}).Draw(t, "protected group")
			topology.Protected = append(topology.Protected, one)
		case 2:
			one.Users = []string{"a@t.example", "root@t.example"}
			topology.Protected = append(topology.Protected, one)
		}
	}
}

func anyFreeze(t *rapid.T) Freeze {
	f := Freeze{
		Zone:   rapid.SampledFrom([]string{"UTC", "Europe/Stockholm", "Australia/Lord_Howe", "America/St_Johns", "Africa/Cairo", "Asia/Kathmandu"}).Draw(t, "zone"),
		Reason: rapid.SampledFrom([]string{"", "year end", "null", "{ \"x\": 1 }\nsecond line"}).Draw(t, "reason"),
	}
	kind := rapid.IntRange(0, 3).Draw(t, "freeze")
	if kind == 0 {
		first := someMonday.AddDate(0, 0, rapid.IntRange(0, 700).Draw(t, "first"))
		f.From, f.To = first.Format(time.DateOnly), first.AddDate(0, 0, rapid.IntRange(0, 40).Draw(t, "long")).Format(time.DateOnly)
	}
	if kind&1 != 0 {
		f.Days = slices.DeleteFunc(weekdays(), func(day string) bool { return day != "thu" && rapid.Bool().Draw(t, day) })
		f.Days = f.Days[:min(6, len(f.Days))] // all of them never end
	}
	if kind&2 != 0 {
		start, length := rapid.IntRange(0, 1439).Draw(t, "start"), rapid.IntRange(1, 1439).Draw(t, "length")
		end := (start + length) % 1440
		f.Hours = fmt.Sprintf("%02d:%02d-%02d:%02d", start/60, start%60, end/60, end%60)
	}
	return f
}

func anyBudgets(t *rapid.T, topology *Topology) {
	if rapid.Bool().Draw(t, "organization budget") {
		b := anyBudget(t)
		topology.Budgets.Organization = &b
	}
	for _, tenant := range topology.Tenants {
		if rapid.Bool().Draw(t, "target budget") {
			topology.Budgets.Targets = append(topology.Budgets.Targets, TargetBudget{Tenant: tenant.Name, Budget: anyBudget(t)})
		}
	}
}

func anyBudget(t *rapid.T) Budget {
	draw := func(name string, limit int) (run, day, week int) {
		three := rapid.SliceOfN(rapid.IntRange(0, limit), 3, 3).Draw(t, name)
		slices.Sort(three)
		return three[0], three[1], three[2]
	}
	var b Budget
	b.Count, b.Day.Count, b.Week.Count = draw("count", maxCount)
	b.Percent, b.Day.Percent, b.Week.Percent = draw("percent", 100)
	return b
}

func anyPolicy(t *rapid.T) Policy {
	p := Defaults()
	if rapid.Bool().Draw(t, "default") {
		return p
	}
	p.Acceptance.Mode = rapid.SampledFrom([]string{"manual", "auto"}).Draw(t, "mode")
	if p.Acceptance.Mode == "auto" {
		p.Acceptance.AutoBelow = rapid.IntRange(0, 1_000_000).Draw(t, "autoBelow")
	}
	p.Acceptance.RemindAfter = time.Duration(rapid.Int64Range(int64(time.Second), int64(longest)).Draw(t, "remindAfter"))
	p.Acceptance.EscalateAfter = time.Duration(rapid.Int64Range(int64(time.Second), int64(longest)).Draw(t, "escalateAfter"))
	p.Acceptance.Approvers = rapid.IntRange(1, 10).Draw(t, "approvers")
	p.Acceptance.MaxUsers = rapid.IntRange(1, 1_000_000).Draw(t, "maxUsers")
	p.Acceptance.ExpiresAfter = time.Duration(rapid.Int64Range(int64(time.Second), int64(longest)).Draw(t, "expiresAfter"))
	p.UserType.ExistingGuests = rapid.SampledFrom([]string{"keep", "ask", "convert"}).Draw(t, "guests")
	p.Deprovisioning.Action = rapid.SampledFrom([]string{"softDelete", "keep"}).Draw(t, "action")
	p.Deprovisioning.Grace = time.Duration(rapid.Int64Range(0, int64(longest)).Draw(t, "grace"))
	p.UserType.Drift = rapid.SampledFrom([]string{"repair", "report"}).Draw(t, "drift")
	p.Deprovisioning.Budget = anyBudget(t)
	p.Deprovisioning.Budget.Count = min(p.Deprovisioning.Budget.Count, maxCount-1)
	p.Deprovisioning.EngineThreshold = rapid.IntRange(p.Deprovisioning.Budget.Count+1, maxCount).Draw(t, "threshold")
	return p
}

func TestParseAfterPrintIsTheIdentity(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := anyTopology(t)
		printed := Print(want)
		got, problems := Parse("printed.yaml", printed)
		if err := problems.Err(); err != nil {
			t.Fatalf("%v\n%s", err, printed)
		}
		if diff := cmp.Diff(want, got, samePlaces); diff != "" {
			t.Fatalf("(-want +got):\n%s\n%s", diff, printed)
		}
		if want.Digest() != got.Digest() {
			t.Fatal("another digest")
		}
		if !bytes.Equal(printed, Print(got)) {
			t.Fatal("printing is not canonical")
		}
	})
}

func TestDurationsReadBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := time.Duration(rapid.Int64Range(0, int64(longest)).Draw(t, "d"))
		got, err := ParseDuration(FormatDuration(want))
		if err != nil || got != want {
			t.Fatalf("%s → %s, %v", FormatDuration(want), got, err)
		}
	})
	for text, want := range map[string]time.Duration{"90d": 90 * Day, "1d12h": 36 * time.Hour, "40m": 40 * time.Minute, "1s": time.Second, "0d": 0} {
		if got, err := ParseDuration(text); err != nil || got != want || text != "0d" && FormatDuration(want) != text {
			t.Errorf("%s: %s, %v, printed %s", text, got, err, FormatDuration(want))
		}
	}
	for _, text := range []string{"", "d", "-1d", "1d-1h", "1.5d", "90", "1d 2h", "99999d", "3651d", "2h1d", "-5m", "87601h"} {
		if got, err := ParseDuration(text); err == nil {
			t.Errorf("%q is read as %s", text, got)
		}
	}
}

// TestOrderAndPlaceDoNotMatter: a digest names what is meant, not how the file is laid out.
func TestOrderAndPlaceDoNotMatter(t *testing.T) {
	t.Parallel()
	first := mustParse(t, example)
	lines := strings.Split(example, "\n")
	lines[4], lines[6] = lines[6], lines[4]
	lines[8], lines[9] = lines[9], lines[8]
	second := mustParse(t, "# a comment\n\n"+strings.Replace(strings.Join(lines, "\n"), "[a, b, c]", "[c, b, a]", 1))
	if first.Digest() != second.Digest() {
		t.Error(cmp.Diff(first, second, samePlaces))
	}
	third := mustParse(t, strings.Replace(example, "count: 50", "count: 51", 1))
	if first.Digest() == third.Digest() {
		t.Error("another budget, the same digest")
	}
}

// TestTheSchemaKnowsWhatTheParserKnows compares the editor schema with the parser's answers, key by key.
func TestTheSchemaKnowsWhatTheParserKnows(t *testing.T) {
	t.Parallel()
	golden(t, "testdata/schema.json", string(SchemaJSON()))
	var schema map[string]any
	if err := json.Unmarshal(SchemaJSON(), &schema); err != nil {
		t.Fatal(err)
	}
	compare(t, documentTable, schema)
	for _, f := range acceptanceTable.fields { // the defaults that the schema promises hold
		if f.standard == "" {
			t.Errorf("acceptance.%s promises no default", f.name)
		}
	}
	promised := Policy{}
	for block, table := range map[string]*table{"acceptance": acceptanceTable, "userType": userTypeTable, "deprovisioning": deprovisioningTable, "budget": budgetTable, "observe": observeTable} {
		for _, f := range table.fields {
			setDefault(&promised, block, f)
		}
	}
	promised.Deprovisioning.Budget.Day, promised.Deprovisioning.Budget.Week = unwritten, unwritten
	promised.Deprovisioning.Budget = promised.Deprovisioning.Budget.withWindows()
	if diff := cmp.Diff(Defaults(), promised); diff != "" {
		t.Errorf("the promised defaults are not those that hold:\n%s", diff)
	}
}

func compare(t *testing.T, table *table, schema map[string]any) {
	t.Helper()
	properties, _ := schema["properties"].(map[string]any)
	if len(properties) != len(table.fields) || schema["additionalProperties"] != false {
		t.Errorf("%s: the schema has %d keys, the parser %d", table.what, len(properties), len(table.fields))
	}
	for _, f := range table.fields {
		property, ok := properties[f.name].(map[string]any)
		if !ok {
			t.Errorf("%s: the schema does not know %s", table.what, f.name)
			continue
		}
		switch f.kind {
		case object:
			compare(t, f.child, property)
		case objects:
			compare(t, f.child, property["items"].(map[string]any))
		}
	}
}

func setDefault(p *Policy, block string, f field) {
	d, _ := ParseDuration(f.standard)
	var n int
	_, _ = fmt.Sscan(f.standard, &n)
	switch block + "." + f.name {
	case "acceptance.mode":
		p.Acceptance.Mode = f.standard
	case "acceptance.approvers":
		p.Acceptance.Approvers = n
	case "acceptance.maxUsers":
		p.Acceptance.MaxUsers = n
	case "acceptance.expiresAfter":
		p.Acceptance.ExpiresAfter = d
	case "acceptance.autoBelow":
		p.Acceptance.AutoBelow = n
	case "acceptance.remindAfter":
		p.Acceptance.RemindAfter = d
	case "acceptance.escalateAfter":
		p.Acceptance.EscalateAfter = d
	case "acceptance.askFor":
		p.Acceptance.AskFor = d
	case "userType.value":
		p.UserType.Value = f.standard
	case "userType.drift":
		p.UserType.Drift = f.standard
	case "deprovisioning.engineThreshold":
		p.Deprovisioning.EngineThreshold = n
	case "userType.existingGuests":
		p.UserType.ExistingGuests = f.standard
	case "deprovisioning.action":
		p.Deprovisioning.Action = f.standard
	case "deprovisioning.grace":
		p.Deprovisioning.Grace = d
	case "budget.count":
		p.Deprovisioning.Budget.Count = n
	case "budget.percent":
		p.Deprovisioning.Budget.Percent = n
	case "observe.every":
		p.Observe.Every = d
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(example))
	f.Add([]byte(example + guarded))
	f.Add([]byte("shares: [{mesh: [a, *x, 1, null, {}]}]\nuserSets: {a: [}\n"))
	f.Add([]byte("- - - ? : !!str &a *a <<: {<<: 1}"))
	f.Add([]byte("apiVersion: |\n  entente/v1\n? [a]\n: b\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		topology, problems := Parse("fuzz.yaml", data)
		if (topology == nil) == (len(problems) == 0) {
			t.Fatalf("a topology and problems, or neither: %v", problems)
		}
		for _, p := range problems {
			if p.Line < 1 || p.Column < 1 || p.Rule == "" || p.Message == "" {
				t.Fatalf("incomplete problem %+v", p)
			}
		}
		if topology != nil {
			again, problems := Parse("again.yaml", Print(topology))
			if err := problems.Err(); err != nil {
				t.Fatalf("%v\n%s", err, Print(topology))
			}
			if again.Digest() != topology.Digest() {
				t.Fatal(cmp.Diff(topology, again, samePlaces))
			}
		}
	})
}
