package api

import (
	"context"
	"net/http"

	"entente.dev/entente/internal/api/wire"
	"entente.dev/entente/internal/authn"
	"entente.dev/entente/internal/authz"
	"entente.dev/entente/internal/contract"
)

func (s *server) rolloutRoutes(base string) {
	handle(s, operation{method: http.MethodPost, path: base + "/continue", id: "continue", summary: "Open the next ring of a paused rollout"}, s.proceed)
}

// proceed lets a rollout go on that paused because too many people of a ring failed.
func (s *server) proceed(ctx context.Context, in *inReason) (wire.Accepted, error) {
	if err := s.commandable(ctx, in, authz.Continue); err != nil {
		return wire.Accepted{}, err
	}
	key := in.key()
	err := ours403(s.Control.Continue(ctx, in.Org, in.share(), contract.ContinueCommand{By: authn.From(ctx).Name, Reason: in.Body.Reason}, key))
	if err == nil {
		err = s.ordered(ctx, in, "order-continue", key)
	}
	return wire.Accepted{Share: in.share(), Phase: string(contract.PhaseSyncing)}, err
}
