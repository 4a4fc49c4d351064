package graphread

import (
	"context"
	"slices"
	"strings"

	"entente.dev/entente/internal/directory"
	"entente.dev/entente/internal/graph"
	"entente.dev/entente/internal/problem"
)

// users applies the user delta to what was known. A lost token means a full read, never a guess.
func (o *observation) users(ctx context.Context) error {
	live, link, err := o.followUsers(ctx, o.known.Users, o.cursor.UsersLink)
	if problem.KindOf(err) == problem.DeltaReset && err != nil {
		live, link, err = o.followUsers(ctx, nil, "")
	}
	if err != nil {
		return err
	}
	o.cursor.UsersLink = link
	o.next.Users = live
	o.next.Read = append(o.next.Read, directory.Users)
	return nil
}

func (o *observation) followUsers(ctx context.Context, known []directory.User, link string) ([]directory.User, string, error) {
	byID := make(map[string]directory.User, len(known))
	if link != "" {
		for _, u := range known {
			byID[u.ID] = u
		}
	}
	binned := make(map[string]bool, len(o.known.Deleted))
	for _, u := range o.known.Deleted {
		binned[u.ID] = true
	}
	next, err := o.graph.UsersDelta(ctx, link, func(ch graph.UserChange) error {
		o.binned = true
		if ch.Removed != "" {
			delete(byID, ch.ID)
			return nil
		}
		o.returned = o.returned || binned[ch.ID]
		byID[ch.ID] = ch.Merge(byID[ch.ID])
		return nil
	})
	if err != nil {
		return nil, "", err
	}
	live := make([]directory.User, 0, len(byID))
	for _, u := range byID {
		live = append(live, u)
	}
	slices.SortFunc(live, byUserID)
	return live, next, nil
}

func byUserID(a, b directory.User) int { return strings.Compare(a.ID, b.ID) }

// deleted reads the recycle bin when it may have changed: people come and go there only together with a change
// in the user delta.
func (o *observation) deleted(ctx context.Context) error {
	o.next.Read = append(o.next.Read, directory.Deleted)
	if !o.isTarget() && !o.isSource() {
		return nil
	}
	if !o.binned && !o.first && !o.in.Deep {
		o.next.Deleted = o.known.Deleted
		return nil
	}
	err := o.graph.DeletedUsers(ctx, func(u directory.User) error {
		o.next.Deleted = append(o.next.Deleted, u)
		return nil
	})
	slices.SortFunc(o.next.Deleted, byUserID)
	return err
}
