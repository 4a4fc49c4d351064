package notary

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"entente.dev/entente/internal/ledger"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/store"
	"entente.dev/entente/internal/store/sqlite"
)

const org = "contoso"

type world struct {
	*testing.T
	store store.Store
	now   time.Time
	n     int
}

func start(t *testing.T) (*world, *Notary) {
	t.Helper()
	s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "entente.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	signer, err := LoadOrCreateKey(filepath.Join(t.TempDir(), "ledger.key"))
	if err != nil {
		t.Fatal(err)
	}
	w := &world{T: t, store: s, now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	if _, err := s.PutTopology(t.Context(), store.Revision{Org: org, Digest: "d", StoredAt: w.now}); err != nil {
		t.Fatal(err)
	}
	return w, New(s, signer, func() time.Time { return w.now }, slog.New(slog.DiscardHandler))
}

func (w *world) append(n int) {
	w.Helper()
	var all []store.Entry
	for range n {
		w.n++
		all = append(all, store.Entry{Org: org, Key: fmt.Sprint(w.n), At: w.now})
	}
	if _, err := w.store.AppendAll(w.Context(), all); err != nil {
		w.Fatal(err)
	}
}

func (w *world) sizes() string {
	w.Helper()
	all, err := w.store.Checkpoints(w.Context(), org, 0, 0)
	if err != nil {
		w.Fatal(err)
	}
	var out []string
	for _, c := range all {
		out = append(out, fmt.Sprint(c.Size))
	}
	return strings.Join(out, " ")
}

func TestSignsWhenEnoughHappened(t *testing.T) {
	t.Parallel()
	w, n := start(t)
	n.round(t.Context())
	for _, step := range []struct {
		append int
		later  time.Duration
		want   string
	}{{0, time.Hour, ""}, {3, 0, "3"}, {2, age / 2, "3"}, {0, age, "3 5"}, {999, 0, "3 5"}, {1, 0, "3 5 1005"}, {0, time.Hour, "3 5 1005"}} {
		w.append(step.append)
		w.now = w.now.Add(step.later)
		n.round(t.Context())
		if got := w.sizes(); got != step.want {
			t.Errorf("%+v: signed %q", step, got)
		}
	}
	if err := n.Verify(t.Context(), org); err != nil {
		t.Error(err)
	}
}

func TestDoesNotSignARewrittenLedger(t *testing.T) {
	t.Parallel()
	w, n := start(t)
	w.append(5)
	if _, err := n.Checkpoint(t.Context(), org); err != nil {
		t.Fatal(err)
	}
	// A checkpoint of another history, longer than ours, by the same key.
	var other ledger.Growing
	for range 8 {
		other.Add(tlog.RecordHash([]byte("another")))
	}
	text, err := n.signer.Sign(ledger.Checkpoint{Org: org, Tree: other.Tree()})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.store.PutCheckpoint(t.Context(), org, store.Checkpoint{Size: 8, At: w.now, Note: text}); err != nil {
		t.Fatal(err)
	}
	for _, grown := range []int{0, 3, 2} { // shorter than it, as long, longer
		w.append(grown)
		if _, err := n.Checkpoint(t.Context(), org); problem.KindOf(err) != problem.Conflict {
			t.Errorf("%d entries: %v", w.n, err)
		}
	}
	if w.sizes() != "5 8" {
		t.Errorf("signed %s", w.sizes())
	}
}

func TestAForgedSignatureIsFound(t *testing.T) {
	t.Parallel()
	w, n := start(t)
	_, other := start(t)
	w.append(2)
	tree, err := w.store.LedgerTree(t.Context(), org)
	if err != nil {
		t.Fatal(err)
	}
	text, err := other.signer.Sign(ledger.Checkpoint{Org: org, Tree: tree})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.store.PutCheckpoint(t.Context(), org, store.Checkpoint{Size: 2, At: w.now, Note: text}); err != nil {
		t.Fatal(err)
	}
	if err := n.Verify(t.Context(), org); problem.KindOf(err) != problem.Conflict || !strings.Contains(err.Error(), "2 entries") {
		t.Error(err)
	}
}

// A key is replaced: its public half moves to the list, the file goes, a new one is made.
func TestAReplacedKeysSignaturesStand(t *testing.T) {
	t.Parallel()
	w, _ := start(t)
	path := filepath.Join(t.TempDir(), "ledger.key")
	load := func() *Notary {
		t.Helper()
		signer, err := LoadOrCreateKey(path)
		if err != nil {
			t.Fatal(err)
		}
		return New(w.store, signer, func() time.Time { return w.now }, slog.New(slog.DiscardHandler))
	}
	sign := func(n *Notary) store.Checkpoint {
		t.Helper()
		c, err := n.Checkpoint(t.Context(), org)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	w.append(2)
	first := load()
	one := sign(first)
	for range 2 { // twice: the list grows
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		w.append(2)
		if n := load(); n.Verify(t.Context(), org) == nil {
			t.Fatal("a new key alone vouches for what an older one signed")
		}
		if err := os.WriteFile(path+Older, []byte(first.Key()+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		n := load()
		c := sign(n)
		keys := strings.Fields(n.Key())
		if _, err := ledger.Open(c.Note, keys[len(keys)-1]); err != nil {
			t.Errorf("the newest key signs: %v", err)
		}
		if _, err := ledger.Open(one.Note, keys[0]); err != nil {
			t.Errorf("the oldest key comes first: %v", err)
		}
		if err := n.Verify(t.Context(), org); err != nil {
			t.Error(err)
		}
		first = n
	}
	if keys := strings.Fields(first.Key()); len(keys) != 3 || w.sizes() != "2 4 6" {
		t.Errorf("%d keys, signed %s", len(keys), w.sizes())
	}
	if err := os.WriteFile(path+Older, []byte("nonsense"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadOrCreateKey(path); err == nil || !strings.Contains(err.Error(), "entente audit key") {
		t.Error(err)
	}
}

func TestKeyIsMadeOnceAndPrivate(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "ledger.key")
	keys := make([]string, 8)
	var all sync.WaitGroup
	for i := range keys {
		all.Go(func() {
			if s, err := LoadOrCreateKey(path); err != nil {
				t.Error(err)
			} else {
				keys[i] = s.Key()
			}
		})
	}
	all.Wait()
	for _, k := range keys {
		if k != keys[0] || !strings.HasPrefix(k, "entente-ledger+") {
			t.Errorf("%q and %q", k, keys[0])
		}
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if left, err := os.ReadDir(filepath.Dir(path)); err != nil || len(left) != 1 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadOrCreateKey(path); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Error(err)
	}
	if err := os.WriteFile(path, []byte("nonsense"), 0o600); err != nil || os.Chmod(path, 0o600) != nil {
		t.Fatal(err)
	}
	if _, err := LoadOrCreateKey(path); err == nil {
		t.Error("nonsense is taken for a key")
	} else if strings.Contains(err.Error(), "nonsense") {
		t.Errorf("%v quotes the key", err)
	}
}
