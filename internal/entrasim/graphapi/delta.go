package graphapi

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
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
	Off    int      `json:"o,omitempty"` // members of the group at Pos that earlier pages had
	Begun  bool     `json:"b,omitempty"` // the page of nothing that a round may begin with was sent
}

const deltaPage = 200

func (d deltaToken) encode() string {
	raw, _ := json.Marshal(d)
	return base64.RawURLEncoding.EncodeToString(raw)
}

// deltaState reads the token of the request, or begins a round.
func (c *call) deltaState(kind string) (deltaToken, error) {
	c.used = optAll // beside a token options are ignored, and without one they are checked here
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
		return d, c.gone()
	}
	if expired {
		return d, &dir.Error{Status: 400, Code: "syncStateNotFound", Message: "The sync state generation is not found; a full resync is required."}
	}
	if d.Done {
		d.Done, d.Pos, d.UpTo = false, 0, c.t.VisibleSeq()
	}
	return d, nil
}

// gone refuses a token that the service has reset: 410, and a Location with an empty token to begin again at.
func (c *call) gone() *dir.Error {
	c.out.header.Set("Location", c.base+c.path+"?$deltatoken=")
	return &dir.Error{Status: http.StatusGone, Code: "syncStateNotFound", Message: "The delta token is no longer valid, and the application must reset its state."}
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
		d.Seq, d.UpTo, d.Pos, d.Full, d.Done, d.Begun, d.At = d.UpTo, 0, 0, false, true, false, c.s.Now().Unix()
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
	if c.beginsEmpty(&d) {
		return c.finish(d, nil, true)
	}
	if d.Full {
		keep := func(u *dir.User) bool { return d.IDs == nil || slices.Contains(d.IDs, u.ID) }
		page, next := c.t.Users(d.Pos, c.deltaSize(), keep)
		var buf []byte
		for _, u := range page {
			buf = c.deltaUser(buf, u, fields, ^uint64(0))
		}
		d.Pos = next
		return c.finish(d, buf, next > 0)
	}
	changes, order := c.userChanges(d, fields)
	var buf []byte
	ids, end := c.deltaSlice(d, order)
	for _, id := range ids {
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

// beginsEmpty tells whether this page is the one of nothing that a round may begin with.
func (c *call) beginsEmpty(d *deltaToken) bool {
	if d.Begun || d.Pos > 0 || d.Done || !c.s.Switches.DeltaEmpty.Load() {
		return false
	}
	d.Begun = true
	return true
}

func (c *call) deltaSize() int {
	if n := int(c.s.Switches.DeltaPage.Load()); n > 0 {
		return n
	}
	return deltaPage
}

// deltaSlice is the page of a round of changes, and where the next one begins. Order and replays are switches: the
// shuffle is by a hash, so that every page of a round sees the same order.
func (c *call) deltaSlice(d deltaToken, order []string) (page []string, end int) {
	if c.s.Switches.DeltaShuffled.Load() {
		slices.SortStableFunc(order, func(a, b string) int {
			return strings.Compare(dir.StableID(a, strconv.FormatUint(d.UpTo, 10)), dir.StableID(b, strconv.FormatUint(d.UpTo, 10)))
		})
	}
	end = min(d.Pos+c.deltaSize(), len(order))
	from := min(d.Pos, end)
	if from > 0 && c.s.Switches.DeltaReplays.Load() {
		from--
	}
	return order[from:end], end
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
