package storetest

import (
	"context"
	"errors"
	"strings"
	"testing"

	"entente.dev/entente/internal/coverage"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/plan"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/store"
)

func badInput(t *testing.T, d Database) {
	s, ctx := open(t, d), t.Context()
	for _, bad := range []string{"", "nul\x00", "broken \xff"} {
		is(t, second(s.PutTopology(ctx, store.Revision{Org: bad, Digest: "d"})), problem.Invalid)
		is(t, second(s.PutTopology(ctx, store.Revision{Org: org, Digest: bad})), problem.Invalid)
		is(t, second(s.PutSnapshot(ctx, bad, snapshot(1, 0), true, store.Cursor{})), problem.Invalid)
		is(t, s.PutPlan(ctx, org, &plan.Plan{Digest: bad}), problem.Invalid)
		is(t, s.PutSharePlan(ctx, bad, &plan.SharePlan{Digest: "d"}), problem.Invalid)
		is(t, s.PutRequest(ctx, store.Request{Org: org, ID: bad, Status: store.Waiting}), problem.Invalid)
		is(t, s.PutEnvelope(ctx, org, plan.Envelope{Share: ident.Share{Source: ident.Tenant(bad), Target: "c"}}), problem.Invalid)
		is(t, s.DropEnvelope(ctx, org, ident.Share{Source: "b", Target: ident.Tenant(bad)}), problem.Invalid)
		is(t, s.PutLinks(ctx, org, []plan.Link{{Person: who("x"), Tenant: "c"}, {Person: who(bad), Tenant: "c"}}), problem.Invalid)
		is(t, s.PutOwned(ctx, org, store.Owned{ID: bad}), problem.Invalid)
		is(t, s.DropOwned(ctx, org, bad), problem.Invalid)
		is(t, s.PutHold(ctx, org, plan.Hold{Person: who("x"), Tenant: ident.Tenant(bad)}), problem.Invalid)
		is(t, s.DropHold(ctx, org, who(bad), "c"), problem.Invalid)
		is(t, s.PutInclusions(ctx, org, []plan.Inclusion{{Share: bc, Person: who(bad)}}), problem.Invalid)
		is(t, s.DropInclusion(ctx, bad, bc, who("x")), problem.Invalid)
		is(t, s.PutConversions(ctx, bad, []store.Conversion{{Share: bc, Person: who("x")}}), problem.Invalid)
		is(t, s.PutShareStatus(ctx, store.ShareStatus{Org: bad, Share: bc}), problem.Invalid)
		is(t, s.PutTenantStatus(ctx, store.TenantStatus{Org: org, Tenant: ident.Tenant(bad)}), problem.Invalid)
		is(t, s.PutRun(ctx, store.Run{Org: bad, Share: bc}), problem.Invalid)
		is(t, s.PutReduction(ctx, store.Reduction{Org: org, ID: bad}), problem.Invalid)
		is(t, second(s.Append(ctx, store.Entry{Org: org, Key: bad})), problem.Invalid)
		is(t, s.PutCoverage(ctx, org, coverage.Coverage{Rows: []coverage.Row{{Person: who("x"), UPN: bad}}}, day), problem.Invalid)
	}
	is(t, second(s.Append(ctx, store.Entry{Org: org, Key: "k", People: []string{"nul\x00"}})), problem.Invalid)
	is(t, second(s.NewestCheckpoint(ctx, "nobody")), problem.NotFound)
	is(t, s.PutPlan(ctx, org, nil), problem.Invalid)
	is(t, s.PutSharePlan(ctx, org, nil), problem.Invalid)
	is(t, second(s.PutSnapshot(ctx, org, nil, false, store.Cursor{})), problem.Invalid)
	same(t, value[[]plan.Link](t)(s.Links(ctx, org)), []plan.Link{})
	is(t, second(s.Request(ctx, org, "nul\x00")), problem.Invalid)
	for _, list := range []func(string) error{
		func(org string) error { return second(s.Envelopes(ctx, org)) },
		func(org string) error { return second(s.Links(ctx, org)) },
		func(org string) error { return second(s.Owned(ctx, org)) },
		func(org string) error { return second(s.Holds(ctx, org)) },
		func(org string) error { return second(s.Inclusions(ctx, org)) },
		func(org string) error { return second(s.Conversions(ctx, org)) },
		func(org string) error { return second(s.ShareStatuses(ctx, org)) },
		func(org string) error { return second(s.TenantStatuses(ctx, org)) },
		func(org string) error { return second(s.Runs(ctx, org, nil, 0)) },
		func(org string) error { return second(s.ListReductions(ctx, org)) },
		func(org string) error { return second(s.LedgerEntries(ctx, org, 0, 0)) },
		func(org string) error { return second(s.LedgerRows(ctx, org, 0, 0)) },
		func(org string) error { return second(s.LedgerAbout(ctx, org, "b/bob", 0)) },
		func(org string) error { return second(s.LedgerTree(ctx, org)) },
		func(org string) error { return second(s.Checkpoints(ctx, org, 0, 0)) },
		func(org string) error { return second(s.VerifyLedger(ctx, org)) },
	} {
		is(t, list("nul\x00"), problem.Invalid)
		ok(t, list("nobody"))
	}
	injection := "x'; DROP TABLE ledger; --"
	value[store.Entry](t)(s.Append(ctx, store.Entry{Org: injection, Key: injection}))
	same(t, value[int64](t)(s.VerifyLedger(ctx, injection)), int64(1))
}

func second[T any](_ T, err error) error { return err }

// apart writes the same keys for two organizations.
func apart(t *testing.T, d Database) {
	s, ctx := open(t, d), t.Context()
	fill(t, s)
	const other = "adatum"
	same(t, len(value[[]plan.Envelope](t)(s.Envelopes(ctx, other))), 0)
	same(t, len(value[[]plan.Link](t)(s.Links(ctx, other))), 0)
	same(t, len(value[[]store.ShareStatus](t)(s.ShareStatuses(ctx, other))), 0)
	same(t, len(value[[]store.Run](t)(s.Runs(ctx, other, nil, 0))), 0)
	is(t, second(s.Plan(ctx, other, "d")), problem.NotFound)
	is(t, second(s.Request(ctx, other, "r1")), problem.NotFound)
	is(t, second(s.Reduction(ctx, other, "x")), problem.NotFound)
	is(t, second(s.LatestSnapshotRef(ctx, other, "b")), problem.NotFound)
	ok(t, s.PutRequestPeople(ctx, org, "r1", Asking(3, "d"), nil))
	is(t, second(s.RequestPeople(ctx, other, "r1", "d", store.PeopleFilter{})), problem.NotFound)
	ok(t, s.PutRequestPeople(ctx, other, "r1", Asking(2, "d"), nil))
	same(t, value[store.PeoplePage](t)(s.RequestPeople(ctx, org, "r1", "d", store.PeopleFilter{})).Total, 3)
	ok(t, s.PutCoverage(ctx, other, Matrix(2, coverage.Member), day))
	same(t, len(read(t, s, store.CoverageFilter{}).Rows), 5)
	ok(t, s.DropHold(ctx, other, who("x"), "c"))
	same(t, len(value[[]plan.Hold](t)(s.Holds(ctx, org))), 1)
}

// fill writes one thing of every kind.
func fill(t *testing.T, s store.Store) {
	t.Helper()
	ctx := t.Context()
	value[store.Revision](t)(s.PutTopology(ctx, store.Revision{Org: org, Digest: "d", Source: []byte("x"), StoredAt: day}))
	value[store.SnapshotRef](t)(s.PutSnapshot(ctx, org, snapshot(50, 0), true, store.Cursor{UsersLink: "l"}))
	ok(t, s.PutPlan(ctx, org, &plan.Plan{Digest: "d", Name: "n"}))
	ok(t, s.PutSharePlan(ctx, org, &plan.SharePlan{Digest: "d", Share: bc}))
	ok(t, s.PutRequest(ctx, request("r1", bc, 0)))
	ok(t, s.PutEnvelope(ctx, org, plan.Envelope{Share: bc, MaxUsers: 3}))
	ok(t, s.PutLinks(ctx, org, []plan.Link{{Person: who("x"), Tenant: "c", ObjectID: "o"}}))
	ok(t, s.PutOwned(ctx, org, store.Owned{ID: "1"}))
	ok(t, s.PutHold(ctx, org, plan.Hold{Person: who("x"), Tenant: "c"}))
	ok(t, s.PutInclusions(ctx, org, []plan.Inclusion{{Share: bc, Person: who("x")}}))
	ok(t, s.PutConversions(ctx, org, []store.Conversion{{Share: bc, Person: who("x"), At: day}}))
	ok(t, s.PutShareStatus(ctx, store.ShareStatus{Org: org, Share: bc, Stamp: store.Stamp{Run: 1}}))
	ok(t, s.PutTenantStatus(ctx, store.TenantStatus{Org: org, Tenant: "b"}))
	ok(t, s.PutRun(ctx, store.Run{Org: org, Share: bc, Seq: 1}))
	ok(t, s.PutCoverage(ctx, org, Matrix(5, coverage.Member), day))
	ok(t, s.PutReduction(ctx, store.Reduction{Org: org, ID: "x"}))
	value[store.Entry](t)(s.Append(ctx, entry("k")))
}

// everything reads all of one organization.
func everything(t *testing.T, s store.Store) []any {
	t.Helper()
	ctx := t.Context()
	snap, ref, cursor, err := s.LatestSnapshot(ctx, org, "b")
	ok(t, err)
	return []any{
		snap, ref, cursor,
		value[store.Revision](t)(s.LatestTopology(ctx, org)), value[[]string](t)(s.Organizations(ctx)),
		value[*plan.Plan](t)(s.Plan(ctx, org, "d")), value[*plan.SharePlan](t)(s.SharePlan(ctx, org, "d")),
		value[[]store.Request](t)(s.ListRequests(ctx, store.RequestFilter{})), value[[]plan.Envelope](t)(s.Envelopes(ctx, org)),
		value[[]plan.Link](t)(s.Links(ctx, org)), value[[]store.Owned](t)(s.Owned(ctx, org)), value[[]plan.Hold](t)(s.Holds(ctx, org)),
		value[[]plan.Inclusion](t)(s.Inclusions(ctx, org)), value[[]store.Conversion](t)(s.Conversions(ctx, org)),
		value[[]store.ShareStatus](t)(s.ShareStatuses(ctx, org)), value[[]store.TenantStatus](t)(s.TenantStatuses(ctx, org)),
		value[[]store.Run](t)(s.Runs(ctx, org, nil, 0)), read(t, s, store.CoverageFilter{}),
		value[[]store.Reduction](t)(s.ListReductions(ctx, org)), value[[]store.Entry](t)(s.LedgerEntries(ctx, org, 0, 0)),
	}
}

// reopen: what one process wrote another finds, and writing it again changes nothing.
func reopen(t *testing.T, d Database) {
	s := value[store.Store](t)(d.Open(t.Context()))
	fill(t, s)
	want := everything(t, s)
	ok(t, s.Close())
	ok(t, s.Close())
	s = open(t, d)
	same(t, everything(t, s), want)
	fill(t, s)
	same(t, everything(t, s), want)
	same(t, value[int64](t)(s.VerifyLedger(t.Context(), org)), int64(1))
}

// parallelOpening: processes that start together migrate once.
func parallelOpening(t *testing.T, d Database) {
	parallel(t, 4, func(int) error {
		s, err := d.Open(t.Context())
		if err != nil {
			return err
		}
		return errors.Join(s.Ping(t.Context()), s.Close())
	})
}

func newerSchema(t *testing.T, d Database) {
	ok(t, value[store.Store](t)(d.Open(t.Context())).Close())
	d.Exec(t, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (9000, true)")
	_, err := d.Open(t.Context())
	is(t, err, problem.Invalid)
	if !strings.Contains(err.Error(), "9000") {
		t.Errorf("%q does not name the schema", err)
	}
}

func closed(t *testing.T, d Database) {
	s := value[store.Store](t)(d.Open(t.Context()))
	ok(t, s.Ping(t.Context()))
	ok(t, s.Close())
	is(t, s.Ping(t.Context()), problem.Unavailable)
	is(t, second(s.Append(t.Context(), entry("k"))), problem.Unavailable)
	is(t, second(s.Links(t.Context(), org)), problem.Unavailable)
}

func cancelled(t *testing.T, d Database) {
	s := open(t, d)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := s.Append(ctx, entry("k"))
	is(t, err, problem.Unavailable)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v hides the cancellation", err)
	}
	same(t, value[int64](t)(s.VerifyLedger(t.Context(), org)), int64(0))
}
