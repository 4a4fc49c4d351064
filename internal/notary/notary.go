package notary

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"entente.dev/entente/internal/ledger"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/store"
)

const (
	// entries and age are how far a ledger may go on without a signature.
	entries = 1000
	age     = time.Minute
	// look is how often it is looked.
	look = 5 * time.Second
)

// Store is what is signed, and where signatures are kept.
type Store interface {
	store.LedgerTree
	Organizations(ctx context.Context) ([]string, error)
}

// Notary signs checkpoints of every organization with one key. It is safe for concurrent use, and in several
// processes with copies of one key.
type Notary struct {
	store  Store
	signer *ledger.Signer
	now    func() time.Time
	log    *slog.Logger
}

// New returns a notary; now is the wall clock.
func New(s Store, signer *ledger.Signer, now func() time.Time, log *slog.Logger) *Notary {
	return &Notary{store: s, signer: signer, now: now, log: log}
}

// Key is the public key that verifies the checkpoints.
func (n *Notary) Key() string { return n.signer.Key() }

// Checkpoint signs the ledger as it stands. It is a problem.Conflict when what stands does not continue the
// newest checkpoint.
func (n *Notary) Checkpoint(ctx context.Context, org string) (store.Checkpoint, error) {
	tree, err := n.store.LedgerTree(ctx, org)
	if err != nil {
		return store.Checkpoint{}, err
	}
	newest, err := n.store.NewestCheckpoint(ctx, org)
	if err != nil && problem.KindOf(err) != problem.NotFound {
		return store.Checkpoint{}, err
	}
	if err == nil && newest.Size > tree.Size { // signed by another process since the tree was read, or a tail is gone
		if tree, err = n.store.LedgerTree(ctx, org); err != nil {
			return store.Checkpoint{}, err
		}
	}
	if newest.Size > 0 {
		if err := n.continues(ctx, org, newest, tree); err != nil {
			return store.Checkpoint{}, err
		}
		if _, err := ledger.Open(newest.Note, n.Key()); err == nil && newest.Size == tree.Size {
			return newest, nil
		}
	}
	text, err := n.signer.Sign(ledger.Checkpoint{Org: org, Tree: tree})
	if err != nil {
		return store.Checkpoint{}, fmt.Errorf("sign a checkpoint: %w", err)
	}
	c := store.Checkpoint{Size: tree.Size, At: n.now().UTC().Truncate(time.Microsecond), Note: text}
	if c.Size == 0 {
		return c, nil // nothing to keep
	}
	return c, n.store.PutCheckpoint(ctx, org, c)
}

// continues checks that a tree goes on where the newest checkpoint ended, whichever key signed that.
func (n *Notary) continues(ctx context.Context, org string, newest store.Checkpoint, tree ledger.Tree) error {
	const op = "sign a checkpoint"
	refuse := func(cause error) error {
		e := problem.Wrap(problem.Conflict, op, cause)
		e.Detail = "the ledger does not continue its newest checkpoint: " + cause.Error()
		e.Remedy = "keep this database as evidence, and compare with the last backup or export; entente audit verify names the entry"
		return e
	}
	old, err := ledger.ReadUnsigned(newest.Note)
	if err != nil {
		return refuse(err)
	}
	var proof ledger.Proof
	if old.Size < tree.Size {
		if proof, err = n.store.LedgerProof(ctx, org, tree.Size, old.Size); err != nil {
			return err
		}
	}
	if err := ledger.CheckConsistency(proof, old.Tree, tree); err != nil || old.Org != org {
		if err == nil {
			err = fmt.Errorf("it is of organization %s", old.Org)
		}
		return refuse(err)
	}
	return nil
}

// Verify checks the signature of every stored checkpoint, and that they stand for what the store says they do.
func (n *Notary) Verify(ctx context.Context, org string) error {
	all, err := n.store.Checkpoints(ctx, org, 0, 0)
	if err != nil {
		return err
	}
	for _, c := range all {
		opened, err := ledger.Open(c.Note, n.Key())
		if err == nil && (opened.Org != org || opened.Size != c.Size) {
			err = fmt.Errorf("it is of %d entries of organization %s", opened.Size, opened.Org)
		}
		if err != nil {
			e := problem.Wrap(problem.Conflict, "verify the checkpoints", err)
			e.Detail = fmt.Sprintf("the checkpoint of %d entries does not stand: %v", c.Size, err)
			e.Remedy = "if the key was replaced, verify an older export with the older key; else keep this database as evidence"
			return e
		}
	}
	return nil
}

// Run signs where enough has happened, until ctx ends.
func (n *Notary) Run(ctx context.Context) {
	tick := time.NewTicker(look)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			n.round(ctx)
		}
	}
}

func (n *Notary) round(ctx context.Context) {
	orgs, err := n.store.Organizations(ctx)
	for _, org := range orgs {
		if e := n.due(ctx, org); e != nil {
			err = e
		}
	}
	if err != nil && ctx.Err() == nil {
		n.log.ErrorContext(ctx, "ledger not signed", "error", err)
	}
}

// due signs when the ledger went far enough, or long enough, without.
func (n *Notary) due(ctx context.Context, org string) error {
	newest, err := n.store.NewestCheckpoint(ctx, org)
	if err != nil && problem.KindOf(err) != problem.NotFound {
		return err
	}
	tree, err := n.store.LedgerTree(ctx, org)
	if err != nil || tree.Size == newest.Size {
		return err
	}
	if tree.Size-newest.Size < entries && n.now().Sub(newest.At) < age {
		return nil
	}
	_, err = n.Checkpoint(ctx, org)
	return err
}
