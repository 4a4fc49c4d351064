package record

import (
	"context"

	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/prospect"
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

// NoteUnchecked tells that the target could not be looked at. What an earlier look found stays: it was about most of the
// same people.
func (a *Activities) NoteUnchecked(ctx context.Context, in contract.NoteUncheckedIn) error {
	e, err := a.store.Evidence(ctx, in.Org, in.RequestID)
	if err != nil && problem.KindOf(err) != problem.NotFound {
		return err
	}
	e.Unread = []prospect.Unread{{What: prospect.UnreadAll, Kind: string(in.Kind)}}
	return a.store.PutEvidence(ctx, in.Org, in.RequestID, e)
}
