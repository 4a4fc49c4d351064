package api

import (
	"context"

	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/store"
)

type inDoor struct {
	OrgPath
	Source string `query:"source" required:"true" maxLength:"64"`
	Target string `query:"target" required:"true" maxLength:"64"`
}

// workerDoor tells the source's worker, who writes the scope group, whether the target lets anybody in now. It learns
// whom the target keeps out as object ids of its own tenant, and no reason.
func (s *server) workerDoor(ctx context.Context, in *inDoor) (store.Door, error) {
	w, err := s.worker(ctx, in.Org)
	if err != nil {
		return store.Door{}, err
	}
	share := ident.Share{Source: ident.Tenant(in.Source), Target: ident.Tenant(in.Target)}
	if err := w.of(share.Source); err != nil {
		return store.Door{}, err
	}
	return store.DoorOf(ctx, s.Store, in.Org, share, s.Now())
}
