package sqlstore

import (
	"context"
	"time"

	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/store"
)

// Door says who may come in by a share now.
func (s *Store) Door(ctx context.Context, org string, share ident.Share, now time.Time) (store.Door, error) {
	return store.DoorOf(ctx, s, org, share, now)
}
