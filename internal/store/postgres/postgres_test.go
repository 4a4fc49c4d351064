package postgres_test

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/store"
	"entente.dev/entente/internal/store/postgres"
	"entente.dev/entente/internal/store/storetest"
	"entente.dev/entente/internal/testkit/postgrestest"
)

type database struct {
	server *postgrestest.Server
	url    string
}

func (d database) Open(ctx context.Context) (store.Store, error) { return postgres.Open(ctx, d.url) }

func (d database) Exec(tb testing.TB, statement string) {
	tb.Helper()
	d.server.Exec(tb, d.url, statement)
}

func on(server *postgrestest.Server) func(testing.TB) storetest.Database {
	return func(tb testing.TB) storetest.Database { return database{server, server.Database(tb)} }
}

func TestStore(t *testing.T) { storetest.Run(t, on(postgrestest.Start(t))) }

func BenchmarkStore(b *testing.B) {
	storetest.Benchmark(b, on(postgrestest.Start(b, postgrestest.Durable)))
}

// Wrong passwords, missing databases and absent servers are told with the address and without the password.
func TestOpenRefuses(t *testing.T) {
	server := postgrestest.Start(t)
	const secret = "hunter2-secret"
	bad := func(change func(*url.URL)) string {
		u, err := url.Parse(server.URL("postgres"))
		if err != nil {
			t.Fatal(err)
		}
		change(u)
		return u.String()
	}
	for name, c := range map[string]struct {
		url  string
		kind problem.Kind
		says string
	}{
		"password": {bad(func(u *url.URL) { u.User = url.UserPassword("entente", secret) }), problem.Unavailable, server.Address},
		"user":     {bad(func(u *url.URL) { u.User = url.UserPassword("nobody", secret) }), problem.Unavailable, server.Address},
		"database": {bad(func(u *url.URL) { u.Path = "/missing" }), problem.Unavailable, "missing"},
		"port":     {"postgres://entente:" + secret + "@127.0.0.1:1/x", problem.Unavailable, "127.0.0.1:1"},
		"url":      {"postgres://entente:" + secret + "@127.0.0.1:port/x", problem.Invalid, "postgres://user@host"},
		"escape":   {"postgres://entente:" + secret + "%zz@127.0.0.1/x", problem.Invalid, "postgres://user@host"},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			s, err := postgres.Open(ctx, c.url)
			if s != nil || problem.KindOf(err) != c.kind {
				t.Fatalf("got %v, want %s", err, c.kind)
			}
			if text := err.Error(); strings.Contains(text, secret) || strings.Contains(text, server.Password) || !strings.Contains(text, c.says) {
				t.Errorf("%q", text)
			}
			if problem.Of(err).Remedy == "" {
				t.Errorf("%q says no remedy", err)
			}
		})
	}
}

// A server that is gone is Unavailable with its address; when it is back, the same store goes on, and what
// was acknowledged is there.
func TestServerCrash(t *testing.T) {
	server := postgrestest.Start(t, postgrestest.Durable)
	s, err := postgres.Open(t.Context(), server.Database(t))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	if _, err := s.Append(t.Context(), store.Entry{Org: "contoso", Key: "1"}); err != nil {
		t.Fatal(err)
	}
	server.Crash()
	if _, err = s.Append(t.Context(), store.Entry{Org: "contoso", Key: "2"}); problem.KindOf(err) != problem.Unavailable {
		t.Fatalf("got %v (%T), want Unavailable", err, errors.Unwrap(err))
	}
	if text := s.Ping(t.Context()).Error(); !strings.Contains(text, server.Address) || strings.Contains(text, server.Password) {
		t.Errorf("%q", text)
	}
	server.Restart(t)
	for _, key := range []string{"1", "2"} {
		e, err := s.Append(t.Context(), store.Entry{Org: "contoso", Key: key})
		for range 4 { // the pool may still hold connections that broke, as it would for a worker that repeats
			if problem.KindOf(err) != problem.Unavailable {
				break
			}
			e, err = s.Append(t.Context(), store.Entry{Org: "contoso", Key: key})
		}
		if err != nil || key == "1" && e.Seq != 1 {
			t.Fatalf("entry %s: %d, %v", key, e.Seq, err)
		}
	}
	if n, err := s.VerifyLedger(t.Context(), "contoso"); n != 2 || err != nil {
		t.Fatalf("verified %d, %v", n, err)
	}
}
