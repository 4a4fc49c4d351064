package graphapi

import (
	"encoding/json"
	"strings"

	"entente.dev/entente/internal/entrasim/dir"
	"entente.dev/entente/internal/entrasim/odata"
)

// options is a set of query options.
type options uint8

const (
	optSelect options = 1 << iota
	optFilter
	optSearch
	optOrderBy
	optTop
	optExpand
	optSkipToken
	optAll options = 1<<iota - 1
)

// unserved names the first query option of the request that nobody honoured, "" when there is none. A handler that
// overlooks an option would give a polite and wrong answer. $count without the header is ignored, as documented.
func (c *call) unserved() string {
	for _, o := range []struct {
		name  string
		bit   options
		given bool
	}{
		{"$skip", 0, c.q.Skip > 0}, {"$filter", optFilter, c.q.Filter != ""}, {"$search", optSearch, c.q.Search != ""},
		{"$expand", optExpand, c.q.Expand != ""}, {"$orderby", optOrderBy, c.q.OrderBy != ""}, {"$top", optTop, c.q.Top >= 0},
		{"$skiptoken", optSkipToken, c.q.SkipToken != ""},
	} {
		if o.given && c.used&o.bit == 0 {
			return o.name
		}
	}
	return ""
}

// finishOptions ends a GET: an option that its handler does not serve is refused and recorded, and $select is
// applied here where the handler left it.
func (c *call) finishOptions() {
	if c.method != "GET" || c.out.status >= 300 {
		return
	}
	if c.q.Expand == "*" && strings.HasPrefix(c.template(), "/groups/{id}/") {
		c.used |= optExpand // directory objects have no navigation of their own; some clients ask all the same
	}
	if name := c.unserved(); name != "" {
		c.unknown = true
		c.fail(dir.BadRequest("'%s' is not supported by the service.", name))
		return
	}
	if len(c.q.Select) > 0 && c.used&optSelect == 0 {
		c.trim()
	}
}

// trim applies $select to the top level of an answer, or of the items of its value.
func (c *call) trim() {
	var o map[string]json.RawMessage
	if json.Unmarshal(c.out.body, &o) != nil {
		return
	}
	wanted := map[string]bool{}
	for _, n := range c.q.Select {
		wanted[strings.ToLower(n)] = true
	}
	cut := func(m map[string]json.RawMessage) {
		for k := range m {
			if !strings.HasPrefix(k, "@") && !wanted["*"] && !wanted[strings.ToLower(k)] {
				delete(m, k)
			}
		}
	}
	var items []map[string]json.RawMessage
	if raw, list := o["value"]; list && json.Unmarshal(raw, &items) == nil {
		for _, m := range items {
			cut(m)
		}
		o["value"] = marshal(items)
	} else {
		cut(o)
	}
	_ = c.json(c.out.status, o)
}

// expansions are the navigation properties that $expand may name, with the ids behind each.
type expansions map[string]func(id string) []string

// maxExpanded is how many objects an expansion shows (query parameters page).
const maxExpanded = 20

// expandInto adds the navigation property that $expand asks for to what is shown of an object.
func (c *call) expandInto(typeName string, o, shown dir.Object) error {
	if c.q.Expand == "" || c.expandable == nil {
		return nil
	}
	c.used |= optExpand
	name, _, _ := strings.Cut(c.q.Expand, "(")
	name = strings.TrimSpace(name)
	for known, ids := range c.expandable {
		if !strings.EqualFold(known, name) {
			continue
		}
		list, selected := []json.RawMessage{}, c.q.Select
		c.q.Select = nil
		for _, id := range ids(o.ID()) {
			if item := c.principal(id, dir.DefaultUserFields); item != nil && len(list) < maxExpanded {
				list = append(list, item)
			}
		}
		c.q.Select = selected
		shown[known] = list
		return nil
	}
	c.unknown = true
	return noProperty(name, typeName)
}

// wholeList answers with principals that are held as one list.
func (c *call) wholeList(ids []string) error {
	size, err := c.pageSize()
	if err != nil {
		return err
	}
	from, err := c.cursor()
	if err != nil {
		return err
	}
	count := -1
	if c.q.Count && c.eventual() {
		count = len(ids)
	}
	from = min(from, len(ids))
	next := from + size
	if next >= len(ids) {
		next = 0
		return c.directoryObjects(ids[from:], next, count)
	}
	return c.directoryObjects(ids[from:next], next, count)
}

func (c *call) parsedFilter() (*odata.Expr, error) {
	c.used |= optFilter
	return odata.ParseFilter(c.q.Filter)
}
