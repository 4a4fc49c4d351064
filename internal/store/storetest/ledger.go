package storetest

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"entente.dev/entente/internal/ledger"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/store"
)

func entry(key string) store.Entry {
	return store.Entry{Org: org, At: day, Actor: "run/contoso/b/c/7", Verb: "set-secrets", Object: "object 1", Tenant: "c", Share: &bc, Key: key,
		Data: map[string]string{"people": "3", "digest": "abc"}}
}

func ledgerChain(t *testing.T, d Database) {
	s, ctx := open(t, d), t.Context()
	same(t, value[int64](t)(s.VerifyLedger(ctx, org)), int64(0))
	var want []store.Entry
	previous := ""
	for i := range 5 {
		e := entry(fmt.Sprint("key", i))
		e.At = at(i).In(time.FixedZone("", 3600)).Add(999)
		got := value[store.Entry](t)(s.Append(ctx, e))
		same(t, got.Seq, int64(i+1))
		same(t, got.Previous, previous)
		same(t, got.Hash, value[string](t)(ledger.Hash(got)))
		same(t, got.At, at(i))
		previous = got.Hash
		want = append(want, got)
	}
	again := entry("key2")
	again.Verb, again.Seq, again.Hash = "forged", 9, "x"
	same(t, value[store.Entry](t)(s.Append(ctx, again)), want[2])
	same(t, value[[]store.Entry](t)(s.LedgerEntries(ctx, org, 0, 0)), want)
	same(t, value[[]store.Entry](t)(s.LedgerEntries(ctx, org, 1, 2)), want[1:3])
	same(t, value[[]store.Entry](t)(s.LedgerEntries(ctx, org, 5, 2)), []store.Entry{})
	same(t, value[store.Entry](t)(s.LedgerEntry(ctx, org, "key2")), want[2])
	is(t, second(s.LedgerEntry(ctx, org, "key")), problem.NotFound)
	is(t, second(s.LedgerEntry(ctx, "adatum", "key1")), problem.NotFound)
	is(t, second(s.LedgerEntry(ctx, org, "nul\x00")), problem.Invalid)
	same(t, value[int64](t)(s.VerifyLedger(ctx, org)), int64(5))
	same(t, value[store.Entry](t)(s.Append(ctx, store.Entry{Org: "adatum", Key: "key1"})).Seq, int64(1))
}

func ledgerParallel(t *testing.T, d Database) {
	one, two, ctx := open(t, d), open(t, d), t.Context()
	parallel(t, 40, func(i int) error {
		s := []store.Store{one, two}[i%2]
		_, err := s.Append(ctx, entry(fmt.Sprint("key", i/2))) // every key twice, from two processes
		return err
	})
	same(t, value[int64](t)(one.VerifyLedger(ctx, org)), int64(20))
	same(t, len(value[[]store.Entry](t)(two.LedgerEntries(ctx, org, 0, 0))), 20)
}

// ledgerTampered plants one fault after the other and undoes it.
func ledgerTampered(t *testing.T, d Database) {
	s, ctx := open(t, d), t.Context()
	for i := range 6 {
		value[store.Entry](t)(s.Append(ctx, entry(fmt.Sprint("key", i))))
	}
	tree := value[ledger.Tree](t)(s.LedgerTree(ctx, org))
	note := value[string](t)(signer(t).Sign(ledger.Checkpoint{Org: org, Tree: tree}))
	ok(t, s.PutCheckpoint(ctx, org, store.Checkpoint{Size: tree.Size, At: day, Note: note}))
	d.Exec(t, "CREATE TABLE kept AS SELECT * FROM ledger")
	d.Exec(t, "CREATE TABLE kept_hashes AS SELECT * FROM ledger_hashes")
	d.Exec(t, "CREATE TABLE kept_checkpoints AS SELECT * FROM ledger_checkpoints")
	d.Exec(t, "CREATE TABLE kept_heads AS SELECT * FROM ledger_heads")
	for _, fault := range []struct {
		name string
		sql  []string
		seq  int64
	}{
		{"content", []string{"UPDATE ledger SET doc = (SELECT doc FROM kept WHERE seq = 5) WHERE seq = 3"}, 3},
		{"hash", []string{"UPDATE ledger SET hash = 'feed' WHERE seq = 2"}, 2},
		{"deleted", []string{"DELETE FROM ledger WHERE seq = 4"}, 4},
		{"deleted and closed up", []string{"DELETE FROM ledger WHERE seq = 4", "UPDATE ledger SET seq = 4 WHERE seq = 5", "UPDATE ledger SET seq = 5 WHERE seq = 6"}, 4},
		{"first deleted", []string{"DELETE FROM ledger WHERE seq = 1"}, 1},
		{"tail cut off", []string{"DELETE FROM ledger WHERE seq > 4"}, 5},
		{"all deleted", []string{"DELETE FROM ledger"}, 1},
		{"head rewritten", []string{"UPDATE ledger_heads SET hash = 'feed'"}, 7},
		{"head deleted", []string{"DELETE FROM ledger_heads"}, 7},
		{"stored tree rewritten", []string{"UPDATE ledger_hashes SET hash = (SELECT hash FROM kept_hashes WHERE idx = 3) WHERE idx = 6"}, 7},
		{"tail cut off with its head and its tree", []string{"DELETE FROM ledger WHERE seq > 4", "DELETE FROM ledger_hashes WHERE idx > 6",
			"UPDATE ledger_heads SET seq = 4, hash = (SELECT hash FROM kept WHERE seq = 4)"}, 5},
		{"checkpoint of another ledger", []string{"UPDATE ledger_checkpoints SET note = replace(note, '/contoso', '/adatum')"}, 1},
		{"key rewritten", []string{"UPDATE ledger SET key = 'other' WHERE seq = 6"}, 6},
		{"swapped", []string{"UPDATE ledger SET seq = 99 WHERE seq = 2", "UPDATE ledger SET seq = 2 WHERE seq = 3", "UPDATE ledger SET seq = 3 WHERE seq = 99"}, 2},
		{"moved to another organization", []string{"UPDATE ledger SET org = 'adatum' WHERE seq = 6"}, 6},
	} {
		same(t, value[int64](t)(s.VerifyLedger(ctx, org)), int64(6))
		for _, statement := range fault.sql {
			d.Exec(t, statement)
		}
		n, err := s.VerifyLedger(ctx, org)
		is(t, err, problem.Conflict)
		var broken *store.BrokenChain
		if !errors.As(err, &broken) || broken.Seq != fault.seq || n != fault.seq-1 && fault.name != "checkpoint of another ledger" {
			t.Errorf("%s: verified %d, then %v; want entry %d", fault.name, n, err, fault.seq)
		}
		if want := fmt.Sprintf("entry %d ", fault.seq); !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %q does not name %q", fault.name, err, want)
		}
		for _, statement := range []string{"DELETE FROM ledger", "INSERT INTO ledger SELECT * FROM kept", "DELETE FROM ledger_heads", "INSERT INTO ledger_heads SELECT * FROM kept_heads",
			"DELETE FROM ledger_hashes", "INSERT INTO ledger_hashes SELECT * FROM kept_hashes", "DELETE FROM ledger_checkpoints", "INSERT INTO ledger_checkpoints SELECT * FROM kept_checkpoints"} {
			d.Exec(t, statement)
		}
	}
}

// ledgerForged: an entry whose own hash is right does not fit when it follows something else.
func ledgerForged(t *testing.T, d Database) {
	s, ctx := open(t, d), t.Context()
	for i := range 4 {
		value[store.Entry](t)(s.Append(ctx, entry(fmt.Sprint("key", i))))
	}
	d.Exec(t, "DELETE FROM ledger WHERE seq > 2")
	d.Exec(t, "UPDATE ledger_heads SET seq = 2, hash = 'feed'")
	is(t, second(s.Append(ctx, entry("forged"))), problem.Conflict) // the tree goes further
	d.Exec(t, "DELETE FROM ledger_hashes WHERE idx > 2")
	value[store.Entry](t)(s.Append(ctx, entry("forged")))
	n, err := s.VerifyLedger(ctx, org)
	is(t, err, problem.Conflict)
	same(t, n, int64(2))
}

// ledgerText: what JSON changes must not break the chain.
func ledgerText(t *testing.T, d Database) {
	s, ctx := open(t, d), t.Context()
	for i, text := range []string{"<&>\u2028", "broken \xff\xfe", "nul \x00", "张伟 \U0001F600", strings.Repeat("long ", 50_000), ""} {
		e := entry(fmt.Sprint("key", i))
		e.Object, e.Data = text, map[string]string{text: text}
		got := value[store.Entry](t)(s.Append(ctx, e))
		same(t, got.Hash, value[string](t)(ledger.Hash(got)))
		same(t, value[[]store.Entry](t)(s.LedgerEntries(ctx, org, int64(i), 1)), []store.Entry{got})
	}
	same(t, value[int64](t)(s.VerifyLedger(ctx, org)), int64(6))
}
