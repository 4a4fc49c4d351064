package sqlstore

import (
	"context"
	"fmt"

	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/plan"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/store"
	"entente.dev/entente/internal/store/internal/queries"
)

// PutRequest implements store.Requests. Once a request has a final status, the same status again and a
// late repeat of Waiting change nothing; another final status is a Conflict, because somebody believes in a
// decision that was not taken.
func (s *Store) PutRequest(ctx context.Context, r store.Request) error {
	const op = "store a request"
	if err := valid(op, need("organization", r.Org), need("id", r.ID), may("kind", r.Kind), may("tenant", string(r.Tenant)),
		may("source", string(r.Share.Source)), may("target", string(r.Share.Target))); err != nil {
		return err
	}
	switch r.Status {
	case store.Waiting, store.Approved, store.Rejected, store.Expired, store.Withdrawn:
	default:
		return problem.New(problem.Invalid, op, fmt.Sprintf("%q is not a status of a request", r.Status))
	}
	doc, err := encode(r)
	if err != nil {
		return s.fail(op, err)
	}
	row := queries.PutRequestParams{Org: r.Org, ID: r.ID, Kind: r.Kind, Source: string(r.Share.Source), Target: string(r.Share.Target),
		Tenant: string(r.Tenant), Status: string(r.Status), OpenedAt: micros(r.OpenedAt), Doc: doc}
	return s.write(ctx, op, func(t *tx) error { return t.putRequest(ctx, op, row) })
}

func (t *tx) putRequest(ctx context.Context, op string, row queries.PutRequestParams) error {
	changed, err := t.PutRequest(ctx, row)
	if err != nil || changed > 0 || row.Status == string(store.Waiting) {
		return err
	}
	doc, err := t.GetRequest(ctx, queries.GetRequestParams{Org: row.Org, ID: row.ID})
	if err != nil {
		return err
	}
	stored, err := decode[store.Request](doc)
	if err != nil || string(stored.Status) == row.Status {
		return err
	}
	e := problem.New(problem.Conflict, op, fmt.Sprintf("request %s is already %s and stays so; it was not changed to %s", row.ID, stored.Status, row.Status))
	e.Remedy = "open a new request"
	return e
}

// Request implements store.Requests.
func (s *Store) Request(ctx context.Context, org, id string) (store.Request, error) {
	const op = "read a request"
	if err := valid(op, may("organization", org), may("id", id)); err != nil {
		return store.Request{}, err
	}
	doc, err := s.query().GetRequest(ctx, queries.GetRequestParams{Org: org, ID: id})
	if err != nil {
		return store.Request{}, s.fail(op, missing(err, op, "request "+id))
	}
	r, err := decode[store.Request](doc)
	return r, s.fail(op, err)
}

// ListRequests implements store.Requests, newest first.
func (s *Store) ListRequests(ctx context.Context, f store.RequestFilter) ([]store.Request, error) {
	const op = "list requests"
	p := queries.ListRequestsParams{Org: f.Org, Tenant: string(f.Tenant), Status: string(f.Status), Kind: f.Kind}
	if f.Share != nil {
		p.Source, p.Target = string(f.Share.Source), string(f.Share.Target)
	}
	if err := valid(op, may("organization", p.Org), may("tenant", p.Tenant), may("status", p.Status), may("kind", p.Kind),
		may("source", p.Source), may("target", p.Target)); err != nil {
		return nil, err
	}
	list, err := decodeAll[store.Request](s.query().ListRequests(ctx, p))
	return list, s.fail(op, err)
}

// PutEnvelope implements store.Requests.
func (s *Store) PutEnvelope(ctx context.Context, org string, e plan.Envelope) error {
	const op = "store an envelope"
	if err := validShare(op, org, e.Share); err != nil {
		return err
	}
	doc, err := encode(e)
	if err != nil {
		return s.fail(op, err)
	}
	return s.write(ctx, op, func(t *tx) error {
		return t.PutEnvelope(ctx, queries.PutEnvelopeParams{Org: org, Source: string(e.Share.Source), Target: string(e.Share.Target), Doc: doc})
	})
}

// DropEnvelope implements store.Requests. Dropping what is not there is success.
func (s *Store) DropEnvelope(ctx context.Context, org string, share ident.Share) error {
	const op = "drop an envelope"
	if err := validShare(op, org, share); err != nil {
		return err
	}
	return s.write(ctx, op, func(t *tx) error {
		return t.DropEnvelope(ctx, queries.DropEnvelopeParams{Org: org, Source: string(share.Source), Target: string(share.Target)})
	})
}

// Envelopes implements store.Requests, sorted by share.
func (s *Store) Envelopes(ctx context.Context, org string) ([]plan.Envelope, error) {
	const op = "list envelopes"
	if err := valid(op, may("organization", org)); err != nil {
		return nil, err
	}
	list, err := decodeAll[plan.Envelope](s.query().Envelopes(ctx, org))
	return list, s.fail(op, err)
}

func validShare(op, org string, share ident.Share) error {
	return valid(op, need("organization", org), need("source", string(share.Source)), need("target", string(share.Target)))
}
