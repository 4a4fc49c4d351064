package api

import (
	"context"
	"fmt"
	"time"

	"entente.dev/entente/internal/api/wire"
	"entente.dev/entente/internal/directory"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/plan"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/store"
)

// inBin is how long Entra keeps a deleted user.
const inBin = 30 * 24 * time.Hour

// restorable sorts out who cannot come back as the same object, by the newest observations of both tenants. Nothing
// is asked of Graph: whom they do not show yet the restore itself finds out about.
func (s *server) restorable(ctx context.Context, org string, found []wire.RestoredShare) (can []wire.RestoredShare, lost []wire.Unrestorable, err error) {
	for _, r := range found {
		seen, err := s.seen(ctx, org, r.Share)
		if err != nil {
			return nil, nil, err
		}
		var back []store.Removal
		for _, m := range r.People {
			why := seen.whyLost(m, s.Now())
			if why == "" {
				back = append(back, m)
				continue
			}
			lost = append(lost, wire.Unrestorable{ReductionID: r.ReductionID, Share: r.Share, Person: m.Person, UPN: m.UPN, Reason: why})
		}
		if r.People = back; len(back) > 0 {
			can = append(can, r)
		}
	}
	return can, lost, nil
}

// sight is what the newest observations and the newest plan of a share say. A tenant that was not read to the last
// page is evidence of nothing: nil.
type sight struct {
	share        ident.Share
	home, target *directory.Snapshot
	wanted       map[ident.Person]bool
}

func (s *server) seen(ctx context.Context, org string, share ident.Share) (sight, error) {
	out := sight{share: share, wanted: map[ident.Person]bool{}}
	for tenant, at := range map[ident.Tenant]**directory.Snapshot{share.Source: &out.home, share.Target: &out.target} {
		snapshot, ref, _, err := s.Store.LatestSnapshot(ctx, org, tenant)
		if err != nil && problem.KindOf(err) != problem.NotFound {
			return out, err
		}
		if err == nil && ref.Sealed {
			snapshot.TakenAt = ref.TakenAt
			*at = snapshot
		}
	}
	status, err := s.Store.ShareStatus(ctx, org, share)
	if err != nil || status.PlanDigest == "" {
		return out, unless(err, problem.NotFound)
	}
	p, err := s.Store.SharePlan(ctx, org, status.PlanDigest)
	if err != nil {
		return out, unless(err, problem.NotFound)
	}
	for _, e := range p.Effects {
		out.wanted[e.Person] = e.Action != plan.Remove && e.Action != plan.HeldOut && e.Action != plan.Skip
	}
	return out, nil
}

// unless is err, but for one kind.
func unless(err error, kind problem.Kind) error {
	if err != nil && problem.KindOf(err) == kind {
		return nil
	}
	return err
}

// whyLost says why a person cannot come back as the same object; empty when nothing is known against it.
func (v sight) whyLost(m store.Removal, now time.Time) string {
	if t := v.target; t != nil && m.ObjectID != "" {
		if _, live := t.User(m.ObjectID); live {
			return v.whyNotAtHome(m)
		}
		switch u, binned := t.DeletedUser(m.ObjectID); {
		case binned && now.Sub(u.DeletedAt) > inBin:
			return fmt.Sprintf("deleted in %s on %s, more than 30 days ago: %s", v.share.Target, u.DeletedAt.UTC().Format(time.DateOnly), v.instead(m))
		case !binned && t.TakenAt.After(m.At):
			return fmt.Sprintf("purged in %s (seen on %s): %s", v.share.Target, t.TakenAt.UTC().Format(time.DateOnly), v.instead(m))
		}
	}
	return v.whyNotAtHome(m)
}

func (v sight) instead(m store.Removal) string {
	if v.wanted[m.Person] {
		return "comes back as a new object while still in the set"
	}
	return "does not come back; back in the set, they come as a new object"
}

func (v sight) whyNotAtHome(m store.Removal) string {
	if v.home == nil {
		return ""
	}
	if _, live := v.home.User(m.Person.ID); live {
		return ""
	}
	u, binned := v.home.DeletedUser(m.Person.ID)
	switch {
	case binned:
		return fmt.Sprintf("deleted at home, in %s, on %s: restore them there first, then here", v.share.Source, u.DeletedAt.UTC().Format(time.DateOnly))
	case v.home.TakenAt.After(m.At):
		return fmt.Sprintf("purged at home, in %s: there is nobody to bring back", v.share.Source)
	default:
		return ""
	}
}

// named gives the names at home to the people whose deletions the engine holds back.
func (s *server) named(ctx context.Context, org string, r store.Reduction) ([]store.Staged, error) {
	if len(r.Staged) == 0 {
		return nil, nil
	}
	home, _, _, err := s.Store.LatestSnapshot(ctx, org, r.Share.Source)
	if err != nil {
		return r.Staged, unless(err, problem.NotFound)
	}
	out := make([]store.Staged, len(r.Staged))
	for i, st := range r.Staged {
		u, live := home.User(st.Person.ID)
		if !live {
			u, _ = home.DeletedUser(st.Person.ID)
		}
		out[i] = store.Staged{Person: st.Person, UPN: u.UserPrincipalName}
	}
	return out, nil
}
