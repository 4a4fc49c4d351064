package plan

import (
	"encoding/json"
	"flag"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"entente.dev/entente/internal/ident"
)

var update = flag.Bool("update", false, "write the golden files")

// TestTheMainJob walks the three tenants through the whole story: preview, set-up, nothing to do, Barbara
// leaves, Barbara comes back.
func TestTheMainJob(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.plan(t)
	if want := (Counts{Shares: 6, Changes: 6 * 11, People: 8, Creates: 7, Converts: 1}); p.Counts != want {
		t.Errorf("a new topology: %+v, want %+v", p.Counts, want)
	}
	golden(t, "testdata/three-tenants.golden.json", p)
	bob := effectOn(sharePlan(t, p, edge("b", "c")), "b-bob")
	if bob.Action != Adopt || bob.From != "guest" || bob.Reason != "existing guest becomes Member if the target agrees" || sharePlan(t, p, edge("b", "c")).Desired.Schema.UserTypeRecurring {
		t.Errorf("Bob before the target agreed: %+v", bob)
	}
	w.agree("convert")
	p = w.plan(t)
	for _, s := range p.Shares {
		if s.Acceptance.Needed {
			t.Errorf("%s still asks: %s", s.Share, s.Acceptance.Why)
		}
	}
	w.apply(t, p)
	if p = w.plan(t); !p.Empty() || p.Counts.Creates+p.Counts.Converts+p.Counts.Removals != 0 {
		t.Errorf("after applying: %+v", p.Counts)
	}
	if again := effectOn(sharePlan(t, p, edge("b", "c")), "b-bob"); again.ObjectID != bob.ObjectID || again.From != "member" {
		t.Errorf("Bob is another object now: %+v", again)
	}

	objects := w.links
	w.edit("b", "g-b", drop("b-barbara"))
	p = w.plan(t)
	if want := (Counts{Shares: 6, Changes: 2, People: 6, Removals: 2}); p.Counts != want {
		t.Errorf("Barbara leaves: %+v, want %+v", p.Counts, want)
	}
	for _, target := range []ident.Tenant{"a", "c"} {
		s := sharePlan(t, p, edge("b", target))
		if s.Budget != (BudgetVerdict{Removals: 1, Allowed: 1}) || len(s.Changes) != 1 || s.Changes[0].Kind != ScopeRemove || len(s.Warnings) != 0 {
			t.Errorf("Barbara leaves %s: %+v %v", target, s.Budget, s.Changes)
		}
	}
	w.apply(t, p)
	if p = w.plan(t); !p.Empty() {
		t.Errorf("after the reduction: %+v", p.Counts)
	}

	for _, target := range []ident.Tenant{"a", "c"} {
		w.included = append(w.included, Inclusion{Share: edge("b", target), Person: ident.Person{Home: "b", ID: "b-barbara"}})
	}
	p = w.plan(t)
	if want := (Counts{Shares: 6, Changes: 2, People: 8, Restores: 2}); p.Counts != want {
		t.Errorf("Barbara comes back: %+v, want %+v", p.Counts, want)
	}
	w.apply(t, p)
	if p = w.plan(t); !p.Empty() || p.Counts.People != 8 {
		t.Errorf("after the restore: %+v", p.Counts)
	}
	if diff := cmp.Diff(objects, w.links); diff != "" {
		t.Errorf("other objects than before:\n%s", diff)
	}
}

func golden(t *testing.T, file string, value any) {
	t.Helper()
	got, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(file, append(got, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)+"\n"); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}
