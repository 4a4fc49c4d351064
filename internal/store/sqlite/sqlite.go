// Package sqlite is the store in one file, for a process that owns its machine.
//
// Write-ahead logging lets pages be read while something is written; writers stand in line for a single
// connection. Every commit is synced: what Temporal was told is recorded survives a power cut.
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"

	driver "modernc.org/sqlite"
	codes "modernc.org/sqlite/lib"

	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/store/internal/sqlstore"
	"entente.dev/entente/internal/store/migrations"
)

// Store implements store.Store.
type Store struct{ *sqlstore.Store }

// busyTimeout is how long a statement waits for another process that has the file open.
const busyTimeout = "10000" // ms

// Open opens the file, creates it for its owner alone where it is missing, and migrates it. The folder must
// exist. In-memory databases are refused: a store forgets nothing.
func Open(ctx context.Context, path string) (*Store, error) {
	const op = "open the store"
	if path == "" || path == ":memory:" {
		e := problem.New(problem.Invalid, op, "the store needs a file")
		e.Remedy = "give the path of a file in a folder that lasts"
		return nil, e
	}
	b := sqlstore.Backend{Address: path, Classify: classify}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600) // SQLite itself would let everybody read it
	if err == nil {
		err = file.Close()
	}
	if err != nil {
		e := problem.Wrap(problem.Unavailable, op, err)
		e.Remedy = "create the folder and let this process read and write it"
		return nil, e
	}
	name, err := dsn(path)
	if err != nil {
		return nil, b.Explain(op, err, false)
	}
	if b.Write, err = sql.Open("sqlite", name); err != nil {
		return nil, b.Explain(op, err, false)
	}
	b.Write.SetMaxOpenConns(1)
	if b.Read, err = sql.Open("sqlite", name); err != nil {
		return nil, b.Explain(op, errors.Join(err, b.Write.Close()), false)
	}
	b.Read.SetMaxOpenConns(max(4, runtime.NumCPU()))
	b.Read.SetMaxIdleConns(max(4, runtime.NumCPU()))
	if err := migrations.Up(ctx, migrations.SQLite, b.Write); err != nil {
		var known *problem.Error
		if !errors.As(err, &known) {
			err = b.Explain(op, err, false)
		}
		_, _ = b.Read.Close(), b.Write.Close() // the reason is in err
		return nil, err
	}
	return &Store{sqlstore.New(b)}, nil
}

// dsn is a file URI, because a plain name would lose everything from a question mark on.
func dsn(path string) (string, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("resolve the path: %w", err)
	}
	q := url.Values{
		"_busy_timeout": {busyTimeout},
		"_journal_mode": {"WAL"},
		"_synchronous":  {"FULL"},
		"_foreign_keys": {"1"},
		"_txlock":       {"immediate"},
		"_pragma":       {"cache_size(-32768)"},
	}
	return (&url.URL{Scheme: "file", Path: abs, RawQuery: q.Encode()}).String(), nil
}

// classify reads SQLite's primary result code. Its messages name tables and columns, never values.
func classify(err error) (sqlstore.Verdict, bool) {
	var e *driver.Error
	if !errors.As(err, &e) {
		return sqlstore.Verdict{}, false
	}
	v := sqlstore.Verdict{Kind: problem.Bug, Code: fmt.Sprintf("SQLITE_%d", e.Code()), Detail: e.Error()}
	switch e.Code() & 0xff {
	case codes.SQLITE_BUSY, codes.SQLITE_LOCKED:
		v.Kind, v.Remedy = problem.Unavailable, "another process holds the file; stop it, or wait until it is done"
	case codes.SQLITE_FULL:
		v.Kind, v.Remedy = problem.Unavailable, "make room on the disk; nothing was changed"
	case codes.SQLITE_READONLY, codes.SQLITE_CANTOPEN, codes.SQLITE_PERM, codes.SQLITE_AUTH:
		v.Kind, v.Remedy = problem.Unavailable, "let this process read and write the file and its folder; nothing was changed"
	case codes.SQLITE_IOERR:
		v.Kind, v.Remedy = problem.Unavailable, "check the disk; nothing was changed"
	case codes.SQLITE_CORRUPT, codes.SQLITE_NOTADB:
		v.Kind, v.Remedy = problem.Unavailable, "this is not a store's file, or it is damaged; put back a backup"
	case codes.SQLITE_INTERRUPT:
		v.Kind, v.Remedy = problem.Unavailable, "the caller gave up; ask again"
	case codes.SQLITE_CONSTRAINT:
		v.Kind, v.Remedy = problem.Conflict, "read the newest state and decide again"
	case codes.SQLITE_TOOBIG:
		v.Kind, v.Remedy = problem.Invalid, "store less in one document; the limit is 1 GB"
	}
	return v, true
}
