package graphapi

import (
	"encoding/base64"
	"slices"
	"strconv"
	"strings"

	"entente.dev/entente/internal/entrasim/dir"
	"entente.dev/entente/internal/entrasim/odata"
)

const (
	defaultPage = 100
	maxPage     = 999
)

// pageSize reads $top; directory collections allow 1 to 999.
func (c *call) pageSize() (int, error) {
	c.used |= optTop
	switch {
	case c.q.Top < 0:
		return defaultPage, nil
	case c.q.Top == 0 || c.q.Top > maxPage:
		return 0, dir.BadRequest("Invalid page size specified: '%d'. Must be between 1 and 999 inclusive.", c.q.Top)
	}
	return c.q.Top, nil
}

const tokenMark = "RFNwdAoAAQ" // tokens look opaque and can be told from garbage

func (c *call) cursor() (int, error) {
	c.used |= optSkipToken
	if c.q.SkipToken == "" {
		return 0, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(c.q.SkipToken, tokenMark))
	n, err2 := strconv.Atoi(strings.TrimPrefix(string(raw), "c:"))
	if err != nil || err2 != nil || n < 0 || !strings.HasPrefix(c.q.SkipToken, tokenMark) {
		return 0, &dir.Error{Status: 400, Code: "Directory_ExpiredPageToken", Message: "The specified page token value is invalid or expired."}
	}
	return n, nil
}

// link is the present URL with one option set and others dropped, absolute on the base the client used.
func (c *call) link(option, value string, drop ...string) string {
	var parts []string
	for part := range strings.SplitSeq(c.q.raw, "&") {
		key, _, _ := strings.Cut(part, "=")
		key = strings.ToLower(strings.ReplaceAll(key, "%24", "$"))
		if part != "" && key != option && !slices.Contains(drop, key) {
			parts = append(parts, part)
		}
	}
	parts = append(parts, option+"="+value)
	return c.base + c.path + "?" + strings.Join(parts, "&")
}

func (c *call) nextLink(next int) string {
	return c.link("$skiptoken", tokenMark+base64.RawURLEncoding.EncodeToString([]byte("c:"+strconv.Itoa(next))))
}

// page answers with already encoded items.
func (c *call) page(context string, items []byte, next string, count int) error {
	buf := make([]byte, 0, len(items)+512)
	buf = append(buf, '{')
	if !c.plain() {
		buf = append(buf, `"@odata.context":`...)
		buf = dir.AppendString(buf, c.context(context))
		buf = append(buf, ',')
	}
	if count >= 0 {
		buf = append(buf, `"@odata.count":`...)
		buf = strconv.AppendInt(buf, int64(count), 10)
		buf = append(buf, ',')
	}
	if next != "" {
		buf = append(buf, `"@odata.nextLink":`...)
		buf = dir.AppendString(buf, next)
		buf = append(buf, ',')
	}
	buf = append(buf, `"value":[`...)
	buf = append(buf, items...)
	c.out.status, c.out.body = 200, append(buf, ']', '}')
	return nil
}

// userFilter compiles $filter and $search for users; nil accepts all.
func (c *call) userFilter() (func(*dir.User) bool, error) {
	resolve := func(path string) (odata.Getter[*dir.User], bool) {
		name, rest, nested := strings.Cut(path, "/")
		f, ok := dir.LookupUserField(name)
		if !ok {
			return nil, false
		}
		if nested {
			return func(u *dir.User) any { m, _ := f.Get(u).(map[string]any); return odata.Dig(m, rest) }, true
		}
		return f.Get, true
	}
	return compileFilter(c, "user", resolve, "showInAddressList")
}

// compileFilter joins $filter and $search over any record type.
func compileFilter[T any](c *call, typeName string, resolve odata.Resolver[T], advancedOnly ...string) (func(T) bool, error) {
	var keep func(T) bool
	if c.q.Filter != "" {
		e, err := c.parsedFilter()
		if err != nil {
			return nil, err
		}
		keep, err = odata.Compile(e, resolve, odata.Options{Gate: true, Advanced: c.advanced(), AdvancedOnly: advancedOnly, TypeName: typeName})
		if err != nil {
			return nil, err
		}
	}
	if c.q.Search == "" {
		return keep, nil
	}
	if !c.eventual() {
		return nil, &odata.Unsupported{Message: "Request with $search query parameter only works through MSGraph with a special request header: 'ConsistencyLevel: eventual'"}
	}
	c.used |= optSearch
	search, err := compileSearch(c.q.Search, resolve)
	if err != nil {
		return nil, err
	}
	return func(r T) bool { return search(r) && (keep == nil || keep(r)) }, nil
}

// compileSearch reads "property:text" terms joined with AND and OR; a term matches the beginning of any word.
func compileSearch[T any](text string, resolve odata.Resolver[T]) (func(T) bool, error) {
	bad := &odata.Unsupported{Message: "Unrecognized query argument specified: '" + text + "'. $search clauses have the form \"property:value\"."}
	var ors [][]func(T) bool
	for or := range strings.SplitSeq(text, " OR ") {
		var ands []func(T) bool
		for and := range strings.SplitSeq(or, " AND ") {
			term := strings.Trim(strings.Trim(strings.TrimSpace(and), "()"), `"`)
			name, value, ok := strings.Cut(term, ":")
			get, known := resolve(name)
			if !ok || !known {
				return nil, bad
			}
			value = strings.ToLower(value)
			ands = append(ands, func(r T) bool {
				s, _ := get(r).(string)
				s = strings.ToLower(s)
				if strings.HasPrefix(s, value) {
					return true
				}
				for _, w := range strings.FieldsFunc(s, func(x rune) bool { return strings.ContainsRune(" @.-_'", x) }) {
					if strings.HasPrefix(w, value) {
						return true
					}
				}
				return false
			})
		}
		ors = append(ors, ands)
	}
	return func(r T) bool {
		return slices.ContainsFunc(ors, func(ands []func(T) bool) bool {
			return !slices.ContainsFunc(ands, func(f func(T) bool) bool { return !f(r) })
		})
	}, nil
}

// order compiles $orderby: property, or property desc; only one property, as the directory does.
func order[T any](c *call, resolve odata.Resolver[T]) (func(a, b T) int, error) {
	if c.q.OrderBy == "" {
		return nil, nil
	}
	c.used |= optOrderBy
	fields := strings.Fields(c.q.OrderBy)
	if len(fields) == 1 {
		fields = append(fields, "asc")
	}
	refused := &odata.Unsupported{Message: "Sorting not supported for current query."}
	if len(fields) != 2 || !strings.EqualFold(fields[1], "asc") && !strings.EqualFold(fields[1], "desc") {
		return nil, refused
	}
	get, ok := resolve(fields[0])
	if !ok {
		return nil, refused
	}
	if c.q.Filter != "" && !c.advanced() {
		return nil, refused
	}
	sign := 1
	if strings.EqualFold(fields[1], "desc") {
		sign = -1
	}
	return func(a, b T) int { return sign * compareValues(get(a), get(b)) }, nil
}

// objectResolver reads properties of small records.
func objectResolver(typeName string) odata.Resolver[dir.Object] {
	typ := odata.TypeOf(typeName)
	return func(path string) (odata.Getter[dir.Object], bool) {
		name, rest, nested := strings.Cut(path, "/")
		p, ok := typ.Lookup(name)
		if !ok {
			return nil, false
		}
		if nested {
			return func(o dir.Object) any {
				if m, ok := o[p.Name].(map[string]any); ok {
					return odata.Dig(m, rest)
				}
				return nil
			}, true
		}
		return func(o dir.Object) any { return o[p.Name] }, true
	}
}

// objects answers with a filtered, ordered, paged list of small records. gate turns the advanced-query rules on.
func (c *call) objects(context, typeName string, all []dir.Object, defaults []string, limit int) error {
	fields, err := selection(c, typeName, defaults)
	if err != nil {
		return err
	}
	resolve := objectResolver(typeName)
	keep, err := compileFilter(c, typeName, resolve)
	if err != nil {
		return err
	}
	if keep != nil {
		all = slices.DeleteFunc(slices.Clone(all), func(o dir.Object) bool { return !keep(o) })
	}
	less, err := order(c, resolve)
	if err != nil {
		return err
	}
	if less != nil {
		all = slices.Clone(all)
		slices.SortStableFunc(all, less)
	}
	c.used |= optTop
	size := c.q.Top
	if size <= 0 || size > limit {
		size = min(limit, defaultPage)
		if c.q.Top > limit {
			return dir.BadRequest("Invalid page size specified: '%d'. Must be between 1 and %d inclusive.", c.q.Top, limit)
		}
	}
	from, err := c.cursor()
	if err != nil {
		return err
	}
	count := -1
	if c.q.Count && c.eventual() {
		count = len(all)
	}
	from = min(from, len(all))
	upTo := min(from+size, len(all))
	var buf []byte
	for i, o := range all[from:upTo] {
		if i > 0 {
			buf = append(buf, ',')
		}
		shown := project(o, fields)
		if err := c.expandInto(typeName, o, shown); err != nil {
			return err
		}
		buf = append(buf, marshal(shown)...)
	}
	next := ""
	if upTo < len(all) {
		next = c.nextLink(upTo)
	}
	return c.page(contextSelect(context, c.q.Select), buf, next, count)
}

func contextSelect(context string, sel []string) string {
	if len(sel) == 0 {
		return context
	}
	return context + "(" + strings.Join(sel, ",") + ")"
}

// selection resolves $select against a type; without one the defaults, or every property, are returned.
func selection(c *call, typeName string, defaults []string) ([]odata.Property, error) {
	c.used |= optSelect
	typ := odata.TypeOf(typeName)
	names := c.q.Select
	if len(names) == 0 || slices.Contains(names, "*") {
		names = defaults
	}
	if names == nil {
		return typ.Properties, nil
	}
	var out []odata.Property
	for _, n := range names {
		p, ok := typ.Lookup(n)
		if !ok {
			return nil, noProperty(n, typeName)
		}
		if !slices.Contains(out, p) {
			out = append(out, p)
		}
	}
	return out, nil
}

func noProperty(name, typeName string) error {
	return &dir.Error{Status: 400, Code: "BadRequest", Message: "Parsing OData Select and Expand failed: Could not find a property named '" +
		name + "' on type 'microsoft.graph." + typeName + "'."}
}

// neverNull are the flags that the schema does not let be null.
var neverNull = map[string]bool{"oauth2RequirePostResponse": true}

// project shows the chosen properties; what is absent is null, or an empty list.
func project(o dir.Object, fields []odata.Property) dir.Object {
	out := dir.Object{}
	for _, f := range fields {
		if f.Kind == 'x' {
			continue
		}
		v, ok := o[f.Name]
		if !ok || v == nil {
			v = nil
			if f.Collection {
				v = []any{}
			}
			if neverNull[f.Name] {
				v = false
			}
		}
		out[f.Name] = v
	}
	return out
}
