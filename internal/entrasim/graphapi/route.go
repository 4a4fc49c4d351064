package graphapi

import (
	"net/url"
	"strings"
)

// route is one operation.
type route struct {
	method   string
	template string   // /users/{id}
	perms    []string // any of these; empty: any valid token
	sync     bool     // a synchronization path: missing permission is 401 UnknownError
	beta     bool     // served under /beta only
	person   bool     // no application permission exists: delegated callers only
	handle   func(*call) error
}

type node struct {
	literal map[string]*node
	param   *node
	name    string // of the parameter
	routes  map[string]*route
}

func newNode() *node { return &node{literal: map[string]*node{}, routes: map[string]*route{}} }

func (n *node) add(r *route) {
	for seg := range strings.SplitSeq(strings.Trim(r.template, "/"), "/") {
		if strings.HasPrefix(seg, "{") {
			if n.param == nil {
				n.param = newNode()
				n.param.name = strings.Trim(seg, "{}")
			}
			n = n.param
			continue
		}
		low := strings.ToLower(seg)
		if n.literal[low] == nil {
			n.literal[low] = newNode()
		}
		n = n.literal[low]
	}
	n.routes[r.method] = r
}

// find walks the segments, literals before parameters. It also tells how far it came, for the refusal.
func (n *node) find(segs []segment, params map[string]string) (*node, int) {
	if len(segs) == 0 {
		if len(n.routes) == 0 {
			return nil, 0
		}
		return n, 0
	}
	best := 0
	if !segs[0].key {
		low := strings.ToLower(segs[0].text)
		next := n.literal[low]
		if next == nil && strings.HasPrefix(low, "graph.") { // the short form of a type's or function's name
			next = n.literal["microsoft."+low]
		}
		if next != nil {
			found, depth := next.find(segs[1:], params)
			if found != nil {
				return found, depth + 1
			}
			best = depth + 1
		}
	}
	if n.param != nil && !strings.HasPrefix(segs[0].text, "$") {
		found, depth := n.param.find(segs[1:], params)
		if found != nil {
			params[n.param.name] = segs[0].text
			return found, depth + 1
		}
		best = max(best, depth+1)
	}
	return nil, best
}

// segment is one step of a path; key marks what stood in parentheses and can only be a key.
type segment struct {
	text string
	key  bool
}

// splitPath breaks an escaped path into decoded segments: users('id') is two, delta() is one, and the arguments
// of functions are put aside.
func splitPath(escaped string) (segs []segment, args map[string]string) {
	args = map[string]string{}
	for part := range strings.SplitSeq(strings.Trim(escaped, "/"), "/") {
		if part == "" {
			continue
		}
		text, err := url.PathUnescape(part)
		if err != nil {
			text = part
		}
		name, inner, ok := strings.Cut(text, "(")
		if !ok || !strings.HasSuffix(inner, ")") || name == "" {
			segs = append(segs, segment{text: text})
			continue
		}
		inner = strings.TrimSuffix(inner, ")")
		segs = append(segs, segment{text: name})
		key, value, named := strings.Cut(inner, "=")
		switch {
		case inner == "":
		case strings.HasPrefix(inner, "'") || !named:
			segs = append(segs, segment{unquote(inner), true})
		case isFunction(name):
			args[strings.ToLower(strings.TrimSpace(key))] = unquote(value)
		default: // an alternate key: servicePrincipals(appId='…')
			segs = append(segs, segment{strings.ToLower(key) + "=" + unquote(value), true})
		}
	}
	return segs, args
}

func isFunction(name string) bool {
	return strings.HasPrefix(strings.ToLower(name), "find") || strings.EqualFold(name, "delta")
}

func unquote(s string) string {
	s = strings.TrimSpace(s)
	if len(s) >= 2 && s[0] == '\'' && s[len(s)-1] == '\'' {
		return strings.ReplaceAll(s[1:len(s)-1], "''", "'")
	}
	return s
}
