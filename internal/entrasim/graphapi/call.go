package graphapi

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"entente.dev/entente/internal/entrasim/dir"
	"entente.dev/entente/internal/entrasim/engine"
	"entente.dev/entente/internal/entrasim/odata"
	"entente.dev/entente/internal/entrasim/signin"
)

// call is one Graph request, alone or as an item of a batch.
type call struct {
	s       *Server
	r       *http.Request
	t       *dir.Tenant
	claims  signin.Claims
	method  string
	version string // v1.0 | beta
	base    string // https://host:port, as the client used it
	path    string // without version and query, decoded as sent
	shown   string // path and query for the log
	route   *route
	params  map[string]string
	args    map[string]string // of functions
	q       query
	body    []byte
	header  http.Header // of a batch item; nil: the request's
	out     response

	requestID, clientRequestID string
	began                      time.Time
	note                       string
	used                       options // query options that the handler has honoured
	expandable                 expansions
	unknown, truncate          bool
}

type response struct {
	status int
	header http.Header
	body   []byte
}

// query is the parsed query options.
type query struct {
	raw                                                            string
	Select                                                         []string
	Expand, Filter, OrderBy, Search, SkipToken, DeltaToken, Format string
	Top, Skip                                                      int
	Count                                                          bool
}

func (c *call) head(name string) string {
	if c.header != nil {
		return c.header.Get(name)
	}
	return c.r.Header.Get(name)
}

// advanced tells an advanced query: ConsistencyLevel: eventual and $count=true.
func (c *call) advanced() bool { return c.eventual() && c.q.Count }

func (c *call) eventual() bool { return strings.EqualFold(c.head("ConsistencyLevel"), "eventual") }

// plain tells that no metadata is wanted: no @odata.context, no @odata.type.
func (c *call) plain() bool {
	return strings.Contains(strings.ToLower(c.head("Accept")), "odata.metadata=none")
}

func (c *call) isWrite() bool {
	return c.method != http.MethodGet && c.method != http.MethodHead && c.template() != "/$batch"
}

func (c *call) template() string {
	if c.route == nil {
		return ""
	}
	return c.route.template
}

// locate finds the route of a path and parses its query.
func (c *call) locate(escaped, rawQuery string) error {
	c.path, c.shown = escaped, escaped
	if rawQuery != "" {
		c.shown += "?" + rawQuery
	}
	segs, args := splitPath(escaped)
	c.args, c.params = args, map[string]string{}
	if len(segs) == 0 || !strings.EqualFold(segs[0].text, "v1.0") && !strings.EqualFold(segs[0].text, "beta") {
		c.unknown = true
		return &dir.Error{Status: 404, Code: "BadRequest", Message: "Invalid version: use /v1.0 or /beta."}
	}
	c.version = strings.ToLower(segs[0].text)
	segs = segs[1:]
	n, depth := c.s.root.find(segs, c.params)
	if n == nil {
		c.unknown = true
		name := ""
		if depth = min(depth, len(segs)-1); depth >= 0 {
			name = segs[depth].text
		}
		return &dir.Error{Status: 400, Code: "BadRequest", Message: "Resource not found for the segment '" + name + "'."}
	}
	c.route = n.routes[c.method]
	if c.route != nil && c.route.beta && c.version != "beta" {
		c.unknown = true
		return &dir.Error{Status: 400, Code: "BadRequest", Message: "Resource not found for the segment '" + segs[len(segs)-1].text + "'."}
	}
	if c.route == nil {
		c.unknown = true
		return &dir.Error{Status: 405, Code: "Request_BadRequest", Message: "Specified HTTP method is not allowed for the request target."}
	}
	return c.parseQuery(rawQuery)
}

func (c *call) parseQuery(raw string) error {
	c.q = query{raw: raw, Top: -1}
	for part := range strings.SplitSeq(raw, "&") {
		key, value, _ := strings.Cut(part, "=")
		key, err1 := url.QueryUnescape(key)
		value, err2 := url.QueryUnescape(value)
		if err1 != nil || err2 != nil {
			return &dir.Error{Status: 400, Code: "BadRequest", Message: "The query string is not well formed."}
		}
		if !strings.HasPrefix(key, "$") {
			continue
		}
		if err := c.option(strings.ToLower(key), value); err != nil {
			return err
		}
	}
	return nil
}

func (c *call) option(key, value string) error {
	number := func(into *int) error {
		n, err := strconv.Atoi(value)
		if err != nil || n < 0 {
			return dir.BadRequest("Invalid value '%s' for $%s query option found.", value, key[1:])
		}
		*into = n
		return nil
	}
	switch key {
	case "$select":
		for name := range strings.SplitSeq(value, ",") {
			if name = strings.TrimSpace(name); name != "" {
				c.q.Select = append(c.q.Select, name)
			}
		}
	case "$expand":
		c.q.Expand = value
	case "$filter":
		c.q.Filter = value
	case "$orderby":
		c.q.OrderBy = value
	case "$search":
		c.q.Search = value
	case "$skiptoken":
		c.q.SkipToken = value
	case "$deltatoken":
		c.q.DeltaToken = value
	case "$format":
	case "$count":
		c.q.Count = strings.EqualFold(value, "true")
	case "$top":
		return number(&c.q.Top)
	case "$skip":
		return number(&c.q.Skip)
	default:
		c.unknown = true
		return &dir.Error{Status: 400, Code: "BadRequest", Message: "The query parameter '" + key + "' is not supported."}
	}
	return nil
}

// actor is the caller as audit rows name it.
func (c *call) actor() dir.Actor {
	if c.claims.Delegated() {
		return dir.Actor{User: c.claims.UPN, AppID: c.claims.AppID}
	}
	return dir.Actor{App: c.claims.AppDisplayName, AppID: c.claims.AppID, ServicePrincipalID: c.claims.ObjectID}
}

// json answers with a value.
func (c *call) json(status int, v any) error {
	c.out.status, c.out.body = status, marshal(v)
	return nil
}

// entity answers with one object; context is what follows $metadata#.
func (c *call) entity(status int, context string, o dir.Object) error {
	if !c.plain() {
		o = dir.Merge(o, dir.Object{"@odata.context": c.context(context)})
	}
	return c.json(status, o)
}

func (c *call) context(of string) string { return c.base + "/" + c.version + "/$metadata#" + of }

func (c *call) noContent() error {
	c.out.status, c.out.body = http.StatusNoContent, nil
	return nil
}

// values answers with a whole collection.
func (c *call) values(context string, items []dir.Object) error {
	if items == nil {
		items = []dir.Object{}
	}
	out := map[string]any{"value": items}
	if !c.plain() {
		out["@odata.context"] = c.context(context)
	}
	return c.json(200, out)
}

func stamp() string { return time.Now().UTC().Format("2006-01-02T15:04:05") }

// fail turns an error into Graph's error body.
func (c *call) fail(err error) {
	e := asError(err)
	c.note = e.Code
	body := map[string]any{"code": e.Code, "message": e.Message, "innerError": map[string]any{
		"date": stamp(), "request-id": c.requestID, "client-request-id": c.clientRequestID}}
	if len(e.Details) > 0 {
		var list []any
		for _, d := range e.Details {
			list = append(list, map[string]any{"code": d.Code, "message": d.Message, "target": d.Target})
		}
		body["details"] = list
	}
	_ = c.json(e.Status, map[string]any{"error": body})
}

func asError(err error) *dir.Error {
	var d *dir.Error
	if errors.As(err, &d) {
		return d
	}
	var e *engine.Error
	if errors.As(err, &e) {
		return &dir.Error{Status: e.Status, Code: e.Code, Message: e.Message}
	}
	var u *odata.Unsupported
	if errors.As(err, &u) {
		return &dir.Error{Status: 400, Code: "Request_UnsupportedQuery", Message: u.Message}
	}
	var x *odata.SyntaxError
	if errors.As(err, &x) {
		return &dir.Error{Status: 400, Code: "BadRequest", Message: x.Message}
	}
	return &dir.Error{Status: 500, Code: "InternalServerError", Message: err.Error()}
}

// write sends the answer.
func (c *call) write(w http.ResponseWriter) {
	h := w.Header()
	for k, v := range c.out.header {
		h[k] = v
	}
	h.Set("request-id", c.requestID)
	h.Set("client-request-id", c.clientRequestID)
	h.Set("x-ms-ags-diagnostic", `{"ServerInfo":{"DataCenter":"entrasim","Slice":"E","Ring":"1","ScaleUnit":"001","RoleInstance":"entrasim"}}`)
	h.Set("Date", time.Now().UTC().Format(http.TimeFormat))
	h.Set("Cache-Control", "no-cache")
	if len(c.out.body) > 0 && h.Get("Content-Type") == "" {
		level := "minimal"
		switch {
		case c.plain():
			level = "none"
		case c.full():
			level = "full"
		}
		h.Set("Content-Type", "application/json;odata.metadata="+level+";odata.streaming=true;IEEE754Compatible=false;charset=utf-8")
	}
	if c.out.status != http.StatusNoContent {
		h.Set("Content-Length", strconv.Itoa(len(c.out.body)))
	}
	w.WriteHeader(c.out.status)
	if c.method != http.MethodHead {
		_, _ = w.Write(c.out.body)
	}
}

// decode reads a JSON object body; an empty body is an empty object.
func (c *call) decode() (map[string]any, error) {
	if len(c.body) == 0 {
		return map[string]any{}, nil
	}
	var m map[string]any
	if err := json.Unmarshal(c.body, &m); err != nil || m == nil {
		return nil, &dir.Error{Status: 400, Code: "BadRequest", Message: "Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format."}
	}
	return m, nil
}

// properties decodes a body of an entity type: names get their canonical spelling, annotations and bindings go to
// the second map, and names that the schema does not have are refused.
func (c *call) properties(typeName string, extra ...string) (props, bindings map[string]any, err error) {
	m, err := c.decode()
	if err != nil {
		return nil, nil, err
	}
	typ := odata.TypeOf(typeName)
	props, bindings = map[string]any{}, map[string]any{}
next:
	for k, v := range m {
		if strings.Contains(k, "@odata.") || strings.HasPrefix(k, "extension_") {
			bindings[k] = v
			continue
		}
		if p, ok := typ.Lookup(k); ok {
			props[p.Name] = v
			continue
		}
		for _, x := range extra {
			if strings.EqualFold(x, k) {
				props[x] = v
				continue next
			}
		}
		return nil, nil, dir.BadRequest("Invalid property '%s'.", k)
	}
	return props, bindings, nil
}

var guid = regexp.MustCompile(`(?i)[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)

// targets lists the object ids that the path and the body's references name.
func (c *call) targets() []string {
	found := guid.FindAllString(c.path, -1)
	if c.isWrite() && strings.Contains(string(c.body), "@odata.") {
		found = append(found, guid.FindAllString(string(c.body), 40)...)
	}
	seen, out := map[string]bool{}, []string(nil)
	for _, id := range found {
		if id = strings.ToLower(id); !seen[id] {
			seen[id] = true
			out = append(out, id)
		}
	}
	return out
}

// lastSegment reads the id of a reference such as https://any.host/v1.0/directoryObjects/{id}/ or …/users('{id}'),
// also when a cast such as Microsoft.DirectoryServices.User follows, as in the service's own @odata.id.
func lastSegment(ref any) string {
	s, _ := ref.(string)
	segs, _ := splitPath(strings.TrimSuffix(s, "/"))
	if n := len(segs); n > 1 && strings.HasPrefix(strings.ToLower(segs[n-1].text), "microsoft.") {
		segs = segs[:n-1]
	}
	if len(segs) == 0 {
		return ""
	}
	return strings.ToLower(segs[len(segs)-1].text)
}

// references reads a list of bindings.
func references(v any) []string {
	var out []string
	switch x := v.(type) {
	case []any:
		for _, r := range x {
			out = append(out, lastSegment(r))
		}
	case string:
		out = append(out, lastSegment(x))
	}
	return out
}
