package plan

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"entente.dev/entente/internal/directory"
	"entente.dev/entente/internal/ident"
)

// Check says what is wrong with a rule. A wrong rule leaves nobody out.
func (r ExclusionRule) Check() error {
	if _, known := r.value(directory.User{}); !known {
		return errors.New("an exclusion rule looks at upn, mail, name, department or jobTitle, and at nothing else")
	}
	if strings.TrimSpace(r.Match) == "" {
		return errors.New("an exclusion rule needs something to match; * matches everybody")
	}
	return nil
}

// Fits tells whether a rule leaves a home user out: the whole value matches, letters' case does not count.
func (r ExclusionRule) Fits(u directory.User) bool {
	value, known := r.value(u)
	return known && strings.TrimSpace(r.Match) != "" && wild(strings.ToLower(r.Match), strings.ToLower(value))
}

func (r ExclusionRule) value(u directory.User) (string, bool) {
	switch r.Field {
	case "upn":
		return u.UserPrincipalName, true
	case "mail":
		return u.Mail, true
	case "name":
		return u.DisplayName, true
	case "department":
		return u.Department, true
	case "jobTitle":
		return u.JobTitle, true
	}
	return "", false
}

// wild matches a whole value; * stands for anything, nothing included. It goes back to the last * only, so that no
// pattern makes it slow.
func wild(pattern, value string) bool {
	p, v, star, mark := 0, 0, -1, 0
	for v < len(value) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, mark = p, v
			p++
		case p < len(pattern) && pattern[p] == value[v]:
			p, v = p+1, v+1
		case star >= 0:
			mark++
			p, v = star+1, mark
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}

// LeftOut is who of the people that a plan carries or would carry would be left out by exclusions and rules: each
// person once, in the order of the plan's effects. home is a snapshot of the share's source.
func LeftOut(p *SharePlan, home *directory.Snapshot, exclusions []Exclusion, rules []ExclusionRule) []Effect {
	named := make(map[ident.Person]bool, len(exclusions))
	for _, x := range exclusions {
		named[x.Person] = true
	}
	var out []Effect
	for _, e := range p.Effects {
		if _, carried := slices.BinarySearch(p.Desired.Members, e.Person.ID); !carried && e.Action != Wait {
			continue
		}
		user, known := home.User(e.Person.ID)
		if named[e.Person] || known && slices.ContainsFunc(rules, func(r ExclusionRule) bool { return r.Fits(user) }) {
			out = append(out, e)
		}
	}
	return out
}

// excluded collects whom the target's acceptance leaves out of the wanted people, by name or by rule.
func (s *sharePlanner) excluded(wanted []string) {
	if s.envelope == nil {
		return
	}
	for _, x := range s.envelope.Exclusions {
		if x.Person.Home == s.share.Source && s.outside[x.Person.ID] == "" {
			s.outside[x.Person.ID] = because("the target's acceptance excludes this person", x.Reason)
		}
	}
	var rules []ExclusionRule
	for i, r := range s.envelope.Rules {
		if err := r.Check(); err != nil {
			s.warn("bad-exclusion-rule", s.share.Target, fmt.Sprintf("rule %d of the acceptance leaves nobody out: %s", i+1, err))
			continue
		}
		rules = append(rules, r)
	}
	if len(rules) == 0 {
		return
	}
	for _, id := range wanted {
		user, known := s.source.User(id)
		if !known || s.outside[id] != "" {
			continue
		}
		if i := slices.IndexFunc(rules, func(r ExclusionRule) bool { return r.Fits(user) }); i >= 0 {
			s.outside[id] = because("the target's acceptance excludes this person", rules[i].Reason)
		}
	}
}

func because(what, reason string) string {
	if reason == "" {
		return what
	}
	return what + ": " + reason
}
