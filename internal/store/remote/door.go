package remote

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/store"
)

// Door says who may come in by a share of which the worker's tenant is the source. The time is the core's.
func (s *Store) Door(ctx context.Context, org string, share ident.Share, _ time.Time) (store.Door, error) {
	var out store.Door
	query := url.Values{"source": {string(share.Source)}, "target": {string(share.Target)}}
	err := s.call(ctx, request{op: "ask whether people may be added", method: http.MethodGet, path: path(org, "door") + "?" + query.Encode()}, &out)
	return out, err
}
