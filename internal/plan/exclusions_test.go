package plan

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"entente.dev/entente/internal/directory"
	"entente.dev/entente/internal/ident"
)

func TestWhomARuleFits(t *testing.T) {
	t.Parallel()
	bob := directory.User{UserPrincipalName: "Bob.Ext@b.example", Mail: "bob@mail.example", DisplayName: "Bob Åström (Ext)", Department: "Legal & Finance", JobTitle: "CONSULTANT"}
	for _, test := range []struct {
		field, match string
		fits         bool
	}{
		{"upn", "bob.ext@b.example", true}, {"upn", "*.ext@*", true}, {"upn", "bob", false}, {"upn", "*b.exampl", false}, {"upn", "BOB*EXAMPLE", true},
		{"mail", "*@mail.example", true}, {"mail", "*@b.example", false}, {"name", "*ÅSTRÖM*", true}, {"name", "*(ext)", true},
		{"department", "legal*", true}, {"department", "*finance", true}, {"department", "legal*legal", false}, {"department", "legal & finance*", true},
		{"jobTitle", "consultant", true}, {"jobTitle", "*", true}, {"jobTitle", "**c**t**", true}, {"jobTitle", "", false}, {"jobTitle", " ", false},
		{"jobtitle", "*", false}, {"", "*", false}, {"id", "*", false},
	} {
		r := ExclusionRule{Field: test.field, Match: test.match}
		if r.Fits(bob) != test.fits {
			t.Errorf("%+v: %t", r, !test.fits)
		}
		if wrong := r.Check() != nil; wrong != (strings.TrimSpace(test.match) == "" || !slices.Contains([]string{"upn", "mail", "name", "department", "jobTitle"}, test.field)) {
			t.Errorf("%+v: %v", r, r.Check())
		}
	}
}

// TestWildIsWhatTheWordsSay compares it with a plain recursive reading.
func TestWildIsWhatTheWordsSay(t *testing.T) {
	t.Parallel()
	var plain func(p, v string) bool
	plain = func(p, v string) bool {
		switch {
		case p == "":
			return v == ""
		case p[0] == '*':
			return plain(p[1:], v) || v != "" && plain(p, v[1:])
		}
		return v != "" && v[0] == p[0] && plain(p[1:], v[1:])
	}
	rapid.Check(t, func(t *rapid.T) {
		p, v := rapid.StringMatching(`[ab*]{0,8}`).Draw(t, "pattern"), rapid.StringMatching(`[ab]{0,10}`).Draw(t, "value")
		if wild(p, v) != plain(p, v) {
			t.Fatalf("%q on %q: %t", p, v, !plain(p, v))
		}
	})
}

// TestExclusionsByRule: whoever fits stays out, and leaves when they come to fit; a wrong rule leaves nobody out and is
// said, without the words that were to match.
func TestExclusionsByRule(t *testing.T) {
	t.Parallel()
	w := settled(t)
	w.user("b", "boris")
	w.edit("b", "g-b", func(g *directory.Group) { g.Users = append(slices.Clone(g.Users), "b-boris") })
	for _, id := range []string{"b-boris", "b-barbara"} {
		w.editUser("b", id, func(u *directory.User) { u.Department = "Legal" })
	}
	w.narrow(edge("b", "c"), func(e *Envelope) {
		e.Rules = []ExclusionRule{{Field: "manager", Match: "*annie*"}, {Field: "upn"}, {Field: "department", Match: "legal", Reason: "no lawyers"}}
	})
	s := sharePlan(t, w.plan(t), edge("b", "c"))
	const why = "the target's acceptance excludes this person: no lawyers"
	if in, out := effectOn(s, "b-boris"), effectOn(s, "b-barbara"); in.Action != HeldOut || in.Reason != why || out.Action != Remove || out.Reason != why {
		t.Errorf("%+v %+v", in, out)
	}
	if len(s.Warnings) != 2 || s.Warnings[0].Rule != "bad-exclusion-rule" || strings.Contains(s.Warnings[0].Detail+s.Warnings[1].Detail, "annie") {
		t.Errorf("%+v", s.Warnings)
	}
}

// TestLeftOutCountsEachPersonOnce of those whom the share carries or would carry.
func TestLeftOutCountsEachPersonOnce(t *testing.T) {
	t.Parallel()
	w, s := wide(t, func(*Envelope) {})
	w.user("b", "blocked") // known at home, in no set
	home := w.sorted(w.tenants["b"])
	for name, test := range map[string]struct {
		exclusions []Exclusion
		rules      []ExclusionRule
		want       []string
	}{
		"nobody":   {nil, nil, nil},
		"one rule": {nil, []ExclusionRule{{Field: "upn", Match: "b*@b.example"}}, []string{"b-barbara", "b-bob", "b-boris"}},
		"somebody who waits, and twice": {[]Exclusion{{Person: ident.Person{Home: "b", ID: "b-zoe"}}, {Person: ident.Person{Home: "b", ID: "b-stranger"}}},
			[]ExclusionRule{{Field: "name", Match: "zoe"}, {Field: "name", Match: "bob"}}, []string{"b-bob", "b-zoe"}},
		"a wrong rule": {nil, []ExclusionRule{{Field: "x", Match: "*"}}, nil},
	} {
		var got []string
		for _, e := range LeftOut(&s, home, test.exclusions, test.rules) {
			got = append(got, e.Person.ID)
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: %v", name, got)
		}
	}
}
