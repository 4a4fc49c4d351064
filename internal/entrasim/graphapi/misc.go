package graphapi

import (
	"slices"
	"strings"

	"entente.dev/entente/internal/entrasim/dir"
)

func (c *call) organization() dir.Object {
	domains := []any{}
	for i, name := range slices.Compact([]string{c.t.Domain, c.t.InitialDomain}) {
		domains = append(domains, map[string]any{"capabilities": "Email, OfficeCommunicationsOnline", "isDefault": i == 0,
			"isInitial": name == c.t.InitialDomain, "name": name, "type": "Managed"})
	}
	return dir.Object{"id": c.t.ID, "displayName": c.t.DisplayName, "tenantType": "AAD", "countryLetterCode": "SE", "mobileDeviceManagementAuthority": "unknown", "verifiedDomains": domains,
		"assignedPlans": []any{map[string]any{"assignedDateTime": "2024-01-01T00:00:00Z", "capabilityStatus": "Enabled", "service": "AADPremiumService",
			"servicePlanId": "41781fb2-bc02-4b7c-bd55-b576c07bb09d"}}, "createdDateTime": "2024-01-01T00:00:00Z"}
}

func (c *call) listOrganization() error {
	return c.objects("organization", "organization", []dir.Object{c.organization()}, nil, maxPage)
}

func (c *call) getOrganization() error {
	if !strings.EqualFold(c.params["id"], c.t.ID) {
		return dir.NotFound(c.params["id"])
	}
	return c.one(200, "organization", "organization", c.organization(), nil)
}

func (c *call) domains() []dir.Object {
	var out []dir.Object
	for i, name := range slices.Compact([]string{c.t.Domain, c.t.InitialDomain}) {
		out = append(out, dir.Object{"id": name, "authenticationType": "Managed", "isAdminManaged": true, "isDefault": i == 0,
			"isInitial": name == c.t.InitialDomain, "isRoot": true, "isVerified": true, "supportedServices": []any{"Email", "OfficeCommunicationsOnline"},
			"passwordValidityPeriodInDays": 2147483647, "passwordNotificationWindowInDays": 14})
	}
	return out
}

func (c *call) listDomains() error {
	return c.objects("domains", "domain", c.domains(), nil, maxPage)
}

func (c *call) getDomain() error {
	for _, d := range c.domains() {
		if strings.EqualFold(d.ID(), c.params["id"]) {
			return c.one(200, "domains", "domain", d, nil)
		}
	}
	return dir.NotFound(c.params["id"])
}

// listSkus shows one premium licence with more seats than the tenant has users.
func (c *call) listSkus() error {
	users := c.t.CountUsers()
	sku := dir.Object{"id": c.t.ID + "_078d2b04-f1bd-4111-bbd4-b4b1b354cef4", "accountId": c.t.ID, "accountName": c.t.Name, "appliesTo": "User",
		"capabilityStatus": "Enabled", "consumedUnits": users, "skuId": "078d2b04-f1bd-4111-bbd4-b4b1b354cef4", "skuPartNumber": "AAD_PREMIUM",
		"subscriptionIds": []any{dir.StableID(c.t.ID, "subscription")}, "prepaidUnits": map[string]any{"enabled": users + 1000, "suspended": 0, "warning": 0, "lockedOut": 0},
		"servicePlans": []any{map[string]any{"servicePlanId": "41781fb2-bc02-4b7c-bd55-b576c07bb09d", "servicePlanName": "AAD_PREMIUM",
			"provisioningStatus": "Success", "appliesTo": "User"}}}
	return c.objects("subscribedSkus", "subscribedSku", []dir.Object{sku}, nil, maxPage)
}

// findTenant serves the two look-ups of tenant information.
func (c *call) findTenant(argument string) error {
	t, ok := c.s.World.Tenant(c.args[strings.ToLower(argument)])
	if !ok || argument == "domainName" && !t.Verified(c.args["domainname"]) {
		return missingPartner()
	}
	return c.entity(200, "microsoft.graph.tenantInformation", dir.Object{"tenantId": t.ID, "displayName": t.DisplayName,
		"defaultDomainName": t.Domain, "federationBrandName": nil})
}

func (c *call) appTemplate() dir.Object {
	return dir.Object{"id": SyncTemplateID, "displayName": "Azure Active Directory Cross-Tenant Synchronization", "publisher": "Microsoft Corporation",
		"description": "Provisions users of this tenant into another one.", "categories": []any{"identity"},
		"supportedProvisioningTypes": []any{"sync"}, "supportedSingleSignOnModes": []any{}, "homePageUrl": "https://www.microsoft.com", "logoUrl": nil,
		"isEntraIntegrated": true}
}

func (c *call) listTemplates() error {
	return c.objects("applicationTemplates", "applicationTemplate", []dir.Object{c.appTemplate()}, nil, maxPage)
}

func (c *call) getAppTemplate() error {
	if !strings.EqualFold(c.params["id"], SyncTemplateID) {
		return dir.NotFound(c.params["id"])
	}
	return c.one(200, "applicationTemplates", "applicationTemplate", c.appTemplate(), nil)
}

func (c *call) getDirectoryObject() error {
	item := c.principal(c.params["id"], dir.DefaultUserFields)
	if item == nil {
		return dir.NotFound(c.params["id"])
	}
	buf := []byte("{")
	if !c.plain() {
		buf = append(buf, `"@odata.context":`...)
		buf = append(dir.AppendString(buf, c.context("directoryObjects/$entity")), ',')
	}
	c.out.status, c.out.body = 200, append(buf, item[1:]...)
	return nil
}

// getByIDs serves POST /directoryObjects/getByIds.
func (c *call) getByIDs() error {
	m, err := c.decode()
	if err != nil {
		return err
	}
	ids, _ := m["ids"].([]any)
	kinds, _ := m["types"].([]any)
	if len(ids) > 1000 {
		return dir.BadRequest("Too many ids; at most 1000 are supported.")
	}
	var keep []string
	for _, v := range ids {
		id, _ := v.(string)
		kind := c.t.KindOf(id)
		if kind != "" && (len(kinds) == 0 || slices.ContainsFunc(kinds, func(k any) bool {
			s, _ := k.(string)
			return strings.EqualFold(s, kind) || strings.EqualFold(s, "directoryObject")
		})) {
			keep = append(keep, strings.ToLower(id))
		}
	}
	return c.directoryObjects(keep, 0, -1)
}

func (c *call) me() error {
	if !c.claims.Delegated() {
		return &dir.Error{Status: 400, Code: "BadRequest", Message: "/me request is only valid with delegated authentication flow."}
	}
	c.params["id"] = c.claims.ObjectID
	return c.getUser()
}

func (c *call) directoryRoles() error {
	return c.objects("directoryRoles", "directoryRole", c.t.Roles.List(nil), nil, maxPage)
}

func (c *call) countObjects(col *dir.Collection, typeName string) error {
	if !c.eventual() {
		return dir.BadRequest("$count is not currently supported.")
	}
	keep, err := compileFilter(c, typeName, objectResolver(typeName))
	if err != nil {
		return err
	}
	return c.plainNumber(len(col.List(keep)))
}

func (c *call) countGroups() error {
	if !c.eventual() {
		return dir.BadRequest("$count is not currently supported.")
	}
	keep, err := compileFilter(c, "group", objectResolver("group"))
	if err != nil {
		return err
	}
	all, _ := c.t.Groups(0, 1<<31-1, func(g *dir.Group) bool { return keep == nil || keep(groupObject(g)) })
	return c.plainNumber(len(all))
}
