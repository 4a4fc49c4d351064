package record

import (
	"context"
	"slices"

	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/ledger"
	"entente.dev/entente/internal/plan"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/store"
	"entente.dev/entente/internal/topology"
)

// ProveBrought decides, from what is recorded, which of a reduction's abandoned accounts may be deleted by us: those of
// which the ledger says that this share brought them, or converted them with the target's consent, of people whom no
// plan wants, nobody protects and no hold keeps. Done counts them; of the others it is noted why they are kept.
func (a *Activities) ProveBrought(ctx context.Context, in contract.BroughtIn) (contract.BatchOut, error) {
	r, err := a.store.Reduction(ctx, in.Org, in.ID)
	if err != nil {
		return contract.BatchOut{}, err
	}
	j, err := a.judgement(ctx, in)
	if err != nil {
		return contract.BatchOut{}, err
	}
	brought, kept := map[ident.Person]string{}, map[ident.Person]string{}
	for _, m := range r.Removals {
		if m.State != store.Removed || m.Abandoned == "" || m.ObjectID == "" || m.Deleted != "" {
			continue
		}
		if kept[m.Person] = j.whyKept(m); kept[m.Person] != "" {
			continue
		}
		if brought[m.Person], err = a.broughtBy(ctx, in, m); err != nil {
			return contract.BatchOut{}, err
		}
		if brought[m.Person] == "" {
			kept[m.Person] = "nothing on record says that this share brought the account"
		}
	}
	var out contract.BatchOut
	_, err = store.UpdateReduction(ctx, a.store, in.Org, in.ID, func(r *store.Reduction) error {
		out = contract.BatchOut{}
		for i := range r.Removals {
			m := &r.Removals[i]
			why, judged := kept[m.Person]
			if !judged || m.State != store.Removed {
				continue
			}
			if m.Brought, m.Kept = brought[m.Person], why; why == "" {
				out.Done++
			} else {
				out.Failed++
			}
		}
		return nil
	})
	return out, err
}

// judgement is what speaks against a deletion.
type judgement struct {
	wanted, blocked map[ident.Person]bool
	home, target    map[string]string // who is protected, by object id
	unknown         bool              // nobody knows everybody who is protected
}

func (j judgement) whyKept(m store.Removal) string {
	switch {
	case j.wanted[m.Person]:
		return "the newest plan wants this person"
	case j.unknown:
		return "it is not known who is protected"
	case j.home[m.Person.ID] != "":
		return j.home[m.Person.ID]
	case j.target[m.ObjectID] != "":
		return j.target[m.ObjectID]
	case j.blocked[m.Person]:
		return "a hold of the target keeps it there, blocked"
	default:
		return ""
	}
}

func (a *Activities) judgement(ctx context.Context, in contract.BroughtIn) (judgement, error) {
	j := judgement{wanted: map[ident.Person]bool{}, blocked: map[ident.Person]bool{}}
	digests := []string{in.PlanDigest}
	if status, err := a.store.ShareStatus(ctx, in.Org, in.Share); err == nil && status.PlanDigest != "" {
		digests = append(digests, status.PlanDigest)
	} else if err != nil && problem.KindOf(err) != problem.NotFound {
		return j, err
	}
	for _, digest := range digests {
		p, err := a.store.SharePlan(ctx, in.Org, digest)
		if err != nil {
			return j, err
		}
		for _, e := range p.Effects {
			if e.Action != plan.Remove && e.Action != plan.HeldOut {
				j.wanted[e.Person] = true
			}
		}
	}
	holds, err := a.store.Holds(ctx, in.Org)
	if err != nil {
		return j, err
	}
	for _, h := range holds {
		if h.Tenant == in.Share.Target && h.Kind == plan.HoldBlocked && !h.Over(a.now()) {
			j.blocked[h.Person] = true
		}
	}
	return j, a.protected(ctx, in, &j)
}

// protected finds whom the two tenants protect, by the topology and the newest complete observations.
func (a *Activities) protected(ctx context.Context, in contract.BroughtIn, j *judgement) error {
	revision, err := a.store.Topology(ctx, in.Org, in.TopologyDigest)
	if err != nil {
		return err
	}
	t, problems := topology.Parse(revision.File, revision.Source)
	if err := problems.Err(); err != nil {
		return problem.Wrap(problem.Bug, "read a stored topology", err)
	}
	for tenant, at := range map[ident.Tenant]*map[string]string{in.Share.Source: &j.home, in.Share.Target: &j.target} {
		snapshot, ref, _, err := a.store.LatestSnapshot(ctx, in.Org, tenant)
		if err != nil {
			return err
		}
		guarded, refusals := plan.Guarded(t, snapshot)
		*at, j.unknown = guarded, j.unknown || !ref.Sealed || len(refusals) > 0
	}
	return nil
}

// broughtBy is the key of the ledger's entry that makes an account ours: the engine created it for this person, as its
// own log says, or the target agreed that it be converted. An account that was only found is nobody's but the target's.
func (a *Activities) broughtBy(ctx context.Context, in contract.BroughtIn, m store.Removal) (string, error) {
	const all = 0
	object := ledger.ObjectOf(in.Share.Target, m.ObjectID)
	entries, err := a.store.LedgerAbout(ctx, in.Org, object, all)
	if err != nil {
		return "", err
	}
	for _, e := range slices.Backward(entries) {
		ours := e.Object == m.ObjectID && e.Tenant == in.Share.Target && e.Share != nil && *e.Share == in.Share
		if ours && (e.Verb == "created" || e.Verb == "converted") && slices.Contains(e.People, ledger.PersonOf(m.Person)) {
			return e.Key, nil
		}
	}
	conversions, err := a.store.Conversions(ctx, in.Org)
	for _, c := range conversions {
		if c.Share == in.Share && c.Person == m.Person && c.ObjectID == m.ObjectID && c.Reverted.IsZero() {
			return "conversion/" + c.At.UTC().Format("2006-01-02T15:04:05Z"), err
		}
	}
	return "", err
}
