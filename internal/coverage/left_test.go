package coverage

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"entente.dev/entente/internal/directory"
	"entente.dev/entente/internal/plan"
)

// TestSomebodyLeavingIsShownWhileTheyAreThere: in their grace, waiting for an answer, or of a set that was emptied.
func TestSomebodyLeavingIsShownWhileTheyAreThere(t *testing.T) {
	t.Parallel()
	leaving := []Cell{
		{Tenant: "a", Representation: Member, ObjectID: "a-b-barbara", Why: "leaving"},
		{Tenant: "b", Representation: Internal, ObjectID: "b-barbara"},
		{Tenant: "c", Representation: Member, ObjectID: "c-b-barbara", Why: "leaving"},
	}
	kept := slices.Clone(leaving)
	kept[0].Why, kept[2].Why = "no longer shared; the account is still there", "no longer shared; the account is still there"
	inBin := slices.Clone(leaving)
	inBin[2].Representation, inBin[2].Why = SoftDeleted, ""
	unlinked := func(w *world) {
		w.links = slices.DeleteFunc(w.links, func(l plan.Link) bool { return l.Person.ID == "b-barbara" })
	}
	tests := map[string]struct {
		change func(w *world)
		want   []Cell // nil: no row
	}{
		"by her links": {func(*world) {}, leaving},
		"by the scope groups": {func(w *world) {
			unlinked(w)
			w.carries("b", "a", "b-barbara", "b-bob")
			w.carries("b", "c", "b-barbara", "b-bob")
		}, leaving},
		"in nothing of ours":          {unlinked, nil},
		"out of one of them":          {func(w *world) { w.edit("c", "c-b-barbara", deleted) }, inBin},
		"by a policy that keeps them": {func(w *world) { policies(w, "keep") }, kept},
		"by such a policy, still in scope": {func(w *world) {
			policies(w, "keep")
			w.carries("b", "a", "b-barbara")
			w.carries("b", "c", "b-barbara")
		}, leaving},
		"a share that is not declared": {func(w *world) { w.topology.Shares = nil }, kept},
		"her account is gone for good": {func(w *world) {
			for _, s := range w.tenants {
				s.Users = slices.DeleteFunc(s.Users, func(u directory.User) bool { return u.ID == "a-b-barbara" || u.ID == "c-b-barbara" })
			}
		}, nil},
		"carried, not created yet": {func(w *world) {
			unlinked(w)
			w.carries("b", "c", "b-barbara")
			for _, s := range w.tenants {
				s.Users = slices.DeleteFunc(s.Users, func(u directory.User) bool { return u.ID == "a-b-barbara" || u.ID == "c-b-barbara" })
			}
		}, []Cell{{Tenant: "a", Representation: Absent}, leaving[1], {Tenant: "c", Representation: Absent}}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.tenants["b"].Groups[0].Users = []string{"b-bob"}
			test.change(w)
			c := w.matrix(t)
			i := slices.IndexFunc(c.Rows, func(r Row) bool { return r.Person.ID == "b-barbara" })
			if (i < 0) != (test.want == nil) || c.Totals.People != 3 {
				t.Fatalf("row %d, %+v", i, c.Totals)
			}
			if i >= 0 {
				if diff := cmp.Diff(test.want, c.Rows[i].Cells); diff != "" || !c.Rows[i].Left || c.Rows[i].UPN != "barbara@b.example" {
					t.Errorf("%+v %s", c.Rows[i], diff)
				}
			}
			if c.Totals.Members > 6 {
				t.Errorf("who leaves is counted: %+v", c.Totals)
			}
		})
	}
}

func policies(w *world, action string) {
	for i := range w.topology.Shares {
		w.topology.Shares[i].Policy.Deprovisioning.Action = action
	}
}

// TestAnEmptiedSetShowsThePeopleWhoStay: nobody is removed because a set became empty, and they are still seen.
func TestAnEmptiedSetShowsThePeopleWhoStay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.tenants["b"].Groups[0].Users = nil
	c := w.matrix(t)
	if want := (Totals{People: 2, Cells: 6, Wanted: 6, Covered: 6, Internal: 2, Members: 4, Left: 2}); c.Totals != want {
		t.Errorf("%+v", c.Totals)
	}
}

// TestSomebodyInAnotherSetLeavesOneTarget: the row is an ordinary one, the cell says it.
func TestSomebodyInAnotherSetLeavesOneTarget(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := range w.topology.Shares {
		if s := &w.topology.Shares[i]; s.String() == "b→c" {
			s.Sets = nil
		}
	}
	w.carries("b", "c", "b-bob")
	c := w.matrix(t)
	for name, why := range map[string]string{"b-bob": "leaving", "b-barbara": ""} {
		i := slices.IndexFunc(c.Rows, func(r Row) bool { return r.Person.ID == name })
		if got := c.Rows[i].Cells[2]; got.Why != why || got.Wanted || c.Rows[i].Left {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
