package api

import (
	"testing"

	"entente.dev/entente/internal/coverage"
)

// TestWhoLeavesIsNotCountedAsAMember: of people who left only accounts in a recycle bin are in the totals.
func TestWhoLeavesIsNotCountedAsAMember(t *testing.T) {
	t.Parallel()
	cells := []coverage.Cell{{Tenant: "a", Representation: coverage.Member}, {Tenant: "b", Representation: coverage.Internal}, {Tenant: "c", Representation: coverage.SoftDeleted}}
	got := totals([]coverage.Row{{Cells: cells}, {Left: true, Cells: cells}})
	if want := (coverage.Totals{People: 1, Left: 1, Members: 1, Internal: 1, SoftDeleted: 2}); got != want {
		t.Errorf("%+v", got)
	}
}
