package planning

import (
	"context"
	"slices"

	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/plan"
)

// dropInclusions ends what kept restored people in a share whom its sets name again: from now on they leave when
// their set no longer names them. A set that cannot be resolved ends nothing.
func (a *Activities) dropInclusions(ctx context.Context, org string, share ident.Share, in plan.Input) error {
	var named []string
	for _, kept := range in.Inclusions {
		if kept.Share == share {
			named = append(named, kept.Person.ID)
		}
	}
	if len(named) == 0 {
		return nil
	}
	people := carried(share, in)
	for _, id := range named {
		if !slices.Contains(people, id) {
			continue
		}
		if err := a.store.DropInclusion(ctx, org, share, ident.Person{Home: share.Source, ID: id}); err != nil {
			return err
		}
	}
	return nil
}

// carried is everybody whom the sets of a share name in its source.
func carried(share ident.Share, in plan.Input) []string {
	var people []string
	for _, declared := range in.Topology.Shares {
		if declared.Share != share {
			continue
		}
		for _, set := range in.Topology.UserSets {
			if slices.Contains(declared.Sets, set.Name) {
				ids, _ := plan.People(set, in.Snapshots[share.Source].Snapshot())
				people = append(people, ids...)
			}
		}
	}
	return people
}
