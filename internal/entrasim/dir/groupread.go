package dir

import (
	"maps"
	"slices"
	"strings"
)

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
