package remote

import (
	"context"
	"io"
	"net/http"
	"time"

	"entente.dev/entente/internal/api/wire"
	"entente.dev/entente/internal/directory"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/plan"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/store"
)

// Topology is a revision as far as it concerns the worker's tenants: the digest is the whole one's, the source is not.
func (s *Store) Topology(ctx context.Context, org, digest string) (store.Revision, error) {
	var t wire.WorkerTopology
	err := s.call(ctx, request{op: "read a topology", method: http.MethodGet, path: path(org, "topologies", digest)}, &t)
	if err != nil {
		return store.Revision{}, err
	}
	return store.Revision{Org: t.Organization, Digest: t.Digest, File: "topology", Source: []byte(t.Text)}, nil
}

// SharePlan is the worker's side of a share's plan, without names.
func (s *Store) SharePlan(ctx context.Context, org, digest string) (*plan.SharePlan, error) {
	var p plan.SharePlan
	if err := s.call(ctx, request{op: "read a share's plan", method: http.MethodGet, path: path(org, "share-plans", digest)}, &p); err != nil {
		return nil, err
	}
	return &p, nil
}

// snapshotPatience bounds a snapshot's way; the activity's own time usually ends before.
const snapshotPatience = 15 * time.Minute

// LatestSnapshot is the newest observation of one of the worker's tenants.
func (s *Store) LatestSnapshot(ctx context.Context, org string, tenant ident.Tenant) (*directory.Snapshot, store.SnapshotRef, store.Cursor, error) {
	var head wire.SnapshotHead
	var found *directory.Snapshot
	err := s.call(ctx, request{
		op: "read the newest snapshot", method: http.MethodGet, path: path(org, "tenants", string(tenant), "snapshot"), patience: snapshotPatience,
		read: func(body io.Reader) (err error) {
			head, found, err = wire.ReadSnapshot(body)
			if err == nil && (head.Ref == nil || head.Tenant != tenant) {
				err = problem.New(problem.Invalid, "read a snapshot", "it is not the one that was asked for")
			}
			return err
		},
	}, nil)
	if err != nil {
		return nil, store.SnapshotRef{}, store.Cursor{}, err
	}
	return found, *head.Ref, head.Cursor, nil
}

// PutSnapshot streams an observation to the API.
func (s *Store) PutSnapshot(ctx context.Context, org string, snapshot *directory.Snapshot, sealed bool, c store.Cursor) (store.SnapshotRef, error) {
	if snapshot == nil {
		return store.SnapshotRef{}, problem.New(problem.Invalid, "store a snapshot", "no snapshot was given")
	}
	var ref store.SnapshotRef
	err := s.call(ctx, request{
		op: "store a snapshot", method: http.MethodPut, path: path(org, "tenants", string(snapshot.Tenant), "snapshot"), patience: snapshotPatience,
		stream: func(w io.Writer) error {
			return wire.WriteSnapshot(w, wire.SnapshotHead{Sealed: sealed, Cursor: c}, snapshot)
		},
	}, &ref)
	return ref, err
}
