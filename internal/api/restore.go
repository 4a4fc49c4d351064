package api

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"entente.dev/entente/internal/api/wire"
	"entente.dev/entente/internal/authn"
	"entente.dev/entente/internal/authz"
	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/store"
)

func (s *server) reductions(ctx context.Context, in *OrgPath) (wire.Reductions, error) {
	if err := s.allow(ctx, authz.Read, authz.OfOrg(in.Org)); err != nil {
		return wire.Reductions{}, err
	}
	all, err := s.Store.ListReductions(ctx, in.Org)
	if err != nil {
		return wire.Reductions{}, err
	}
	out := wire.Reductions{Reductions: []store.Reduction{}}
	for _, r := range all {
		if s.may(ctx, authz.People, authz.OfShare(authz.Reduction, in.Org, r.Share)) {
			r.Removals = list(r.Removals)
			if r.Staged, err = s.named(ctx, in.Org, r); err != nil {
				return wire.Reductions{}, err
			}
			out.Reductions = append(out.Reductions, r)
		}
	}
	return out, nil
}

type inRestore struct {
	OrgPath
	KeyHeader
	Body wire.Restore
}

func (s *server) restore(ctx context.Context, in *inRestore) (wire.Restored, error) {
	out := wire.Restored{Restores: []wire.RestoredShare{}}
	if (in.Body.ReductionID == "") == (in.Body.User == "") {
		return out, invalid("restore", "name either a reduction or a user", "see `entente reductions` for both")
	}
	found, whole, err := s.undone(ctx, in)
	if err != nil {
		return out, err
	}
	// All permissions are checked before the first command, so that a refusal leaves nothing half done.
	for _, r := range found {
		if err := s.allow(ctx, authz.Restore, authz.OfShare(authz.Reduction, in.Org, r.Share)); err != nil {
			return out, err
		}
	}
	if found, out.Lost, err = s.restorable(ctx, in.Org, found); err != nil {
		return out, err
	}
	for _, r := range found {
		if err := s.admitted(ctx, in.Org, r); err != nil {
			return out, err
		}
	}
	if in.Body.Preview {
		out.Restores = append(out.Restores, found...)
		return out, nil
	}
	if len(found) == 0 {
		return out, &problem.Error{Kind: problem.Conflict, Op: "restore", Detail: "nobody of them can come back as the same object; nothing was done",
			Remedy: "ask with preview who that is and why; people who are still in their set come as new objects"}
	}
	key := in.key()
	for _, r := range found {
		command := contract.RestoreCommand{ReductionID: r.ReductionID, By: authn.From(ctx).Name, Reason: in.Body.Reason}
		if !whole {
			for _, p := range r.People {
				command.People = append(command.People, p.Person)
			}
		}
		if err := s.Control.Restore(ctx, in.Org, r.Share, command, fmt.Sprintf("%s/%s-%s", key, r.Share.Source, r.Share.Target)); err != nil {
			return out, err
		}
		out.Restores = append(out.Restores, r)
	}
	return out, nil
}

// admitted refuses what the target would not let in: bringing people back is no way around its decisions. The activity
// that adds them asks again.
func (s *server) admitted(ctx context.Context, org string, r wire.RestoredShare) error {
	door, err := s.Store.Door(ctx, org, r.Share, s.Now())
	if err != nil {
		return err
	}
	refusal := &problem.Error{Kind: problem.Conflict, Op: "restore", Tenant: string(r.Share.Target), Remedy: "its admins decide; apply the topology so that they are asked, or ask them to release the hold"}
	held := 0
	for _, m := range r.People {
		if slices.Contains(door.Out, m.Person) {
			held++
		}
	}
	status, err := s.Store.ShareStatus(ctx, org, r.Share)
	if err != nil && problem.KindOf(err) != problem.NotFound {
		return err
	}
	switch {
	case door.Closed != "":
		refusal.Detail = fmt.Sprintf("tenant %s takes nobody in: %s; nothing was done", r.Share.Target, door.Closed)
	case held > 0:
		refusal.Detail = fmt.Sprintf("tenant %s keeps %d of them out; nothing was done", r.Share.Target, held)
	case door.MaxUsers > 0 && status.People+len(r.People) > door.MaxUsers:
		refusal.Detail = fmt.Sprintf("tenant %s accepted %d people; %d are carried and %d would come back; nothing was done", r.Share.Target, door.MaxUsers, status.People, len(r.People))
	default:
		return nil
	}
	return refusal
}

// undone finds what a restore is about: a whole reduction, or one person in the newest reduction of each share
// that took that person out and did not bring them back.
func (s *server) undone(ctx context.Context, in *inRestore) ([]wire.RestoredShare, bool, error) {
	if in.Body.ReductionID != "" {
		r, err := s.Store.Reduction(ctx, in.Org, in.Body.ReductionID)
		if err != nil {
			return nil, true, err
		}
		people := left(r, "")
		if len(people) == 0 {
			return nil, true, &problem.Error{Kind: problem.Conflict, Op: "restore", Tenant: string(r.Share.Target),
				Detail: "everybody of that reduction is back already", Remedy: "nothing to do"}
		}
		return []wire.RestoredShare{{ReductionID: r.ID, Share: r.Share, People: people}}, true, nil
	}
	all, err := s.Store.ListReductions(ctx, in.Org)
	if err != nil {
		return nil, false, err
	}
	var out []wire.RestoredShare
	seen := map[ident.Share]bool{}
	for _, r := range all {
		if people := left(r, in.Body.User); len(people) > 0 && !seen[r.Share] {
			seen[r.Share] = true
			out = append(out, wire.RestoredShare{ReductionID: r.ID, Share: r.Share, People: people})
		}
	}
	if len(out) == 0 {
		return nil, false, &problem.Error{Kind: problem.NotFound, Op: "restore", Detail: "no reduction took that person out, or they are back already",
			Remedy: "use the user principal name at home; `entente reductions` lists who left"}
	}
	return out, false, nil
}

// left are the people of a reduction who are not back; only one of them when a name is given.
func left(r store.Reduction, upn string) []store.Removal {
	var out []store.Removal
	for _, removal := range r.Removals {
		if removal.State != store.Returned && (upn == "" || strings.EqualFold(removal.UPN, strings.TrimSpace(upn))) {
			out = append(out, removal)
		}
	}
	return out
}
