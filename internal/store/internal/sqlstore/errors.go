package sqlstore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"strings"
	"unicode/utf8"

	"entente.dev/entente/internal/problem"
)

// Verdict is what a driver's error means. Detail must not carry row values or credentials.
type Verdict struct {
	Kind   problem.Kind
	Code   string
	Detail string
	Remedy string
}

// fail puts an error into the taxonomy. Only the verdict's own words become visible, because a driver's
// text may quote a row (a person) or a connection string; errors.Is and As still see the cause.
func (s *Store) fail(op string, err error) error {
	if err == nil {
		return nil
	}
	var known *problem.Error
	if errors.As(err, &known) {
		return err
	}
	return s.b.Explain(op, err, s.closed.Load())
}

// Explain is the classification itself; the backends use it while they open.
func (b Backend) Explain(op string, err error, closed bool) error {
	e := problem.Wrap(problem.Bug, op, err)
	e.Detail = "the store answered with an error that it should not give"
	e.Remedy = "report it with the code and the server's log"
	if v, ok := b.verdict(err, closed); ok {
		e.Kind, e.Code, e.Detail, e.Remedy = v.Kind, v.Code, v.Detail, v.Remedy
	}
	if e.Kind == problem.Unavailable {
		e.Detail += " (" + b.Address + ")"
		if e.Remedy == "" {
			e.Remedy = "check that the database at this address runs and may be reached, then ask again; a repeated write is safe"
		}
	}
	return e
}

func (b Backend) verdict(err error, closed bool) (Verdict, bool) {
	if closed {
		return Verdict{Kind: problem.Unavailable, Detail: "the store is closed", Remedy: "the process is shutting down; ask again when it is back"}, true
	}
	if errors.Is(err, context.Canceled) {
		return Verdict{Kind: problem.Unavailable, Detail: "the caller gave up", Remedy: "ask again"}, true
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return Verdict{Kind: problem.Unavailable, Detail: "no answer in the time given"}, true
	}
	if v, ok := b.Classify(err); ok {
		return v, true
	}
	var network net.Error
	if errors.As(err, &network) || errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return Verdict{Kind: problem.Unavailable, Detail: "the connection to the database is gone"}, true
	}
	return Verdict{}, false
}

// field is one value that becomes a key or a column of text.
type field struct {
	name, value string
	optional    bool
}

func need(name, value string) field { return field{name: name, value: value} }
func may(name, value string) field  { return field{name: name, value: value, optional: true} }

// valid refuses what one database would take and the other would not: Postgres has no NUL and no broken
// UTF-8 in text. Keys must not be empty, or two things would share one row.
func valid(op string, fields ...field) error {
	for _, f := range fields {
		switch {
		case f.value == "" && !f.optional:
			return problem.New(problem.Invalid, op, f.name+" is empty")
		case !utf8.ValidString(f.value):
			return problem.New(problem.Invalid, op, f.name+" is not valid UTF-8")
		case strings.ContainsRune(f.value, 0):
			return problem.New(problem.Invalid, op, f.name+" holds a NUL character")
		}
	}
	return nil
}
