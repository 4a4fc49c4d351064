package odata

import (
	"fmt"
	"strings"
	"time"
)

// Getter reads one property of a record: string, bool, float64, time.Time, []any, map[string]any or nil.
type Getter[T any] func(T) any

// Resolver finds the getter of a path ("userType", "provisioningStatusInfo/status").
type Resolver[T any] func(path string) (Getter[T], bool)

// Unsupported is a filter that parses and that the service refuses.
type Unsupported struct{ Message string }

func (e *Unsupported) Error() string { return e.Message }

// Options steer compilation.
type Options struct {
	Advanced      bool     // ConsistencyLevel: eventual and $count=true were sent
	Gate          bool     // the collection has the advanced-query gate (directory objects)
	AdvancedOnly  []string // properties whose eq and in need an advanced query
	CaseSensitive bool     // provisioning logs compare with case
	TypeName      string   // for messages
}

// Compile turns a filter into a predicate.
func Compile[T any](e *Expr, resolve Resolver[T], o Options) (func(T) bool, error) {
	c := &compiler[T]{resolve: resolve, o: o}
	return c.boolean(e)
}

type compiler[T any] struct {
	resolve  Resolver[T]
	o        Options
	variable string // of the enclosing lambda
}

func (c *compiler[T]) gate() error {
	if c.o.Gate && !c.o.Advanced {
		return &Unsupported{"Unsupported or invalid query filter clause specified for property of resource '" + title(c.o.TypeName) + "'."}
	}
	return nil
}

func title(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

func (c *compiler[T]) boolean(e *Expr) (func(T) bool, error) {
	switch e.Op {
	case "and", "or":
		var parts []func(T) bool
		for _, a := range e.Args {
			f, err := c.boolean(a)
			if err != nil {
				return nil, err
			}
			parts = append(parts, f)
		}
		want := e.Op == "or"
		return func(r T) bool {
			for _, f := range parts {
				if f(r) == want {
					return want
				}
			}
			return !want
		}, nil
	case "not":
		if err := c.gate(); err != nil {
			return nil, err
		}
		f, err := c.boolean(e.Args[0])
		if err != nil {
			return nil, err
		}
		return func(r T) bool { return !f(r) }, nil
	case "any", "all":
		return c.lambda(e)
	case "call":
		return c.call(e)
	case "eq", "ne", "gt", "ge", "lt", "le", "in":
		return c.compare(e)
	case "path":
		g, err := c.value(e)
		if err != nil {
			return nil, err
		}
		return func(r T) bool { b, _ := g(r).(bool); return b }, nil
	}
	return nil, &Unsupported{"Unsupported or invalid query filter clause."}
}

func (c *compiler[T]) compare(e *Expr) (func(T) bool, error) {
	left, err := c.value(e.Args[0])
	if err != nil {
		return nil, err
	}
	null := len(e.Args) > 1 && e.Args[1].Op == "literal" && e.Args[1].Value == nil
	times := e.Op == "in" && strings.HasSuffix(strings.ToLower(e.Args[0].Name), "datetime")
	if e.Op == "ne" || null || times { // filter table of directory objects
		if err := c.gate(); err != nil {
			return nil, err
		}
	}
	for _, name := range c.o.AdvancedOnly {
		if strings.EqualFold(name, e.Args[0].Name) {
			if err := c.gate(); err != nil {
				return nil, err
			}
		}
	}
	var rights []Getter[T]
	for _, a := range e.Args[1:] {
		g, err := c.value(a)
		if err != nil {
			return nil, err
		}
		rights = append(rights, g)
	}
	fold := !c.o.CaseSensitive
	if e.Op == "in" {
		return func(r T) bool {
			l := left(r)
			for _, g := range rights {
				if Compare(l, g(r), fold) == 0 {
					return true
				}
			}
			return false
		}, nil
	}
	right, op := rights[0], e.Op
	return func(r T) bool {
		l, v := left(r), right(r)
		n := Compare(l, v, fold)
		switch op {
		case "eq":
			return n == 0
		case "ne":
			return n != 0
		}
		if l == nil || v == nil || n == incomparable {
			return false
		}
		switch op {
		case "gt":
			return n > 0
		case "ge":
			return n >= 0
		case "lt":
			return n < 0
		}
		return n <= 0
	}, nil
}

func (c *compiler[T]) call(e *Expr) (func(T) bool, error) {
	if len(e.Args) != 2 {
		return nil, &SyntaxError{fmt.Sprintf("Invalid filter clause: The function '%s' takes two arguments.", e.Name)}
	}
	var test func(s, sub string) bool
	switch e.Name {
	case "startswith":
		test = strings.HasPrefix
	case "endswith":
		if err := c.gate(); err != nil {
			return nil, err
		}
		test = strings.HasSuffix
	case "contains":
		if c.o.Gate {
			return nil, &Unsupported{"Unsupported or invalid query filter clause: contains is not supported."}
		}
		test = strings.Contains
	default:
		return nil, &SyntaxError{fmt.Sprintf("Invalid filter clause: An unknown function with name '%s' was found.", e.Name)}
	}
	left, err := c.value(e.Args[0])
	if err != nil {
		return nil, err
	}
	right, err := c.value(e.Args[1])
	if err != nil {
		return nil, err
	}
	fold := !c.o.CaseSensitive
	return func(r T) bool {
		s, ok1 := left(r).(string)
		sub, ok2 := right(r).(string)
		if !ok1 || !ok2 {
			return false
		}
		if fold {
			s, sub = strings.ToLower(s), strings.ToLower(sub)
		}
		return test(s, sub)
	}, nil
}

func (c *compiler[T]) lambda(e *Expr) (func(T) bool, error) {
	list, ok := c.resolve(e.Name)
	if !ok {
		return nil, c.unknown(e.Name)
	}
	if len(e.Args) == 0 {
		return func(r T) bool { l, _ := list(r).([]any); return len(l) > 0 }, nil
	}
	v, _ := e.Value.(string)
	inner := &compiler[any]{o: c.o, variable: v, resolve: func(path string) (Getter[any], bool) {
		if path == v {
			return func(x any) any { return x }, true
		}
		rest, ok := strings.CutPrefix(path, v+"/")
		return func(x any) any { m, _ := x.(map[string]any); return Dig(m, rest) }, ok
	}}
	inner.o.Gate = false
	f, err := inner.boolean(e.Args[0])
	if err != nil {
		return nil, err
	}
	want := e.Op == "any"
	return func(r T) bool {
		l, _ := list(r).([]any)
		for _, x := range l {
			if f(x) == want {
				return want
			}
		}
		return !want
	}, nil
}

func (c *compiler[T]) unknown(path string) error {
	return &SyntaxError{fmt.Sprintf("Invalid filter clause: Could not find a property named '%s' on type 'microsoft.graph.%s'.", path, c.o.TypeName)}
}

func (c *compiler[T]) value(e *Expr) (Getter[T], error) {
	switch e.Op {
	case "literal":
		v := e.Value
		return func(T) any { return v }, nil
	case "path":
		g, ok := c.resolve(e.Name)
		if !ok {
			return nil, c.unknown(e.Name)
		}
		return g, nil
	case "call":
		if (e.Name == "tolower" || e.Name == "toupper") && len(e.Args) == 1 {
			g, err := c.value(e.Args[0])
			if err != nil {
				return nil, err
			}
			f := strings.ToLower
			if e.Name == "toupper" {
				f = strings.ToUpper
			}
			return func(r T) any {
				if s, ok := g(r).(string); ok {
					return f(s)
				}
				return nil
			}, nil
		}
	}
	return nil, &SyntaxError{"Invalid filter clause."}
}

const incomparable = 2

// Compare orders two values: -1, 0, 1, or 2 when they cannot be compared. A time compares with a date text.
func Compare(a, b any, fold bool) int {
	switch x := a.(type) {
	case nil:
		if b == nil {
			return 0
		}
	case string:
		if y, ok := b.(string); ok {
			if fold {
				if strings.EqualFold(x, y) {
					return 0
				}
				x, y = strings.ToLower(x), strings.ToLower(y)
			}
			return strings.Compare(x, y)
		}
	case bool:
		if y, ok := b.(bool); ok && x == y {
			return 0
		}
	case float64:
		if y, ok := b.(float64); ok {
			switch {
			case x < y:
				return -1
			case x > y:
				return 1
			}
			return 0
		}
	case int:
		return Compare(float64(x), b, fold)
	case int64:
		return Compare(float64(x), b, fold)
	case time.Time:
		if y, ok := b.(string); ok {
			if t, err := ParseTime(y); err == nil {
				return x.Compare(t)
			}
		}
	}
	return incomparable
}

// ParseTime reads a date or a date and time literal.
func ParseTime(s string) (time.Time, error) {
	if t, err := time.Parse(time.RFC3339Nano, s); err == nil {
		return t, nil
	}
	return time.Parse(time.DateOnly, s)
}

// Dig reads a slash path in nested objects, names in any case.
func Dig(m map[string]any, path string) any {
	var v any = m
	for part := range strings.SplitSeq(path, "/") {
		obj, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v, ok = obj[part]
		if ok {
			continue
		}
		for k, x := range obj {
			if strings.EqualFold(k, part) {
				v = x
				break
			}
		}
	}
	return v
}
