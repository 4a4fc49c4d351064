package dir

import (
	"encoding/json"
	"fmt"
	"maps"
	"time"
)

// tenantState is one directory as a snapshot holds it. Values of objects are packed, because JSON alone would turn
// times and lists of ids into other types.
type tenantState struct {
	ID          string
	Users       []*User // by slot; nil where one was deleted for good
	Groups      []groupState
	Collections map[string][]any
	Secrets     map[string][]Secret
	Root        any
	Defaults    any
	Auth        any
	Templates   map[string]any
	Partners    []any // [config, sync] in the order of creation
	PolicyBin   []any
	Audit       []any
	Log         []Change
}

type groupState struct {
	ID      string
	Props   any
	Deleted int64
	Members []string
	Owners  []string
	Gone    bool // deleted for good
}

// pack makes a value that survives JSON; unpack is its inverse.
func pack(v any) any {
	switch x := v.(type) {
	case time.Time:
		return map[string]any{"$time": x.Format(time.RFC3339Nano)}
	case int:
		return map[string]any{"$int": x}
	case []string:
		return map[string]any{"$strings": x}
	case Object:
		return pack(map[string]any(x))
	case map[string]any:
		if x == nil {
			return nil
		}
		out := make(map[string]any, len(x))
		for k, e := range x {
			out[k] = pack(e)
		}
		return out
	case []any:
		out := make([]any, len(x))
		for i, e := range x {
			out[i] = pack(e)
		}
		return out
	}
	return v
}

func unpack(v any) any {
	switch x := v.(type) {
	case map[string]any:
		if s, ok := x["$time"].(string); ok && len(x) == 1 {
			t, _ := time.Parse(time.RFC3339Nano, s)
			return t
		}
		if n, ok := x["$int"].(float64); ok && len(x) == 1 {
			return int(n)
		}
		if l, ok := x["$strings"]; ok && len(x) == 1 {
			var out []string
			list, _ := l.([]any)
			for _, e := range list {
				s, _ := e.(string)
				out = append(out, s)
			}
			return out
		}
		for k, e := range x {
			x[k] = unpack(e)
		}
	case []any:
		for i, e := range x {
			x[i] = unpack(e)
		}
	}
	return v
}

func unpackObject(v any) Object {
	m, _ := unpack(v).(map[string]any)
	return m
}

func packAll(list []Object) []any {
	out := []any{}
	for _, o := range list {
		out = append(out, pack(o))
	}
	return out
}

func unpackAll(list []any) []Object {
	var out []Object
	for _, v := range list {
		out = append(out, unpackObject(v))
	}
	return out
}

func (t *Tenant) collections() map[string]*Collection {
	return map[string]*Collection{"applications": t.Applications, "servicePrincipals": t.ServicePrincipals, "assignments": t.Assignments,
		"contacts": t.Contacts, "grants": t.Grants, "bin": t.Bin, "roles": t.Roles, "documents": t.Documents}
}

// Snapshot returns the newest state as JSON.
func (t *Tenant) Snapshot() (json.RawMessage, error) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	s := tenantState{ID: t.ID, Collections: map[string][]any{}, Secrets: t.secrets, Root: pack(t.policy.root), Defaults: pack(t.policy.defaults),
		Auth: pack(t.policy.authorization), Templates: map[string]any{}, PolicyBin: packAll(t.policy.bin), Audit: packAll(t.audit.rows), Log: t.log.entries}
	for i := range t.users.slots {
		u := t.users.slots[i].cur
		if u != nil && u.Extra != nil {
			c := *u
			c.Extra, _ = pack(u.Extra).(map[string]any)
			u = &c
		}
		s.Users = append(s.Users, u)
	}
	for i := range t.groups.slots {
		c := &t.groups.slots[i]
		if c.cur == nil {
			s.Groups = append(s.Groups, groupState{Gone: true})
			continue
		}
		g := groupState{ID: c.cur.ID, Props: pack(c.cur.Props), Deleted: c.cur.Deleted, Owners: c.owners}
		for _, m := range c.members {
			if !m.gone {
				g.Members = append(g.Members, m.id)
			}
		}
		s.Groups = append(s.Groups, g)
	}
	for name, c := range t.collections() {
		s.Collections[name] = packAll(c.all())
	}
	for name, o := range t.policy.templates {
		s.Templates[name] = pack(o)
	}
	for _, id := range t.policy.order {
		p := t.policy.partners[id]
		s.Partners = append(s.Partners, []any{pack(p.config), pack(p.sync)})
	}
	return json.Marshal(s)
}

// Restore replaces the state by a snapshot's. Everything in it has replicated.
func (t *Tenant) Restore(raw json.RawMessage) error {
	var s tenantState
	if err := json.Unmarshal(raw, &s); err != nil {
		return fmt.Errorf("tenant %s: %w", t.Name, err)
	}
	if s.ID != t.ID {
		return fmt.Errorf("the snapshot is of tenant %s, not %s", s.ID, t.ID)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.users = userTable{}
	t.users.init()
	t.groups, t.memberOf, t.dynamic = groupTable{byID: map[string]int{}}, map[string]map[string]struct{}{}, nil
	t.spReady, t.secrets = map[string]time.Time{}, map[string][]Secret{}
	maps.Copy(t.secrets, s.Secrets)
	t.log.entries = nil
	for name, c := range t.collections() {
		c.slots, c.byID, c.live = nil, map[string]int{}, 0
		for _, o := range unpackAll(s.Collections[name]) {
			c.put(o, 0)
		}
	}
	t.restoreUsers(s.Users)
	t.restorePolicy(&s)
	err := t.restoreGroups(s.Groups)
	t.audit.rows, t.log.entries = unpackAll(s.Audit), s.Log
	return err
}

func (t *Tenant) restoreUsers(users []*User) {
	for i, u := range users {
		if u == nil {
			t.users.slots = append(t.users.slots, userCell{})
			continue
		}
		if u.Extra != nil {
			u.Extra, _ = unpack(u.Extra).(map[string]any)
		}
		slot := int32(i)
		t.users.slots = append(t.users.slots, userCell{cur: u})
		t.users.byID[u.ID] = slot
		t.users.index(u, slot)
		if u.Deleted != 0 {
			t.users.deleted[slot] = struct{}{}
		} else {
			t.users.live++
		}
	}
}

func (t *Tenant) restoreGroups(groups []groupState) error {
	for slot, g := range groups {
		if g.Gone {
			t.groups.slots = append(t.groups.slots, groupCell{})
			continue
		}
		t.insertGroup(&Group{ID: g.ID, Props: unpackObject(g.Props), Deleted: g.Deleted}, 0)
		for _, m := range g.Members {
			t.addMember(slot, m, 0)
		}
		t.groups.slots[slot].owners = g.Owners
		r, err := dynamicRule(t.groups.slots[slot].cur.Props)
		if err != nil {
			return err
		}
		t.follow(slot, r)
	}
	return nil
}

func (t *Tenant) restorePolicy(s *tenantState) {
	p := &t.policy
	p.root, p.defaults, p.authorization, p.bin = unpackObject(s.Root), unpackObject(s.Defaults), unpackObject(s.Auth), unpackAll(s.PolicyBin)
	p.partners, p.order = map[string]*partner{}, nil
	for name, v := range s.Templates {
		p.templates[name] = unpackObject(v)
	}
	for _, v := range s.Partners {
		pair, _ := v.([]any)
		if len(pair) != 2 {
			continue
		}
		x := &partner{config: unpackObject(pair[0])}
		if pair[1] != nil {
			x.sync = unpackObject(pair[1])
		}
		id := x.config.Text("tenantId")
		p.partners[id], p.order = x, append(p.order, id)
	}
}
