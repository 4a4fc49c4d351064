package storetest

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"entente.dev/entente/internal/ledger"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/store"
)

func signer(tb testing.TB) *ledger.Signer {
	tb.Helper()
	random := sha256.Sum256([]byte("storetest"))
	return value[*ledger.Signer](tb)(ledger.NewSigner(value[string](tb)(ledger.GenerateKey(strings.NewReader(string(random[:]))))))
}

// ledgerGroups: appends of many callers, to two organizations, share transactions and keep their order and keys.
func ledgerGroups(t *testing.T, d Database) {
	one, two, ctx := open(t, d), open(t, d), t.Context()
	parallel(t, 200, func(i int) error {
		s := []store.Store{one, two}[i%2]
		e := entry(fmt.Sprint("key", i))
		if i%3 == 0 {
			e.Org, e.Actor = "adatum", "run/adatum/b/c/7"
		}
		got, err := s.Append(ctx, e)
		if err == nil && (got.Key != e.Key || got.Org != e.Org) {
			err = fmt.Errorf("%s got %s", e.Key, got.Key)
		}
		return err
	})
	for name, want := range map[string]int64{org: 133, "adatum": 67} {
		same(t, value[int64](t)(one.VerifyLedger(ctx, name)), want)
	}
	batch := []store.Entry{entry("new1"), entry("key1"), entry("new2"), entry("new1")}
	got := value[[]store.Entry](t)(one.AppendAll(ctx, batch))
	same(t, []int64{got[0].Seq, got[2].Seq, got[3].Seq}, []int64{134, 135, 134})
	same(t, got[1].Key, "key1")
	same(t, got[3], got[0])
	same(t, value[int64](t)(two.VerifyLedger(ctx, org)), int64(135))
	same(t, value[[]store.Entry](t)(one.AppendAll(ctx, nil)), []store.Entry{})
	// Somebody who gives up takes nobody along.
	gone, cancel := context.WithCancel(ctx)
	cancel()
	parallel(t, 20, func(i int) error {
		if i%2 == 0 {
			_, _ = one.Append(gone, entry(fmt.Sprint("gone", i))) // its own refusal is tested elsewhere
			return nil
		}
		_, err := one.Append(ctx, entry(fmt.Sprint("stays", i)))
		return err
	})
	same(t, value[int64](t)(one.VerifyLedger(ctx, org)), int64(145))
}

func ledgerSubjects(t *testing.T, d Database) {
	s, ctx := open(t, d), t.Context()
	add := func(key, verb string, people ...string) {
		e := entry(key)
		e.Verb, e.People = verb, people
		value[store.Entry](t)(s.Append(ctx, e))
	}
	add("1", "ask")
	add("2", "approved")
	add("3", "add-scope-members", "b/bob", "b/barbara", "b/bob")
	add("4", "create-group")
	add("5", "set-type-Member", "b/bob", "c/bob-in-c")
	about := func(subject string, limit int) string {
		var keys []string
		for _, e := range value[[]store.Entry](t)(s.LedgerAbout(ctx, org, subject, limit)) {
			keys = append(keys, e.Key)
		}
		return strings.Join(keys, " ")
	}
	same(t, about("b/bob", 0), "3 5")
	same(t, about("b/bob", 1), "5")
	same(t, about("b/barbara", 0), "3")
	same(t, about("c/bob-in-c", 0), "5")
	same(t, about(ledger.SubjectOfShare(bc), 0), "1 2")
	same(t, about("b/nobody", 0), "")
	same(t, value[[]store.Entry](t)(s.LedgerAbout(ctx, "adatum", "b/bob", 0)), []store.Entry{})
}

// ledgerTree: the stored tree is the one of the entries, proofs hold, and checkpoints stay as they are.
func ledgerTree(t *testing.T, d Database) {
	s, ctx, key := open(t, d), t.Context(), signer(t)
	var growing ledger.Growing
	trees := []ledger.Tree{growing.Tree()}
	same(t, value[ledger.Tree](t)(s.LedgerTree(ctx, org)), trees[0])
	for i := range 21 {
		e := value[store.Entry](t)(s.Append(ctx, entry(fmt.Sprint("key", i))))
		rows := value[[]ledger.Row](t)(s.LedgerRows(ctx, org, e.Seq-1, 1))
		same(t, rows[0].Hash, e.Hash)
		growing.Add(tlog.RecordHash(rows[0].Doc))
		same(t, value[ledger.Tree](t)(s.LedgerTree(ctx, org)), growing.Tree())
		trees = append(trees, growing.Tree())
	}
	for _, old := range []int64{0, 1, 7, 8, 20, 21} {
		proof := value[ledger.Proof](t)(s.LedgerProof(ctx, org, 21, old))
		ok(t, ledger.CheckConsistency(proof, trees[old], trees[21]))
	}
	is(t, second(s.LedgerProof(ctx, org, 22, 3)), problem.Invalid)
	is(t, second(s.LedgerProof(ctx, org, 3, 5)), problem.Invalid)
	is(t, second(s.NewestCheckpoint(ctx, org)), problem.NotFound)
	var want []store.Checkpoint
	for _, size := range []int64{21, 5, 12} {
		c := store.Checkpoint{Size: size, At: at(int(size)), Note: value[string](t)(key.Sign(ledger.Checkpoint{Org: org, Tree: trees[size]}))}
		ok(t, s.PutCheckpoint(ctx, org, c))
		want = append(want, c)
		c.Note, c.At = "another", day
		ok(t, s.PutCheckpoint(ctx, org, c))
	}
	same(t, value[store.Checkpoint](t)(s.NewestCheckpoint(ctx, org)), want[0])
	slices.SortFunc(want, func(a, b store.Checkpoint) int { return int(a.Size - b.Size) })
	same(t, value[[]store.Checkpoint](t)(s.Checkpoints(ctx, org, 0, 0)), want)
	same(t, value[[]store.Checkpoint](t)(s.Checkpoints(ctx, org, 5, 1)), want[1:2])
	same(t, value[int64](t)(s.VerifyLedger(ctx, org)), int64(21))
}

func ledgerManyPeople(t *testing.T, d Database) {
	s, ctx := open(t, d), t.Context()
	var people []string
	for i := range 2500 {
		people = append(people, fmt.Sprintf("b/%04d", i))
	}
	for range 2 {
		ok(t, store.AppendAbout(ctx, s, entry("many"), people))
		ok(t, store.AppendAbout(ctx, s, entry("few"), []string{"b/2", "b/1", "b/3", "b/1"}))
		slices.Reverse(people)
		people = slices.Clone(people)
	}
	entries := value[[]store.Entry](t)(s.LedgerEntries(ctx, org, 0, 0))
	var sizes []int
	for _, e := range entries {
		sizes = append(sizes, len(e.People))
	}
	same(t, sizes, []int{1000, 1000, 500, 3})
	same(t, len(value[[]store.Entry](t)(s.LedgerAbout(ctx, org, "b/2400", 0))), 1)
}
