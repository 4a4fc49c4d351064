package store

import (
	"context"

	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/problem"
)

// UpdateReduction reads a reduction, lets change work on it, and stores it under the next stamp. A removal and a
// restore of the same people are followed side by side, by different processes: when another write came between,
// the change is made again on what that one left, so that neither is lost. change may run more than once, and on
// its own outcome.
func UpdateReduction(ctx context.Context, s Reductions, org, id string, change func(*Reduction) error) (Reduction, error) {
	const tries = 20
	for range tries {
		r, err := s.Reduction(ctx, org, id)
		if err != nil {
			return r, err
		}
		if err := change(&r); err != nil {
			return r, err
		}
		r.Stamp.Seq++
		if err := s.PutReduction(ctx, r); err != nil {
			return r, err
		}
		kept, err := s.Reduction(ctx, org, id)
		if err != nil {
			return r, err
		}
		if ident.Digest(kept) == ident.Digest(r) {
			return r, nil
		}
	}
	return Reduction{}, problem.New(problem.Unavailable, "store a reduction", "others write it all the time")
}

// Leaving are the people whom reductions of a share took out of its scope and whose deletion is not proven yet: what
// Microsoft's engine may delete.
func Leaving(ctx context.Context, s Reductions, org string, share ident.Share) (map[ident.Person]bool, error) {
	all, err := s.ListReductions(ctx, org)
	if err != nil {
		return nil, err
	}
	out := map[ident.Person]bool{}
	for _, r := range all {
		if r.Share != share || r.Status != "removing" && r.Status != "proving" {
			continue
		}
		for _, m := range r.Removals {
			if m.State == Removed {
				out[m.Person] = true
			}
		}
	}
	return out, nil
}
