package dir

import (
	"strings"
	"time"
)

type userCell struct {
	cur, prev *User
	at        int64 // wall time of the last write, nanoseconds
}

// userTable holds users in slots: a page cursor is a slot number, so that a page costs the same at any place.
// A permanently deleted user leaves an empty slot behind.
type userTable struct {
	slots   []userCell
	byID    map[string]int32
	byUPN   map[string]int32   // lower case; live and soft-deleted
	byMail  map[string][]int32 // lower case; only where it differs from the UPN
	byAlt   map[string][]int32
	live    int
	deleted map[int32]struct{}
}

func (t *userTable) init() {
	t.byID, t.byUPN = map[string]int32{}, map[string]int32{}
	t.byMail, t.byAlt = map[string][]int32{}, map[string][]int32{}
	t.deleted = map[int32]struct{}{}
}

// Reserve makes room for n users before a generator runs.
func (t *Tenant) Reserve(n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if n > len(t.users.slots) {
		t.users.slots = append(make([]userCell, 0, n), t.users.slots...)
		if len(t.users.byID) == 0 {
			t.users.byID, t.users.byUPN = make(map[string]int32, n), make(map[string]int32, n)
		}
	}
}

// Seed stores a user as if it had always been there: no change-log entry, no audit row, no lag.
func (t *Tenant) Seed(u *User) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.insert(u, 0)
}

func (t *Tenant) insert(u *User, at int64) {
	slot := int32(len(t.users.slots))
	t.users.slots = append(t.users.slots, userCell{cur: u, at: at})
	t.users.byID[u.ID] = slot
	t.users.index(u, slot)
	t.users.live++
	t.reconsider(u)
}

func (ut *userTable) index(u *User, slot int32) {
	upn := strings.ToLower(u.S[UPN])
	ut.byUPN[upn] = slot
	if m := strings.ToLower(u.S[Mail]); m != "" && m != upn {
		ut.byMail[m] = append(ut.byMail[m], slot)
	}
	if a := u.S[AltSecID]; a != "" {
		ut.byAlt[a] = append(ut.byAlt[a], slot)
	}
}

func (ut *userTable) unindex(u *User, slot int32) {
	if upn := strings.ToLower(u.S[UPN]); ut.byUPN[upn] == slot {
		delete(ut.byUPN, upn)
	}
	without(ut.byMail, strings.ToLower(u.S[Mail]), slot)
	without(ut.byAlt, u.S[AltSecID], slot)
}

func without(m map[string][]int32, key string, slot int32) {
	list := m[key]
	for i, s := range list {
		if s == slot {
			list = append(append([]int32(nil), list[:i]...), list[i+1:]...)
			if len(list) == 0 {
				delete(m, key)
			} else {
				m[key] = list
			}
			return
		}
	}
}

// store replaces the record in a slot, keeps the one before for lagging readers and writes the change log.
func (t *Tenant) store(slot int32, u *User) {
	c := &t.users.slots[slot]
	old := c.cur
	t.users.unindex(old, slot)
	t.users.index(u, slot)
	c.prev, c.cur, c.at = old, u, time.Now().UnixNano()
	t.record(Change{Kind: ChangeUser, ID: u.ID, Mask: changeMask(old, u)})
	t.reconsider(u)
}

// seen is the record that a replicated reader gets, nil while the user is not there for it.
func (t *Tenant) seen(c *userCell) *User {
	if c.at != 0 && c.cur != nil && t.stale(c.cur.ID, c.at) {
		return c.prev
	}
	return c.cur
}

// CreateUser stores a new user; id, creation time and a missing netId are filled in.
func (t *Tenant) CreateUser(u *User, by Actor) (*User, *Error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if slot, ok := t.users.byUPN[strings.ToLower(u.S[UPN])]; ok && t.users.slots[slot].cur.Deleted == 0 {
		return nil, &Error{Status: 400, Code: "Request_BadRequest",
			Message: "Another object with the same value for property userPrincipalName already exists.",
			Details: []Detail{{Code: "ObjectConflict", Message: "Another object with the same value for property userPrincipalName already exists.", Target: "userPrincipalName"}}}
	}
	if quota := int(t.quota.Load()); quota > 0 && t.users.live >= quota {
		return nil, &Error{Status: 403, Code: "Directory_QuotaExceeded", Message: "The directory object quota limit for the Tenant has been exceeded. Please ask your administrator to increase the quota limit or delete objects to reduce the used quota."}
	}
	if u.ID == "" {
		u.ID = NewID()
	}
	if u.Created == 0 {
		u.Created = t.Now().Unix()
	}
	if u.S[NetID] == "" && !u.External {
		u.S[NetID] = u.ID
	}
	t.insert(u, time.Now().UnixNano())
	t.record(Change{Kind: ChangeUser, ID: u.ID, Mask: ^uint64(0)})
	t.auditRow("Add user", "UserManagement", "Create", by, target("User", u.ID, u.S[DisplayName], u.S[UPN]))
	return u, nil
}

// UpdateUser lets change edit a copy of the live user and stores it when something differs.
func (t *Tenant) UpdateUser(id string, by Actor, change func(*User) *Error) *Error {
	t.mu.Lock()
	defer t.mu.Unlock()
	slot, ok := t.lookup(id)
	if !ok || t.users.slots[slot].cur.Deleted != 0 {
		return NotFound(id)
	}
	next := *t.users.slots[slot].cur
	if err := change(&next); err != nil {
		return err
	}
	if other, ok := t.users.byUPN[strings.ToLower(next.S[UPN])]; ok && other != slot && t.users.slots[other].cur.Deleted == 0 {
		return BadRequest("Another object with the same value for property userPrincipalName already exists.")
	}
	if changeMask(t.users.slots[slot].cur, &next) != 0 {
		t.store(slot, &next)
	}
	t.auditRow("Update user", "UserManagement", "Update", by, target("User", next.ID, next.S[DisplayName], next.S[UPN]))
	return nil
}

// DeleteUser moves a user to the recycle bin. Memberships, assignments and the manager stay, as documented.
func (t *Tenant) DeleteUser(id string, by Actor) *Error {
	t.mu.Lock()
	defer t.mu.Unlock()
	slot, ok := t.lookup(id)
	if !ok || t.users.slots[slot].cur.Deleted != 0 {
		return NotFound(id)
	}
	next := *t.users.slots[slot].cur
	next.Deleted, next.DeletedByEngine = t.Now().Unix(), by.Engine
	t.store(slot, &next)
	t.users.live--
	t.users.deleted[slot] = struct{}{}
	t.auditRow("Delete user", "UserManagement", "Delete", by, target("User", next.ID, next.S[DisplayName], next.S[UPN]))
	return nil
}

// RestoreUser takes a user out of the recycle bin with the same id and everything it had.
func (t *Tenant) RestoreUser(id string, by Actor) (*User, *Error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	slot, ok := t.lookup(id)
	if !ok || t.users.slots[slot].cur.Deleted == 0 {
		return nil, NotFound(id)
	}
	next := *t.users.slots[slot].cur
	if other, ok := t.users.byUPN[strings.ToLower(next.S[UPN])]; ok && other != slot && t.users.slots[other].cur.Deleted == 0 {
		return nil, BadRequest("Another object with the same value for property userPrincipalName already exists.")
	}
	next.Deleted, next.DeletedByEngine = 0, false
	t.store(slot, &next)
	t.users.live++
	delete(t.users.deleted, slot)
	t.auditRow("Restore user", "UserManagement", "Update", by, target("User", next.ID, next.S[DisplayName], next.S[UPN]))
	return &next, nil
}

// PurgeUser deletes a soft-deleted user for good: memberships and assignments go with it.
func (t *Tenant) PurgeUser(id string, by Actor) *Error {
	t.mu.Lock()
	defer t.mu.Unlock()
	slot, ok := t.lookup(id)
	if !ok || t.users.slots[slot].cur.Deleted == 0 {
		return NotFound(id)
	}
	t.purge(slot, by)
	return nil
}

func (t *Tenant) purge(slot int32, by Actor) {
	u := t.users.slots[slot].cur
	t.users.unindex(u, slot)
	delete(t.users.byID, u.ID)
	delete(t.users.deleted, slot)
	t.users.slots[slot] = userCell{}
	t.dropPrincipal(u.ID)
	t.record(Change{Kind: ChangeUser, ID: u.ID, Gone: true, Mask: ^uint64(0)})
	t.auditRow("Hard Delete user", "UserManagement", "Delete", by, target("User", u.ID, u.S[DisplayName], u.S[UPN]))
}

// ExpireBin deletes for good what has been in the recycle bin for 30 days.
func (t *Tenant) ExpireBin() {
	t.mu.Lock()
	defer t.mu.Unlock()
	border := t.Now().Add(-30 * 24 * time.Hour).Unix()
	for slot := range t.users.deleted {
		if t.users.slots[slot].cur.Deleted <= border {
			t.purge(slot, Actor{App: "Microsoft Entra ID"})
		}
	}
}

// lookup finds a slot by object id or user principal name.
func (t *Tenant) lookup(key string) (int32, bool) {
	if slot, ok := t.users.byID[strings.ToLower(key)]; ok {
		return slot, true
	}
	slot, ok := t.users.byUPN[strings.ToLower(key)]
	return slot, ok
}

// User is a live user by id or user principal name as a replicated reader sees it.
func (t *Tenant) User(key string) (*User, bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.userSeen(key)
}

func (t *Tenant) userSeen(key string) (*User, bool) {
	slot, ok := t.lookup(key)
	if !ok {
		return nil, false
	}
	u := t.seen(&t.users.slots[slot])
	if u == nil || u.Deleted != 0 {
		return nil, false
	}
	return u, true
}

// Newest is a user, live or soft-deleted, without lag.
func (t *Tenant) Newest(key string) (*User, bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	slot, ok := t.lookup(key)
	if !ok {
		return nil, false
	}
	return t.users.slots[slot].cur, true
}

// DeletedUser is a user in the recycle bin as a replicated reader sees it.
func (t *Tenant) DeletedUser(id string) (*User, bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	slot, ok := t.users.byID[strings.ToLower(id)]
	if !ok {
		return nil, false
	}
	u := t.seen(&t.users.slots[slot])
	return u, u != nil && u.Deleted != 0
}

// Users collects up to n live users from a cursor on; next is 0 at the end. keep may be nil.
func (t *Tenant) Users(cursor, n int, keep func(*User) bool) (page []*User, next int) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	page = make([]*User, 0, min(n, 1000))
	for i := max(cursor, 0); i < len(t.users.slots); i++ {
		u := t.seen(&t.users.slots[i])
		if u == nil || u.Deleted != 0 || keep != nil && !keep(u) {
			continue
		}
		if len(page) == n {
			return page, i
		}
		page = append(page, u)
	}
	return page, 0
}

// DeletedUsers lists the recycle bin.
func (t *Tenant) DeletedUsers() []*User {
	t.mu.RLock()
	defer t.mu.RUnlock()
	var out []*User
	for _, slot := range sortedSlots(t.users.deleted) {
		if u := t.seen(&t.users.slots[slot]); u != nil && u.Deleted != 0 {
			out = append(out, u)
		}
	}
	return out
}

// CountUsers is the number of live users; throttling classes depend on it.
func (t *Tenant) CountUsers() int {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.users.live
}

// ByAltSecID finds external users, live and soft-deleted, by their home key.
func (t *Tenant) ByAltSecID(key string) []*User {
	t.mu.RLock()
	defer t.mu.RUnlock()
	var out []*User
	for _, slot := range t.users.byAlt[key] {
		out = append(out, t.users.slots[slot].cur)
	}
	return out
}

// ByAddress finds live users that hold an address as mail or sign-in name.
func (t *Tenant) ByAddress(address string) []*User {
	t.mu.RLock()
	defer t.mu.RUnlock()
	address = strings.ToLower(address)
	slots := append([]int32(nil), t.users.byMail[address]...)
	if slot, ok := t.users.byUPN[address]; ok {
		slots = append(slots, slot)
	}
	var out []*User
	for _, slot := range slots {
		u := t.users.slots[slot].cur
		if u.Deleted == 0 {
			out = append(out, u)
		}
	}
	return out
}

// NewestUsers collects up to n live users from a cursor on, without lag.
func (t *Tenant) NewestUsers(cursor, n int) (page []*User, next int) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	for i := max(cursor, 0); i < len(t.users.slots); i++ {
		u := t.users.slots[i].cur
		if u == nil || u.Deleted != 0 {
			continue
		}
		if len(page) == n {
			return page, i
		}
		page = append(page, u)
	}
	return page, 0
}

// ByNetID finds an internal user by the key that external copies of it carry.
func (t *Tenant) ByNetID(key string) (*User, bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	if slot, ok := t.users.byID[key]; ok && !t.users.slots[slot].cur.External {
		return t.users.slots[slot].cur, true
	}
	return nil, false
}
