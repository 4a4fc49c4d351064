package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"entente.dev/entente/internal/coverage"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/store"
	"entente.dev/entente/internal/store/internal/queries"
)

// coverageHead is what a page needs beside the rows it shows.
type coverageHead struct {
	Tenants []ident.Tenant  `json:"tenants"`
	Totals  coverage.Totals `json:"totals"`
}

// PutCoverage implements store.Projections. The same matrix again only moves its time, and an older time
// than the stored one changes nothing. Readers see the old matrix or the new one, never a mixture.
func (s *Store) PutCoverage(ctx context.Context, org string, c coverage.Coverage, at time.Time) error {
	const op = "store a coverage"
	if err := validCoverage(op, org, c); err != nil {
		return err
	}
	doc, err := encode(coverageHead{Tenants: c.Tenants, Totals: c.Totals})
	if err != nil {
		return s.fail(op, err)
	}
	head := queries.PutCoverageHeadParams{Org: org, At: micros(at), Digest: ident.Digest(c), Doc: doc}
	return s.write(ctx, op, func(t *tx) error { return t.putCoverage(ctx, head, c.Rows) })
}

func validCoverage(op, org string, c coverage.Coverage) error {
	if err := valid(op, need("organization", org)); err != nil {
		return err
	}
	seen := make(map[ident.Person]bool, len(c.Rows))
	for i, r := range c.Rows {
		if err := valid(op, need("person's home", string(r.Person.Home)), need("person", r.Person.ID), need("user principal name", r.UPN)); err != nil {
			return fmt.Errorf("row %d: %w", i+1, err)
		}
		if seen[r.Person] {
			return problem.New(problem.Invalid, op, fmt.Sprintf("row %d repeats person %s of tenant %s", i+1, r.Person.ID, r.Person.Home))
		}
		seen[r.Person] = true
	}
	return nil
}

func (t *tx) putCoverage(ctx context.Context, head queries.PutCoverageHeadParams, rows []coverage.Row) error {
	if _, err := t.LockSerial(ctx, queries.LockSerialParams{Org: head.Org, Series: "coverage"}); err != nil {
		return err
	}
	stored, err := t.CoverageHead(ctx, head.Org)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	if err == nil && stored.At > head.At {
		return errUnchanged
	}
	if err := t.PutCoverageHead(ctx, head); err != nil {
		return err
	}
	if stored.Digest == head.Digest {
		return nil
	}
	if err := t.DropCoverageRows(ctx, head.Org); err != nil {
		return err
	}
	return insertMany(ctx, t.db, queries.InsertCoverageRow, len(rows), func(i int) ([]any, error) {
		r := rows[i]
		cells, err := encode(r.Cells)
		name := column(r.Name)
		return []any{head.Org, r.UPN, string(r.Person.Home), r.Person.ID, name, flag(r.Left),
			strings.ToLower(r.UPN), strings.ToLower(name), cells}, err
	})
}

// column makes a free text fit for both databases; a display name may hold anything.
func column(text string) string {
	return strings.ToValidUTF8(strings.ReplaceAll(text, "\x00", ""), "\uFFFD")
}

// Coverage implements store.Projections. A page ends between two user principal names: people who share
// one come together, so a page may be longer than its limit by those.
func (s *Store) Coverage(ctx context.Context, org string, f store.CoverageFilter) (coverage.Coverage, time.Time, error) {
	const op = "read the coverage"
	if err := valid(op, may("organization", org), may("person", f.Person), may("cursor", f.After)); err != nil {
		return coverage.Coverage{}, time.Time{}, err
	}
	var c coverage.Coverage
	var at time.Time
	err := s.view(ctx, op, func(t *tx) error {
		stored, err := t.CoverageHead(ctx, org)
		if err != nil {
			return missing(err, op, "a coverage of organization "+org)
		}
		head, err := decode[coverageHead](stored.Doc)
		if err != nil {
			return err
		}
		rows, err := t.coverageRows(ctx, org, f)
		c, at = coverage.Coverage{Tenants: head.Tenants, Rows: rows, Totals: head.Totals}, moment(stored.At)
		return err
	})
	return c, at, err
}

func (t *tx) coverageRows(ctx context.Context, org string, f store.CoverageFilter) ([]coverage.Row, error) {
	pattern := containing(f.Person)
	found, err := t.searchCoverage(ctx, org, f.After, pattern, upTo(f.Limit))
	if err != nil {
		return nil, err
	}
	if f.Limit > 0 && len(found) == f.Limit {
		if found, err = t.completeLast(ctx, org, f.Person, found); err != nil {
			return nil, err
		}
	}
	rows := make([]coverage.Row, len(found))
	for i, r := range found {
		cells, err := decode[[]coverage.Cell](r.Cells)
		if err != nil {
			return nil, err
		}
		rows[i] = coverage.Row{Person: person(r.Home, r.Person), UPN: r.Upn, Name: r.Name, Left: r.LeftSet != 0, Cells: cells}
	}
	return rows, nil
}

func (t *tx) searchCoverage(ctx context.Context, org, after, pattern string, limit int64) ([]queries.CoverageRowsRow, error) {
	if pattern == "" {
		return t.CoverageRows(ctx, queries.CoverageRowsParams{Org: org, After: after, MaxRows: limit})
	}
	rows, err := t.SearchCoverageRows(ctx, queries.SearchCoverageRowsParams{Org: org, After: after, Pattern: pattern, MaxRows: limit})
	found := make([]queries.CoverageRowsRow, len(rows))
	for i, r := range rows {
		found[i] = queries.CoverageRowsRow(r)
	}
	return found, err
}

// completeLast replaces the rows of the page's last name by all matching rows of that name.
func (t *tx) completeLast(ctx context.Context, org, needle string, found []queries.CoverageRowsRow) ([]queries.CoverageRowsRow, error) {
	last := found[len(found)-1].Upn
	same, err := t.CoverageRowsOf(ctx, queries.CoverageRowsOfParams{Org: org, Upn: last})
	if err != nil {
		return nil, err
	}
	for len(found) > 0 && found[len(found)-1].Upn == last {
		found = found[:len(found)-1]
	}
	needle = strings.ToLower(needle)
	for _, r := range same {
		if strings.Contains(strings.ToLower(r.Upn), needle) || strings.Contains(strings.ToLower(r.Name), needle) {
			found = append(found, queries.CoverageRowsRow(r))
		}
	}
	return found, nil
}

var likeEscapes = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

// containing is the LIKE pattern of a substring, "" for none.
func containing(text string) string {
	if text == "" {
		return ""
	}
	return "%" + likeEscapes.Replace(strings.ToLower(text)) + "%"
}
