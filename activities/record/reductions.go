package record

import (
	"context"
	"slices"

	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/plan"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/store"
)

// OpenReduction stores who leaves, read from the share plan, and links each of them to the object in the
// target, so that it is found again in the recycle bin. Opening it again changes nothing.
func (a *Activities) OpenReduction(ctx context.Context, in contract.OpenReductionIn) error {
	if r, err := a.store.Reduction(ctx, in.Run.Org, in.ID); err == nil {
		return a.reductionEntry(ctx, r, "announce-removal") // the first attempt may have failed at it
	} else if problem.KindOf(err) != problem.NotFound {
		return err
	}
	p, err := a.store.SharePlan(ctx, in.Run.Org, in.PlanDigest)
	if err != nil {
		return err
	}
	r := store.Reduction{
		ID: in.ID, Org: in.Run.Org, Share: in.Run.Share, Status: in.Status, Reason: in.Reason, Drain: in.Drain,
		OpenedAt: a.now(), UpdatedAt: a.now(), Stamp: store.Stamp{Run: in.Run.Seq},
	}
	var links []plan.Link
	for _, e := range p.Effects {
		if e.Action != plan.Remove {
			continue
		}
		r.Removals = append(r.Removals, store.Removal{Person: e.Person, UPN: e.UPN, ObjectID: e.ObjectID, State: store.Announced, At: a.now()})
		if e.ObjectID != "" {
			links = append(links, plan.Link{Person: e.Person, Tenant: e.Tenant, ObjectID: e.ObjectID})
		}
	}
	if err := a.store.PutLinks(ctx, in.Run.Org, links); err != nil {
		return err
	}
	if err := a.store.PutReduction(ctx, r); err != nil {
		return err
	}
	return a.reductionEntry(ctx, r, "announce-removal")
}

// rank orders the statuses; a reduction never goes back.
func rank(status string) int {
	return slices.Index([]string{"waiting", "grace", "removing", "proving", "proven", "restored", "cancelled"}, status)
}

// SetReduction moves a reduction's status forward; an earlier one changes nothing.
func (a *Activities) SetReduction(ctx context.Context, in contract.SetReductionIn) error {
	r, err := a.store.Reduction(ctx, in.Org, in.ID)
	if err != nil {
		return err
	}
	if rank(in.Status) < rank(r.Status) {
		return nil
	}
	if r.Status != in.Status {
		r, err = store.UpdateReduction(ctx, a.store, in.Org, in.ID, func(r *store.Reduction) error {
			if rank(in.Status) > rank(r.Status) {
				r.Status, r.UpdatedAt = in.Status, a.now()
			}
			if in.Status == "cancelled" { // whoever was only announced stays; a later reduction may announce them again
				for i, m := range r.Removals {
					if m.State == store.Announced {
						r.Removals[i].State, r.Removals[i].At = store.Returned, a.now()
					}
				}
			}
			return nil
		})
		if err != nil || r.Status != in.Status {
			return err
		}
	}
	return a.reductionEntry(ctx, r, "reduction-"+in.Status)
}

func (a *Activities) reductionEntry(ctx context.Context, r store.Reduction, verb string) error {
	var people []string
	for _, m := range r.Removals {
		if m.State != store.Returned || r.Status == "restored" || r.Status == "cancelled" || verb == "announce-removal" {
			people = append(people, store.PersonAnd(m.Person, r.Share.Target, m.ObjectID)...)
		}
	}
	return a.append(ctx, store.Entry{
		Org: r.Org, Actor: "entente", Verb: verb, Object: r.ID, Tenant: r.Share.Target, Share: &r.Share, Key: verb + "/" + r.ID,
		Data: map[string]string{"reason": r.Reason},
	}, people...)
}

// ConfirmReduction is the last look before anybody is removed: whoever the newest plan no longer removes has
// come back in time and is left alone.
func (a *Activities) ConfirmReduction(ctx context.Context, in contract.ReductionInput) (contract.RemovalsOut, error) {
	leaving, err := a.leaving(ctx, in)
	if err != nil {
		return contract.RemovalsOut{}, err
	}
	var out contract.RemovalsOut
	_, err = store.UpdateReduction(ctx, a.store, in.Run.Org, in.ID, func(r *store.Reduction) error {
		out = contract.RemovalsOut{Total: len(r.Removals)}
		for i := range r.Removals {
			m := &r.Removals[i]
			if m.State == store.Announced && !leaving[m.Person] {
				m.State, m.At = store.Returned, a.now()
			}
			if m.State == store.Returned {
				out.Returned++
			}
		}
		return nil
	})
	return out, err
}

// leaving is who the given plan removes.
func (a *Activities) leaving(ctx context.Context, in contract.ReductionInput) (map[ident.Person]bool, error) {
	p, err := a.store.SharePlan(ctx, in.Run.Org, in.PlanDigest)
	if err != nil {
		return nil, err
	}
	out := map[ident.Person]bool{}
	for _, e := range p.Effects {
		if e.Action == plan.Remove {
			out[e.Person] = true
		}
	}
	return out, nil
}

// named tells whether a person is meant: an empty list means all.
func named(people []ident.Person, p ident.Person) bool {
	return len(people) == 0 || slices.Contains(people, p)
}
