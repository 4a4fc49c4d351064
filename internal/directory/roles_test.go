package directory

import (
	"encoding/json"
	"slices"
	"testing"
)

// TestRolesMayBeMissing: reading them takes a permission that is optional, and "nobody holds one" is something else
// than "nobody looked".
func TestRolesMayBeMissing(t *testing.T) {
	t.Parallel()
	unread := &Snapshot{Tenant: "b", Read: Collections(), RoleHolders: []string{"2", "1"}}
	sealed, err := Seal(unread)
	if err != nil || sealed.Snapshot().RolesRead() || sealed.Snapshot().HoldsRole("1") {
		t.Fatalf("%+v %v", sealed.Snapshot(), err)
	}
	read := &Snapshot{Tenant: "b", Read: append(Collections(), Roles), RoleHolders: []string{"2", "1"}}
	sealed, err = Seal(read)
	if s := sealed.Snapshot(); err != nil || !s.HoldsRole("1") || !s.HoldsRole("2") || s.HoldsRole("3") {
		t.Fatalf("%+v %v", sealed.Snapshot(), err)
	}
	none := &Snapshot{Tenant: "b", Read: append(Collections(), Roles)}
	digests := []string{none.Digest(), (&Snapshot{Tenant: "b", Read: Collections()}).Digest(), read.Digest()}
	if slices.Sort(digests); len(slices.Compact(digests)) != 3 {
		t.Error("two of: none read, nobody, somebody have one digest")
	}
	raw, _ := json.Marshal(none)
	var back Snapshot
	if err := json.Unmarshal(raw, &back); err != nil || !back.RolesRead() {
		t.Errorf("after a round trip: %s %v", raw, err)
	}
}

func TestCandidates(t *testing.T) {
	t.Parallel()
	x := NewIndex(&Snapshot{
		Users:   []User{external("x1", "bob_b.example#EXT#@c", ""), external("x2", "other#EXT#@c", bob().Mail), external("x3", "zoe_b.example#EXT#@c", "")},
		Deleted: []User{{ID: "x4", UserPrincipalName: "x4bob_b.example#EXT#@c", DeletedAt: gone, CreationType: "Invitation"}},
	})
	if got := x.Candidates(bob()); !slices.Equal(got, []string{"x1", "x2", "x4"}) {
		t.Errorf("%v", got)
	}
	x.Link("home-other", "x1")
	x.Link(bob().ID, "x3")
	if got := x.Candidates(bob()); !slices.Equal(got, []string{"x2", "x3", "x4"}) {
		t.Errorf("with links: %v", got)
	}
}
