package dir

import (
	"fmt"
	"strings"
	"time"
	"unicode"
)

// rule decides whether a user belongs to a dynamic group.
type rule func(*User) bool

// parseRule reads a membershipRule: user.property with -eq, -ne, -startsWith, -contains or -in (and their negations),
// joined by -and, -or, -not and parentheses. Device rules and the other operators of the dynamic-membership page are
// not served.
func parseRule(text string) (rule, *Error) {
	p := &ruleParser{tokens: ruleTokens(text)}
	r := p.or()
	if p.err == "" && len(p.tokens) > 0 {
		p.fail("unexpected " + p.tokens[0])
	}
	if p.err != "" {
		return nil, BadRequest("Invalid value specified for property 'membershipRule' of resource 'Group': %s.", p.err)
	}
	return r, nil
}

type ruleParser struct {
	tokens []string
	err    string
}

func (p *ruleParser) fail(why string) {
	if p.err == "" {
		p.err = why
	}
	p.tokens = nil
}

func (p *ruleParser) next() string {
	if len(p.tokens) == 0 {
		p.fail("the rule ends early")
		return ""
	}
	t := p.tokens[0]
	p.tokens = p.tokens[1:]
	return t
}

func (p *ruleParser) is(word string) bool {
	if len(p.tokens) > 0 && strings.EqualFold(p.tokens[0], word) {
		p.tokens = p.tokens[1:]
		return true
	}
	return false
}

func (p *ruleParser) or() rule {
	r := p.and()
	for p.is("-or") {
		left, right := r, p.and()
		r = func(u *User) bool { return left(u) || right(u) }
	}
	return r
}

func (p *ruleParser) and() rule {
	r := p.term()
	for p.is("-and") {
		left, right := r, p.term()
		r = func(u *User) bool { return left(u) && right(u) }
	}
	return r
}

func never(*User) bool { return false }

func (p *ruleParser) term() rule {
	if p.is("-not") || p.is("not") {
		r := p.term()
		return func(u *User) bool { return !r(u) }
	}
	if p.is("(") {
		r := p.or()
		if p.err == "" && !p.is(")") {
			p.fail("a parenthesis is not closed")
		}
		return r
	}
	path := p.next()
	name, ok := strings.CutPrefix(strings.ToLower(path), "user.")
	field, known := LookupUserField(name)
	if !ok || !known {
		p.fail("unknown property " + path)
		return never
	}
	op := strings.ToLower(strings.TrimPrefix(p.next(), "-"))
	positive, negated := strings.CutPrefix(op, "not")
	if op == "ne" {
		positive, negated = "eq", true
	}
	test, ok := ruleTests[positive]
	if !ok {
		p.fail("unsupported operator -" + op)
		return never
	}
	values := p.values(positive == "in")
	return func(u *User) bool { return test(ruleText(field.Get(u)), values) != negated }
}

// values reads one constant, or a list in brackets.
func (p *ruleParser) values(list bool) []string {
	if !list {
		return []string{ruleConstant(p.next())}
	}
	var out []string
	if !p.is("[") {
		p.fail("-in needs a list in brackets")
		return nil
	}
	for p.err == "" && !p.is("]") {
		if v := p.next(); v != "," {
			out = append(out, ruleConstant(v))
		}
	}
	return out
}

func ruleConstant(s string) string {
	if len(s) >= 2 && (s[0] == '"' || s[0] == '\'') {
		return strings.ToLower(s[1 : len(s)-1])
	}
	if s = strings.ToLower(s); s == "null" || s == "$null" {
		return ""
	}
	return strings.TrimPrefix(s, "$")
}

// ruleTests compare lower-case text.
var ruleTests = map[string]func(s string, values []string) bool{
	"eq":         func(s string, v []string) bool { return s == v[0] },
	"startswith": func(s string, v []string) bool { return strings.HasPrefix(s, v[0]) },
	"contains":   func(s string, v []string) bool { return strings.Contains(s, v[0]) },
	"in": func(s string, v []string) bool {
		for _, x := range v {
			if s == x {
				return true
			}
		}
		return false
	},
}

func ruleText(v any) string {
	if v == nil {
		return ""
	}
	return strings.ToLower(fmt.Sprint(v))
}

// ruleTokens splits a rule into words, constants, brackets and parentheses.
func ruleTokens(text string) []string {
	var out []string
	for text = strings.TrimSpace(text); text != ""; text = strings.TrimSpace(text) {
		n := 1
		switch c := text[0]; {
		case c == '"' || c == '\'':
			if end := strings.IndexByte(text[1:], c); end >= 0 {
				n = end + 2
			} else {
				n = len(text)
			}
		case strings.IndexByte("()[],", c) < 0:
			n = strings.IndexFunc(text, func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune("()[],\"'", r) })
			if n <= 0 {
				n = len(text)
			}
		}
		out = append(out, text[:n])
		text = text[n:]
	}
	return out
}

// dynamicRule reads the rule of a group's properties; nil when it is not a dynamic group or its processing is paused.
func dynamicRule(props Object) (rule, *Error) {
	g := &Group{Props: props}
	text := props.Text("membershipRule")
	if !g.Dynamic() {
		if text != "" {
			return nil, BadRequest("A membership rule needs the group type 'DynamicMembership'.")
		}
		return nil, nil
	}
	if text == "" {
		return nil, BadRequest("A value is required for property 'membershipRule' of resource 'Group'.")
	}
	r, err := parseRule(text)
	if err != nil || strings.EqualFold(props.Text("membershipRuleProcessingState"), "Paused") {
		return nil, err
	}
	return r, nil
}

// follow keeps the members of a group by its rule from now on. The caller holds the lock.
func (t *Tenant) follow(slot int, r rule) {
	if r == nil {
		delete(t.dynamic, slot)
		return
	}
	if t.dynamic == nil {
		t.dynamic = map[int]rule{}
	}
	t.dynamic[slot] = r
	for i := range t.users.slots {
		if u := t.users.slots[i].cur; u != nil {
			t.obey(slot, r, u)
		}
	}
}

// obey adds a user to a dynamic group or takes them out. A soft-deleted user keeps memberships.
func (t *Tenant) obey(slot int, r rule, u *User) {
	if u.Deleted != 0 {
		return
	}
	_, in := t.groups.slots[slot].index[u.ID]
	switch wanted := r(u); {
	case wanted && !in:
		t.addMember(slot, u.ID, time.Now().UnixNano())
	case !wanted && in:
		t.removeMember(slot, u.ID)
	}
}

// reconsider looks at one changed user in every dynamic group.
func (t *Tenant) reconsider(u *User) {
	for slot, r := range t.dynamic {
		t.obey(slot, r, u)
	}
}
