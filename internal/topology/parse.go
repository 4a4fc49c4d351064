package topology

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"entente.dev/entente/internal/ident"
)

// Limits of a file. They keep a hostile file from exhausting the parser: a full mesh of a hundred tenants
// written out edge by edge is well below both.
const (
	maxBytes = 8 << 20
	maxDepth = 64
)

// Parse reads a topology. file is the name that problems carry. Either the topology is returned or every
// problem of the file is, in the order of the file; never both.
func Parse(file string, data []byte) (*Topology, Problems) {
	r := &reader{file: file}
	if root := r.root(data); root != nil {
		t := r.document(root)
		if len(r.problems) == 0 {
			return t, nil
		}
	}
	return nil, r.problems.sorted()
}

// root parses YAML down to the one document's node.
func (r *reader) root(data []byte) ast.Node {
	start := Position{Line: 1, Column: 1}
	if len(data) > maxBytes {
		r.reportAt(start, RuleSyntax, fmt.Sprintf("the file has more than %d MiB", maxBytes>>20), "split the organization")
		return nil
	}
	if at, deep := tooDeep(data); deep {
		r.reportAt(at, RuleSyntax, fmt.Sprintf("nested more than %d deep", maxDepth), "no topology needs that")
		return nil
	}
	file, err := parseYAML(data)
	if err != nil {
		at, message := start, err.Error()
		if e, ok := errors.AsType[yaml.Error](err); ok {
			message = e.GetMessage()
			if tok := e.GetToken(); tok != nil && tok.Position != nil {
				at = Position{Line: max(tok.Position.Line, 1), Column: max(tok.Position.Column, 1)}
			}
		}
		r.reportAt(at, RuleSyntax, "not YAML: "+firstLine(message), "mind indentation, quotes and brackets around this place")
		return nil
	}
	var bodies []ast.Node
	for _, doc := range file.Docs {
		if doc.Body != nil && !null(doc.Body) && doc.Body.Type() != ast.CommentType && doc.Body.Type() != ast.DirectiveType {
			bodies = append(bodies, doc.Body)
		}
	}
	switch len(bodies) {
	case 0:
		r.reportAt(start, RuleMissingField, "the file is empty", "start with apiVersion: "+apiVersion)
		return nil
	case 1:
		return bodies[0]
	}
	r.report(bodies[1], RuleSyntax, "a second document in the file", "one file holds one topology")
	return nil
}

// parseYAML turns a panic of the YAML library into an error: a topology comes from outside.
func parseYAML(data []byte) (file *ast.File, err error) {
	defer func() {
		if p := recover(); p != nil {
			file, err = nil, errors.New("the parser gives up on this file")
		}
	}()
	return parser.ParseBytes(data, 0, parser.AllowDuplicateMapKey())
}

// tooDeep bounds nesting before the recursive parser sees it: open brackets, and words of one line that
// begin with an indicator (- ? ! &) after the line itself did.
func tooDeep(data []byte) (Position, bool) {
	line, column, brackets, row := 1, 0, 0, 0
	first, word := true, true // before the line's first word; at the start of a word
	for _, c := range data {
		column++
		switch c {
		case '\n':
			line, column, row, first, word = line+1, 0, 0, true, true
			continue
		case ' ', '\t', '\r':
			word = true
			continue
		case '[', '{':
			brackets++
		case ']', '}':
			brackets = max(0, brackets-1)
		case '-', '?', '!', '&':
			if word && (first || row > 0) {
				row++
			}
		}
		first, word = false, false
		if brackets > maxDepth || row > maxDepth {
			return Position{Line: line, Column: column}, true
		}
	}
	return Position{}, false
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}

func (r *reader) document(root ast.Node) *Topology {
	doc := r.mapping(root, documentTable)
	doc.text("apiVersion")
	doc.text("kind")
	t := &Topology{}
	t.Name, _ = doc.child("metadata").text("name")
	t.Tenants = r.tenants(doc)
	t.UserSets = r.userSets(doc, t)
	defaults := doc.child("defaults")
	policy := standardPolicy().with(defaults)
	defaults.child("observe").duration("every", &policy.Observe.Every)
	t.Rollout = r.rollout(defaults.child("rollout"))
	t.Shares = r.shares(doc, t, policy)
	t.Protected = r.protected(doc, t)
	t.Freezes = r.freezes(doc)
	t.Budgets = r.budgets(doc.child("budgets"), t)
	return t
}

func (r *reader) tenants(doc mapping) []Tenant {
	list, ok := doc.list("tenants")
	if ok && len(list) == 0 {
		r.report(doc.place("tenants"), RuleMissingField, "a topology has no tenants", "name at least two")
	}
	var tenants []Tenant
	seen := map[string]Position{}
	for _, n := range list {
		m := r.mapping(n, tenantTable)
		t := Tenant{Pos: position(n)}
		if name, ok := m.text("name"); ok {
			t.Name = ident.Tenant(name)
			r.once(m, "name", name, seen)
		}
		t.TenantID = r.tenantID(m, seen)
		if domain, ok := m.text("domain"); ok {
			t.Domain = strings.ToLower(domain)
			r.once(m, "domain", t.Domain, seen)
		}
		tenants = append(tenants, t)
	}
	slices.SortStableFunc(tenants, func(a, b Tenant) int { return cmp.Compare(a.Name, b.Name) })
	return tenants
}

func (r *reader) tenantID(m mapping, seen map[string]Position) string {
	value, ok := m.text("tenantId")
	if !ok {
		return ""
	}
	id := strings.ToLower(value)
	if !regexp.MustCompile(guidPattern).MatchString(value) || strings.Trim(id, "0-") == "" {
		r.report(m.place("tenantId"), RuleBadTenantID, fmt.Sprintf("tenantId %q is not a tenant id", value), "copy the GUID from the tenant's overview page in Entra")
		return ""
	}
	r.once(m, "tenantId", id, seen)
	return id
}

// once reports a tenant that says the same as another one.
func (r *reader) once(m mapping, name, value string, seen map[string]Position) {
	key := name + " " + value
	if first, twice := seen[key]; twice {
		r.report(m.place(name), RuleDuplicateTenant, fmt.Sprintf("%s %s is also in line %d", name, value, first.Line), "every tenant has its own name, tenantId and domain")
		return
	}
	seen[key] = position(m.place(name))
}

func (r *reader) userSets(doc mapping, t *Topology) []UserSet {
	list, ok := doc.list("userSets")
	if ok && len(list) == 0 {
		r.report(doc.place("userSets"), RuleMissingField, "a topology has no user sets", "name the people that at least one tenant contributes")
	}
	var sets []UserSet
	seen := map[string]Position{}
	for _, n := range list {
		m := r.mapping(n, userSetTable)
		set := UserSet{Pos: position(n)}
		if name, ok := m.text("name"); ok {
			if first, twice := seen[name]; twice {
				r.report(m.place("name"), RuleDuplicateSet, fmt.Sprintf("user set %s is also in line %d", name, first.Line), "give one of them another name")
			}
			seen[name] = position(m.place("name"))
			set.Name = name
		}
		set.Tenant = r.tenant(m, "tenant", t)
		r.source(m.child("from"), &set)
		sets = append(sets, set)
	}
	slices.SortStableFunc(sets, func(a, b UserSet) int { return cmp.Compare(a.Name, b.Name) })
	return sets
}

// tenant reads a field that names a tenant of the file.
func (r *reader) tenant(m mapping, name string, t *Topology) ident.Tenant {
	value, ok := m.text(name)
	if !ok || !r.knownTenant(m.place(name), value, t) {
		return ""
	}
	return ident.Tenant(value)
}

func (r *reader) knownTenant(n ast.Node, name string, t *Topology) bool {
	if _, ok := t.TenantByName(ident.Tenant(name)); ok {
		return true
	}
	known := make([]string, 0, len(t.Tenants))
	for _, tenant := range t.Tenants {
		if name := string(tenant.Name); name != "" && !slices.Contains(known, name) {
			known = append(known, name)
		}
	}
	r.report(n, RuleUnknownTenant, fmt.Sprintf("tenant %q is not in this file", name), suggestion(name, known, "tenants"))
	return false
}

// suggestion is the remedy for a name that nothing has.
func suggestion(name string, known []string, what string) string {
	if near, ok := nearest(name, known); ok && len(name) > 1 {
		return fmt.Sprintf("did you mean %s?", near)
	}
	if len(known) == 0 {
		return "add it to " + what
	}
	if len(known) > 10 {
		known = append(slices.Clone(known[:10]), "…")
	}
	return fmt.Sprintf("add it to %s, or use one of %s", what, strings.Join(known, ", "))
}

// source reads where a set's people come from: exactly one key.
func (r *reader) source(from mapping, set *UserSet) {
	if from.keys == nil {
		return // missing or malformed, reported already
	}
	if from.has("filter") {
		r.report(from.keys["filter"], RuleBadValue, "a filter as a source is not supported yet", "make a dynamic group with that rule and name it under group")
	}
	count := 0
	for _, name := range []string{"group", "users", "filter"} {
		if from.has(name) {
			count++
		}
	}
	switch {
	case count == 0 && len(from.keys) == 0:
		r.report(from.node, RuleMissingField, "from names no source", "write group: NAME or users: [UPN, …]")
	case count == 0:
		r.report(from.place(firstKey(from)), RuleMissingField, "from names no source", "write group: NAME or users: [UPN, …]")
	case count > 1:
		r.report(from.node, RuleBadValue, "from has more than one source", "make one user set for each; a share can carry several")
	}
	set.Group, _ = from.text("group")
	set.Users = r.users(from, "a user set without anybody", "name people or a group; to stop sharing, remove the share")
}

func firstKey(m mapping) string {
	for _, f := range m.table.fields {
		if _, ok := m.keys[f.name]; ok {
			return f.name
		}
	}
	return ""
}

// users reads user principal names. nobody and remedy are what is said of an empty list.
func (r *reader) users(from mapping, nobody, remedy string) []string {
	users, nodes, ok := from.texts("users")
	if !ok {
		return nil
	}
	if list, _ := from.list("users"); len(list) == 0 {
		r.report(from.place("users"), RuleEmptySet, nobody, remedy)
	}
	seen := map[string]bool{}
	for i, upn := range users {
		name, domain, at := strings.Cut(upn, "@")
		if !at || name == "" || domain == "" || strings.ContainsAny(upn, " \t\n") {
			r.report(nodes[i], RuleBadValue, "not a user principal name", "write NAME@DOMAIN")
		} else if seen[strings.ToLower(upn)] {
			r.report(nodes[i], RuleBadValue, "the same user principal name again", "keep one of them")
		}
		seen[strings.ToLower(upn)] = true
	}
	slices.Sort(users)
	return users
}
