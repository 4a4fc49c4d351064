package coverage

import (
	"testing"

	"entente.dev/entente/internal/directory"
)

// TestProtectedPeopleAreNotMissing: nobody shares them, so that their cells are not wanted, and say why.
func TestProtectedPeopleAreNotMissing(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		protect func(w *world)
		why     string
		wanted  int
	}{
		"at home":       {func(w *world) { holder(w.tenants["b"], "b-bob") }, "protected: holds a directory role", 10},
		"in the target": {func(w *world) { holder(w.tenants["c"], "c-b-bob") }, "protected: holds a directory role in tenant c", 11},
	} {
		w := newWorld(t)
		test.protect(w)
		c := w.matrix(t)
		for _, row := range c.Rows {
			if cell := row.Cells[2]; row.Person.ID == "b-bob" && (cell.Why != test.why || cell.Wanted) {
				t.Errorf("%s: %+v", name, cell)
			}
		}
		if c.Totals.Wanted != test.wanted || c.Totals.Covered != test.wanted {
			t.Errorf("%s: %+v", name, c.Totals)
		}
	}
}

func holder(s *directory.Snapshot, id string) {
	s.Read, s.RoleHolders = append(s.Read, directory.Roles), []string{id}
}
