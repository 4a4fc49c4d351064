package planning

import (
	"testing"
	"time"

	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/directory"
	"entente.dev/entente/internal/plan"
	"entente.dev/entente/internal/store"
)

// TestAShareLearnsHowItsOwnJobIs: of several applications only the share's own counts.
func TestAShareLearnsHowItsOwnJobIs(t *testing.T) {
	t.Parallel()
	db := open(t)
	put(t, db, []string{"bob"}, noon)
	if job := planned(t, db).Job; job != (contract.JobHealth{}) {
		t.Fatalf("a share without a job has %+v", job)
	}
	app := func(name, reason string) directory.SyncApp {
		return directory.SyncApp{ServicePrincipalID: "sp-" + reason, DisplayName: name, Jobs: []directory.SyncJob{{
			ID: "job", Code: "Quarantine", State: "Active", QuarantineReason: reason, QuarantineCode: "X", QuarantinedAt: noon.Add(-time.Hour),
		}}}
	}
	b, _, _, err := db.LatestSnapshot(t.Context(), "contoso-group", "b")
	ok(t, err)
	b.TakenAt = noon.Add(time.Minute)
	b.Apps = []directory.SyncApp{app("somebody's", "Unknown"), app(plan.AppName("contoso-group", bc, "0c000000-0000-4000-8000-00000000000c"), "TooManyDeletes")}
	_, err = db.PutSnapshot(t.Context(), "contoso-group", b, true, store.Cursor{})
	ok(t, err)
	want := contract.JobHealth{Code: "Quarantine", State: "Active", Reason: "TooManyDeletes", Error: "X", Since: noon.Add(-time.Hour)}
	if job := planned(t, db).Job; job != want {
		t.Errorf("%+v", job)
	}
}

// TestAPlanSaysThatTheCalendarIsFrozen: a stop is not held up by it.
func TestAPlanSaysThatTheCalendarIsFrozen(t *testing.T) {
	t.Parallel()
	db := open(t)
	put(t, db, []string{"bob"}, noon)
	file := twoTenants + "freezes:\n  - { from: 2026-01-01, to: 2026-01-06, reason: \"year end\" }\n"
	_, err := db.PutTopology(t.Context(), store.Revision{Org: "contoso-group", Digest: "frozen", File: "t.yaml", Source: []byte(file), StoredAt: noon})
	ok(t, err)
	if ref := planned(t, db); !ref.FrozenUntil.IsZero() || ref.FreezeWhy != "" {
		t.Fatalf("frozen until %s without a freeze", ref.FrozenUntil)
	}
	a := New(db, func() time.Time { return noon })
	in := contract.PlanShareIn{Org: "contoso-group", TopologyDigest: "frozen", Share: bc}
	ref, err := a.PlanShare(t.Context(), in)
	ok(t, err)
	if want := time.Date(2026, 1, 7, 0, 0, 0, 0, time.UTC); !ref.FrozenUntil.Equal(want) || ref.FreezeWhy != "year end" {
		t.Errorf("frozen until %s: %q", ref.FrozenUntil, ref.FreezeWhy)
	}
	in.Drain = true
	if ref, err = a.PlanShare(t.Context(), in); err != nil || !ref.FrozenUntil.IsZero() {
		t.Errorf("a stop waits until %s (%v)", ref.FrozenUntil, err)
	}
}
