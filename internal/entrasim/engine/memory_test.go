package engine

import (
	"fmt"
	"maps"
	"slices"
	"sort"
	"strings"
	"sync"
	"time"
)

// memory is a tenant's directory in maps, with a watermark per touched object.
type memory struct {
	mu          sync.Mutex
	tenant      string
	domain      string
	clock       Clock
	users       map[string]User
	deleted     map[string]User
	groups      map[string]Group
	members     map[string]map[string]bool
	assignments []Assignment
	contacts    map[string]bool
	stamp       map[string]uint64
	mark        uint64
	serial      int

	outbound, inbound, sync map[string]bool
	invitations             bool
	refuse                  func(op string, u User) error
	updates                 int
	supported               map[string]bool
}

func newMemory(tenant, domain string, clock Clock) *memory {
	return &memory{tenant: tenant, domain: domain, clock: clock, users: map[string]User{}, deleted: map[string]User{},
		groups: map[string]Group{}, members: map[string]map[string]bool{}, contacts: map[string]bool{},
		stamp: map[string]uint64{}, outbound: map[string]bool{}, inbound: map[string]bool{}, sync: map[string]bool{},
		invitations: true, mark: 1}
}

func (m *memory) touch(ids ...string) {
	m.mark++
	for _, id := range ids {
		m.stamp[id] = m.mark
	}
}

// put adds or replaces a user, as an admin would.
func (m *memory) put(u User) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if u.UserType == "" {
		u.UserType = "Member"
	}
	u.Attributes = maps.Clone(u.Attributes)
	if u.Attributes == nil {
		u.Attributes = map[string]any{}
	}
	m.users[u.ID] = u
	m.touch(u.ID)
}

// edit changes a live user, as an admin would.
func (m *memory) edit(id string, f func(*User)) {
	u, ok := m.User(id)
	if !ok {
		panic("no user " + id)
	}
	f(&u)
	m.put(u)
}

func (m *memory) drop(id string, byEngine, bySelf bool) {
	u := m.users[id]
	u.DeletedAt, u.DeletedByEngine, u.DeletedBySelf = m.clock.Now(), byEngine, bySelf
	m.deleted[id] = u
	delete(m.users, id)
	m.touch(id)
}

func (m *memory) group(id string, secure bool, members ...string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.groups[id] = Group{id, secure}
	m.members[id] = map[string]bool{}
	for _, u := range members {
		m.members[id][u] = true
	}
	m.touch(append(members, id)...)
}

func (m *memory) assign(ids ...string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, id := range ids {
		kind := "User"
		if _, ok := m.groups[id]; ok {
			kind = "Group"
		}
		m.assignments = append(m.assignments, Assignment{PrincipalID: id, PrincipalType: kind, AppRoleID: "role-1", CreatedAt: m.clock.Now()})
		m.touch(id)
	}
}

func (m *memory) unassign(ids ...string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.assignments = slices.DeleteFunc(m.assignments, func(a Assignment) bool { return slices.Contains(ids, a.PrincipalID) })
	m.touch(ids...)
}

func (m *memory) TenantID() string { return m.tenant }
func (m *memory) Domain() string   { return m.domain }

func (m *memory) User(id string) (User, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	u, ok := m.users[id]
	u.Attributes = maps.Clone(u.Attributes)
	return u, ok
}

func (m *memory) DeletedUser(id string) (User, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	u, ok := m.deleted[id]
	return u, ok
}

func (m *memory) EachUser(yield func(User) bool) {
	m.mu.Lock()
	ids := sortedKeys(m.users)
	m.mu.Unlock()
	for _, id := range ids {
		if u, ok := m.User(id); ok && !yield(u) {
			return
		}
	}
}

func (m *memory) ChangedSince(w uint64) ([]string, uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if w == 0 {
		panic("watermark 0 is not asked for")
	}
	var out []string
	for id, s := range m.stamp {
		if s > w {
			out = append(out, id)
		}
	}
	sort.Strings(out)
	return out, m.mark
}

func (m *memory) Watermark() uint64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.mark
}

func (m *memory) Group(id string) (Group, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	g, ok := m.groups[id]
	return g, ok
}

func (m *memory) DirectMembers(id string) []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []string
	for u := range m.members[id] {
		if _, group := m.groups[u]; !group {
			out = append(out, u)
		}
	}
	sort.Strings(out)
	return out
}

func (m *memory) Assignments(string) []Assignment {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.assignments)
}

// ByAlternativeSecurityID scans; the benchmark's directory overrides it with an index.
func (m *memory) ByAlternativeSecurityID(key string) []User {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.supported != nil && !m.supported[key] {
		return nil
	}
	var out []User
	for _, set := range []map[string]User{m.users, m.deleted} {
		for _, u := range set {
			if u.External && u.AlternativeSecurityID == key {
				out = append(out, u)
			}
		}
	}
	return out
}

func (m *memory) ByAddress(a string) []Holder {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []Holder
	if m.contacts[a] {
		out = append(out, Holder{"contact-" + a, "contact", false})
	}
	if m.supported != nil {
		return out
	}
	for id := range m.groups {
		if strings.EqualFold(a, id+"@"+m.domain) {
			out = append(out, Holder{id, "group", false})
		}
	}
	for _, id := range sortedKeys(m.users) {
		u := m.users[id]
		if strings.EqualFold(u.Mail, a) || slices.Contains(texts(u.Attributes["otherMails"]), a) {
			out = append(out, Holder{id, "user", u.External})
		}
	}
	return out
}

func (m *memory) CreateExternal(u User) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.refuse != nil {
		if err := m.refuse("create", u); err != nil {
			return "", err
		}
	}
	m.serial++
	u.ID = fmt.Sprintf("%s-ext-%06d", m.tenant[:1], m.serial)
	m.users[u.ID] = u
	m.touch(u.ID)
	if m.supported != nil {
		m.supported[u.AlternativeSecurityID] = true
	}
	return u.ID, nil
}

func (m *memory) Update(id string, attributes map[string]any) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	u, ok := m.users[id]
	if !ok {
		return &DirectoryError{"Request_ResourceNotFound", id}
	}
	if m.refuse != nil {
		if err := m.refuse("update", u); err != nil {
			return err
		}
	}
	u.Attributes = maps.Clone(u.Attributes)
	for k, v := range attributes {
		switch k {
		case "externalUserState":
			u.ExternalUserState = v.(string)
		case "alternativeSecurityId":
			u.AlternativeSecurityID = v.(string)
		default:
			assign(&u, k, v)
		}
	}
	m.users[id] = u
	m.updates++
	m.touch(id)
	return nil
}

func (m *memory) SoftDelete(id string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.drop(id, true, false)
	return nil
}

func (m *memory) Restore(id string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	u, ok := m.deleted[id]
	if !ok {
		return &DirectoryError{"Request_ResourceNotFound", id}
	}
	u.DeletedAt, u.DeletedByEngine, u.DeletedBySelf = time.Time{}, false, false
	m.users[id] = u
	delete(m.deleted, id)
	m.touch(id)
	return nil
}

func (m *memory) SetManager(id, manager string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	u := m.users[id]
	if m.refuse != nil {
		if err := m.refuse("manager", u); err != nil {
			return err
		}
	}
	u.ManagerID = manager
	m.users[id] = u
	m.touch(id)
	return nil
}

func (m *memory) flag(set map[string]bool, other string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return set[other]
}

func (m *memory) OutboundConsent(o string) bool { return m.flag(m.outbound, o) }
func (m *memory) InboundConsent(o string) bool  { return m.flag(m.inbound, o) }
func (m *memory) InboundSync(o string) bool     { return m.flag(m.sync, o) }
func (m *memory) InvitationsAllowed() bool      { m.mu.Lock(); defer m.mu.Unlock(); return m.invitations }
func (m *memory) VerifiedDomain(d string) bool  { return strings.EqualFold(d, m.domain) }
