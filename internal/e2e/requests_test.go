package e2e

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"entente.dev/entente/internal/entrasim/journal"
)

func (s *story) mark(args []string) error {
	if len(args) != 1 {
		return errors.New("usage: mark NAME")
	}
	counts, err := s.admin.Counts(s.ctx)
	if err == nil {
		s.ts.Setenv(args[0], strconv.FormatUint(counts.Seq, 10))
	}
	return err
}

// log is the part of the request log between two marks; without marks all of it.
func (s *story) log(o map[string]string) ([]journal.Entry, error) {
	since, err := s.place(o["since"], 0)
	if err != nil {
		return nil, err
	}
	until, err := s.place(o["until"], ^uint64(0))
	if err != nil {
		return nil, err
	}
	entries, err := s.admin.Requests(s.ctx, since, 0, 0)
	return slices.DeleteFunc(entries, func(e journal.Entry) bool { return e.Seq > until }), err
}

func (s *story) place(mark string, otherwise uint64) (uint64, error) {
	if mark == "" {
		return otherwise, nil
	}
	if value := s.ts.Getenv(mark); value != "" {
		return strconv.ParseUint(value, 10, 64)
	}
	return 0, fmt.Errorf("there is no mark %s", mark)
}

// line is how a request is written for a person and for the expressions of a story: tenant, method, route.
func line(e journal.Entry) string {
	route := e.Route
	if route == "" {
		route = e.Path
	}
	return e.Tenant + " " + e.Method + " " + route
}

func (s *story) writes(args []string) error {
	if len(args) == 0 {
		return errors.New("usage: writes [since=MARK] [until=MARK] [tenant=T] [method=M] [route=REGEXP] none|some|NUMBER")
	}
	o, err := options(args[:len(args)-1], "since", "until", "tenant", "method", "route")
	if err != nil {
		return err
	}
	route, err := regexp.Compile(o["route"])
	if err != nil {
		return err
	}
	entries, err := s.log(o)
	if err != nil {
		return err
	}
	var found []string
	for _, e := range entries {
		if e.Write && (o["tenant"] == "" || e.Tenant == o["tenant"]) && (o["method"] == "" || e.Method == o["method"]) && route.MatchString(line(e)) {
			found = append(found, line(e))
		}
	}
	want := args[len(args)-1]
	if want == "some" && len(found) > 0 || want == strconv.Itoa(len(found)) || want == "none" && len(found) == 0 {
		return nil
	}
	return fmt.Errorf("%d writes, not %s\n%s", len(found), want, strings.Join(found, "\n"))
}

// order states that the writes of each expression came after all writes of the one before.
func (s *story) order(args []string) error {
	var o map[string]string
	if len(args) > 0 && strings.HasPrefix(args[0], "since=") {
		o = map[string]string{"since": strings.TrimPrefix(args[0], "since=")}
		args = args[1:]
	}
	entries, err := s.log(o)
	if err != nil {
		return err
	}
	before := uint64(0)
	for i, expression := range args {
		re, err := regexp.Compile(expression)
		if err != nil {
			return err
		}
		first, last := uint64(0), uint64(0)
		for _, e := range entries {
			if e.Write && re.MatchString(line(e)) {
				first, last = cmpZero(first, e.Seq), e.Seq
			}
		}
		if first == 0 {
			return fmt.Errorf("no write matches %s", expression)
		}
		if first < before {
			return fmt.Errorf("%s began (request %d) before %s had ended (request %d)", expression, first, args[i-1], before)
		}
		before = last
	}
	return nil
}

func cmpZero(kept, next uint64) uint64 {
	if kept == 0 {
		return next
	}
	return kept
}

// untouched looks at what each write addressed; the people who are named were there before and may be changed.
func (s *story) untouched(except []string) error {
	entries, err := s.log(nil)
	if err != nil {
		return err
	}
	var errs []error
	for _, e := range entries {
		if !e.Write {
			continue
		}
		for _, id := range addressed(e.Path) {
			name, there := s.before[e.Tenant][id]
			if there && !slices.Contains(except, e.Tenant+"/"+name) {
				errs = append(errs, fmt.Errorf("%s %s %s: %s was there before Entente", e.Tenant, e.Method, e.Path, name))
			}
		}
	}
	return errors.Join(errs...)
}

// addressed is what a path may change. The end of a reference is not changed by the reference.
func addressed(path string) []string {
	path, _, _ = strings.Cut(path, "?")
	parts := strings.Split(path, "/")
	if len(parts) > 2 && parts[len(parts)-1] == "$ref" {
		parts = parts[:len(parts)-2]
	}
	return parts
}

func (s *story) requests(args []string) error {
	if len(args) != 3 || args[1] != "at-most" && args[1] != "at-least" {
		return errors.New("usage: requests since=MARK at-most|at-least NUMBER")
	}
	o, err := options(args[:1], "since")
	if err != nil {
		return err
	}
	entries, err := s.log(o)
	if err != nil {
		return err
	}
	n, lines := 0, []string{}
	for _, e := range entries {
		if e.Kind == "graph" {
			n++
			lines = append(lines, line(e))
		}
	}
	limit, err := strconv.Atoi(args[2])
	s.ts.Logf("%d requests to Graph", n)
	if err != nil || args[1] == "at-most" && n <= limit || args[1] == "at-least" && n >= limit {
		return err
	}
	return fmt.Errorf("%d requests to Graph\n%s", n, strings.Join(lines, "\n"))
}
