package planning

import (
	"testing"
	"time"

	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/directory"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/plan"
	"entente.dev/entente/internal/store"
)

// TestEarlierRemovalsCount against the windows of a budget: barbara leaves, and others left before.
func TestEarlierRemovalsCount(t *testing.T) {
	t.Parallel()
	const file = twoTenants + "defaults:\n  deprovisioning: { budget: { count: 1, percent: 100, day: { count: 2, percent: 100 }, week: { count: 3, percent: 100 } } }\n"
	one := func(id string, state store.RemovalState, ago time.Duration) store.Removal {
		return store.Removal{Person: ident.Person{Home: "b", ID: id}, State: state, At: noon.Add(-ago)}
	}
	days := func(n int) time.Duration { return time.Duration(n) * 24 * time.Hour }
	for name, test := range map[string]struct {
		before []store.Removal
		drain  bool
		why    string
	}{
		"nobody":          {},
		"one yesterday":   {before: []store.Removal{one("x", store.Proven, days(2))}},
		"two today":       {before: []store.Removal{one("x", store.Proven, time.Hour), one("y", store.Removed, time.Hour)}, why: "1 removal; 2 are allowed in 24 hours for share b→c, 2 were made already"},
		"three this week": {before: []store.Removal{one("x", store.Proven, days(2)), one("y", store.Proven, days(3)), one("z", store.Proven, days(6))}, why: "1 removal; 3 are allowed in 7 days for share b→c, 3 were made already"},
		"three long ago":  {before: []store.Removal{one("x", store.Proven, days(8)), one("y", store.Proven, days(8)), one("z", store.Proven, days(8))}},
		"two who came back": {before: []store.Removal{
			one("x", store.Returned, time.Hour), one("y", store.Returned, time.Hour)}},
		"herself, announced": {before: []store.Removal{one("barbara", store.Announced, time.Hour), one("x", store.Proven, time.Hour)}},
		"a stop":             {before: []store.Removal{one("x", store.Proven, time.Hour), one("y", store.Proven, time.Hour)}, drain: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := open(t)
			carrying(t, db, file)
			r := store.Reduction{ID: "r-1", Org: "contoso-group", Share: bc, Removals: test.before, Drain: test.drain, OpenedAt: noon, UpdatedAt: noon, Stamp: store.Stamp{Run: 1}}
			ok(t, db.PutReduction(t.Context(), r))
			ref := plannedBy(t, db, contract.PlanShareIn{TopologyDigest: "d2"})
			if ref.Budget.Why != test.why || ref.Budget.Over != (test.why != "") || ref.Budget.Removals != 1 {
				t.Errorf("%+v", ref.Budget)
			}
		})
	}
}

// carrying is a share that carries bob and barbara, of whom barbara left the set.
func carrying(t *testing.T, db store.Store, file string) {
	t.Helper()
	put(t, db, []string{"bob"}, noon)
	_, err := db.PutTopology(t.Context(), store.Revision{Org: "contoso-group", Digest: "d2", File: "t.yaml", Source: []byte(file), StoredAt: noon})
	ok(t, err)
	s, _, _, err := db.LatestSnapshot(t.Context(), "contoso-group", "b")
	ok(t, err)
	scope := directory.Group{ID: "scope", DisplayName: plan.GroupName("contoso-group", bc), SecurityEnabled: true, Users: []string{"barbara", "bob"}}
	s.Groups = append(s.Groups, scope)
	s.TakenAt = noon.Add(time.Second)
	_, err = db.PutSnapshot(t.Context(), "contoso-group", s, true, store.Cursor{})
	ok(t, err)
	ok(t, db.PutEnvelope(t.Context(), "contoso-group", agreed(noon.Add(time.Hour))))
}
