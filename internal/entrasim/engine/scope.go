package engine

import (
	"encoding/json"
	"strings"
	"time"
)

// externalFilterName is how the documented troubleshooting text prints the built-in filter.
const externalFilterName = "Filter external users"

const externalClause = externalFilterName + ".alternativeSecurityIds EQUALS 'None'"

// defaultAccess is the app role id of an assignment without a role.
const defaultAccess = "00000000-0000-0000-0000-000000000000"

// eligible tells internal members from everybody the built-in filter drops: users from elsewhere, internal
// guests and users who sign in by SMS.
func eligible(u *User) bool {
	return !u.External && !u.SMSSignIn && !strings.EqualFold(u.UserType, "Guest")
}

// entitlement is who is assigned to a service principal.
type entitlement struct {
	role     map[string]bool      // assigned users: whether with a role that entitles
	direct   map[string]bool      // entitled by an assignment of their own
	groups   map[string][]string  // entitled security groups and their direct members
	assigned map[string]time.Time // oldest assignment, kept only where the on-demand delay needs it
}

// entitled reads assignments: users, and the direct user members of groups that are security enabled. Nested
// groups, owners and other groups do not count.
func (e *Engine) entitled(src Directory, spID string) entitlement {
	t := entitlement{map[string]bool{}, map[string]bool{}, map[string][]string{}, map[string]time.Time{}}
	add := func(id string, role bool, at time.Time) {
		t.role[id] = t.role[id] || role
		if old, ok := t.assigned[id]; !ok || at.Before(old) {
			t.assigned[id] = at
		}
	}
	for _, a := range src.Assignments(spID) {
		role := e.sw.DefaultAccessEntitles || (a.AppRoleID != "" && a.AppRoleID != defaultAccess)
		if a.PrincipalType != "Group" {
			add(a.PrincipalID, role, a.CreatedAt)
			t.direct[a.PrincipalID] = t.direct[a.PrincipalID] || role
			continue
		}
		g, ok := src.Group(a.PrincipalID)
		if !ok || !g.SecurityEnabled {
			continue
		}
		members := src.DirectMembers(g.ID)
		if role {
			t.groups[g.ID] = members
		}
		for _, id := range members {
			add(id, role, a.CreatedAt)
		}
	}
	return t
}

// withoutUnnoticed drops members who joined a group after it was processed (the documented possible miss).
func (t *entitlement) withoutUnnoticed(seenGroups, before map[string]bool) {
	late := map[string]bool{}
	fresh := map[string]bool{}
	for g, members := range t.groups {
		for _, id := range members {
			if seenGroups[g] && !before[id] {
				late[id] = true
			} else {
				fresh[id] = true
			}
		}
	}
	for id := range late {
		if !fresh[id] && !t.direct[id] {
			delete(t.role, id)
		}
	}
}

// verdict is the outcome of the scoping step for one user.
type verdict struct {
	active, assigned, role, passed, eligible, input bool
	results                                         map[string]bool
}

func (v *verdict) entitled() bool { return v.assigned && v.role }
func (v *verdict) inScope() bool  { return v.entitled() && v.passed && v.eligible && v.input }

func (c *cycle) evaluate(u *User) verdict {
	v := verdict{active: u.AccountEnabled, assigned: true, role: true, eligible: eligible(u), results: map[string]bool{}}
	if !c.syncAll {
		v.role, v.assigned = c.ent.role[u.ID]
		if c.onDemand && v.assigned && c.e.sw.OnDemandAssignmentDelay > 0 &&
			c.at.Sub(c.ent.assigned[u.ID]) < c.e.sw.OnDemandAssignmentDelay {
			v.assigned, v.role = false, false
		}
	}
	read := func(name string) any { return attributeOf(u, name) }
	v.passed = evalFilters(c.schema.User.Filters, read, &c.e.sw, v.results)
	v.input = evalFilters(c.schema.User.Input, read, &c.e.sw, nil)
	if !v.eligible {
		v.results[externalClause] = false
	}
	return v
}

// details are the scoping step's details, worded as the cross-tenant sample.
func (v *verdict) details() map[string]string {
	results, _ := json.Marshal(v.results)
	return map[string]string{
		"Active in the source system":      text(v.active),
		"Assigned to the application":      text(v.assigned),
		"User has the required role":       text(v.role),
		"Scoping filter evaluation passed": text(v.passed && v.eligible && v.input),
		"ScopeEvaluationResult":            string(results),
	}
}
