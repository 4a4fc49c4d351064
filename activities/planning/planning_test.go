package planning

import (
	"path/filepath"
	"testing"
	"time"

	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/directory"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/plan"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/store"
	"entente.dev/entente/internal/store/sqlite"
	"entente.dev/entente/internal/topology"
)

const twoTenants = `apiVersion: entente/v1
kind: Topology
metadata: { name: contoso-group }
tenants:
  - { name: b, tenantId: 0b000000-0000-4000-8000-00000000000b, domain: b.example }
  - { name: c, tenantId: 0c000000-0000-4000-8000-00000000000c, domain: c.example }
userSets:
  - { name: b-people, tenant: b, from: { group: Collaboration } }
shares:
  - { from: b, to: c }
`

// TestRestoredPeopleLeaveLikeEverybodyOnceTheirSetNamesThemAgain: a restore keeps a person in a share whose set does
// not name them; it must not keep them for ever once the set does.
func TestRestoredPeopleLeaveLikeEverybodyOnceTheirSetNamesThemAgain(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	share := ident.Share{Source: "b", Target: "c"}
	for _, tc := range []struct {
		name    string
		members []string
		kept    int
	}{
		{"not named", []string{"bob"}, 1},
		{"named again", []string{"barbara", "bob"}, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "entente.db"))
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = db.Close() }()
			put(t, db, tc.members, now)
			keep := plan.Inclusion{Share: share, Person: ident.Person{Home: "b", ID: "barbara"}, Until: now.Add(time.Hour)}
			if err := db.PutInclusions(t.Context(), "contoso-group", []plan.Inclusion{keep}); err != nil {
				t.Fatal(err)
			}
			a := New(db, func() time.Time { return now })
			ref, err := a.PlanShare(t.Context(), contract.PlanShareIn{Org: "contoso-group", TopologyDigest: "d", Share: share})
			if err != nil || ref.Counts.People != 2 {
				t.Fatalf("%d people, %v", ref.Counts.People, err)
			}
			left, err := db.Inclusions(t.Context(), "contoso-group")
			if err != nil || len(left) != tc.kept {
				t.Errorf("%d inclusions stay, not %d: %v", len(left), tc.kept, err)
			}
		})
	}
}

// TestAPlanWaitsForALookThatShowsTheSharesOwnWrites: on an older picture it would do them again.
func TestAPlanWaitsForALookThatShowsTheSharesOwnWrites(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "entente.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	put(t, db, []string{"bob"}, now)
	a := New(db, func() time.Time { return now })
	in := contract.PlanShareIn{Org: "contoso-group", TopologyDigest: "d", Share: ident.Share{Source: "b", Target: "c"}, After: now}
	if _, err := a.PlanShare(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	in.After = now.Add(time.Second)
	if _, err := a.PlanShare(t.Context(), in); problem.KindOf(err) != problem.Incomplete {
		t.Errorf("planned on a picture from before the last write: %v", err)
	}
}

func put(t *testing.T, db store.Store, members []string, now time.Time) {
	t.Helper()
	_, err := db.PutTopology(t.Context(), store.Revision{Org: "contoso-group", Digest: "d", File: "t.yaml", Source: []byte(twoTenants), StoredAt: now})
	if err != nil {
		t.Fatal(err)
	}
	user := func(id string) directory.User {
		return directory.User{ID: id, UserPrincipalName: id + "@b.example", UserType: directory.Member, Enabled: true}
	}
	b := &directory.Snapshot{
		Tenant: "b", TenantID: "0b000000-0000-4000-8000-00000000000b", TakenAt: now, Read: directory.Collections(),
		Users:  []directory.User{user("bob"), user("barbara")},
		Groups: []directory.Group{{ID: "g", DisplayName: "Collaboration", Users: members}},
	}
	c := &directory.Snapshot{Tenant: "c", TenantID: "0c000000-0000-4000-8000-00000000000c", TakenAt: now, Read: directory.Collections()}
	for _, s := range []*directory.Snapshot{b, c} {
		if _, err := db.PutSnapshot(t.Context(), "contoso-group", s, true, store.Cursor{}); err != nil {
			t.Fatal(err)
		}
	}
}

func parsed(t *testing.T, file string) *topology.Topology {
	t.Helper()
	p, problems := topology.Parse("t.yaml", []byte(file))
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	return p
}
