package ident

import (
	"testing"

	"pgregory.net/rapid"
)

func TestParseShare(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"b→c", "b->c", "b/c", "b:c"} {
		if got, err := ParseShare(text); err != nil || got != (Share{Source: "b", Target: "c"}) {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "b", "/c", "b/", "→"} {
		if got, err := ParseShare(text); err == nil {
			t.Errorf("%q is read as %s", text, got)
		}
	}
}

func TestSharesPrintAndRead(t *testing.T) {
	t.Parallel()
	name := rapid.StringMatching(`[a-z0-9][a-z0-9-]{0,8}`)
	rapid.Check(t, func(t *rapid.T) {
		s := Share{Source: Tenant(name.Draw(t, "source")), Target: Tenant(name.Draw(t, "target"))}
		o := Share{Source: Tenant(name.Draw(t, "source")), Target: Tenant(name.Draw(t, "target"))}
		if got, err := ParseShare(s.String()); err != nil || got != s {
			t.Fatalf("%s: %v %v", s, got, err)
		}
		if s.Reverse().Reverse() != s {
			t.Fatal("reversed twice is another share")
		}
		if s.Less(o) == o.Less(s) && s != o {
			t.Fatal("two shares without an order")
		}
	})
}

func TestDigest(t *testing.T) {
	t.Parallel()
	type value struct {
		A map[string]int
		B []string
	}
	one := Digest(value{A: map[string]int{"x": 1, "y": 2}, B: []string{"p"}})
	if two := Digest(value{A: map[string]int{"y": 2, "x": 1}, B: []string{"p"}}); one != two {
		t.Error("equal values, other digests")
	}
	if Digest(value{B: []string{"p"}}) == one || len(one) != 64 || Short(one) != one[:12] || Short("abc") != "abc" {
		t.Error("digests are not what they should be")
	}
	defer func() {
		if recover() == nil {
			t.Error("a value without a JSON form has a digest")
		}
	}()
	Digest(func() {})
}
