package throttle

import (
	"testing"
	"time"
)

// wallClock is a clock that a test moves.
type wallClock struct{ at time.Time }

func (c *wallClock) now() time.Time { return c.at }

func TestRuntime31_ResourceUnitsOfACall(t *testing.T) {
	for _, tc := range []struct {
		method, route  string
		selects, expds bool
		top            int
		units, writes  int
		extra          string
	}{
		{"GET", "/users", false, false, -1, 2, 0, ""},
		{"GET", "/users", true, false, -1, 1, 0, ""},
		{"GET", "/users", true, true, 5, 1, 0, ""},
		{"GET", "/users", true, false, 5, 1, 0, ""}, // floor
		{"GET", "/users", false, true, 999, 3, 0, ""},
		{"GET", "/users/{id}", false, false, -1, 1, 0, ""},
		{"GET", "/users/{id}", true, false, -1, 1, 0, ""}, // floor
		{"GET", "/applications", false, false, -1, 2, 0, ""},
		{"GET", "/groups/{id}/members", false, false, -1, 3, 0, ""},
		{"GET", "/groups/{id}/members", true, false, 10, 1, 0, ""},
		{"GET", "/groups/{id}/members/microsoft.graph.user", false, false, -1, 3, 0, ""},
		{"GET", "/groups/{id}/transitiveMembers", false, false, -1, 5, 0, ""},
		{"GET", "/users/{id}/memberOf", false, false, -1, 2, 0, ""},
		{"GET", "/users/{id}/transitiveMemberOf", false, false, -1, 2, 0, ""},
		{"GET", "/servicePrincipals/{id}/appRoleAssignments", false, false, -1, 2, 0, ""},
		{"GET", "/subscribedSkus", false, false, -1, 3, 0, ""},
		{"POST", "/directoryObjects/getByIds", false, false, -1, 3, 0, ""},
		{"POST", "/users/{id}/checkMemberGroups", false, false, -1, 4, 0, ""},
		{"POST", "/users/{id}/getMemberGroups", false, false, -1, 2, 0, ""},
		{"POST", "/users", false, false, -1, 1, 1, ""},
		{"PATCH", "/groups/{id}", false, false, -1, 1, 1, ""},
		{"DELETE", "/users/{id}", false, false, -1, 1, 1, ""},
		{"PUT", "/policies/crossTenantAccessPolicy/partners/{id}/identitySynchronization", false, false, -1, 1, 1, ""},
		{"POST", "/invitations", false, false, -1, 1, 1, "invitations"},
		{"GET", "/auditLogs/provisioning", false, false, -1, 1, 0, "reports"},
		{"POST", "/servicePrincipals/{id}/synchronization/jobs/{job}/provisionOnDemand", false, false, -1, 1, 1, "ondemand"},
	} {
		want := Cost{tc.units, tc.writes, tc.extra}
		if got := CostOf(tc.method, tc.route, tc.selects, tc.expds, tc.top); got != want {
			t.Errorf("%s %s select=%t expand=%t top=%d: %+v, want %+v", tc.method, tc.route, tc.selects, tc.expds, tc.top, got, want)
		}
	}
}

// spend takes calls until one is throttled and tells how many went through.
func spend(m *Meter, app, tenant string, users int, c Cost, limit int) (n int, last Verdict) {
	for ; n < limit; n++ {
		if last = m.Take(app, tenant, users, c); !last.OK {
			return n, last
		}
	}
	return n, last
}

func TestRuntime31_SizeClasses(t *testing.T) {
	for _, tc := range []struct{ users, units int }{{49, 3500}, {50, 5000}, {500, 5000}, {501, 8000}} {
		c := &wallClock{time.Unix(0, 0)}
		m := New(c.now)
		n, v := spend(m, "app", "tenant", tc.users, Cost{Units: 5}, 10000)
		if n*5 != tc.units || v.Scope != "Tenant_Application" || v.Limit != "ReadWrite" || v.Information != "ResourceUnitLimitExceeded" {
			t.Errorf("%d users: %d units, %+v", tc.users, n*5, v)
		}
		c.at = c.at.Add(20 * time.Second)
		if v := m.Take("app", "tenant", tc.users, Cost{Units: 5}); !v.OK {
			t.Errorf("%d users: still throttled after the window: %+v", tc.users, v)
		}
		if v := New(c.now).Take("other", "tenant", tc.users, Cost{Units: 5}); !v.OK {
			t.Error("another application pays for this one")
		}
	}
}

func TestRuntime31_UsageIsToldAbove80Percent(t *testing.T) {
	c := &wallClock{time.Unix(0, 0)}
	m := New(c.now)
	if v := m.Take("app", "tenant", 10, Cost{Units: 2800}); v.Percentage != 0.8 {
		t.Errorf("%v", v.Percentage)
	}
	if v := m.Take("app", "tenant", 10, Cost{Units: 700}); v.Percentage != 1 || !v.OK {
		t.Errorf("%+v", v)
	}
	for range 10 { // a throttled call keeps counting, up to a bound
		m.Take("app", "tenant", 10, Cost{Units: 3000})
	}
	if v := m.Take("app", "tenant", 10, Cost{Units: 1}); v.OK || v.Percentage <= 1 || v.Percentage > 1.8 || v.RetryAfter <= 0 {
		t.Errorf("%+v", v)
	}
}

func TestRuntime31_WriteBuckets(t *testing.T) {
	write := Cost{Units: 1, Writes: 1}
	slow := func() (*wallClock, *Meter) { c := &wallClock{time.Unix(0, 0)}; return c, New(c.now) }

	// 3,000 writes in 150 s for an application in a tenant. Units refill meanwhile, so the write bucket is what trips.
	c, m := slow()
	n := 0
	for ; n < 4000; n++ {
		c.at = c.at.Add(time.Millisecond)
		if v := m.Take("app", "tenant", 10, write); !v.OK {
			if v.Limit != "Write" || v.Scope != "Tenant_Application" || v.Information != "WriteLimitExceeded" {
				t.Errorf("%+v", v)
			}
			break
		}
	}
	if n < 3000 || n > 3000+3000*4/150+2 { // what refills in the four seconds that this took
		t.Errorf("%d writes before the first 429", n)
	}

	// 18,000 in 300 s for all applications of a tenant; 70,000 in 300 s for an application in all tenants.
	for name, tc := range map[string]struct {
		key   func(i int) (app, tenant string)
		scope string
		want  int
	}{
		"tenant":      {func(i int) (string, string) { return "app" + string(rune('a'+i%20)), "tenant" }, "Tenant", 18000},
		"application": {func(i int) (string, string) { return "app", "tenant" + string(rune('a'+i%50)) }, "Application", 70000},
	} {
		_, m := slow()
		for i := 0; ; i++ {
			app, tenant := tc.key(i)
			v := m.Take(app, tenant, 1000, write)
			if v.OK {
				continue
			}
			if i != tc.want || v.Scope != tc.scope || v.Limit != "Write" {
				t.Errorf("%s: %d writes, %+v", name, i, v)
			}
			break
		}
	}
}

func TestRuntime32_SmallBuckets(t *testing.T) {
	for _, tc := range []struct {
		extra, scope string
		n            int
		per          time.Duration
	}{{"invitations", "Tenant", 150, 5 * time.Second}, {"reports", "Tenant_Application", 5, 10 * time.Second}, {"ondemand", "Tenant_Application", 5, 10 * time.Second}} {
		c := &wallClock{time.Unix(0, 0)}
		m := New(c.now)
		n, v := spend(m, "app", "tenant", 10, Cost{Units: 1, Extra: tc.extra}, 1000)
		if n != tc.n || v.Scope != tc.scope {
			t.Errorf("%s: %d calls, %+v", tc.extra, n, v)
		}
		if other := m.Take("other", "tenant", 10, Cost{Units: 1, Extra: tc.extra}); other.OK == (tc.scope == "Tenant") {
			t.Errorf("%s: another application %+v", tc.extra, other)
		}
		for _, x := range []string{"", "invitations", "reports", "ondemand"} {
			if x != tc.extra && !m.Take("app", "tenant", 10, Cost{Units: 1, Extra: x}).OK {
				t.Errorf("%q is throttled with %s", x, tc.extra)
			}
		}
		c.at = c.at.Add(2 * tc.per)
		if !m.Take("app", "tenant", 10, Cost{Units: 1, Extra: tc.extra}).OK {
			t.Errorf("%s: throttled after its window", tc.extra)
		}
	}
}
