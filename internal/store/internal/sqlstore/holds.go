package sqlstore

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"

	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/plan"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/store/internal/queries"
)

// blocked is the kind of hold that leaves something to undo.
const blocked = "blocked"

// PutHold implements store.Facts.
func (s *Store) PutHold(ctx context.Context, org string, h plan.Hold) error {
	const op = "store a hold"
	if err := valid(op, append(personFields(org, h.Person), need("tenant", string(h.Tenant)))...); err != nil {
		return err
	}
	return s.holding(ctx, op, org, h.Person, h.Tenant, func(held heldRows) error {
		old, err := held.inForce(ctx)
		if err != nil {
			return err
		}
		if !h.Ended.IsZero() {
			if old != nil && old.Kind == h.Kind {
				err = held.drop(ctx)
			}
			return errors.Join(err, held.putEnded(ctx, h))
		}
		if old != nil && old.Kind == blocked && h.Kind != blocked {
			old.Ended = h.At
			if old.Ended.IsZero() {
				old.Ended = time.Now()
			}
			if err := held.putEnded(ctx, *old); err != nil {
				return err
			}
		}
		if h.Kind == blocked {
			if err := held.dropEnded(ctx); err != nil {
				return err
			}
		}
		return held.put(ctx, h)
	})
}

// PutNewHold implements store.Facts.
func (s *Store) PutNewHold(ctx context.Context, org string, h plan.Hold) error {
	const op = "store a new hold"
	if err := valid(op, append(personFields(org, h.Person), need("tenant", string(h.Tenant)))...); err != nil {
		return err
	}
	return s.holding(ctx, op, org, h.Person, h.Tenant, func(held heldRows) error {
		old, err := held.inForce(ctx)
		if err != nil {
			return err
		}
		if old != nil && sameDecision(*old, h) {
			return nil
		}
		undone, err := held.undone(ctx)
		if err != nil {
			return err
		}
		if !undone || old != nil && (old.Kind == blocked || !old.Over(h.At)) {
			return problem.New(problem.Conflict, op, "a hold of that person stands there already")
		}
		return held.put(ctx, h)
	})
}

// sameDecision: a repeat has another moment and nothing else.
func sameDecision(a, b plan.Hold) bool {
	return a.Kind == b.Kind && a.Reason == b.Reason && a.By == b.By && a.Until.Equal(b.Until)
}

// EndHold implements store.Facts.
func (s *Store) EndHold(ctx context.Context, org string, p ident.Person, tenant ident.Tenant, at time.Time) (plan.Hold, error) {
	const op = "end a hold"
	var out plan.Hold
	if err := valid(op, append(personFields(org, p), need("tenant", string(tenant)))...); err != nil {
		return out, err
	}
	err := s.holding(ctx, op, org, p, tenant, func(held heldRows) error {
		old, err := held.inForce(ctx)
		if err != nil {
			return err
		}
		if old == nil {
			return problem.New(problem.NotFound, op, "no hold of that person is in force there")
		}
		if err := held.drop(ctx); err != nil {
			return err
		}
		if out = *old; out.Kind != blocked {
			return nil
		}
		out.Ended = at
		return held.putEnded(ctx, out)
	})
	return out, err
}

// DropHold implements store.Facts. Dropping what is not there is success.
func (s *Store) DropHold(ctx context.Context, org string, p ident.Person, tenant ident.Tenant) error {
	const op = "drop a hold"
	if err := valid(op, append(personFields(org, p), need("tenant", string(tenant)))...); err != nil {
		return err
	}
	return s.holding(ctx, op, org, p, tenant, func(held heldRows) error {
		old, err := held.inForce(ctx)
		if err == nil && old != nil && !old.Until.IsZero() && !time.Now().Before(old.Until) {
			err = held.drop(ctx)
		}
		return errors.Join(err, held.dropEnded(ctx))
	})
}

// Holds implements store.Facts, sorted by person and tenant, what is over last.
func (s *Store) Holds(ctx context.Context, org string) ([]plan.Hold, error) {
	const op = "list holds"
	if err := valid(op, may("organization", org)); err != nil {
		return nil, err
	}
	var list []plan.Hold
	err := s.view(ctx, op, func(t *tx) error {
		inForce, err := decodeAll[plan.Hold](t.Holds(ctx, org))
		if err != nil {
			return err
		}
		ended, err := decodeAll[plan.Hold](t.EndedHolds(ctx, org))
		list = append(inForce, ended...)
		return err
	})
	slices.SortStableFunc(list, func(a, b plan.Hold) int {
		return cmp.Or(cmp.Compare(a.Person.Home, b.Person.Home), cmp.Compare(a.Person.ID, b.Person.ID), cmp.Compare(a.Tenant, b.Tenant))
	})
	return list, err
}

// heldRows are the rows of one person in one tenant, while nobody else writes an organization's holds.
type heldRows struct {
	t   *tx
	key queries.DropHoldParams
}

func (s *Store) holding(ctx context.Context, op, org string, p ident.Person, tenant ident.Tenant, f func(heldRows) error) error {
	return s.write(ctx, op, func(t *tx) error {
		if _, err := t.next(ctx, org, "holds"); err != nil {
			return err
		}
		return f(heldRows{t, queries.DropHoldParams{Org: org, Home: string(p.Home), Person: p.ID, Tenant: string(tenant)}})
	})
}

// inForce is nil where there is none.
func (h heldRows) inForce(ctx context.Context) (*plan.Hold, error) {
	doc, err := h.t.GetHold(ctx, queries.GetHoldParams(h.key))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	hold, err := decode[plan.Hold](doc)
	return &hold, err
}

// undone tells that no block of the person is over whose sign-in is still off.
func (h heldRows) undone(ctx context.Context) (bool, error) {
	ended, err := decodeAll[plan.Hold](h.t.EndedHolds(ctx, h.key.Org))
	return !slices.ContainsFunc(ended, func(x plan.Hold) bool {
		return string(x.Person.Home) == h.key.Home && x.Person.ID == h.key.Person && string(x.Tenant) == h.key.Tenant
	}), err
}

func (h heldRows) put(ctx context.Context, hold plan.Hold) error {
	doc, err := encode(hold)
	if err != nil {
		return err
	}
	return h.t.PutHold(ctx, queries.PutHoldParams{Org: h.key.Org, Home: h.key.Home, Person: h.key.Person, Tenant: h.key.Tenant, Doc: doc})
}

func (h heldRows) putEnded(ctx context.Context, hold plan.Hold) error {
	doc, err := encode(hold)
	if err != nil {
		return err
	}
	return h.t.PutEndedHold(ctx, queries.PutEndedHoldParams{Org: h.key.Org, Home: h.key.Home, Person: h.key.Person, Tenant: h.key.Tenant, Doc: doc})
}

func (h heldRows) drop(ctx context.Context) error { return h.t.DropHold(ctx, h.key) }

func (h heldRows) dropEnded(ctx context.Context) error {
	return h.t.DropEndedHold(ctx, queries.DropEndedHoldParams(h.key))
}
