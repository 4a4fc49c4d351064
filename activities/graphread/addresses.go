package graphread

import (
	"context"

	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/graph"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/prospect"
)

// CheckAddresses looks in the target whether its contacts and groups use the addresses of the people who ask, and what
// guests may see there, and stores what it found as the request's evidence. Every object of the target is read once, in
// pages, and none is kept. What the target does not let us read is a part of the evidence and no failure: a repeat
// would read as little. Throttling and outages are failures. A repeat looks again and replaces the evidence.
func (a *Activities) CheckAddresses(ctx context.Context, in contract.CheckAddressesIn) error {
	client, err := a.clients.Reader(in.Tenant.TenantID)
	if err != nil {
		return err
	}
	who, digest, err := a.askers(ctx, in)
	if err != nil {
		return err
	}
	e := prospect.Evidence{Plan: digest}
	if who.Len() > 0 {
		if err := collide(ctx, &e, who.Find(prospect.Contact), client.ContactAddresses, prospect.Unread{What: prospect.UnreadContacts, Permission: graph.PermissionContacts}); err != nil {
			return err
		}
		if err := collide(ctx, &e, who.Find(prospect.Group), client.GroupAddresses, prospect.Unread{What: prospect.UnreadGroups, Permission: graph.PermissionGroups}); err != nil {
			return err
		}
	}
	policy, err := client.Authorization(ctx)
	if err := missed(ctx, &e, err, prospect.Unread{What: prospect.UnreadPolicy, Permission: graph.PermissionAuthorization}); err != nil {
		return err
	}
	e.GuestRole, e.Invites, e.At = policy.GuestRole, policy.InvitesFrom, a.now()
	return a.store.PutEvidence(ctx, in.Org, in.RequestID, e)
}

// askers are the people of the request's newest list. A list that becomes another one while it is read is read again
// by the next attempt.
func (a *Activities) askers(ctx context.Context, in contract.CheckAddressesIn) (*prospect.Matcher, string, error) {
	who := prospect.NewMatcher(in.RequestID)
	page, err := a.store.Askers(ctx, in.Org, in.RequestID, "", 0)
	for err == nil {
		who.Add(page.Askers...)
		if page.Next == 0 {
			return who, page.Digest, nil
		}
		page, err = a.store.Askers(ctx, in.Org, in.RequestID, page.Digest, page.Next)
		if err != nil && problem.KindOf(err) == problem.NotFound {
			err = problem.Wrap(problem.Unavailable, "read whom a request would bring", err)
		}
	}
	return nil, "", err
}

// collide streams the addresses of one kind of objects. Those of a reading that broke off are used all the same, and it
// is said that there may be more.
func collide(ctx context.Context, e *prospect.Evidence, f *prospect.Finding, read func(context.Context, func(graph.Addressed) error) error, what prospect.Unread) error {
	err := read(ctx, func(found graph.Addressed) error {
		f.Used(found.Addresses...)
		return nil
	})
	if c := f.Collision(); c.Count > 0 {
		e.Collisions = append(e.Collisions, c)
	}
	return missed(ctx, e, err, what)
}

// missed notes what could not be read, and passes on what a repeat may mend.
func missed(ctx context.Context, e *prospect.Evidence, err error, what prospect.Unread) error {
	if err == nil {
		return nil
	}
	kind := problem.KindOf(err)
	if kind.Retryable() || ctx.Err() != nil {
		return err
	}
	if kind != problem.Forbidden {
		what.Permission, what.Kind = "", string(kind)
	}
	e.Unread = append(e.Unread, what)
	return nil
}
