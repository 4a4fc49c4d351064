package prospect

import (
	"crypto/sha256"
	"encoding/base64"
	"maps"
	"slices"
	"strings"

	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/plan"
)

// Mark stands for a mail address in one request: who has an address can tell whether it is meant, and who has not
// learns none. Whether an address is written in capitals does not count.
type Mark string

// MarkOf is the mark of an address. 96 bits: two addresses of a directory do not share one by chance.
func MarkOf(request, address string) Mark {
	const bytes = 12
	sum := sha256.Sum256([]byte(request + "\n" + strings.ToLower(address)))
	return Mark(base64.RawURLEncoding.EncodeToString(sum[:bytes]))
}

// Comes tells whether an effect brings somebody who is not there as a Member yet, now or after a yes.
func Comes(a plan.EffectAction) bool { return a == plan.Create || a == plan.Adopt || a == plan.Wait }

// Asker is somebody whom a request would bring, by what stands for their addresses.
type Asker struct {
	Person ident.Person `json:"person"`
	Marks  []Mark       `json:"marks"`
}

// NewAsker marks the addresses that somebody has; one that is empty or given twice is none.
func NewAsker(request string, p ident.Person, addresses ...string) Asker {
	a := Asker{Person: p, Marks: []Mark{}}
	for _, address := range addresses {
		if m := MarkOf(request, address); address != "" && !slices.Contains(a.Marks, m) {
			a.Marks = append(a.Marks, m)
		}
	}
	return a
}

// Matcher finds, among addresses that are used in a target, those of people who ask. It keeps no address.
type Matcher struct {
	request string
	people  []ident.Person
	byMark  map[Mark][]int32
}

// NewMatcher matches for one request; Add tells who asks.
func NewMatcher(request string) *Matcher {
	return &Matcher{request: request, byMark: map[Mark][]int32{}}
}

// Add takes some more of those who ask.
func (m *Matcher) Add(askers ...Asker) {
	for _, a := range askers {
		for _, mark := range a.Marks {
			m.byMark[mark] = append(m.byMark[mark], int32(len(m.people)))
		}
		m.people = append(m.people, a.Person)
	}
}

// Len is how many ask.
func (m *Matcher) Len() int { return len(m.people) }

// Finding collects the people whose address one kind of objects uses.
type Finding struct {
	matcher *Matcher
	kind    Kind
	found   map[int32]bool
}

// Find begins to look for one kind.
func (m *Matcher) Find(kind Kind) *Finding {
	return &Finding{matcher: m, kind: kind, found: map[int32]bool{}}
}

// Used tells of addresses that are used.
func (f *Finding) Used(addresses ...string) {
	for _, address := range addresses {
		for _, i := range f.matcher.byMark[MarkOf(f.matcher.request, address)] {
			f.found[i] = true
		}
	}
}

// Collision counts everybody once, however many objects use their addresses, and names the first of those who ask.
func (f *Finding) Collision() Collision {
	c := Collision{Kind: f.kind}
	for _, i := range slices.Sorted(maps.Keys(f.found)) {
		c.Add(f.matcher.people[i])
	}
	return c
}
