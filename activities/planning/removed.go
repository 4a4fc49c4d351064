package planning

import (
	"context"
	"time"

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
			if m.State != store.Returned && m.At.After(since) {
				list = append(list, plan.Removed{Share: r.Share, Person: m.Person, At: m.At, Open: m.State != store.Proven})
			}
		}
	}
	return list, nil
}
