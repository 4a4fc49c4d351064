package directory

import (
	"slices"
	"strings"

	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/problem"
)

// Complete is a snapshot in which every listed collection was read to its last page. Its zero value holds
// nothing and its only source is Seal.
type Complete struct{ snapshot *Snapshot }

// Seal turns a snapshot into evidence. It fails with Incomplete and the collections that are missing.
func Seal(s *Snapshot) (Complete, error) {
	var missing []string
	for _, c := range Collections() {
		if !slices.Contains(s.Read, c) {
			missing = append(missing, string(c))
		}
	}
	if len(missing) > 0 {
		err := problem.New(problem.Incomplete, "seal a snapshot", "not read to the last page: "+strings.Join(missing, ", "))
		err.Tenant = string(s.Tenant)
		err.Remedy = "nothing is removed from a partial picture; the next observation reads again"
		return Complete{}, err
	}
	return Complete{snapshot: s.sorted()}, nil
}

// sorted returns the snapshot with every slice in the promised order, because look-ups search by halves and
// an unsorted one would make people disappear. The caller's snapshot is left alone.
func (s *Snapshot) sorted() *Snapshot {
	c := *s
	byUser := func(a, b User) int { return strings.Compare(a.ID, b.ID) }
	c.Users = inOrder(s.Users, byUser)
	c.Deleted = inOrder(s.Deleted, byUser)
	c.Groups = inOrder(s.Groups, func(a, b Group) int { return strings.Compare(a.ID, b.ID) })
	c.Partners = inOrder(s.Partners, func(a, b Partner) int { return strings.Compare(a.TenantID, b.TenantID) })
	c.Apps = inOrder(s.Apps, func(a, b SyncApp) int { return strings.Compare(a.ServicePrincipalID, b.ServicePrincipalID) })
	c.RoleHolders = inOrder(s.RoleHolders, strings.Compare)
	return &c
}

func inOrder[T any](items []T, compare func(a, b T) int) []T {
	if slices.IsSortedFunc(items, compare) {
		return items
	}
	items = slices.Clone(items)
	slices.SortFunc(items, compare)
	return items
}

// Snapshot returns what was sealed; nil for the zero value.
func (c Complete) Snapshot() *Snapshot { return c.snapshot }

// Digest identifies the content, whenever it was taken.
func (s *Snapshot) Digest() string {
	return ident.Digest(struct {
		Tenant   ident.Tenant
		Users    []User
		Deleted  []User
		Groups   []Group
		Partners []Partner
		Apps     []SyncApp
		Holders  []string `json:",omitempty"`
		Roles    bool     `json:",omitempty"` // nobody holds a role, or nobody looked
	}{s.Tenant, s.Users, s.Deleted, s.Groups, s.Partners, s.Apps, s.RoleHolders, s.RolesRead()})
}

// RolesRead tells whether it is known who holds a directory role.
func (s *Snapshot) RolesRead() bool { return slices.Contains(s.Read, Roles) }

// HoldsRole tells whether a user is known to hold a directory role.
func (s *Snapshot) HoldsRole(id string) bool {
	_, found := slices.BinarySearch(s.RoleHolders, id)
	return found && s.RolesRead()
}

// Group finds a group by id.
func (s *Snapshot) Group(id string) (Group, bool) {
	i, ok := slices.BinarySearchFunc(s.Groups, id, func(g Group, id string) int { return strings.Compare(g.ID, id) })
	if !ok {
		return Group{}, false
	}
	return s.Groups[i], true
}

// User finds a live user by id.
func (s *Snapshot) User(id string) (User, bool) { return find(s.Users, id) }

// DeletedUser finds a user in the recycle bin by id.
func (s *Snapshot) DeletedUser(id string) (User, bool) { return find(s.Deleted, id) }

func find(users []User, id string) (User, bool) {
	i, ok := slices.BinarySearchFunc(users, id, func(u User, id string) int { return strings.Compare(u.ID, id) })
	if !ok {
		return User{}, false
	}
	return users[i], true
}

// Partner finds the entry for another tenant.
func (s *Snapshot) Partner(tenantID string) (Partner, bool) {
	for _, p := range s.Partners {
		if strings.EqualFold(p.TenantID, tenantID) {
			return p, true
		}
	}
	return Partner{}, false
}
