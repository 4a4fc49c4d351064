package store

import (
	"context"
	"time"

	"entente.dev/entente/internal/directory"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/plan"
)

// Door is what a target says of a share at this moment. Plans are made minutes before they are carried out, and a write
// may be repeated for as long: whoever adds people asks again at each attempt.
type Door struct {
	Closed   string         `json:"closed,omitempty"`   // why nobody may be added; empty: somebody may
	Out      []ident.Person `json:"out,omitempty"`      // whom the target keeps out all the same
	MaxUsers int            `json:"maxUsers,omitempty"` // how many the share may carry; 0: no bound of the target's
}

// DoorStore is what a door is read from.
type DoorStore interface {
	Envelopes(ctx context.Context, org string) ([]plan.Envelope, error)
	Holds(ctx context.Context, org string) ([]plan.Hold, error)
	LatestSnapshot(ctx context.Context, org string, tenant ident.Tenant) (*directory.Snapshot, SnapshotRef, Cursor, error)
}

// DoorOf reads the door of a share: its envelope, and the holds in force. Rules of exclusion are matched with what was
// last seen of the source.
func DoorOf(ctx context.Context, s DoorStore, org string, share ident.Share, now time.Time) (Door, error) {
	envelopes, err := s.Envelopes(ctx, org)
	if err != nil {
		return Door{}, err
	}
	door := Door{Closed: "nothing is accepted"}
	for _, e := range envelopes {
		if e.Share != share {
			continue
		}
		if door, err = opened(ctx, s, org, e, now); err != nil {
			return Door{}, err
		}
	}
	holds, err := s.Holds(ctx, org)
	for _, h := range holds {
		if h.Tenant == share.Target && h.Person.Home == share.Source && h.Kind == plan.HoldKeepOut && !h.Over(now) {
			door.Out = append(door.Out, h.Person)
		}
	}
	return door, err
}

func opened(ctx context.Context, s DoorStore, org string, e plan.Envelope, now time.Time) (Door, error) {
	door := Door{}
	switch {
	case e.Revoked != nil:
		return Door{Closed: "the acceptance was taken back"}, nil
	case e.Expired(now) && !e.Auto:
		return Door{Closed: "the acceptance has expired"}, nil
	}
	if !e.Auto {
		door.MaxUsers = e.MaxUsers
	}
	for _, x := range e.Exclusions {
		door.Out = append(door.Out, x.Person)
	}
	if len(e.Rules) == 0 {
		return door, nil
	}
	snapshot, _, _, err := s.LatestSnapshot(ctx, org, e.Share.Source)
	if err != nil {
		return Door{}, err
	}
	for _, u := range snapshot.Users {
		for _, rule := range e.Rules {
			if rule.Fits(u) {
				door.Out = append(door.Out, ident.Person{Home: e.Share.Source, ID: u.ID})
				break
			}
		}
	}
	return door, nil
}
