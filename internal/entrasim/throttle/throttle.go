// Package throttle meters Graph calls as the throttling-limits page publishes them: resource units and writes per
// application and tenant, per application over all tenants, and the small limits of invitations, reports and
// provisioning on demand. Buckets follow the wall clock, because clients wait in real time.
package throttle

import (
	"strings"
	"sync"
	"time"
)

// Cost is what a call costs.
type Cost struct {
	Units, Writes int
	// Extra names a small bucket of its own: invitations, reports or ondemand.
	Extra string
}

// Verdict is the outcome for one call.
type Verdict struct {
	OK          bool
	Units       int
	Percentage  float64 // share used, sent when above 0.8
	RetryAfter  time.Duration
	Scope       string // Tenant_Application | Tenant | Application
	Limit       string // Read | Write | ReadWrite
	Information string
}

type bucket struct {
	level, size float64
	per         time.Duration
	at          time.Time
}

func (b *bucket) refill(now time.Time, size float64) {
	if size != b.size { // the tenant moved to another size class
		b.level += size - b.size
		b.size = size
	}
	b.level = min(b.size, b.level+b.size*float64(now.Sub(b.at))/float64(b.per))
	b.at = now
}

// Meter holds all buckets.
type Meter struct {
	mu      sync.Mutex
	buckets map[string]*bucket
	now     func() time.Time
}

// New makes a meter on the given clock (nil: wall clock).
func New(now func() time.Time) *Meter {
	if now == nil {
		now = time.Now
	}
	return &Meter{buckets: map[string]*bucket{}, now: now}
}

// units by number of users: S below 50, M to 500, L above.
func tenantUnits(users int) float64 {
	switch {
	case users < 50:
		return 3500
	case users <= 500:
		return 5000
	}
	return 8000
}

type limit struct {
	key, scope, kind, info string
	size                   float64
	per                    time.Duration
	cost                   float64
}

// Take charges a call to an application in a tenant with so many users. A throttled call keeps counting where
// the page says so: its units stay charged.
func (m *Meter) Take(app, tenant string, users int, c Cost) Verdict {
	pair := app + "|" + tenant
	limits := []limit{
		{"ru|" + pair, "Tenant_Application", "ReadWrite", "ResourceUnitLimitExceeded", tenantUnits(users), 10 * time.Second, float64(c.Units)},
		{"app|" + app, "Application", "ReadWrite", "ResourceUnitLimitExceeded", 150000, 20 * time.Second, float64(c.Units)},
		{"w|" + pair, "Tenant_Application", "Write", "WriteLimitExceeded", 3000, 150 * time.Second, float64(c.Writes)},
		{"wapp|" + app, "Application", "Write", "WriteLimitExceeded", 70000, 300 * time.Second, float64(c.Writes)},
		{"wten|" + tenant, "Tenant", "Write", "WriteLimitExceeded", 18000, 300 * time.Second, float64(c.Writes)},
	}
	switch c.Extra {
	case "invitations":
		limits = append(limits, limit{"inv|" + tenant, "Tenant", "Write", "WriteLimitExceeded", 150, 5 * time.Second, 1})
	case "reports":
		limits = append(limits, limit{"rep|" + pair, "Tenant_Application", "Read", "ResourceUnitLimitExceeded", 5, 10 * time.Second, 1})
	case "ondemand":
		limits = append(limits, limit{"pod|" + pair, "Tenant_Application", "Write", "WriteLimitExceeded", 5, 10 * time.Second, 1})
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.now()
	v := Verdict{OK: true, Units: c.Units}
	for _, l := range limits {
		if l.cost == 0 {
			continue
		}
		b := m.buckets[l.key]
		if b == nil {
			b = &bucket{level: l.size, size: l.size, per: l.per, at: now}
			m.buckets[l.key] = b
		}
		b.refill(now, l.size)
		if b.level < l.cost {
			// The attempt itself is charged first, so that waiting as told is enough.
			b.level = max(b.level-l.cost, -l.size*0.2)
			wait := time.Duration((l.cost - b.level) / l.size * float64(l.per))
			if v.OK || wait > v.RetryAfter {
				v.OK, v.RetryAfter, v.Scope, v.Limit, v.Information = false, wait, l.scope, l.kind, l.info
			}
		} else {
			b.level -= l.cost
		}
		v.Percentage = max(v.Percentage, min(1.8, 1-b.level/l.size))
	}
	return v
}

var reads = map[string]int{
	"/users": 2, "/applications": 2, "/contracts": 3, "/groups/{id}/members": 3, "/groups/{id}/transitivemembers": 5,
	"/users/{id}/memberof": 2, "/users/{id}/transitivememberof": 2, "/users/{id}/ownedobjects": 2, "/users/{id}/licensedetails": 2,
	"/oauth2permissiongrants": 2, "/serviceprincipals/{id}/approleassignments": 2, "/subscribedskus": 3, "/me/memberof": 2,
}

var posts = map[string]int{
	"/directoryobjects/getbyids": 3, "/users/{id}/checkmembergroups": 4, "/users/{id}/getmembergroups": 2,
	"/users/{id}/checkmemberobjects": 4, "/users/{id}/getmemberobjects": 2,
}

// CostOf prices a call by its route: base, then -1 for $select, +1 for $expand, -1 for $top below 20, at least 1.
func CostOf(method, route string, hasSelect, hasExpand bool, top int) Cost {
	route = strings.ToLower(route)
	base, _, _ := strings.Cut(route, "/microsoft.graph.") // a cast costs what its list costs
	c := Cost{Units: 1}
	switch {
	case method == "GET" && reads[base] > 0 && !strings.HasSuffix(route, ".delta"):
		c.Units = reads[base]
	case method == "POST" && posts[route] > 0:
		c.Units = posts[route]
	case method != "GET":
		c.Writes = 1
	}
	if hasSelect {
		c.Units--
	}
	if hasExpand {
		c.Units++
	}
	if top > 0 && top < 20 {
		c.Units--
	}
	c.Units = max(c.Units, 1)
	switch {
	case route == "/invitations":
		c.Extra = "invitations"
	case strings.HasPrefix(route, "/auditlogs/"):
		c.Extra = "reports"
	case strings.HasSuffix(route, "/provisionondemand"):
		c.Extra = "ondemand"
	}
	return c
}
