package graphwrite

import (
	"context"

	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/graph"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/plan"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/store"
)

// BlockPlanned turns the sign-in of those off whom a share plan names. Each write is checked a second time: a hold of
// the target in force asks for it, and the account is of somebody who lives elsewhere.
func (a *Activities) BlockPlanned(ctx context.Context, in contract.GuestsIn) (contract.BatchOut, error) {
	return a.switchPlanned(ctx, in, signIn{kind: plan.Block, verb: "block-person", on: false})
}

// UnblockPlanned turns sign-ins on again where a hold of ours that is over had turned them off, and forgets those
// holds. An account that an admin turned off by hand has none, and stays off.
func (a *Activities) UnblockPlanned(ctx context.Context, in contract.GuestsIn) (contract.BatchOut, error) {
	return a.switchPlanned(ctx, in, signIn{kind: plan.Unblock, verb: "unblock-person", on: true})
}

// signIn is one direction of the switch.
type signIn struct {
	kind plan.Kind
	verb string
	on   bool
}

// held is an account that a plan names, with its person.
type held struct {
	id     string
	person ident.Person
}

// switchPlanned switches what holds still ask for. Done counts the accounts that were written, Failed those that Graph
// refuses for good, or that are of somebody who lives in the tenant; what needs nothing any more is neither.
func (a *Activities) switchPlanned(ctx context.Context, in contract.GuestsIn, s signIn) (contract.BatchOut, error) {
	ctx = watched(ctx)
	var out contract.BatchOut
	client, err := a.clients.Writer(in.Tenant.TenantID)
	if err != nil {
		return out, err
	}
	asked, err := a.asked(ctx, in, s)
	if err != nil {
		return out, err
	}
	for _, h := range asked {
		written, err := a.switchOne(ctx, client, in, s, h)
		switch {
		case problem.KindOf(err) == problem.Rejected && err != nil:
			out.Failed++
			continue
		case err != nil:
			return out, err
		case written:
			out.Done++
		}
		if s.on { // a hold in force, of a moment ago, stays
			if err := a.store.DropHold(ctx, in.Org, h.person, in.Tenant.Name); err != nil {
				return out, err
			}
		}
	}
	return out, nil
}

// asked are those of a plan for whom the store, read now, still holds what the plan was made on: a block in force to
// turn a sign-in off; to turn it on, a block that is over and no other hold.
func (a *Activities) asked(ctx context.Context, in contract.GuestsIn, s signIn) ([]held, error) {
	p, err := a.store.SharePlan(ctx, in.Org, in.PlanDigest)
	if err != nil {
		return nil, err
	}
	holds, err := a.store.Holds(ctx, in.Org)
	if err != nil {
		return nil, err
	}
	inForce, blocked, over := map[ident.Person]bool{}, map[ident.Person]bool{}, map[ident.Person]bool{}
	for _, h := range holds {
		switch {
		case h.Tenant != in.Tenant.Name:
		case !h.Over(a.now()):
			inForce[h.Person], blocked[h.Person] = true, h.Kind == plan.HoldBlocked
		case h.Kind == plan.HoldBlocked:
			over[h.Person] = true
		}
	}
	people := map[string]ident.Person{}
	for _, e := range p.Effects {
		if e.ObjectID != "" && e.Tenant == in.Tenant.Name {
			people[e.ObjectID] = e.Person
		}
	}
	var out []held
	for _, c := range p.Changes {
		if c.Kind != s.kind {
			continue
		}
		for _, id := range c.People {
			who, known := people[id]
			if known && (s.on && over[who] && !inForce[who] || !s.on && blocked[who]) {
				out = append(out, held{id: id, person: who})
			}
		}
	}
	return out, nil
}

// switchOne switches one account where it stands otherwise. An account that is gone, or of somebody who lives here,
// is let be.
func (a *Activities) switchOne(ctx context.Context, client Graph, in contract.GuestsIn, s signIn, h held) (written bool, err error) {
	u, err := client.User(ctx, h.id)
	who := store.PersonAnd(h.person, in.Tenant.Name, h.id)
	switch {
	case missing(err):
		return false, nil
	case err != nil:
		return false, err
	case !u.External():
		return false, notOurs("switch a sign-in", in.WriteIn, h.id)
	case u.Enabled == s.on:
		return false, a.found(ctx, in.WriteIn, s.verb, h.id, who...)
	}
	if err := client.UpdateUser(ctx, h.id, graph.UserPatch{AccountEnabled: &s.on}); err != nil {
		return false, repeatable(err)
	}
	return true, a.did(ctx, in.WriteIn, s.verb, h.id, change{before: signInState(u.Enabled), after: signInState(s.on), people: who})
}

func signInState(on bool) map[string]bool { return map[string]bool{"accountEnabled": on} }
