package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"entente.dev/entente/internal/ledger"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/store"
	"entente.dev/entente/internal/store/internal/queries"
)

// hashReader reads the tree's stored hashes. A proof needs two for each doubling of the ledger, one by one.
func (t *tx) hashReader(ctx context.Context, org string) tlog.HashReader {
	return tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		out := make([]tlog.Hash, len(indexes))
		for i, idx := range indexes {
			raw, err := t.HashOfLedger(ctx, queries.HashOfLedgerParams{Org: org, Idx: idx})
			if errors.Is(err, sql.ErrNoRows) || err == nil && len(raw) != tlog.HashSize {
				e := problem.New(problem.Conflict, "read the ledger's tree", fmt.Sprintf("hash %d of the stored tree is gone or damaged", idx))
				e.Remedy = "keep this database as evidence, and compare with the last backup or export"
				return nil, e
			}
			if err != nil {
				return nil, err
			}
			out[i] = tlog.Hash(raw)
		}
		return out, nil
	})
}

// treeOf is the stored tree of the first size entries.
func (t *tx) treeOf(ctx context.Context, org string, size int64) (ledger.Tree, error) {
	if size == 0 {
		var empty ledger.Growing
		return empty.Tree(), nil
	}
	root, err := tlog.TreeHash(size, t.hashReader(ctx, org))
	return ledger.Tree{Size: size, Root: root}, err
}

func (t *tx) headOf(ctx context.Context, org string) (queries.HeadOfLedgerRow, error) {
	head, err := t.HeadOfLedger(ctx, org)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil // nothing was appended yet
	}
	return head, err
}

// LedgerTree implements store.LedgerTree.
func (s *Store) LedgerTree(ctx context.Context, org string) (ledger.Tree, error) {
	const op = "read the ledger's tree"
	if err := valid(op, may("organization", org)); err != nil {
		return ledger.Tree{}, err
	}
	var out ledger.Tree
	err := s.view(ctx, op, func(t *tx) error {
		head, err := t.headOf(ctx, org)
		if err != nil {
			return err
		}
		out, err = t.treeOf(ctx, org, head.Seq)
		return err
	})
	return out, err
}

// LedgerProof implements store.LedgerTree.
func (s *Store) LedgerProof(ctx context.Context, org string, size, old int64) (ledger.Proof, error) {
	const op = "prove the ledger's tree"
	if err := valid(op, may("organization", org)); err != nil {
		return nil, err
	}
	var out ledger.Proof
	err := s.view(ctx, op, func(t *tx) error {
		head, err := t.headOf(ctx, org)
		if err != nil {
			return err
		}
		if old < 0 || old > size || size > head.Seq {
			return problem.New(problem.Invalid, op, fmt.Sprintf("a proof from %d to %d of %d entries does not exist", old, size, head.Seq))
		}
		out, err = ledger.ProveConsistency(size, old, t.hashReader(ctx, org))
		return err
	})
	return out, err
}

// PutCheckpoint implements store.LedgerTree.
func (s *Store) PutCheckpoint(ctx context.Context, org string, c store.Checkpoint) error {
	const op = "store a checkpoint"
	if err := valid(op, need("organization", org), need("checkpoint", c.Note)); err != nil {
		return err
	}
	return s.write(ctx, op, func(t *tx) error {
		return t.PutCheckpoint(ctx, queries.PutCheckpointParams{Org: org, Size: c.Size, At: micros(c.At), Note: c.Note})
	})
}

// Checkpoints implements store.LedgerTree.
func (s *Store) Checkpoints(ctx context.Context, org string, after int64, limit int) ([]store.Checkpoint, error) {
	const op = "read the checkpoints"
	if err := valid(op, may("organization", org)); err != nil {
		return nil, err
	}
	rows, err := s.query().CheckpointsAfter(ctx, queries.CheckpointsAfterParams{Org: org, After: after, MaxRows: upTo(limit)})
	if err != nil {
		return nil, s.fail(op, err)
	}
	out := make([]store.Checkpoint, len(rows))
	for i, r := range rows {
		out[i] = store.Checkpoint{Size: r.Size, At: moment(r.At), Note: r.Note}
	}
	return out, nil
}

// NewestCheckpoint implements store.LedgerTree.
func (s *Store) NewestCheckpoint(ctx context.Context, org string) (store.Checkpoint, error) {
	const op = "read the newest checkpoint"
	if err := valid(op, may("organization", org)); err != nil {
		return store.Checkpoint{}, err
	}
	r, err := s.query().NewestCheckpoint(ctx, org)
	if err != nil {
		return store.Checkpoint{}, s.fail(op, missing(err, op, "a checkpoint of "+org))
	}
	return store.Checkpoint{Size: r.Size, At: moment(r.At), Note: r.Note}, nil
}
