package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"sync/atomic"

	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/store"
	"entente.dev/entente/internal/store/internal/queries"
)

var _ store.Store = (*Store)(nil)

// Backend is what one database brings.
type Backend struct {
	// Write takes every write, Read everything else. SQLite gives Write a single connection, so that its
	// writers wait in our queue instead of in its busy handler; Postgres gives the same pool twice.
	Write, Read *sql.DB
	// Address is where the database is, without credentials: for people.
	Address string
	// Dollar: placeholders are $1, not ?1.
	Dollar bool
	// Classify sorts a driver's error; ok is false for errors the driver does not own.
	Classify func(error) (verdict Verdict, ok bool)
}

// Store implements store.Store on a Backend.
type Store struct {
	b       Backend
	closed  atomic.Bool
	appends queue
}

// New takes the backend over; Close closes its pools.
func New(b Backend) *Store { return &Store{b: b} }

// Ping tells whether the database answers.
func (s *Store) Ping(ctx context.Context) error {
	const op = "reach the store"
	if err := s.b.Read.PingContext(ctx); err != nil {
		return s.fail(op, err)
	}
	return s.fail(op, s.b.Write.PingContext(ctx))
}

// Close waits for running statements and closes the pools. Closing twice is no error.
func (s *Store) Close() error {
	s.closed.Store(true)
	return s.fail("close the store", errors.Join(s.b.Read.Close(), s.b.Write.Close()))
}

func (s *Store) bind(db queries.DBTX) queries.DBTX {
	if s.b.Dollar {
		return dollar{db}
	}
	return db
}

// query is for reads of one statement.
func (s *Store) query() *queries.Queries { return queries.New(s.bind(s.b.Read)) }

// write runs f in one transaction. SQLite's is immediate, so that it never fails halfway for a lock.
func (s *Store) write(ctx context.Context, op string, f func(*tx) error) error {
	return s.transact(ctx, op, s.b.Write, nil, f)
}

// view runs f on one consistent picture: both databases keep it for all statements of f.
func (s *Store) view(ctx context.Context, op string, f func(*tx) error) error {
	return s.transact(ctx, op, s.b.Read, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}, f)
}

// tx is one open transaction with the queries on it.
type tx struct {
	*queries.Queries
	db queries.DBTX
}

// errUnchanged ends a transaction that turned out to have nothing to write.
var errUnchanged = errors.New("nothing to write")

func (s *Store) transact(ctx context.Context, op string, db *sql.DB, o *sql.TxOptions, f func(*tx) error) (err error) {
	t, err := db.BeginTx(ctx, o)
	if err != nil {
		return s.fail(op, err)
	}
	defer func() {
		if err != nil {
			_ = t.Rollback() // the first error is the one that matters
		}
		if errors.Is(err, errUnchanged) {
			err = nil
		}
		err = s.fail(op, err)
	}()
	bound := s.bind(t)
	if err := f(&tx{Queries: queries.New(bound), db: bound}); err != nil {
		return err
	}
	return t.Commit()
}

// next locks a series of an organization and says its next number; taken stores it.
func (t *tx) next(ctx context.Context, org, series string) (int64, error) {
	last, err := t.LockSerial(ctx, queries.LockSerialParams{Org: org, Series: series})
	return last + 1, err
}

func (t *tx) taken(ctx context.Context, org, series string, value int64) error {
	return t.SetSerial(ctx, queries.SetSerialParams{Value: value, Org: org, Series: series})
}

// missing is NotFound for a query that found no row, and nil for every other outcome.
func missing(err error, op, what string) error {
	if !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	return problem.New(problem.NotFound, op, what+" is not stored")
}
