package api

import (
	"context"
	"slices"

	"entente.dev/entente/internal/api/wire"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/prospect"
	"entente.dev/entente/internal/store"
)

type inAskers struct {
	IDPath
	Digest string `query:"digest" maxLength:"128" doc:"Of the list that the parts before were of"`
	After  int    `query:"after" minimum:"0" doc:"next of the part before"`
}

// workerAskers tells no address: marks let a worker recognize those that its own tenant uses.
func (s *server) workerAskers(ctx context.Context, in *inAskers) (store.AskersPage, error) {
	r, err := s.askedOf(ctx, &in.IDPath)
	if err != nil {
		return store.AskersPage{}, err
	}
	return described(ctx, s, r, func() (store.AskersPage, error) { return s.Store.Askers(ctx, in.Org, in.ID, in.Digest, in.After) })
}

// askedOf is a waiting request to one of the worker's tenants. Nobody else looks there, and what people saw before they
// answered stays as it was.
func (s *server) askedOf(ctx context.Context, in *IDPath) (store.Request, error) {
	w, err := s.worker(ctx, in.Org)
	if err != nil {
		return store.Request{}, err
	}
	r, err := s.Store.Request(ctx, in.Org, in.ID)
	if err == nil {
		err = w.of(r.Tenant)
	}
	if err != nil {
		return store.Request{}, err
	}
	if r.Status != store.Waiting {
		return store.Request{}, &problem.Error{Kind: problem.Conflict, Op: "look for addresses", Tenant: string(r.Tenant), Detail: "the request is " + string(r.Status),
			Remedy: "nothing is to do: a request that was answered is not looked at again"}
	}
	return r, nil
}

type inEvidence struct {
	IDPath
	Body prospect.Evidence
}

// workerPutEvidence takes what a look in the target can find, about people who come from the request's source.
func (s *server) workerPutEvidence(ctx context.Context, in *inEvidence) (wire.Recorded, error) {
	const op = "store what was looked up"
	r, err := s.askedOf(ctx, &in.IDPath)
	if err != nil {
		return wire.Recorded{}, err
	}
	for _, c := range in.Body.Collisions {
		if c.Kind != prospect.Contact && c.Kind != prospect.Group {
			return wire.Recorded{}, beyond(op, r.Tenant, "a worker looks for contacts and groups only")
		}
		if len(c.People) > prospect.Most || c.Count < len(c.People) {
			return wire.Recorded{}, beyond(op, r.Tenant, "the people who are named are more than were counted")
		}
		for _, p := range c.People {
			if p.Home != r.Share.Source {
				return wire.Recorded{}, beyond(op, r.Tenant, "it is about people who do not ask")
			}
		}
	}
	for _, u := range in.Body.Unread {
		if !slices.Contains([]string{prospect.UnreadContacts, prospect.UnreadGroups, prospect.UnreadPolicy}, u.What) {
			return wire.Recorded{}, beyond(op, r.Tenant, "a worker looks at contacts, groups and the authorization policy only")
		}
	}
	return recorded(s.Store.PutEvidence(ctx, in.Org, in.ID, in.Body))
}
