package tour

const template = "518e5f48-1fc8-4c48-9387-9fdf28b0dfe7"

func (d *driver) applications() {
	made := d.do("POST", "/applications", object{"displayName": "Tour app", "signInAudience": "AzureADMyOrg", "tags": []string{"x"}}, 201)
	app, appID := text(made, "id"), text(made, "appId")
	d.do("PATCH", "/applications/"+app, object{"notes": "y"}, 204)
	principal := d.do("POST", "/servicePrincipals", object{"appId": appID}, 201)
	sp := text(principal, "id")
	d.do("PATCH", "/servicePrincipals/"+sp, object{"notes": "z"}, 204)
	owner := object{"@odata.id": "https://graph.microsoft.com/v1.0/directoryObjects/" + d.user("annie@a.example")}
	for _, at := range []string{"/applications/" + app, "/servicePrincipals/" + sp} {
		d.do("POST", at+"/owners/$ref", owner, 204)
		d.get(at + "/owners")
		d.get(at + "/owners/$ref")
		d.get(at + "/owners/" + d.user("annie@a.example") + "/$ref")
		d.do("DELETE", at+"/owners/"+d.user("annie@a.example")+"/$ref", nil, 204)
		secret := d.do("POST", at+"/addPassword", object{"passwordCredential": object{"displayName": "one"}}, 200)
		d.get(at)
		d.do("POST", at+"/removePassword", object{"keyId": secret["keyId"]}, 204)
		d.get(at)
		d.get(at + "?$select=id,appId,displayName,appRoles,tags")
	}
	d.get("/applications/" + app + "?" + every("application"))
	d.get("/servicePrincipals/" + sp + "?" + every("servicePrincipal"))
	d.get("/servicePrincipals/" + sp + "/memberOf")
	d.get("/servicePrincipals/" + sp + "/transitiveMemberOf")
	d.get("/servicePrincipals/" + d.first("/servicePrincipals?$filter=appId eq '"+clientID+"'", "id") + "/ownedObjects")
	for _, path := range []string{"/applications", "/applications?" + every("application"), "/servicePrincipals", "/servicePrincipals?" + every("servicePrincipal"), "/applications?$filter=displayName eq 'Tour app'", "/servicePrincipals(appId='" + appID + "')",
		"/servicePrincipals?$filter=appId eq '" + appID + "'&$select=id,displayName", "/applicationTemplates", "/applicationTemplates/" + template, "/applicationTemplates?" + every("applicationTemplate"), "/directoryObjects/" + sp} {
		d.get(path)
	}
	d.with("ConsistencyLevel", "eventual", func() {
		d.get("/applications/$count")
		d.get("/servicePrincipals/$count")
	})
	d.assignments()
	d.do("DELETE", "/servicePrincipals/"+sp, nil, 204)
	d.do("DELETE", "/applications/"+app, nil, 204)
	d.get("/directory/deletedItems/microsoft.graph.application")
	d.get("/directory/deletedItems/microsoft.graph.servicePrincipal")
	d.do("POST", "/directory/deletedItems/"+app+"/restore", nil, 200)
}

// assignments grants and takes away roles by each of the paths.
func (d *driver) assignments() {
	made := d.do("POST", "/applicationTemplates/"+template+"/instantiate", object{"displayName": "Tour sync"}, 201)
	principal, _ := made["servicePrincipal"].(object)
	sp := text(principal, "id")
	roles, _ := principal["appRoles"].([]any)
	if len(roles) == 0 {
		d.problem("instantiate answers no role: %v", made)
		return
	}
	role := roles[0].(object)["id"]
	user, group, another := d.user("annie@a.example"), d.group("Collaboration"), d.user("user000040@a.example")
	assign := func(path, principal string) {
		o := d.do("POST", path, object{"principalId": principal, "resourceId": sp, "appRoleId": role}, 201)
		d.get(path)
		d.get(path + "?" + every("appRoleAssignment"))
		d.do("DELETE", path+"/"+text(o, "id"), nil, 204)
	}
	assign("/servicePrincipals/"+sp+"/appRoleAssignedTo", group)
	assign("/users/"+user+"/appRoleAssignments", user)
	assign("/groups/"+group+"/appRoleAssignments", group)
	assign("/servicePrincipals/"+sp+"/appRoleAssignedTo", another)
	graph := d.first("/servicePrincipals?$filter=appId eq '00000003-0000-0000-c000-000000000000'", "id")
	mine := d.first("/servicePrincipals?$filter=appId eq '"+clientID+"'", "id")
	held := rows(d.get("/servicePrincipals/" + mine + "/appRoleAssignments"))
	d.get("/servicePrincipals/" + graph + "/appRoleAssignedTo")
	for _, h := range held {
		if h["resourceId"] == graph {
			d.do("DELETE", "/servicePrincipals/"+mine+"/appRoleAssignments/"+text(h, "id"), nil, 204)
			d.do("POST", "/servicePrincipals/"+mine+"/appRoleAssignments", object{"principalId": mine, "resourceId": graph, "appRoleId": h["appRoleId"]}, 201)
			return
		}
	}
	d.problem("the tour's registration holds no role of Graph: %v", held)
}
