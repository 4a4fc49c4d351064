// Package record writes what is finished into the store: projections, requests and their answers, reductions,
// and the ledger. Every activity is safe to repeat: keys and stamps make the second time change nothing.
//
//	requests.go  questions, answers, a yes taken back      people.go      whom a question is about
//	reductions.go  who leaves                              brought.go     which abandoned accounts are ours to delete
package record

import (
	"context"
	"time"

	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/plan"
	"entente.dev/entente/internal/store"
)

// Store is what recording reads and writes.
type Store interface {
	store.Topologies
	store.Plans
	store.Snapshots
	store.Requests
	store.RequestPeople
	store.Facts
	store.Projections
	store.Reductions
	store.Ledger
}

// Activities are the recording activities; New wires them.
type Activities struct {
	store Store
	now   func() time.Time
}

// New returns the activities. now is the wall clock.
func New(s Store, now func() time.Time) *Activities { return &Activities{store: s, now: now} }

// PutShareStatus projects a share's status; an older one changes nothing.
func (a *Activities) PutShareStatus(ctx context.Context, in store.ShareStatus) error {
	return a.store.PutShareStatus(ctx, in)
}

// PutTenantStatus projects a tenant's status; an older one changes nothing.
func (a *Activities) PutTenantStatus(ctx context.Context, in store.TenantStatus) error {
	return a.store.PutTenantStatus(ctx, in)
}

// PutRun records the beginning or the end of a pass.
func (a *Activities) PutRun(ctx context.Context, in store.Run) error { return a.store.PutRun(ctx, in) }

// append adds to the ledger. Key makes a repeat harmless.
func (a *Activities) append(ctx context.Context, e store.Entry, people ...string) error {
	e.At = a.now()
	return store.AppendAbout(ctx, a.store, e, people)
}

// KeepRestored makes restored people wanted again until their set names them or the time is over.
func (a *Activities) KeepRestored(ctx context.Context, in contract.KeepRestoredIn) error {
	r, err := a.store.Reduction(ctx, in.Org, in.Command.ReductionID)
	if err != nil {
		return err
	}
	var keep []plan.Inclusion
	var people []string
	for _, m := range r.Removals {
		if named(in.Command.People, m.Person) && m.State != store.Lost {
			people = append(people, store.PersonAnd(m.Person, r.Share.Target, m.ObjectID)...)
			keep = append(keep, plan.Inclusion{Share: in.Share, Person: m.Person, Reason: "restore of " + r.ID + ": " + in.Command.Reason, Until: in.Until})
		}
	}
	if err := a.store.PutInclusions(ctx, in.Org, keep); err != nil {
		return err
	}
	return a.append(ctx, store.Entry{
		Org: in.Org, Actor: in.Command.By, Verb: "restore", Object: r.ID, Tenant: in.Share.Target, Share: &in.Share,
		Key: "restore/" + r.ID + "/" + in.Until.UTC().Format(time.RFC3339Nano), Data: map[string]string{"reason": in.Command.Reason},
	}, people...)
}

// DropShare forgets the envelope of a stopped share: whoever starts it again asks again.
func (a *Activities) DropShare(ctx context.Context, in contract.DropShareIn) error {
	if err := a.store.DropEnvelope(ctx, in.Org, in.Share); err != nil {
		return err
	}
	inclusions, err := a.store.Inclusions(ctx, in.Org)
	if err != nil {
		return err
	}
	for _, i := range inclusions {
		if i.Share == in.Share {
			if err := a.store.DropInclusion(ctx, in.Org, in.Share, i.Person); err != nil {
				return err
			}
		}
	}
	return a.append(ctx, store.Entry{
		Org: in.Org, Actor: in.By, Verb: "stop", Object: in.Share.String(), Tenant: in.Share.Source, Share: &in.Share,
		Key: "stop/" + in.Share.String() + "/" + in.Run, Data: map[string]string{"reason": in.Reason},
	})
}

// RecordConversions notes, before it happens, which guests become Members and what they were; with Revert it
// makes the share keep guests from now on, so that the mapping stops being recurring.
func (a *Activities) RecordConversions(ctx context.Context, in contract.GuestsIn) error {
	if in.Revert {
		return a.keepGuests(ctx, in)
	}
	p, err := a.store.SharePlan(ctx, in.Org, in.PlanDigest)
	if err != nil {
		return err
	}
	var conversions []store.Conversion
	var people []string
	for _, e := range p.Effects {
		if e.Action == plan.Adopt {
			people = append(people, store.PersonAnd(e.Person, e.Tenant, e.ObjectID)...)
			conversions = append(conversions, store.Conversion{
				Share: in.Share, Person: e.Person, Tenant: e.Tenant, ObjectID: e.ObjectID, From: "Guest", To: "Member", At: a.now(),
			})
		}
	}
	if err := a.store.PutConversions(ctx, in.Org, conversions); err != nil {
		return err
	}
	return a.append(ctx, store.Entry{
		Org: in.Org, Actor: in.Run, Verb: "convert-guests", Object: in.PlanDigest, Tenant: in.Share.Target, Share: &in.Share, Key: "convert/" + in.Run,
	}, people...)
}

func (a *Activities) keepGuests(ctx context.Context, in contract.GuestsIn) error {
	envelopes, err := a.store.Envelopes(ctx, in.Org)
	if err != nil {
		return err
	}
	for _, e := range envelopes {
		if e.Share == in.Share {
			e.ExistingGuests = "keep"
			if err := a.store.PutEnvelope(ctx, in.Org, e); err != nil {
				return err
			}
		}
	}
	return a.append(ctx, store.Entry{
		Org: in.Org, Actor: in.Run, Verb: "revert-conversions", Object: in.Share.String(), Tenant: in.Share.Target, Share: &in.Share, Key: "revert/" + in.Run,
	})
}
