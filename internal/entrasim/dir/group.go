package dir

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// Group is one group. A stored Group's Props are never changed; members live in the table beside it.
type Group struct {
	ID      string
	Props   Object // canonical Graph names
	Deleted int64
}

// SecurityEnabled decides whether the provisioning engine takes the group as a scope.
func (g *Group) SecurityEnabled() bool { b, _ := g.Props["securityEnabled"].(bool); return b }

// Unified tells a Microsoft 365 group, the only kind that is soft-deleted.
func (g *Group) Unified() bool {
	l, _ := g.Props["groupTypes"].([]any)
	return slices.Contains(l, any("Unified"))
}

// Dynamic groups do not take members by hand.
func (g *Group) Dynamic() bool {
	l, _ := g.Props["groupTypes"].([]any)
	return slices.Contains(l, any("DynamicMembership"))
}

type member struct {
	id   string
	at   int64
	gone bool
}

type groupCell struct {
	cur, prev *Group
	at        int64
	members   []member // slots: a removed member leaves a hole, so that cursors stay valid
	index     map[string]int
	owners    []string
}

type groupTable struct {
	slots []groupCell
	byID  map[string]int
}

func (t *Tenant) groupSeen(c *groupCell) *Group {
	if c.cur == nil {
		return nil
	}
	g := c.cur
	if c.at != 0 && t.stale(c.cur.ID, c.at) {
		g = c.prev
	}
	return g
}

func (t *Tenant) groupSlot(id string) (int, bool) {
	i, ok := t.groups.byID[strings.ToLower(id)]
	return i, ok
}

// kindOf names a principal's type, "" when it is unknown here.
func (t *Tenant) kindOf(id string) string {
	id = strings.ToLower(id)
	if slot, ok := t.users.byID[id]; ok && t.users.slots[slot].cur.Deleted == 0 {
		return "user"
	}
	if i, ok := t.groups.byID[id]; ok && t.groups.slots[i].cur != nil && t.groups.slots[i].cur.Deleted == 0 {
		return "group"
	}
	if _, ok := t.ServicePrincipals.newest(id); ok {
		return "servicePrincipal"
	}
	if _, ok := t.Contacts.newest(id); ok {
		return "orgContact"
	}
	return ""
}

// SeedGroup stores a group as if it had always been there.
func (t *Tenant) SeedGroup(id string, props Object, members []string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.insertGroup(&Group{ID: id, Props: props}, 0)
	for _, m := range members {
		t.addMember(t.groups.byID[id], strings.ToLower(m), 0)
	}
}

func (t *Tenant) insertGroup(g *Group, at int64) {
	t.groups.byID[g.ID] = len(t.groups.slots)
	t.groups.slots = append(t.groups.slots, groupCell{cur: g, at: at, index: map[string]int{}})
}

// CreateGroup stores a group with its first members and owners, all or nothing.
func (t *Tenant) CreateGroup(props Object, members, owners []string, by Actor) (*Group, *Error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, id := range slices.Concat(members, owners) {
		if t.kindOf(id) == "" {
			return nil, NotFound(id)
		}
	}
	g := &Group{ID: NewID(), Props: props}
	now := time.Now().UnixNano()
	t.insertGroup(g, now)
	t.record(Change{Kind: ChangeGroup, ID: g.ID, Mask: ^uint64(0)})
	for _, m := range members {
		t.addMember(t.groups.byID[g.ID], strings.ToLower(m), now)
	}
	t.groups.slots[t.groups.byID[g.ID]].owners = slices.Clone(owners)
	name, _ := props["displayName"].(string)
	t.auditRow("Add group", "GroupManagement", "Create", by, target("Group", g.ID, name, ""))
	return g, nil
}

func (t *Tenant) addMember(slot int, id string, at int64) {
	c := &t.groups.slots[slot]
	c.index[id] = len(c.members)
	c.members = append(c.members, member{id: id, at: at})
	if t.memberOf[id] == nil {
		t.memberOf[id] = map[string]struct{}{}
	}
	t.memberOf[id][c.cur.ID] = struct{}{}
	if at != 0 {
		t.record(Change{Kind: ChangeMember, ID: c.cur.ID, Other: id})
	}
}

func (t *Tenant) removeMember(slot int, id string) {
	c := &t.groups.slots[slot]
	i := c.index[id]
	c.members[i].gone, c.members[i].at = true, time.Now().UnixNano()
	delete(c.index, id)
	delete(t.memberOf[id], c.cur.ID)
	t.record(Change{Kind: ChangeMember, ID: c.cur.ID, Other: id, Gone: true})
}

// AddMembers adds principals, all or nothing. One that is a member already is the documented 400.
func (t *Tenant) AddMembers(groupID string, ids []string, by Actor) *Error {
	t.mu.Lock()
	defer t.mu.Unlock()
	slot, ok := t.groupSlot(groupID)
	if !ok || t.groups.slots[slot].cur == nil || t.groups.slots[slot].cur.Deleted != 0 {
		return NotFound(groupID)
	}
	c := &t.groups.slots[slot]
	if c.cur.Dynamic() {
		return BadRequest("Insufficient privileges to complete the operation: members of a dynamic group cannot be changed.")
	}
	seen := map[string]bool{}
	for i, id := range ids {
		id = strings.ToLower(id)
		ids[i] = id
		if t.kindOf(id) == "" {
			return NotFound(id)
		}
		if _, in := c.index[id]; in || seen[id] {
			return BadRequest("One or more added object references already exist for the following modified properties: 'members'.")
		}
		seen[id] = true
	}
	now := time.Now().UnixNano()
	name, _ := c.cur.Props["displayName"].(string)
	for _, id := range ids {
		t.addMember(slot, id, now)
		t.auditRow("Add member to group", "GroupManagement", "Assign", by, target("Group", c.cur.ID, name, ""), target("User", id, "", ""))
	}
	return nil
}

// RemoveMember takes one direct member out.
func (t *Tenant) RemoveMember(groupID, id string, by Actor) *Error {
	t.mu.Lock()
	defer t.mu.Unlock()
	slot, ok := t.groupSlot(groupID)
	if !ok || t.groups.slots[slot].cur == nil {
		return NotFound(groupID)
	}
	id = strings.ToLower(id)
	if _, in := t.groups.slots[slot].index[id]; !in {
		return NotFound(id)
	}
	t.removeMember(slot, id)
	name, _ := t.groups.slots[slot].cur.Props["displayName"].(string)
	t.auditRow("Remove member from group", "GroupManagement", "Unassign", by, target("Group", groupID, name, ""), target("User", id, "", ""))
	return nil
}

// dropPrincipal removes a vanished principal from groups and assignments.
func (t *Tenant) dropPrincipal(id string) {
	for _, g := range slices.Sorted(maps.Keys(t.memberOf[id])) {
		t.removeMember(t.groups.byID[g], id)
	}
	delete(t.memberOf, id)
	for _, o := range t.Assignments.all() {
		if o["principalId"] == id || o["resourceId"] == id {
			t.Assignments.remove(o.ID())
		}
	}
}

// UpdateGroup stores a changed copy of the properties.
func (t *Tenant) UpdateGroup(id string, patch Object, by Actor) *Error {
	t.mu.Lock()
	defer t.mu.Unlock()
	slot, ok := t.groupSlot(id)
	if !ok || t.groups.slots[slot].cur == nil || t.groups.slots[slot].cur.Deleted != 0 {
		return NotFound(id)
	}
	c := &t.groups.slots[slot]
	next := &Group{ID: c.cur.ID, Props: Merge(c.cur.Props, patch)}
	c.prev, c.cur, c.at = c.cur, next, time.Now().UnixNano()
	t.record(Change{Kind: ChangeGroup, ID: next.ID, Mask: ^uint64(0)})
	name, _ := next.Props["displayName"].(string)
	t.auditRow("Update group", "GroupManagement", "Update", by, target("Group", next.ID, name, ""))
	return nil
}

// DeleteGroup removes a security group for good; a Microsoft 365 group goes to the recycle bin.
func (t *Tenant) DeleteGroup(id string, by Actor) *Error {
	t.mu.Lock()
	defer t.mu.Unlock()
	slot, ok := t.groupSlot(id)
	if !ok || t.groups.slots[slot].cur == nil || t.groups.slots[slot].cur.Deleted != 0 {
		return NotFound(id)
	}
	c := &t.groups.slots[slot]
	name, _ := c.cur.Props["displayName"].(string)
	t.auditRow("Delete group", "GroupManagement", "Delete", by, target("Group", c.cur.ID, name, ""))
	if c.cur.Unified() {
		next := *c.cur
		next.Deleted = t.Now().Unix()
		c.prev, c.cur, c.at = c.cur, &next, time.Now().UnixNano()
		t.record(Change{Kind: ChangeGroup, ID: next.ID, Mask: ^uint64(0)})
		return nil
	}
	gid := c.cur.ID
	for m := range c.index {
		delete(t.memberOf[m], gid)
		t.record(Change{Kind: ChangeMember, ID: gid, Other: m, Gone: true})
	}
	t.dropPrincipal(gid)
	t.record(Change{Kind: ChangeGroup, ID: gid, Gone: true, Mask: ^uint64(0)})
	t.groups.slots[slot] = groupCell{}
	delete(t.groups.byID, gid)
	return nil
}

// Group is a live group as a replicated reader sees it.
func (t *Tenant) Group(id string) (*Group, bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	slot, ok := t.groupSlot(id)
	if !ok {
		return nil, false
	}
	g := t.groupSeen(&t.groups.slots[slot])
	return g, g != nil && g.Deleted == 0
}

// NewestGroup is a live group without lag.
func (t *Tenant) NewestGroup(id string) (*Group, bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	slot, ok := t.groupSlot(id)
	if !ok || t.groups.slots[slot].cur == nil {
		return nil, false
	}
	g := t.groups.slots[slot].cur
	return g, g.Deleted == 0
}

// Groups collects up to n live groups from a cursor on; next is 0 at the end.
func (t *Tenant) Groups(cursor, n int, keep func(*Group) bool) (page []*Group, next int) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	for i := max(cursor, 0); i < len(t.groups.slots); i++ {
		g := t.groupSeen(&t.groups.slots[i])
		if g == nil || g.Deleted != 0 || keep != nil && !keep(g) {
			continue
		}
		if len(page) == n {
			return page, i
		}
		page = append(page, g)
	}
	return page, 0
}

// Members collects direct members, live ones only, from a cursor on.
func (t *Tenant) Members(groupID string, cursor, n int, keep func(id string) bool) (page []string, next int, ok bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	slot, ok := t.groupSlot(groupID)
	if !ok || t.groupSeen(&t.groups.slots[slot]) == nil {
		return nil, 0, false
	}
	page, next = t.members(slot, cursor, n, keep)
	return page, next, true
}

func (t *Tenant) members(slot, cursor, n int, keep func(string) bool) (page []string, next int) {
	ms := t.groups.slots[slot].members
	for i := max(cursor, 0); i < len(ms); i++ {
		if ms[i].gone != t.stale(ms[i].id, ms[i].at) || t.kindOf(ms[i].id) == "" || keep != nil && !keep(ms[i].id) {
			continue // removed and seen, or added and not yet seen, or soft-deleted
		}
		if len(page) == n {
			return page, i
		}
		page = append(page, ms[i].id)
	}
	return page, 0
}

// TransitiveMembers lists members of a group and of the groups in it, each once.
func (t *Tenant) TransitiveMembers(groupID string) ([]string, bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	slot, ok := t.groupSlot(groupID)
	if !ok || t.groupSeen(&t.groups.slots[slot]) == nil {
		return nil, false
	}
	seen, out := map[string]bool{strings.ToLower(groupID): true}, []string{}
	todo := []int{slot}
	for len(todo) > 0 {
		page, _ := t.members(todo[0], 0, 1<<30, nil)
		todo = todo[1:]
		for _, id := range page {
			if seen[id] {
				continue
			}
			seen[id] = true
			out = append(out, id)
			if s, ok := t.groups.byID[id]; ok {
				todo = append(todo, s)
			}
		}
	}
	return out, true
}

// DirectUserMembers lists direct user members without lag, also soft-deleted ones: the engine decides.
func (t *Tenant) DirectUserMembers(groupID string) []string {
	t.mu.RLock()
	defer t.mu.RUnlock()
	slot, ok := t.groupSlot(groupID)
	if !ok {
		return nil
	}
	var out []string
	for _, m := range t.groups.slots[slot].members {
		if _, user := t.users.byID[m.id]; user && !m.gone {
			out = append(out, m.id)
		}
	}
	return out
}

// MemberOf lists the groups a principal is a direct member of.
func (t *Tenant) MemberOf(id string) []string {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return slices.Sorted(maps.Keys(t.memberOf[strings.ToLower(id)]))
}

// Owners lists and SetOwners replaces the owners of a group.
func (t *Tenant) Owners(groupID string) []string {
	t.mu.RLock()
	defer t.mu.RUnlock()
	if slot, ok := t.groupSlot(groupID); ok {
		return slices.Clone(t.groups.slots[slot].owners)
	}
	return nil
}

// SetOwners replaces the owners of a group.
func (t *Tenant) SetOwners(groupID string, owners []string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if slot, ok := t.groupSlot(groupID); ok {
		t.groups.slots[slot].owners = owners
	}
}

// KindOf names the type of a principal: user, group, servicePrincipal, orgContact or "".
func (t *Tenant) KindOf(id string) string {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.kindOf(id)
}

func sortedSlots(m map[int32]struct{}) []int32 { return slices.Sorted(maps.Keys(m)) }

// SeedMembers adds members as if they had always been there.
func (t *Tenant) SeedMembers(groupID string, members []string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, m := range members {
		t.addMember(t.groups.byID[groupID], m, 0)
	}
}
