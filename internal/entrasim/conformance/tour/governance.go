package tour

// governance visits the objects that are kept and not acted upon.
func (d *driver) governance() {
	const em = "/identityGovernance/entitlementManagement"
	scope := object{"@odata.type": "#microsoft.graph.accessReviewQueryScope", "query": "/groups/x/transitiveMembers", "queryType": "MicrosoftGraph"}
	review := object{"displayName": "Quarterly", "descriptionForAdmins": "a", "descriptionForReviewers": "r", "scope": scope}
	link := object{"id": ids["a"]}
	for _, step := range []struct {
		path   string
		body   object
		method string // that changes it
	}{
		{"/identity/conditionalAccess/policies", object{"displayName": "Guests", "state": "disabled", "conditions": object{"clientAppTypes": []string{"all"},
			"applications": object{"includeApplications": []string{"All"}}, "users": object{"includeUsers": []string{"None"}}},
			"grantControls": object{"operator": "OR", "builtInControls": []string{"mfa"}}}, "PATCH"},
		{"/identityGovernance/accessReviews/definitions", review, "PUT"},
		{em + "/connectedOrganizations", object{"displayName": "B", "state": "configured"}, "PATCH"},
		{em + "/catalogs", object{"displayName": "C", "state": "published", "isExternallyVisible": true}, "PATCH"},
		{em + "/resourceRequests", object{"requestType": "adminAdd", "resource": object{"originSystem": "AadGroup"}, "catalog": link}, "PATCH"},
		{em + "/accessPackages", object{"displayName": "P", "catalog": link}, "PATCH"},
		{em + "/assignmentPolicies", object{"displayName": "A", "allowedTargetScope": "specificConnectedOrganizationUsers", "accessPackage": link}, "PUT"},
		{em + "/assignmentRequests", object{"requestType": "adminAdd", "assignment": object{}}, "PATCH"},
	} {
		one := step.path + "/" + text(d.do("POST", step.path, step.body, 201), "id")
		d.get(step.path)
		d.get(one)
		d.do(step.method, one, object{}, 204)
		if contains(step.path, "accessReviews") {
			d.get(one + "/instances")
			d.do("POST", one+"/stop", nil, 204)
		}
		d.do("DELETE", one, nil, 204)
	}
	d.get(em + "/settings")
	d.do("PATCH", em+"/settings", object{"externalUserLifecycleAction": "blockSignIn"}, 204)
}

// teams visits the members of a team.
func (d *driver) teams() {
	base := "/teams/" + d.first("/groups?$filter=displayName eq 'Unified'", "id") + "/members"
	annie := text(d.get("/users/annie@a.example"), "id")
	member := object{"@odata.type": "#microsoft.graph.aadUserConversationMember", "roles": []string{}, "user@odata.bind": "https://graph.microsoft.com/v1.0/users('" + annie + "')"}
	one := base + "/" + text(d.do("POST", base, member, 201), "id")
	d.get(base)
	d.get(one)
	d.do("PATCH", one, object{"roles": []string{"owner"}}, 200)
	d.do("DELETE", one, nil, 204)
	d.do("POST", base+"/add", object{"values": []object{member}}, 200)
	d.do("POST", base+"/remove", object{"values": []object{member}}, 200)
}
