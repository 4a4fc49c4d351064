package entrasim_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"entente.dev/entente/internal/entrasim"
	"entente.dev/entente/internal/entrasim/graphapi"
	"entente.dev/entente/internal/entrasim/world"
)

// setupRule is one statement about a set-up call: its id never changes, source is the section of the fact sheet
// (which names Microsoft's page), and check speaks to a simulator of its own.
type setupRule struct {
	id, source string
	check      func(x *setup)
}

// setup is what a rule works with: a world, and Entente's registration with every permission in three tenants.
type setup struct {
	*sim
	a, b, c *caller
}

// expect fails unless the condition holds; what is printed says where we are.
func (x *setup) expect(ok bool, got *answer) {
	x.t.Helper()
	if !ok {
		x.t.Errorf("%d %.600s", got.status, got.raw)
	}
}

// refused demands a status and an error code.
func (x *setup) refused(c *caller, method, path string, body any, status int, code string) *answer {
	x.t.Helper()
	got := c.do(method, path, body, status)
	if got.code() != code {
		x.t.Errorf("%s %s: code %q, want %q: %s", method, path, got.code(), code, got.raw)
	}
	return got
}

// without is a caller of tenant a that lacks permissions.
func (x *setup) without(permissions ...string) *caller {
	x.t.Helper()
	for _, p := range permissions {
		e := simclientGrant("a")
		e.Action, e.Permission = "permission.revoke", p
		x.edit(e)
	}
	return x.as("a")
}

func setupWorld() *world.World {
	w := world.ThreeTenants(3)
	for i := range w.Tenants {
		t := &w.Tenants[i]
		t.Apps[0].Permissions = slices.DeleteFunc(graphapi.AllPermissions(), func(p string) bool { return strings.HasPrefix(p, "Test.") })
		t.Contacts = []world.Contact{{Mail: "contact@elsewhere.example", DisplayName: "A Contact"}}
		t.Groups = append(t.Groups, world.Group{Name: "Unified", Mail: true}, world.Group{Name: "Nested", Members: []string{"Collaboration"}})
	}
	w.Tenants[2].Guests = append(w.Tenants[2].Guests, world.Guest{Of: "barbara@b.example", AdminRoles: []string{"User Administrator"}})
	return w
}

// TestSetup runs every rule and prints how many hold.
func TestSetup(t *testing.T) {
	rules := slices.Concat(mtoRules, templateRules, policyRules, partnerRules, appRules, assignmentRules, syncRules, schemaRules, inviteRules,
		guestRules, groupRules, directoryRules, governanceRules, teamsRules)
	seen := map[string]bool{}
	var held atomic.Int64
	t.Run("rules", func(t *testing.T) {
		for _, r := range rules {
			if seen[r.id] || r.source == "" {
				t.Errorf("rule %q is there twice or has no source", r.id)
			}
			seen[r.id] = true
			t.Run(r.id, func(t *testing.T) {
				t.Parallel()
				s := start(t, func(o *entrasim.Options) { o.World, o.NoThrottle = setupWorld(), true })
				r.check(&setup{s, s.as("a"), s.as("b"), s.as("c")})
				if !t.Failed() {
					held.Add(1)
				}
			})
		}
	})
	_, _ = fmt.Fprintf(os.Stdout, "setup rules %d/%d\n", held.Load(), len(rules))
}

// at walks an answer: keys and list positions.
func at(v any, path ...any) any {
	for _, p := range path {
		switch k := p.(type) {
		case string:
			m, _ := v.(object)
			v = m[k]
		case int:
			l, _ := v.([]any)
			if k >= len(l) {
				return nil
			}
			v = l[k]
		}
	}
	return v
}
