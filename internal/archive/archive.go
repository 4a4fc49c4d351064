// Package archive sends the ledger to a service outside, as it grows: signed batches, in order, each entry at least once,
// and only what a checkpoint covers. What was accepted there is remembered in a file, so that a restart goes on.
//
// It knows nothing of what entries mean. A batch is JSON lines: a head, then entries verbatim as they were hashed, so that
// who keeps them can prove them with the head's checkpoint.
//
//	archive.go  what is sent, and when    cursor.go  how far it went
package archive

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/ledger"
	"entente.dev/entente/internal/notify"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/store"
)

// Format names the form of a batch; it changes when its meaning does.
const Format = "entente-ledger-batch/1"

const (
	op = "send the ledger to its archive"
	// entriesMost and bytesMost bound a batch; one entry goes whatever its size.
	entriesMost = 500
	bytesMost   = 1 << 20
	// look is how often it is looked, and retryMost how long a failure makes us wait at most.
	look      = 5 * time.Second
	retryMost = 5 * time.Minute
)

// Store is what is sent.
type Store interface {
	Organizations(ctx context.Context) ([]string, error)
	LedgerRows(ctx context.Context, org string, after int64, limit int) ([]ledger.Row, error)
	NewestCheckpoint(ctx context.Context, org string) (store.Checkpoint, error)
}

// Options are where the ledger goes. All but CAFile, AllowPrivate and Log are required.
type Options struct {
	URL          string
	Signatures   notify.Signatures
	CAFile       string
	AllowPrivate []string
	CursorFile   string
	Key          string // the public keys that verify checkpoints
	Now          func() time.Time
	Log          *slog.Logger
}

// Archive sends to one service. One process at a time may use a cursor.
type Archive struct {
	Options
	store  Store
	post   *notify.Poster
	cursor *cursor
}

// New reads the cursor; nothing is dialled.
func New(s Store, o Options) (*Archive, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.URL == "" || len(o.Signatures) == 0 || o.CursorFile == "" || o.Now == nil {
		return nil, fmt.Errorf("the ledger's archive needs an address, a signing secret and a file for its cursor")
	}
	post, err := notify.NewPosterWith(o.CAFile, o.AllowPrivate)
	if err != nil {
		return nil, err
	}
	c, err := readCursor(o.CursorFile, o.URL)
	if err != nil {
		return nil, err
	}
	return &Archive{Options: o, store: s, post: post, cursor: c}, nil
}

// Run sends what is new until ctx ends. Nothing is ever given up: a failure is tried again, later and later.
func (a *Archive) Run(ctx context.Context) {
	wait := look
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
		err := a.Round(ctx)
		switch {
		case err == nil:
			wait = look
		case ctx.Err() == nil:
			wait = min(max(2*wait, problem.Of(err).RetryAfter), retryMost)
			a.Log.ErrorContext(ctx, "ledger not archived", "error", err, "retryIn", wait)
		}
	}
}

// Round sends what checkpoints cover and the archive does not have, of every organization. One that fails does not hold
// the others up; the last error is returned.
func (a *Archive) Round(ctx context.Context) error {
	orgs, err := a.store.Organizations(ctx)
	for _, org := range orgs {
		if e := a.send(ctx, org); e != nil {
			err = e
		}
	}
	return err
}

func (a *Archive) send(ctx context.Context, org string) error {
	newest, err := a.store.NewestCheckpoint(ctx, org)
	if problem.KindOf(err) == problem.NotFound {
		return nil // nothing is signed yet
	}
	if err != nil {
		return err
	}
	if sent := a.cursor.of(org); sent > newest.Size {
		return &problem.Error{Kind: problem.Conflict, Op: op, Detail: fmt.Sprintf("the archive has %d entries, the newest checkpoint %d: a tail is gone", sent, newest.Size),
			Remedy: "keep this database as evidence, and compare with the archive; after a restore that was meant, remove " + a.CursorFile}
	}
	for a.cursor.of(org) < newest.Size {
		if err := a.batch(ctx, org, newest); err != nil {
			return err
		}
	}
	return nil
}

// head is the first line of a batch; wire format.
type head struct {
	Format     string `json:"format"`
	Org        string `json:"org"`
	After      int64  `json:"after"`   // the entry before the first here
	Entries    int    `json:"entries"` // here
	Key        string `json:"key"`
	Checkpoint string `json:"checkpoint"` // of a tree that holds all of them
}

// batch sends the next entries and remembers it. When we die in between they are sent again.
func (a *Archive) batch(ctx context.Context, org string, newest store.Checkpoint) error {
	after := a.cursor.of(org)
	rows, err := a.store.LedgerRows(ctx, org, after, int(min(entriesMost, newest.Size-after)))
	if err != nil {
		return err
	}
	var lines bytes.Buffer
	n := 0
	for _, r := range rows {
		line := ledger.RowLine(r)
		if r.Seq != after+int64(n)+1 {
			break
		}
		if n > 0 && lines.Len()+len(line) > bytesMost {
			break
		}
		lines.Write(line)
		n++
	}
	if n == 0 {
		return problem.New(problem.Conflict, op, fmt.Sprintf("entry %d is missing", after+1))
	}
	first, err := json.Marshal(head{Format: Format, Org: org, After: after, Entries: n, Key: a.Key, Checkpoint: newest.Note})
	if err != nil {
		return problem.Wrap(problem.Bug, op, err)
	}
	if err := a.deliver(ctx, ident.Digest([]any{org, after, n}), append(append(first, '\n'), lines.Bytes()...)); err != nil {
		return err
	}
	return a.cursor.move(org, after+int64(n))
}

func (a *Archive) deliver(ctx context.Context, id string, body []byte) error {
	header, err := a.Signatures.Header(op, id, a.Now(), body)
	if err != nil {
		return err
	}
	header["Content-Type"] = []string{"application/jsonl"}
	return a.post.Post(ctx, op, a.URL, header, body)
}
