package dir

import "time"

// DeletedGroups lists the Microsoft 365 groups in the recycle bin.
func (t *Tenant) DeletedGroups() []*Group {
	t.mu.RLock()
	defer t.mu.RUnlock()
	var out []*Group
	for i := range t.groups.slots {
		if g := t.groups.slots[i].cur; g != nil && g.Deleted != 0 {
			out = append(out, g)
		}
	}
	return out
}

// DeletedGroup is one of them.
func (t *Tenant) DeletedGroup(id string) (*Group, bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	if slot, ok := t.groupSlot(id); ok {
		if g := t.groups.slots[slot].cur; g != nil && g.Deleted != 0 {
			return g, true
		}
	}
	return nil, false
}

// RestoreGroup takes a group out of the recycle bin.
func (t *Tenant) RestoreGroup(id string) (*Group, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	slot, ok := t.groupSlot(id)
	if !ok || t.groups.slots[slot].cur == nil || t.groups.slots[slot].cur.Deleted == 0 {
		return nil, false
	}
	c := &t.groups.slots[slot]
	next := *c.cur
	next.Deleted = 0
	c.prev, c.cur, c.at = c.cur, &next, time.Now().UnixNano()
	t.record(Change{Kind: ChangeGroup, ID: next.ID, Mask: ^uint64(0)})
	return &next, true
}

// PurgeGroup deletes a group in the recycle bin for good.
func (t *Tenant) PurgeGroup(id string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	slot, ok := t.groupSlot(id)
	if !ok || t.groups.slots[slot].cur == nil || t.groups.slots[slot].cur.Deleted == 0 {
		return false
	}
	gid := t.groups.slots[slot].cur.ID
	t.dropPrincipal(gid)
	t.record(Change{Kind: ChangeGroup, ID: gid, Gone: true, Mask: ^uint64(0)})
	t.groups.slots[slot] = groupCell{}
	delete(t.dynamic, slot)
	delete(t.groups.byID, gid)
	return true
}
