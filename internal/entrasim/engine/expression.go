package engine

import (
	"encoding/json"
	"errors"
	"fmt"
	"sort"
	"strconv"
	"strings"
)

// expression is a compiled mapping expression: it reads source attributes by name and yields nil for null.
type expression func(read func(name string) any) any

// maxExpression is the documented limit in characters.
const maxExpression = 10_000

func quote(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }

// parseExpression compiles `[attribute]`, `"constant"` and `Function(a, b)`. Functions outside the table are
// refused: a wrong guess at a mapping would be worse than none.
func parseExpression(text string) (expression, error) {
	if len(text) > maxExpression {
		return nil, fmt.Errorf("longer than %d characters", maxExpression)
	}
	p := &exprParser{text: text}
	x, err := p.value()
	if err != nil {
		return nil, err
	}
	if p.space(); p.at < len(p.text) {
		return nil, fmt.Errorf("unexpected text at %d", p.at)
	}
	return x, nil
}

type exprParser struct {
	text  string
	at    int
	depth int
}

func (p *exprParser) space() {
	for p.at < len(p.text) && strings.IndexByte(" \t\r\n", p.text[p.at]) >= 0 {
		p.at++
	}
}

func (p *exprParser) value() (expression, error) {
	if p.depth++; p.depth > 50 {
		return nil, errors.New("nested too deeply")
	}
	defer func() { p.depth-- }()
	p.space()
	if p.at >= len(p.text) {
		return nil, errors.New("empty expression")
	}
	switch c := p.text[p.at]; {
	case c == '[':
		return p.attribute()
	case c == '"':
		s, err := p.constant()
		return func(func(string) any) any { return s }, err
	case isDigit(c) || c == '-':
		return p.number()
	}
	return p.call()
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func (p *exprParser) attribute() (expression, error) {
	end := strings.IndexByte(p.text[p.at:], ']')
	if end < 0 {
		return nil, errors.New("unclosed [")
	}
	name := strings.TrimSpace(p.text[p.at+1 : p.at+end])
	p.at += end + 1
	if name == "" || forbiddenSources[strings.ToLower(name)] {
		return nil, fmt.Errorf("attribute '%s' cannot be a source", name)
	}
	return func(read func(string) any) any { return read(name) }, nil
}

func (p *exprParser) constant() (string, error) {
	var b strings.Builder
	for i := p.at + 1; i < len(p.text); i++ {
		if p.text[i] != '"' {
			b.WriteByte(p.text[i])
			continue
		}
		if i+1 < len(p.text) && p.text[i+1] == '"' {
			b.WriteByte('"')
			i++
			continue
		}
		p.at = i + 1
		return b.String(), nil
	}
	return "", errors.New("unclosed string")
}

func (p *exprParser) number() (expression, error) {
	from := p.at
	for p.at++; p.at < len(p.text) && isDigit(p.text[p.at]); p.at++ {
	}
	s := p.text[from:p.at]
	if _, err := strconv.Atoi(s); err != nil {
		return nil, fmt.Errorf("bad number '%s'", s)
	}
	return func(func(string) any) any { return s }, nil
}

func (p *exprParser) call() (expression, error) {
	open := strings.IndexByte(p.text[p.at:], '(')
	if open < 0 {
		return nil, fmt.Errorf("'%s' is neither attribute, constant nor function", p.text[p.at:])
	}
	name := strings.TrimSpace(p.text[p.at : p.at+open])
	f, ok := functions[strings.ToLower(name)]
	if !ok {
		return nil, fmt.Errorf("function '%s' is not supported", name)
	}
	p.at += open + 1
	var args []expression
	for {
		if p.space(); p.at < len(p.text) && p.text[p.at] == ')' && len(args) == 0 {
			break
		}
		x, err := p.value()
		if err != nil {
			return nil, err
		}
		args = append(args, x)
		if p.space(); p.at >= len(p.text) {
			return nil, errors.New("unclosed (")
		}
		if p.text[p.at] == ')' {
			break
		}
		if p.text[p.at] != ',' {
			return nil, fmt.Errorf("expected , or ) at %d", p.at)
		}
		p.at++
	}
	p.at++
	if len(args) < f.min || (f.max >= 0 && len(args) > f.max) {
		return nil, fmt.Errorf("function '%s' does not take %d arguments", f.name, len(args))
	}
	return func(read func(string) any) any {
		values := make([]any, len(args))
		for i, x := range args {
			values[i] = x(read)
		}
		return f.eval(values)
	}, nil
}

// function is one function of the expression language.
type function struct {
	name     string
	min, max int // max -1: any number
	params   []string
	eval     func([]any) any
}

var functions = func() map[string]function {
	m := map[string]function{}
	for _, f := range []function{
		{"AltSecIdFromNetId", 1, 1, []string{"source"}, func(v []any) any { return v[0] }},
		{"Append", 2, 2, []string{"source", "suffix"}, func(v []any) any {
			if v[0] == nil {
				return nil
			}
			return text(v[0]) + text(v[1])
		}},
		{"Coalesce", 1, -1, []string{"source"}, func(v []any) any {
			for _, x := range v {
				if x != nil && x != "" {
					return x
				}
			}
			return nil
		}},
		{"Join", 2, -1, []string{"separator", "source"}, func(v []any) any {
			var parts []string
			for _, x := range v[1:] {
				if s := text(x); s != "" {
					parts = append(parts, s)
				}
			}
			return strings.Join(parts, text(v[0]))
		}},
		{"Mid", 3, 3, []string{"source", "start", "length"}, mid},
		{"Not", 1, 1, []string{"source"}, func(v []any) any {
			if v[0] == nil {
				return nil
			}
			return !strings.EqualFold(text(v[0]), "true")
		}},
		{"Switch", 2, -1, []string{"source", "defaultValue", "key", "value"}, func(v []any) any {
			for i := 2; i+1 < len(v); i += 2 {
				if text(v[0]) == text(v[i]) {
					return v[i+1]
				}
			}
			return v[1]
		}},
		{"ToLower", 1, 2, []string{"source", "culture"}, func(v []any) any { return mapText(v[0], strings.ToLower) }},
		{"ToUpper", 1, 2, []string{"source", "culture"}, func(v []any) any { return mapText(v[0], strings.ToUpper) }},
		{"Trim", 1, 1, []string{"value"}, func(v []any) any { return mapText(v[0], strings.TrimSpace) }},
	} {
		m[strings.ToLower(f.name)] = f
	}
	return m
}()

func mid(v []any) any {
	if v[0] == nil {
		return nil
	}
	r := []rune(text(v[0]))
	start, _ := strconv.Atoi(text(v[1]))
	length, _ := strconv.Atoi(text(v[2]))
	start = min(max(start-1, 0), len(r))
	return string(r[start:min(start+max(length, 0), len(r))])
}

func mapText(v any, f func(string) string) any {
	if v == nil {
		return nil
	}
	return f(text(v))
}

// Functions lists the functions a mapping may use, as the schema's functions() answers.
func Functions() []json.RawMessage {
	var names []string
	for name := range functions {
		names = append(names, name)
	}
	sort.Strings(names)
	var out []json.RawMessage
	for _, name := range names {
		f := functions[name]
		params := []object{}
		for i, p := range f.params {
			params = append(params, object{"name": p, "required": i < f.min, "type": "String",
				"allowMultipleOccurrences": f.max < 0 && i == len(f.params)-1})
		}
		out = append(out, rawJSON(object{"id": f.name, "parameters": params}))
	}
	return out
}

func rawJSON(v any) json.RawMessage {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err) // only called with literals of strings, numbers, maps and slices
	}
	return raw
}
