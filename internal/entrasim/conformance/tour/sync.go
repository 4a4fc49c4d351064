package tour

import "time"

// share sets a synchronization from a to b up; it leaves the ids in d.
func (d *driver) synchronization() {
	d.as("b", func() {
		d.do("POST", policy+"/partners", object{"tenantId": ids["a"], "automaticUserConsentSettings": object{"inboundAllowed": true}}, 201)
		d.do("PUT", policy+"/partners/"+ids["a"]+"/identitySynchronization", object{"userSyncInbound": object{"isSyncAllowed": true}}, 204)
	})
	d.do("POST", policy+"/partners", object{"tenantId": ids["b"], "automaticUserConsentSettings": object{"outboundAllowed": true}}, 201)
	made := d.do("POST", "/applicationTemplates/"+template+"/instantiate", object{"displayName": "xts-b"}, 201)
	principal, _ := made["servicePrincipal"].(object)
	base := "/servicePrincipals/" + text(principal, "id") + "/synchronization"
	credentials := object{"templateId": "Azure2Azure", "useSavedCredentials": false, "credentials": []object{
		{"key": "CompanyId", "value": ids["b"]}, {"key": "AuthenticationType", "value": "SyncPolicy"}}}
	d.get(base + "/templates")
	d.get(base + "/jobs")
	d.get(base + "/secrets")
	d.do("POST", base+"/jobs/validateCredentials", credentials, 204)
	job := base + "/jobs/" + text(d.do("POST", base+"/jobs", object{"templateId": "Azure2Azure"}, 201), "id")
	d.do("POST", job+"/validateCredentials", credentials, 204)
	d.do("PUT", base+"/secrets", object{"value": []object{{"key": "AuthenticationType", "value": "SyncPolicy"},
		{"key": "CompanyId", "value": ids["b"]}, {"key": "SyncAll", "value": "false"}}}, 204)
	roles, _ := principal["appRoles"].([]any)
	if len(roles) > 0 {
		d.do("POST", "/servicePrincipals/"+text(principal, "id")+"/appRoleAssignedTo", object{"principalId": d.group("Collaboration"),
			"resourceId": text(principal, "id"), "appRoleId": roles[0].(object)["id"]}, 201)
	}
	d.get(base + "/secrets")
	d.get(base + "/jobs")
	d.get(job)
}

// job is the path of the tour's synchronization job.
func (d *driver) job() string {
	sp := d.first("/servicePrincipals?$filter=displayName eq 'xts-b'&$select=id", "id")
	return "/servicePrincipals/" + sp + "/synchronization/jobs/" + d.first("/servicePrincipals/"+sp+"/synchronization/jobs", "id")
}

func (d *driver) schema() {
	at := d.job() + "/schema"
	whole := d.get(at)
	delete(whole, "@odata.context")
	d.do("PUT", at, whole, 204)
	d.get(at)
	d.do("DELETE", at, nil, 204)
	for _, directory := range rows(d.get(at + "/directories")) {
		d.do("POST", at+"/directories/"+text(directory, "id")+"/discover", nil, 200)
	}
	d.get(at + "/filterOperators")
	d.get(at + "/functions")
	d.get(at + "/filterOperators()")
	for _, expression := range []string{`Join("-", [givenName], "x")`, `Nonsense(`} {
		d.do("POST", at+"/parseExpression", object{"expression": expression, "targetAttributeDefinition": object{"name": "displayName", "type": "String"},
			"testInputObject": object{"definition": object{"name": "User"}, "properties": []object{{"key": "givenName", "value": "A"}}}}, 200)
	}
}

func (d *driver) engineRuns() {
	job := d.job()
	d.do("POST", job+"/start", nil, 204)
	d.get(job)
	d.advance(41 * time.Minute)
	d.get(job)
	schema := d.get(job + "/schema")
	rules, _ := schema["synchronizationRules"].([]any)
	if len(rules) > 0 {
		d.do("POST", job+"/provisionOnDemand", object{"parameters": []object{{"ruleId": rules[0].(object)["id"],
			"subjects": []object{{"objectId": d.user("annie@a.example"), "objectTypeName": "User"}}}}}, 200)
	}
	d.do("DELETE", "/groups/"+d.group("Collaboration")+"/members/"+d.user("annie@a.example")+"/$ref", nil, 204)
	d.advance(41 * time.Minute)
	for _, path := range []string{"/auditLogs/provisioning", "/auditLogs/provisioning?$top=1", "/auditLogs/directoryAudits", "/auditLogs/signIns",
		"/auditLogs/provisioning?$filter=provisioningAction eq 'create'"} {
		d.get(path)
	}
	d.get("/auditLogs/directoryAudits/" + d.first("/auditLogs/directoryAudits?$top=1", "id"))
	d.as("b", func() {
		d.get("/auditLogs/directoryAudits?$top=5")
		d.get("/users?$filter=creationType eq 'Invitation'&" + everything)
		d.get("/directory/deletedItems/microsoft.graph.user?" + everything)
	})
	d.do("POST", job+"/pause", nil, 204)
	d.get(job)
	d.do("POST", job+"/restart", object{"criteria": object{"resetScope": "Watermark, Escrows, QuarantineState"}}, 204)
	d.do("POST", job+"/pause", nil, 204)
	connection := "/beta" + job + "/objectConnections('" + d.user("annie@a.example") + "')"
	d.do("GET", connection, nil, 200)
	d.do("DELETE", connection, nil, 204)
}

// quarantine breaks the policy of the target, so that the job's failures are seen, and deletes the job at the end.
func (d *driver) quarantine() {
	job := d.job()
	d.do("POST", "/groups/"+d.group("Collaboration")+"/members/$ref", object{"@odata.id": "https://graph.microsoft.com/v1.0/users/" + d.user("annie@a.example")}, 204)
	d.as("b", func() {
		d.do("PATCH", policy+"/partners/"+ids["a"]+"/identitySynchronization", object{"userSyncInbound": object{"isSyncAllowed": false}}, 204)
	})
	d.do("POST", job+"/start", nil, 204)
	d.advance(41 * time.Minute)
	d.get(job)
	d.get("/auditLogs/provisioning")
	d.do("DELETE", job, nil, 204)
}
