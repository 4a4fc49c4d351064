package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"strings"

	"entente.dev/entente/internal/store/internal/queries"
)

// chunk is the number of rows in one statement: far below both databases' limits on placeholders. Measured with
// 100,000 coverage rows: SQLite likes smaller statements, Postgres larger ones; here neither loses much.
const chunk = 200

// insertMany runs a one-row INSERT of the generated queries for n rows, chunk rows a statement. The row
// function returns one row's values in the order of the placeholders. With ON CONFLICT, keys must be
// distinct within a call, because Postgres refuses to touch a row twice in one statement.
func insertMany(ctx context.Context, db queries.DBTX, query string, n int, row func(i int) ([]any, error)) error {
	var full *sql.Stmt
	args := make([]any, 0, chunk*8)
	for from := 0; from < n; from += chunk {
		to := min(from+chunk, n)
		args = args[:0]
		for i := from; i < to; i++ {
			values, err := row(i)
			if err != nil {
				return err
			}
			args = append(args, values...)
		}
		if to-from < chunk {
			text, err := repeatTuple(query, to-from)
			if err != nil {
				return err
			}
			_, err = db.ExecContext(ctx, text, args...)
			return err
		}
		if full == nil {
			text, err := repeatTuple(query, chunk)
			if err != nil {
				return err
			}
			if full, err = db.PrepareContext(ctx, text); err != nil {
				return err
			}
			defer func() { _ = full.Close() }() // it ends with its transaction anyway
		}
		if _, err := full.ExecContext(ctx, args...); err != nil {
			return err
		}
	}
	return nil
}

// repeatTuple turns "… VALUES (?1, ?2) …" into n tuples. Their placeholders have no numbers, because SQLite
// searches a list for the name of every numbered one: four thousand of them cost more than the rows.
func repeatTuple(query string, n int) (string, error) {
	head, rest, ok := strings.Cut(query, "VALUES (")
	tuple, tail, closed := strings.Cut(rest, ")")
	columns := strings.Count(tuple, "?")
	if !ok || !closed || columns == 0 || strings.Contains(head+tail, "?") {
		return "", fmt.Errorf("a query that does not insert one row of placeholders: %.60s", query)
	}
	tuple = "(" + strings.Repeat("?,", columns-1) + "?)"
	return head + "VALUES " + strings.Repeat(tuple+",", n-1) + tuple + tail, nil
}

// dollar runs queries with ?N placeholders on a database that wants $N.
type dollar struct{ db queries.DBTX }

func (d dollar) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	return d.db.ExecContext(ctx, rebind(query), args...)
}

func (d dollar) PrepareContext(ctx context.Context, query string) (*sql.Stmt, error) {
	return d.db.PrepareContext(ctx, rebind(query))
}

func (d dollar) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return d.db.QueryContext(ctx, rebind(query), args...)
}

func (d dollar) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	return d.db.QueryRowContext(ctx, rebind(query), args...)
}

// rebind rewrites placeholders, numbers those that have none, and leaves quoted text alone. A query has
// numbered placeholders or others, not both.
func rebind(query string) string {
	var b strings.Builder
	b.Grow(len(query) + len(query)/2)
	quoted, count := false, 0
	for i := range len(query) {
		c := query[i]
		if c == '\'' {
			quoted = !quoted
		}
		if c != '?' || quoted {
			b.WriteByte(c)
			continue
		}
		b.WriteByte('$')
		if i+1 == len(query) || query[i+1] < '0' || query[i+1] > '9' {
			count++
			b.WriteString(strconv.Itoa(count))
		}
	}
	return b.String()
}
