package csdl

import (
	"fmt"
	"net/url"
	"strings"
)

// Count is the reference of a path that ends in $count: a bare number.
var Count = Ref{Name: "Edm.Int64"}

// Answers finds what a request on a path (below the version, without query) answers; an empty name means nothing.
func (m *Model) Answers(method, path string) (Ref, error) {
	ref, action, err := m.walk(path)
	if err != nil {
		return Ref{}, err
	}
	if method == "POST" && !action && ref.Collection {
		return Ref{Name: ref.Name}, nil // created in the collection
	}
	return ref, nil
}

// walk follows a path from the entity container; action tells that it ends in an action.
func (m *Model) walk(path string) (at Ref, action bool, err error) {
	for i, seg := range segments(path) {
		if i == 0 {
			root, ok := m.roots[strings.ToLower(seg.text)]
			if !ok {
				return at, false, fmt.Errorf("the entity container has no %q", seg.text)
			}
			at = root
			continue
		}
		switch next, isAction, ok := m.step(at, seg); {
		case !ok:
			return at, false, fmt.Errorf("%s has no segment %q", at, seg.text)
		default:
			at, action = next, isAction
		}
	}
	return at, action, nil
}

func (m *Model) step(at Ref, seg segment) (next Ref, action, ok bool) {
	if seg.key {
		return Ref{Name: at.Name}, false, at.Collection
	}
	switch seg.text {
	case "$count":
		return Count, false, at.Collection
	case "$ref":
		return Ref{Reference, at.Collection}, false, true
	}
	if cast := m.types[seg.text]; cast != nil {
		return Ref{seg.text, at.Collection}, false, m.derives(seg.text, at.Name)
	}
	if o, found := m.operation(at, seg.text); found {
		return o.returns, o.action, true
	}
	if at.Collection {
		return Ref{Name: at.Name}, false, true
	}
	if p, found := m.property(at.Name, seg.text); found {
		return p.Type, false, true
	}
	return Ref{}, false, false
}

// Reference is the type of what $ref answers: an object with nothing but @odata.id.
const Reference = "$ref"

type segment struct {
	text string
	key  bool
}

func segments(path string) []segment {
	var out []segment
	for part := range strings.SplitSeq(strings.Trim(path, "/"), "/") {
		if part == "" {
			continue
		}
		if text, err := url.PathUnescape(part); err == nil {
			part = text
		}
		name, inner, ok := strings.Cut(part, "(")
		if !ok || name == "" {
			out = append(out, segment{text: part})
			continue
		}
		out = append(out, segment{text: name})
		inner = strings.TrimSuffix(inner, ")")
		if inner != "" && (strings.HasPrefix(inner, "'") || strings.HasPrefix(strings.ToLower(inner), "appid=")) {
			out = append(out, segment{text: inner, key: true})
		}
	}
	return out
}
