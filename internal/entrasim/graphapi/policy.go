package graphapi

import (
	"slices"
	"strings"

	"entente.dev/entente/internal/entrasim/dir"
	"entente.dev/entente/internal/entrasim/odata"
)

const xtap = "policies/crossTenantAccessPolicy"

func (c *call) getXTAP() error {
	root, _, _ := c.t.Policy()
	return c.one(200, xtap, "crossTenantAccessPolicy", root, []string{"displayName", "allowedCloudEndpoints"})
}

func (c *call) patchPolicy(which, typeName string, extra ...string) error {
	props, _, err := c.properties(typeName, extra...)
	if err != nil {
		return err
	}
	delete(props, "id")
	if derr := c.t.PatchPolicy(which, props, c.actor()); derr != nil {
		return derr
	}
	return c.noContent()
}

func (c *call) getDefault() error {
	_, d, _ := c.t.Policy()
	fields, err := selection(c, "crossTenantAccessPolicyConfigurationDefault", nil)
	if err != nil {
		return err
	}
	fields = slices.DeleteFunc(slices.Clone(fields), func(p odata.Property) bool { return p.Name == "id" && len(c.q.Select) == 0 })
	return c.entity(200, xtap+"/default/$entity", project(d, fields))
}

func (c *call) resetDefault() error {
	c.t.ResetDefault(c.actor())
	return c.noContent()
}

const partnerType = "crossTenantAccessPolicyConfigurationPartner"

var partnerDefaults = []string{"tenantId", "isServiceProvider", "isInMultiTenantOrganization", "inboundTrust",
	"b2bCollaborationOutbound", "b2bCollaborationInbound", "b2bDirectConnectOutbound", "b2bDirectConnectInbound",
	"tenantRestrictions", "automaticUserConsentSettings"}

// expandsSync allows $expand=identitySynchronization.
func (c *call) expandsSync() (bool, error) {
	if c.q.Expand == "" {
		return false, nil
	}
	c.used |= optExpand
	name, _, _ := strings.Cut(c.q.Expand, "(")
	if !strings.EqualFold(strings.TrimSpace(name), "identitySynchronization") {
		c.unknown = true
		return false, noProperty(name, partnerType)
	}
	return true, nil
}

func (c *call) partnerShown(config, sync dir.Object, expand bool) (dir.Object, error) {
	fields, err := selection(c, partnerType, partnerDefaults)
	if err != nil {
		return nil, err
	}
	o := project(config, fields)
	if expand {
		o["identitySynchronization"] = nil
		if sync != nil {
			o["identitySynchronization"] = c.syncShown(sync)
		}
	}
	return o, nil
}

func (c *call) syncShown(sync dir.Object) dir.Object {
	o := dir.Merge(sync, nil)
	if c.version != "beta" {
		delete(o, "groupSyncInbound")
		delete(o, "externalCloudAuthorizedApplicationId")
	}
	return o
}

func (c *call) listPartners() error {
	expand, err := c.expandsSync()
	if err != nil {
		return err
	}
	configs, syncs := c.t.Partners()
	var keep func(dir.Object) bool
	if c.q.Filter != "" {
		e, err := c.parsedFilter()
		if err != nil {
			return err
		}
		if keep, err = odata.Compile(e, objectResolver(partnerType), odata.Options{TypeName: partnerType}); err != nil {
			return err
		}
	}
	var out []dir.Object
	for i := range configs {
		if keep != nil && !keep(configs[i]) {
			continue
		}
		o, err := c.partnerShown(configs[i], syncs[i], expand)
		if err != nil {
			return err
		}
		out = append(out, o)
	}
	return c.values(contextSelect(xtap+"/partners", c.q.Select), out)
}

func (c *call) getPartner() error {
	expand, err := c.expandsSync()
	if err != nil {
		return err
	}
	config, sync, ok := c.t.Partner(c.params["id"])
	if !ok {
		return missingPartner()
	}
	o, err := c.partnerShown(config, sync, expand)
	if err != nil {
		return err
	}
	return c.entity(200, contextSelect(xtap+"/partners", c.q.Select)+"/$entity", o)
}

func missingPartner() error {
	return &dir.Error{Status: 404, Code: "Directory_ObjectNotFound", Message: "Unable to read the company information from the directory."}
}

func (c *call) createPartner() error {
	props, _, err := c.properties(partnerType)
	if err != nil {
		return err
	}
	id, _ := props["tenantId"].(string)
	if !isGUID(id) {
		return dir.BadRequest("Invalid value specified for property 'tenantId' of resource 'CrossTenantAccessPolicyConfigurationPartner'.")
	}
	if strings.EqualFold(id, c.t.ID) {
		return dir.BadRequest("A tenant cannot be a partner of itself.")
	}
	if _, ok := c.s.World.Tenant(id); !ok && c.s.Switches.RefuseUnknownTenants.Load() {
		return dir.BadRequest("The tenant '%s' was not found.", id)
	}
	o, derr := c.t.CreatePartner(id, props, c.actor())
	if derr != nil {
		return derr
	}
	shown, err := c.partnerShown(o, nil, false)
	if err != nil {
		return err
	}
	return c.entity(201, xtap+"/partners/$entity", shown)
}

func (c *call) patchPartner() error {
	props, _, err := c.properties(partnerType)
	if err != nil {
		return err
	}
	delete(props, "tenantId")
	delete(props, "isInMultiTenantOrganization")
	if derr := c.t.PatchPartner(c.params["id"], props, c.actor()); derr != nil {
		return derr
	}
	return c.noContent()
}

func (c *call) deletePartner() error {
	if err := c.t.DeletePartner(c.params["id"], c.actor()); err != nil {
		return err
	}
	return c.noContent()
}

func (c *call) getSync() error {
	_, sync, ok := c.t.Partner(c.params["id"])
	if !ok || sync == nil {
		return missingPartner()
	}
	return c.entity(200, xtap+"/partners('"+c.params["id"]+"')/identitySynchronization/$entity", c.syncShown(sync))
}

func (c *call) syncBody() (dir.Object, error) {
	var extra []string
	if c.version == "beta" {
		extra = []string{"groupSyncInbound", "externalCloudAuthorizedApplicationId"}
	}
	props, _, err := c.properties("crossTenantIdentitySyncPolicyPartner", extra...)
	if err != nil {
		return nil, err
	}
	for _, name := range []string{"userSyncInbound", "groupSyncInbound"} {
		in, given := props[name].(map[string]any)
		if !given {
			continue
		}
		if v, set := in["isSyncAllowed"]; set {
			if _, ok := v.(bool); !ok {
				return nil, dir.BadRequest("Invalid value specified for property 'isSyncAllowed'.")
			}
		}
	}
	delete(props, "tenantId")
	return props, nil
}

func (c *call) putSync() error {
	body, err := c.syncBody()
	if err != nil {
		return err
	}
	if derr := c.t.PutSync(c.params["id"], body, c.actor()); derr != nil {
		return derr
	}
	return c.noContent()
}

func (c *call) patchSync() error {
	body, err := c.syncBody()
	if err != nil {
		return err
	}
	if derr := c.t.PatchSync(c.params["id"], body, c.actor()); derr != nil {
		return derr
	}
	return c.noContent()
}

func (c *call) deleteSync() error {
	if err := c.t.DeleteSync(c.params["id"], c.actor()); err != nil {
		return err
	}
	return c.noContent()
}

// templateTypes names the entity types of the two templates.
var templateTypes = map[string]string{dir.PartnerTemplate: "multiTenantOrganizationPartnerConfigurationTemplate",
	dir.SyncTemplate: "multiTenantOrganizationIdentitySyncPolicyTemplate"}

func (c *call) getTemplate(name string) error {
	return c.one(200, xtap+"/templates/"+name, templateTypes[name], c.t.Template(name), nil)
}

var templateLevels = []string{"", "none", "newPartners", "existingPartners"}

func (c *call) patchTemplate(name string) error {
	props, _, err := c.properties(templateTypes[name])
	if err != nil {
		return err
	}
	delete(props, "id")
	if v, given := props["templateApplicationLevel"]; given {
		level, _ := v.(string)
		for part := range strings.SplitSeq(level, ",") {
			if !slices.Contains(templateLevels, strings.TrimSpace(part)) {
				return dir.BadRequest("Invalid value specified for property 'templateApplicationLevel'.")
			}
		}
	}
	c.t.PatchTemplate(name, props)
	return c.noContent()
}

func (c *call) resetTemplate(name string) error {
	c.t.ResetTemplate(name)
	return c.noContent()
}

func (c *call) getAuthorization() error {
	_, _, a := c.t.Policy()
	return c.one(200, "policies/authorizationPolicy", "authorizationPolicy", a, nil)
}

func (c *call) patchAuthorization() error {
	props, _, err := c.properties("authorizationPolicy")
	if err != nil {
		return err
	}
	if v, ok := props["allowInvitesFrom"]; ok {
		if s, _ := v.(string); !slices.Contains([]string{"none", "adminsAndGuestInviters", "adminsGuestInvitersAndAllMembers", "everyone"}, s) {
			return dir.BadRequest("Invalid value specified for property 'allowInvitesFrom' of resource 'AuthorizationPolicy'.")
		}
	}
	if derr := c.t.PatchPolicy("authorization", props, c.actor()); derr != nil {
		return derr
	}
	return c.noContent()
}
