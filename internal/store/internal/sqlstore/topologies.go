package sqlstore

import (
	"context"
	"database/sql"
	"errors"

	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/store"
	"entente.dev/entente/internal/store/internal/queries"
)

// PutTopology implements store.Topologies.
func (s *Store) PutTopology(ctx context.Context, r store.Revision) (store.Revision, error) {
	const op = "store a topology"
	if err := valid(op, need("organization", r.Org), need("digest", r.Digest), may("file", r.File), may("author", r.Author)); err != nil {
		return store.Revision{}, err
	}
	var stored store.Revision
	err := s.write(ctx, op, func(t *tx) (err error) {
		stored, err = t.putTopology(ctx, r)
		return err
	})
	return stored, err
}

func (t *tx) putTopology(ctx context.Context, r store.Revision) (store.Revision, error) {
	seq, err := t.next(ctx, r.Org, "topology")
	if err != nil {
		return store.Revision{}, err
	}
	newest, err := t.LatestTopology(ctx, r.Org)
	switch {
	case err == nil && newest.Digest == r.Digest:
		return revision(newest), nil
	case err != nil && !errors.Is(err, sql.ErrNoRows):
		return store.Revision{}, err
	}
	row := queries.Topology{Org: r.Org, Seq: seq, Digest: r.Digest, File: r.File, Source: r.Source, Author: r.Author, StoredAt: micros(r.StoredAt)}
	if row.Source == nil {
		row.Source = []byte{} // the column has no NULL
	}
	if err := t.InsertTopology(ctx, queries.InsertTopologyParams(row)); err != nil {
		return store.Revision{}, err
	}
	return revision(row), t.taken(ctx, r.Org, "topology", seq)
}

// Topology implements store.Topologies. A digest that came back later is its newest revision.
func (s *Store) Topology(ctx context.Context, org, digest string) (store.Revision, error) {
	const op = "read a topology"
	if err := valid(op, may("organization", org), may("digest", digest)); err != nil {
		return store.Revision{}, err
	}
	row, err := s.query().TopologyByDigest(ctx, queries.TopologyByDigestParams{Org: org, Digest: digest})
	if err != nil {
		return store.Revision{}, s.fail(op, missing(err, op, "topology "+ident.Short(digest)+" of organization "+org))
	}
	return revision(row), nil
}

// LatestTopology implements store.Topologies.
func (s *Store) LatestTopology(ctx context.Context, org string) (store.Revision, error) {
	const op = "read the newest topology"
	if err := valid(op, may("organization", org)); err != nil {
		return store.Revision{}, err
	}
	row, err := s.query().LatestTopology(ctx, org)
	if err != nil {
		return store.Revision{}, s.fail(op, missing(err, op, "a topology of organization "+org))
	}
	return revision(row), nil
}

// Organizations implements store.Topologies, sorted.
func (s *Store) Organizations(ctx context.Context) ([]string, error) {
	names, err := s.query().Organizations(ctx)
	return names, s.fail("list organizations", err)
}

func revision(row queries.Topology) store.Revision {
	return store.Revision{Org: row.Org, Seq: int(row.Seq), Digest: row.Digest, File: row.File, Source: row.Source,
		Author: row.Author, StoredAt: moment(row.StoredAt)}
}
