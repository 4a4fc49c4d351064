package graphapi

import (
	"strings"
	"time"

	"entente.dev/entente/internal/entrasim/dir"
)

const (
	zeroGUID  = "00000000-0000-0000-0000-000000000000"
	mtoLimit  = 100 // active tenants, checked when one joins
	mtoPrefix = "tenantRelationships/multiTenantOrganization"
)

func (c *call) getMTO() error {
	r, unlock := c.lockRealm()
	defer unlock()
	o := r.orgs[r.of[c.t.ID]]
	out := dir.Object{"id": dir.StableID(c.t.ID, "mto"), "state": "inactive", "displayName": nil, "description": nil, "createdDateTime": nil}
	if o != nil {
		out["state"], out["displayName"], out["createdDateTime"], out["description"] = "active", o.name, o.created, nullable(o.description)
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
		"description": nullable(o.description), "createdDateTime": o.created})
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
	if j := r.joins[c.t.ID]; j != nil && j.state == "active" && j.addedBy == by {
		return c.noContent()
	}
	r.joins[c.t.ID] = &joinRequest{addedBy: by, state: "pending", status: "notStarted",
		due: c.s.Now().Add(time.Duration(c.s.Switches.JoinDelay.Load()))}
	return c.noContent()
}

func nullable(s string) any {
	if s == "" {
		return nil
	}
	return s
}
