package storetest

import (
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"entente.dev/entente/internal/coverage"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/store"
)

// Matrix is a coverage of n people in three tenants, sorted by user principal name.
func Matrix(n int, representation coverage.Representation) coverage.Coverage {
	c := coverage.Coverage{Tenants: []ident.Tenant{"a", "b", "c"}, Totals: coverage.Totals{People: n, Wanted: 3 * n, Internal: n}}
	for i := range n {
		c.Rows = append(c.Rows, coverage.Row{Person: who(fmt.Sprintf("id-%07d", i)), UPN: fmt.Sprintf("person%07d@b.example", i),
			Name: fmt.Sprintf("Person %d", i), Cells: []coverage.Cell{
				{Tenant: "a", Representation: representation, ObjectID: fmt.Sprintf("0f0e0d0c-0b0a-4908-8706-a%011d", i), Wanted: true},
				{Tenant: "b", Representation: coverage.Internal, ObjectID: fmt.Sprintf("0f0e0d0c-0b0a-4908-8706-b%011d", i), Wanted: true},
				{Tenant: "c", Representation: coverage.Absent, Wanted: true, Why: "waits for the next cycle"}}})
	}
	return c
}

func read(t *testing.T, s store.Store, f store.CoverageFilter) coverage.Coverage {
	t.Helper()
	c, _, err := s.Coverage(t.Context(), org, f)
	ok(t, err)
	return c
}

func coverages(t *testing.T, d Database) {
	s, ctx := open(t, d), t.Context()
	_, _, err := s.Coverage(ctx, org, store.CoverageFilter{})
	is(t, err, problem.NotFound)
	want := Matrix(1203, coverage.Member)
	want.Rows[3].Left = true
	for range 2 {
		ok(t, s.PutCoverage(ctx, org, want, day))
	}
	got, at, err := s.Coverage(ctx, org, store.CoverageFilter{})
	ok(t, err)
	same(t, at, day)
	same(t, got, want)
	ok(t, s.PutCoverage(ctx, org, coverage.Coverage{Tenants: want.Tenants}, day.Add(time.Second)))
	same(t, read(t, s, store.CoverageFilter{}), coverage.Coverage{Tenants: want.Tenants})
	twice := Matrix(2, coverage.Member)
	twice.Rows[1] = twice.Rows[0]
	is(t, s.PutCoverage(ctx, org, twice, day.Add(time.Minute)), problem.Invalid)
}

func coverageReplaced(t *testing.T, d Database) {
	s, ctx := open(t, d), t.Context()
	first, second := Matrix(700, coverage.Member), Matrix(510, coverage.Guest)
	second.Rows = slices.Delete(second.Rows, 5, 7)
	ok(t, s.PutCoverage(ctx, org, first, at(1)))
	ok(t, s.PutCoverage(ctx, org, second, at(2)))
	same(t, read(t, s, store.CoverageFilter{}), second)
	ok(t, s.PutCoverage(ctx, org, first, at(1)))
	same(t, read(t, s, store.CoverageFilter{}), second)
	ok(t, s.PutCoverage(ctx, org, second, at(3)))
	_, moved, err := s.Coverage(ctx, org, store.CoverageFilter{Limit: 1})
	ok(t, err)
	same(t, moved, at(3))
}

func coverageSearch(t *testing.T, d Database) {
	s, ctx := open(t, d), t.Context()
	c := coverage.Coverage{Tenants: []ident.Tenant{"b"}}
	for i, name := range []string{"Åsa Öberg", "张伟", "100% Real", "under_score", `back\slash`, "O'Neil?", "plain\x00nul"} {
		c.Rows = append(c.Rows, coverage.Row{Person: who(fmt.Sprint(i)), UPN: fmt.Sprintf("Person%d@B.example", i), Name: name})
	}
	ok(t, s.PutCoverage(ctx, org, c, day))
	for text, want := range map[string][]int{
		"": {0, 1, 2, 3, 4, 5, 6}, "person3@b": {3}, "PERSON": {0, 1, 2, 3, 4, 5, 6}, "åsa ö": {0}, "ÖBERG": {0}, "伟": {1}, "%": {2},
		"_": {3}, `\`: {4}, "'": {5}, "?": {5}, "plainnul": {6}, "nobody": nil, "100%": {2}, "$1": nil,
	} {
		var got []int
		for _, r := range read(t, s, store.CoverageFilter{Person: text}).Rows {
			got = append(got, slices.IndexFunc(c.Rows, func(o coverage.Row) bool { return o.Person == r.Person }))
		}
		if !slices.Equal(got, want) {
			t.Errorf("search %q: got rows %v, want %v", text, got, want)
		}
	}
}

// coveragePages walks all pages of all sizes, with people who share a name across page ends.
func coveragePages(t *testing.T, d Database) {
	s, ctx := open(t, d), t.Context()
	c := Matrix(12, coverage.Member)
	for i := range c.Rows {
		c.Rows[i].UPN = []string{"B@x", "a@x", "c@x", "ä@x", "z@x"}[i%5]
	}
	slices.SortFunc(c.Rows, func(x, y coverage.Row) int {
		if x.UPN != y.UPN {
			return slices.Compare([]byte(x.UPN), []byte(y.UPN))
		}
		return slices.Compare([]byte(x.Person.ID), []byte(y.Person.ID))
	})
	ok(t, s.PutCoverage(ctx, org, c, day))
	for _, person := range []string{"", "person", "@X"} {
		for limit := 1; limit <= 13; limit++ {
			var got []coverage.Row
			for after := ""; ; {
				page := read(t, s, store.CoverageFilter{Person: person, After: after, Limit: limit})
				same(t, page.Totals, c.Totals)
				if len(page.Rows) == 0 {
					break
				}
				got = append(got, page.Rows...)
				after = page.Rows[len(page.Rows)-1].UPN
			}
			same(t, got, c.Rows)
		}
	}
}

// coverageWhileWritten: readers see one matrix or the other. Small ones change often enough to be caught between
// the totals and the rows.
func coverageWhileWritten(t *testing.T, d Database) {
	s, ctx := open(t, d), t.Context()
	matrices := []coverage.Coverage{Matrix(20, coverage.Member), Matrix(21, coverage.Guest)}
	ok(t, s.PutCoverage(ctx, org, matrices[0], day))
	var done atomic.Bool
	parallel(t, 4, func(worker int) error {
		if worker == 0 {
			defer done.Store(true)
			for i := range 200 {
				if err := s.PutCoverage(ctx, org, matrices[(i+1)%2], at(i)); err != nil {
					return err
				}
			}
			return nil
		}
		for !done.Load() {
			c, _, err := s.Coverage(ctx, org, store.CoverageFilter{})
			if err != nil {
				return err
			}
			if len(c.Rows) != c.Totals.People {
				return fmt.Errorf("%d rows under totals of %d: a mixture of two matrices", len(c.Rows), c.Totals.People)
			}
		}
		return nil
	})
}
