package world

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// Error is a fault of a world file at a place.
type Error struct {
	File         string
	Line, Column int
	Message      string
}

func (e *Error) Error() string {
	return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Column, e.Message)
}

// Load reads a world file.
func Load(path string) (*World, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	w, err := Parse(path, data)
	if err != nil {
		return nil, err
	}
	for i := range w.Tenants {
		for j := range w.Tenants[i].Apps {
			if c := w.Tenants[i].Apps[j].Certificate; c != "" && !filepath.IsAbs(c) {
				w.Tenants[i].Apps[j].Certificate = filepath.Join(filepath.Dir(path), c)
			}
		}
	}
	return w, nil
}

// Parse reads a world from YAML; name appears in errors. All faults of meaning are reported together.
func Parse(name string, data []byte) (*World, error) {
	file, err := parser.ParseBytes(data, 0)
	if err != nil {
		return nil, located(name, err)
	}
	w := &World{}
	if err := yaml.UnmarshalWithOptions(data, w, yaml.Strict()); err != nil {
		return nil, located(name, err)
	}
	c := &checker{name: name, file: file}
	c.world(w)
	return w, errors.Join(c.errs...)
}

func located(name string, err error) error {
	var y yaml.Error
	if errors.As(err, &y) && y.GetToken() != nil {
		p := y.GetToken().Position
		return &Error{name, p.Line, p.Column, y.GetMessage()}
	}
	return &Error{name, 1, 1, err.Error()}
}

type checker struct {
	name string
	file *ast.File
	errs []error
}

func (c *checker) fail(path, format string, args ...any) {
	e := &Error{File: c.name, Line: 1, Column: 1, Message: fmt.Sprintf(format, args...)}
	if p, err := yaml.PathString(path); err == nil {
		if node, err := p.FilterFile(c.file); err == nil && node.GetToken() != nil {
			e.Line, e.Column = node.GetToken().Position.Line, node.GetToken().Position.Column
		}
	}
	c.errs = append(c.errs, e)
}

var (
	guid   = regexp.MustCompile(`^(?i)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
	domain = regexp.MustCompile(`^(?i)[a-z0-9-]+(\.[a-z0-9-]+)+$`)
)

func (c *checker) world(w *World) {
	if len(w.Tenants) == 0 {
		c.fail("$", "a world needs at least one tenant under \"tenants\"")
	}
	names, domains := map[string]bool{}, map[string]bool{}
	for _, t := range w.Tenants {
		names[t.Name] = true
	}
	seen := map[string]bool{}
	for i, t := range w.Tenants {
		at := fmt.Sprintf("$.tenants[%d]", i)
		switch {
		case t.Name == "":
			c.fail(at, "a tenant needs a name")
		case seen[t.Name]:
			c.fail(at+".name", "tenant %q is described twice", t.Name)
		case !domain.MatchString(t.Domain):
			c.fail(at+".domain", "tenant %q: domain %q is not a domain name such as a.example", t.Name, t.Domain)
		case domains[strings.ToLower(t.Domain)]:
			c.fail(at+".domain", "domain %q belongs to another tenant already", t.Domain)
		case t.ID != "" && !guid.MatchString(t.ID):
			c.fail(at+".id", "tenant %q: id %q is not a GUID", t.Name, t.ID)
		}
		seen[t.Name], domains[strings.ToLower(t.Domain)] = true, true
		c.tenant(at, t, names)
	}
}

func (c *checker) tenant(at string, t Tenant, names map[string]bool) {
	known := map[string]bool{}
	for i, u := range t.Users {
		path := fmt.Sprintf("%s.users[%d]", at, i)
		_, dom, ok := strings.Cut(u.UPN, "@")
		if !ok || !strings.EqualFold(dom, t.Domain) {
			c.fail(path+".upn", "user %q: the sign-in name must end in @%s", u.UPN, t.Domain)
		}
		if known[strings.ToLower(u.UPN)] {
			c.fail(path+".upn", "user %q is described twice", u.UPN)
		}
		if u.UserType != "" && u.UserType != "Member" && u.UserType != "Guest" {
			c.fail(path+".userType", "userType %q is neither Member nor Guest", u.UserType)
		}
		known[strings.ToLower(u.UPN)] = true
	}
	for i, g := range t.Guests {
		if !strings.Contains(g.Of, "@") {
			c.fail(fmt.Sprintf("%s.guests[%d].of", at, i), "%q is not an address", g.Of)
		}
		known[strings.ToLower(g.Of)] = true
	}
	for _, g := range t.Groups {
		known[strings.ToLower(g.Name)] = true
	}
	for i, g := range t.Groups {
		for j, m := range g.Members {
			if !known[strings.ToLower(m)] && !strings.HasPrefix(m, "user") {
				c.fail(fmt.Sprintf("%s.groups[%d].members[%d]", at, i, j), "group %q: member %q is no user, guest or group of tenant %q", g.Name, m, t.Name)
			}
		}
	}
	for i, a := range t.Apps {
		if !guid.MatchString(a.ClientID) {
			c.fail(fmt.Sprintf("%s.apps[%d].clientId", at, i), "clientId %q is not a GUID", a.ClientID)
		}
	}
	for i, p := range t.Partners {
		if !names[p.Tenant] || p.Tenant == t.Name {
			c.fail(fmt.Sprintf("%s.partners[%d].tenant", at, i), "%q is no other tenant of this world", p.Tenant)
		}
	}
	for i, j := range t.Jobs {
		if !names[j.Target] || j.Target == t.Name {
			c.fail(fmt.Sprintf("%s.jobs[%d].target", at, i), "%q is no other tenant of this world", j.Target)
		}
	}
}
