package remote

import (
	"context"
	"net/http"
	"net/url"
	"strconv"

	"entente.dev/entente/internal/api/wire"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/plan"
	"entente.dev/entente/internal/prospect"
	"entente.dev/entente/internal/store"
)

// PutLinks stores who became which object.
func (s *Store) PutLinks(ctx context.Context, org string, links []plan.Link) error {
	if len(links) == 0 {
		return nil
	}
	return s.put(ctx, "store links", path(org, "links"), wire.WorkerLinks{Links: links})
}

// Holds lists the decisions of the worker's tenants about single people.
func (s *Store) Holds(ctx context.Context, org string) ([]plan.Hold, error) {
	var out wire.WorkerHolds
	err := s.call(ctx, request{op: "list holds", method: http.MethodGet, path: path(org, "holds")}, &out)
	return out.Holds, err
}

// DropHold forgets a hold that has ended.
func (s *Store) DropHold(ctx context.Context, org string, person ident.Person, tenant ident.Tenant) error {
	var done wire.Recorded
	return s.call(ctx, request{op: "drop a hold", method: http.MethodDelete, path: path(org, "holds"), send: wire.HoldRef{Person: person, Tenant: tenant}}, &done)
}

// PutConversions stores conversions of the worker's tenants.
func (s *Store) PutConversions(ctx context.Context, org string, c []store.Conversion) error {
	if len(c) == 0 {
		return nil
	}
	return s.put(ctx, "store conversions", path(org, "conversions"), wire.WorkerConversions{Conversions: c})
}

// Conversions lists guests of the worker's tenants that became Members.
func (s *Store) Conversions(ctx context.Context, org string) ([]store.Conversion, error) {
	var out wire.WorkerConversions
	err := s.call(ctx, request{op: "list conversions", method: http.MethodGet, path: path(org, "conversions")}, &out)
	return out.Conversions, err
}

// PutReduction notes how far the removals of a reduction are. It cannot make one, nor change whom it is about.
func (s *Store) PutReduction(ctx context.Context, r store.Reduction) error {
	return s.put(ctx, "store a reduction", path(r.Org, "reductions", r.ID), r)
}

// Reduction is one of the worker's shares, without names.
func (s *Store) Reduction(ctx context.Context, org, id string) (store.Reduction, error) {
	var out store.Reduction
	err := s.call(ctx, request{op: "read a reduction", method: http.MethodGet, path: path(org, "reductions", id)}, &out)
	return out, err
}

// ListReductions lists those of the worker's shares, newest first.
func (s *Store) ListReductions(ctx context.Context, org string) ([]store.Reduction, error) {
	var out wire.WorkerReductions
	err := s.call(ctx, request{op: "list reductions", method: http.MethodGet, path: path(org, "reductions")}, &out)
	return out.Reductions, err
}

// Askers are those whom a request to one of the worker's tenants would bring, by marks of their addresses.
func (s *Store) Askers(ctx context.Context, org, id, digest string, after int) (store.AskersPage, error) {
	var out store.AskersPage
	err := s.call(ctx, request{op: "read whom a request would bring", method: http.MethodGet, path: path(org, "requests", id, "askers"),
		query: url.Values{"digest": {digest}, "after": {strconv.Itoa(after)}}}, &out)
	return out, err
}

// PutEvidence stores what was looked up in one of the worker's tenants for a request to it that waits.
func (s *Store) PutEvidence(ctx context.Context, org, id string, e prospect.Evidence) error {
	return s.put(ctx, "store what was looked up for a request", path(org, "requests", id, "evidence"), e)
}

func (s *Store) put(ctx context.Context, op, path string, body any) error {
	var done wire.Recorded
	return s.call(ctx, request{op: op, method: http.MethodPut, path: path, send: body}, &done)
}
