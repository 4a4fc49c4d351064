package postgres_test

import (
	"context"
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
