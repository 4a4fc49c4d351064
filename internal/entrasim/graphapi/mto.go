package graphapi

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"entente.dev/entente/internal/entrasim/dir"
)

const (
	zeroGUID  = "00000000-0000-0000-0000-000000000000"
	mtoLimit  = 100 // active tenants, checked when one joins
	mtoPrefix = "tenantRelationships/multiTenantOrganization"
)

// realm is all multitenant organizations of the cloud. Joining and leaving are asynchronous in virtual time; what
// is due is settled when somebody looks.
type realm struct {
	mu    sync.Mutex
	orgs  map[string]*org         // by id
	of    map[string]string       // tenant id to org id, active members only
	joins map[string]*joinRequest // by joining tenant
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
	return &realm{orgs: map[string]*org{}, of: map[string]string{}, joins: map[string]*joinRequest{}}
}

// lockRealm locks and settles what is due.
func (c *call) lockRealm() (*realm, func()) {
	r := c.s.mto
	r.mu.Lock()
	now := c.s.Now()
	for _, tenant := range slices.Sorted(maps.Keys(r.joins)) {
		if j := r.joins[tenant]; j.state == "pending" && j.status == "notStarted" && !now.Before(j.due) {
			r.settleJoin(c.s, tenant, j, now)
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
	return r, r.mu.Unlock
}

func (r *realm) drop(o *org, tenant string) {
	delete(o.members, tenant)
	o.order = slices.DeleteFunc(o.order, func(s string) bool { return s == tenant })
	if r.of[tenant] == o.id {
		delete(r.of, tenant)
		delete(r.joins, tenant)
	}
	if len(o.members) == 0 {
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
	apply := func(which string) dir.Object {
		tpl := t.Template(which)
		if !strings.Contains(tpl.Text("templateApplicationLevel"), level) {
			return dir.Object{}
		}
		out := maps.Clone(tpl)
		delete(out, "id")
		delete(out, "templateApplicationLevel")
		return withoutNulls(out)
	}
	patch := apply("partner")
	patch["isInMultiTenantOrganization"] = true
	if existed {
		_ = t.PatchPartner(other, patch, by)
	} else {
		_, _ = t.CreatePartner(other, patch, by)
	}
	sync := apply("sync")
	if err := t.PutSync(other, sync, by); err != nil && len(sync) > 0 {
		_ = t.PatchSync(other, sync, by)
	}
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

func (c *call) getMTO() error {
	r, unlock := c.lockRealm()
	defer unlock()
	o := r.orgs[r.of[c.t.ID]]
	out := dir.Object{"id": dir.StableID(c.t.ID, "mto"), "state": "inactive", "displayName": nil, "description": nil, "createdDateTime": nil}
	if o != nil {
		out["state"], out["displayName"], out["createdDateTime"] = "active", o.name, o.created
		if o.description != "" {
			out["description"] = o.description
		}
	}
	return c.one(200, mtoPrefix, "multiTenantOrganization", out, nil)
}

// putMTO creates the organization (PUT in the pages) and patches it; PATCH creates too, because SDKs have no PUT.
func (c *call) putMTO() error {
	props, _, err := c.properties("multiTenantOrganization")
	if err != nil {
		return err
	}
	r, unlock := c.lockRealm()
	defer unlock()
	o := r.orgs[r.of[c.t.ID]]
	name, given := props["displayName"].(string)
	if o == nil {
		if !given || name == "" {
			return dir.BadRequest("A value is required for property 'displayName' of resource 'MultiTenantOrganization'.")
		}
		o = &org{id: dir.NewID(), created: c.s.Now(), members: map[string]*orgMember{}}
		o.members[c.t.ID] = &orgMember{tenantID: c.t.ID, name: c.t.DisplayName, role: "owner", state: "active", addedBy: c.t.ID, added: o.created}
		o.order = []string{c.t.ID}
		r.orgs[o.id], r.of[c.t.ID] = o, o.id
	} else if c.method == "PUT" {
		return dir.BadRequest("The tenant is already part of a multitenant organization.")
	}
	if given {
		o.name = name
	}
	if d, ok := props["description"].(string); ok {
		o.description = d
	}
	if c.method == "PATCH" {
		return c.noContent()
	}
	return c.entity(201, mtoPrefix+"/$entity", dir.Object{"id": dir.StableID(c.t.ID, "mto"), "state": "active", "displayName": o.name,
		"description": nil, "createdDateTime": o.created})
}

func (m *orgMember) object() dir.Object {
	o := dir.Object{"id": dir.StableID("member", m.tenantID), "deletedDateTime": nil, "tenantId": m.tenantID, "displayName": m.name, "role": m.role,
		"state": m.state, "addedByTenantId": m.addedBy, "addedDateTime": m.added, "joinedDateTime": nil, "transitionDetails": nil}
	if !m.joined.IsZero() {
		o["joinedDateTime"] = m.joined
	}
	if m.state == "pending" || m.desiredState != "" || m.desiredRole != "" {
		state, role := "active", m.role
		if m.desiredState != "" {
			state = m.desiredState
		}
		if m.desiredRole != "" {
			role = m.desiredRole
		}
		o["transitionDetails"] = map[string]any{"desiredState": state, "desiredRole": role, "status": "notStarted", "details": nil}
	}
	return o
}

func (c *call) listMTOTenants() error {
	r, unlock := c.lockRealm()
	defer unlock()
	var all []dir.Object
	if o := r.orgs[r.of[c.t.ID]]; o != nil {
		for _, id := range o.order {
			all = append(all, o.members[id].object())
		}
	}
	c.q.Top = -1
	return c.objects(mtoPrefix+"/tenants", "multiTenantOrganizationMember", all, nil, maxPage)
}

func (c *call) addMTOTenant() error {
	props, _, err := c.properties("multiTenantOrganizationMember")
	if err != nil {
		return err
	}
	id, _ := props["tenantId"].(string)
	name, _ := props["displayName"].(string)
	role, _ := props["role"].(string)
	if role == "" {
		role = "member"
	}
	id = strings.ToLower(id)
	if !isGUID(id) || name == "" || role != "member" && role != "owner" {
		return dir.BadRequest("Invalid value specified for a property of resource 'MultiTenantOrganizationMember'.")
	}
	r, unlock := c.lockRealm()
	defer unlock()
	o := r.orgs[r.of[c.t.ID]]
	if o == nil || o.members[c.t.ID].role != "owner" {
		return &dir.Error{Status: 403, Code: "Authorization_RequestDenied", Message: "Only an owner tenant can add tenants to a multitenant organization."}
	}
	if o.members[id] != nil {
		return dir.BadRequest("Tenant is already being added to the multitenant organization.")
	}
	m := &orgMember{tenantID: id, name: name, role: role, state: "pending", addedBy: c.t.ID, added: c.s.Now()}
	o.members[id] = m
	o.order = append(o.order, id)
	shown := m.object()
	shown["transitionDetails"] = nil
	return c.entity(201, mtoPrefix+"/tenants/$entity", shown)
}

// withMember finds a tenant of the caller's organization.
func (c *call) withMember(f func(r *realm, o *org, m *orgMember) error) error {
	r, unlock := c.lockRealm()
	defer unlock()
	o := r.orgs[r.of[c.t.ID]]
	if o == nil || o.members[strings.ToLower(c.params["id"])] == nil {
		return missingPartner()
	}
	return f(r, o, o.members[strings.ToLower(c.params["id"])])
}

func (c *call) getMTOTenant() error {
	return c.withMember(func(_ *realm, _ *org, m *orgMember) error {
		return c.one(200, mtoPrefix+"/tenants", "multiTenantOrganizationMember", m.object(), nil)
	})
}

func (c *call) patchMTOTenant() error {
	props, _, err := c.properties("multiTenantOrganizationMember")
	if err != nil {
		return err
	}
	return c.withMember(func(_ *realm, o *org, m *orgMember) error {
		role, _ := props["role"].(string)
		if role != "owner" && role != "member" {
			return dir.BadRequest("Only the property 'role' can be changed.")
		}
		if o.members[c.t.ID].role != "owner" {
			return &dir.Error{Status: 403, Code: "Authorization_RequestDenied", Message: "Only an owner tenant can change roles."}
		}
		if m.role == "owner" && role == "member" && o.owners() == 1 {
			return dir.BadRequest("A multitenant organization needs at least one active owner.")
		}
		m.desiredRole, m.due = role, c.s.Now().Add(time.Duration(c.s.Switches.JoinDelay.Load()))
		return c.noContent()
	})
}

// deleteMTOTenant follows the Graph page: a member removes itself, an owner any other, and itself while another
// owner is there or when it is alone. The stricter how-to is a switch.
func (c *call) deleteMTOTenant() error {
	return c.withMember(func(_ *realm, o *org, m *orgMember) error {
		self := m.tenantID == c.t.ID
		if !self && o.members[c.t.ID].role != "owner" {
			return &dir.Error{Status: 403, Code: "Authorization_RequestDenied", Message: "Only an owner tenant can remove another tenant."}
		}
		strict := c.s.Switches.StrictOwnerRemoval.Load() && m.role == "owner" && len(o.members) > 1
		if strict || self && m.role == "owner" && o.owners() == 1 && o.active() > 1 {
			return dir.BadRequest("An owner tenant cannot be removed; change its role first.")
		}
		m.desiredState, m.due = "removed", c.s.Now().Add(time.Duration(c.s.Switches.JoinDelay.Load()))
		return c.noContent()
	})
}

func (c *call) getJoin() error {
	r, unlock := c.lockRealm()
	defer unlock()
	o := dir.Object{"id": dir.StableID(c.t.ID, "join"), "addedByTenantId": zeroGUID, "memberState": nil, "role": nil, "transitionDetails": nil}
	if j := r.joins[c.t.ID]; j != nil {
		o["addedByTenantId"], o["memberState"] = j.addedBy, j.state
		if j.role != "" {
			o["role"] = j.role
		}
		if j.status != "" {
			o["transitionDetails"] = map[string]any{"desiredMemberState": "active", "status": j.status, "details": j.details}
		}
	}
	return c.entity(200, mtoPrefix+"/joinRequest/$entity", o)
}

func (c *call) patchJoin() error {
	props, _, err := c.properties("multiTenantOrganizationJoinRequestRecord")
	if err != nil {
		return err
	}
	by, _ := props["addedByTenantId"].(string)
	by = strings.ToLower(by)
	if !isGUID(by) {
		return dir.BadRequest("Invalid value specified for property 'addedByTenantId'.")
	}
	r, unlock := c.lockRealm()
	defer unlock()
	if by == zeroGUID {
		if j := r.joins[c.t.ID]; j != nil && j.state != "active" {
			delete(r.joins, c.t.ID)
		}
		return c.noContent()
	}
	r.joins[c.t.ID] = &joinRequest{addedBy: by, state: "pending", status: "notStarted",
		due: c.s.Now().Add(time.Duration(c.s.Switches.JoinDelay.Load()))}
	return c.noContent()
}
