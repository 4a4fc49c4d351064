package dir

import (
	"strings"
	"time"
)

// GraphAppID is Microsoft Graph's application id, the resource whose app roles are the permissions.
const GraphAppID = "00000003-0000-0000-c000-000000000000"

// Secret is one client secret of an application; Graph shows everything but its text.
type Secret struct {
	KeyID, Text, DisplayName string
	Start, End               time.Time // End zero: never
}

// permissionIDs has the published ids of app roles that tools know by heart; others are derived.
var permissionIDs = map[string]string{
	"User.Read.All": "df021288-bdef-4463-88db-98f22de89214", "User.ReadWrite.All": "741f803b-c850-494e-b5df-cde7c675a1ca",
	"Group.Read.All": "5b567255-7703-4780-807c-7be8301ae99b", "Group.ReadWrite.All": "62a82d76-70ea-41e2-9197-370581804d09",
	"Directory.Read.All": "7ab1d382-f21e-4acd-a863-ba3e13f7da61", "Directory.ReadWrite.All": "19dbc75e-c2e2-444c-a770-ec69d8559fc7",
	"Application.Read.All": "9a5d68dd-52b0-4cc2-bd40-abcf44ac3a30", "Application.ReadWrite.All": "1bfefb4e-e0b5-418b-a88f-73c46d2cc8e9",
	"Application.ReadWrite.OwnedBy": "18a4783c-866b-4cc7-a460-3d5e5662c884", "AuditLog.Read.All": "b0afded3-3588-46d8-8b3d-9842eff778da",
	"AppRoleAssignment.ReadWrite.All": "06b708a9-e830-4db3-a914-8e69da51d44f", "GroupMember.Read.All": "98830695-27a2-44f7-8c18-0c3ebc9698f6",
	"GroupMember.ReadWrite.All": "dbaae8cf-10b5-4b86-a4a1-f871c94c6695", "User.Invite.All": "09850681-111b-4a89-9bed-3f2cae46d706",
	"Policy.Read.All": "246dd0d5-5bd0-4def-940b-0421030a5b68", "Organization.Read.All": "498476ce-e0fe-48b0-b801-37ba7e2685c6",
	"Domain.Read.All": "dbb9058a-0e50-45d7-ae91-66909b5d4664", "Group.Create": "bf7b1a76-6e77-406b-b258-bf5c7720e98f",
	"Policy.ReadWrite.CrossTenantAccess": "338163d7-f101-4c92-94ba-ca46fe52447c",
}

// PermissionID is the app role id of a permission.
func PermissionID(name string) string {
	if id, ok := permissionIDs[name]; ok {
		return id
	}
	return StableID("permission", name)
}

func (t *Tenant) graphSP() Object {
	for _, o := range t.ServicePrincipals.all() {
		if o["appId"] == GraphAppID {
			return o
		}
	}
	return nil
}

func (t *Tenant) addGraphServicePrincipal() {
	t.ServicePrincipals.put(Object{"id": StableID(t.ID, "graph"), "appId": GraphAppID, "displayName": "Microsoft Graph",
		"appDisplayName": "Microsoft Graph", "accountEnabled": true, "servicePrincipalType": "Application",
		"appOwnerOrganizationId": "f8cdef31-a31e-4b4a-93e4-5f571e91255a", "signInAudience": "AzureADMultipleOrgs",
		"servicePrincipalNames": []any{GraphAppID, "https://graph.microsoft.com"}, "appRoles": []any{}, "tags": []any{},
		"appRoleAssignmentRequired": false}, 0)
}

// AddPermissions makes application permissions known as app roles of Microsoft Graph.
func (t *Tenant) AddPermissions(names ...string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	sp := t.graphSP()
	roles, _ := sp["appRoles"].([]any)
	have := map[any]bool{}
	for _, r := range roles {
		have[r.(map[string]any)["value"]] = true
	}
	roles = append([]any(nil), roles...)
	for _, n := range names {
		if !have[n] {
			have[n] = true
			roles = append(roles, map[string]any{"id": PermissionID(n), "value": n, "displayName": n, "description": n,
				"isEnabled": true, "allowedMemberTypes": []any{"Application"}, "origin": "Application"})
		}
	}
	t.ServicePrincipals.put(Merge(sp, Object{"appRoles": roles}), 0)
}

// Permissions lists the Graph permissions granted to a service principal.
func (t *Tenant) Permissions(spID string) []string {
	t.mu.RLock()
	defer t.mu.RUnlock()
	graph := t.graphSP()
	if graph == nil {
		return nil
	}
	names := map[any]string{}
	roles, _ := graph["appRoles"].([]any)
	for _, r := range roles {
		m := r.(map[string]any)
		names[m["id"]], _ = m["value"].(string)
	}
	var out []string
	for _, a := range t.Assignments.all() {
		if a["principalId"] == spID && a["resourceId"] == graph["id"] && names[a["appRoleId"]] != "" {
			out = append(out, names[a["appRoleId"]])
		}
	}
	return out
}

// Grant gives a service principal a Graph permission; granting twice is no error.
func (t *Tenant) Grant(spID, permission string) *Error {
	t.AddPermissions(permission)
	t.mu.Lock()
	defer t.mu.Unlock()
	sp, ok := t.ServicePrincipals.newest(spID)
	if !ok {
		return NotFound(spID)
	}
	graph := t.graphSP()
	id := StableID(t.ID, "grant", spID, permission)
	t.Assignments.put(Object{"id": id, "appRoleId": PermissionID(permission), "principalId": spID,
		"principalType": "ServicePrincipal", "principalDisplayName": sp["displayName"], "resourceId": graph["id"],
		"resourceDisplayName": "Microsoft Graph", "createdDateTime": t.Now(), "deletedDateTime": nil}, 0)
	return nil
}

// Revoke takes a Graph permission away.
func (t *Tenant) Revoke(spID, permission string) *Error {
	t.mu.Lock()
	defer t.mu.Unlock()
	graph := t.graphSP()
	for _, a := range t.Assignments.all() {
		if a["principalId"] == spID && a["resourceId"] == graph["id"] && a["appRoleId"] == PermissionID(permission) {
			t.Assignments.remove(a.ID())
			return nil
		}
	}
	return NotFound(permission)
}

// ServicePrincipalOf finds the service principal of a client id.
func (t *Tenant) ServicePrincipalOf(appID string) (Object, bool) {
	return t.ServicePrincipals.Find(func(o Object) bool { return strings.EqualFold(o.Text("appId"), appID) })
}

// ApplicationOf finds the registration of a client id in this tenant.
func (t *Tenant) ApplicationOf(appID string) (Object, bool) {
	return t.Applications.Find(func(o Object) bool { return strings.EqualFold(o.Text("appId"), appID) })
}

// Secrets lists the client secrets of an application.
func (t *Tenant) Secrets(appID string) []Secret {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return append([]Secret(nil), t.secrets[strings.ToLower(appID)]...)
}

// SetSecrets replaces the client secrets of an application.
func (t *Tenant) SetSecrets(appID string, secrets []Secret) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.secrets[strings.ToLower(appID)] = secrets
}

// DelayServicePrincipal starts the replication of a new service principal: until it is over, other services
// (synchronization, assignments) and readers do not know it.
func (t *Tenant) DelayServicePrincipal(id string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.spReady[id] = time.Now().Add(time.Duration(t.spLag.Load()))
}

// ServicePrincipalReady tells whether a service principal has replicated everywhere.
func (t *Tenant) ServicePrincipalReady(id string) bool {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return !time.Now().Before(t.spReady[strings.ToLower(id)])
}

// Assign adds an appRoleAssignedTo row. A second one for the same principal and role is a 400.
func (t *Tenant) Assign(resourceID, principalID, roleID string, by Actor) (Object, *Error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	resourceID, principalID, roleID = strings.ToLower(resourceID), strings.ToLower(principalID), strings.ToLower(roleID)
	res, ok := t.ServicePrincipals.newest(resourceID)
	if !ok {
		return nil, NotFound(resourceID)
	}
	kind, name := t.kindOf(principalID), any(nil)
	switch kind {
	case "user":
		u := t.users.slots[t.users.byID[principalID]].cur
		kind, name = "User", u.S[DisplayName]
	case "group":
		kind, name = "Group", t.groups.slots[t.groups.byID[principalID]].cur.Props["displayName"]
	case "servicePrincipal":
		sp, _ := t.ServicePrincipals.newest(principalID)
		kind, name = "ServicePrincipal", sp["displayName"]
	default:
		return nil, &Error{Status: 404, Code: "Request_ResourceNotFound", Message: NotFound(principalID).Message}
	}
	if !hasRole(res, roleID) {
		return nil, BadRequest("Permission being assigned was not found on application '%s'.", res.Text("appId"))
	}
	held := 0
	for _, a := range t.Assignments.all() {
		if a["principalId"] != principalID {
			continue
		}
		if held++; a["resourceId"] == resourceID && a["appRoleId"] == roleID {
			return nil, BadRequest("Permission being assigned already exists on the object")
		}
	}
	if limit := int(t.assignmentLimit.Load()); limit > 0 && held >= limit {
		return nil, BadRequest("The principal holds the maximum of %d app role assignments.", limit)
	}
	o := Object{"id": NewID(), "appRoleId": roleID, "principalId": principalID, "principalType": kind,
		"principalDisplayName": name, "resourceId": resourceID, "resourceDisplayName": res["displayName"],
		"createdDateTime": t.Now(), "deletedDateTime": nil}
	t.Assignments.put(o, time.Now().UnixNano())
	t.record(Change{Kind: ChangeAssignment, ID: resourceID, Other: principalID})
	t.auditRow("Add app role assignment to service principal", "ApplicationManagement", "Assign", by, target("ServicePrincipal", resourceID, res.Text("displayName"), ""))
	return o, nil
}

func hasRole(sp Object, roleID string) bool {
	if roleID == "00000000-0000-0000-0000-000000000000" {
		return true
	}
	roles, _ := sp["appRoles"].([]any)
	for _, r := range roles {
		if m, _ := r.(map[string]any); m["id"] == roleID {
			return true
		}
	}
	return false
}

// Unassign removes an assignment row.
func (t *Tenant) Unassign(id string, by Actor) *Error {
	t.mu.Lock()
	defer t.mu.Unlock()
	a, ok := t.Assignments.newest(id)
	if !ok {
		return NotFound(id)
	}
	t.Assignments.remove(id)
	t.record(Change{Kind: ChangeAssignment, ID: a.Text("resourceId"), Other: a.Text("principalId"), Gone: true})
	t.auditRow("Remove app role assignment from service principal", "ApplicationManagement", "Unassign", by, target("ServicePrincipal", a.Text("resourceId"), a.Text("resourceDisplayName"), ""))
	return nil
}

// AuditApp writes an application audit row.
func (t *Tenant) AuditApp(activity, operation string, by Actor, o Object) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.auditRow(activity, "ApplicationManagement", operation, by, target("Application", o.ID(), o.Text("displayName"), ""))
}

// AuditProvisioning writes an audit row about a synchronization's configuration or state.
func (t *Tenant) AuditProvisioning(activity string, by Actor, sp Object) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.auditRow(activity, "ProvisioningManagement", "Update", by, target("ServicePrincipal", sp.ID(), sp.Text("displayName"), ""))
	t.audit.rows[len(t.audit.rows)-1]["loggedByService"] = "Account Provisioning"
}

// RemoveServicePrincipal deletes a service principal and its assignments; false when it was not there.
func (t *Tenant) RemoveServicePrincipal(id string, by Actor) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	id = strings.ToLower(id)
	o, ok := t.ServicePrincipals.newest(id)
	if !ok {
		return false
	}
	t.ServicePrincipals.remove(id)
	t.dropPrincipal(id)
	t.auditRow("Remove service principal", "ApplicationManagement", "Delete", by, target("ServicePrincipal", id, o.Text("displayName"), ""))
	return true
}

// AssignedTo lists the assignments to a service principal, without lag.
func (t *Tenant) AssignedTo(id string) []Object {
	t.mu.RLock()
	defer t.mu.RUnlock()
	var out []Object
	for _, o := range t.Assignments.all() {
		if o["resourceId"] == id {
			out = append(out, o)
		}
	}
	return out
}
