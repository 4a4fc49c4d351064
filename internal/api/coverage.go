package api

import (
	"context"
	"slices"
	"strings"

	"entente.dev/entente/internal/api/wire"
	"entente.dev/entente/internal/authn"
	"entente.dev/entente/internal/authz"
	"entente.dev/entente/internal/coverage"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/store"
)

type inCoverage struct {
	OrgPath
	PageQuery
	Person string `query:"person" maxLength:"400" doc:"Part of a name or of a user principal name"`
}

func (s *server) coverage(ctx context.Context, in *inCoverage) (wire.Coverage, error) {
	if err := s.allow(ctx, authz.Read, authz.OfOrg(in.Org)); err != nil {
		return wire.Coverage{}, err
	}
	var out wire.Coverage
	var err error
	if s.may(ctx, authz.People, authz.OfOrg(in.Org)) {
		out, err = s.wholeCoverage(ctx, in)
	} else {
		out, err = s.tenantCoverage(ctx, in, authn.From(ctx).Tenants(in.Org))
	}
	if err != nil && problem.KindOf(err) == problem.NotFound {
		// Planned, but nothing was computed yet: an empty matrix. An unknown organization stays unknown.
		return page(coverage.Coverage{}, in.Limit, wire.Coverage{}), s.known(ctx, in.Org)
	}
	return out, err
}

func (s *server) wholeCoverage(ctx context.Context, in *inCoverage) (wire.Coverage, error) {
	// One row more than asked tells whether there is another page.
	c, at, err := s.Store.Coverage(ctx, in.Org, store.CoverageFilter{Person: in.Person, After: in.After, Limit: in.Limit + 1})
	if err != nil {
		return wire.Coverage{}, err
	}
	return page(c, in.Limit, wire.Coverage{At: at}), nil
}

// tenantCoverage is what somebody of one tenant (or of several) may see of the matrix: its own people everywhere,
// and of other people only those who are, or ask to be, in this tenant, in this tenant's and their home's column.
// Totals count the visible cells.
func (s *server) tenantCoverage(ctx context.Context, in *inCoverage, own []ident.Tenant) (wire.Coverage, error) {
	c, at, err := s.Store.Coverage(ctx, in.Org, store.CoverageFilter{})
	if err != nil {
		return wire.Coverage{}, err
	}
	visible := coverage.Coverage{Tenants: c.Tenants, Rows: []coverage.Row{}}
	for _, row := range c.Rows {
		if seen, ok := visibleRow(row, own); ok {
			visible.Rows = append(visible.Rows, seen)
		}
	}
	visible.Totals = totals(visible.Rows)
	part := strings.ToLower(in.Person)
	visible.Rows = slices.DeleteFunc(visible.Rows, func(r coverage.Row) bool {
		return !strings.Contains(strings.ToLower(r.UPN), part) && !strings.Contains(strings.ToLower(r.Name), part)
	})
	start, found := slices.BinarySearchFunc(visible.Rows, in.After, func(r coverage.Row, after string) int {
		return strings.Compare(r.UPN, after)
	})
	if found {
		start++
	}
	visible.Rows = visible.Rows[start:]
	return page(visible, in.Limit, wire.Coverage{At: at}), nil
}

func visibleRow(row coverage.Row, own []ident.Tenant) (coverage.Row, bool) {
	if slices.Contains(own, row.Person.Home) {
		return row, true
	}
	// concerns: the person is here, or asks to be.
	concerns := func(c coverage.Cell) bool {
		return slices.Contains(own, c.Tenant) && (c.Wanted || c.Representation != coverage.Absent)
	}
	if !slices.ContainsFunc(row.Cells, concerns) {
		return row, false
	}
	cells := slices.Clone(row.Cells)
	for i, c := range cells {
		if !slices.Contains(own, c.Tenant) && c.Tenant != row.Person.Home {
			cells[i] = coverage.Cell{Tenant: c.Tenant} // between two other tenants: not this one's to know
		}
	}
	row.Cells = cells
	return row, true
}

func totals(rows []coverage.Row) coverage.Totals {
	var t coverage.Totals
	for _, row := range rows {
		if row.Left {
			t.Left++
		} else {
			t.People++
		}
		for _, c := range row.Cells {
			if !row.Left || c.Representation == coverage.SoftDeleted { // as coverage.Totals counts
				countCell(&t, c)
			}
		}
	}
	return t
}

func countCell(t *coverage.Totals, c coverage.Cell) {
	if c.Wanted {
		t.Wanted++
		if c.Representation == coverage.Internal || c.Representation == coverage.Member {
			t.Covered++
		}
	}
	switch c.Representation {
	case coverage.Internal:
		t.Internal++
	case coverage.Member:
		t.Members++
	case coverage.Guest:
		t.Guests++
	case coverage.Pending:
		t.Pending++
	case coverage.Absent:
		t.Absent++
	case coverage.SoftDeleted:
		t.SoftDeleted++
	case coverage.Blocked:
		t.Blocked++
	}
}

func page(c coverage.Coverage, limit int, out wire.Coverage) wire.Coverage {
	if len(c.Rows) > limit {
		c.Rows = c.Rows[:limit]
		out.Next = c.Rows[limit-1].UPN
	}
	c.Rows, c.Tenants = list(c.Rows), list(c.Tenants)
	out.Coverage = c
	return out
}
