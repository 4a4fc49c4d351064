package entrasim_test

const em = "/identityGovernance/entitlementManagement"

func guestsMFA() object {
	return object{"displayName": "Guests MFA", "state": "enabledForReportingButNotEnforced",
		"conditions": object{"clientAppTypes": []string{"all"}, "applications": object{"includeApplications": []string{"All"}},
			"users": object{"includeGuestsOrExternalUsers": object{"guestOrExternalUserTypes": "b2bCollaborationGuest,b2bCollaborationMember,otherExternalUser",
				"externalTenants": object{"@odata.type": "#microsoft.graph.conditionalAccessEnumeratedExternalTenants", "membershipKind": "enumerated", "members": []string{ids["b"]}}}}},
		"grantControls": object{"operator": "OR", "builtInControls": []string{"mfa"}}}
}

func review() object {
	return object{"displayName": "Quarterly guests", "descriptionForAdmins": "a", "descriptionForReviewers": "r",
		"scope": object{"@odata.type": "#microsoft.graph.accessReviewQueryScope", "query": "/groups/x/transitiveMembers", "queryType": "MicrosoftGraph"}}
}

var governanceRules = []setupRule{
	{"conditional-access.crud", "7.4", func(x *setup) {
		const base = "/identity/conditionalAccess/policies"
		got := x.a.do("POST", base, guestsMFA(), 201)
		x.expect(got.text("id") != "" && got.text("createdDateTime") != "" && at(got.body, "conditions", "users", "includeGuestsOrExternalUsers", "guestOrExternalUserTypes") != nil, got)
		one := base + "/" + got.text("id")
		x.a.do("PATCH", one, object{"state": "enabled"}, 204)
		got = x.a.get(base + "?$filter=displayName eq 'Guests MFA'")
		x.expect(len(got.value()) == 1 && got.value()[0]["state"] == "enabled", got)
		x.refused(x.a, "PATCH", one, object{"state": "sometimes"}, 400, "Request_BadRequest")
		x.refused(x.a, "POST", base, object{"displayName": "x"}, 400, "Request_BadRequest")
		x.a.do("DELETE", one, nil, 204)
		x.a.do("GET", one, nil, 404)
		c := x.without("Policy.ReadWrite.ConditionalAccess")
		x.refused(c, "POST", base, guestsMFA(), 403, "Authorization_RequestDenied")
	}},
	{"access-review.crud-and-stop", "7.2", func(x *setup) {
		const base = "/identityGovernance/accessReviews/definitions"
		got := x.a.do("POST", base, review(), 201)
		x.expect(got.text("status") == "NotStarted" && at(got.body, "scope", "queryType") == "MicrosoftGraph", got)
		one := base + "/" + got.text("id")
		x.a.get(one + "/instances")
		x.a.do("PUT", one, review(), 204)
		x.a.do("POST", one+"/stop", nil, 204)
		got = x.a.get(one)
		x.expect(got.text("status") == "Completed", got)
		x.refused(x.a, "POST", base, object{"displayName": "x"}, 400, "Request_BadRequest")
		x.a.do("DELETE", one, nil, 204)
		c := x.without("AccessReview.ReadWrite.All")
		x.refused(c, "POST", base, review(), 403, "Authorization_RequestDenied")
	}},
	{"entitlement.chain-of-an-expiring-link", "7.3", func(x *setup) {
		made := func(path string, body object) string {
			x.t.Helper()
			return x.a.do("POST", em+path, body, 201).text("id")
		}
		org := made("/connectedOrganizations", object{"displayName": "B", "description": "d", "state": "configured",
			"identitySources": []object{{"@odata.type": "#microsoft.graph.azureActiveDirectoryTenant", "displayName": "B", "tenantId": ids["b"]}}})
		catalog := made("/catalogs", object{"displayName": "C", "description": "d", "state": "published", "isExternallyVisible": true})
		made("/resourceRequests", object{"requestType": "adminAdd", "resource": object{"originId": group(x, "Collaboration"), "originSystem": "AadGroup"}, "catalog": object{"id": catalog}})
		pack := made("/accessPackages", object{"displayName": "P", "description": "d", "catalog": object{"id": catalog}})
		policy := made("/assignmentPolicies", object{"displayName": "Thirty days", "description": "d", "allowedTargetScope": "specificConnectedOrganizationUsers",
			"specificAllowedTargets": []object{{"@odata.type": "#microsoft.graph.connectedOrganizationMembers", "connectedOrganizationId": org}},
			"expiration":             object{"type": "afterDuration", "duration": "P30D"}, "accessPackage": object{"id": pack}})
		made("/assignmentRequests", object{"requestType": "adminAdd", "assignment": object{"target": object{"email": "x@b.example"}, "assignmentPolicyId": policy, "accessPackageId": pack}})
		got := x.a.get(em + "/assignmentPolicies/" + policy)
		x.expect(at(got.body, "expiration", "duration") == "P30D" && got.body["accessPackage"] == nil, got)
		x.a.do("DELETE", em+"/accessPackages/"+pack, nil, 204)
		c := x.without("EntitlementManagement.ReadWrite.All")
		x.refused(c, "POST", em+"/catalogs", object{"displayName": "x"}, 403, "Authorization_RequestDenied")
	}},
	{"entitlement.settings", "7.3", func(x *setup) {
		x.a.do("PATCH", em+"/settings", object{"externalUserLifecycleAction": "blockSignIn", "durationUntilExternalUserDeletedAfterBlocked": "P60D"}, 204)
		got := x.a.get(em + "/settings")
		x.expect(got.text("externalUserLifecycleAction") == "blockSignIn" && got.text("durationUntilExternalUserDeletedAfterBlocked") == "P60D", got)
		x.refused(x.a, "PATCH", em+"/settings", object{"externalUserLifecycleAction": "nothing"}, 400, "Request_BadRequest")
	}},
}

func conversationMember(user string, roles ...string) object {
	if roles == nil {
		roles = []string{}
	}
	return object{"@odata.type": "#microsoft.graph.aadUserConversationMember", "roles": roles, "user@odata.bind": "https://graph.microsoft.com/v1.0/users('" + user + "')"}
}

var teamsRules = []setupRule{
	{"team.add-201-and-list", "7.1", func(x *setup) {
		base := "/teams/" + group(x, "Unified") + "/members"
		annie := x.a.get("/users/annie@a.example").text("id")
		got := x.a.do("POST", base, conversationMember(annie, "owner"), 201)
		x.expect(got.text("@odata.type") == "#microsoft.graph.aadUserConversationMember" && got.text("userId") == annie && at(got.body, "roles", 0) == "owner" && got.text("id") != "", got)
		guest, _ := invited(x, x.a, invitation("new@elsewhere.example"))
		x.a.do("POST", base, conversationMember(guest), 201)
		x.a.do("POST", base, conversationMember(guest, "owner"), 400) // a guest cannot own
		list := x.a.get(base)
		x.expect(len(list.value()) == 2 && at(list.value()[1], "roles", 0) == "guest", list)
		one := base + "/" + got.text("id")
		got = x.a.do("PATCH", one, object{"@odata.type": "#microsoft.graph.aadUserConversationMember", "roles": []string{}}, 200)
		x.expect(len(got.body["roles"].([]any)) == 0, got)
		x.a.do("DELETE", one, nil, 204)
		x.a.do("GET", one, nil, 404)
	}},
	{"team.bulk-200-and-207", "7.1", func(x *setup) {
		base := "/teams/" + group(x, "Unified") + "/members"
		annie := x.a.get("/users/annie@a.example").text("id")
		got := x.a.do("POST", base+"/add", object{"values": []object{conversationMember(annie)}}, 200)
		x.expect(at(got.value()[0], "userId") == annie && at(got.value()[0], "error") == nil && at(got.value()[0], "@odata.type") == "#microsoft.graph.aadUserConversationMemberResult", got)
		got = x.a.do("POST", base+"/add", object{"values": []object{conversationMember(annie), conversationMember(ids["c"])}}, 207)
		x.expect(at(got.value()[0], "error") == nil && at(got.value()[1], "error", "code") != nil, got)
		x.a.do("POST", base+"/remove", object{"values": []object{conversationMember(annie)}}, 200)
		x.expect(len(x.a.get(base).value()) == 0, got)
	}},
	{"team.unknown-user-and-team-404", "7.1", func(x *setup) {
		x.a.do("POST", "/teams/"+group(x, "Unified")+"/members", conversationMember(ids["b"]), 404)
		x.a.do("GET", "/teams/"+group(x, "Collaboration")+"/members", nil, 404) // a security group is no team
	}},
	{"team.permissions", "7.1", func(x *setup) {
		base := "/teams/" + group(x, "Unified") + "/members"
		annie := x.a.get("/users/annie@a.example").text("id")
		c := x.without("TeamMember.ReadWrite.All")
		c.do("POST", base, conversationMember(annie), 201)
		c.do("POST", base, conversationMember(annie, "owner"), 403)
		x.refused(c, "POST", base+"/remove", object{"values": []object{conversationMember(annie)}}, 403, "Authorization_RequestDenied")
		c = x.without("TeamMember.ReadWriteNonOwnerRole.All")
		x.refused(c, "POST", base, conversationMember(annie), 403, "Authorization_RequestDenied")
	}},
}
