package graphapi

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"entente.dev/entente/internal/entrasim/dir"
)

// realm is all multitenant organizations of the cloud. Joining and leaving are asynchronous in virtual time; what
// is due is settled when somebody looks.
type realm struct {
	mu    sync.Mutex
	orgs  map[string]*org         // by id
	of    map[string]string       // tenant id to org id, active members only
	joins map[string]*joinRequest // by joining tenant
	// shells are configurations of the admin centre that were deleted and come back, by tenant and partner.
	shells map[[2]string]time.Time
	next   atomic.Int64 // when something is due, virtual Unix nanoseconds; 0: never
}

type org struct {
	id, name, description string
	created               time.Time
	members               map[string]*orgMember
	order                 []string
}

type orgMember struct {
	tenantID, name, role, state, addedBy string
	added, joined                        time.Time
	desiredState, desiredRole            string
	due                                  time.Time
}

type joinRequest struct {
	addedBy, state, role, status, details string
	due                                   time.Time
}

func newRealm() *realm {
	return &realm{orgs: map[string]*org{}, of: map[string]string{}, joins: map[string]*joinRequest{}, shells: map[[2]string]time.Time{}}
}

// settle does what became due, if anything; every Graph call begins with it.
func (s *Server) settle() {
	if next := s.mto.next.Load(); next != 0 && s.Now().UnixNano() >= next {
		_, unlock := s.lockRealm()
		unlock()
	}
}

func (c *call) lockRealm() (*realm, func()) { return c.s.lockRealm() }

// lockRealm locks and settles what is due. The function it returns unlocks.
func (s *Server) lockRealm() (*realm, func()) {
	r := s.mto
	r.mu.Lock()
	now := s.Now()
	for _, tenant := range slices.Sorted(maps.Keys(r.joins)) {
		if j := r.joins[tenant]; j.waiting() && !now.Before(j.due) {
			r.settleJoin(s, tenant, j, now)
		}
	}
	for _, o := range r.orgs {
		for _, m := range o.members {
			if m.desiredState == "removed" && !now.Before(m.due) {
				r.drop(o, m.tenantID)
			}
			if m.desiredRole != "" && !now.Before(m.due) {
				m.role, m.desiredRole = m.desiredRole, ""
			}
		}
	}
	for pair, due := range r.shells {
		if !now.Before(due) {
			delete(r.shells, pair)
			if r.of[pair[0]] != "" && r.of[pair[0]] == r.of[pair[1]] {
				s.shell(pair[0], pair[1])
			}
		}
	}
	return r, func() {
		r.plan()
		r.mu.Unlock()
	}
}

// plan finds out when something is due next.
func (r *realm) plan() {
	var next time.Time
	at := func(due time.Time) {
		if next.IsZero() || due.Before(next) {
			next = due
		}
	}
	for _, j := range r.joins {
		if j.waiting() {
			at(j.due)
		}
	}
	for _, o := range r.orgs {
		for _, m := range o.members {
			if m.desiredState == "removed" || m.desiredRole != "" {
				at(m.due)
			}
		}
	}
	for _, due := range r.shells {
		at(due)
	}
	if next.IsZero() {
		r.next.Store(0)
		return
	}
	r.next.Store(next.UnixNano())
}

func (j *joinRequest) waiting() bool { return j.state == "pending" && j.status == "notStarted" }

func (r *realm) drop(o *org, tenant string) {
	delete(o.members, tenant)
	o.order = slices.DeleteFunc(o.order, func(s string) bool { return s == tenant })
	if r.of[tenant] == o.id {
		delete(r.of, tenant)
		delete(r.joins, tenant)
	}
	if o.active() == 0 { // the last tenant left: the organization is gone, and pending tenants with it
		delete(r.orgs, o.id)
	}
}

// settleJoin ends a join: its failures are data in the request, never an HTTP error.
func (r *realm) settleJoin(s *Server, tenant string, j *joinRequest, now time.Time) {
	o := r.orgs[r.of[j.addedBy]]
	fail := func(why string) { j.status, j.details = "failed", why }
	switch {
	case o == nil || o.members[tenant] == nil || o.members[tenant].addedBy != j.addedBy:
		fail("DirectoryService Exception")
		return
	case r.of[tenant] != "":
		fail("The tenant is already a member of another multitenant organization.")
		return
	case o.active() >= mtoLimit:
		fail("The limit of active tenants in the multitenant organization was exceeded.")
		return
	}
	m := o.members[tenant]
	m.state, m.joined, m.desiredState = "active", now, ""
	r.of[tenant] = o.id
	j.state, j.role, j.status = "active", m.role, ""
	for _, other := range o.members {
		if other.state == "active" && other.tenantID != tenant {
			s.meet(tenant, other.tenantID)
			s.meet(other.tenantID, tenant)
			s.shell(tenant, other.tenantID)
			s.shell(other.tenantID, tenant)
		}
	}
}

// meet makes the partner entry and sync policy that a join creates on one side, filled by the templates. Joining
// takes in all members as new partners.
func (s *Server) meet(tenant, other string) {
	t, ok := s.World.Tenant(tenant)
	if !ok {
		return
	}
	by := dir.Actor{App: "Microsoft Entra multitenant organization"}
	_, _, existed := t.Partner(other)
	level := "newPartners"
	if existed {
		level = "existingPartners"
	}
	apply := func(name string) dir.Object {
		tpl := t.Template(name)
		if !strings.Contains(tpl.Text("templateApplicationLevel"), level) {
			return dir.Object{}
		}
		out := maps.Clone(tpl)
		delete(out, "id")
		delete(out, "templateApplicationLevel")
		return withoutNulls(out)
	}
	patch := apply(dir.PartnerTemplate)
	patch["isInMultiTenantOrganization"] = true
	if existed {
		_ = t.PatchPartner(other, patch, by)
	} else {
		_, _ = t.CreatePartner(other, patch, by)
	}
	sync := apply(dir.SyncTemplate)
	if err := t.PutSync(other, sync, by); err != nil && len(sync) > 0 {
		_ = t.PatchSync(other, sync, by)
	}
}

const shellPrefix = "MTO_Sync_"

// shell makes the configuration that the Microsoft 365 admin center keeps for a partner: an application without a
// job (set-up-multi-tenant-org page).
func (s *Server) shell(tenant, other string) {
	t, ok := s.World.Tenant(tenant)
	if !ok || !s.Switches.SyncShells.Load() {
		return
	}
	name := shellPrefix + other
	if _, exists := t.ServicePrincipals.Find(func(o dir.Object) bool { return o.Text("displayName") == name }); !exists {
		s.SeedSyncApp(t, name)
	}
}

// missShell notes that a configuration of the admin center was deleted: it comes back (multitenant-org-faq page).
func (s *Server) missShell(t *dir.Tenant, name string) {
	other, ok := strings.CutPrefix(name, shellPrefix)
	if !ok || !s.Switches.SyncShells.Load() {
		return
	}
	r, unlock := s.lockRealm()
	defer unlock()
	r.shells[[2]string{t.ID, other}] = s.Now().Add(time.Duration(s.Switches.JoinDelay.Load()))
}

func withoutNulls(o dir.Object) dir.Object {
	out := dir.Object{}
	for k, v := range o {
		if m, ok := v.(map[string]any); ok {
			if m = withoutNulls(m); len(m) == 0 {
				continue
			}
			v = m
		}
		if v != nil {
			out[k] = v
		}
	}
	return out
}

func (o *org) active() int {
	n := 0
	for _, m := range o.members {
		if m.state == "active" {
			n++
		}
	}
	return n
}

func (o *org) owners() int {
	n := 0
	for _, m := range o.members {
		if m.state == "active" && m.role == "owner" {
			n++
		}
	}
	return n
}
