package entrasim_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"entente.dev/entente/internal/entrasim/simclient"
)

// instantiated is an application of the gallery template.
func instantiated(x *setup) (sp, role string, made *answer) {
	x.t.Helper()
	made = x.a.do("POST", "/applicationTemplates/"+syncTemplate+"/instantiate", object{"displayName": "xts-b"}, 201)
	sp, _ = at(made.body, "servicePrincipal", "id").(string)
	role, _ = at(made.body, "servicePrincipal", "appRoles", 0, "id").(string)
	return sp, role, made
}

var appRules = []setupRule{
	{"app.instantiate-201-both-objects", "3.1", func(x *setup) {
		_, _, made := instantiated(x)
		app, _ := made.body["application"].(object)
		sp, _ := made.body["servicePrincipal"].(object)
		role := at(app, "appRoles", 0)
		x.expect(app["applicationTemplateId"] == syncTemplate && app["displayName"] == "xts-b" && app["signInAudience"] == "AzureADMyOrg" && app["createdDateTime"] != nil &&
			at(app, "api", "oauth2PermissionScopes", 0, "value") == "user_impersonation" && strings.Contains(fmt.Sprint(at(app, "web", "homePageUrl")), "metadata=aad2aadsync|ISV9.1|primary|z"), made)
		x.expect(at(role, "displayName") == "msiam_access" && at(role, "value") == nil && at(role, "isEnabled") == true && at(role, "allowedMemberTypes", 0) == "User" && at(role, "origin") == "Application", made)
		x.expect(sp["appId"] == app["appId"] && sp["accountEnabled"] == true && sp["appRoleAssignmentRequired"] == true && sp["servicePrincipalType"] == "Application" &&
			at(sp, "tags", 0) == "WindowsAzureActiveDirectoryIntegratedApp" && at(sp, "servicePrincipalNames", 0) == app["appId"] && at(sp, "appRoles", 0, "id") == at(role, "id"), made)
	}},
	{"app.instantiate-is-not-idempotent", "3.1, 10.13", func(x *setup) {
		one, _, _ := instantiated(x)
		two, _, got := instantiated(x)
		x.expect(one != two, got)
		found := x.a.get("/servicePrincipals?$filter=displayName eq 'xts-b'")
		x.expect(len(found.value()) == 2, found)
	}},
	{"app.found-by-template", "3.1", func(x *setup) {
		sp, _, _ := instantiated(x)
		got := x.a.get("/servicePrincipals?$filter=applicationTemplateId eq '" + syncTemplate + "'")
		x.expect(len(got.value()) == 1 && got.value()[0]["id"] == sp, got)
	}},
	{"app.unknown-template-404", "3.1", func(x *setup) {
		x.refused(x.a, "POST", "/applicationTemplates/"+ids["a"]+"/instantiate", object{"displayName": "x"}, 404, "Request_ResourceNotFound")
	}},
	{"app.late-for-other-services", "3.1, 10.13", func(x *setup) {
		x.set("principal-delay", "10m")
		sp, role, _ := instantiated(x)
		x.refused(x.a, "GET", "/servicePrincipals/"+sp, nil, 404, "Request_ResourceNotFound")
		x.refused(x.a, "GET", "/servicePrincipals/"+sp+"/synchronization/jobs", nil, 404, "Request_ResourceNotFound")
		annie := x.a.get("/users/annie@a.example").text("id")
		x.refused(x.a, "POST", "/users/"+annie+"/appRoleAssignments", object{"principalId": annie, "resourceId": sp, "appRoleId": role}, 400, "Request_BadRequest")
	}},
	{"app.removal-and-recycle-bin", "3.1", func(x *setup) {
		sp, _, made := instantiated(x)
		app, _ := at(made.body, "application", "id").(string)
		x.a.do("DELETE", "/servicePrincipals/"+sp, nil, 204)
		x.a.do("DELETE", "/applications/"+app, nil, 204)
		x.a.do("GET", "/servicePrincipals/"+sp, nil, 404)
		for _, kind := range []string{"application", "servicePrincipal"} {
			got := x.a.get("/directory/deletedItems/microsoft.graph." + kind)
			x.expect(len(got.value()) == 1 && got.value()[0]["deletedDateTime"] != nil, got)
		}
		x.a.do("POST", "/directory/deletedItems/"+app+"/restore", nil, 200)
		x.a.get("/applications/" + app)
	}},
	{"app.permissions", "3.1", func(x *setup) {
		c := x.without("Application.ReadWrite.All", "Directory.ReadWrite.All")
		c.do("POST", "/applicationTemplates/"+syncTemplate+"/instantiate", object{"displayName": "owned"}, 201) // OwnedBy
		c = x.without("Application.ReadWrite.OwnedBy")
		x.refused(c, "POST", "/applicationTemplates/"+syncTemplate+"/instantiate", object{"displayName": "x"}, 403, "Authorization_RequestDenied")
		c = x.without("Application.Read.All", "Directory.Read.All")
		x.refused(c, "GET", "/servicePrincipals", nil, 403, "Authorization_RequestDenied")
	}},
}

var assignmentRules = []setupRule{
	{"assignment.post-201", "3.2", func(x *setup) {
		sp, role, _ := instantiated(x)
		annie := x.a.get("/users/annie@a.example").text("id")
		got := x.a.do("POST", "/servicePrincipals/"+sp+"/appRoleAssignedTo", object{"principalId": annie, "resourceId": sp, "appRoleId": role}, 201)
		x.expect(got.text("principalType") == "User" && got.text("principalDisplayName") == "Annie Andersson" && got.text("resourceDisplayName") == "xts-b" &&
			got.text("createdDateTime") != "" && got.text("appRoleId") == role, got)
		group := x.a.get("/groups?$filter=displayName eq 'Collaboration'").value()[0]["id"]
		got = x.a.do("POST", "/servicePrincipals/"+sp+"/appRoleAssignedTo", object{"principalId": group, "resourceId": sp, "appRoleId": role}, 201)
		x.expect(got.text("principalType") == "Group", got)
		list := x.a.get("/servicePrincipals/" + sp + "/appRoleAssignedTo?$top=1")
		x.expect(len(list.value()) == 1 && list.text("@odata.nextLink") != "", list)
		x.a.do("DELETE", "/servicePrincipals/"+sp+"/appRoleAssignedTo/"+got.text("id"), nil, 204)
		list = x.a.get("/servicePrincipals/" + sp + "/appRoleAssignedTo")
		x.expect(len(list.value()) == 1, list)
	}},
	{"assignment.duplicate-400", "3.2", func(x *setup) {
		sp, role, _ := instantiated(x)
		body := object{"principalId": x.a.get("/users/annie@a.example").text("id"), "resourceId": sp, "appRoleId": role}
		x.a.do("POST", "/servicePrincipals/"+sp+"/appRoleAssignedTo", body, 201)
		got := x.refused(x.a, "POST", "/servicePrincipals/"+sp+"/appRoleAssignedTo", body, 400, "Request_BadRequest")
		x.expect(strings.Contains(string(got.raw), "already exists"), got)
	}},
	{"assignment.role-must-be-of-the-app", "3.2", func(x *setup) {
		sp, _, _ := instantiated(x)
		annie := x.a.get("/users/annie@a.example").text("id")
		x.refused(x.a, "POST", "/servicePrincipals/"+sp+"/appRoleAssignedTo", object{"principalId": annie, "resourceId": sp, "appRoleId": ids["a"]}, 400, "Request_BadRequest")
		x.refused(x.a, "POST", "/servicePrincipals/"+sp+"/appRoleAssignedTo", object{"principalId": annie, "resourceId": sp}, 400, "Request_BadRequest")
	}},
	{"assignment.unknown-principal-404", "3.2", func(x *setup) {
		sp, role, _ := instantiated(x)
		x.refused(x.a, "POST", "/servicePrincipals/"+sp+"/appRoleAssignedTo", object{"principalId": ids["b"], "resourceId": sp, "appRoleId": role}, 404, "Request_ResourceNotFound")
	}},
	{"assignment.default-access-does-not-entitle", "3.2", func(x *setup) {
		sp, job := share(x.t, x.sim, "a", "b")
		dora := x.edit(simclient.Edit{Tenant: "a", Action: "user.create", User: "dora@a.example"})
		x.a.do("POST", "/servicePrincipals/"+sp+"/appRoleAssignedTo", object{"principalId": dora, "resourceId": sp, "appRoleId": zeroGUID}, 201)
		x.a.do("POST", "/servicePrincipals/"+sp+"/synchronization/jobs/"+job+"/restart", object{}, 204)
		x.advance(41 * time.Minute)
		got := x.b.get("/users?$filter=creationType eq 'Invitation'&$select=mail")
		x.expect(slices.Contains(column(got.value(), "mail"), "annie@a.example") && !slices.Contains(column(got.value(), "mail"), "dora@a.example"), got)
	}},
	{"assignment.limit-of-a-principal", "3.2", func(x *setup) {
		annie := x.a.get("/users/annie@a.example").text("id")
		x.set("assignment-limit", "1")
		for i, status := range []int{201, 400} {
			sp, role, _ := instantiated(x)
			got, err := x.a.try("POST", "/servicePrincipals/"+sp+"/appRoleAssignedTo", object{"principalId": annie, "resourceId": sp, "appRoleId": role})
			if err != nil || got.status != status {
				x.t.Errorf("assignment %d: %v %s", i, err, got.raw)
			}
		}
	}},
	{"assignment.permission", "3.2", func(x *setup) {
		sp, role, _ := instantiated(x)
		c := x.without("AppRoleAssignment.ReadWrite.All")
		x.refused(c, "POST", "/servicePrincipals/"+sp+"/appRoleAssignedTo", object{"principalId": ids["a"], "resourceId": sp, "appRoleId": role}, 403, "Authorization_RequestDenied")
	}},
}

// synced is a configuration with a job that was not started, and its base path.
func synced(x *setup) (base, job string) {
	x.t.Helper()
	sp, _, _ := instantiated(x)
	base = "/servicePrincipals/" + sp + "/synchronization"
	return base, x.a.do("POST", base+"/jobs", object{"templateId": "Azure2Azure"}, 201).text("id")
}

func credentials(tenant string) object {
	return object{"useSavedCredentials": false, "templateId": "Azure2Azure", "credentials": []object{{"key": "CompanyId", "value": tenant}, {"key": "AuthenticationType", "value": "SyncPolicy"}}}
}

// allowed lets a sync into b.
func allowed(x *setup) {
	x.t.Helper()
	x.a.do("POST", partners, object{"tenantId": ids["b"], "automaticUserConsentSettings": object{"outboundAllowed": true}}, 201)
	x.b.do("POST", partners, object{"tenantId": ids["a"], "automaticUserConsentSettings": object{"inboundAllowed": true}}, 201)
	x.b.do("PUT", partners+"/"+ids["a"]+"/identitySynchronization", object{"userSyncInbound": object{"isSyncAllowed": true}}, 204)
}

const policyCheck = "AzureActiveDirectoryCrossTenantSyncPolicyCheckFailure"

var syncRules = []setupRule{
	{"sync.templates", "4.1", func(x *setup) {
		sp, _, _ := instantiated(x)
		got := x.a.get("/servicePrincipals/" + sp + "/synchronization/templates")
		row := got.value()[0]
		meta := fmt.Sprint(row["metadata"])
		x.expect(row["id"] == "Azure2Azure" && row["factoryTag"] == "Azure2Azure" && strings.Contains(strings.ToLower(meta), "galleryapplicationkey") && strings.Contains(meta, "aad2aadsync"), got)
	}},
	{"sync.validate-204", "4.1", func(x *setup) {
		allowed(x)
		base, job := synced(x)
		x.a.do("POST", base+"/jobs/validateCredentials", credentials(ids["b"]), 204)
		x.a.do("POST", base+"/jobs/"+job+"/validateCredentials", credentials(ids["b"]), 204)
	}},
	{"sync.validate-source-consent", "4.3", func(x *setup) {
		allowed(x)
		x.a.do("PATCH", partners+"/"+ids["b"], object{"automaticUserConsentSettings": object{"outboundAllowed": false}}, 204)
		base, _ := synced(x)
		got := x.refused(x.a, "POST", base+"/jobs/validateCredentials", credentials(ids["b"]), 400, policyCheck)
		x.expect(strings.Contains(string(got.raw), "source company"), got)
	}},
	{"sync.validate-target-inbound", "4.3", func(x *setup) {
		allowed(x)
		x.b.do("PATCH", partners+"/"+ids["a"]+"/identitySynchronization", object{"userSyncInbound": object{"isSyncAllowed": false}}, 204)
		base, _ := synced(x)
		got := x.refused(x.a, "POST", base+"/jobs/validateCredentials", credentials(ids["b"]), 400, policyCheck)
		x.expect(strings.Contains(string(got.raw), "inbound synchronization"), got)
	}},
	{"sync.validate-target-consent", "4.3, 2.4", func(x *setup) {
		allowed(x)
		x.b.do("PATCH", partners+"/"+ids["a"], object{"automaticUserConsentSettings": object{"inboundAllowed": nil}}, 204) // null inherits false
		base, _ := synced(x)
		x.refused(x.a, "POST", base+"/jobs/validateCredentials", credentials(ids["b"]), 400, policyCheck)
	}},
	{"sync.validate-tenant-of-another-cloud", "4.3", func(x *setup) {
		base, _ := synced(x)
		x.refused(x.a, "POST", base+"/jobs/validateCredentials", credentials("d0000000-0000-4000-8000-000000000000"), 400, "ExternalTenantNotFound")
	}},
	{"sync.validate-saved-credentials", "4.1", func(x *setup) {
		allowed(x)
		base, job := synced(x)
		x.a.do("PUT", base+"/secrets", object{"value": credentials(ids["b"])["credentials"]}, 204)
		x.a.do("POST", base+"/jobs/"+job+"/validateCredentials", object{"useSavedCredentials": true}, 204)
	}},
	{"sync.job-201-as-documented", "4.4", func(x *setup) {
		sp, _, _ := instantiated(x)
		got := x.a.do("POST", "/servicePrincipals/"+sp+"/synchronization/jobs", object{"templateId": "Azure2Azure"}, 201)
		prefix := "Azure2Azure." + strings.ReplaceAll(ids["a"], "-", "") + "."
		x.expect(strings.HasPrefix(got.text("id"), prefix) && at(got.body, "schedule", "interval") == "PT40M" && at(got.body, "schedule", "state") == "Disabled" && at(got.body, "schedule", "expiration") == nil &&
			at(got.body, "status", "code") == "Paused" && at(got.body, "status", "lastExecution") == nil && at(got.body, "status", "quarantine") == nil &&
			at(got.body, "status", "steadyStateFirstAchievedTime") == "0001-01-01T00:00:00Z" && at(got.body, "synchronizationJobSettings", 0, "name") == "AzureIngestionAttributeOptimization" &&
			at(got.body, "synchronizationJobSettings", 1, "name") == "LookaheadQueryEnabled", got)
		list := x.a.get("/servicePrincipals/" + sp + "/synchronization/jobs")
		x.expect(len(list.value()) == 1 && list.value()[0]["id"] == got.text("id"), list)
	}},
	{"sync.job-unknown-template-400", "4.1", func(x *setup) {
		sp, _, _ := instantiated(x)
		x.a.do("POST", "/servicePrincipals/"+sp+"/synchronization/jobs", object{"templateId": "Nonsense"}, 400)
	}},
	{"sync.job-started-is-not-run", "4.4, 10.11", func(x *setup) {
		base, job := synced(x)
		x.a.do("POST", base+"/jobs/"+job+"/start", nil, 204)
		got := x.a.get(base + "/jobs/" + job)
		if at(got.body, "status", "code") == "NotRun" { // the first cycle may have ended already: the credentials are missing
			x.expect(at(got.body, "status", "lastExecution", "state") == "Failed" && at(got.body, "status", "lastExecution", "error", "code") == "None", got)
		}
		x.expect(at(got.body, "schedule", "state") == "Active", got)
	}},
	{"sync.job-pause-and-resume", "4.4", func(x *setup) {
		sp, job := share(x.t, x.sim, "a", "b")
		base := "/servicePrincipals/" + sp + "/synchronization/jobs/" + job
		x.advance(41 * time.Minute)
		x.a.do("POST", base+"/pause", nil, 204)
		got := x.a.get(base)
		x.expect(at(got.body, "schedule", "state") == "Paused" && at(got.body, "status", "code") == "Paused", got)
		x.a.do("POST", base+"/start", nil, 204)
		x.advance(time.Minute)
		got = x.a.get(base)
		x.expect(at(got.body, "status", "code") == "Active" && at(got.body, "status", "lastExecution", "state") == "Succeeded", got)
	}},
	{"sync.job-restart-scopes", "4.4", func(x *setup) {
		base, job := synced(x)
		for _, scope := range []string{"", "Watermark", "Escrows", "QuarantineState", "Full", "ForceDeletes", "Watermark, Escrows, QuarantineState", "None", "ConnectorDataStore"} {
			x.a.do("POST", base+"/jobs/"+job+"/restart", object{"criteria": object{"resetScope": scope}}, 204)
		}
		x.a.do("POST", base+"/jobs/"+job+"/restart", nil, 204)
		x.a.do("POST", base+"/jobs/"+job+"/restart", object{"criteria": object{"resetScope": "Everything"}}, 400)
	}},
	{"sync.job-delete-204", "4.1", func(x *setup) {
		base, job := synced(x)
		x.a.do("DELETE", base+"/jobs/"+job, nil, 204)
		x.refused(x.a, "GET", base+"/jobs/"+job, nil, 404, "Request_ResourceNotFound")
	}},
	{"sync.no-stop-no-patch", "0.3, 4.1", func(x *setup) {
		base, job := synced(x)
		x.a.do("POST", base+"/jobs/"+job+"/stop", nil, 400)
		x.a.do("PATCH", base+"/jobs/"+job, object{}, 405)
		x.a.do("PATCH", base+"/jobs/"+job+"/schema", object{}, 405)
	}},
	{"sync.secrets-replace", "4.5", func(x *setup) {
		base, _ := synced(x)
		full := []object{{"key": "AuthenticationType", "value": "SyncPolicy"}, {"key": "CompanyId", "value": ids["b"]}, {"key": "SyncAll", "value": "false"},
			{"key": "SyncNotificationSettings", "value": `{"Enabled":false,"DeleteThresholdEnabled":false,"HumanResourcesLookaheadQueryEnabled":false}`}}
		x.a.do("PUT", base+"/secrets", object{"value": full}, 204)
		got := x.a.get(base + "/secrets")
		x.expect(len(got.value()) == 4, got)
		x.a.do("PUT", base+"/secrets", object{"value": full[:2]}, 204)
		got = x.a.get(base + "/secrets")
		x.expect(len(got.value()) == 2 && got.value()[1]["value"] == ids["b"], got)
	}},
	{"sync.secrets-empty-value-removes", "sign-in 13", func(x *setup) {
		base, _ := synced(x)
		x.a.do("PUT", base+"/secrets", object{"value": []object{{"key": "CompanyId", "value": ids["b"]}, {"key": "SyncAll", "value": ""}}}, 204)
		got := x.a.get(base + "/secrets")
		x.expect(len(got.value()) == 1, got)
	}},
	{"sync.secrets-masked", "4.1", func(x *setup) {
		base, _ := synced(x)
		x.a.do("PUT", base+"/secrets", object{"value": []object{{"key": "ClientSecret", "value": "hush"}, {"key": "SkipOutOfScopeDeletions", "value": "True"}}}, 204)
		got := x.a.get(base + "/secrets")
		x.expect(got.value()[0]["value"] == "*" && got.value()[1]["value"] == "True", got)
	}},
	{"sync.secrets-closed-list", "4.5", func(x *setup) {
		base, _ := synced(x)
		x.a.do("PUT", base+"/secrets", object{"value": []object{{"key": "Nonsense", "value": "x"}}}, 400)
	}},
	{"sync.no-permission-is-401-unknown-error", "4.2, 10.8", func(x *setup) {
		base, _ := synced(x)
		c := x.without("Synchronization.ReadWrite.All", "Synchronization.Read.All", "Application.ReadWrite.OwnedBy")
		for method, path := range map[string]string{"GET": base + "/jobs", "POST": base + "/jobs", "PUT": base + "/secrets"} {
			got := x.refused(c, method, path, object{}, 401, "UnknownError")
			x.expect(at(got.body, "error", "message") == "", got)
		}
	}},
	{"sync.read-permission-does-not-write", "4.2", func(x *setup) {
		base, _ := synced(x)
		c := x.without("Synchronization.ReadWrite.All", "Application.ReadWrite.OwnedBy")
		c.get(base + "/jobs")
		x.refused(c, "POST", base+"/jobs", object{"templateId": "Azure2Azure"}, 401, "UnknownError")
	}},
	{"sync.owned-by-needs-the-principal", "4.2, 10.9", func(x *setup) {
		x.joins("a", "b") // the admin center's configuration is owned by nobody
		foreign := x.a.get("/servicePrincipals?$filter=displayName eq 'MTO_Sync_" + ids["b"] + "'").value()[0]["id"].(string)
		base, job := synced(x)
		c := x.without("Synchronization.ReadWrite.All", "Synchronization.Read.All", "Application.ReadWrite.All", "Directory.ReadWrite.All")
		c.get(base + "/jobs/" + job)
		c.do("POST", base+"/jobs/"+job+"/pause", nil, 204)
		x.refused(c, "GET", "/servicePrincipals/"+foreign+"/synchronization/jobs", nil, 401, "UnknownError")
		x.refused(c, "DELETE", "/servicePrincipals/"+foreign, nil, 403, "Authorization_RequestDenied")
	}},
	{"sync.on-demand-both-forms", "4.6, 10.21", func(x *setup) {
		sp, job := share(x.t, x.sim, "a", "b")
		base := "/servicePrincipals/" + sp + "/synchronization/jobs/" + job
		rule := at(x.a.get(base+"/schema").body, "synchronizationRules", 0, "id")
		annie := x.a.get("/users/annie@a.example").text("id")
		body := object{"parameters": []object{{"ruleId": rule, "subjects": []object{{"objectId": annie, "objectTypeName": "User"}}}}}
		got := x.a.do("POST", base+"/provisionOnDemand", body, 200)
		var entries []object
		x.expect(json.Unmarshal([]byte(got.text("value")), &entries) == nil && got.text("key") == "Microsoft.Identity.Health.CPP.Common.DataContracts.SyncFabric.StatusInfo" &&
			strings.Contains(got.text("@odata.context"), "stringKeyStringValuePair"), got)
		for _, name := range []string{"action", "changeId", "modifiedProperties", "provisioningSteps", "sourceIdentity", "targetIdentity", "statusInfo", "reportableIdentifier"} {
			if _, there := entries[0][name]; !there {
				x.t.Errorf("the entry has no %s", name)
			}
		}
	}},
	{"sync.on-demand-refusals", "4.6", func(x *setup) {
		base, job := synced(x)
		pod := base + "/jobs/" + job + "/provisionOnDemand"
		x.a.do("POST", pod, object{"parameters": []object{{"ruleId": "nonsense", "subjects": []object{{"objectId": ids["a"], "objectTypeName": "User"}}}}}, 400)
		x.a.do("POST", pod, object{"parameters": []object{}}, 400)
	}},
	{"sync.works-on-a-paused-job", "4.6", func(x *setup) {
		sp, job := share(x.t, x.sim, "a", "b")
		base := "/servicePrincipals/" + sp + "/synchronization/jobs/" + job
		x.a.do("POST", base+"/pause", nil, 204)
		rule := at(x.a.get(base+"/schema").body, "synchronizationRules", 0, "id")
		annie := x.a.get("/users/annie@a.example").text("id")
		x.a.do("POST", base+"/provisionOnDemand", object{"parameters": []object{{"ruleId": rule, "subjects": []object{{"objectId": annie, "objectTypeName": "User"}}}}}, 200)
		got := x.b.get("/users?$filter=mail eq 'annie@a.example'")
		x.expect(len(got.value()) == 1, got)
	}},
}

var schemaRules = []setupRule{
	{"schema.get", "4.7", func(x *setup) {
		base, job := synced(x)
		got := x.a.get(base + "/jobs/" + job + "/schema")
		rule := at(got.body, "synchronizationRules", 0)
		x.expect(got.text("id") != "" && got.text("version") != "" && at(rule, "name") == "USER_INBOUND_USER" && at(rule, "editable") == true && at(rule, "priority") != nil && at(rule, "id") != nil, got)
		var user any
		mappings, _ := at(rule, "objectMappings").([]any)
		for _, m := range mappings {
			if at(m, "targetObjectName") == "User" && at(m, "sourceObjectName") == "User" {
				user = m
			}
		}
		x.expect(at(user, "flowTypes") == "Add, Update, Delete" && at(user, "sourceObjectName") == "User", got)
		byTarget := map[any]any{}
		list, _ := at(user, "attributeMappings").([]any)
		for _, m := range list {
			byTarget[at(m, "targetAttributeName")] = m
		}
		x.expect(at(byTarget["alternativeSecurityIds"], "matchingPriority") == 1.0 && at(byTarget["userType"], "source", "expression") == `"Member"` && at(byTarget["userType"], "flowType") == "ObjectAddOnly" &&
			byTarget["showInAddressList"] != nil && byTarget["manager"] != nil && byTarget["userPrincipalName"] != nil, got)
	}},
	{"schema.group-mapping-is-off", "4.7", func(x *setup) {
		base, job := synced(x)
		got := x.a.get(base + "/jobs/" + job + "/schema")
		found := false
		rules, _ := got.body["synchronizationRules"].([]any)
		for _, r := range rules {
			mappings, _ := at(r, "objectMappings").([]any)
			for _, m := range mappings {
				if at(m, "targetObjectName") == "Group" {
					found = true
					x.expect(at(m, "enabled") == false, got)
				}
			}
		}
		x.expect(found, got)
	}},
	{"schema.put-204-keeps-what-it-is-given", "4.7", func(x *setup) {
		base, job := synced(x)
		path := base + "/jobs/" + job + "/schema"
		edited := strings.Replace(string(x.a.get(path).raw), `"Add, Update, Delete"`, `"Add, Update"`, 1)
		x.a.do("PUT", path, edited, 204)
		got := x.a.get(path)
		x.expect(strings.Contains(string(got.raw), `"Add, Update"`), got)
	}},
	{"schema.delete-204-is-the-template-again", "4.1", func(x *setup) {
		base, job := synced(x)
		path := base + "/jobs/" + job + "/schema"
		before := x.a.get(path)
		x.a.do("PUT", path, strings.Replace(string(before.raw), `"Add, Update, Delete"`, `"Add"`, 1), 204)
		x.a.do("DELETE", path, nil, 204)
		got := x.a.get(path)
		x.expect(string(got.raw) == string(before.raw), got)
	}},
	{"schema.match-key-is-locked", "4.7", func(x *setup) {
		base, job := synced(x)
		path := base + "/jobs/" + job + "/schema"
		broken := strings.Replace(string(x.a.get(path).raw), `"matchingPriority":1`, `"matchingPriority":0`, 1)
		x.refused(x.a, "PUT", path, strings.Replace(broken, `"matchingPriority": 1`, `"matchingPriority": 0`, 1), 400, "schemaInvalid")
	}},
	{"schema.filter-operators-and-functions", "4.1, 4.7", func(x *setup) {
		base, job := synced(x)
		path := base + "/jobs/" + job + "/schema"
		for _, form := range []string{"filterOperators", "filterOperators()"} {
			names := column(x.a.get(path+"/"+form).value(), "id")
			for _, want := range []string{"EQUALS", "NOT EQUALS", "IS TRUE", "IS FALSE", "IS NULL", "IS NOT NULL", "REGEX MATCH", "NOT REGEX MATCH"} {
				if !slices.Contains(names, want) {
					x.t.Errorf("%s lacks %q: %v", form, want, names)
				}
			}
		}
		got := x.a.get(path + "/functions()")
		x.expect(slices.Contains(column(got.value(), "name"), "AltSecIdFromNetId") || len(got.value()) > 5, got)
	}},
	{"schema.parse-expression", "4.1", func(x *setup) {
		base, job := synced(x)
		path := base + "/jobs/" + job + "/schema/parseExpression"
		got := x.a.do("POST", path, object{"expression": `Join("-", [a], "x")`, "testInputObject": object{"properties": []object{{"key": "a", "value": "A"}}}}, 200)
		x.expect(got.body["parsingSucceeded"] == true && got.body["evaluationSucceeded"] == true && at(got.body, "evaluationResult", 0) == "A-x", got)
		got = x.a.do("POST", path, object{"expression": `Join(`}, 200)
		x.expect(got.body["parsingSucceeded"] == false && at(got.body, "error", "message") != nil, got)
	}},
	{"schema.directories-and-discover", "4.1, 4.2", func(x *setup) {
		base, job := synced(x)
		path := base + "/jobs/" + job + "/schema/directories"
		list := x.a.get(path)
		id, _ := list.value()[0]["id"].(string)
		got := x.a.do("POST", path+"/"+id+"/discover", nil, 200)
		x.expect(got.text("id") == id && len(at(got.body, "objects").([]any)) > 0, got)
		x.a.do("POST", path+"/nonsense/discover", nil, 404)
	}},
	{"wire.error-shape-and-headers", "0.1", func(x *setup) {
		got := x.a.do("GET", "/users/nobody@a.example", nil, 404)
		inner := at(got.body, "error", "innerError")
		x.expect(got.code() == "Request_ResourceNotFound" && at(got.body, "error", "message") != "" && len(at(inner, "date").(string)) == 19 &&
			at(inner, "request-id") == got.header.Get("request-id") && at(inner, "client-request-id") == got.header.Get("client-request-id"), got)
	}},
	{"wire.gzip-and-415", "0.2", func(x *setup) {
		x.set("no-gzip", "true")
		c := &caller{sim: x.sim, token: x.a.token, header: http.Header{"Content-Encoding": {"gzip"}}}
		c.do("PATCH", "/users/annie@a.example", "not really gzip", 415)
	}},
	{"wire.never-is-year-one", "0.1", func(x *setup) {
		base, job := synced(x)
		got := x.a.get(base + "/jobs/" + job)
		x.expect(at(got.body, "status", "steadyStateLastAchievedTime") == "0001-01-01T00:00:00Z", got)
	}},
}
