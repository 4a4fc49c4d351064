package coverage

import (
	"cmp"
	"slices"

	"entente.dev/entente/internal/directory"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/plan"
)

// scopes notes whom the declared shares carry now.
func (m *matrix) scopes() {
	groups := map[ident.Tenant]map[string]directory.Group{}
	for tenant, s := range m.snapshots {
		groups[tenant] = make(map[string]directory.Group, len(s.Groups))
		for _, g := range s.Groups {
			groups[tenant][g.DisplayName] = g
		}
	}
	for _, share := range m.topology.Shares {
		scope := groups[share.Source][plan.GroupName(m.topology.Name, share.Share)]
		for _, id := range scope.Users {
			m.carried[place{ident.Person{Home: share.Source, ID: id}, share.Target}] = true
		}
	}
}

// left makes the rows of people who are in no set any more and still show somewhere: a share carries them, or a proven
// link leads to their account, live or in a recycle bin. They may be in their grace, wait for an answer, or stay
// because their set is empty.
func (m *matrix) left(links []plan.Link) {
	var gone []plan.Link
	for at := range m.carried {
		if !m.seen[at.person] {
			gone = append(gone, plan.Link{Person: at.person, Tenant: at.tenant})
		}
	}
	for _, l := range links {
		if l.Tenant != l.Person.Home && !m.seen[l.Person] {
			gone = append(gone, l)
		}
	}
	slices.SortFunc(gone, func(a, b plan.Link) int {
		return cmp.Or(cmp.Compare(a.Person.Home, b.Person.Home), cmp.Compare(a.Person.ID, b.Person.ID), cmp.Compare(a.Tenant, b.Tenant), cmp.Compare(b.ObjectID, a.ObjectID))
	})
	for _, l := range gone {
		if user, ok := m.whoLeft(l); ok {
			m.row(l.Person, user, true)
		}
	}
}

// whoLeft finds who it is: as home knows them, or else as their account says.
func (m *matrix) whoLeft(l plan.Link) (directory.User, bool) {
	object, shows := m.object(l)
	if home := m.snapshots[l.Person.Home]; home != nil {
		if user, ok := home.User(l.Person.ID); ok {
			return user, (shows || l.ObjectID == "") && !user.External()
		}
		if user, ok := home.DeletedUser(l.Person.ID); ok {
			return user, shows
		}
	}
	user := directory.User{ID: l.Person.ID, UserPrincipalName: object.Mail, DisplayName: object.DisplayName}
	if address, ok := directory.HomeAddress(object); ok {
		user.UserPrincipalName = address
	}
	return user, shows
}

// object is what a link leads to, live or in the recycle bin.
func (m *matrix) object(l plan.Link) (directory.User, bool) {
	target := m.snapshots[l.Tenant]
	if target == nil {
		return directory.User{}, false
	}
	if object, live := target.User(l.ObjectID); live {
		return object, true
	}
	return target.DeletedUser(l.ObjectID)
}

// going says what becomes of a live account that nothing wants any more.
func (m *matrix) going(at place, left bool, otherwise string) string {
	if m.carried[at] {
		return "leaving"
	}
	if !left {
		return otherwise
	}
	share, declared := m.topology.Share(ident.Share{Source: at.person.Home, Target: at.tenant})
	if declared && share.Policy.Deprovisioning.Action != "keep" {
		return "leaving"
	}
	return "no longer shared; the account is still there"
}
