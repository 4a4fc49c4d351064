package config

import (
	"errors"
	"fmt"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// value is one setting as it was found.
type value struct {
	text  string
	place string // entented.yaml:3:5, ENTENTE_LISTEN or --listen
}

// source is the flattened configuration: tenants[0].graph → its value. Later sources overwrite.
type source struct {
	elsewhere string // path of a tenant that another process serves, while it is read
	values    map[string]value
	places    map[string]string // of mappings and list items, for what is missing in them
	lengths   map[string]int    // of lists
	broken    map[string]bool   // paths whose form was reported already
	problems  Problems
}

func newSource() *source {
	return &source{values: map[string]value{}, places: map[string]string{}, lengths: map[string]int{}, broken: map[string]bool{}}
}

func (s *source) report(place, message, remedy string) {
	s.problems = append(s.problems, Problem{Place: place, Message: message, Remedy: remedy})
}

// readYAML flattens a file. Unknown keys are problems; an empty file is fine.
func (s *source) readYAML(name string, data []byte) {
	parsed, err := parser.ParseBytes(data, 0)
	if err != nil {
		place, message := name, err.Error()
		var syntax yaml.Error
		if errors.As(err, &syntax) {
			place, message = at(name, syntax.GetToken()), syntax.GetMessage()
		}
		s.report(place, message, "this is YAML's grammar; check indentation and quotes")
		return
	}
	for i, doc := range parsed.Docs {
		if doc.Body == nil {
			continue
		}
		if i > 0 {
			s.report(at(name, doc.Body.GetToken()), "a second document in the file", "keep one")
			return
		}
		s.places[""] = at(name, doc.Body.GetToken())
		s.flatten(name, "", doc.Body)
	}
}

func (s *source) flatten(name, path string, node ast.Node) {
	switch n := node.(type) {
	case *ast.MappingNode:
		for _, pair := range n.Values {
			s.pair(name, path, pair)
		}
	case *ast.MappingValueNode:
		s.pair(name, path, n)
	case *ast.SequenceNode:
		if _, isList := find(path); isList {
			s.scalars(name, path, n)
			return
		}
		s.lengths[path] = len(n.Values)
		for i, item := range n.Values {
			child := fmt.Sprintf("%s[%d]", path, i)
			s.places[child] = at(name, item.GetToken())
			s.flatten(name, child, item)
		}
	case *ast.NullNode:
	case ast.ScalarNode:
		s.scalar(name, path, n)
	default:
		s.report(at(name, node.GetToken()), fmt.Sprintf("%s is written in a way that is not supported", path), "write plain keys and values, without anchors and tags")
	}
}

func (s *source) pair(name, path string, pair *ast.MappingValueNode) {
	key := fmt.Sprint(pair.Key)
	child := key
	if path != "" {
		child = path + "." + key
	}
	if !known(child) {
		s.report(at(name, pair.Key.GetToken()), fmt.Sprintf("there is no setting %s", child), suggest(path, key))
		return
	}
	if _, twice := s.places[child]; twice {
		s.report(at(name, pair.Key.GetToken()), fmt.Sprintf("%s appears twice", child), "keep one")
		return
	}
	s.places[child] = at(name, pair.Key.GetToken())
	s.flatten(name, child, pair.Value)
}

func (s *source) scalar(name, path string, n ast.ScalarNode) {
	row, leaf := find(path)
	if !leaf && !secretPart(path) {
		s.report(at(name, n.GetToken()), fmt.Sprintf("%s is a group of settings, not one value", path), "write its keys below it: "+strings.Join(children(path), ", "))
		return
	}
	if row.kind == secret {
		s.broken[path] = true
		s.report(at(name, n.GetToken()), fmt.Sprintf("%s is a secret and must not be in this file", path), "write {file: /path} or {env: NAME}")
		return
	}
	s.values[path] = value{text: fmt.Sprint(n.GetValue()), place: at(name, n.GetToken())}
}

// scalars joins a list of texts.
func (s *source) scalars(name, path string, n *ast.SequenceNode) {
	var parts []string
	for _, item := range n.Values {
		scalar, ok := item.(ast.ScalarNode)
		if !ok {
			s.report(at(name, item.GetToken()), fmt.Sprintf("%s is a list of names", path), "write [a, b]")
			return
		}
		parts = append(parts, fmt.Sprint(scalar.GetValue()))
	}
	s.values[path] = value{text: strings.Join(parts, ","), place: at(name, n.GetToken())}
}

func at(name string, t *token.Token) string {
	if t == nil || t.Position == nil {
		return name
	}
	return fmt.Sprintf("%s:%d:%d", name, t.Position.Line, t.Position.Column)
}

// secretPart tells whether the path is the file or env key of a secret.
func secretPart(path string) bool {
	for _, end := range []string{".file", ".env"} {
		if parent, ok := strings.CutSuffix(path, end); ok {
			row, found := find(parent)
			return found && row.kind == secret
		}
	}
	return false
}

// known tells whether the path is a setting, part of a secret, or on the way to settings.
func known(path string) bool {
	_, leaf := find(path)
	return leaf || secretPart(path) || len(children(path)) > 0
}

// children are the keys below a path, in the table's order.
func children(path string) []string {
	prefix := generalize(path)
	if prefix != "" {
		prefix += "."
	}
	listPrefix := strings.TrimSuffix(prefix, ".") + "[]."
	var keys []string
	for _, row := range settings() {
		rest, ok := strings.CutPrefix(row.path, prefix)
		if !ok {
			if rest, ok = strings.CutPrefix(row.path, listPrefix); !ok || prefix == "" {
				continue
			}
		}
		key, _, _ := strings.Cut(rest, ".")
		key = strings.TrimSuffix(key, "[]")
		if len(keys) == 0 || keys[len(keys)-1] != key {
			keys = append(keys, key)
		}
	}
	if row, ok := find(path); ok && row.kind == secret {
		keys = []string{"file", "env"}
	}
	return keys
}

// suggest finds what was meant, or lists what there is.
func suggest(path, key string) string {
	options := children(path)
	if near := nearest(key, options); near != "" {
		return fmt.Sprintf("did you mean %s?", near)
	}
	return "known here: " + strings.Join(options, ", ")
}

// nearest is the option within two edits, or empty.
func nearest(word string, options []string) string {
	best, bestAt := "", 3
	for _, option := range options {
		if d := edits(strings.ToLower(word), strings.ToLower(option)); d < bestAt {
			best, bestAt = option, d
		}
	}
	return best
}

// edits is the Levenshtein distance.
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}
