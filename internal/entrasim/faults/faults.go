// Package faults is fault programs as data: rules that match requests and say what goes wrong with them. A rule
// counts its fires, so that a test can demand that it fired.
package faults

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// Rule is one fault.
type Rule struct {
	ID     string `json:"id"`
	Match  Match  `json:"match"`
	Effect Effect `json:"effect"`
	Min    int    `json:"min,omitempty"` // fires that a test demands
	Max    int    `json:"max,omitempty"` // 0: no limit
	Fired  int    `json:"fired"`
	Seen   int    `json:"seen"`    // requests that matched, fired or not
	Held   int    `json:"holding"` // requests held right now
}

// Match says which requests; an empty field matches all.
type Match struct {
	Method string `json:"method,omitempty"`
	// Route is a template such as /groups/{id}/members/$ref, or a regular expression over method-less path when
	// it begins with "~".
	Route  string `json:"route,omitempty"`
	Tenant string `json:"tenant,omitempty"` // name or id
	App    string `json:"app,omitempty"`    // client id
	Write  *bool  `json:"write,omitempty"`
	Nth    int    `json:"nth,omitempty"` // only the nth matching request, from 1
}

// Kinds of effect. Before means that the request is not carried out, after that it is and its answer is spoilt.
const (
	Status        = "status"          // answer with Status, not carried out
	Delay         = "delay"           // wait Millis, then go on
	Drop          = "drop"            // close the connection, not carried out
	ApplyThenDrop = "apply-then-drop" // carry out, close the connection without an answer
	Truncate      = "truncate"        // carry out, break off in the middle of the answer
	ContentType   = "content-type"    // answer an HTML page with Status
	NoMessageBody = "no-message-body" // Status with an error body that has no message
	Hold          = "hold"            // wait until the connection closes or the rule is released
	Stale         = "stale"           // read a replica that has not seen anybody's last write
	Duplicate     = "duplicate"       // carry out, the last item of a page comes again on the next one
	Reorder       = "reorder"         // carry out, items come in another order, some on the next page
	ExpiredToken  = "expired-token"   // 401 as for a token that has run out
	DeltaReset    = "delta-reset"     // 410 with a Location, as after a service-side reset of change tracking
)

// Effect says what goes wrong.
type Effect struct {
	Kind       string `json:"kind"`
	Status     int    `json:"status,omitempty"`
	Code       string `json:"code,omitempty"`
	Message    string `json:"message,omitempty"`
	RetryAfter string `json:"retryAfter,omitempty"` // header as sent: absent, "3", "2.128"
	Millis     int    `json:"millis,omitempty"`
	When       string `json:"when,omitempty"` // hold: before (default) | after
}

var kinds = []string{Status, Delay, Drop, ApplyThenDrop, Truncate, ContentType, NoMessageBody, Hold,
	Stale, Duplicate, Reorder, ExpiredToken, DeltaReset}

// Request is what a rule is matched against.
type Request struct {
	Method, Route, Path, Tenant, TenantID, App string
	Write                                      bool
}

// Fire is one firing of a rule.
type Fire struct {
	ID       string
	Effect   Effect
	Released <-chan struct{} // closed when the rule is released or cleared
	Done     func()          // to be called when a held request goes on
}

type live struct {
	Rule
	re       *regexp.Regexp
	released chan struct{}
}

// Set is the rules in force, safe for concurrent use.
type Set struct {
	mu    sync.Mutex
	rules []*live
	n     int
}

// Put adds a rule or replaces the one with the same id; it returns the rule with its id.
func (s *Set) Put(r Rule) (Rule, error) {
	if !slices.Contains(kinds, r.Effect.Kind) {
		return r, fmt.Errorf("unknown effect %q; one of %s", r.Effect.Kind, strings.Join(kinds, ", "))
	}
	l := &live{released: make(chan struct{})}
	if expr, ok := strings.CutPrefix(r.Match.Route, "~"); ok {
		re, err := regexp.Compile("(?i)" + expr)
		if err != nil {
			return r, fmt.Errorf("route: %w", err)
		}
		l.re = re
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.ID == "" {
		s.n++
		r.ID = fmt.Sprintf("fault-%d", s.n)
	}
	r.Fired, r.Seen, r.Held = 0, 0, 0
	l.Rule = r
	s.remove(r.ID)
	s.rules = append(s.rules, l)
	return r, nil
}

func (s *Set) remove(id string) bool {
	for i, l := range s.rules {
		if l.ID == id {
			close(l.released)
			s.rules = slices.Delete(s.rules, i, i+1)
			return true
		}
	}
	return false
}

// Clear removes one rule, or all when the id is empty, and lets held requests go on.
func (s *Set) Clear(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if id != "" {
		return s.remove(id)
	}
	for len(s.rules) > 0 {
		s.remove(s.rules[0].ID)
	}
	return true
}

// Release lets the requests that a rule holds go on; the rule stays, for later ones.
func (s *Set) Release(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range s.rules {
		if l.ID == id {
			close(l.released)
			l.released = make(chan struct{})
			return true
		}
	}
	return false
}

// List copies the rules with their counts.
func (s *Set) List() []Rule {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := []Rule{}
	for _, l := range s.rules {
		out = append(out, l.Rule)
	}
	return out
}

// Next finds the first rule that fires for a request, and counts it.
func (s *Set) Next(r Request) (Fire, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range s.rules {
		if !l.matches(r) {
			continue
		}
		l.Seen++
		if l.Max > 0 && l.Fired >= l.Max || l.Match.Nth > 0 && l.Seen != l.Match.Nth {
			continue
		}
		l.Fired++
		done := func() {}
		if l.Effect.Kind == Hold {
			l.Held++
			done = func() {
				s.mu.Lock()
				defer s.mu.Unlock()
				l.Held--
			}
		}
		return Fire{ID: l.ID, Effect: l.Effect, Released: l.released, Done: done}, true
	}
	return Fire{}, false
}

func (l *live) matches(r Request) bool {
	m := l.Match
	switch {
	case m.Method != "" && !strings.EqualFold(m.Method, r.Method):
	case m.Tenant != "" && !strings.EqualFold(m.Tenant, r.Tenant) && !strings.EqualFold(m.Tenant, r.TenantID):
	case m.App != "" && !strings.EqualFold(m.App, r.App):
	case m.Write != nil && *m.Write != r.Write:
	case l.re != nil && !l.re.MatchString(r.Path):
	case l.re == nil && m.Route != "" && !sameRoute(m.Route, r.Route):
	default:
		return true
	}
	return false
}

// sameRoute compares templates; the name of a parameter does not matter.
func sameRoute(a, b string) bool {
	x, y := strings.Split(strings.Trim(a, "/"), "/"), strings.Split(strings.Trim(b, "/"), "/")
	if len(x) != len(y) {
		return false
	}
	for i := range x {
		if strings.HasPrefix(x[i], "{") && strings.HasPrefix(y[i], "{") {
			continue
		}
		if !strings.EqualFold(x[i], y[i]) {
			return false
		}
	}
	return true
}
