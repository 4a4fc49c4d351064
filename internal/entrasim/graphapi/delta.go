package graphapi

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"entente.dev/entente/internal/entrasim/dir"
	"entente.dev/entente/internal/entrasim/odata"
)

// deltaToken is the state of one delta round, or of the next one. It carries the query options, because the
// service ignores them beside a token (delta query overview).
type deltaToken struct {
	Kind   string   `json:"k"`           // users | groups
	Seq    uint64   `json:"s"`           // changes after this are due
	UpTo   uint64   `json:"u,omitempty"` // end of the round in progress
	Pos    int      `json:"p,omitempty"` // place in the round
	Full   bool     `json:"f,omitempty"` // the first round: everything there is
	Select []string `json:"q,omitempty"`
	IDs    []string `json:"i,omitempty"`
	Top    int      `json:"n,omitempty"`
	At     int64    `json:"t"` // virtual time of issue
	Reset  int64    `json:"r,omitempty"`
	Done   bool     `json:"d,omitempty"` // a deltaLink rather than a nextLink
}

const deltaPage = 200

func (d deltaToken) encode() string {
	raw, _ := json.Marshal(d)
	return base64.RawURLEncoding.EncodeToString(raw)
}

// deltaState reads the token of the request, or begins a round.
func (c *call) deltaState(kind string) (deltaToken, error) {
	text := c.q.SkipToken
	if text == "" {
		text = c.q.DeltaToken
	}
	if text == "" || strings.EqualFold(text, "latest") {
		if c.q.Top >= 0 || c.q.OrderBy != "" || c.q.Expand != "" || c.q.Search != "" {
			return deltaToken{}, dir.BadRequest("The query option is not supported for change tracking.")
		}
		ids, err := idFilter(c.q.Filter)
		if err != nil {
			return deltaToken{}, err
		}
		seq := c.t.VisibleSeq()
		d := deltaToken{Kind: kind, Seq: seq, UpTo: seq, Full: text == "", Select: c.q.Select, IDs: ids, At: c.s.Now().Unix(), Reset: c.s.resets.Load()}
		return d, nil
	}
	var d deltaToken
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || json.Unmarshal(raw, &d) != nil || d.Kind != kind || d.Pos < 0 {
		return d, &dir.Error{Status: 400, Code: "Directory_ExpiredPageToken", Message: "Badly formed or unknown token."}
	}
	expired := c.s.Now().Sub(time.Unix(d.At, 0)) > time.Duration(c.s.Switches.DeltaLifetime.Load())
	reset := d.Reset != c.s.resets.Load()
	if reset || expired && c.s.Switches.DeltaExpiry.Load() == "410" {
		c.out.header.Set("Location", c.base+c.path+"?$deltatoken=")
		return d, &dir.Error{Status: http.StatusGone, Code: "syncStateNotFound", Message: "The delta token is no longer valid, and the application must reset its state."}
	}
	if expired {
		return d, &dir.Error{Status: 400, Code: "syncStateNotFound", Message: "The sync state generation is not found; a full resync is required."}
	}
	if d.Done {
		d.Done, d.Pos, d.UpTo = false, 0, c.t.VisibleSeq()
	}
	return d, nil
}

// idFilter reads the only filter that delta allows: id eq '…' joined by or, 50 at most.
func idFilter(text string) ([]string, error) {
	if text == "" {
		return nil, nil
	}
	e, err := odata.ParseFilter(text)
	if err != nil {
		return nil, err
	}
	parts := []*odata.Expr{e}
	if e.Op == "or" {
		parts = e.Args
	}
	var ids []string
	for _, p := range parts {
		if p.Op != "eq" || !strings.EqualFold(p.Args[0].Name, "id") {
			return nil, dir.BadRequest("The filter is not supported for change tracking.")
		}
		id, _ := p.Args[1].Value.(string)
		ids = append(ids, strings.ToLower(id))
	}
	if len(ids) > 50 {
		return nil, dir.BadRequest("Too many objects in the filter; at most 50 are supported.")
	}
	return ids, nil
}

// finish answers one page; more tells that the round goes on at Pos.
func (c *call) finish(d deltaToken, items []byte, more bool) error {
	option, name := "$skiptoken", "@odata.nextLink"
	if !more {
		option, name = "$deltatoken", "@odata.deltaLink"
		d.Seq, d.UpTo, d.Pos, d.Full, d.Done, d.At = d.UpTo, 0, 0, false, true, c.s.Now().Unix()
	}
	buf := []byte{'{'}
	if !c.plain() {
		buf = append(buf, `"@odata.context":`...)
		buf = dir.AppendString(buf, c.context(contextSelect(d.Kind, d.Select)))
		buf = append(buf, ',')
	}
	buf = append(buf, '"')
	buf = append(buf, name...)
	buf = append(buf, `":`...)
	buf = dir.AppendString(buf, c.base+c.path+"?"+option+"="+d.encode())
	buf = append(buf, `,"value":[`...)
	buf = append(buf, items...)
	c.out.status, c.out.body = 200, append(buf, ']', '}')
	return nil
}

func (c *call) usersDelta() error {
	d, err := c.deltaState("users")
	if err != nil {
		return err
	}
	c.q.Select = d.Select
	fields, err := c.deltaFields()
	if err != nil {
		return err
	}
	if d.Full {
		keep := func(u *dir.User) bool { return d.IDs == nil || slices.Contains(d.IDs, u.ID) }
		page, next := c.t.Users(d.Pos, deltaPage, keep)
		var buf []byte
		for _, u := range page {
			buf = c.deltaUser(buf, u, fields, ^uint64(0))
		}
		d.Pos = next
		return c.finish(d, buf, next > 0)
	}
	changes, order := c.userChanges(d, fields)
	var buf []byte
	end := min(d.Pos+deltaPage, len(order))
	for _, id := range order[min(d.Pos, end):end] {
		ch := changes[id]
		u, ok := c.t.User(id)
		switch {
		case ok:
			buf = c.deltaUser(buf, u, fields, ch.Mask)
		case ch.Gone:
			buf = removed(buf, id, "deleted")
		default:
			buf = removed(buf, id, "changed") // soft-deleted: restorable
		}
	}
	d.Pos = end
	return c.finish(d, buf, end < len(order))
}

// userChanges folds the log of a round: each id once, at its first place, with all masks joined.
func (c *call) userChanges(d deltaToken, fields []*dir.UserField) (map[string]dir.Change, []string) {
	var tracked uint64 = 1 << 35 // deletion and restore always count
	if len(d.Select) == 0 {
		tracked = ^uint64(0)
	}
	for _, f := range fields {
		tracked |= 1 << f.Bit
	}
	for _, n := range d.Select {
		if strings.EqualFold(n, "manager") {
			tracked |= 1 << dir.ManagerID
		}
	}
	out, order := map[string]dir.Change{}, []string{}
	for _, ch := range c.t.Changes(d.Seq, d.UpTo) {
		if ch.Kind != dir.ChangeUser || ch.Mask&tracked == 0 || d.IDs != nil && !slices.Contains(d.IDs, ch.ID) {
			continue
		}
		old, seen := out[ch.ID]
		if !seen {
			order = append(order, ch.ID)
		}
		ch.Mask |= old.Mask
		out[ch.ID] = ch
	}
	return out, order
}

// deltaFields is the selection with id, which delta always returns.
func (c *call) deltaFields() ([]*dir.UserField, error) {
	fields, err := c.userFields()
	if err != nil {
		return nil, err
	}
	id, _ := dir.LookupUserField("id")
	if !slices.Contains(fields, id) {
		fields = append(slices.Clone(fields), id)
	}
	return fields, nil
}

// deltaUser appends a changed user: never-set properties are left out, and with Prefer: return=minimal the ones
// that did not change too.
func (c *call) deltaUser(buf []byte, u *dir.User, fields []*dir.UserField, mask uint64) []byte {
	minimal := strings.Contains(strings.ToLower(c.head("Prefer")), "return=minimal")
	var shown []*dir.UserField
	for _, f := range fields {
		if minimal && f.Name != "id" && mask&(1<<f.Bit) == 0 {
			continue
		}
		if v := f.Get(u); v == nil && (mask == ^uint64(0) || mask&(1<<f.Bit) == 0) {
			continue
		}
		shown = append(shown, f)
	}
	if len(buf) > 0 {
		buf = append(buf, ',')
	}
	buf = append(buf, '{')
	buf = dir.AppendUser(buf, u, shown)
	if m := u.S[dir.ManagerID]; m != "" && slices.ContainsFunc(c.q.Select, func(n string) bool { return strings.EqualFold(n, "manager") }) {
		buf = append(buf, `,"manager@delta":[{"@odata.type":"#microsoft.graph.user","id":"`+m+`"}]`...)
	}
	return append(buf, '}')
}

func removed(buf []byte, id, reason string) []byte {
	if len(buf) > 0 {
		buf = append(buf, ',')
	}
	return append(buf, `{"id":"`+id+`","@removed":{"reason":"`+reason+`"}}`...)
}

func (c *call) groupsDelta() error {
	d, err := c.deltaState("groups")
	if err != nil {
		return err
	}
	props, withMembers, err := groupDeltaFields(c, d.Select)
	if err != nil {
		return err
	}
	var buf []byte
	if d.Full {
		page, next := c.t.Groups(d.Pos, deltaPage, func(g *dir.Group) bool { return d.IDs == nil || slices.Contains(d.IDs, g.ID) })
		for _, g := range page {
			var members []any
			if withMembers {
				ids, _, _ := c.t.Members(g.ID, 0, 1<<31-1, nil)
				for _, id := range ids {
					members = append(members, c.deltaMember(id, false))
				}
			}
			buf = appendItem(buf, c.deltaGroup(g, props, members, true))
		}
		d.Pos = next
		return c.finish(d, buf, next > 0)
	}
	order, touched := c.groupChanges(d, withMembers)
	end := min(d.Pos+deltaPage, len(order))
	for _, id := range order[min(d.Pos, end):end] {
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
