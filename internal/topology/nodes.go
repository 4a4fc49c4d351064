package topology

import (
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// position is where a person looks for a node. The parser's own place of a block mapping is its first colon,
// so the first key stands for it.
func position(n ast.Node) Position {
	if n == nil {
		return Position{Line: 1, Column: 1}
	}
	switch v := n.(type) {
	case *ast.MappingNode:
		if !v.IsFlowStyle && len(v.Values) > 0 {
			return position(v.Values[0].Key)
		}
	case *ast.MappingValueNode:
		return position(v.Key)
	}
	tok := n.GetToken()
	if tok == nil || tok.Position == nil {
		return Position{Line: 1, Column: 1}
	}
	return Position{Line: max(tok.Position.Line, 1), Column: max(tok.Position.Column, 1)}
}

// pairs lists the entries of a mapping node.
func pairs(n ast.Node) ([]*ast.MappingValueNode, bool) {
	switch v := unwrap(n).(type) {
	case *ast.MappingNode:
		return v.Values, true
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{v}, true
	}
	return nil, false
}

// unwrap looks through a tag: !!str and friends change nothing, every field has its type from the grammar.
func unwrap(n ast.Node) ast.Node {
	for range 4 {
		tag, ok := n.(*ast.TagNode)
		if !ok {
			break
		}
		n = tag.Value
	}
	return n
}

// scalar is the text of a scalar as written: a tenant called 007 stays 007.
func scalar(n ast.Node) (string, bool) {
	switch v := unwrap(n).(type) {
	case *ast.StringNode:
		return v.Value, true
	case *ast.LiteralNode:
		if v.Value == nil {
			return "", false
		}
		return strings.TrimRight(v.Value.Value, "\n"), true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return v.GetToken().Value, true
	}
	return "", false
}

func null(n ast.Node) bool {
	n = unwrap(n)
	return n == nil || n.Type() == ast.NullType
}

// describe says what a node is, for "x is a list, not …".
func describe(n ast.Node) string {
	if text, ok := scalar(n); ok {
		return strconv.Quote(text)
	}
	switch unwrap(n).(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
		return "a mapping"
	case *ast.SequenceNode:
		return "a list"
	case *ast.AnchorNode, *ast.AliasNode:
		return "an anchor or alias (not supported: write the value out)"
	}
	return "nothing"
}

func lowerFirst(s string) string {
	if s == "" {
		return s
	}
	return strings.ToLower(s[:1]) + s[1:]
}

// about is what a field means, for messages.
func (f field) about() string {
	if f.doc == "" && f.child != nil {
		return f.child.doc
	}
	return f.doc
}

// nearest finds the known word that a typing mistake most likely meant.
func nearest(word string, known []string) (string, bool) {
	best, distance := "", 1+max(1, min(3, len(word)/3))
	for _, k := range known {
		if d := levenshtein(strings.ToLower(word), strings.ToLower(k)); d < distance {
			best, distance = k, d
		}
	}
	return best, best != ""
}

func levenshtein(a, b string) int {
	if len(a) > 64 || len(b) > 64 {
		return 64
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}
