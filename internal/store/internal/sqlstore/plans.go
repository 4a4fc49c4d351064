package sqlstore

import (
	"context"

	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/plan"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/store/internal/queries"
)

// The kinds of stored plans; their digests live in separate spaces.
const (
	wholePlan = "plan"
	sharePlan = "share"
)

// PutPlan implements store.Plans. A digest that is already there keeps its first document.
func (s *Store) PutPlan(ctx context.Context, org string, p *plan.Plan) error {
	const op = "store a plan"
	if p == nil {
		return problem.New(problem.Invalid, op, "no plan was given")
	}
	return putPlan(ctx, s, op, org, wholePlan, p.Digest, p)
}

// Plan implements store.Plans.
func (s *Store) Plan(ctx context.Context, org, digest string) (*plan.Plan, error) {
	return getPlan[*plan.Plan](ctx, s, "read a plan", org, wholePlan, digest)
}

// PutSharePlan implements store.Plans.
func (s *Store) PutSharePlan(ctx context.Context, org string, p *plan.SharePlan) error {
	const op = "store a share's plan"
	if p == nil {
		return problem.New(problem.Invalid, op, "no plan was given")
	}
	return putPlan(ctx, s, op, org, sharePlan, p.Digest, p)
}

// SharePlan implements store.Plans.
func (s *Store) SharePlan(ctx context.Context, org, digest string) (*plan.SharePlan, error) {
	return getPlan[*plan.SharePlan](ctx, s, "read a share's plan", org, sharePlan, digest)
}

func putPlan[T any](ctx context.Context, s *Store, op, org, kind, digest string, p T) error {
	if err := valid(op, need("organization", org), need("digest", digest)); err != nil {
		return err
	}
	doc, err := encode(p)
	if err != nil {
		return s.fail(op, err)
	}
	return s.write(ctx, op, func(t *tx) error {
		return t.PutPlan(ctx, queries.PutPlanParams{Org: org, Kind: kind, Digest: digest, Doc: doc})
	})
}

func getPlan[T any](ctx context.Context, s *Store, op, org, kind, digest string) (T, error) {
	var none T
	if err := valid(op, may("organization", org), may("digest", digest)); err != nil {
		return none, err
	}
	doc, err := s.query().GetPlan(ctx, queries.GetPlanParams{Org: org, Kind: kind, Digest: digest})
	if err != nil {
		return none, s.fail(op, missing(err, op, kind+" plan "+ident.Short(digest)))
	}
	p, err := decode[T](doc)
	return p, s.fail(op, err)
}
