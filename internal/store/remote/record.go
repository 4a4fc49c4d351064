package remote

import (
	"context"
	"fmt"
	"net/http"
	"net/url"

	"entente.dev/entente/internal/api/wire"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/store"
)

// PutOwned notes an object that was made in one of the worker's tenants.
func (s *Store) PutOwned(ctx context.Context, org string, o store.Owned) error {
	return s.put(ctx, "store an owned object", path(org, "owned"), o)
}

// DropOwned forgets one.
func (s *Store) DropOwned(ctx context.Context, org, id string) error {
	var done wire.Recorded
	return s.call(ctx, request{op: "drop an owned object", method: http.MethodDelete, path: path(org, "owned"), query: url.Values{"id": {id}}}, &done)
}

// Owned lists those of the worker's tenants.
func (s *Store) Owned(ctx context.Context, org string) ([]store.Owned, error) {
	var out wire.WorkerOwned
	err := s.call(ctx, request{op: "list owned objects", method: http.MethodGet, path: path(org, "owned")}, &out)
	return out.Owned, err
}

// Append implements store.Appender.
func (s *Store) Append(ctx context.Context, e store.Entry) (store.Entry, error) {
	stored, err := s.AppendAll(ctx, []store.Entry{e})
	if err != nil {
		return store.Entry{}, err
	}
	return stored[0], nil
}

// AppendAll implements store.Appender. All entries are of one organization.
func (s *Store) AppendAll(ctx context.Context, entries []store.Entry) ([]store.Entry, error) {
	const op = "append to the ledger"
	if len(entries) == 0 {
		return nil, nil
	}
	for _, e := range entries {
		if e.Org != entries[0].Org {
			return nil, problem.New(problem.Invalid, op, "entries of two organizations at once")
		}
	}
	var out wire.WorkerEntries
	err := s.call(ctx, request{op: op, method: http.MethodPut, path: path(entries[0].Org, "ledger"), send: wire.WorkerEntries{Entries: entries}}, &out)
	if err == nil && len(out.Entries) != len(entries) {
		err = s.unavailable(op, fmt.Sprintf("it told of %d entries out of %d", len(out.Entries), len(entries)), nil)
	}
	return out.Entries, err
}
