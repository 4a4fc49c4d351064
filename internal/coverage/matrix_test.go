package coverage

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"entente.dev/entente/internal/directory"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/plan"
	"entente.dev/entente/internal/topology"
)

const file = `apiVersion: entente/v1
kind: Topology
metadata: { name: contoso-group }
tenants:
  - { name: a, tenantId: 0a000000-0000-0000-0000-000000000001, domain: a.example }
  - { name: b, tenantId: 0b000000-0000-0000-0000-000000000002, domain: b.example }
  - { name: c, tenantId: 0c000000-0000-0000-0000-000000000003, domain: c.example }
userSets:
  - { name: a-people, tenant: a, from: { group: Collaboration } }
  - { name: b-people, tenant: b, from: { group: Collaboration } }
  - { name: c-people, tenant: c, from: { group: Collaboration } }
shares:
  - mesh: [a, b, c]
`

type world struct {
	topology *topology.Topology
	tenants  map[ident.Tenant]*directory.Snapshot
	links    []plan.Link
	holds    []plan.Hold
}

// newWorld is the finished three-tenant example: four people, each in all three tenants.
func newWorld(t *testing.T) *world {
	t.Helper()
	parsed, problems := topology.Parse("test.yaml", []byte(file))
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	w := &world{topology: parsed, tenants: map[ident.Tenant]*directory.Snapshot{}}
	people := map[ident.Tenant][]string{"a": {"annie"}, "b": {"barbara", "bob"}, "c": {"charlie"}}
	for _, tenant := range parsed.Tenants {
		s := &directory.Snapshot{Tenant: tenant.Name, TenantID: tenant.TenantID, Read: directory.Collections()}
		group := directory.Group{ID: "g", DisplayName: "Collaboration", SecurityEnabled: true}
		for _, name := range people[tenant.Name] {
			group.Users = append(group.Users, string(tenant.Name)+"-"+name)
		}
		s.Groups = []directory.Group{group}
		for home, names := range people {
			for _, name := range names {
				u := directory.User{ID: string(home) + "-" + name, UserPrincipalName: fmt.Sprintf("%s@%s.example", name, home), DisplayName: name, UserType: directory.Member, Enabled: true}
				if home != tenant.Name {
					w.links = append(w.links, plan.Link{Person: ident.Person{Home: home, ID: u.ID}, Tenant: tenant.Name, ObjectID: string(tenant.Name) + "-" + u.ID})
					u.ID, u.CreationType = string(tenant.Name)+"-"+u.ID, "Invitation"
					u.UserPrincipalName = fmt.Sprintf("%s_%s.example#EXT#@%s.onmicrosoft.example", name, home, tenant.Name)
				}
				s.Users = append(s.Users, u)
			}
		}
		w.tenants[tenant.Name] = s
	}
	return w
}

func (w *world) hold(kind string) {
	w.holds = []plan.Hold{{Person: ident.Person{Home: "b", ID: "b-bob"}, Tenant: "c", Kind: kind, Reason: "under investigation", By: "kim"}}
}

// carries puts people into the scope group of a share.
func (w *world) carries(source, target ident.Tenant, people ...string) {
	name := plan.GroupName("contoso-group", ident.Share{Source: source, Target: target})
	w.tenants[source].Groups = append(w.tenants[source].Groups, directory.Group{ID: "scope-" + string(target), DisplayName: name, Users: people})
}

func (w *world) matrix(t *testing.T) Coverage {
	t.Helper()
	sealed := map[ident.Tenant]directory.Complete{}
	for name, s := range w.tenants {
		c, err := directory.Seal(s)
		if err != nil {
			t.Fatal(err)
		}
		sealed[name] = c
	}
	return Matrix(w.topology, sealed, w.links, w.holds)
}

func (w *world) edit(tenant ident.Tenant, id string, f func(*directory.User)) {
	s := w.tenants[tenant]
	i := slices.IndexFunc(s.Users, func(u directory.User) bool { return u.ID == id })
	f(&s.Users[i])
	if !s.Users[i].DeletedAt.IsZero() {
		s.Deleted = append(s.Deleted, s.Users[i])
		s.Users = slices.Delete(s.Users, i, i+1)
	}
}

func deleted(u *directory.User) { u.DeletedAt = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC) }

func TestTwelveOfTwelve(t *testing.T) {
	t.Parallel()
	c := newWorld(t).matrix(t)
	if want := (Totals{People: 4, Cells: 12, Wanted: 12, Covered: 12, Internal: 4, Members: 8}); c.Totals != want {
		t.Errorf("%+v", c.Totals)
	}
	if !slices.Equal(c.Tenants, []ident.Tenant{"a", "b", "c"}) || c.Rows[0].Name != "annie" || c.Rows[3].Name != "charlie" || len(c.Rows) != 4 {
		t.Errorf("%+v", c.Rows)
	}
}

func TestCells(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change func(w *world)
		want   Cell // Bob in C
		totals Totals
	}{
		{"a guest from before", func(w *world) { w.edit("c", "c-b-bob", func(u *directory.User) { u.UserType = directory.Guest }) },
			Cell{Representation: Guest, ObjectID: "c-b-bob", Wanted: true, Why: "invited before; stays guest until converted"},
			Totals{People: 4, Cells: 12, Wanted: 12, Covered: 11, Internal: 4, Members: 7, Guests: 1}},
		{"never redeemed", func(w *world) {
			w.edit("c", "c-b-bob", func(u *directory.User) { u.ExternalUserState = "PendingAcceptance" })
		}, Cell{Representation: Pending, ObjectID: "c-b-bob", Wanted: true, Why: "invited, not redeemed"},
			Totals{People: 4, Cells: 12, Wanted: 12, Covered: 11, Internal: 4, Members: 7, Pending: 1}},
		{"gone", func(w *world) {
			w.tenants["c"].Users = slices.DeleteFunc(w.tenants["c"].Users, func(u directory.User) bool { return u.ID == "c-b-bob" })
		}, Cell{Representation: Absent, Wanted: true, Why: "not created yet"},
			Totals{People: 4, Cells: 12, Wanted: 12, Covered: 11, Internal: 4, Members: 7, Absent: 1}},
		{"in the recycle bin", func(w *world) { w.edit("c", "c-b-bob", deleted) },
			Cell{Representation: SoftDeleted, ObjectID: "c-b-bob", Wanted: true},
			Totals{People: 4, Cells: 12, Wanted: 12, Covered: 11, Internal: 4, Members: 7, SoftDeleted: 1}},
		{"blocked there", func(w *world) { w.edit("c", "c-b-bob", func(u *directory.User) { u.Enabled = false }) },
			Cell{Representation: Blocked, ObjectID: "c-b-bob", Wanted: true, Why: "sign-in is blocked in the target"},
			Totals{People: 4, Cells: 12, Wanted: 12, Covered: 11, Internal: 4, Members: 7, Blocked: 1}},
		{"a block", func(w *world) {
			w.hold(plan.HoldBlocked)
			w.edit("c", "c-b-bob", func(u *directory.User) { u.Enabled = false })
		}, Cell{Representation: Blocked, ObjectID: "c-b-bob", Why: "blocked by kim: under investigation"},
			Totals{People: 4, Cells: 12, Wanted: 11, Covered: 11, Internal: 4, Members: 7, Blocked: 1}},
		{"a block with an end", func(w *world) {
			w.hold(plan.HoldBlocked)
			w.holds[0].By, w.holds[0].Until = "", time.Date(2026, 12, 24, 14, 0, 0, 0, time.UTC)
			w.edit("c", "c-b-bob", func(u *directory.User) { u.Enabled = false })
		}, Cell{Representation: Blocked, ObjectID: "c-b-bob", Why: "blocked by the target: under investigation, until 2026-12-24 14:00 UTC"},
			Totals{People: 4, Cells: 12, Wanted: 11, Covered: 11, Internal: 4, Members: 7, Blocked: 1}},
		{"a block that is not written yet", func(w *world) { w.hold(plan.HoldBlocked) },
			Cell{Representation: Member, ObjectID: "c-b-bob", Why: "to be blocked by kim: under investigation"},
			Totals{People: 4, Cells: 12, Wanted: 11, Covered: 11, Internal: 4, Members: 8}},
		{"kept out", func(w *world) { w.hold(plan.HoldKeepOut); w.edit("c", "c-b-bob", deleted) },
			Cell{Representation: SoftDeleted, ObjectID: "c-b-bob", Why: "kept out by kim: under investigation"},
			Totals{People: 4, Cells: 12, Wanted: 11, Covered: 11, Internal: 4, Members: 7, SoftDeleted: 1}},
		{"a hold that ended", func(w *world) {
			w.hold(plan.HoldBlocked)
			w.holds[0].Ended = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
		}, Cell{Representation: Member, ObjectID: "c-b-bob", Wanted: true},
			Totals{People: 4, Cells: 12, Wanted: 12, Covered: 12, Internal: 4, Members: 8}},
		{"the share is not declared", func(w *world) {
			w.topology.Shares = slices.DeleteFunc(w.topology.Shares, func(s topology.Share) bool { return s.String() == "b→c" })
		}, Cell{Representation: Member, ObjectID: "c-b-bob"},
			Totals{People: 4, Cells: 12, Wanted: 10, Covered: 10, Internal: 4, Members: 8}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			test.change(w)
			c := w.matrix(t)
			test.want.Tenant = "c"
			i := slices.IndexFunc(c.Rows, func(r Row) bool { return r.Name == "bob" })
			if diff := cmp.Diff(test.want, c.Rows[i].Cells[2]); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(test.totals, c.Totals); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestBarbaraLeft(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.tenants["b"].Groups[0].Users = []string{"b-bob"}
	w.edit("a", "a-b-barbara", deleted)
	w.edit("c", "c-b-barbara", deleted)
	c := w.matrix(t)
	if want := (Totals{People: 3, Cells: 9, Wanted: 9, Covered: 9, Internal: 3, Members: 6, SoftDeleted: 2, Left: 1}); c.Totals != want {
		t.Errorf("%+v", c.Totals)
	}
	row := c.Rows[1]
	var words []string
	for _, cell := range row.Cells {
		words = append(words, string(cell.Representation))
		if cell.Wanted {
			t.Errorf("%s still wants her", cell.Tenant)
		}
	}
	if !row.Left || row.UPN != "barbara@b.example" || strings.Join(words, " ") != "softDeleted internal softDeleted" {
		t.Errorf("%+v", row)
	}
	w.tenants["b"].Users = nil // her home account is gone too, and Bob's, who is an orphan in both now
	w.tenants["b"].Groups[0].Users = nil
	if c = w.matrix(t); c.Totals.Left != 2 || c.Rows[1].UPN != "barbara@b.example" || c.Rows[1].Cells[1].Why != "no longer at home" {
		t.Errorf("%+v", c.Rows)
	}
}

func TestATenantThatWasNotObserved(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	delete(w.tenants, "c")
	c := w.matrix(t)
	if c.Totals.People != 3 || c.Totals.Wanted != 9 || c.Totals.Covered != 6 || c.Rows[0].Cells[2].Why != "not observed completely" {
		t.Errorf("%+v", c.Totals)
	}
}

// TestTotalsAddUp: every cell is counted once, covered cells are wanted, and order does not matter.
func TestTotalsAddUp(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		w := newWorld(t)
		for _, tenant := range []ident.Tenant{"a", "b", "c"} {
			for i := range w.tenants[tenant].Users {
				u := &w.tenants[tenant].Users[i]
				switch u.Enabled = rapid.Bool().Draw(r, "enabled"); rapid.IntRange(0, 4).Draw(r, "kind") {
				case 0:
					u.UserType = directory.Guest
				case 1:
					u.ExternalUserState = "PendingAcceptance"
				}
			}
			if users := w.tenants[tenant].Users; rapid.Bool().Draw(r, "delete") && users[0].External() {
				w.edit(tenant, users[0].ID, deleted)
			}
		}
		c := w.matrix(t)
		x := c.Totals
		sum := x.Internal + x.Members + x.Guests + x.Pending + x.Absent + x.SoftDeleted + x.Blocked
		if x.Left == 0 && sum != x.Cells || x.Cells != x.People*3 || x.Covered > x.Wanted || x.Wanted > x.Cells {
			r.Fatalf("%+v", x)
		}
		slices.Reverse(w.links)
		for _, s := range w.tenants {
			slices.Reverse(s.Users)
		}
		if diff := cmp.Diff(c, w.matrix(t)); diff != "" {
			r.Fatal(diff)
		}
	})
}
