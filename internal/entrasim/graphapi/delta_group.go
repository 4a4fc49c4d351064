package graphapi

import (
	"slices"
	"strings"

	"entente.dev/entente/internal/entrasim/dir"
	"entente.dev/entente/internal/entrasim/odata"
)

func (c *call) groupsDelta() error {
	d, err := c.deltaState("groups")
	if err != nil {
		return err
	}
	props, withMembers, err := groupDeltaFields(c, d.Select)
	if err != nil {
		return err
	}
	if c.beginsEmpty(&d) {
		return c.finish(d, nil, true)
	}
	if d.Full {
		return c.groupsFirst(d, props, withMembers)
	}
	order, touched := c.groupChanges(d, withMembers)
	var buf []byte
	ids, end := c.deltaSlice(d, order)
	for _, id := range ids {
		ch := touched[id]
		g, ok := c.t.Group(id)
		if !ok {
			reason := "changed"
			if ch.gone {
				reason = "deleted"
			}
			buf = removed(buf, id, reason)
			continue
		}
		var members []any
		for _, m := range ch.members {
			members = append(members, c.deltaMember(m, ch.left[m]))
		}
		buf = appendItem(buf, c.deltaGroup(g, props, members, false))
	}
	d.Pos = end
	return c.finish(d, buf, end < len(order))
}

// groupsFirst is a page of the first round. A group with many members comes on several pages, each with a part of
// members@delta (delta-query-groups page).
func (c *call) groupsFirst(d deltaToken, props []odata.Property, withMembers bool) error {
	keep := func(g *dir.Group) bool { return d.IDs == nil || slices.Contains(d.IDs, g.ID) }
	part := 5 * c.deltaSize()
	var buf []byte
	for range c.deltaSize() {
		page, next := c.t.Groups(d.Pos, 1, keep)
		if len(page) == 0 {
			return c.finish(d, buf, false)
		}
		var members []any
		if withMembers {
			ids, _, _ := c.t.Members(page[0].ID, 0, 1<<31-1, nil)
			from := min(d.Off, len(ids))
			upTo := min(from+part, len(ids))
			for _, id := range ids[from:upTo] {
				members = append(members, c.deltaMember(id, false))
			}
			if d.Off = upTo; upTo < len(ids) {
				return c.finish(d, appendItem(buf, c.deltaGroup(page[0], props, members, true)), true)
			}
		}
		buf = appendItem(buf, c.deltaGroup(page[0], props, members, true))
		if d.Pos, d.Off = next, 0; next == 0 {
			return c.finish(d, buf, false)
		}
	}
	return c.finish(d, buf, true)
}

func appendItem(buf []byte, o dir.Object) []byte {
	if len(buf) > 0 {
		buf = append(buf, ',')
	}
	return append(buf, marshal(o)...)
}

type groupChange struct {
	gone    bool
	members []string // in the order of the first change
	left    map[string]bool
}

func (c *call) groupChanges(d deltaToken, withMembers bool) (order []string, touched map[string]*groupChange) {
	touched = map[string]*groupChange{}
	for _, ch := range c.t.Changes(d.Seq, d.UpTo) {
		member := ch.Kind == dir.ChangeMember
		if ch.Kind != dir.ChangeGroup && (!member || !withMembers) || d.IDs != nil && !slices.Contains(d.IDs, ch.ID) {
			continue
		}
		g := touched[ch.ID]
		if g == nil {
			g = &groupChange{left: map[string]bool{}}
			touched[ch.ID] = g
			order = append(order, ch.ID)
		}
		if !member {
			g.gone = g.gone || ch.Gone
			continue
		}
		if _, seen := g.left[ch.Other]; !seen {
			g.members = append(g.members, ch.Other)
		}
		g.left[ch.Other] = ch.Gone
	}
	return order, touched
}

func (c *call) deltaMember(id string, left bool) map[string]any {
	kind := c.t.KindOf(id)
	if kind == "" {
		kind = "user"
	}
	m := map[string]any{"@odata.type": "#microsoft.graph." + kind, "id": id}
	if left {
		m["@removed"] = map[string]any{"reason": "deleted"}
	}
	return m
}

func (c *call) deltaGroup(g *dir.Group, props []odata.Property, members []any, first bool) dir.Object {
	full := groupObject(g)
	o := dir.Object{"id": g.ID}
	for _, p := range props {
		if v := full[p.Name]; v != nil || !first && p.Collection {
			o[p.Name] = v
			if v == nil {
				o[p.Name] = []any{}
			}
		}
	}
	if len(members) > 0 {
		o["members@delta"] = members
	}
	return o
}

func groupDeltaFields(c *call, sel []string) ([]odata.Property, bool, error) {
	typ := odata.TypeOf("group")
	withMembers := len(sel) == 0
	names := groupDefaults
	if len(sel) > 0 {
		names = nil
		for _, n := range sel {
			switch strings.ToLower(n) {
			case "members":
				withMembers = true
			case "owners":
			default:
				names = append(names, n)
			}
		}
	}
	var out []odata.Property
	for _, n := range names {
		p, ok := typ.Lookup(n)
		if !ok {
			return nil, false, noProperty(n, "group")
		}
		out = append(out, p)
	}
	return out, withMembers, nil
}
