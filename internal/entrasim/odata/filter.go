package odata

import (
	"fmt"
	"strconv"
	"strings"
)

// Expr is one node of a parsed $filter.
type Expr struct {
	Op    string  // and or not eq ne gt ge lt le in has any all call path literal
	Name  string  // path, function or range variable
	Args  []*Expr // operands
	Value any     // literal: string, bool, float64 or nil
}

// SyntaxError is a $filter that does not parse.
type SyntaxError struct{ Message string }

func (e *SyntaxError) Error() string { return e.Message }

const maxDepth = 60 // deeper filters are refused: a client that sends them is broken or hostile

type parser struct {
	toks  []token
	pos   int
	depth int
	text  string
}

type token struct {
	kind byte // w(ord) s(tring) ( ) , : /
	text string
	at   int
}

// ParseFilter reads a $filter expression.
func ParseFilter(text string) (*Expr, error) {
	p := &parser{text: text}
	if err := p.lex(); err != nil {
		return nil, err
	}
	e, err := p.or()
	if err != nil {
		return nil, err
	}
	if p.pos != len(p.toks) {
		return nil, p.fail()
	}
	return e, nil
}

func (p *parser) fail() error {
	at := len(p.text)
	if p.pos < len(p.toks) {
		at = p.toks[p.pos].at
	}
	return &SyntaxError{fmt.Sprintf("Invalid filter clause: Syntax error at position %d in '%s'.", at, p.text)}
}

func (p *parser) lex() error {
	s := p.text
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case c == ' ' || c == '\t':
			i++
		case strings.IndexByte("(),:", c) >= 0:
			p.toks = append(p.toks, token{c, s[i : i+1], i})
			i++
		case c == '\'':
			var b strings.Builder
			j := i + 1
			for ; ; j++ {
				if j >= len(s) {
					return &SyntaxError{fmt.Sprintf("There is an unterminated string literal at position %d in '%s'.", i, s)}
				}
				if s[j] == '\'' {
					if j+1 < len(s) && s[j+1] == '\'' {
						j++
					} else {
						break
					}
				}
				b.WriteByte(s[j])
			}
			p.toks = append(p.toks, token{'s', b.String(), i})
			i = j + 1
		default:
			j := i
			for j < len(s) && strings.IndexByte(" \t(),'", s[j]) < 0 && (s[j] != ':' || isTimeColon(s, i, j)) {
				j++
			}
			p.toks = append(p.toks, token{'w', s[i:j], i})
			i = j
		}
	}
	return nil
}

// isTimeColon tells the colon of a date literal from the one of a lambda.
func isTimeColon(s string, start, at int) bool {
	return at > start && s[start] >= '0' && s[start] <= '9'
}

func (p *parser) peek() token {
	if p.pos < len(p.toks) {
		return p.toks[p.pos]
	}
	return token{}
}

func (p *parser) word(w string) bool {
	if t := p.peek(); t.kind == 'w' && strings.EqualFold(t.text, w) {
		p.pos++
		return true
	}
	return false
}

func (p *parser) eat(kind byte) bool {
	if p.peek().kind == kind {
		p.pos++
		return true
	}
	return false
}

func (p *parser) or() (*Expr, error)  { return p.chain("or", p.and) }
func (p *parser) and() (*Expr, error) { return p.chain("and", p.unary) }

func (p *parser) chain(op string, next func() (*Expr, error)) (*Expr, error) {
	left, err := next()
	if err != nil {
		return nil, err
	}
	args := []*Expr{left}
	for p.word(op) {
		right, err := next()
		if err != nil {
			return nil, err
		}
		args = append(args, right)
	}
	if len(args) == 1 {
		return left, nil
	}
	return &Expr{Op: op, Args: args}, nil
}

func (p *parser) unary() (*Expr, error) {
	p.depth++
	defer func() { p.depth-- }()
	if p.depth > maxDepth {
		return nil, &SyntaxError{"The filter is too deeply nested."}
	}
	if p.word("not") {
		e, err := p.unary()
		if err != nil {
			return nil, err
		}
		return &Expr{Op: "not", Args: []*Expr{e}}, nil
	}
	return p.comparison()
}

func (p *parser) comparison() (*Expr, error) {
	left, err := p.primary()
	if err != nil {
		return nil, err
	}
	for _, op := range []string{"eq", "ne", "gt", "ge", "lt", "le", "has"} {
		if p.word(op) {
			right, err := p.primary()
			if err != nil {
				return nil, err
			}
			return &Expr{Op: op, Args: []*Expr{left, right}}, nil
		}
	}
	if p.word("in") {
		list, err := p.list()
		if err != nil {
			return nil, err
		}
		return &Expr{Op: "in", Args: append([]*Expr{left}, list...)}, nil
	}
	return left, nil
}

func (p *parser) list() ([]*Expr, error) {
	if !p.eat('(') {
		return nil, p.fail()
	}
	var out []*Expr
	for {
		e, err := p.primary()
		if err != nil {
			return nil, err
		}
		out = append(out, e)
		if p.eat(',') {
			continue
		}
		if p.eat(')') {
			return out, nil
		}
		return nil, p.fail()
	}
}

func (p *parser) primary() (*Expr, error) {
	t := p.peek()
	switch t.kind {
	case '(':
		p.pos++
		e, err := p.or()
		if err != nil {
			return nil, err
		}
		if !p.eat(')') {
			return nil, p.fail()
		}
		return e, nil
	case 's':
		p.pos++
		return &Expr{Op: "literal", Value: t.text}, nil
	case 'w':
		p.pos++
		return p.named(t)
	}
	return nil, p.fail()
}

func (p *parser) named(t token) (*Expr, error) {
	switch strings.ToLower(t.text) {
	case "true":
		return &Expr{Op: "literal", Value: true}, nil
	case "false":
		return &Expr{Op: "literal", Value: false}, nil
	case "null":
		return &Expr{Op: "literal"}, nil
	}
	if p.peek().kind != '(' {
		if c := t.text[0]; c == '-' || c >= '0' && c <= '9' {
			if f, err := strconv.ParseFloat(t.text, 64); err == nil {
				return &Expr{Op: "literal", Value: f}, nil
			}
			return &Expr{Op: "literal", Value: t.text}, nil // dates and bare GUIDs
		}
		if len(t.text) == 36 && strings.Count(t.text, "-") == 4 {
			return &Expr{Op: "literal", Value: t.text}, nil
		}
		return &Expr{Op: "path", Name: t.text}, nil
	}
	if path, fn, ok := cutLast(t.text, '/'); ok && (strings.EqualFold(fn, "any") || strings.EqualFold(fn, "all")) {
		return p.lambda(path, strings.ToLower(fn))
	}
	args, err := p.list()
	if err != nil {
		return nil, err
	}
	return &Expr{Op: "call", Name: strings.ToLower(t.text), Args: args}, nil
}

func (p *parser) lambda(path, fn string) (*Expr, error) {
	p.pos++ // (
	if p.eat(')') {
		return &Expr{Op: fn, Name: path}, nil
	}
	v := p.peek()
	p.pos++
	if v.kind != 'w' || !p.eat(':') {
		return nil, p.fail()
	}
	body, err := p.or()
	if err != nil {
		return nil, err
	}
	if !p.eat(')') {
		return nil, p.fail()
	}
	return &Expr{Op: fn, Name: path, Value: v.text, Args: []*Expr{body}}, nil
}

func cutLast(s string, sep byte) (before, after string, ok bool) {
	if i := strings.LastIndexByte(s, sep); i >= 0 {
		return s[:i], s[i+1:], true
	}
	return "", s, false
}
