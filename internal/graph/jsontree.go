package graph

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
)

// node is a JSON value that keeps member order, unknown members and the bytes of every scalar, because a
// document that is not ours has to go back as it came except for what was edited.
type node struct {
	kind    byte   // '{', '[' or 0 for a scalar
	scalar  []byte // the value's own bytes
	members []member
	items   []*node
}

type member struct {
	key   []byte // with its quotes, as it came
	name  string
	value *node
}

// maxDepth keeps a hostile document from using up the stack.
const maxDepth = 200

var errTree = errors.New("not one JSON document")

func parseTree(raw []byte) (*node, error) {
	if !json.Valid(raw) {
		return nil, errTree
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	n, err := parseNode(d, raw, 0)
	if err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errTree
	}
	return n, nil
}

func parseNode(d *json.Decoder, raw []byte, depth int) (*node, error) {
	if depth > maxDepth {
		return nil, errTree
	}
	token, text, err := next(d, raw)
	if err != nil {
		return nil, err
	}
	delim, ok := token.(json.Delim)
	if !ok {
		return &node{scalar: text}, nil
	}
	n := &node{kind: byte(delim)}
	for d.More() {
		var m member
		if delim == '{' {
			key, keyText, err := next(d, raw)
			if err != nil {
				return nil, err
			}
			m.key, m.name = keyText, key.(string)
		}
		if m.value, err = parseNode(d, raw, depth+1); err != nil {
			return nil, err
		}
		if delim == '{' {
			n.members = append(n.members, m)
		} else {
			n.items = append(n.items, m.value)
		}
	}
	_, _, err = next(d, raw)
	return n, err
}

// next returns a token and its own bytes, without what separates it from the one before.
func next(d *json.Decoder, raw []byte) (json.Token, []byte, error) {
	from := d.InputOffset()
	token, err := d.Token()
	if err != nil {
		return nil, nil, errTree
	}
	return token, bytes.TrimLeft(raw[from:d.InputOffset()], " \t\r\n,:"), nil
}

// get returns a member's value, nil when there is none.
func (n *node) get(name string) *node {
	if n == nil {
		return nil
	}
	for _, m := range n.members {
		if m.name == name {
			return m.value
		}
	}
	return nil
}

// set replaces a member's value, or appends the member.
func (n *node) set(name string, value *node) {
	for i := range n.members {
		if n.members[i].name == name {
			n.members[i].value = value
			return
		}
	}
	n.members = append(n.members, member{key: text2json(name), name: name, value: value})
}

// list returns an array's items.
func (n *node) list() []*node {
	if n == nil {
		return nil
	}
	return n.items
}

// str returns a string's value, "" for anything else.
func (n *node) str() string {
	var s string
	if n == nil || n.kind != 0 || json.Unmarshal(n.scalar, &s) != nil {
		return ""
	}
	return s
}

func text2json(s string) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // a string always encodes
	return bytes.TrimSpace(b.Bytes())
}

func stringNode(s string) *node { return &node{scalar: text2json(s)} }

// append writes the document without white space.
func (n *node) append(out []byte) []byte {
	switch n.kind {
	case '{':
		out = append(out, '{')
		for i, m := range n.members {
			if i > 0 {
				out = append(out, ',')
			}
			out = append(append(out, m.key...), ':')
			out = m.value.append(out)
		}
		return append(out, '}')
	case '[':
		out = append(out, '[')
		for i, item := range n.items {
			if i > 0 {
				out = append(out, ',')
			}
			out = item.append(out)
		}
		return append(out, ']')
	}
	return append(out, n.scalar...)
}
