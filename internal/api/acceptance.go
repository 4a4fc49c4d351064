package api

import (
	"context"
	"net/http"
	"time"

	"entente.dev/entente/internal/api/wire"
	"entente.dev/entente/internal/authz"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/plan"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/store"
)

func (s *server) acceptanceRoutes() {
	const org = "/v1/organizations/{org}"
	handle(s, operation{method: http.MethodGet, path: org + "/acceptances", id: "acceptances", summary: "What targets said yes to"}, s.acceptances)
	handle(s, operation{method: http.MethodGet, path: org + "/shares/{source}/{target}/acceptance", id: "acceptance", summary: "What a target said yes to"}, s.acceptance)
}

func (s *server) acceptances(ctx context.Context, in *OrgPath) (wire.Acceptances, error) {
	out := wire.Acceptances{Acceptances: []wire.Acceptance{}}
	if err := s.allow(ctx, authz.Read, authz.OfOrg(in.Org)); err != nil {
		return out, err
	}
	envelopes, err := s.Store.Envelopes(ctx, in.Org)
	if err != nil {
		return out, err
	}
	names, err := s.upns(ctx, in.Org)
	if err != nil {
		return out, err
	}
	for _, e := range envelopes {
		if s.may(ctx, authz.Read, authz.OfShare(authz.Share, in.Org, e.Share)) {
			out.Acceptances = append(out.Acceptances, s.accepted(ctx, in.Org, e, names))
		}
	}
	return out, nil
}

func (s *server) acceptance(ctx context.Context, in *SharePath) (wire.Acceptance, error) {
	if err := s.allow(ctx, authz.Read, authz.OfShare(authz.Share, in.Org, in.share())); err != nil {
		return wire.Acceptance{}, err
	}
	all, err := s.acceptances(ctx, &in.OrgPath)
	if err != nil {
		return wire.Acceptance{}, err
	}
	for _, a := range all.Acceptances {
		if a.Share == in.share() {
			return a, nil
		}
	}
	return wire.Acceptance{}, &problem.Error{Kind: problem.NotFound, Op: "read the acceptance", Tenant: in.Target, Detail: "nothing is accepted for the share " + in.share().String(),
		Remedy: "see `entente inbox` for what waits for a yes"}
}

// accepted tells whom an envelope leaves out to who may see people, and how many to everybody else.
func (s *server) accepted(ctx context.Context, org string, e plan.Envelope, names map[ident.Person]string) wire.Acceptance {
	out := wire.Acceptance{
		Share: e.Share, State: acceptanceState(e, s.Now()), RequestID: e.RequestID, Sets: list(e.Sets), MaxUsers: e.MaxUsers, UserType: e.UserType,
		ExistingGuests: e.ExistingGuests, Auto: e.Auto, AutoBelow: e.AutoBelow, ExpiresAt: e.ExpiresAt, AcceptedBy: list(e.AcceptedBy),
		AcceptedAt: e.AcceptedAt, PlanDigest: e.PlanDigest, Revoked: e.Revoked, Excluded: len(e.Exclusions), Ruled: len(e.Rules), Digest: store.EnvelopeDigest(e),
	}
	if s.may(ctx, authz.People, authz.OfShare(authz.Share, org, e.Share)) {
		out.Rules = e.Rules
		for _, x := range e.Exclusions {
			out.Exclusions = append(out.Exclusions, wire.Excluded{Exclusion: x, UPN: names[x.Person]})
		}
	}
	return out
}

func acceptanceState(e plan.Envelope, now time.Time) string {
	switch {
	case e.Revoked != nil:
		return "revoked"
	case e.Expired(now) && !e.Auto:
		return "expired"
	default:
		return "inForce"
	}
}

// upns are the user principal names in the matrix.
func (s *server) upns(ctx context.Context, org string) (map[ident.Person]string, error) {
	c, _, err := s.Store.Coverage(ctx, org, store.CoverageFilter{})
	if err != nil && problem.KindOf(err) != problem.NotFound {
		return nil, err
	}
	names := map[ident.Person]string{}
	for _, row := range c.Rows {
		names[row.Person] = row.UPN
	}
	return names, nil
}
