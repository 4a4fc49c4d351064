package graph

import (
	"net/http"

	"entente.dev/entente/internal/limits"
)

// Permissions by route, least first, from the permission map of microsoftgraph/microsoft-graph-devx-content
// (checked 2026-11). Where the map's least permission is known not to work in practice, the one that does
// is named (graph-setup 4.2).
const (
	permOrganization = "Organization.Read.All"
	permUserRead     = "User.Read.All"
	permUserWrite    = "User.ReadWrite.All"
	permUserRestore  = "User.DeleteRestore.All"
	permGroupRead    = "GroupMember.Read.All"
	permGroupWrite   = "Group.ReadWrite.All"
	permMemberWrite  = "GroupMember.ReadWrite.All"
	permPolicyRead   = "Policy.Read.All"
	permPolicyWrite  = "Policy.ReadWrite.CrossTenantAccess"
	permAppRead      = "Application.Read.All"
	permAppWrite     = "Application.ReadWrite.OwnedBy" // with .All also for applications that somebody else made
	permAssign       = "AppRoleAssignment.ReadWrite.All"
	permSync         = "Synchronization.ReadWrite.All"
	permSyncRead     = "Synchronization.Read.All"
	permLog          = "ProvisioningLog.Read.All"
	permContactRead  = "OrgContact.Read.All"
)

func read(name, route, permission string, cost int) Operation {
	return Operation{name, http.MethodGet, route, permission, limits.Identity, cost, 0}
}

func write(name, method, route, permission string) Operation {
	return Operation{name, method, route, permission, limits.Identity, 1, 1}
}

func synchronization(name, method, route, permission string) Operation {
	return Operation{name, method, "/servicePrincipals/{id}/synchronization" + route, permission, limits.Synchronization, 1, 0}
}

// The table of operations. Costs are throttling-limits' base cost with its modifiers ($select −1, $expand +1,
// never below 1).
var (
	opOrganization = read("read the organization", "/organization", permOrganization, 1)

	opUsersDelta   = read("list users", "/users/delta", permUserRead, 1)
	opUser         = read("read a user", "/users/{id}", permUserRead, 1)
	opDeletedUsers = read("list deleted users", "/directory/deletedItems/microsoft.graph.user", permUserRead, 1)
	opDeletedUser  = read("read a deleted user", "/directory/deletedItems/{id}", permUserRead, 1)
	opUpdateUser   = write("update a user", http.MethodPatch, "/users/{id}", permUserWrite)
	opDeleteUser   = write("delete a user", http.MethodDelete, "/users/{id}", permUserWrite)
	opRestoreUser  = write("restore a user", http.MethodPost, "/directory/deletedItems/{id}/restore", permUserRestore)

	opGroupsFind    = read("find groups", "/groups", permGroupRead, 1)
	opGroupsList    = read("list addresses of groups", "/groups", permGroupRead, 1)
	opContacts      = read("list addresses of contacts", "/contacts", permContactRead, 1)
	opGroup         = read("read a group", "/groups/{id}", permGroupRead, 1)
	opGroupMembers  = read("list group members", "/groups/{id}/members", permGroupRead, 2)
	opGroupsDelta   = read("follow groups", "/groups/delta", permGroupRead, 1)
	opCreateGroup   = write("create a group", http.MethodPost, "/groups", permGroupWrite)
	opDeleteGroup   = write("delete a group", http.MethodDelete, "/groups/{id}", permGroupWrite)
	opAddMembers    = write("add group members", http.MethodPatch, "/groups/{id}", permMemberWrite)
	opAddMember     = write("add group members", http.MethodPost, "/groups/{id}/members/$ref", permMemberWrite)
	opRemoveMember  = write("remove group members", http.MethodDelete, "/groups/{id}/members/{id}/$ref", permMemberWrite)
	opPartners      = read("list partner configurations", "/policies/crossTenantAccessPolicy/partners", permPolicyRead, 2)
	opPartner       = read("read a partner configuration", "/policies/crossTenantAccessPolicy/partners/{id}", permPolicyRead, 2)
	opAuthorization = read("read the authorization policy", "/policies/authorizationPolicy", permPolicyRead, 1)
	opCreatePartner = write("create a partner configuration", http.MethodPost, "/policies/crossTenantAccessPolicy/partners", permPolicyWrite)
	opPatchPartner  = write("update a partner configuration", http.MethodPatch, "/policies/crossTenantAccessPolicy/partners/{id}", permPolicyWrite)
	opDeletePartner = write("delete a partner configuration", http.MethodDelete, "/policies/crossTenantAccessPolicy/partners/{id}", permPolicyWrite)
	opCreateSync    = write("create inbound synchronization", http.MethodPut, "/policies/crossTenantAccessPolicy/partners/{id}/identitySynchronization", permPolicyWrite)
	opPatchSync     = write("update inbound synchronization", http.MethodPatch, "/policies/crossTenantAccessPolicy/partners/{id}/identitySynchronization", permPolicyWrite)
	opDeleteSync    = write("delete inbound synchronization", http.MethodDelete, "/policies/crossTenantAccessPolicy/partners/{id}/identitySynchronization", permPolicyWrite)

	opSyncApps         = read("list synchronization applications", "/servicePrincipals", permAppRead, 1)
	opServicePrincipal = read("read a synchronization application", "/servicePrincipals/{id}", permAppRead, 1)
	opInstantiate      = write("create a synchronization application", http.MethodPost, "/applicationTemplates/{id}/instantiate", permAppWrite)
	opDeletePrincipal  = write("delete a service principal", http.MethodDelete, "/servicePrincipals/{id}", permAppWrite)
	opApplications     = read("find an application", "/applications", permAppRead, 1)
	opDeleteApp        = write("delete an application", http.MethodDelete, "/applications/{id}", permAppWrite)
	opAssigned         = read("list assignments", "/servicePrincipals/{id}/appRoleAssignedTo", permAppRead, 1)
	opAssign           = write("assign a group", http.MethodPost, "/servicePrincipals/{id}/appRoleAssignedTo", permAssign)

	opValidate   = synchronization("test the connection to the target", http.MethodPost, "/jobs/validateCredentials", permSync)
	opJobs       = synchronization("list synchronization jobs", http.MethodGet, "/jobs", permSyncRead)
	opJob        = synchronization("read a synchronization job", http.MethodGet, "/jobs/{id}", permSyncRead)
	opCreateJob  = synchronization("create a synchronization job", http.MethodPost, "/jobs", permSync)
	opDeleteJob  = synchronization("delete a synchronization job", http.MethodDelete, "/jobs/{id}", permSync)
	opStartJob   = synchronization("start a synchronization job", http.MethodPost, "/jobs/{id}/start", permSync)
	opPauseJob   = synchronization("pause a synchronization job", http.MethodPost, "/jobs/{id}/pause", permSync)
	opRestartJob = synchronization("restart a synchronization job", http.MethodPost, "/jobs/{id}/restart", permSync)
	opSchema     = synchronization("read a synchronization schema", http.MethodGet, "/jobs/{id}/schema", permSyncRead)
	opPutSchema  = synchronization("replace a synchronization schema", http.MethodPut, "/jobs/{id}/schema", permSync)
	opSecrets    = synchronization("read synchronization settings", http.MethodGet, "/secrets", permSyncRead)
	opPutSecrets = synchronization("write synchronization settings", http.MethodPut, "/secrets", permSync)

	opProvisioningLog = Operation{"read the provisioning log", http.MethodGet, "/auditLogs/provisioning", permLog, limits.Reports, 1, 0}
)

// Operations lists everything this package can call, for the permission table of the documentation and for
// the doctor's check of a tenant's grants.
func Operations() []Operation {
	return []Operation{
		opOrganization, opUsersDelta, opUser, opDeletedUsers, opDeletedUser, opUpdateUser, opDeleteUser, opRestoreUser,
		opGroupsFind, opGroupsList, opContacts, opGroup, opGroupMembers, opGroupsDelta, opCreateGroup, opDeleteGroup, opAddMembers, opAddMember, opRemoveMember,
		opPartners, opPartner, opAuthorization, opCreatePartner, opPatchPartner, opDeletePartner, opCreateSync, opPatchSync, opDeleteSync,
		opSyncApps, opServicePrincipal, opInstantiate, opDeletePrincipal, opApplications, opDeleteApp, opAssigned, opAssign,
		opValidate, opJobs, opJob, opCreateJob, opDeleteJob, opStartJob, opPauseJob, opRestartJob, opSchema, opPutSchema, opSecrets, opPutSecrets,
		opProvisioningLog,
	}
}
