package sqlstore

import (
	"context"

	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/store"
	"entente.dev/entente/internal/store/internal/queries"
)

// PutShareStatus implements store.Projections; an older or equal stamp changes nothing.
func (s *Store) PutShareStatus(ctx context.Context, st store.ShareStatus) error {
	const op = "store a share's status"
	if err := validShare(op, st.Org, st.Share); err != nil {
		return err
	}
	doc, err := encode(st)
	if err != nil {
		return s.fail(op, err)
	}
	return s.write(ctx, op, func(t *tx) error {
		return t.PutShareStatus(ctx, queries.PutShareStatusParams{Org: st.Org, Source: string(st.Share.Source),
			Target: string(st.Share.Target), Run: int64(st.Stamp.Run), Seq: int64(st.Stamp.Seq), Doc: doc})
	})
}

// ShareStatuses implements store.Projections, sorted by share.
func (s *Store) ShareStatuses(ctx context.Context, org string) ([]store.ShareStatus, error) {
	const op = "list the shares' statuses"
	if err := valid(op, may("organization", org)); err != nil {
		return nil, err
	}
	list, err := decodeAll[store.ShareStatus](s.query().ShareStatuses(ctx, org))
	return list, s.fail(op, err)
}

// ShareStatus implements store.Projections.
func (s *Store) ShareStatus(ctx context.Context, org string, sh ident.Share) (store.ShareStatus, error) {
	const op = "read a share's status"
	if err := valid(op, may("organization", org), may("source", string(sh.Source)), may("target", string(sh.Target))); err != nil {
		return store.ShareStatus{}, err
	}
	doc, err := s.query().GetShareStatus(ctx, queries.GetShareStatusParams{Org: org, Source: string(sh.Source), Target: string(sh.Target)})
	if err != nil {
		return store.ShareStatus{}, s.fail(op, missing(err, op, "a status of share "+sh.String()))
	}
	st, err := decode[store.ShareStatus](doc)
	return st, s.fail(op, err)
}

// PutTenantStatus implements store.Projections; an older or equal stamp changes nothing.
func (s *Store) PutTenantStatus(ctx context.Context, st store.TenantStatus) error {
	const op = "store a tenant's status"
	if err := valid(op, need("organization", st.Org), need("tenant", string(st.Tenant))); err != nil {
		return err
	}
	doc, err := encode(st)
	if err != nil {
		return s.fail(op, err)
	}
	return s.write(ctx, op, func(t *tx) error {
		return t.PutTenantStatus(ctx, queries.PutTenantStatusParams{Org: st.Org, Tenant: string(st.Tenant),
			Run: int64(st.Stamp.Run), Seq: int64(st.Stamp.Seq), Doc: doc})
	})
}

// TenantStatuses implements store.Projections, sorted by tenant.
func (s *Store) TenantStatuses(ctx context.Context, org string) ([]store.TenantStatus, error) {
	const op = "list the tenants' statuses"
	if err := valid(op, may("organization", org)); err != nil {
		return nil, err
	}
	list, err := decodeAll[store.TenantStatus](s.query().TenantStatuses(ctx, org))
	return list, s.fail(op, err)
}

// PutRun implements store.Projections. A run that ended stays ended.
func (s *Store) PutRun(ctx context.Context, r store.Run) error {
	const op = "store a run"
	if err := validShare(op, r.Org, r.Share); err != nil {
		return err
	}
	doc, err := encode(r)
	if err != nil {
		return s.fail(op, err)
	}
	return s.write(ctx, op, func(t *tx) error {
		return t.PutRun(ctx, queries.PutRunParams{Org: r.Org, Source: string(r.Share.Source), Target: string(r.Share.Target),
			Seq: int64(r.Seq), StartedAt: micros(r.StartedAt), EndedAt: micros(r.EndedAt), Doc: doc})
	})
}

// Runs implements store.Projections, newest first; a limit of 0 means all.
func (s *Store) Runs(ctx context.Context, org string, sh *ident.Share, limit int) ([]store.Run, error) {
	const op = "list runs"
	p := queries.RunsParams{Org: org, MaxRows: upTo(limit)}
	if sh != nil {
		p.Source, p.Target = string(sh.Source), string(sh.Target)
	}
	if err := valid(op, may("organization", org), may("source", p.Source), may("target", p.Target)); err != nil {
		return nil, err
	}
	list, err := decodeAll[store.Run](s.query().Runs(ctx, p))
	return list, s.fail(op, err)
}
