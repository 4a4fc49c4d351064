package topology

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
)

// reader turns nodes into checked values and collects every problem on the way. After a problem it goes on
// with a zero value, so that one reading finds them all.
type reader struct {
	file     string
	problems Problems
}

func (r *reader) report(n ast.Node, rule, message, remedy string) {
	r.reportAt(position(n), rule, message, remedy)
}

func (r *reader) reportAt(at Position, rule, message, remedy string) {
	r.problems = append(r.problems, Problem{File: r.file, Line: at.Line, Column: at.Column, Rule: rule, Message: message, Remedy: remedy})
}

// mapping is one read mapping: its known keys, with the table that knows them. Its zero value has no keys.
type mapping struct {
	node   ast.Node
	table  *table
	keys   map[string]ast.Node
	values map[string]ast.Node
	reader *reader
}

// mapping reads a node as a mapping of the table. Unknown and repeated keys are reported; so are missing
// ones. A key with an empty value counts as missing.
func (r *reader) mapping(n ast.Node, t *table) mapping {
	m := mapping{node: n, table: t, keys: map[string]ast.Node{}, values: map[string]ast.Node{}, reader: r}
	pairs, ok := pairs(n)
	if !ok {
		r.report(n, RuleBadValue, fmt.Sprintf("%s is a mapping, not %s", t.what, describe(n)), "write keys and values: "+strings.Join(t.names(), ", "))
		return mapping{node: n, table: t, reader: r}
	}
	for _, pair := range pairs {
		name, ok := scalar(pair.Key)
		if !ok || pair.Key.IsMergeKey() {
			r.report(pair.Key, RuleSyntax, "a key that is no plain word", "write the keys out: "+strings.Join(t.names(), ", "))
			continue
		}
		if _, known := t.field(name); !known {
			r.unknown(pair.Key, name, t)
			continue
		}
		if first, twice := m.keys[name]; twice {
			r.report(pair.Key, RuleSyntax, fmt.Sprintf("%s appears twice; the first is in line %d", name, position(first).Line), "keep one of them")
			continue
		}
		m.keys[name] = pair.Key
		if !null(pair.Value) {
			m.values[name] = pair.Value
		}
	}
	for _, f := range t.fields {
		if _, has := m.values[f.name]; f.required && !has {
			r.report(m.place(f.name), RuleMissingField, fmt.Sprintf("%s has no %s", t.what, f.name), "add "+f.name+": "+strings.TrimSuffix(lowerFirst(f.about()), "."))
		}
	}
	return m
}

func (r *reader) unknown(key ast.Node, name string, t *table) {
	remedy := "known here: " + strings.Join(t.names(), ", ")
	if near, ok := nearest(name, t.names()); ok {
		remedy = fmt.Sprintf("did you mean %s?", near)
	}
	r.report(key, RuleUnknownField, fmt.Sprintf("%s has no field %q", t.what, name), remedy)
}

// place is the best node to point at for a field: its value, its key, or the mapping.
func (m mapping) place(name string) ast.Node {
	if v, ok := m.values[name]; ok {
		return v
	}
	if k, ok := m.keys[name]; ok {
		return k
	}
	return m.node
}

func (m mapping) has(name string) bool {
	_, ok := m.values[name]
	return ok
}

// text reads a text field and checks it against its pattern or its list of values.
func (m mapping) text(name string) (string, bool) {
	n, ok := m.values[name]
	if !ok {
		return "", false
	}
	f, _ := m.table.field(name)
	value, ok := scalar(n)
	if !ok {
		m.reader.report(n, RuleBadValue, fmt.Sprintf("%s is a text, not %s", name, describe(n)), "write one value")
		return "", false
	}
	if len(f.values) > 0 && !slices.Contains(f.values, value) {
		remedy := "write " + strings.Join(f.values, " or ")
		if near, ok := nearest(value, f.values); ok && len(f.values) > 1 {
			remedy = fmt.Sprintf("did you mean %s?", near)
		}
		rule := RuleBadValue
		if name == "apiVersion" {
			rule = RuleAPIVersion
		}
		m.reader.report(n, rule, fmt.Sprintf("%s %q is not supported", name, value), remedy)
		return "", false
	}
	if f.pattern != "" && !regexp.MustCompile(f.pattern).MatchString(value) {
		m.reader.report(n, RuleBadValue, fmt.Sprintf("%s %q is not usable", name, value), "use "+f.hint)
		return "", false
	}
	if strings.TrimSpace(value) == "" {
		m.reader.report(n, RuleBadValue, name+" is empty", "write a value")
		return "", false
	}
	return value, true
}

func (m mapping) number(name string, into *int) {
	n, ok := m.values[name]
	if !ok {
		return
	}
	f, _ := m.table.field(name)
	value, _ := scalar(n)
	parsed, err := strconv.Atoi(value)
	if err != nil || parsed < f.min || parsed > f.max {
		m.reader.report(n, RuleBadNumber, fmt.Sprintf("%s is %s", name, describe(n)), fmt.Sprintf("write a whole number from %d to %d", f.min, f.max))
		return
	}
	*into = parsed
}

func (m mapping) duration(name string, into *time.Duration) {
	n, ok := m.values[name]
	if !ok {
		return
	}
	f, _ := m.table.field(name)
	value, _ := scalar(n)
	least, _ := ParseDuration(f.least)
	parsed, err := ParseDuration(value)
	if err != nil {
		m.reader.report(n, RuleBadDuration, fmt.Sprintf("%s is %s", name, describe(n)), "write a number with its unit: 90d, 24h, 40m or 30s, at most 3650d")
		return
	}
	if parsed < least {
		m.reader.report(n, RuleBadDuration, fmt.Sprintf("%s %s is too short", name, value), "write "+f.least+" or more")
		return
	}
	*into = parsed
}

func (m mapping) choice(name string, into *string) {
	if value, ok := m.text(name); ok {
		*into = value
	}
}

// child reads a nested mapping; a missing one reads as one without keys.
func (m mapping) child(name string) mapping {
	f, _ := m.table.field(name)
	if n, ok := m.values[name]; ok {
		return m.reader.mapping(n, f.child)
	}
	return mapping{node: m.node, table: f.child, reader: m.reader}
}

// list reads a field as a list of nodes.
func (m mapping) list(name string) ([]ast.Node, bool) {
	n, ok := m.values[name]
	if !ok {
		return nil, false
	}
	sequence, ok := unwrap(n).(*ast.SequenceNode)
	if !ok {
		m.reader.report(n, RuleBadValue, fmt.Sprintf("%s is a list, not %s", name, describe(n)), "write [a, b] or one line with a dash for each")
		return nil, false
	}
	return sequence.Values, true
}

// texts reads a list of texts with the node of each.
func (m mapping) texts(name string) (values []string, nodes []ast.Node, ok bool) {
	list, ok := m.list(name)
	if !ok {
		return nil, nil, false
	}
	for _, n := range list {
		value, isText := scalar(n)
		if !isText || strings.TrimSpace(value) == "" {
			m.reader.report(n, RuleBadValue, fmt.Sprintf("%s holds texts, not %s", name, describe(n)), "write one value on each line")
			continue
		}
		values, nodes = append(values, value), append(nodes, n)
	}
	return values, nodes, true
}
