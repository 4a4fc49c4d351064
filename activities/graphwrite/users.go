package graphwrite

import (
	"context"
	"slices"

	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/directory"
	"entente.dev/entente/internal/graph"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/ledger"
	"entente.dev/entente/internal/plan"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/store"
)

func meant(people []ident.Person, p ident.Person) bool {
	return len(people) == 0 || slices.Contains(people, p)
}

// ConvertGuests makes the share's recorded guests Members in the target, or with Revert guests again. It touches
// only objects that stand for somebody who lives elsewhere.
func (a *Activities) ConvertGuests(ctx context.Context, in contract.GuestsIn) (contract.GuestsOut, error) {
	ctx = watched(ctx)
	client, err := a.clients.Writer(in.Tenant.TenantID)
	if err != nil {
		return contract.GuestsOut{}, err
	}
	conversions, err := a.store.Conversions(ctx, in.Org)
	if err != nil {
		return contract.GuestsOut{}, err
	}
	var out contract.GuestsOut
	var changed []store.Conversion
	for _, c := range conversions {
		if c.Share != in.Share || !c.Reverted.IsZero() {
			continue
		}
		out.Total++
		done, err := a.setType(ctx, client, in, c)
		if err != nil {
			return out, err
		}
		if done {
			out.Done++
		}
		if in.Revert {
			c.Reverted = a.now()
			changed = append(changed, c)
		}
	}
	if err := a.store.PutConversions(ctx, in.Org, changed); err != nil {
		return out, err
	}
	return out, nil
}

// setType writes one person's type where it differs.
func (a *Activities) setType(ctx context.Context, client Graph, in contract.GuestsIn, c store.Conversion) (bool, error) {
	want := directory.UserType(c.To)
	if in.Revert {
		want = directory.UserType(c.From)
	}
	u, err := client.User(ctx, c.ObjectID)
	verb, who := "set-type-"+string(want), store.PersonAnd(c.Person, c.Tenant, c.ObjectID)
	switch {
	case missing(err):
		return false, nil
	case err != nil:
		return false, err
	case u.UserType == want:
		return false, a.found(ctx, in.WriteIn, verb, c.ObjectID, who...)
	}
	if !u.External() {
		return false, notOurs("change a user's type", in.WriteIn, c.ObjectID)
	}
	if err := client.UpdateUser(ctx, c.ObjectID, graph.UserPatch{UserType: &want}); err != nil {
		return false, repeatable(err)
	}
	return true, a.did(ctx, in.WriteIn, verb, c.ObjectID, change{before: u.UserType, after: want, people: who})
}

// UndeletePlanned restores whom a share plan names: people the share carries, whom somebody deleted in the
// target and the engine does not bring back.
func (a *Activities) UndeletePlanned(ctx context.Context, in contract.GuestsIn) (contract.BatchOut, error) {
	ctx = watched(ctx)
	client, err := a.clients.Writer(in.Tenant.TenantID)
	if err != nil {
		return contract.BatchOut{}, err
	}
	p, err := a.store.SharePlan(ctx, in.Org, in.PlanDigest)
	if err != nil {
		return contract.BatchOut{}, err
	}
	var out contract.BatchOut
	for _, c := range p.Changes {
		if c.Kind != plan.Undelete {
			continue
		}
		for _, id := range c.People {
			who := ledger.ObjectOf(in.Tenant.Name, id)
			err := client.RestoreUser(ctx, id)
			switch {
			case missing(err): // restored by an attempt before, or gone for good
				err = a.found(ctx, in.WriteIn, "restore-user", id, who)
			case err == nil:
				err = a.did(ctx, in.WriteIn, "restore-user", id, change{before: "softDeleted", after: "live", people: []string{who}})
			default:
				err = repeatable(err)
			}
			if err != nil {
				return out, err
			}
			out.Done++
		}
	}
	return out, nil
}

// UndeletePeople restores from the target's recycle bin what the engine left there. Only objects that a
// reduction of ours put there are touched.
func (a *Activities) UndeletePeople(ctx context.Context, in contract.ReductionRef) (contract.BatchOut, error) {
	ctx = watched(ctx)
	client, err := a.clients.Writer(in.Tenant.TenantID)
	if err != nil {
		return contract.BatchOut{}, err
	}
	r, err := a.store.Reduction(ctx, in.Org, in.ID)
	if err != nil {
		return contract.BatchOut{}, err
	}
	var out contract.BatchOut
	for _, m := range r.Removals {
		if !meant(in.People, m.Person) || m.ObjectID == "" || m.State == store.Lost {
			continue
		}
		who := store.PersonAnd(m.Person, r.Share.Target, m.ObjectID)
		if _, err := client.DeletedUser(ctx, m.ObjectID); missing(err) {
			if err := a.found(ctx, in.WriteIn, "restore-user", m.ObjectID, who...); err != nil {
				return out, err
			}
			continue
		} else if err != nil {
			return out, err
		}
		err := client.RestoreUser(ctx, m.ObjectID)
		switch {
		case err == nil:
			out.Done++
			if err := a.did(ctx, in.WriteIn, "restore-user", m.ObjectID, change{before: "softDeleted", after: "live", people: who}); err != nil {
				return out, err
			}
		case problem.KindOf(err) == problem.Rejected || missing(err):
			out.Failed++
		default:
			return out, repeatable(err)
		}
	}
	return out, nil
}
