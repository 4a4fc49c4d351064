package sqlstore

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"entente.dev/entente/internal/ledger"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/store"
	"entente.dev/entente/internal/store/internal/queries"
)

// verifyPage is how many entries VerifyLedger holds in memory at a time.
const verifyPage = 2000

func decodeRows[R queries.EntriesRow | queries.EntriesAboutRow](rows []R) ([]store.Entry, error) {
	out := make([]store.Entry, len(rows))
	for i, r := range rows {
		var err error
		if out[i], err = ledger.Row(r).Decode(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// LedgerEntries implements store.Ledger, oldest first; a limit of 0 means all.
func (s *Store) LedgerEntries(ctx context.Context, org string, after int64, limit int) ([]store.Entry, error) {
	const op = "read the ledger"
	if err := valid(op, may("organization", org)); err != nil {
		return nil, err
	}
	rows, err := s.query().Entries(ctx, queries.EntriesParams{Org: org, After: after, MaxRows: upTo(limit)})
	if err != nil {
		return nil, s.fail(op, err)
	}
	list, err := decodeRows(rows)
	return list, s.fail(op, err)
}

// LedgerEntry implements store.Ledger.
func (s *Store) LedgerEntry(ctx context.Context, org, key string) (store.Entry, error) {
	const op = "read the ledger"
	if err := valid(op, may("organization", org), may("key", key)); err != nil {
		return store.Entry{}, err
	}
	row, err := s.query().EntryByKey(ctx, queries.EntryByKeyParams{Org: org, Key: key})
	if err != nil {
		return store.Entry{}, s.fail(op, missing(err, op, "an entry of that key"))
	}
	e, err := ledger.Row(row).Decode()
	return e, s.fail(op, err)
}

// LedgerRows implements store.LedgerTree.
func (s *Store) LedgerRows(ctx context.Context, org string, after int64, limit int) ([]ledger.Row, error) {
	const op = "read the ledger"
	if err := valid(op, may("organization", org)); err != nil {
		return nil, err
	}
	rows, err := s.query().Entries(ctx, queries.EntriesParams{Org: org, After: after, MaxRows: upTo(limit)})
	if err != nil {
		return nil, s.fail(op, err)
	}
	out := make([]ledger.Row, len(rows))
	for i, r := range rows {
		out[i] = ledger.Row(r)
	}
	return out, nil
}

// LedgerAbout implements store.Ledger.
func (s *Store) LedgerAbout(ctx context.Context, org, subject string, limit int) ([]store.Entry, error) {
	const op = "read the ledger"
	if err := valid(op, may("organization", org), may("subject", subject)); err != nil {
		return nil, err
	}
	rows, err := s.query().EntriesAbout(ctx, queries.EntriesAboutParams{Org: org, Subject: subject, MaxRows: upTo(limit)})
	if err != nil {
		return nil, s.fail(op, err)
	}
	slices.Reverse(rows)
	list, err := decodeRows(rows)
	return list, s.fail(op, err)
}

// VerifyLedger implements store.Ledger. It returns how many entries fit before the first that does not, and
// a Conflict around a store.BrokenChain. An attacker who rewrites every entry, hash and head is found by the
// checkpoints, which only the signing key makes; one who takes those away too, by a checkpoint kept elsewhere.
func (s *Store) VerifyLedger(ctx context.Context, org string) (int64, error) {
	const op = "verify the ledger"
	if err := valid(op, may("organization", org)); err != nil {
		return 0, err
	}
	v := &verification{chain: ledger.Chain{Org: org}}
	err := s.view(ctx, op, func(t *tx) error { return v.run(ctx, t) })
	var broken *store.BrokenChain
	if errors.As(err, &broken) {
		e := problem.Wrap(problem.Conflict, op, broken)
		e.Remedy = "keep this database as evidence, stop the writers, and compare with the last backup or export"
		err = e
	}
	return v.chain.Size(), err
}

type verification struct {
	chain  ledger.Chain
	marks  []queries.CheckpointsAfterRow
	proven int64
}

func (v *verification) broken(seq int64, format string, args ...any) error {
	return &store.BrokenChain{Org: v.chain.Org, Seq: seq, Why: fmt.Sprintf(format, args...)}
}

func (v *verification) run(ctx context.Context, t *tx) (err error) {
	org := v.chain.Org
	head, err := t.headOf(ctx, org)
	if err != nil {
		return err
	}
	if v.marks, err = t.CheckpointsAfter(ctx, queries.CheckpointsAfterParams{Org: org, MaxRows: upTo(0)}); err != nil {
		return err
	}
	for {
		rows, err := t.Entries(ctx, queries.EntriesParams{Org: org, After: v.chain.Size(), MaxRows: verifyPage})
		if err != nil {
			return err
		}
		for _, r := range rows {
			if err := v.add(r); err != nil {
				return err
			}
		}
		if len(rows) < verifyPage {
			break
		}
	}
	size := v.chain.Size()
	if head.Seq != size || head.Hash != v.chain.Last() {
		return v.broken(size+1, "the chain ends at %d, its head says %d", size, head.Seq)
	}
	if len(v.marks) > 0 {
		return v.broken(size+1, "the chain ends at %d, a checkpoint has %d", size, v.marks[0].Size)
	}
	stored, err := t.treeOf(ctx, org, size)
	if err == nil && stored != v.chain.Tree() {
		err = v.broken(size+1, "the entries fit, but the stored tree is another one")
	}
	return err
}

// add takes the next row and, where a checkpoint's tree ends, compares.
func (v *verification) add(r queries.EntriesRow) error {
	next := v.chain.Size() + 1
	if r.Seq != next {
		return v.broken(next, "it is missing; entry %d follows", r.Seq)
	}
	key, err := json.Marshal(r.Key)
	if err != nil || !bytes.Contains(r.Doc, append([]byte(`"key":`), key...)) && ledger.HashOf(r.Doc) == r.Hash {
		return v.broken(next, "its content has another key")
	}
	var misfit *ledger.Broken
	if errors.As(v.chain.Add([]byte(r.Hash), r.Doc), &misfit) {
		return v.broken(misfit.Seq, "%s", misfit.Why)
	}
	for len(v.marks) > 0 && v.marks[0].Size <= next {
		c, err := ledger.ReadUnsigned(v.marks[0].Note)
		if err != nil || c.Org != v.chain.Org || c.Size != v.marks[0].Size || c.Tree != v.chain.Tree() {
			return v.broken(v.proven+1, "entries were rewritten: something in %d to %d is not what a checkpoint says", v.proven+1, v.marks[0].Size)
		}
		v.proven, v.marks = c.Size, v.marks[1:]
	}
	return nil
}
