package sqlite_test

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/store"
	"entente.dev/entente/internal/store/sqlite"
	"entente.dev/entente/internal/store/storetest"
)

type file string

func (f file) Open(ctx context.Context) (store.Store, error) { return sqlite.Open(ctx, string(f)) }

func (f file) Exec(tb testing.TB, statement string) {
	tb.Helper()
	db, err := sql.Open("sqlite", string(f)+"?_busy_timeout=5000")
	if err != nil {
		tb.Fatal(err)
	}
	if _, err := db.ExecContext(tb.Context(), statement); err != nil {
		tb.Fatalf("%s: %v", statement, err)
	}
	if err := db.Close(); err != nil {
		tb.Fatal(err)
	}
}

func create(tb testing.TB) storetest.Database {
	return file(filepath.Join(tb.TempDir(), "entente.db"))
}

func TestStore(t *testing.T) { storetest.Run(t, create) }

func BenchmarkStore(b *testing.B) { storetest.Benchmark(b, create) }

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	text := filepath.Join(dir, "text.db")
	if err := os.WriteFile(text, []byte(strings.Repeat("not a database ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	for path, kind := range map[string]problem.Kind{
		"": problem.Invalid, ":memory:": problem.Invalid, dir: problem.Unavailable, text: problem.Unavailable,
		filepath.Join(dir, "missing", "x.db"): problem.Unavailable,
	} {
		s, err := sqlite.Open(t.Context(), path)
		if s != nil || problem.KindOf(err) != kind {
			t.Errorf("open %q: %v, want %s", path, err, kind)
			continue
		}
		if e := problem.Of(err); e.Remedy == "" || path != "" && path != ":memory:" && !strings.Contains(err.Error(), path) {
			t.Errorf("%q does not say where or what to do", err)
		}
	}
}

// People's names are in the file; nobody else on the machine may read it.
func TestFileIsPrivate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "odd name?mode=ro#1%41.db")
	s, err := sqlite.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	for _, suffix := range []string{"", "-wal"} {
		info, err := os.Stat(path + suffix)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v", info.Name(), info.Mode().Perm())
		}
	}
}

// A killed process leaves the file and its log as they are: a copy of both, taken while the store is open, is
// what the next process finds.
func TestProcessCrash(t *testing.T) {
	dir := t.TempDir()
	path, after := filepath.Join(dir, "entente.db"), filepath.Join(dir, "after.db")
	s, err := sqlite.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	for _, key := range []string{"1", "2", "3"} {
		if _, err := s.Append(t.Context(), store.Entry{Org: "contoso", Key: key}); err != nil {
			t.Fatal(err)
		}
	}
	for _, suffix := range []string{"", "-wal"} {
		raw, err := os.ReadFile(path + suffix)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(after+suffix, raw, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	next, err := sqlite.Open(t.Context(), after)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := next.Close(); err != nil {
			t.Error(err)
		}
	}()
	if n, err := next.VerifyLedger(t.Context(), "contoso"); n != 3 || err != nil {
		t.Fatalf("verified %d, %v", n, err)
	}
}
