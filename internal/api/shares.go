package api

import (
	"context"
	"net/http"
	"strings"

	"entente.dev/entente/internal/api/wire"
	"entente.dev/entente/internal/authn"
	"entente.dev/entente/internal/authz"
	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/store"
)

func (s *server) shareRoutes() {
	const base = "/v1/organizations/{org}/shares/{source}/{target}"
	handle(s, operation{method: http.MethodPost, path: base + "/stop", id: "stop", summary: "Drain a share, prove it, then remove its set-up"}, s.stop)
	handle(s, operation{method: http.MethodPost, path: base + "/revoke", id: "revoke", summary: "Take the target's yes back"}, s.revoke)
	s.rolloutRoutes(base)
	handle(s, operation{method: http.MethodPost, path: base + "/revert-conversions", id: "revert-conversions", summary: "Turn converted guests back into guests"}, s.revert)
	handle(s, operation{method: http.MethodGet, path: "/v1/organizations/{org}/reductions", id: "reductions", summary: "Batches of people who left, newest first"}, s.reductions)
	handle(s, operation{method: http.MethodPost, path: "/v1/organizations/{org}/restore", id: "restore", summary: "Bring people back under the same object ids"}, s.restore)
}

type inReason struct {
	SharePath
	KeyHeader
	Body wire.Reason
}

func (s *server) stop(ctx context.Context, in *inReason) (wire.Accepted, error) {
	if err := s.commandable(ctx, in, authz.Stop); err != nil {
		return wire.Accepted{}, err
	}
	if now, err := s.Store.ShareStatus(ctx, in.Org, in.share()); err != nil || now.Phase == string(contract.PhaseStopped) {
		return wire.Accepted{Share: in.share(), Phase: now.Phase}, err
	}
	key := in.key()
	err := s.Control.Stop(ctx, in.Org, in.share(), contract.StopCommand{By: authn.From(ctx).Name, Reason: in.Body.Reason}, key)
	if err == nil {
		err = s.ordered(ctx, in, "order-stop", key)
	}
	return wire.Accepted{Share: in.share(), Phase: string(contract.PhaseStopping)}, err
}

func (s *server) revert(ctx context.Context, in *inReason) (wire.Accepted, error) {
	if err := s.commandable(ctx, in, authz.Revert); err != nil {
		return wire.Accepted{}, err
	}
	key := in.key()
	err := s.Control.Revert(ctx, in.Org, in.share(), contract.RevertCommand{By: authn.From(ctx).Name, Reason: in.Body.Reason}, key)
	if err == nil {
		err = s.ordered(ctx, in, "order-revert", key)
	}
	return wire.Accepted{Share: in.share(), Phase: string(contract.PhaseConverting)}, err
}

type inRevoke struct {
	SharePath
	KeyHeader
	Body wire.Revoke
}

// revoke is the target's own: what it accepted it may take back at any time, whoever applied the topology.
func (s *server) revoke(ctx context.Context, in *inRevoke) (wire.Accepted, error) {
	order := &inReason{in.SharePath, in.KeyHeader, wire.Reason{Reason: in.Body.Reason}}
	if err := s.commandable(ctx, order, authz.Revoke); err != nil {
		return wire.Accepted{}, err
	}
	who, key := authn.From(ctx), in.key()
	command := contract.RevokeCommand{Mode: in.Body.Mode, By: who.Name, Subject: who.ID(), Reason: in.Body.Reason}
	err := ours403(s.Control.Revoke(ctx, in.Org, in.share(), command, key))
	if err == nil {
		err = s.ordered(ctx, order, "order-revoke-"+in.Body.Mode, key)
	}
	phase := contract.PhaseFrozen
	if in.Body.Mode == contract.DrainShare {
		phase = contract.PhaseStopping
	}
	return wire.Accepted{Share: in.share(), Phase: string(phase)}, err
}

// ordered records who gave a command, once it was taken over: what it leads to is recorded when it is done. When
// the record fails, the caller repeats under the same key, and both are as they were.
func (s *server) ordered(ctx context.Context, in *inReason, verb, key string) error {
	share := in.share()
	_, err := s.Store.Append(ctx, store.Entry{
		Org: in.Org, At: s.Now(), Actor: authn.From(ctx).Name, Verb: verb, Object: share.String(), Tenant: share.Target, Share: &share,
		Key: verb + "/" + share.String() + "/" + key, Data: map[string]string{"reason": in.Body.Reason, "subject": authn.From(ctx).ID()},
	})
	return err
}

// commandable: allowed, with a reason, and a share that exists.
func (s *server) commandable(ctx context.Context, in *inReason, verb authz.Verb) error {
	if err := s.allow(ctx, verb, authz.OfShare(authz.Share, in.Org, in.share())); err != nil {
		return err
	}
	if strings.TrimSpace(in.Body.Reason) == "" {
		return invalid(string(verb), "this needs its reason", "say why; it is recorded in the ledger")
	}
	_, err := s.Store.ShareStatus(ctx, in.Org, in.share())
	return err
}
