package storetest

import (
	"fmt"
	"testing"

	"entente.dev/entente/internal/directory"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/store"
)

func topologies(t *testing.T, d Database) {
	s, ctx := open(t, d), t.Context()
	_, err := s.LatestTopology(ctx, org)
	is(t, err, problem.NotFound)
	_, err = s.Topology(ctx, org, "d1")
	is(t, err, problem.NotFound)
	first := store.Revision{Org: org, Digest: "d1", File: "topology.yaml", Source: []byte("a: \x00\xff"), Author: "pat", StoredAt: day}
	want := first
	want.Seq = 1
	same(t, value[store.Revision](t)(s.PutTopology(ctx, first)), want)
	first.Author, first.Seq = "somebody else", 9
	same(t, value[store.Revision](t)(s.PutTopology(ctx, first)), want)
	for i, digest := range []string{"d2", "d1"} {
		r := value[store.Revision](t)(s.PutTopology(ctx, store.Revision{Org: org, Digest: digest, StoredAt: at(i)}))
		same(t, r.Seq, i+2)
	}
	same(t, value[store.Revision](t)(s.Topology(ctx, org, "d1")).Seq, 3)
	same(t, value[store.Revision](t)(s.LatestTopology(ctx, org)).Seq, 3)
	value[store.Revision](t)(s.PutTopology(ctx, store.Revision{Org: "adatum", Digest: "d1"}))
	same(t, value[[]string](t)(s.Organizations(ctx)), []string{"adatum", org})
}

func parallelTopologies(t *testing.T, d Database) {
	s, ctx := open(t, d), t.Context()
	parallel(t, 20, func(i int) error {
		_, err := s.PutTopology(ctx, store.Revision{Org: org, Digest: fmt.Sprint(i)})
		return err
	})
	same(t, value[store.Revision](t)(s.LatestTopology(ctx, org)).Seq, 20)
}

func snapshot(users, hour int) *directory.Snapshot {
	s := &directory.Snapshot{Tenant: "b", TenantID: "0b", TakenAt: at(hour), Read: directory.Collections()}
	listed := true
	for i := range users {
		id := fmt.Sprintf("%08d-5c1e-4c1d-9c1f-0123456789ab", i)
		s.Users = append(s.Users, directory.User{ID: id, UserPrincipalName: fmt.Sprintf("person%d@b.example", i),
			DisplayName: fmt.Sprintf("Person %d Åström 张", i), Mail: fmt.Sprintf("person%d@b.example", i), UserType: directory.Member,
			Enabled: true, ShowInAddressList: &listed})
	}
	s.Groups = []directory.Group{{ID: "g", DisplayName: "Collaboration", Users: []string{"x"}}}
	s.Partners = []directory.Partner{{TenantID: "0c", InboundConsent: &listed}}
	return s
}

func snapshots(t *testing.T, d Database) {
	s, ctx := open(t, d), t.Context()
	_, _, _, err := s.LatestSnapshot(ctx, org, "b")
	is(t, err, problem.NotFound)
	_, err = s.LatestSnapshotRef(ctx, org, "b")
	is(t, err, problem.NotFound)
	_, _, err = s.Snapshot(ctx, "none")
	is(t, err, problem.NotFound)
	snap := snapshot(200, 0)
	cursor := store.Cursor{UsersLink: "https://graph.example/delta?u", GroupsLink: "g", Groups: map[string]string{"Collaboration": "g"}}
	ref := value[store.SnapshotRef](t)(s.PutSnapshot(ctx, org, snap, true, cursor))
	same(t, ref, store.SnapshotRef{ID: ref.ID, Org: org, Tenant: "b", Digest: snap.Digest(), TakenAt: day, Users: 200, Sealed: true})
	got, gotRef, gotCursor, err := s.LatestSnapshot(ctx, org, "b")
	ok(t, err)
	same(t, got, snap)
	same(t, gotRef, ref)
	same(t, gotCursor, cursor)
	same(t, got.Digest(), ref.Digest)
	got, gotRef, err = s.Snapshot(ctx, ref.ID)
	ok(t, err)
	same(t, got, snap)
	same(t, gotRef, ref)
	same(t, value[store.SnapshotRef](t)(s.LatestSnapshotRef(ctx, org, "b")), ref)
	_, err = s.LatestSnapshotRef(ctx, org, "c")
	is(t, err, problem.NotFound)
}

func snapshotsKept(t *testing.T, d Database) {
	s, ctx := open(t, d), t.Context()
	other := snapshot(1, 0)
	other.Tenant = "a"
	kept := value[store.SnapshotRef](t)(s.PutSnapshot(ctx, org, other, true, store.Cursor{}))
	var refs []store.SnapshotRef
	for i := range 8 {
		refs = append(refs, value[store.SnapshotRef](t)(s.PutSnapshot(ctx, org, snapshot(i, i), true, store.Cursor{})))
	}
	for i, ref := range refs {
		_, _, err := s.Snapshot(ctx, ref.ID)
		if i < 3 {
			is(t, err, problem.NotFound)
		} else {
			ok(t, err)
		}
	}
	_, _, err := s.Snapshot(ctx, kept.ID)
	ok(t, err)
	same(t, value[store.SnapshotRef](t)(s.LatestSnapshotRef(ctx, org, "b")), refs[7])
}

func snapshotsUnchanged(t *testing.T, d Database) {
	s, ctx := open(t, d), t.Context()
	first := value[store.SnapshotRef](t)(s.PutSnapshot(ctx, org, snapshot(3, 0), true, store.Cursor{UsersLink: "1"}))
	for i := range 9 {
		value[store.SnapshotRef](t)(s.PutSnapshot(ctx, org, snapshot(3, i), true, store.Cursor{UsersLink: fmt.Sprint(i)}))
	}
	snap, ref, cursor, err := s.LatestSnapshot(ctx, org, "b")
	ok(t, err)
	same(t, ref.ID, first.ID)
	same(t, ref.TakenAt, at(8))
	same(t, snap.TakenAt, at(8))
	same(t, cursor.UsersLink, "8")
	late := value[store.SnapshotRef](t)(s.PutSnapshot(ctx, org, snapshot(3, 2), true, store.Cursor{UsersLink: "old"}))
	same(t, late, ref)
	_, ref, cursor, err = s.LatestSnapshot(ctx, org, "b")
	ok(t, err)
	same(t, ref.TakenAt, at(8))
	same(t, cursor.UsersLink, "8")
}

func snapshotsLate(t *testing.T, d Database) {
	s, ctx := open(t, d), t.Context()
	newest := value[store.SnapshotRef](t)(s.PutSnapshot(ctx, org, snapshot(3, 5), true, store.Cursor{}))
	late := value[store.SnapshotRef](t)(s.PutSnapshot(ctx, org, snapshot(2, 4), true, store.Cursor{}))
	same(t, value[store.SnapshotRef](t)(s.LatestSnapshotRef(ctx, org, "b")), newest)
	_, _, err := s.Snapshot(ctx, late.ID)
	ok(t, err)
}

func snapshotsParallel(t *testing.T, d Database) {
	s, ctx := open(t, d), t.Context()
	parallel(t, 12, func(i int) error {
		_, err := s.PutSnapshot(ctx, org, snapshot(i%3, i), true, store.Cursor{})
		return err
	})
	same(t, value[store.SnapshotRef](t)(s.LatestSnapshotRef(ctx, org, "b")).TakenAt, at(11))
}

func snapshotsSealed(t *testing.T, d Database) {
	s, ctx := open(t, d), t.Context()
	partial := snapshot(3, 0)
	partial.Read = partial.Read[:2]
	_, err := s.PutSnapshot(ctx, org, partial, true, store.Cursor{})
	is(t, err, problem.Incomplete)
	first := value[store.SnapshotRef](t)(s.PutSnapshot(ctx, org, partial, false, store.Cursor{}))
	second := value[store.SnapshotRef](t)(s.PutSnapshot(ctx, org, snapshot(3, 1), true, store.Cursor{}))
	same(t, first.Digest, second.Digest)
	if first.ID == second.ID {
		t.Fatal("a partial observation became a complete one")
	}
	snap, _, err := s.Snapshot(ctx, first.ID)
	ok(t, err)
	same(t, snap.Read, partial.Read)
	open := value[store.SnapshotRef](t)(s.PutSnapshot(ctx, org, snapshot(3, 2), false, store.Cursor{}))
	if open.ID == second.ID || open.Sealed {
		t.Fatal("an observation that was not sealed took over the evidence of one that was")
	}
}
