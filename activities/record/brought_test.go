package record_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"entente.dev/entente/activities/record"
	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/directory"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/plan"
	"entente.dev/entente/internal/store"
	"entente.dev/entente/internal/topology"
)

const guarded = `apiVersion: entente/v1
kind: Topology
metadata: { name: o }
tenants:
  - { name: b, tenantId: 0b000000-0000-4000-8000-00000000000b, domain: b.example }
  - { name: c, tenantId: 0c000000-0000-4000-8000-00000000000c, domain: c.example }
userSets:
  - { name: b-people, tenant: b, from: { group: "Collaboration" } }
shares:
  - { from: b, to: c }
protected:
  - { tenant: b, users: [p@b.example] }
`

// abandoned is a reduction of somebody whose account the engine leaves; the ledger says that it brought the account.
func abandoned(t *testing.T) (store.Store, *record.Activities, contract.BroughtIn) {
	s, a, _ := open(t)
	ctx := t.Context()
	parsed, problems := topology.Parse("t.yaml", []byte(guarded))
	require.NoError(t, problems.Err())
	_, err := s.PutTopology(ctx, store.Revision{Org: "o", Digest: parsed.Digest(), File: "t.yaml", Source: []byte(guarded), StoredAt: time.Now()})
	require.NoError(t, err)
	for tenant, users := range map[ident.Tenant][]directory.User{
		"b": {{ID: "1", UserPrincipalName: "one@b.example"}, {ID: "p", UserPrincipalName: "p@b.example"}, {ID: "w", UserPrincipalName: "w@b.example"}}, "c": nil,
	} {
		snapshot := &directory.Snapshot{Tenant: tenant, TakenAt: time.Now(), Users: users, Read: directory.Collections()}
		_, err := s.PutSnapshot(ctx, "o", snapshot, true, store.Cursor{})
		require.NoError(t, err)
	}
	require.NoError(t, s.PutSharePlan(ctx, "o", &plan.SharePlan{Share: bc, Digest: "now", Effects: []plan.Effect{{Person: person("w"), Tenant: "c", Action: plan.KeepOne}}}))
	require.NoError(t, s.PutReduction(ctx, store.Reduction{ID: "r", Org: "o", Share: bc, Status: "proving", Stamp: store.Stamp{Run: 1}, Removals: []store.Removal{
		{Person: person("1"), ObjectID: "o1", State: store.Removed, Abandoned: store.DisabledFirst},
	}}))
	created(t, s, "1", "o1")
	in := contract.BroughtIn{TopologyDigest: parsed.Digest(), PlanDigest: "now"}
	in.Org, in.Share, in.ID = "o", bc, "r"
	return s, a, in
}

func created(t *testing.T, s store.Store, id, object string) {
	t.Helper()
	share := bc
	_, err := s.Append(t.Context(), store.Entry{Org: "o", At: time.Now(), Actor: "run/1", Verb: "created", Object: object, Tenant: "c", Share: &share,
		Key: "created/" + object, People: store.PersonAnd(person(id), "c", object)})
	require.NoError(t, err)
}

func TestWhatTheEngineBroughtIsOursToDelete(t *testing.T) {
	t.Parallel()
	s, a, in := abandoned(t)
	out, err := a.ProveBrought(t.Context(), in)
	require.NoError(t, err)
	require.Equal(t, contract.BatchOut{Done: 1}, out)
	r, err := s.Reduction(t.Context(), "o", "r")
	require.NoError(t, err)
	require.Equal(t, "created/o1", r.Removals[0].Brought)
	require.Empty(t, r.Removals[0].Kept)
}

func TestAConvertedGuestIsOursWhileTheConversionStands(t *testing.T) {
	t.Parallel()
	s, a, in := abandoned(t)
	change(t, s, func(m *store.Removal) { m.ObjectID = "guest" })
	c := store.Conversion{Share: bc, Person: person("1"), Tenant: "c", ObjectID: "guest", From: "Guest", To: "Member", At: time.Now()}
	require.NoError(t, s.PutConversions(t.Context(), "o", []store.Conversion{c}))
	out, err := a.ProveBrought(t.Context(), in)
	require.NoError(t, err)
	require.Equal(t, 1, out.Done)
	c.Reverted = time.Now()
	require.NoError(t, s.PutConversions(t.Context(), "o", []store.Conversion{c}))
	out, err = a.ProveBrought(t.Context(), in)
	require.NoError(t, err)
	require.Equal(t, contract.BatchOut{Failed: 1}, out)
}

func change(t *testing.T, s store.Store, do func(*store.Removal)) {
	t.Helper()
	_, err := store.UpdateReduction(t.Context(), s, "o", "r", func(r *store.Reduction) error { do(&r.Removals[0]); return nil })
	require.NoError(t, err)
}

// TestWhatIsNotProvenOursIsKept: each reason by itself.
func TestWhatIsNotProvenOursIsKept(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		do   func(*testing.T, store.Store)
		kept string
	}{
		"an account that was there before": {kept: "nothing on record", do: func(t *testing.T, s store.Store) {
			change(t, s, func(m *store.Removal) { m.ObjectID = "found" })
		}},
		"brought for somebody else": {kept: "nothing on record", do: func(t *testing.T, s store.Store) {
			change(t, s, func(m *store.Removal) { m.Person = person("2") })
		}},
		"wanted again": {kept: "the newest plan wants", do: func(t *testing.T, s store.Store) {
			created(t, s, "w", "ow")
			change(t, s, func(m *store.Removal) { m.Person, m.ObjectID = person("w"), "ow" })
		}},
		"protected": {kept: "protected: named by the topology", do: func(t *testing.T, s store.Store) {
			created(t, s, "p", "op")
			change(t, s, func(m *store.Removal) { m.Person, m.ObjectID = person("p"), "op" })
		}},
		"blocked by the target": {kept: "a hold of the target", do: func(t *testing.T, s store.Store) {
			require.NoError(t, s.PutHold(t.Context(), "o", plan.Hold{Person: person("1"), Tenant: "c", Kind: plan.HoldBlocked, By: "carol", At: time.Now()}))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, a, in := abandoned(t)
			c.do(t, s)
			out, err := a.ProveBrought(t.Context(), in)
			require.NoError(t, err)
			require.Equal(t, contract.BatchOut{Failed: 1}, out)
			r, err := s.Reduction(t.Context(), "o", "r")
			require.NoError(t, err)
			require.Contains(t, r.Removals[0].Kept, c.kept)
			require.Empty(t, r.Removals[0].Brought)
		})
	}
}
