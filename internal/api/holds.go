package api

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"entente.dev/entente/internal/api/wire"
	"entente.dev/entente/internal/authn"
	"entente.dev/entente/internal/authz"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/ledger"
	"entente.dev/entente/internal/plan"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/store"
)

func (s *server) holdRoutes() {
	const base = "/v1/organizations/{org}/holds"
	handle(s, operation{method: http.MethodGet, path: base, id: "holds", summary: "People whom a target keeps out or blocks"}, s.holds)
	handle(s, operation{method: http.MethodPost, path: base, id: "hold", summary: "Keep a person out, or blocked"}, s.hold)
	handle(s, operation{method: http.MethodDelete, path: base + "/{tenant}/{home}/{person}", id: "release", summary: "Release a hold"}, s.release)
}

func (s *server) holds(ctx context.Context, in *OrgPath) (wire.Holds, error) {
	if err := s.allow(ctx, authz.Read, authz.OfOrg(in.Org)); err != nil {
		return wire.Holds{}, err
	}
	all, err := s.Store.Holds(ctx, in.Org)
	if err != nil {
		return wire.Holds{}, err
	}
	out := wire.Holds{Holds: []wire.Hold{}}
	if len(all) == 0 {
		return out, nil
	}
	names, err := s.upns(ctx, in.Org)
	if err != nil {
		return out, err
	}
	for _, h := range all {
		if s.may(ctx, authz.People, authz.OfTenant(in.Org, h.Tenant)) {
			out.Holds = append(out.Holds, wire.Hold{Hold: h, UPN: names[h.Person], State: holdState(h, s.Now())})
		}
	}
	return out, nil
}

type inHold struct {
	OrgPath
	KeyHeader
	Body wire.NewHold
}

func (s *server) hold(ctx context.Context, in *inHold) (wire.Hold, error) {
	if err := s.allow(ctx, authz.Hold, authz.OfTenant(in.Org, in.Body.Tenant)); err != nil {
		return wire.Hold{}, err
	}
	if strings.TrimSpace(in.Body.Reason) == "" {
		return wire.Hold{}, invalid("hold", "a hold needs its reason", "say why; later admins will read it")
	}
	homes, err := s.sharing(ctx, in.Org, in.Body.Tenant)
	if err != nil {
		return wire.Hold{}, err
	}
	person, upn, err := s.person(ctx, in.Org, in.Body.Person, func(t ident.Tenant) bool { return homes[t] })
	if err != nil {
		return wire.Hold{}, err
	}
	if person.Home == in.Body.Tenant {
		return wire.Hold{}, invalid("hold", fmt.Sprintf("the person lives in tenant %s; a hold is for people from elsewhere", person.Home), "block the account in that tenant instead")
	}
	h := plan.Hold{Person: person, Tenant: in.Body.Tenant, Kind: in.Body.Kind, Reason: in.Body.Reason, By: authn.From(ctx).Name, At: s.Now(), Until: in.Body.Until}
	if !h.Until.IsZero() && !h.At.Before(h.Until) {
		return wire.Hold{}, invalid("hold", "until is over already", "give a time to come, or none: until released")
	}
	if h.Kind == "" {
		h.Kind = "keepOut"
	}
	if err := s.placeHold(ctx, in.Org, h); err != nil {
		return wire.Hold{}, err
	}
	data := map[string]string{"kind": h.Kind, "reason": h.Reason}
	if !h.Until.IsZero() {
		data["until"] = h.Until.UTC().Format(time.RFC3339)
	}
	return wire.Hold{Hold: h, UPN: upn, State: holdState(h, s.Now())}, s.factChanged(ctx, in.Org, "hold", h.Tenant, person, data, in.key())
}

// placeHold: to replace, shorten or change a hold ends the one that stands, so it takes the right to end it. The store
// looks and writes in one transaction.
func (s *server) placeHold(ctx context.Context, org string, h plan.Hold) error {
	if s.may(ctx, authz.Release, authz.OfTenant(org, h.Tenant)) {
		return s.Store.PutHold(ctx, org, h)
	}
	err := s.Store.PutNewHold(ctx, org, h)
	if err == nil || problem.KindOf(err) != problem.Conflict {
		return err
	}
	return withStatus(&problem.Error{Kind: problem.Forbidden, Op: "hold", Tenant: string(h.Tenant),
		Detail: fmt.Sprintf("tenant %s holds that person already, or still undoes a hold; nothing was changed", h.Tenant),
		Remedy: fmt.Sprintf("only an admin of tenant %s replaces, shortens or ends a hold; see `entente holds`", h.Tenant)}, http.StatusForbidden)
}

type inRelease struct {
	OrgPath
	KeyHeader
	Tenant string `path:"tenant" maxLength:"64"`
	Home   string `path:"home" maxLength:"64"`
	Person string `path:"person" maxLength:"100" doc:"Object id at home"`
}

func (s *server) release(ctx context.Context, in *inRelease) (wire.Hold, error) {
	tenant, person := ident.Tenant(in.Tenant), ident.Person{Home: ident.Tenant(in.Home), ID: in.Person}
	if err := s.allow(ctx, authz.Release, authz.OfTenant(in.Org, tenant)); err != nil {
		return wire.Hold{}, err
	}
	h, err := s.Store.EndHold(ctx, in.Org, person, tenant, s.Now())
	if err != nil {
		if problem.KindOf(err) == problem.NotFound {
			err = &problem.Error{Kind: problem.NotFound, Op: "release", Tenant: in.Tenant, Detail: "that person is not held there", Remedy: "see the list of holds"}
		}
		return wire.Hold{}, err
	}
	return wire.Hold{Hold: h, State: holdState(h, s.Now())}, s.factChanged(ctx, in.Org, "release", tenant, person, map[string]string{"kind": h.Kind}, in.key())
}

// holdState: a hold that is over is ending until what it did is undone.
func holdState(h plan.Hold, now time.Time) string {
	if h.Over(now) {
		return "ending"
	}
	return "inForce"
}

// factChanged records the decision, then wakes the shares it concerns. Should waking fail, the decision
// stands: the shares read it at their next pass.
func (s *server) factChanged(ctx context.Context, org, verb string, tenant ident.Tenant, person ident.Person, data map[string]string, key string) error {
	data["subject"] = authn.From(ctx).ID()
	_, err := s.Store.Append(ctx, store.Entry{
		Org: org, At: s.Now(), Actor: authn.From(ctx).Name, Verb: verb, Object: fmt.Sprintf("%s/%s", person.Home, person.ID),
		Tenant: tenant, Key: verb + "/" + key, Data: data, People: []string{ledger.PersonOf(person)},
	})
	if err != nil {
		return err
	}
	edge := ident.Share{Source: person.Home, Target: tenant}
	if _, err := s.Store.ShareStatus(ctx, org, edge); err != nil {
		if problem.KindOf(err) == problem.NotFound {
			return nil
		}
		return err
	}
	return s.Control.FactsChanged(ctx, org, edge)
}
