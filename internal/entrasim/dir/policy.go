package dir

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// policySizeLimit is the documented ceiling of the whole cross-tenant access policy (external-id troubleshoot page).
const policySizeLimit = 25 * 1024

type partner struct {
	config, sync Object
	size         int // of both as JSON; 0: not measured
}

type policyState struct {
	root, defaults, authorization Object
	partners                      map[string]*partner
	order                         []string
	templates                     map[string]Object
	limit                         bool
	bin                           []Object // soft-deleted, with _kind
}

func (p *policyState) init(t *Tenant) {
	p.partners, p.templates, p.limit = map[string]*partner{}, map[string]Object{}, true
	p.root = Object{"id": StableID(t.ID, "xtap"), "displayName": "CrossTenantAccessPolicy", "description": nil, "deletedDateTime": nil, "allowedCloudEndpoints": []any{}}
	p.defaults = ServiceDefault()
	p.authorization = Object{"id": "authorizationPolicy", "displayName": "Authorization Policy", "deletedDateTime": nil,
		"description": "Used to manage authorization related settings across the company.", "allowInvitesFrom": "everyone",
		"allowedToSignUpEmailBasedSubscriptions": true, "allowedToUseSSPR": true, "allowEmailVerifiedUsersToJoinOrganization": false,
		"blockMsolPowerShell": false, "allowUserConsentForRiskyApps": nil, "guestUserRoleId": "10dae51f-b6af-4016-8d66-8c2a99b929b3",
		"defaultUserRolePermissions": map[string]any{"allowedToCreateApps": true, "allowedToCreateSecurityGroups": true,
			"allowedToReadOtherUsers": true, "permissionGrantPoliciesAssigned": []any{}}}
	for _, name := range []string{PartnerTemplate, SyncTemplate} {
		p.templates[name] = freshTemplate(name)
	}
}

func access(kind string) map[string]any {
	return map[string]any{
		"usersAndGroups": map[string]any{"accessType": kind, "targets": []any{map[string]any{"target": "AllUsers", "targetType": "user"}}},
		"applications":   map[string]any{"accessType": kind, "targets": []any{map[string]any{"target": "AllApplications", "targetType": "application"}}}}
}

// ServiceDefault is the documented default configuration of a tenant that never changed it.
func ServiceDefault() Object {
	return Object{"isServiceDefault": true,
		"inboundTrust":            map[string]any{"isMfaAccepted": false, "isCompliantDeviceAccepted": false, "isHybridAzureADJoinedDeviceAccepted": false},
		"b2bCollaborationInbound": access("allowed"), "b2bCollaborationOutbound": access("allowed"),
		"b2bDirectConnectInbound": access("blocked"), "b2bDirectConnectOutbound": access("blocked"),
		"automaticUserConsentSettings": map[string]any{"inboundAllowed": false, "outboundAllowed": false},
		"tenantRestrictions": map[string]any{"devices": nil,
			"usersAndGroups": access("blocked")["usersAndGroups"], "applications": access("blocked")["applications"]},
		"invitationRedemptionIdentityProviderConfiguration": map[string]any{
			"primaryIdentityProviderPrecedenceOrder": []any{"externalFederation", "azureActiveDirectory", "socialIdentityProviders"},
			"fallbackIdentityProvider":               "defaultConfiguredIdp"}}
}

// FreshPartner is what a POST of nothing but a tenant id gives: null everywhere, two nested objects with null members.
func FreshPartner(tenantID string) Object {
	return Object{"tenantId": tenantID, "isServiceProvider": nil, "isInMultiTenantOrganization": false, "inboundTrust": nil,
		"b2bCollaborationOutbound": nil, "b2bCollaborationInbound": nil, "b2bDirectConnectOutbound": nil, "b2bDirectConnectInbound": nil,
		"tenantRestrictions": nil, "automaticUserConsentSettings": map[string]any{"inboundAllowed": nil, "outboundAllowed": nil}}
}

// SetPolicyLimit switches the 25 KB ceiling.
func (t *Tenant) SetPolicyLimit(on bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.policy.limit = on
}

// tooBig measures the whole policy; the caller clears the size of the partner that it changed.
func (p *policyState) tooBig() *Error {
	if !p.limit {
		return nil
	}
	raw, _ := json.Marshal([]any{p.root, p.defaults})
	size := len(raw)
	for _, x := range p.partners {
		if x.size == 0 {
			raw, _ := json.Marshal([]any{slim(x.config), x.sync})
			x.size = len(raw)
		}
		size += x.size
	}
	if size > policySizeLimit {
		return BadRequest("Failure to update policy due to object limit.")
	}
	return nil
}

// slim drops what is not stored: properties that inherit.
func slim(o Object) Object {
	o = maps.Clone(o)
	maps.DeleteFunc(o, func(_ string, v any) bool { return v == nil })
	return o
}

// Policy reads the root, default, authorization policy.
func (t *Tenant) Policy() (root, defaults, authorization Object) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.policy.root, t.policy.defaults, t.policy.authorization
}

// PatchPolicy merges into "root", "default" or "authorization".
func (t *Tenant) PatchPolicy(which string, patch Object, by Actor) *Error {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch which {
	case "root":
		t.policy.root = Merge(t.policy.root, patch)
	case "default":
		old := t.policy.defaults
		t.policy.defaults = Merge(Merge(old, patch), Object{"isServiceDefault": false})
		if err := t.policy.tooBig(); err != nil {
			t.policy.defaults = old
			return err
		}
		t.auditPolicy("Update the company default cross-tenant access setting", "CrossTenantAccessSettings", by, t.ID)
	case "authorization":
		t.policy.authorization = Merge(t.policy.authorization, patch)
	}
	return nil
}

// ResetDefault brings the service default back.
func (t *Tenant) ResetDefault(by Actor) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.policy.defaults = ServiceDefault()
	t.auditPolicy("Reset the cross-tenant access default setting", "CrossTenantAccessSettings", by, t.ID)
}

// Partners lists the partner configurations in the order of their creation, with their sync policy (may be nil).
func (t *Tenant) Partners() (configs, syncs []Object) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	for _, id := range t.policy.order {
		configs, syncs = append(configs, t.policy.partners[id].config), append(syncs, t.policy.partners[id].sync)
	}
	return configs, syncs
}

// Partner reads one partner configuration and its sync policy (nil when there is none).
func (t *Tenant) Partner(id string) (config, sync Object, ok bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	p, ok := t.policy.partners[strings.ToLower(id)]
	if !ok {
		return nil, nil, false
	}
	return p.config, p.sync, true
}

// partnerMissing is the documented 404 of this resource, whose wording surprises.
func partnerMissing() *Error {
	return &Error{Status: 404, Code: "Directory_ObjectNotFound", Message: "Unable to read the company information from the directory."}
}

// CreatePartner adds a partner configuration; a second one is the documented 409.
func (t *Tenant) CreatePartner(id string, patch Object, by Actor) (Object, *Error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	id = strings.ToLower(id)
	if t.policy.partners[id] != nil {
		return nil, Conflict("tenantId")
	}
	o := Merge(FreshPartner(id), patch)
	o["tenantId"] = id
	t.policy.partners[id] = &partner{config: o}
	t.policy.order = append(t.policy.order, id)
	if err := t.policy.tooBig(); err != nil {
		t.dropPartner(id)
		return nil, err
	}
	t.auditPolicy("Add a partner to cross-tenant access setting", "CrossTenantAccessSettings", by, id)
	return o, nil
}

func (t *Tenant) dropPartner(id string) {
	delete(t.policy.partners, id)
	t.policy.order = slices.DeleteFunc(t.policy.order, func(s string) bool { return s == id })
}

// PatchPartner merges into a partner configuration.
func (t *Tenant) PatchPartner(id string, patch Object, by Actor) *Error {
	t.mu.Lock()
	defer t.mu.Unlock()
	id = strings.ToLower(id)
	p := t.policy.partners[id]
	if p == nil {
		return partnerMissing()
	}
	old := p.config
	p.config, p.size = Merge(old, patch), 0
	if err := t.policy.tooBig(); err != nil {
		p.config, p.size = old, 0
		return err
	}
	t.auditPolicy("Update a partner cross-tenant access setting", "CrossTenantAccessSettings", by, id)
	return nil
}

// DeletePartner removes a partner configuration; refused while its sync policy exists.
func (t *Tenant) DeletePartner(id string, by Actor) *Error {
	t.mu.Lock()
	defer t.mu.Unlock()
	id = strings.ToLower(id)
	p := t.policy.partners[id]
	if p == nil {
		return partnerMissing()
	}
	if p.sync != nil {
		return BadRequest("The partner configuration cannot be deleted while its identity synchronization policy exists; delete identitySynchronization first.")
	}
	t.dropPartner(id)
	t.discard(DeletedPartners, id, p.config)
	t.auditPolicy("Delete partner specific cross-tenant access setting", "CrossTenantAccessSettings", by, id)
	return nil
}

// PutSync creates the sync policy of a partner: create only, a second PUT is the documented 409.
func (t *Tenant) PutSync(id string, body Object, by Actor) *Error {
	t.mu.Lock()
	defer t.mu.Unlock()
	id = strings.ToLower(id)
	p := t.policy.partners[id]
	if p == nil {
		return partnerMissing()
	}
	if p.sync != nil {
		return Conflict("tenantId")
	}
	o := Merge(Object{"tenantId": id, "displayName": nil, "userSyncInbound": map[string]any{"isSyncAllowed": false}}, body)
	o["tenantId"] = id
	p.sync, p.size = o, 0
	if err := t.policy.tooBig(); err != nil {
		p.sync, p.size = nil, 0
		return err
	}
	t.auditPolicy("Create a partner cross-tenant identity sync setting", "CrossTenantIdentitySyncSettings", by, id)
	return nil
}

// PatchSync changes the sync policy of a partner: update only, an absent one is the documented 404.
func (t *Tenant) PatchSync(id string, patch Object, by Actor) *Error {
	t.mu.Lock()
	defer t.mu.Unlock()
	id = strings.ToLower(id)
	p := t.policy.partners[id]
	if p == nil || p.sync == nil {
		return partnerMissing()
	}
	p.sync, p.size = Merge(p.sync, patch), 0
	t.auditPolicy("Update a partner cross-tenant identity sync setting", "CrossTenantIdentitySyncSettings", by, id)
	return nil
}

// DeleteSync removes the sync policy of a partner; already synced users stay.
func (t *Tenant) DeleteSync(id string, by Actor) *Error {
	t.mu.Lock()
	defer t.mu.Unlock()
	id = strings.ToLower(id)
	p := t.policy.partners[id]
	if p == nil || p.sync == nil {
		return partnerMissing()
	}
	t.discard(DeletedSyncs, id, p.sync)
	p.sync, p.size = nil, 0
	t.auditPolicy("Delete a partner cross-tenant identity sync setting", "CrossTenantIdentitySyncSettings", by, id)
	return nil
}

// Consent tells automaticUserConsentSettings of the entry for a partner; null and no entry count as false.
func (t *Tenant) Consent(other, direction string) bool {
	config, _, ok := t.Partner(other)
	if !ok {
		return false
	}
	settings, _ := asMap(config["automaticUserConsentSettings"])
	b, _ := settings[direction].(bool)
	return b
}

// SyncAllowed tells userSyncInbound.isSyncAllowed of the entry for a partner.
func (t *Tenant) SyncAllowed(other string) bool {
	_, sync, ok := t.Partner(other)
	if !ok || sync == nil {
		return false
	}
	in, _ := asMap(sync["userSyncInbound"])
	b, _ := in["isSyncAllowed"].(bool)
	return b
}

// The two templates of multitenant organizations, by their path segment.
const (
	PartnerTemplate = "multiTenantOrganizationPartnerConfiguration"
	SyncTemplate    = "multiTenantOrganizationIdentitySynchronization"
)

// freshTemplate is a template of which nothing is applied.
func freshTemplate(name string) Object {
	if name == SyncTemplate {
		return Object{"id": name, "templateApplicationLevel": "none", "userSyncInbound": map[string]any{"isSyncAllowed": nil}}
	}
	return Object{"id": name, "templateApplicationLevel": "none", "inboundTrust": nil,
		"automaticUserConsentSettings": map[string]any{"inboundAllowed": nil, "outboundAllowed": nil}, "b2bCollaborationInbound": nil,
		"b2bCollaborationOutbound": nil, "b2bDirectConnectInbound": nil, "b2bDirectConnectOutbound": nil}
}

// Template reads one template.
func (t *Tenant) Template(which string) Object {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.policy.templates[which]
}

// PatchTemplate changes a template; a template set without a level applies to both (templates page).
func (t *Tenant) PatchTemplate(which string, patch Object) {
	t.mu.Lock()
	defer t.mu.Unlock()
	next := Merge(t.policy.templates[which], patch)
	if _, given := patch["templateApplicationLevel"]; !given && next["templateApplicationLevel"] == "none" {
		next["templateApplicationLevel"] = "newPartners,existingPartners"
	}
	if next["templateApplicationLevel"] == "" {
		next["templateApplicationLevel"] = "none"
	}
	t.policy.templates[which] = next
}

// ResetTemplate brings a template back to "nothing is applied".
func (t *Tenant) ResetTemplate(name string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.policy.templates[name] = freshTemplate(name)
}

// PolicyLimit tells whether the 25 KB ceiling is on.
func (t *Tenant) PolicyLimit() bool {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.policy.limit
}
