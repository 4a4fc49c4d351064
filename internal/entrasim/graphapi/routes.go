package graphapi

import (
	"slices"

	"entente.dev/entente/internal/entrasim/dir"
	"entente.dev/entente/internal/entrasim/engine"
)

// Permission sets, any one of which opens a route (permission reference; graph-setup sections 1 to 6).
var (
	usersRead    = []string{"User.Read.All", "User.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All", "User.ReadBasic.All"}
	usersWrite   = []string{"User.ReadWrite.All", "Directory.ReadWrite.All"}
	groupsRead   = []string{"Group.Read.All", "Group.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All", "GroupMember.Read.All", "GroupMember.ReadWrite.All"}
	groupsDelta  = []string{"Group.Read.All", "Group.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"}
	groupsCreate = []string{"Group.Create", "Group.ReadWrite.All", "Directory.ReadWrite.All"}
	groupsWrite  = []string{"Group.ReadWrite.All", "Directory.ReadWrite.All"}
	membersWrite = []string{"GroupMember.ReadWrite.All", "Group.ReadWrite.All", "Directory.ReadWrite.All"}
	binRead      = []string{"User.Read.All", "User.ReadWrite.All", "User.DeleteRestore.All", "Directory.Read.All", "Directory.ReadWrite.All", "Group.Read.All", "Group.ReadWrite.All", "Application.Read.All", "Application.ReadWrite.All", "Application.ReadWrite.OwnedBy"}
	binWrite     = []string{"User.DeleteRestore.All", "User.ReadWrite.All", "Directory.ReadWrite.All", "Group.ReadWrite.All", "Application.ReadWrite.All", "Application.ReadWrite.OwnedBy"}
	appsRead     = []string{"Application.Read.All", "Application.ReadWrite.All", "Application.ReadWrite.OwnedBy", "Directory.Read.All", "Directory.ReadWrite.All"}
	appsWrite    = []string{"Application.ReadWrite.OwnedBy", "Application.ReadWrite.All", "Directory.ReadWrite.All"}
	assignRead   = []string{"Application.Read.All", "Application.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All", "AppRoleAssignment.ReadWrite.All"}
	assignWrite  = []string{"AppRoleAssignment.ReadWrite.All"}
	policyRead   = []string{"Policy.Read.All", "Policy.ReadWrite.CrossTenantAccess"}
	policyWrite  = []string{"Policy.ReadWrite.CrossTenantAccess"}
	templatePerm = []string{"MultiTenantOrganization.ReadWrite.All", "Policy.ReadWrite.CrossTenantAccess"}
	syncRead     = []string{"Synchronization.Read.All", "Synchronization.ReadWrite.All", "Application.ReadWrite.OwnedBy"}
	syncWrite    = []string{"Synchronization.ReadWrite.All", "Application.ReadWrite.OwnedBy"}
	mtoRead      = []string{"MultiTenantOrganization.Read.All", "MultiTenantOrganization.ReadWrite.All", "MultiTenantOrganization.ReadBasic.All"}
	mtoWrite     = []string{"MultiTenantOrganization.ReadWrite.All"}
	orgRead      = []string{"Organization.Read.All", "Organization.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All", "User.Read.All", "User.ReadWrite.All"}
	skuRead      = []string{"LicenseAssignment.Read.All", "Organization.Read.All", "Organization.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"}
	domainRead   = []string{"Domain.Read.All", "Domain.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"}
	contactsRead = []string{"OrgContact.Read.All", "Directory.Read.All", "Directory.ReadWrite.All"}
	logsRead     = []string{"AuditLog.Read.All", "ProvisioningLog.Read.All"}
	anyObject    = []string{"Directory.Read.All", "Directory.ReadWrite.All", "User.Read.All", "User.ReadWrite.All", "Group.Read.All", "Group.ReadWrite.All", "GroupMember.Read.All", "Application.Read.All", "Application.ReadWrite.All"}
)

func (s *Server) routes() []*route {
	return slices.Concat(userRoutes(), referenceRoutes(), passwordRoutes(), groupRoutes(), appRoutes(), policyRoutes(), deletedPolicyRoutes(), s.syncRoutes(), documentRoutes(), teamRoutes(), otherRoutes())
}

func get(t string, p []string, h func(*call) error) *route {
	return &route{method: "GET", template: t, perms: p, handle: h}
}
func post(t string, p []string, h func(*call) error) *route {
	return &route{method: "POST", template: t, perms: p, handle: h}
}
func put(t string, p []string, h func(*call) error) *route {
	return &route{method: "PUT", template: t, perms: p, handle: h}
}
func patch(t string, p []string, h func(*call) error) *route {
	return &route{method: "PATCH", template: t, perms: p, handle: h}
}
func del(t string, p []string, h func(*call) error) *route {
	return &route{method: "DELETE", template: t, perms: p, handle: h}
}

func userRoutes() []*route {
	return []*route{
		get("/users", usersRead, (*call).listUsers), post("/users", usersWrite, (*call).createUser),
		get("/users/$count", usersRead, (*call).countUsers), get("/users/delta", usersRead, (*call).usersDelta),
		get("/users/microsoft.graph.delta", usersRead, (*call).usersDelta),
		get("/users/{id}", usersRead, (*call).getUser), patch("/users/{id}", append([]string{"User.EnableDisableAccount.All"}, usersWrite...), (*call).patchUser),
		del("/users/{id}", append([]string{"User.DeleteRestore.All"}, usersWrite...), (*call).deleteUser),
		get("/users/{id}/manager", usersRead, (*call).getManager), put("/users/{id}/manager/$ref", usersWrite, (*call).putManager),
		del("/users/{id}/manager/$ref", usersWrite, (*call).deleteManager),
		get("/users/{id}/memberOf", append(groupsRead, usersRead...), func(c *call) error { return c.memberOf(false) }),
		get("/users/{id}/transitiveMemberOf", append(groupsRead, usersRead...), func(c *call) error { return c.memberOf(true) }),
		get("/users/{id}/appRoleAssignments", assignRead, (*call).listAssignments),
		post("/users/{id}/appRoleAssignments", assignWrite, (*call).assign),
		del("/users/{id}/appRoleAssignments/{ref}", assignWrite, (*call).unassign),
		get("/me", nil, (*call).me),
		get("/directory/deletedItems/microsoft.graph.user", binRead, func(c *call) error { return c.listDeleted("user") }),
		get("/directory/deletedItems/microsoft.graph.group", binRead, func(c *call) error { return c.listDeleted("group") }),
		get("/directory/deletedItems/microsoft.graph.application", binRead, func(c *call) error { return c.listDeleted("application") }),
		get("/directory/deletedItems/microsoft.graph.servicePrincipal", binRead, func(c *call) error { return c.listDeleted("servicePrincipal") }),
		get("/directory/deletedItems/{id}", binRead, (*call).getDeleted), del("/directory/deletedItems/{id}", binWrite, (*call).purgeDeleted),
		post("/directory/deletedItems/{id}/restore", binWrite, (*call).restoreDeleted),
		get("/directoryObjects/{id}", anyObject, (*call).getDirectoryObject), post("/directoryObjects/getByIds", anyObject, (*call).getByIDs),
		get("/users/{id}/sponsors", usersRead, (*call).listSponsors),
		get("/contacts", contactsRead, (*call).listContacts), get("/contacts/{id}", contactsRead, (*call).getContact),
		post("/invitations", append([]string{"User.Invite.All"}, usersWrite...), (*call).invite),
	}
}

func groupRoutes() []*route {
	members := func(kind string, transitive bool) func(*call) error {
		return func(c *call) error { return c.listMembers(kind, transitive) }
	}
	return []*route{
		get("/groups", groupsRead, (*call).listGroups), post("/groups", groupsCreate, (*call).createGroup),
		get("/groups/$count", groupsRead, (*call).countGroups), get("/groups/delta", groupsDelta, (*call).groupsDelta),
		get("/groups/microsoft.graph.delta", groupsDelta, (*call).groupsDelta),
		get("/groups/{id}", groupsRead, (*call).getGroup), patch("/groups/{id}", membersWrite, (*call).patchGroup),
		del("/groups/{id}", groupsWrite, (*call).deleteGroup),
		get("/groups/{id}/members", groupsRead, members("", false)), get("/groups/{id}/members/$count", groupsRead, (*call).countMembers),
		get("/groups/{id}/members/microsoft.graph.user", groupsRead, members("user", false)),
		get("/groups/{id}/members/microsoft.graph.group", groupsRead, members("group", false)),
		get("/groups/{id}/transitiveMembers", groupsRead, members("", true)),
		get("/groups/{id}/transitiveMembers/microsoft.graph.user", groupsRead, members("user", true)),
		get("/groups/{id}/transitiveMembers/microsoft.graph.group", groupsRead, members("group", true)),
		del("/groups/{id}/members/{ref}", usersWrite, (*call).deleteThroughMember),
		post("/groups/{id}/members/$ref", membersWrite, (*call).addMember), del("/groups/{id}/members/{ref}/$ref", membersWrite, (*call).removeMember),
		get("/groups/{id}/owners", groupsRead, (*call).listOwners), post("/groups/{id}/owners/$ref", groupsWrite, (*call).addOwner),
		del("/groups/{id}/owners/{ref}/$ref", groupsWrite, (*call).removeOwner),
		get("/groups/{id}/memberOf", groupsRead, func(c *call) error { return c.memberOf(false) }),
		get("/groups/{id}/transitiveMemberOf", groupsRead, func(c *call) error { return c.memberOf(true) }),
		get("/groups/{id}/appRoleAssignments", assignRead, (*call).listAssignments),
		post("/groups/{id}/appRoleAssignments", assignWrite, (*call).assign),
		del("/groups/{id}/appRoleAssignments/{ref}", assignWrite, (*call).unassign),
	}
}

func appRoutes() []*route {
	return []*route{
		get("/applicationTemplates", nil, (*call).listTemplates), get("/applicationTemplates/{id}", nil, (*call).getAppTemplate),
		post("/applicationTemplates/{id}/instantiate", appsWrite, (*call).instantiate),
		get("/applications", appsRead, (*call).listApplications), post("/applications", appsWrite, (*call).createApplication),
		get("/applications/$count", appsRead, func(c *call) error { return c.countObjects(c.t.Applications, "application") }),
		get("/applications/{id}", appsRead, (*call).getApplication),
		patch("/applications/{id}", appsWrite, func(c *call) error { return c.patchObject(c.t.Applications, "application") }),
		del("/applications/{id}", appsWrite, (*call).deleteApplication),
		get("/applications/{id}/owners", appsRead, func(c *call) error { return c.listObjectOwners(c.t.Applications) }),
		post("/applications/{id}/owners/$ref", appsWrite, func(c *call) error { return c.addObjectOwner(c.t.Applications) }),
		get("/servicePrincipals", appsRead, (*call).listServicePrincipals), post("/servicePrincipals", appsWrite, (*call).createServicePrincipal),
		get("/servicePrincipals/$count", appsRead, func(c *call) error { return c.countObjects(c.t.ServicePrincipals, "servicePrincipal") }),
		get("/servicePrincipals/{id}", appsRead, (*call).getServicePrincipal),
		patch("/servicePrincipals/{id}", appsWrite, func(c *call) error { return c.patchObject(c.t.ServicePrincipals, "servicePrincipal") }),
		del("/servicePrincipals/{id}", appsWrite, (*call).deleteServicePrincipal),
		get("/servicePrincipals/{id}/owners", appsRead, func(c *call) error { return c.listObjectOwners(c.t.ServicePrincipals) }),
		post("/servicePrincipals/{id}/owners/$ref", appsWrite, func(c *call) error { return c.addObjectOwner(c.t.ServicePrincipals) }),
		get("/servicePrincipals/{id}/appRoleAssignedTo", assignRead, (*call).listAssignedTo),
		post("/servicePrincipals/{id}/appRoleAssignedTo", assignWrite, (*call).assign),
		del("/servicePrincipals/{id}/appRoleAssignedTo/{ref}", assignWrite, (*call).unassign),
		get("/servicePrincipals/{id}/appRoleAssignments", assignRead, (*call).listAssignments),
		post("/servicePrincipals/{id}/appRoleAssignments", assignWrite, (*call).assign),
		del("/servicePrincipals/{id}/appRoleAssignments/{ref}", assignWrite, (*call).unassign),
	}
}

func policyRoutes() []*route {
	const base = "/policies/crossTenantAccessPolicy"
	const mto = "/tenantRelationships/multiTenantOrganization"
	out := []*route{
		get(base, policyRead, (*call).getXTAP),
		patch(base, policyWrite, func(c *call) error { return c.patchPolicy("root", "crossTenantAccessPolicy") }),
		get(base+"/default", policyRead, (*call).getDefault),
		patch(base+"/default", policyWrite, func(c *call) error { return c.patchPolicy("default", "crossTenantAccessPolicyConfigurationDefault") }),
		post(base+"/default/resetToSystemDefault", policyWrite, (*call).resetDefault),
		get(base+"/partners", policyRead, (*call).listPartners), post(base+"/partners", policyWrite, (*call).createPartner),
		get(base+"/partners/{id}", policyRead, (*call).getPartner), patch(base+"/partners/{id}", policyWrite, (*call).patchPartner),
		del(base+"/partners/{id}", policyWrite, (*call).deletePartner),
		get(base+"/partners/{id}/identitySynchronization", policyRead, (*call).getSync),
		put(base+"/partners/{id}/identitySynchronization", policyWrite, (*call).putSync),
		patch(base+"/partners/{id}/identitySynchronization", policyWrite, (*call).patchSync),
		del(base+"/partners/{id}/identitySynchronization", policyWrite, (*call).deleteSync),
		get("/policies/authorizationPolicy", []string{"Policy.Read.All", "Policy.ReadWrite.Authorization"}, (*call).getAuthorization),
		patch("/policies/authorizationPolicy", []string{"Policy.ReadWrite.Authorization"}, (*call).patchAuthorization),
		get(mto, append(mtoRead, "Policy.Read.All"), (*call).getMTO), put(mto, mtoWrite, (*call).putMTO), patch(mto, mtoWrite, (*call).putMTO),
		get(mto+"/tenants", mtoRead, (*call).listMTOTenants), post(mto+"/tenants", mtoWrite, (*call).addMTOTenant),
		get(mto+"/tenants/{id}", mtoRead, (*call).getMTOTenant), patch(mto+"/tenants/{id}", mtoWrite, (*call).patchMTOTenant),
		del(mto+"/tenants/{id}", mtoWrite, (*call).deleteMTOTenant),
		get(mto+"/joinRequest", mtoRead, (*call).getJoin), patch(mto+"/joinRequest", mtoWrite, (*call).patchJoin),
		get("/tenantRelationships/findTenantInformationByTenantId", []string{"CrossTenantInformation.ReadBasic.All"}, func(c *call) error { return c.findTenant("tenantId") }),
		get("/tenantRelationships/findTenantInformationByDomainName", []string{"CrossTenantInformation.ReadBasic.All"}, func(c *call) error { return c.findTenant("domainName") }),
	}
	for _, name := range []string{dir.PartnerTemplate, dir.SyncTemplate} {
		t := base + "/templates/" + name
		out = append(out,
			get(t, append(templatePerm, "Policy.Read.All"), func(c *call) error { return c.getTemplate(name) }),
			patch(t, templatePerm, func(c *call) error { return c.patchTemplate(name) }),
			post(t+"/resetToDefaultSettings", templatePerm, func(c *call) error { return c.resetTemplate(name) }))
	}
	return out
}

func (s *Server) syncRoutes() []*route {
	const base = "/servicePrincipals/{id}/synchronization"
	const job = base + "/jobs/{job}"
	e := s.Engine
	out := []*route{
		get(base+"/templates", syncRead, (*call).syncTemplates), get(base+"/jobs", syncRead, (*call).syncJobs), post(base+"/jobs", syncWrite, (*call).createJob),
		post(base+"/jobs/validateCredentials", syncWrite, (*call).validateCredentials), post(job+"/validateCredentials", syncWrite, (*call).validateCredentials),
		put(base+"/secrets", syncWrite, (*call).putSecrets), get(base+"/secrets", syncRead, (*call).getSecrets),
		get(job, syncRead, (*call).getJob),
		del(job, syncWrite, func(c *call) error { return c.command("Delete provisioning configuration", e.DeleteJob) }),
		post(job+"/start", syncWrite, func(c *call) error { return c.command("Enable/start provisioning configuration", e.Start) }),
		post(job+"/pause", syncWrite, func(c *call) error { return c.command("Disable/pause provisioning configuration", e.Pause) }),
		post(job+"/restart", syncWrite, (*call).restartJob),
		get(job+"/schema", syncRead, (*call).getSchema), put(job+"/schema", syncWrite, (*call).putSchema),
		del(job+"/schema", syncWrite, func(c *call) error { return c.command(auditMapping, e.ResetSchema) }),
		get(job+"/schema/directories", syncRead, (*call).listDirectories),
		post(job+"/schema/directories/{dir}/discover", []string{"Directory.ReadWrite.All", "Application.ReadWrite.OwnedBy"}, (*call).discover),
		get(job+"/schema/filterOperators", syncRead, func(c *call) error {
			return c.list("Collection(microsoft.graph.filterOperatorSchema)", engine.FilterOperators())
		}),
		get(job+"/schema/functions", syncRead, func(c *call) error {
			return c.list("Collection(microsoft.graph.attributeMappingFunctionSchema)", engine.Functions())
		}),
		post(job+"/schema/parseExpression", syncRead, (*call).parseExpression),
		post(job+"/provisionOnDemand", syncWrite, (*call).provisionOnDemand),
	}
	connections := []*route{
		get(job+"/objectConnections", syncRead, (*call).listConnections), get(job+"/objectConnections/{object}", syncRead, (*call).getConnection),
		del(job+"/objectConnections/{object}", syncWrite, (*call).deleteConnection),
	}
	for _, r := range connections {
		r.beta = true
	}
	out = append(out, connections...)
	for _, r := range out {
		r.sync = true
	}
	return out
}

func otherRoutes() []*route {
	return []*route{
		get("/organization", orgRead, (*call).listOrganization), get("/organization/{id}", orgRead, (*call).getOrganization),
		get("/domains", domainRead, (*call).listDomains), get("/domains/{id}", domainRead, (*call).getDomain),
		get("/subscribedSkus", skuRead, (*call).listSkus), get("/directoryRoles", anyObject, (*call).directoryRoles),
		get("/auditLogs/provisioning", logsRead, (*call).provisioningLog),
		get("/auditLogs/directoryAudits", []string{"AuditLog.Read.All"}, (*call).directoryAudits),
		get("/auditLogs/directoryAudits/{id}", []string{"AuditLog.Read.All"}, (*call).directoryAudit),
		get("/auditLogs/signIns/{id}", []string{"AuditLog.Read.All"}, (*call).signIn),
		get("/auditLogs/signIns", []string{"AuditLog.Read.All"}, (*call).signIns),
		post("/$batch", nil, (*call).batch),
	}
}
