package sqlstore

import (
	"context"

	"entente.dev/entente/internal/store"
	"entente.dev/entente/internal/store/internal/queries"
)

// PutReduction implements store.Reductions; an older or equal stamp changes nothing.
func (s *Store) PutReduction(ctx context.Context, r store.Reduction) error {
	const op = "store a reduction"
	if err := valid(op, need("organization", r.Org), need("id", r.ID)); err != nil {
		return err
	}
	doc, err := encode(r)
	if err != nil {
		return s.fail(op, err)
	}
	return s.write(ctx, op, func(t *tx) error {
		return t.PutReduction(ctx, queries.PutReductionParams{Org: r.Org, ID: r.ID, Run: int64(r.Stamp.Run),
			Seq: int64(r.Stamp.Seq), OpenedAt: micros(r.OpenedAt), Doc: doc})
	})
}

// Reduction implements store.Reductions.
func (s *Store) Reduction(ctx context.Context, org, id string) (store.Reduction, error) {
	const op = "read a reduction"
	if err := valid(op, may("organization", org), may("id", id)); err != nil {
		return store.Reduction{}, err
	}
	doc, err := s.query().GetReduction(ctx, queries.GetReductionParams{Org: org, ID: id})
	if err != nil {
		return store.Reduction{}, s.fail(op, missing(err, op, "reduction "+id))
	}
	r, err := decode[store.Reduction](doc)
	return r, s.fail(op, err)
}

// ListReductions implements store.Reductions, newest first.
func (s *Store) ListReductions(ctx context.Context, org string) ([]store.Reduction, error) {
	const op = "list reductions"
	if err := valid(op, may("organization", org)); err != nil {
		return nil, err
	}
	list, err := decodeAll[store.Reduction](s.query().ListReductions(ctx, org))
	return list, s.fail(op, err)
}
