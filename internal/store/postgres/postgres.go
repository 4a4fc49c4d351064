// Package postgres is the store on a server, for several processes.
package postgres

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"

	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/store/internal/sqlstore"
	"entente.dev/entente/internal/store/migrations"
)

// Store implements store.Store.
type Store struct{ *sqlstore.Store }

const (
	connections    = 16
	idle           = 4
	idleTime       = 5 * time.Minute
	lifeTime       = 30 * time.Minute // so that a moved server or a changed DNS name is noticed
	connectTimeout = 10 * time.Second
)

// Open connects by a URL (postgres://user@host/db) or by keywords, and migrates the database. What the URL
// leaves out comes from the standard PG* variables and the password file.
func Open(ctx context.Context, url string) (*Store, error) {
	const op = "open the store"
	config, err := pgx.ParseConfig(url)
	if err != nil {
		// pgx quotes the URL in its message; a password in a malformed one would be visible.
		e := problem.New(problem.Invalid, op, "the database URL cannot be read")
		e.Remedy = "write postgres://user@host:5432/database and give the password by file or environment"
		return nil, e
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = connectTimeout
	}
	if config.RuntimeParams["application_name"] == "" {
		config.RuntimeParams["application_name"] = "entente"
	}
	b := sqlstore.Backend{Address: address(config), Dollar: true, Classify: classify}
	db := stdlib.OpenDB(*config)
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(idle)
	db.SetConnMaxIdleTime(idleTime)
	db.SetConnMaxLifetime(lifeTime)
	b.Write, b.Read = db, db
	err = db.PingContext(ctx)
	if err == nil {
		err = migrations.Up(ctx, migrations.Postgres, db)
	}
	if err != nil {
		_ = db.Close() // the reason is in err
		var known *problem.Error
		if errors.As(err, &known) {
			return nil, err
		}
		return nil, b.Explain(op, err, false)
	}
	return &Store{sqlstore.New(b)}, nil
}

// address names the server and the database, and nobody's user or password.
func address(c *pgx.ConnConfig) string {
	if strings.HasPrefix(c.Host, "/") {
		return fmt.Sprintf("postgres socket %s, port %d, database %s", c.Host, c.Port, c.Database)
	}
	return "postgres " + net.JoinHostPort(c.Host, strconv.Itoa(int(c.Port))) + ", database " + c.Database
}

// classify reads SQLSTATE (https://www.postgresql.org/docs/15/errcodes-appendix.html). The server's message
// is shown only for classes that speak of the server; others may quote a row.
func classify(err error) (sqlstore.Verdict, bool) {
	var e *pgconn.PgError
	if !errors.As(err, &e) {
		var connect *pgconn.ConnectError
		if errors.As(err, &connect) {
			return sqlstore.Verdict{Kind: problem.Unavailable, Detail: "no connection to the database"}, true
		}
		if errors.Is(err, pgconn.ErrConnClosed) || pgconn.SafeToRetry(err) || pgconn.Timeout(err) {
			return sqlstore.Verdict{Kind: problem.Unavailable, Detail: "the connection to the database is gone"}, true
		}
		return sqlstore.Verdict{}, false
	}
	v := sqlstore.Verdict{Kind: problem.Bug, Code: e.Code, Detail: "the database refused a statement", Remedy: "look for the code in the server's log"}
	if len(e.Code) != 5 {
		return v, true
	}
	switch e.Code[:2] {
	case "08", "53", "57", "58":
		v.Kind, v.Detail, v.Remedy = problem.Unavailable, e.Message, ""
	case "28":
		v.Kind, v.Detail, v.Remedy = problem.Unavailable, "the server refuses the user or the password", "check the user, the password and pg_hba.conf"
	case "3D", "3F":
		v.Kind, v.Detail, v.Remedy = problem.Unavailable, "the database or the schema does not exist", "create it and let the user own it"
	case "42":
		if e.Code == "42501" {
			v.Kind, v.Detail, v.Remedy = problem.Unavailable, "the user may not do this", "let the user own the database's schema"
		}
	case "40", "55":
		v.Kind, v.Detail, v.Remedy = problem.Unavailable, "another transaction was in the way", "ask again; nothing was changed"
	case "23":
		v.Kind, v.Detail, v.Remedy = problem.Conflict, "a row with this key is already there", "read the newest state and decide again"
	case "22":
		v.Kind, v.Detail, v.Remedy = problem.Invalid, "the database cannot hold a value", "look for characters that are not text, and for times out of range"
	case "54":
		v.Kind, v.Detail, v.Remedy = problem.Invalid, "a value is too large for the database", "store less in one document"
	}
	return v, true
}
