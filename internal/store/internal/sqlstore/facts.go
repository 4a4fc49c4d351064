package sqlstore

import (
	"context"

	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/plan"
	"entente.dev/entente/internal/store"
	"entente.dev/entente/internal/store/internal/queries"
)

// PutLinks implements store.Facts. Of two links of one person in one tenant the last one counts.
func (s *Store) PutLinks(ctx context.Context, org string, links []plan.Link) error {
	const op = "store links"
	type key struct {
		person ident.Person
		tenant ident.Tenant
	}
	links = lastOfEach(links, func(l plan.Link) key { return key{l.Person, l.Tenant} })
	for _, l := range links {
		if err := valid(op, append(personFields(org, l.Person), need("tenant", string(l.Tenant)), may("object", l.ObjectID))...); err != nil {
			return err
		}
	}
	return s.write(ctx, op, func(t *tx) error {
		return insertMany(ctx, t.db, queries.PutLink, len(links), func(i int) ([]any, error) {
			l := links[i]
			return []any{org, string(l.Person.Home), l.Person.ID, string(l.Tenant), l.ObjectID}, nil
		})
	})
}

// Links implements store.Facts, sorted by person and tenant.
func (s *Store) Links(ctx context.Context, org string) ([]plan.Link, error) {
	const op = "list links"
	if err := valid(op, may("organization", org)); err != nil {
		return nil, err
	}
	rows, err := s.query().Links(ctx, org)
	list := make([]plan.Link, len(rows))
	for i, r := range rows {
		list[i] = plan.Link{Person: person(r.Home, r.Person), Tenant: ident.Tenant(r.Tenant), ObjectID: r.ObjectID}
	}
	return list, s.fail(op, err)
}

// PutOwned implements store.Facts.
func (s *Store) PutOwned(ctx context.Context, org string, o store.Owned) error {
	const op = "store an owned object"
	if err := valid(op, need("organization", org), need("id", o.ID), may("kind", o.Kind), may("tenant", string(o.Tenant)),
		may("source", string(o.Share.Source)), may("target", string(o.Share.Target))); err != nil {
		return err
	}
	return s.write(ctx, op, func(t *tx) error {
		return t.PutOwned(ctx, queries.PutOwnedParams{Org: org, ID: o.ID, Kind: o.Kind, Tenant: string(o.Tenant),
			Source: string(o.Share.Source), Target: string(o.Share.Target), At: micros(o.At)})
	})
}

// DropOwned implements store.Facts. Dropping what is not there is success.
func (s *Store) DropOwned(ctx context.Context, org, id string) error {
	const op = "drop an owned object"
	if err := valid(op, need("organization", org), need("id", id)); err != nil {
		return err
	}
	return s.write(ctx, op, func(t *tx) error { return t.DropOwned(ctx, queries.DropOwnedParams{Org: org, ID: id}) })
}

// Owned implements store.Facts, sorted by id.
func (s *Store) Owned(ctx context.Context, org string) ([]store.Owned, error) {
	const op = "list owned objects"
	if err := valid(op, may("organization", org)); err != nil {
		return nil, err
	}
	rows, err := s.query().ListOwned(ctx, org)
	list := make([]store.Owned, len(rows))
	for i, r := range rows {
		list[i] = store.Owned{ID: r.ID, Kind: r.Kind, Tenant: ident.Tenant(r.Tenant), Share: share(r.Source, r.Target), At: moment(r.At)}
	}
	return list, s.fail(op, err)
}

// carried is one person in one share: the key of inclusions and conversions.
type carried struct {
	share  ident.Share
	person ident.Person
}

func (c carried) valid(op, org string) error {
	return valid(op, append(personFields(org, c.person), need("source", string(c.share.Source)), need("target", string(c.share.Target)))...)
}

// PutInclusions implements store.Facts. Of two for one person and share the last one counts.
func (s *Store) PutInclusions(ctx context.Context, org string, in []plan.Inclusion) error {
	const op = "store inclusions"
	in = lastOfEach(in, func(i plan.Inclusion) carried { return carried{i.Share, i.Person} })
	for _, i := range in {
		if err := (carried{i.Share, i.Person}).valid(op, org); err != nil {
			return err
		}
		if err := valid(op, may("reason", i.Reason)); err != nil {
			return err
		}
	}
	return s.write(ctx, op, func(t *tx) error {
		return insertMany(ctx, t.db, queries.PutInclusion, len(in), func(i int) ([]any, error) {
			n := in[i]
			return []any{org, string(n.Share.Source), string(n.Share.Target), string(n.Person.Home), n.Person.ID, n.Reason, micros(n.Until)}, nil
		})
	})
}

// DropInclusion implements store.Facts. Dropping what is not there is success.
func (s *Store) DropInclusion(ctx context.Context, org string, sh ident.Share, p ident.Person) error {
	const op = "drop an inclusion"
	if err := (carried{sh, p}).valid(op, org); err != nil {
		return err
	}
	return s.write(ctx, op, func(t *tx) error {
		return t.DropInclusion(ctx, queries.DropInclusionParams{Org: org, Source: string(sh.Source), Target: string(sh.Target),
			Home: string(p.Home), Person: p.ID})
	})
}

// Inclusions implements store.Facts, sorted by share and person.
func (s *Store) Inclusions(ctx context.Context, org string) ([]plan.Inclusion, error) {
	const op = "list inclusions"
	if err := valid(op, may("organization", org)); err != nil {
		return nil, err
	}
	rows, err := s.query().Inclusions(ctx, org)
	list := make([]plan.Inclusion, len(rows))
	for i, r := range rows {
		list[i] = plan.Inclusion{Share: share(r.Source, r.Target), Person: person(r.Home, r.Person), Reason: r.Reason, Until: moment(r.UntilAt)}
	}
	return list, s.fail(op, err)
}

// PutConversions implements store.Facts. A late repeat does not revive a conversion that was reverted since.
func (s *Store) PutConversions(ctx context.Context, org string, c []store.Conversion) error {
	const op = "store conversions"
	c = lastOfEach(c, func(c store.Conversion) carried { return carried{c.Share, c.Person} })
	for _, v := range c {
		if err := (carried{v.Share, v.Person}).valid(op, org); err != nil {
			return err
		}
		if err := valid(op, may("tenant", string(v.Tenant)), may("object", v.ObjectID), may("from", v.From), may("to", v.To)); err != nil {
			return err
		}
	}
	return s.write(ctx, op, func(t *tx) error {
		return insertMany(ctx, t.db, queries.PutConversion, len(c), func(i int) ([]any, error) {
			v := c[i]
			return []any{org, string(v.Share.Source), string(v.Share.Target), string(v.Person.Home), v.Person.ID, string(v.Tenant),
				v.ObjectID, v.From, v.To, micros(v.At), micros(v.Reverted)}, nil
		})
	})
}

// Conversions implements store.Facts, sorted by share and person.
func (s *Store) Conversions(ctx context.Context, org string) ([]store.Conversion, error) {
	const op = "list conversions"
	if err := valid(op, may("organization", org)); err != nil {
		return nil, err
	}
	rows, err := s.query().Conversions(ctx, org)
	list := make([]store.Conversion, len(rows))
	for i, r := range rows {
		list[i] = store.Conversion{Share: share(r.Source, r.Target), Person: person(r.Home, r.Person), Tenant: ident.Tenant(r.Tenant),
			ObjectID: r.ObjectID, From: r.FromType, To: r.ToType, At: moment(r.At), Reverted: moment(r.RevertedAt)}
	}
	return list, s.fail(op, err)
}

func person(home, id string) ident.Person { return ident.Person{Home: ident.Tenant(home), ID: id} }

func share(source, target string) ident.Share {
	return ident.Share{Source: ident.Tenant(source), Target: ident.Tenant(target)}
}

func personFields(org string, p ident.Person) []field {
	return []field{need("organization", org), need("person's home", string(p.Home)), need("person", p.ID)}
}

// lastOfEach keeps the last value of every key, in the order of first appearance.
func lastOfEach[T any, K comparable](values []T, key func(T) K) []T {
	at := make(map[K]int, len(values))
	out := make([]T, 0, len(values))
	for _, v := range values {
		k := key(v)
		if i, ok := at[k]; ok {
			out[i] = v
			continue
		}
		at[k] = len(out)
		out = append(out, v)
	}
	return out
}
