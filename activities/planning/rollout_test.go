package planning

import (
	"testing"
	"time"

	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/plan"
	"entente.dev/entente/internal/store"
)

// TestARolloutHoldsBackWhoComesLater and who leaves later, even if it began long ago.
func TestARolloutHoldsBackWhoComesLater(t *testing.T) {
	t.Parallel()
	const file = twoTenants + "defaults:\n  rollout: { rings: [1, 100%] }\n"
	db := open(t)
	carrying(t, db, file)
	look := func(rollout *plan.Opened) contract.SharePlanRef {
		return plannedBy(t, db, contract.PlanShareIn{TopologyDigest: "d2", Rollout: rollout})
	}
	month := noon.Add(-30 * 24 * time.Hour)
	if ref := look(&plan.Opened{Rings: 1, Since: month}); ref.Ring != (plan.RingState{Open: 1, Of: 2, Removals: 1}) || ref.Leaving == "" {
		t.Errorf("%+v", ref.Ring)
	}
	r := store.Reduction{ID: "r-1", Org: "contoso-group", Share: bc, OpenedAt: month, UpdatedAt: month, Stamp: store.Stamp{Run: 1},
		Removals: []store.Removal{{Person: ident.Person{Home: "b", ID: "x"}, State: store.Proven, At: month}}}
	ok(t, db.PutReduction(t.Context(), r))
	if ref := look(&plan.Opened{Rings: 1, Since: month}); ref.Ring != (plan.RingState{Open: 1, Of: 2, More: true}) || ref.Leaving != "" {
		t.Errorf("one left in the first ring: %+v", ref.Ring)
	}
	for name, rollout := range map[string]*plan.Opened{"a rollout that began later": {Rings: 1, Since: noon.Add(-time.Hour)}, "the last ring": {Rings: 2, Since: month}, "no rollout": nil} {
		if ref := look(rollout); ref.Ring.Removals != 1 || ref.Ring.More {
			t.Errorf("%s: %+v", name, ref.Ring)
		}
	}
}
