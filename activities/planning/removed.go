package planning

import (
	"context"
	"time"

	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/plan"
	"entente.dev/entente/internal/store"
)

// budgets is how far back the widest window of a budget looks.
const budgets = 7 * 24 * time.Hour

// removed lists whom reductions announced, are taking out or took out since a moment. Whoever came back is none of
// them, and whom a stop took out is not either.
func (a *Activities) removed(ctx context.Context, org string, since time.Time) ([]plan.Removed, error) {
	reductions, err := a.store.ListReductions(ctx, org)
	if err != nil {
		return nil, err
	}
	var list []plan.Removed
	for _, r := range reductions {
		if r.Drain {
			continue
		}
		for _, m := range r.Removals {
			if m.State == store.Returned || !m.At.After(since) {
				continue
			}
			open := m.State == store.Announced || m.State == store.Removed
			list = append(list, plan.Removed{Share: r.Share, Person: m.Person, At: m.At, Open: open})
		}
	}
	return list, nil
}

// roll says how far the share's rollout is, and adds whom it removed since it began, if that is longer ago than any
// budget looks: a rollout that pauses for weeks must not begin anew.
func (a *Activities) roll(ctx context.Context, in contract.PlanShareIn, input *plan.Input) error {
	if in.Rollout == nil {
		return nil
	}
	input.Rings = map[ident.Share]plan.Opened{in.Share: *in.Rollout}
	if since := in.Rollout.Since; !since.IsZero() && since.Before(input.Now.Add(-budgets)) {
		removed, err := a.removed(ctx, in.Org, since.Add(-time.Nanosecond))
		input.Removed = removed
		return err
	}
	return nil
}
