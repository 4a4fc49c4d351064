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
func (t *Tenant) SeedGroup(id string, props Object, members []string) *Error {
	t.mu.Lock()
	defer t.mu.Unlock()
	rule, err := dynamicRule(props)
	if err != nil {
		return err
	}
	t.insertGroup(&Group{ID: id, Props: props}, 0)
	for _, m := range members {
		t.addMember(t.groups.byID[id], strings.ToLower(m), 0)
	}
	t.follow(t.groups.byID[id], rule)
	return nil
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
	rule, err := dynamicRule(props)
	if err != nil {
		return nil, err
	}
	g := &Group{ID: NewID(), Props: props}
	if g.Dynamic() && len(members) > 0 {
		return nil, BadRequest("Members of a dynamic group cannot be set.")
	}
	now := time.Now().UnixNano()
	t.insertGroup(g, now)
	t.follow(t.groups.byID[g.ID], rule)
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
	i, in := c.index[id]
	if !in {
		return
	}
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
	if t.groups.slots[slot].cur.Dynamic() {
		return BadRequest("Insufficient privileges to complete the operation: members of a dynamic group cannot be changed.")
	}
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
	rule, err := dynamicRule(next.Props)
	if err != nil {
		return err
	}
	c.prev, c.cur, c.at = c.cur, next, time.Now().UnixNano()
	t.record(Change{Kind: ChangeGroup, ID: next.ID, Mask: ^uint64(0)})
	name, _ := next.Props["displayName"].(string)
	t.auditRow("Update group", "GroupManagement", "Update", by, target("Group", next.ID, name, ""))
	if rule != nil || t.dynamic[slot] != nil {
		t.follow(slot, rule)
	}
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
	delete(t.dynamic, slot)
	delete(t.groups.byID, gid)
	return nil
}

// SeedMembers adds members as if they had always been there.
func (t *Tenant) SeedMembers(groupID string, members []string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, m := range members {
		t.addMember(t.groups.byID[groupID], m, 0)
	}
}
