package record

import (
	"context"

	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/store"
)

// describe lists whom a request is about, as it is stored by now, so that its pages need not read the whole plan. A
// request whose plan is not kept any more can still be answered.
func (a *Activities) describe(ctx context.Context, org, id string) error {
	r, err := a.store.Request(ctx, org, id)
	if err != nil {
		return err
	}
	if err := store.Describe(ctx, a.store, r); err != nil && problem.KindOf(err) != problem.NotFound {
		return err
	}
	return nil
}
