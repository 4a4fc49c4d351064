package plan

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"entente.dev/entente/internal/directory"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/topology"
)

const threeTenants = `apiVersion: entente/v1
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

var now = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// world is mutable directories with a model of what applying a plan and a cycle of the engine do to them.
type world struct {
	topology  *topology.Topology
	tenants   map[ident.Tenant]*directory.Snapshot
	links     []Link
	envelopes map[ident.Share]Envelope
	holds     []Hold
	included  []Inclusion
	owned     map[string]bool
	serial    int
}

type tester interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

// newWorld is Annie in A, Bob and Barbara in B, Charlie in C, a stranger in each, and Bob in C as a guest.
func newWorld(t tester) *world {
	t.Helper()
	w := emptyWorld(t, threeTenants)
	for tenant, names := range map[ident.Tenant][]string{"a": {"annie"}, "b": {"barbara", "bob"}, "c": {"charlie"}} {
		for _, name := range append(slices.Clone(names), "stranger") {
			w.user(tenant, name)
		}
		w.group(tenant, "g-"+string(tenant), "Collaboration", names...)
	}
	w.guest("c", "b", "bob")
	return w
}

func emptyWorld(t tester, file string) *world {
	t.Helper()
	parsed, problems := topology.Parse("test.yaml", []byte(file))
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	w := &world{topology: parsed, tenants: map[ident.Tenant]*directory.Snapshot{}, envelopes: map[ident.Share]Envelope{}, owned: map[string]bool{}}
	for _, tenant := range parsed.Tenants {
		w.tenants[tenant.Name] = &directory.Snapshot{Tenant: tenant.Name, TenantID: tenant.TenantID, Read: append(directory.Collections(), directory.Roles)}
	}
	return w
}

func (w *world) user(tenant ident.Tenant, name string) {
	s := w.tenants[tenant]
	s.Users = append(s.Users, directory.User{
		ID: string(tenant) + "-" + name, UserPrincipalName: name + "@" + string(tenant) + ".example", DisplayName: name,
		Mail: name + "@" + string(tenant) + ".example", UserType: directory.Member, Enabled: true,
	})
}

func (w *world) group(tenant ident.Tenant, id, name string, members ...string) {
	g := directory.Group{ID: id, DisplayName: name, SecurityEnabled: true}
	for _, m := range members {
		g.Users = append(g.Users, string(tenant)+"-"+m)
	}
	w.tenants[tenant].Groups = append(w.tenants[tenant].Groups, g)
}

// external puts somebody's B2B object into a target.
func (w *world) external(target, home ident.Tenant, name string, userType directory.UserType) string {
	w.serial++
	id := fmt.Sprintf("%s-b2b-%s-%s-%d", target, home, name, w.serial)
	w.tenants[target].Users = append(w.tenants[target].Users, directory.User{
		ID: id, UserPrincipalName: fmt.Sprintf("%s_%s.example#EXT#@%s.onmicrosoft.example", name, home, target), DisplayName: name,
		Mail: name + "@" + string(home) + ".example", UserType: userType, Enabled: true, CreationType: "Invitation", ExternalUserState: "Accepted",
	})
	return id
}

func (w *world) guest(target, home ident.Tenant, name string) string {
	return w.external(target, home, name, directory.Guest)
}

func (w *world) in(t tester) Input {
	t.Helper()
	in := Input{Topology: w.topology, Snapshots: map[ident.Tenant]directory.Complete{}, Links: w.links, Envelopes: w.envelopes, Holds: w.holds, Inclusions: w.included, Owned: w.owned, Now: now}
	for tenant, s := range w.tenants {
		sealed, err := directory.Seal(w.copy(s))
		if err != nil {
			t.Fatal(err)
		}
		in.Snapshots[tenant] = sealed
	}
	return in
}

func (w *world) copy(s *directory.Snapshot) *directory.Snapshot {
	c := *s
	c.Users, c.Deleted, c.Groups, c.Partners, c.Apps = slices.Clone(s.Users), slices.Clone(s.Deleted), slices.Clone(s.Groups), slices.Clone(s.Partners), slices.Clone(s.Apps)
	c.RoleHolders = slices.Clone(s.RoleHolders)
	return &c
}

func (w *world) plan(t tester) Plan {
	t.Helper()
	return Compute(w.in(t))
}

// agree gives every share an envelope for what it asks.
func (w *world) agree(guests string) {
	for _, s := range w.topology.Shares {
		w.envelopes[s.Share] = Envelope{Share: s.Share, Sets: s.Sets, MaxUsers: 500, UserType: "member", ExistingGuests: guests, AskedGuests: s.Policy.UserType.ExistingGuests, ExpiresAt: now.Add(time.Hour)}
	}
}

// apply writes a plan into the directories, change by change, and then lets the engine run.
func (w *world) apply(t tester, p Plan) {
	t.Helper()
	for _, s := range p.Shares {
		done := map[string]bool{}
		for _, c := range s.Changes {
			for _, needed := range c.DependsOn {
				if !done[needed] {
					t.Fatalf("%s comes before %s", c.ID, needed)
				}
			}
			done[c.ID] = true
			w.write(t, s, c)
		}
		w.cycle(s)
	}
}

func (w *world) write(t tester, s SharePlan, c Change) {
	t.Helper()
	yes := true
	source, target := w.tenants[s.Share.Source], w.tenants[s.Share.Target]
	app := func() *directory.SyncApp {
		i := slices.IndexFunc(source.Apps, func(a directory.SyncApp) bool { return a.DisplayName == s.Desired.AppName })
		if i < 0 {
			t.Fatalf("%s without an application", c.ID)
		}
		return &source.Apps[i]
	}
	group := func() *directory.Group {
		i := slices.IndexFunc(source.Groups, func(g directory.Group) bool { return g.DisplayName == s.Desired.GroupName })
		if i < 0 {
			t.Fatalf("%s without a scope group", c.ID)
		}
		return &source.Groups[i]
	}
	switch c.Kind {
	case InboundPartner:
		partner(target, s.Desired.SourceTenantID).InboundConsent = &yes
	case InboundSync:
		p := partner(target, s.Desired.SourceTenantID)
		p.SyncConfigured, p.InboundSync = true, true
	case OutboundPartner:
		partner(source, s.Desired.TargetTenantID).OutboundConsent = &yes
	case Application:
		w.serial++
		source.Apps = append(source.Apps, directory.SyncApp{ServicePrincipalID: fmt.Sprintf("sp-%d", w.serial), AppID: fmt.Sprintf("app-%d", w.serial), DisplayName: s.Desired.AppName})
	case Job:
		app().Jobs = []directory.SyncJob{{ID: "job-" + app().AppID, Code: "Paused", State: "Disabled"}}
	case Secrets:
		app().CompanyID, app().SyncAll = s.Desired.TargetTenantID, false
	case JobSchema:
		app().Jobs[0].Schema = s.Desired.Schema
	case ScopeGroup:
		w.serial++
		source.Groups = append(source.Groups, directory.Group{ID: fmt.Sprintf("zz-%d", w.serial), DisplayName: s.Desired.GroupName, MailNickname: s.Desired.GroupNickname, SecurityEnabled: true})
	case Assignment:
		app().AssignedGroups = append(app().AssignedGroups, group().ID)
	case ScopeAdd:
		group().Users = slices.Sorted(slices.Values(slices.Concat(group().Users, c.People)))
	case ScopeRemove:
		group().Users = slices.DeleteFunc(slices.Clone(group().Users), func(id string) bool { return slices.Contains(c.People, id) })
	case StartJob:
		app().Jobs[0].Code, app().Jobs[0].State = "Active", "Active"
	case Undelete:
		for _, id := range c.People {
			w.undelete(target, id)
		}
	case Block, Unblock:
		for _, id := range c.People {
			w.editUser(s.Share.Target, id, func(u *directory.User) { u.Enabled = c.Kind == Unblock })
		}
	case Convert: // the engine does it where the schema says so
		for _, id := range c.People {
			if !s.Desired.Schema.UserTypeRecurring {
				w.editUser(s.Share.Target, id, func(u *directory.User) { u.UserType = directory.Member })
			}
		}
	default:
		t.Fatalf("unknown kind %s", c.Kind)
	}
}

func partner(s *directory.Snapshot, tenantID string) *directory.Partner {
	for i := range s.Partners {
		if s.Partners[i].TenantID == tenantID {
			return &s.Partners[i]
		}
	}
	s.Partners = append(s.Partners, directory.Partner{TenantID: tenantID})
	return &s.Partners[len(s.Partners)-1]
}

func (w *world) undelete(s *directory.Snapshot, id string) {
	for i, u := range s.Deleted {
		if u.ID == id {
			u.DeletedAt = time.Time{}
			s.Users = append(s.Users, u)
			s.Deleted = slices.Delete(s.Deleted, i, i+1)
			return
		}
	}
}

// cycle is the engine: who is in scope is there, who left it is in the recycle bin.
func (w *world) cycle(s SharePlan) {
	source, target := w.tenants[s.Share.Source], w.tenants[s.Share.Target]
	for _, id := range s.Desired.Members {
		i := slices.IndexFunc(source.Users, func(u directory.User) bool { return u.ID == id })
		if i < 0 || source.Users[i].External() {
			continue
		}
		home := source.Users[i]
		link := slices.IndexFunc(w.links, func(l Link) bool { return l.Person.ID == id && l.Tenant == s.Share.Target })
		object, verdict := directory.User{}, directory.NoMatch
		if link >= 0 {
			object, verdict = directory.Match(home, w.sorted(target), w.links[link].ObjectID)
		} else {
			object, verdict = directory.Match(home, w.sorted(target), "")
		}
		switch {
		case verdict == directory.NoMatch && home.Enabled:
			name, _, _ := strings.Cut(home.UserPrincipalName, "@")
			object.ID = w.external(s.Share.Target, s.Share.Source, name, directory.Member)
		case !verdict.Found():
			continue
		case !object.DeletedAt.IsZero():
			w.undelete(target, object.ID)
			w.editUser(s.Share.Target, object.ID, func(u *directory.User) { u.Enabled = home.Enabled }) // every mapped value is written anew
		}
		for i := range target.Users {
			if target.Users[i].ID == object.ID && s.Desired.Schema.UserTypeRecurring {
				target.Users[i].UserType = directory.Member
			}
		}
		if link < 0 {
			w.links = append(w.links, Link{Person: ident.Person{Home: s.Share.Source, ID: id}, Tenant: s.Share.Target, ObjectID: object.ID})
		}
	}
	for _, e := range s.Effects {
		if e.Action != Remove || e.To != "softDeleted" {
			continue
		}
		for i, u := range target.Users {
			if u.ID == e.ObjectID {
				u.DeletedAt = now
				target.Deleted = append(target.Deleted, u)
				target.Users = slices.Delete(target.Users, i, i+1)
				break
			}
		}
	}
}

func (w *world) sorted(s *directory.Snapshot) *directory.Snapshot {
	sealed, _ := directory.Seal(s)
	return sealed.Snapshot()
}

// change edits one group of a tenant by id.
func (w *world) edit(tenant ident.Tenant, group string, f func(*directory.Group)) {
	for i := range w.tenants[tenant].Groups {
		if w.tenants[tenant].Groups[i].ID == group {
			f(&w.tenants[tenant].Groups[i])
		}
	}
}

func (w *world) editUser(tenant ident.Tenant, id string, f func(*directory.User)) {
	for i := range w.tenants[tenant].Users {
		if w.tenants[tenant].Users[i].ID == id {
			f(&w.tenants[tenant].Users[i])
		}
	}
}

func drop(names ...string) func(*directory.Group) {
	return func(g *directory.Group) {
		g.Users = slices.DeleteFunc(slices.Clone(g.Users), func(id string) bool { return slices.Contains(names, id) })
	}
}

// settled is the three-tenant world after everything was agreed and done.
func settled(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	w.agree("convert")
	w.apply(t, w.plan(t))
	return w
}

func edge(source, target ident.Tenant) ident.Share {
	return ident.Share{Source: source, Target: target}
}

func sharePlan(t *testing.T, p Plan, e ident.Share) SharePlan {
	t.Helper()
	s, ok := p.Share(e)
	if !ok {
		t.Fatalf("no plan for %s", e)
	}
	return *s
}

func effectOn(s SharePlan, id string) Effect {
	for _, e := range s.Effects {
		if e.Person.ID == id {
			return e
		}
	}
	return Effect{}
}

func rules[T any](list []T, rule func(T) string) []string {
	var found []string
	for _, item := range list {
		found = append(found, rule(item))
	}
	return slices.Compact(slices.Sorted(slices.Values(found)))
}

func refusalRules(s SharePlan) []string {
	return rules(s.Refusals, func(r Refusal) string { return r.Rule })
}
func warningRules(s SharePlan) []string {
	return rules(s.Warnings, func(w Warning) string { return w.Rule })
}

func kinds(s SharePlan) []Kind {
	var found []Kind
	for _, c := range s.Changes {
		found = append(found, c.Kind)
	}
	return found
}
