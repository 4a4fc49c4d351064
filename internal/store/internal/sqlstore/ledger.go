package sqlstore

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/store"
	"entente.dev/entente/internal/store/internal/queries"
)

// verifyPage is how many entries VerifyLedger holds in memory at a time.
const verifyPage = 2000

// Append implements store.Ledger. The head's row is locked before the sequence is read, so that parallel
// appends make one chain.
func (s *Store) Append(ctx context.Context, e store.Entry) (store.Entry, error) {
	const op = "append to the ledger"
	if err := valid(op, need("organization", e.Org), need("key", e.Key)); err != nil {
		return store.Entry{}, err
	}
	var stored store.Entry
	err := s.write(ctx, op, func(t *tx) (err error) {
		stored, err = t.appendEntry(ctx, e)
		return err
	})
	return stored, err
}

func (t *tx) appendEntry(ctx context.Context, e store.Entry) (store.Entry, error) {
	head, err := t.LockLedgerHead(ctx, e.Org)
	if err != nil {
		return store.Entry{}, err
	}
	row, err := t.EntryByKey(ctx, queries.EntryByKeyParams{Org: e.Org, Key: e.Key})
	if err == nil {
		return entry(queries.EntriesRow(row))
	}
	if !errors.Is(err, sql.ErrNoRows) {
		return store.Entry{}, err
	}
	e.Seq, e.Previous = head.Seq+1, head.Hash
	e, doc, err := chained(e)
	if err != nil {
		return store.Entry{}, err
	}
	if err := t.InsertEntry(ctx, queries.InsertEntryParams{Org: e.Org, Seq: e.Seq, Key: e.Key, Hash: e.Hash, Doc: doc}); err != nil {
		return store.Entry{}, err
	}
	return e, t.MoveLedgerHead(ctx, queries.MoveLedgerHeadParams{Seq: e.Seq, Hash: e.Hash, Org: e.Org})
}

// chained brings an entry into the form that survives storing and hashes it: microseconds in UTC, and text
// as JSON writes it. The returned document is what was hashed.
func chained(e store.Entry) (store.Entry, []byte, error) {
	e.At, e.Hash = e.At.UTC().Truncate(time.Microsecond), ""
	raw, err := json.Marshal(e)
	if err != nil {
		return store.Entry{}, nil, fmt.Errorf("encode an entry: %w", err)
	}
	var plain store.Entry // JSON replaces broken UTF-8; the hash must be of the replacement
	if err := json.Unmarshal(raw, &plain); err != nil {
		return store.Entry{}, nil, fmt.Errorf("decode an entry: %w", err)
	}
	doc, err := json.Marshal(plain)
	if err != nil {
		return store.Entry{}, nil, fmt.Errorf("encode an entry: %w", err)
	}
	plain.Hash = sum(doc)
	return plain, doc, nil
}

func sum(doc []byte) string {
	h := sha256.Sum256(doc)
	return hex.EncodeToString(h[:])
}

func entry(row queries.EntriesRow) (store.Entry, error) {
	var e store.Entry
	if err := json.Unmarshal(row.Doc, &e); err != nil {
		return e, fmt.Errorf("decode entry %d: %w", row.Seq, err)
	}
	e.Hash = row.Hash
	return e, nil
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
	list := make([]store.Entry, len(rows))
	for i, r := range rows {
		if list[i], err = entry(r); err != nil {
			return nil, s.fail(op, err)
		}
	}
	return list, nil
}

// VerifyLedger implements store.Ledger. It returns how many entries fit before the first that does not, and
// a Conflict around a store.BrokenChain. An attacker who rewrites every later entry and the head stays
// unseen here: signed checkpoints kept elsewhere are what finds that.
func (s *Store) VerifyLedger(ctx context.Context, org string) (int64, error) {
	const op = "verify the ledger"
	if err := valid(op, may("organization", org)); err != nil {
		return 0, err
	}
	var last queries.EntriesRow
	err := s.view(ctx, op, func(t *tx) error {
		head, err := t.HeadOfLedger(ctx, org)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		for {
			rows, err := t.Entries(ctx, queries.EntriesParams{Org: org, After: last.Seq, MaxRows: verifyPage})
			if err != nil {
				return err
			}
			for _, r := range rows {
				if why := misfit(org, last, r); why != "" {
					return &store.BrokenChain{Org: org, Seq: last.Seq + 1, Why: why}
				}
				last = r
			}
			if len(rows) < verifyPage {
				break
			}
		}
		if head.Seq != last.Seq || head.Hash != last.Hash {
			return &store.BrokenChain{Org: org, Seq: last.Seq + 1, Why: fmt.Sprintf("the chain ends at %d, its head says %d", last.Seq, head.Seq)}
		}
		return nil
	})
	var broken *store.BrokenChain
	if errors.As(err, &broken) {
		e := problem.Wrap(problem.Conflict, op, broken)
		e.Remedy = "keep this database as evidence, stop the writers, and compare with the last backup or export"
		err = e
	}
	return last.Seq, err
}

// misfit says why a row cannot follow another; "" when it can.
func misfit(org string, last, row queries.EntriesRow) string {
	e, err := entry(row)
	switch {
	case row.Seq != last.Seq+1:
		return fmt.Sprintf("it is missing; entry %d follows", row.Seq)
	case sum(row.Doc) != row.Hash:
		return "its content does not give its hash"
	case err != nil:
		return "its content cannot be read"
	case e.Org != org || e.Seq != row.Seq || e.Key != row.Key:
		return "its content belongs to another place"
	case e.Previous != last.Hash:
		return "it does not follow the entry before it"
	}
	return ""
}
