package storetest

import (
	"fmt"
	"testing"

	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/store"
)

// stamps is a sequence of writes and whether each must win over what is stored by then.
var stamps = []struct {
	stamp store.Stamp
	wins  bool
}{
	{store.Stamp{Run: 2, Seq: 5}, true}, {store.Stamp{Run: 2, Seq: 5}, false}, {store.Stamp{Run: 2, Seq: 4}, false},
	{store.Stamp{Run: 1, Seq: 9}, false}, {store.Stamp{Run: 2, Seq: 6}, true}, {store.Stamp{Run: 3, Seq: 0}, true},
	{store.Stamp{Run: 2, Seq: 7}, false}, {store.Stamp{Run: 3, Seq: 1}, true},
}

func shareStatuses(t *testing.T, d Database) {
	s, ctx := open(t, d), t.Context()
	_, err := s.ShareStatus(ctx, org, bc)
	is(t, err, problem.NotFound)
	var want store.ShareStatus
	for i, step := range stamps {
		st := store.ShareStatus{Org: org, Share: bc, Stamp: step.stamp, Phase: "apply", Detail: fmt.Sprint(i), People: i,
			Problem: problem.New(problem.Throttled, "list users", "slow"), UpdatedAt: at(i)}
		ok(t, s.PutShareStatus(ctx, st))
		if step.wins {
			want = st
		}
		same(t, value[store.ShareStatus](t)(s.ShareStatus(ctx, org, bc)), want)
	}
	other := store.ShareStatus{Org: org, Share: ba, InSync: true}
	ok(t, s.PutShareStatus(ctx, other))
	same(t, value[[]store.ShareStatus](t)(s.ShareStatuses(ctx, org)), []store.ShareStatus{other, want})
	parallel(t, 16, func(i int) error {
		return s.PutShareStatus(ctx, store.ShareStatus{Org: org, Share: bc, Stamp: store.Stamp{Run: 10, Seq: (i * 7) % 16}})
	})
	same(t, value[store.ShareStatus](t)(s.ShareStatus(ctx, org, bc)).Stamp.Seq, 15)
}

func tenantStatuses(t *testing.T, d Database) {
	s, ctx := open(t, d), t.Context()
	var want store.TenantStatus
	for i, step := range stamps {
		st := store.TenantStatus{Org: org, Tenant: "b", Stamp: step.stamp, SnapshotID: fmt.Sprint(i), ObservedAt: at(i), UpdatedAt: at(i)}
		ok(t, s.PutTenantStatus(ctx, st))
		if step.wins {
			want = st
		}
		same(t, value[[]store.TenantStatus](t)(s.TenantStatuses(ctx, org)), []store.TenantStatus{want})
	}
	other := store.TenantStatus{Org: org, Tenant: "B"} // sorted by bytes, as Go does, whatever the server's collation
	ok(t, s.PutTenantStatus(ctx, other))
	same(t, value[[]store.TenantStatus](t)(s.TenantStatuses(ctx, org)), []store.TenantStatus{other, want})
}

func runs(t *testing.T, d Database) {
	s, ctx := open(t, d), t.Context()
	started := func(share ident.Share, seq, hour int) store.Run {
		return store.Run{Org: org, Share: share, Seq: seq, Trigger: "signal", Phase: "observe", StartedAt: at(hour)}
	}
	one, two, three := started(bc, 1, 0), started(ba, 1, 1), started(bc, 2, 2)
	for _, r := range []store.Run{one, two, three} {
		ok(t, s.PutRun(ctx, r))
	}
	early := three
	three.Outcome, three.EndedAt = "done", at(3)
	ok(t, s.PutRun(ctx, three))
	ok(t, s.PutRun(ctx, early))
	get := func(share *ident.Share, limit int) []store.Run {
		t.Helper()
		return value[[]store.Run](t)(s.Runs(ctx, org, share, limit))
	}
	same(t, get(nil, 0), []store.Run{three, two, one})
	same(t, get(&bc, 0), []store.Run{three, one})
	same(t, get(nil, 2), []store.Run{three, two})
	same(t, get(&ab, 0), []store.Run{})
}

func reductions(t *testing.T, d Database) {
	s, ctx := open(t, d), t.Context()
	_, err := s.Reduction(ctx, org, "x")
	is(t, err, problem.NotFound)
	var want store.Reduction
	for i, step := range stamps {
		r := store.Reduction{ID: "x", Org: org, Share: bc, Status: "grace", Stamp: step.stamp, OpenedAt: day, UpdatedAt: at(i),
			Removals: []store.Removal{{Person: who("p"), UPN: "p@b.example", State: store.Announced, At: at(i)}}}
		ok(t, s.PutReduction(ctx, r))
		if step.wins {
			want = r
		}
		same(t, value[store.Reduction](t)(s.Reduction(ctx, org, "x")), want)
	}
	newer := store.Reduction{ID: "a", Org: org, Share: ba, OpenedAt: at(1)}
	ok(t, s.PutReduction(ctx, newer))
	same(t, value[[]store.Reduction](t)(s.ListReductions(ctx, org)), []store.Reduction{newer, want})
}
