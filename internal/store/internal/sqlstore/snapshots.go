package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"entente.dev/entente/internal/directory"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/store"
	"entente.dev/entente/internal/store/internal/queries"
)

// kept is how many observations of a tenant stay.
const kept = 5

// PutSnapshot implements store.Snapshots. A snapshot that is called sealed and is not complete is refused:
// it could become evidence of absence. A sealed observation never merges into one that was not, even with
// the same digest, because a digest says nothing about what was not read.
func (s *Store) PutSnapshot(ctx context.Context, org string, snap *directory.Snapshot, sealed bool, c store.Cursor) (store.SnapshotRef, error) {
	const op = "store a snapshot"
	row, err := newSnapshot(op, org, snap, sealed, c)
	if err != nil {
		return store.SnapshotRef{}, err
	}
	// Compressing takes the longest, so it happens before the transaction, where the newest is not the same.
	newest, err := s.query().LatestSnapshotRef(ctx, queries.LatestSnapshotRefParams{Org: org, Tenant: row.Tenant})
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return store.SnapshotRef{}, s.fail(op, err)
	}
	if err != nil || newest.Fingerprint != row.Fingerprint {
		if row.Body, err = encode(snap); err != nil {
			return store.SnapshotRef{}, s.fail(op, err)
		}
	}
	var ref store.SnapshotRef
	err = s.write(ctx, op, func(t *tx) (err error) {
		ref, err = t.putSnapshot(ctx, row, snap)
		return err
	})
	return ref, err
}

func newSnapshot(op, org string, snap *directory.Snapshot, sealed bool, c store.Cursor) (queries.Snapshot, error) {
	if snap == nil {
		return queries.Snapshot{}, problem.New(problem.Invalid, op, "no snapshot was given")
	}
	if err := valid(op, need("organization", org), need("tenant", string(snap.Tenant))); err != nil {
		return queries.Snapshot{}, err
	}
	if sealed {
		if _, err := directory.Seal(snap); err != nil {
			return queries.Snapshot{}, fmt.Errorf("%s: %w", op, err)
		}
	}
	cursor, err := encode(c)
	if err != nil {
		return queries.Snapshot{}, problem.Wrap(problem.Bug, op, err)
	}
	digest := snap.Digest()
	return queries.Snapshot{
		Org: org, Tenant: string(snap.Tenant), Digest: digest, TakenAt: micros(snap.TakenAt),
		Users: int64(len(snap.Users)), Sealed: flag(sealed), CursorDoc: cursor,
		Fingerprint: ident.Digest([]any{digest, snap.TenantID, snap.Read, sealed}),
	}, nil
}

// putSnapshot inserts the row, or moves the newest one forward. An observation that arrives after a newer
// one takes its place in time; it does not become the newest.
func (t *tx) putSnapshot(ctx context.Context, row queries.Snapshot, snap *directory.Snapshot) (store.SnapshotRef, error) {
	series := "snapshot/" + row.Tenant
	seq, err := t.next(ctx, row.Org, series)
	if err != nil {
		return store.SnapshotRef{}, err
	}
	newest, err := t.LatestSnapshotRef(ctx, queries.LatestSnapshotRefParams{Org: row.Org, Tenant: row.Tenant})
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return store.SnapshotRef{}, err
	}
	if err == nil && newest.Fingerprint == row.Fingerprint {
		if row.TakenAt >= newest.TakenAt {
			newest.TakenAt = row.TakenAt
			err = t.TouchSnapshot(ctx, queries.TouchSnapshotParams{TakenAt: row.TakenAt, CursorDoc: row.CursorDoc, ID: newest.ID})
		}
		return snapshotRef(newest), err
	}
	if row.Body == nil {
		if row.Body, err = encode(snap); err != nil {
			return store.SnapshotRef{}, err
		}
	}
	id, err := uuid.NewV7()
	if err != nil {
		return store.SnapshotRef{}, err
	}
	row.ID, row.Seq = id.String(), seq
	if err := t.InsertSnapshot(ctx, queries.InsertSnapshotParams(row)); err != nil {
		return store.SnapshotRef{}, err
	}
	if err := t.taken(ctx, row.Org, series, seq); err != nil {
		return store.SnapshotRef{}, err
	}
	return refOf(row), t.PruneSnapshots(ctx, queries.PruneSnapshotsParams{Org: row.Org, Tenant: row.Tenant, Keep: kept})
}

// Snapshot implements store.Snapshots.
func (s *Store) Snapshot(ctx context.Context, id string) (*directory.Snapshot, store.SnapshotRef, error) {
	const op = "read a snapshot"
	if err := valid(op, may("id", id)); err != nil {
		return nil, store.SnapshotRef{}, err
	}
	row, err := s.query().SnapshotByID(ctx, id)
	if err != nil {
		return nil, store.SnapshotRef{}, s.fail(op, missing(err, op, "snapshot "+id))
	}
	snap, ref, _, err := s.open(op, row)
	return snap, ref, err
}

// LatestSnapshot implements store.Snapshots.
func (s *Store) LatestSnapshot(ctx context.Context, org string, tenant ident.Tenant) (*directory.Snapshot, store.SnapshotRef, store.Cursor, error) {
	const op = "read the newest snapshot"
	if err := valid(op, may("organization", org), may("tenant", string(tenant))); err != nil {
		return nil, store.SnapshotRef{}, store.Cursor{}, err
	}
	row, err := s.query().LatestSnapshot(ctx, queries.LatestSnapshotParams{Org: org, Tenant: string(tenant)})
	if err != nil {
		return nil, store.SnapshotRef{}, store.Cursor{}, s.fail(op, missing(err, op, "a snapshot of tenant "+string(tenant)))
	}
	return s.open(op, row)
}

// LatestSnapshotRef implements store.Snapshots.
func (s *Store) LatestSnapshotRef(ctx context.Context, org string, tenant ident.Tenant) (store.SnapshotRef, error) {
	const op = "name the newest snapshot"
	if err := valid(op, may("organization", org), may("tenant", string(tenant))); err != nil {
		return store.SnapshotRef{}, err
	}
	row, err := s.query().LatestSnapshotRef(ctx, queries.LatestSnapshotRefParams{Org: org, Tenant: string(tenant)})
	if err != nil {
		return store.SnapshotRef{}, s.fail(op, missing(err, op, "a snapshot of tenant "+string(tenant)))
	}
	return snapshotRef(row), nil
}

// open decodes a row. The body keeps the time of its first observation; the row has the newest.
func (s *Store) open(op string, row queries.Snapshot) (*directory.Snapshot, store.SnapshotRef, store.Cursor, error) {
	snap, err := decode[*directory.Snapshot](row.Body)
	if err != nil {
		return nil, store.SnapshotRef{}, store.Cursor{}, s.fail(op, err)
	}
	cursor, err := decode[store.Cursor](row.CursorDoc)
	if err != nil {
		return nil, store.SnapshotRef{}, store.Cursor{}, s.fail(op, err)
	}
	snap.TakenAt = moment(row.TakenAt)
	return snap, refOf(row), cursor, nil
}

func refOf(row queries.Snapshot) store.SnapshotRef {
	return snapshotRef(queries.LatestSnapshotRefRow{ID: row.ID, Org: row.Org, Tenant: row.Tenant, Digest: row.Digest,
		TakenAt: row.TakenAt, Users: row.Users, Sealed: row.Sealed})
}

func snapshotRef(row queries.LatestSnapshotRefRow) store.SnapshotRef {
	return store.SnapshotRef{ID: row.ID, Org: row.Org, Tenant: ident.Tenant(row.Tenant), Digest: row.Digest,
		TakenAt: moment(row.TakenAt), Users: int(row.Users), Sealed: row.Sealed != 0}
}
