// Package announce tells a tenant's admins of requests, once each: which channels an occasion goes to, and one delivery
// to one channel. What was delivered stands in the ledger and is not delivered again. A process that dies between the
// two leaves a repeat with the same identifier, which receivers can tell; it never leaves a delivery undone.
package announce

import (
	"context"
	"strconv"
	"time"

	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/notify"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/store"
)

// Store is what announcing reads and writes.
type Store interface {
	Request(ctx context.Context, org, id string) (store.Request, error)
	LedgerEntry(ctx context.Context, org, key string) (store.Entry, error)
	Append(ctx context.Context, e store.Entry) (store.Entry, error)
}

// Channels are the configured ones.
type Channels interface {
	For(t ident.Tenant, o contract.Occasion, escalated func(channel string) (bool, error)) ([]string, error)
	Message(id string, o contract.Occasion, r store.Request) notify.Message
	Deliver(ctx context.Context, channel string, m notify.Message) error
}

// Activities are the announcing activities; New wires them.
type Activities struct {
	store    Store
	channels Channels
	now      func() time.Time
}

// New returns the activities. now is the wall clock.
func New(s Store, c Channels, now func() time.Time) *Activities {
	return &Activities{store: s, channels: c, now: now}
}

const op = "announce a request"

// ListChannels names the channels that an occasion goes to; none is no error. A second group's channel gets what
// follows an escalation only when it was told of that.
func (a *Activities) ListChannels(ctx context.Context, in contract.AnnounceIn) (contract.ChannelsOut, error) {
	if err := valid(in); err != nil {
		return contract.ChannelsOut{}, err
	}
	r, err := a.request(ctx, in)
	if err != nil {
		return contract.ChannelsOut{}, err
	}
	names, err := a.channels.For(r.Tenant, in.Occasion, func(channel string) (bool, error) {
		escalation := contract.DeliverIn{AnnounceIn: in, Channel: channel}
		escalation.Occasion = contract.Escalated
		return a.done(ctx, escalation)
	})
	return contract.ChannelsOut{Channels: names}, err
}

// Deliver tells one channel, unless the ledger says that it was told, or there is nothing to say any more.
func (a *Activities) Deliver(ctx context.Context, in contract.DeliverIn) error {
	if err := valid(in.AnnounceIn); err != nil {
		return err
	}
	if in.ID == "" || in.Channel == "" {
		return problem.New(problem.Invalid, op, "a delivery has a channel and an identifier")
	}
	if done, err := a.done(ctx, in); done || err != nil {
		return err
	}
	r, err := a.request(ctx, in.AnnounceIn)
	if err != nil {
		return err
	}
	open := r.Status == store.Waiting
	switch {
	case in.Occasion != contract.Ended && !open:
		return nil // answered in the meantime
	case in.Occasion == contract.Ended && open:
		return problem.New(problem.Unavailable, op, "the request's end is not stored yet")
	}
	if err := a.channels.Deliver(ctx, in.Channel, a.channels.Message(in.ID, in.Occasion, r)); err != nil {
		return err
	}
	_, err = a.store.Append(ctx, store.Entry{
		Org: in.Org, At: a.now(), Actor: "entente", Verb: "notify", Object: r.ID, Tenant: r.Tenant, Share: &r.Share, Key: key(in), Data: data(in),
	})
	return err
}

// request is stored a moment before or after it is announced.
func (a *Activities) request(ctx context.Context, in contract.AnnounceIn) (store.Request, error) {
	r, err := a.store.Request(ctx, in.Org, in.RequestID)
	if problem.KindOf(err) == problem.NotFound {
		err = problem.New(problem.Unavailable, op, "the request is not stored yet")
	}
	return r, err
}

// done tells whether a delivery stands in the ledger.
func (a *Activities) done(ctx context.Context, in contract.DeliverIn) (bool, error) {
	e, err := a.store.LedgerEntry(ctx, in.Org, key(in))
	switch {
	case problem.KindOf(err) == problem.NotFound:
		return false, nil
	case err != nil:
		return false, err
	case e.Data["channel"] != in.Channel || e.Data["occasion"] != string(in.Occasion):
		return false, problem.New(problem.Bug, op, "the delivery has the identifier of another one")
	}
	return true, nil
}

// key is the delivery's, except that a request is escalated to a channel once: its key can be looked up by what
// follows.
func key(in contract.DeliverIn) string {
	if in.Occasion == contract.Escalated {
		return "notify/" + in.RequestID + "/escalated/" + in.Channel
	}
	return "notify/" + in.ID
}

func data(in contract.DeliverIn) map[string]string {
	d := map[string]string{"channel": in.Channel, "occasion": string(in.Occasion)}
	if in.Seq > 0 {
		d["seq"] = strconv.Itoa(in.Seq)
	}
	return d
}

func valid(in contract.AnnounceIn) error {
	switch in.Occasion {
	case contract.Asked, contract.Reminded, contract.Escalated, contract.Ended:
	default:
		return problem.New(problem.Invalid, op, "there is no such occasion")
	}
	if in.Org == "" || in.RequestID == "" {
		return problem.New(problem.Invalid, op, "an organization and a request are required")
	}
	return nil
}
