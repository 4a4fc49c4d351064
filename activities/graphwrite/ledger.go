package graphwrite

import (
	"context"

	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/store"
)

// did appends a write to the ledger. The key is the run and the write, so that a repeat is one entry.
func (a *Activities) did(ctx context.Context, in contract.WriteIn, verb, object string) error {
	_, err := a.store.Append(ctx, store.Entry{
		Org: in.Org, At: a.now(), Actor: in.Run, Verb: verb, Object: object, Tenant: in.Tenant.Name, Share: &in.Share,
		Key: in.Run + "/" + verb + "/" + object,
	})
	return err
}

// created records what a create made. When the record fails, the object stands all the same: the answer is
// Ambiguous, so that the workflow looks for it instead of creating another.
func (a *Activities) created(ctx context.Context, in contract.WriteIn, kind, id string) error {
	if err := a.made(ctx, in, kind, id); err != nil {
		return problem.Wrap(problem.Ambiguous, "record the new "+kind, err)
	}
	return nil
}

// made records an object that we created, then the write.
func (a *Activities) made(ctx context.Context, in contract.WriteIn, kind, id string) error {
	err := a.store.PutOwned(ctx, in.Org, store.Owned{ID: id, Kind: kind, Tenant: in.Tenant.Name, Share: in.Share, At: a.now()})
	if err != nil {
		return err
	}
	return a.did(ctx, in, "create-"+kind, id)
}

// gone forgets an object that we deleted.
func (a *Activities) gone(ctx context.Context, in contract.WriteIn, kind, id string) error {
	if err := a.store.DropOwned(ctx, in.Org, id); err != nil {
		return err
	}
	return a.did(ctx, in, "delete-"+kind, id)
}

// owns tells whether the ledger says that we made something.
func (a *Activities) owns(ctx context.Context, org, id string) (bool, error) {
	owned, err := a.store.Owned(ctx, org)
	for _, o := range owned {
		if o.ID == id {
			return true, err
		}
	}
	return false, err
}
