package graphapi

import (
	"slices"
	"strings"

	"entente.dev/entente/internal/entrasim/dir"
)

// SyncTemplateID is the gallery template of cross-tenant synchronization.
const SyncTemplateID = "518e5f48-1fc8-4c48-9387-9fdf28b0dfe7"

var spDefaults = []string{"id", "deletedDateTime", "accountEnabled", "alternativeNames", "appDescription", "appDisplayName", "appId",
	"applicationTemplateId", "appOwnerOrganizationId", "appRoleAssignmentRequired", "appRoles", "description",
	"disabledByMicrosoftStatus", "displayName", "homepage", "info", "keyCredentials", "loginUrl", "logoutUrl", "notes",
	"notificationEmailAddresses", "oauth2PermissionScopes", "passwordCredentials", "preferredSingleSignOnMode",
	"preferredTokenSigningKeyThumbprint", "replyUrls", "resourceSpecificApplicationPermissions", "samlSingleSignOnSettings",
	"servicePrincipalNames", "servicePrincipalType", "signInAudience", "tags", "tokenEncryptionKeyId", "verifiedPublisher"}

var appDefaults = []string{"id", "deletedDateTime", "addIns", "api", "appId", "applicationTemplateId", "appRoles", "certification",
	"createdDateTime", "defaultRedirectUri", "description", "disabledByMicrosoftStatus", "displayName", "groupMembershipClaims",
	"identifierUris", "info", "isDeviceOnlyAuthSupported", "isFallbackPublicClient", "keyCredentials", "notes",
	"optionalClaims", "parentalControlSettings", "passwordCredentials", "publicClient", "publisherDomain",
	"requiredResourceAccess", "samlMetadataUrl", "serviceManagementReference", "servicePrincipalLockConfiguration", "signInAudience",
	"spa", "tags", "tokenEncryptionKeyId", "verifiedPublisher", "web"}

// resolve finds a service principal or application by object id or by its appId='…' key.
func (c *call) resolve(col *dir.Collection) (dir.Object, error) {
	key := c.params["id"]
	if appID, ok := strings.CutPrefix(key, "appid="); ok {
		list := col.List(func(o dir.Object) bool { return strings.EqualFold(o.Text("appId"), appID) })
		if len(list) == 0 {
			return nil, dir.NotFound(appID)
		}
		return list[0], nil
	}
	o, ok := col.Get(key)
	if !ok || !c.t.ServicePrincipalReady(key) {
		return nil, dir.NotFound(key)
	}
	return o, nil
}

// owned refuses a caller whose only right is to manage what it owns (Application.ReadWrite.OwnedBy).
func (c *call) owned(o dir.Object, all ...string) error {
	if c.has(append(all, "Application.ReadWrite.All", "Directory.ReadWrite.All")...) {
		return nil
	}
	owners, _ := o["_owners"].([]string)
	if slices.Contains(owners, c.claims.ObjectID) {
		return nil
	}
	return &dir.Error{Status: 403, Code: "Authorization_RequestDenied", Message: "Insufficient privileges to complete the operation."}
}

func (c *call) visible(col *dir.Collection) []dir.Object {
	return col.List(func(o dir.Object) bool { return c.t.ServicePrincipalReady(o.ID()) })
}

// ownersOf is the expansion that applications and service principals have.
func ownersOf(col *dir.Collection) expansions {
	return expansions{"owners": func(id string) []string {
		o, _ := col.Get(id)
		owners, _ := o["_owners"].([]string)
		return owners
	}}
}

func (c *call) listServicePrincipals() error {
	c.expandable = ownersOf(c.t.ServicePrincipals)
	return c.objects("servicePrincipals", "servicePrincipal", c.visible(c.t.ServicePrincipals), spDefaults, maxPage)
}

func (c *call) getServicePrincipal() error {
	c.expandable = ownersOf(c.t.ServicePrincipals)
	o, err := c.resolve(c.t.ServicePrincipals)
	if err != nil {
		return err
	}
	return c.one(200, "servicePrincipals", "servicePrincipal", o, spDefaults)
}

func (c *call) createServicePrincipal() error {
	props, bindings, err := c.properties("servicePrincipal")
	if err != nil {
		return err
	}
	appID, _ := props["appId"].(string)
	app, ok := c.t.ApplicationOf(appID)
	if !ok {
		return dir.BadRequest("The appId '%s' of the service principal does not reference a valid application object.", appID)
	}
	if _, exists := c.t.ServicePrincipalOf(appID); exists {
		return &dir.Error{Status: 409, Code: "Request_MultipleObjectsWithSameKeyValue", Message: "The service principal cannot be created, updated, or restored because the service principal name " + appID + " is already in use."}
	}
	sp := dir.Merge(servicePrincipalFor(c.t, app), props)
	sp["_owners"] = c.firstOwners(bindings)
	c.t.ServicePrincipals.Put(sp)
	c.t.AuditApp("Add service principal", "Add", c.actor(), sp)
	return c.one(201, "servicePrincipals", "servicePrincipal", sp, spDefaults)
}

// firstOwners are the caller and who is bound as owner in the request.
func (c *call) firstOwners(bindings map[string]any) []string {
	owners := []string{c.claims.ObjectID}
	for _, id := range references(bindings["owners@odata.bind"]) {
		if !slices.Contains(owners, id) && c.t.KindOf(id) != "" {
			owners = append(owners, id)
		}
	}
	return owners
}

func servicePrincipalFor(t *dir.Tenant, app dir.Object) dir.Object {
	return dir.Object{"id": dir.NewID(), "appId": app["appId"], "displayName": app["displayName"], "appDisplayName": app["displayName"],
		"accountEnabled": true, "servicePrincipalType": "Application", "appOwnerOrganizationId": t.ID, "signInAudience": app["signInAudience"],
		"appRoleAssignmentRequired": false, "appRoles": app["appRoles"], "tags": []any{}, "servicePrincipalNames": []any{app["appId"]},
		"applicationTemplateId": app["applicationTemplateId"], "oauth2PermissionScopes": []any{}}
}

func (c *call) patchObject(col *dir.Collection, typeName string) error {
	o, err := c.resolve(col)
	if err != nil {
		return err
	}
	if err := c.owned(o); err != nil {
		return err
	}
	props, _, err := c.properties(typeName)
	if err != nil {
		return err
	}
	delete(props, "id")
	delete(props, "appId")
	if derr := col.Update(o.ID(), props); derr != nil {
		return derr
	}
	c.t.AuditApp("Update "+typeName, "Update", c.actor(), o)
	return c.noContent()
}

func (c *call) deleteServicePrincipal() error {
	o, err := c.resolve(c.t.ServicePrincipals)
	if err != nil {
		return err
	}
	if err := c.owned(o); err != nil {
		return err
	}
	c.s.dropServicePrincipal(c.t, o, c.actor())
	c.bury("servicePrincipal", o)
	return c.noContent()
}

func (s *Server) dropServicePrincipal(t *dir.Tenant, o dir.Object, by dir.Actor) {
	t.RemoveServicePrincipal(o.ID(), by)
	s.Engine.RemoveServicePrincipal(t.ID, o.ID())
	s.missShell(t, o.Text("displayName"))
}

func (c *call) listApplications() error {
	c.expandable = ownersOf(c.t.Applications)
	return c.objects("applications", "application", c.visible(c.t.Applications), appDefaults, maxPage)
}

func (c *call) getApplication() error {
	c.expandable = ownersOf(c.t.Applications)
	o, err := c.resolve(c.t.Applications)
	if err != nil {
		return err
	}
	return c.one(200, "applications", "application", o, appDefaults)
}

func (c *call) createApplication() error {
	props, bindings, err := c.properties("application")
	if err != nil {
		return err
	}
	if props["displayName"] == nil {
		return dir.BadRequest("A value is required for property 'displayName' of resource 'Application'.")
	}
	app := dir.Merge(dir.Object{"id": dir.NewID(), "appId": dir.NewID(), "createdDateTime": c.s.Now(), "signInAudience": "AzureADMyOrg",
		"publisherDomain": c.t.Domain, "tags": []any{}, "identifierUris": []any{}, "appRoles": []any{}}, props)
	app["_owners"] = c.firstOwners(bindings)
	c.t.Applications.Put(app)
	c.t.AuditApp("Add application", "Add", c.actor(), app)
	return c.one(201, "applications", "application", app, appDefaults)
}

// deleteApplication removes a registration and, as in the home tenant, its service principal.
func (c *call) deleteApplication() error {
	o, err := c.resolve(c.t.Applications)
	if err != nil {
		return err
	}
	if err := c.owned(o); err != nil {
		return err
	}
	c.s.dropApplication(c.t, o, c.actor())
	c.bury("application", o)
	return c.noContent()
}

func (s *Server) dropApplication(t *dir.Tenant, o dir.Object, by dir.Actor) {
	t.Applications.Remove(o.ID())
	if sp, ok := t.ServicePrincipalOf(o.Text("appId")); ok {
		s.dropServicePrincipal(t, sp, by)
	}
	t.AuditApp("Delete application", "Delete", by, o)
}

// instantiate makes an application and its service principal from the gallery template. Each call makes another
// pair; both are in the answer and stay invisible to readers and other services for a while.
func (c *call) instantiate() error {
	if !strings.EqualFold(c.params["id"], SyncTemplateID) {
		return dir.NotFound(c.params["id"])
	}
	m, err := c.decode()
	if err != nil {
		return err
	}
	name, _ := m["displayName"].(string)
	if name == "" {
		return dir.BadRequest("A value is required for property 'displayName'.")
	}
	app, sp, _ := syncApp(c.t, name, []string{c.claims.ObjectID})
	c.t.DelayServicePrincipal(sp.ID())
	c.t.DelayServicePrincipal(app.ID())
	c.t.Applications.Put(app)
	c.t.ServicePrincipals.Put(sp)
	c.t.AuditApp("Add application", "Add", c.actor(), app)
	c.t.AuditApp("Add service principal", "Add", c.actor(), sp)
	appFields, _ := selection(&call{}, "application", appDefaults)
	spFields, _ := selection(&call{}, "servicePrincipal", spDefaults)
	return c.entity(201, "microsoft.graph.applicationServicePrincipal", dir.Object{
		"application": project(app, appFields), "servicePrincipal": project(sp, spFields)})
}

func (c *call) listAssignedTo() error {
	sp, err := c.resolve(c.t.ServicePrincipals)
	if err != nil {
		return err
	}
	rows := c.t.Assignments.List(func(o dir.Object) bool { return o["resourceId"] == sp.ID() })
	return c.objects("appRoleAssignments", "appRoleAssignment", rows, nil, maxPage)
}

// listAssignments serves the assignments that a principal holds.
func (c *call) listAssignments() error {
	id := c.params["id"]
	if u, ok := c.t.User(id); ok {
		id = u.ID
	}
	rows := c.t.Assignments.List(func(o dir.Object) bool { return strings.EqualFold(o.Text("principalId"), id) })
	return c.objects("appRoleAssignments", "appRoleAssignment", rows, nil, maxPage)
}

// assign serves POST on appRoleAssignedTo (of the resource) and appRoleAssignments (of the principal). A service
// principal that has not replicated is refused as field reports show: 400, not a valid reference update.
func (c *call) assign() error {
	props, _, err := c.properties("appRoleAssignment")
	if err != nil {
		return err
	}
	text := func(name string) string { s, _ := props[name].(string); return s }
	resource := text("resourceId")
	for _, need := range []string{"principalId", "resourceId", "appRoleId"} {
		if !isGUID(text(need)) {
			return dir.BadRequest("Invalid value specified for property '%s' of resource 'AppRoleAssignment'.", need)
		}
	}
	if strings.HasSuffix(c.template(), "appRoleAssignedTo") {
		if _, err := c.resolve(c.t.ServicePrincipals); err != nil {
			return err
		}
	}
	if !c.t.ServicePrincipalReady(resource) {
		return dir.BadRequest("Not a valid reference update.")
	}
	o, derr := c.t.Assign(resource, text("principalId"), text("appRoleId"), c.actor())
	if derr != nil {
		return derr
	}
	return c.one(201, "appRoleAssignments", "appRoleAssignment", o, nil)
}

func (c *call) unassign() error {
	if err := c.t.Unassign(c.params["ref"], c.actor()); err != nil {
		return err
	}
	return c.noContent()
}

func (c *call) listObjectOwners(col *dir.Collection) error {
	o, err := c.resolve(col)
	if err != nil {
		return err
	}
	owners, _ := o["_owners"].([]string)
	return c.wholeList(owners)
}

func (c *call) addObjectOwner(col *dir.Collection) error {
	o, err := c.resolve(col)
	if err != nil {
		return err
	}
	m, err := c.decode()
	if err != nil {
		return err
	}
	id := lastSegment(m["@odata.id"])
	owners, _ := o["_owners"].([]string)
	if c.t.KindOf(id) == "" {
		return dir.NotFound(id)
	}
	if slices.Contains(owners, id) {
		return dir.BadRequest("One or more added object references already exist for the following modified properties: 'owners'.")
	}
	if err := col.Update(o.ID(), dir.Object{"_owners": append(slices.Clone(owners), id)}); err != nil {
		return err
	}
	return c.noContent()
}

// DropApplication deletes a service principal and its registration as an admin would, jobs included.
func (s *Server) DropApplication(t *dir.Tenant, sp dir.Object, by dir.Actor) {
	s.dropServicePrincipal(t, sp, by)
	if app, ok := t.ApplicationOf(sp.Text("appId")); ok {
		s.dropApplication(t, app, by)
	}
}

// SeedSyncApp makes a replicated synchronization application and returns its service principal and role.
func (s *Server) SeedSyncApp(t *dir.Tenant, name string) (spID, roleID string) {
	app, sp, role := syncApp(t, name, nil)
	t.Applications.Seed(app)
	t.ServicePrincipals.Seed(sp)
	return sp.ID(), role
}

// syncApp is the application and service principal that the gallery template gives (graph-setup 3.1).
func syncApp(t *dir.Tenant, name string, owners []string) (app, sp dir.Object, roleID string) {
	role := map[string]any{"id": dir.NewID(), "displayName": "msiam_access", "description": "msiam_access", "value": nil,
		"isEnabled": true, "allowedMemberTypes": []any{"User"}, "origin": "Application"}
	appID := dir.NewID()
	scope := map[string]any{"id": dir.NewID(), "value": "user_impersonation", "type": "User", "isEnabled": true,
		"adminConsentDescription": "Allow the application to access " + name + " on behalf of the signed-in user.",
		"adminConsentDisplayName": "Access " + name, "userConsentDisplayName": "Access " + name,
		"userConsentDescription": "Allow the application to access " + name + " on your behalf."}
	app = dir.Object{"id": dir.NewID(), "appId": appID, "applicationTemplateId": SyncTemplateID, "createdDateTime": t.Now(),
		"displayName": name, "signInAudience": "AzureADMyOrg", "tags": []any{}, "identifierUris": []any{}, "publisherDomain": t.Domain,
		"api": map[string]any{"acceptMappedClaims": nil, "knownClientApplications": []any{}, "requestedAccessTokenVersion": nil,
			"oauth2PermissionScopes": []any{scope}, "preAuthorizedApplications": []any{}},
		"appRoles": []any{role}, "web": map[string]any{"redirectUris": []any{}, "logoutUrl": nil,
			"homePageUrl": "https://account.activedirectory.windowsazure.com:444/applications/default.aspx?metadata=aad2aadsync|ISV9.1|primary|z"},
		"_owners": owners}
	sp = dir.Object{"id": dir.NewID(), "appId": appID, "applicationTemplateId": SyncTemplateID, "appDisplayName": name, "displayName": name,
		"accountEnabled": true, "appRoleAssignmentRequired": true, "servicePrincipalType": "Application", "signInAudience": "AzureADMyOrg",
		"appOwnerOrganizationId": t.ID, "tags": []any{"WindowsAzureActiveDirectoryIntegratedApp"}, "servicePrincipalNames": []any{appID},
		"appRoles": []any{role}, "oauth2PermissionScopes": []any{scope}, "_owners": owners,
		"homepage": "https://account.activedirectory.windowsazure.com:444/applications/default.aspx?metadata=aad2aadsync|ISV9.1|primary|z"}
	return app, sp, role["id"].(string)
}
