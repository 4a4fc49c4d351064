package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"entente.dev/entente/internal/ledger"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/store"
	"entente.dev/entente/internal/store/internal/queries"
)

const (
	opAppend = "append to the ledger"
	// groupSize bounds the entries of one transaction, so that other writers are not kept waiting.
	groupSize = 512
	// groupTimeout bounds one transaction. It belongs to nobody's request.
	groupTimeout = time.Minute
)

// queue gathers appends while a transaction is on its way: they share the next one, and its sync of the disk.
type queue struct {
	mu      sync.Mutex
	waiting []*appending
	running bool
}

// appending is one caller's entries.
type appending struct {
	ctx     context.Context
	entries []store.Entry
	stored  []store.Entry
	err     error
	done    chan struct{}
}

// Append implements store.Ledger.
func (s *Store) Append(ctx context.Context, e store.Entry) (store.Entry, error) {
	stored, err := s.AppendAll(ctx, []store.Entry{e})
	if err != nil {
		return store.Entry{}, err
	}
	return stored[0], nil
}

// AppendAll implements store.Ledger. The transaction does not end with the caller that happened to start it:
// the others' entries are in it too.
func (s *Store) AppendAll(ctx context.Context, entries []store.Entry) ([]store.Entry, error) {
	for _, e := range entries {
		fields := []field{need("organization", e.Org), need("key", e.Key)}
		for _, p := range e.People {
			fields = append(fields, may("person", p))
		}
		if err := valid(opAppend, fields...); err != nil {
			return nil, err
		}
	}
	if err := ctx.Err(); err != nil || len(entries) == 0 {
		return nil, s.fail(opAppend, err)
	}
	a := &appending{ctx: ctx, entries: entries, done: make(chan struct{})}
	s.appends.mu.Lock()
	s.appends.waiting = append(s.appends.waiting, a)
	if !s.appends.running {
		s.appends.running = true
		go s.appendWaiting()
	}
	s.appends.mu.Unlock()
	select {
	case <-a.done:
		return a.stored, a.err
	case <-ctx.Done():
		return nil, s.fail(opAppend, ctx.Err())
	}
}

// appendWaiting works until nobody waits.
func (s *Store) appendWaiting() {
	for {
		group := s.appends.take()
		if len(group) == 0 {
			return
		}
		s.appendGroup(group)
		for _, a := range group {
			close(a.done)
		}
	}
}

// take returns who goes into the next transaction; when nobody waits, the next caller starts a new run.
func (q *queue) take() []*appending {
	q.mu.Lock()
	defer q.mu.Unlock()
	n, size := 0, 0
	for n < len(q.waiting) && (n == 0 || size+len(q.waiting[n].entries) <= groupSize) {
		size += len(q.waiting[n].entries)
		n++
	}
	group := q.waiting[:n:n]
	q.waiting = q.waiting[n:]
	q.running = n > 0
	return group
}

// appendGroup writes one group. When the database refuses it, each caller's entries are tried by themselves, so
// that nobody fails for another's.
func (s *Store) appendGroup(group []*appending) {
	alive := slices.DeleteFunc(slices.Clone(group), func(a *appending) bool {
		a.err = s.fail(opAppend, a.ctx.Err())
		return a.err != nil
	})
	err := s.appendTogether(alive)
	if err != nil && len(alive) > 1 && problem.KindOf(err) != problem.Unavailable {
		for _, a := range alive {
			a.err = s.appendTogether([]*appending{a})
		}
		return
	}
	for _, a := range alive {
		a.err = err
	}
}

// appendTogether is one transaction. Organizations are locked in their order, so that two processes never wait
// for each other.
func (s *Store) appendTogether(group []*appending) error {
	if len(group) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), groupTimeout)
	defer cancel()
	return s.write(ctx, opAppend, func(t *tx) error {
		lines := map[string]*appendix{}
		for _, a := range group {
			for _, e := range a.entries {
				lines[e.Org] = nil
			}
		}
		for _, org := range slices.Sorted(maps.Keys(lines)) {
			head, err := t.LockLedgerHead(ctx, org)
			if err != nil {
				return err
			}
			lines[org] = &appendix{tx: t, org: org, seq: head.Seq, hash: head.Hash, keys: map[string]store.Entry{}, fresh: map[int64]tlog.Hash{}}
		}
		for _, a := range group {
			a.stored = make([]store.Entry, len(a.entries))
			for i, e := range a.entries {
				var err error
				if a.stored[i], err = lines[e.Org].add(ctx, e); err != nil {
					return err
				}
			}
		}
		for _, org := range slices.Sorted(maps.Keys(lines)) {
			if err := lines[org].flush(ctx); err != nil {
				return err
			}
		}
		return nil
	})
}

// appendix is what one transaction adds to one organization's ledger.
type appendix struct {
	*tx
	org      string
	seq      int64
	hash     string
	keys     map[string]store.Entry
	rows     []ledger.Row
	fresh    map[int64]tlog.Hash
	hashes   []numbered
	subjects []subject
}

type numbered struct {
	idx  int64
	hash tlog.Hash
}

type subject struct {
	name string
	seq  int64
}

// add takes one entry, or returns the one that its key has already.
func (p *appendix) add(ctx context.Context, e store.Entry) (store.Entry, error) {
	if stored, ok := p.keys[e.Key]; ok {
		return stored, nil
	}
	row, err := p.EntryByKey(ctx, queries.EntryByKeyParams{Org: p.org, Key: e.Key})
	if err == nil {
		return ledger.Row(row).Decode()
	}
	if !errors.Is(err, sql.ErrNoRows) {
		return store.Entry{}, err
	}
	e.Seq, e.Previous = p.seq+1, p.hash
	e, sealed, err := ledger.Seal(e)
	if err != nil {
		return store.Entry{}, err
	}
	hashes, err := tlog.StoredHashesForRecordHash(p.seq, tlog.RecordHash(sealed.Doc), p.reader(ctx))
	if err != nil {
		return store.Entry{}, err
	}
	first := tlog.StoredHashIndex(0, p.seq)
	for i, h := range hashes {
		p.fresh[first+int64(i)] = h
		p.hashes = append(p.hashes, numbered{first + int64(i), h})
	}
	for _, name := range e.Subjects() {
		p.subjects = append(p.subjects, subject{name, e.Seq})
	}
	p.rows, p.seq, p.hash, p.keys[e.Key] = append(p.rows, sealed), e.Seq, e.Hash, e
	return e, nil
}

// reader reads stored hashes, those of this transaction first.
func (p *appendix) reader(ctx context.Context) tlog.HashReader {
	stored := p.hashReader(ctx, p.org)
	return tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		out := make([]tlog.Hash, len(indexes))
		for i, idx := range indexes {
			if h, ok := p.fresh[idx]; ok {
				out[i] = h
				continue
			}
			one, err := stored.ReadHashes(indexes[i : i+1])
			if err != nil {
				return nil, err
			}
			out[i] = one[0]
		}
		return out, nil
	})
}

// flush writes what was added.
func (p *appendix) flush(ctx context.Context) error {
	if len(p.rows) == 0 {
		return nil
	}
	err := insertMany(ctx, p.db, queries.InsertEntry, len(p.rows), func(i int) ([]any, error) {
		r := p.rows[i]
		return []any{p.org, r.Seq, r.Key, r.Hash, r.Doc}, nil
	})
	if err != nil {
		return err
	}
	err = insertMany(ctx, p.db, queries.InsertLedgerHash, len(p.hashes), func(i int) ([]any, error) {
		return []any{p.org, p.hashes[i].idx, p.hashes[i].hash[:]}, nil
	})
	if err != nil {
		return err
	}
	err = insertMany(ctx, p.db, queries.InsertLedgerSubject, len(p.subjects), func(i int) ([]any, error) {
		return []any{p.org, p.subjects[i].name, p.subjects[i].seq}, nil
	})
	if err != nil {
		return err
	}
	return p.MoveLedgerHead(ctx, queries.MoveLedgerHeadParams{Seq: p.seq, Hash: p.hash, Org: p.org})
}
