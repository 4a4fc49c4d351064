package entrasim_test

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"entente.dev/entente/internal/entrasim/simclient"
)

func invitation(address string) object {
	return object{"invitedUserEmailAddress": address, "inviteRedirectUrl": "https://x.example"}
}

func invited(x *setup, c *caller, body object) (id string, got *answer) {
	x.t.Helper()
	got = c.do("POST", "/invitations", body, 201)
	id, _ = at(got.body, "invitedUser", "id").(string)
	return id, got
}

var inviteRules = []setupRule{
	{"invite.201", "5", func(x *setup) {
		_, got := invited(x, x.a, invitation("new@elsewhere.example"))
		x.expect(got.text("status") == "PendingAcceptance" && got.text("inviteRedeemUrl") != "" && got.text("invitedUserType") == "Guest" && got.body["sendInvitationMessage"] == false &&
			got.body["resetRedemption"] == false && got.text("id") != "", got)
	}},
	{"invite.required-properties", "5", func(x *setup) {
		x.refused(x.a, "POST", "/invitations", object{"invitedUserEmailAddress": "new@elsewhere.example"}, 400, "BadRequest")
		x.refused(x.a, "POST", "/invitations", object{"inviteRedirectUrl": "https://x.example"}, 400, "BadRequest")
	}},
	{"invite.member", "5", func(x *setup) {
		body := invitation("new@elsewhere.example")
		body["invitedUserType"] = "Member"
		id, _ := invited(x, x.a, body)
		got := x.a.get("/users/" + id + "?$select=userType")
		x.expect(got.text("userType") == "Member", got)
		body["invitedUserType"] = "Visitor"
		x.refused(x.a, "POST", "/invitations", body, 400, "BadRequest")
	}},
	{"invite.again-is-the-same-user", "5", func(x *setup) {
		one, _ := invited(x, x.a, invitation("new@elsewhere.example"))
		two, got := invited(x, x.a, invitation("NEW@elsewhere.example"))
		x.expect(one == two, got)
	}},
	{"invite.redeemed-guest-is-completed", "5", func(x *setup) {
		_, got := invited(x, x.c, invitation("bob@b.example"))
		x.expect(got.text("status") == "Completed", got)
	}},
	{"invite.internal-account-400", "5", func(x *setup) {
		annie := x.a.get("/users/annie@a.example").text("id")
		got := x.refused(x.a, "POST", "/invitations", invitation("annie@a.example"), 400, "BadRequest")
		x.expect(strings.Contains(string(got.raw), annie), got)
	}},
	{"invite.blocked-account-400", "5", func(x *setup) {
		id, _ := invited(x, x.a, invitation("new@elsewhere.example"))
		x.a.do("PATCH", "/users/"+id, object{"accountEnabled": false}, 204)
		x.refused(x.a, "POST", "/invitations", invitation("new@elsewhere.example"), 400, "BadRequest")
	}},
	{"invite.address-of-a-group-400", "5", func(x *setup) {
		x.refused(x.a, "POST", "/invitations", invitation("Unified@a.example"), 400, "BadRequest")
	}},
	{"invite.address-of-a-contact-loses-the-proxy", "5", func(x *setup) {
		id, _ := invited(x, x.a, invitation("contact@elsewhere.example"))
		got := x.a.get("/users/" + id + "?$select=proxyAddresses,mail")
		x.expect(len(at(got.body, "proxyAddresses").([]any)) == 0 && got.text("mail") == "contact@elsewhere.example", got)
	}},
	{"invite.setting-none-403", "5, 4.8", func(x *setup) {
		x.a.do("PATCH", "/policies/authorizationPolicy", object{"allowInvitesFrom": "none"}, 204)
		x.refused(x.a, "POST", "/invitations", invitation("new@elsewhere.example"), 403, "Forbidden")
	}},
	{"invite.app-only-refused-when-admins-only", "5, 10.24", func(x *setup) {
		x.a.do("PATCH", "/policies/authorizationPolicy", object{"allowInvitesFrom": "adminsAndGuestInviters"}, 204)
		x.refused(x.a, "POST", "/invitations", invitation("new@elsewhere.example"), 403, "Forbidden")
		x.a.do("PATCH", "/policies/authorizationPolicy", object{"allowInvitesFrom": "adminsGuestInvitersAndAllMembers"}, 204)
		invited(x, x.a, invitation("new@elsewhere.example"))
	}},
	{"invite.blocked-by-access-settings-403", "5", func(x *setup) {
		x.a.do("POST", partners, object{"tenantId": ids["b"], "b2bCollaborationInbound": scopeOf("blocked")}, 201)
		x.refused(x.a, "POST", "/invitations", invitation("bob@b.example"), 403, "Forbidden")
		invited(x, x.a, invitation("charlie@c.example"))
		x.a.do("PATCH", xtap+"/default", object{"b2bCollaborationInbound": scopeOf("blocked")}, 204)
		x.refused(x.a, "POST", "/invitations", invitation("new@elsewhere.example"), 403, "Forbidden")
	}},
	{"invite.app-loses-the-message", "5, 10.24", func(x *setup) {
		body := invitation("new@elsewhere.example")
		body["invitedUserMessageInfo"] = object{"messageLanguage": "en-US", "customizedMessageBody": "Welcome", "ccRecipients": []object{}}
		_, got := invited(x, x.a, body)
		x.expect(at(got.body, "invitedUserMessageInfo", "customizedMessageBody") == nil, got)
		person := x.person("a", "annie@a.example", "https://graph.microsoft.com/User.Invite.All")
		_, got = invited(x, person, body)
		x.expect(at(got.body, "invitedUserMessageInfo", "customizedMessageBody") == "Welcome", got)
	}},
	{"invite.sponsors", "5", func(x *setup) {
		annie := x.a.get("/users/annie@a.example").text("id")
		body := invitation("new@elsewhere.example")
		body["invitedUserSponsors"] = []object{{"id": annie}}
		id, _ := invited(x, x.a, body)
		got := x.a.get("/users/" + id + "/sponsors")
		x.expect(len(got.value()) == 1 && got.value()[0]["id"] == annie, got)
		person := x.person("a", "annie@a.example", "https://graph.microsoft.com/User.Invite.All")
		id, _ = invited(x, person, invitation("other@elsewhere.example"))
		got = x.a.get("/users/" + id + "/sponsors")
		x.expect(len(got.value()) == 1 && got.value()[0]["id"] == annie, got) // the inviter
	}},
	{"invite.permission", "5", func(x *setup) {
		c := x.without("User.Invite.All", "User.ReadWrite.All", "Directory.ReadWrite.All")
		x.refused(c, "POST", "/invitations", invitation("new@elsewhere.example"), 403, "Authorization_RequestDenied")
	}},
	{"reset.keeps-id-and-groups", "5", func(x *setup) {
		bob := x.c.get("/users?$filter=mail eq 'bob@b.example'").value()[0]["id"].(string)
		x.edit(simclient.Edit{Tenant: "c", Action: "group.add", Group: "Collaboration", User: bob})
		body := invitation("bob@b.example")
		body["resetRedemption"], body["invitedUser"] = true, object{"id": bob}
		id, got := invited(x, x.c, body)
		x.expect(id == bob && got.text("status") == "PendingAcceptance" && got.body["resetRedemption"] == true, got)
		user := x.c.get("/users/" + bob + "?$select=externalUserState,identities")
		x.expect(user.text("externalUserState") == "PendingAcceptance" && at(user.body, "identities", 0, "issuer") != "ExternalAzureAD", user)
		x.expect(len(x.c.get("/users/"+bob+"/memberOf").value()) == 1, user)
	}},
	{"reset.needs-the-user-and-a-known-address", "5", func(x *setup) {
		bob := x.c.get("/users?$filter=mail eq 'bob@b.example'").value()[0]["id"]
		body := invitation("bob@b.example")
		body["resetRedemption"] = true
		x.refused(x.c, "POST", "/invitations", body, 400, "BadRequest")
		body["invitedUser"], body["invitedUserEmailAddress"] = object{"id": bob}, "robert@b.example"
		x.refused(x.c, "POST", "/invitations", body, 400, "BadRequest")
		x.c.do("PATCH", "/users/"+bob.(string), object{"otherMails": []string{"robert@b.example"}}, 204)
		_, got := invited(x, x.c, body)
		x.expect(at(got.body, "invitedUser", "id") == bob, got)
	}},
	{"reset.app-only-refused-for-role-holders", "5", func(x *setup) {
		admin := x.c.get("/users?$filter=mail eq 'barbara@b.example'").value()[0]["id"]
		body := invitation("barbara@b.example")
		body["resetRedemption"], body["invitedUser"] = true, object{"id": admin}
		x.refused(x.c, "POST", "/invitations", body, 403, "Authorization_RequestDenied")
		person := x.person("c", "charlie@c.example", "https://graph.microsoft.com/User.Invite.All")
		person.do("POST", "/invitations", body, 201)
	}},
	{"reset.off-inside-an-organization", "5, 1.3", func(x *setup) {
		x.joins("c", "b")
		bob := x.c.get("/users?$filter=mail eq 'bob@b.example'").value()[0]["id"]
		body := invitation("bob@b.example")
		body["resetRedemption"], body["invitedUser"] = true, object{"id": bob}
		x.refused(x.c, "POST", "/invitations", body, 400, "BadRequest")
	}},
	{"invite.converts-an-internal-account", "5", func(x *setup) {
		dora := x.edit(simclient.Edit{Tenant: "a", Action: "user.create", User: "dora@a.example", Attributes: object{"otherMails": []any{"dora@elsewhere.example"}}})
		body := invitation("dora@elsewhere.example")
		body["invitedUser"] = object{"id": dora}
		id, got := invited(x, x.a, body)
		user := x.a.get("/users/" + dora + "?$select=userPrincipalName,externalUserState")
		x.expect(id == dora && user.text("userPrincipalName") == "dora@a.example" && user.text("externalUserState") == "PendingAcceptance", got)
	}},
}

var guestRules = []setupRule{
	{"guest.object-before-redemption", "5", func(x *setup) {
		id, _ := invited(x, x.a, invitation("new@elsewhere.example"))
		got := x.a.get("/users/" + id + "?$select=userPrincipalName,userType,creationType,externalUserState,externalUserStateChangeDateTime,identities,mail,otherMails,proxyAddresses,showInAddressList")
		x.expect(got.text("userPrincipalName") == "new_elsewhere.example#EXT#@a.onmicrosoft.example" && got.text("userType") == "Guest" && got.text("creationType") == "Invitation" &&
			got.text("externalUserState") == "PendingAcceptance" && got.text("externalUserStateChangeDateTime") != "" && at(got.body, "identities", 0, "issuer") == "a.onmicrosoft.example" &&
			got.text("mail") == "new@elsewhere.example" && at(got.body, "otherMails", 0) == "new@elsewhere.example" && at(got.body, "proxyAddresses", 0) == "SMTP:new@elsewhere.example" &&
			got.body["showInAddressList"] == nil, got)
	}},
	{"guest.object-after-redemption", "5", func(x *setup) {
		id, _ := invited(x, x.a, invitation("charlie@c.example"))
		x.edit(simclient.Edit{Tenant: "a", Action: "guest.redeem", User: "charlie@c.example"})
		got := x.a.get("/users/" + id + "?$select=externalUserState,identities")
		identity := at(got.body, "identities", 0)
		x.expect(got.text("externalUserState") == "Accepted" && at(identity, "issuer") == "ExternalAzureAD" && at(identity, "issuerAssignedId") == nil, got)
	}},
	{"guest.state-only-on-select", "5", func(x *setup) {
		id, _ := invited(x, x.a, invitation("new@elsewhere.example"))
		got := x.a.get("/users/" + id)
		_, there := got.body["externalUserState"]
		x.expect(!there, got)
		member := x.a.get("/users/annie@a.example?$select=externalUserState,externalUserStateChangeDateTime")
		x.expect(member.body["externalUserState"] == nil && member.body["externalUserStateChangeDateTime"] == nil, member)
	}},
	{"guest.filter-for-pending", "5", func(x *setup) {
		id, _ := invited(x, x.c, invitation("new@elsewhere.example"))
		got := x.c.get("/users?$filter=userType eq 'Guest' and externalUserState eq 'PendingAcceptance'")
		x.expect(len(got.value()) == 1 && got.value()[0]["id"] == id, got)
	}},
	{"user.block-and-type-change", "5", func(x *setup) {
		id, _ := invited(x, x.a, invitation("new@elsewhere.example"))
		x.a.do("PATCH", "/users/"+id, object{"accountEnabled": false, "userType": "Member"}, 204)
		got := x.a.get("/users/" + id + "?$select=accountEnabled,userType")
		x.expect(got.body["accountEnabled"] == false && got.text("userType") == "Member", got)
	}},
	{"user.recycle-bin", "5", func(x *setup) {
		id, _ := invited(x, x.a, invitation("new@elsewhere.example"))
		x.a.do("DELETE", "/users/"+id, nil, 204)
		for _, cast := range []string{"microsoft.graph.user", "graph.user"} {
			got := x.a.get("/directory/deletedItems/" + cast + "?$select=id,deletedDateTime")
			x.expect(len(got.value()) == 1 && got.value()[0]["deletedDateTime"] != nil, got)
		}
		x.a.do("GET", "/directory/deletedItems", nil, 400) // the cast is mandatory
		got := x.a.do("POST", "/directory/deletedItems/"+id+"/restore", nil, 200)
		x.expect(got.text("id") == id, got)
		x.a.do("DELETE", "/users/"+id, nil, 204)
		x.a.do("DELETE", "/directory/deletedItems/"+id, nil, 204)
		x.refused(x.a, "POST", "/directory/deletedItems/"+id+"/restore", nil, 404, "Request_ResourceNotFound")
	}},
	{"user.bin-is-empty-after-30-days", "5", func(x *setup) {
		x.a.do("DELETE", "/users/annie@a.example", nil, 204)
		x.advance(31 * 24 * time.Hour)
		got := x.a.get("/directory/deletedItems/microsoft.graph.user")
		x.expect(len(got.value()) == 0, got)
	}},
	{"user.write-permissions", "5, 8.1", func(x *setup) {
		c := x.without("User.ReadWrite.All", "Directory.ReadWrite.All", "User.EnableDisableAccount.All", "User.DeleteRestore.All")
		x.refused(c, "PATCH", "/users/annie@a.example", object{"city": "x"}, 403, "Authorization_RequestDenied")
		x.refused(c, "DELETE", "/users/annie@a.example", nil, 403, "Authorization_RequestDenied")
		c.get("/users/annie@a.example")
	}},
	{"user.quota", "runtime 5.6", func(x *setup) {
		x.set("directory-quota", "4")
		x.refused(x.a, "POST", "/invitations", invitation("new@elsewhere.example"), 403, "Directory_QuotaExceeded")
	}},
}

func group(x *setup, name string) string {
	x.t.Helper()
	return x.a.get("/groups?$filter=displayName eq '" + name + "'").value()[0]["id"].(string)
}

func ref(id string) object {
	return object{"@odata.id": "https://graph.microsoft.com/v1.0/directoryObjects/" + id}
}

func newGroup(extra object) object {
	out := object{"displayName": "Shared", "mailEnabled": false, "mailNickname": "shared", "securityEnabled": true}
	for k, v := range extra {
		out[k] = v
	}
	return out
}

var groupRules = []setupRule{
	{"group.post-201", "6", func(x *setup) {
		annie := x.a.get("/users/annie@a.example").text("id")
		bind := []string{ref(annie)["@odata.id"].(string)}
		got := x.a.do("POST", "/groups", newGroup(object{"description": "d", "members@odata.bind": bind, "owners@odata.bind": bind}), 201)
		x.expect(got.text("displayName") == "Shared" && got.body["securityEnabled"] == true && got.text("createdDateTime") != "", got)
		members := x.a.get("/groups/" + got.text("id") + "/members")
		owners := x.a.get("/groups/" + got.text("id") + "/owners")
		x.expect(len(members.value()) == 1 && members.value()[0]["@odata.type"] == "#microsoft.graph.user" && len(owners.value()) == 1, members)
	}},
	{"group.post-required", "6", func(x *setup) {
		for _, name := range []string{"displayName", "mailEnabled", "mailNickname", "securityEnabled"} {
			body := newGroup(nil)
			delete(body, name)
			x.refused(x.a, "POST", "/groups", body, 400, "Request_BadRequest")
		}
	}},
	{"group.post-at-most-20-references", "6", func(x *setup) {
		var bind []string
		for i := range 21 {
			bind = append(bind, ref(fmt.Sprintf("%08d-0000-4000-8000-000000000000", i))["@odata.id"].(string))
		}
		x.refused(x.a, "POST", "/groups", newGroup(object{"members@odata.bind": bind}), 400, "Request_BadRequest")
	}},
	{"group.dynamic-follows-its-rule", "6", func(x *setup) {
		got := x.a.do("POST", "/groups", newGroup(object{"groupTypes": []string{"DynamicMembership"}, "membershipRule": `(user.department -eq "Shared Things")`, "membershipRuleProcessingState": "On"}), 201)
		id := got.text("id")
		x.a.do("PATCH", "/users/annie@a.example", object{"department": "shared things"}, 204)
		members := x.a.get("/groups/" + id + "/members?$select=userPrincipalName")
		x.expect(slices.Equal(column(members.value(), "userPrincipalName"), []string{"annie@a.example"}), members)
		x.refused(x.a, "POST", "/groups/"+id+"/members/$ref", ref(x.a.get("/users/user000001@a.example").text("id")), 400, "Request_BadRequest")
		x.a.do("PATCH", "/users/annie@a.example", object{"department": "Law of Things"}, 204)
		members = x.a.get("/groups/" + id + "/members")
		x.expect(len(members.value()) == 0, members)
		x.a.do("PATCH", "/groups/"+id, object{"membershipRule": `user.department -eq "Law of Things" -or (user.userPrincipalName -startsWith "user")`}, 204)
		members = x.a.get("/groups/" + id + "/members")
		x.expect(len(members.value()) == 4, members)
	}},
	{"group.dynamic-rule-is-checked", "6", func(x *setup) {
		for _, rule := range []string{`(user.department -eq "x"`, `user.nonsense -eq "x"`, `user.department -approximately "x"`, ``} {
			x.refused(x.a, "POST", "/groups", newGroup(object{"groupTypes": []string{"DynamicMembership"}, "membershipRule": rule, "membershipRuleProcessingState": "On"}), 400, "Request_BadRequest")
		}
	}},
	{"member.add-204-again-400-unknown-404", "6", func(x *setup) {
		g, one := group(x, "Collaboration"), x.a.get("/users/user000001@a.example").text("id")
		x.a.do("POST", "/groups/"+g+"/members/$ref", ref(one), 204)
		x.refused(x.a, "POST", "/groups/"+g+"/members/$ref", ref(one), 400, "Request_BadRequest")
		x.refused(x.a, "POST", "/groups/"+g+"/members/$ref", ref(ids["b"]), 404, "Request_ResourceNotFound")
	}},
	{"member.reference-on-any-host", "6", func(x *setup) {
		g, one := group(x, "Collaboration"), x.a.get("/users/user000001@a.example").text("id")
		x.a.do("POST", "/groups/"+g+"/members/$ref", object{"@odata.id": "https://graph.microsoft.us/beta/users/" + one + "/"}, 204)
	}},
	{"member.patch-binds-all-or-nothing", "6", func(x *setup) {
		g, one := group(x, "Collaboration"), x.a.get("/users/user000001@a.example").text("id")
		bind := []any{ref(one)["@odata.id"], ref(ids["b"])["@odata.id"]}
		x.a.do("PATCH", "/groups/"+g, object{"members@odata.bind": bind}, 404)
		x.expect(len(x.a.get("/groups/"+g+"/members").value()) == 1, x.a.get("/groups/"+g+"/members"))
		x.a.do("PATCH", "/groups/"+g, object{"members@odata.bind": bind[:1]}, 204)
	}},
	{"member.remove-204-then-404", "6", func(x *setup) {
		g, annie := group(x, "Collaboration"), x.a.get("/users/annie@a.example").text("id")
		x.a.do("DELETE", "/groups/"+g+"/members/"+annie+"/$ref", nil, 204)
		x.refused(x.a, "DELETE", "/groups/"+g+"/members/"+annie+"/$ref", nil, 404, "Request_ResourceNotFound")
		x.a.get("/users/" + annie)
	}},
	{"member.delete-without-ref-deletes-the-user", "6", func(x *setup) {
		g, annie := group(x, "Collaboration"), x.a.get("/users/annie@a.example").text("id")
		x.a.do("DELETE", "/groups/"+g+"/members/"+annie, nil, 204)
		x.a.do("GET", "/users/"+annie, nil, 404)
		x.expect(len(x.a.get("/directory/deletedItems/microsoft.graph.user").value()) == 1, x.a.get("/users"))
	}},
	{"member.casts-are-advanced", "6", func(x *setup) {
		g := group(x, "Nested")
		for _, cast := range []string{"members/microsoft.graph.user", "members/graph.user", "transitiveMembers/microsoft.graph.user"} {
			x.a.do("GET", "/groups/"+g+"/"+cast, nil, 400)
			x.a.header.Set("ConsistencyLevel", "eventual")
			got := x.a.get("/groups/" + g + "/" + cast + "?$count=true")
			x.expect((len(got.value()) == 1) == strings.HasPrefix(cast, "transitive") && got.body["@odata.count"] != nil, got)
			x.a.header.Del("ConsistencyLevel")
		}
	}},
	{"member.transitive", "6", func(x *setup) {
		got := x.a.get("/groups/" + group(x, "Nested") + "/transitiveMembers")
		x.expect(len(got.value()) == 2, got)
	}},
	{"group.delta-with-members", "6", func(x *setup) {
		g := group(x, "Collaboration")
		_, last := x.a.all("/groups/delta?$select=displayName,members&$filter=id eq '" + g + "'")
		annie := x.a.get("/users/annie@a.example").text("id")
		x.a.do("DELETE", "/groups/"+g+"/members/"+annie+"/$ref", nil, 204)
		got := x.a.get(last.text("@odata.deltaLink"))
		m := at(got.value()[0], "members@delta", 0)
		x.expect(at(m, "id") == annie && at(m, "@removed", "reason") == "deleted" && at(m, "@odata.type") == "#microsoft.graph.user", got)
	}},
	{"group.only-unified-is-deleted-softly", "6, runtime 3.3", func(x *setup) {
		soft := group(x, "Unified")
		x.a.do("DELETE", "/groups/"+soft, nil, 204)
		x.a.do("DELETE", "/groups/"+group(x, "Nested"), nil, 204)
		got := x.a.get("/directory/deletedItems/microsoft.graph.group")
		x.expect(len(got.value()) == 1 && got.value()[0]["id"] == soft, got)
		x.a.do("POST", "/directory/deletedItems/"+soft+"/restore", nil, 200)
		x.a.get("/groups/" + soft)
	}},
	{"group.expand-members", "sign-in 13", func(x *setup) {
		got := x.a.get("/groups/" + group(x, "Collaboration") + "?$expand=members")
		x.expect(at(got.body, "members", 0, "userPrincipalName") == "annie@a.example", got)
	}},
	{"group.permissions", "6", func(x *setup) {
		g, one := group(x, "Collaboration"), x.a.get("/users/user000001@a.example").text("id")
		c := x.without("Group.ReadWrite.All", "Directory.ReadWrite.All")
		c.do("POST", "/groups", newGroup(nil), 201) // Group.Create
		c.do("POST", "/groups/"+g+"/members/$ref", ref(one), 204)
		x.refused(c, "PATCH", "/groups/"+g, object{"displayName": "x"}, 403, "Authorization_RequestDenied")
		x.refused(c, "DELETE", "/groups/"+g, nil, 403, "Authorization_RequestDenied")
		c = x.without("GroupMember.ReadWrite.All", "Group.Create")
		x.refused(c, "POST", "/groups/"+g+"/members/$ref", ref(one), 403, "Authorization_RequestDenied")
		x.refused(c, "POST", "/groups", newGroup(nil), 403, "Authorization_RequestDenied")
	}},
}

var directoryRules = []setupRule{
	{"directory.organization", "8.1", func(x *setup) {
		got := x.a.get("/organization")
		row := got.value()[0]
		x.expect(row["id"] == ids["a"] && at(row, "verifiedDomains", 0, "name") == "a.example" && len(at(row, "assignedPlans").([]any)) > 0, got)
	}},
	{"directory.domains", "8.1", func(x *setup) {
		got := x.a.get("/domains")
		x.expect(slices.Contains(column(got.value(), "id"), "a.example") && got.value()[0]["isVerified"] == true, got)
		x.a.get("/domains/a.example")
		x.a.do("GET", "/domains/b.example", nil, 404)
	}},
	{"directory.subscribed-skus", "8.1", func(x *setup) {
		got := x.a.get("/subscribedSkus")
		x.expect(got.value()[0]["skuPartNumber"] == "AAD_PREMIUM" && at(got.value()[0], "prepaidUnits", "enabled") != nil, got)
	}},
	{"directory.contacts-are-read-only", "5", func(x *setup) {
		got := x.a.get("/contacts?$filter=mail eq 'contact@elsewhere.example'")
		x.expect(len(got.value()) == 1 && got.value()[0]["displayName"] == "A Contact", got)
		x.a.get("/contacts/" + got.value()[0]["id"].(string))
		x.a.do("POST", "/contacts", object{"displayName": "x"}, 405)
	}},
	{"directory.read-permissions", "8.1", func(x *setup) {
		c := x.without("Domain.Read.All", "Domain.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All", "OrgContact.Read.All",
			"LicenseAssignment.Read.All", "Organization.Read.All", "Organization.ReadWrite.All", "AuditLog.Read.All", "ProvisioningLog.Read.All")
		for _, path := range []string{"/domains", "/contacts", "/subscribedSkus", "/auditLogs/provisioning", "/auditLogs/directoryAudits"} {
			x.refused(c, "GET", path, nil, 403, "Authorization_RequestDenied")
		}
	}},
	{"refusal.unknown-route-and-method", "issue 3", func(x *setup) {
		x.refused(x.a, "GET", "/nonsense", nil, 400, "BadRequest")
		x.refused(x.a, "PUT", "/users", object{}, 405, "Request_BadRequest")
		x.a.do("GET", "https"+strings.TrimPrefix(x.BaseURL(), "https")+"/v9.9/users", nil, 404)
		unknown := 0
		entries, err := x.Admin().Requests(x.t.Context(), 0, 0, 0)
		for _, e := range entries {
			if e.Unknown {
				unknown++
			}
		}
		if err != nil || unknown != 3 {
			x.t.Errorf("%d unknown requests recorded, %v", unknown, err)
		}
	}},
	{"refusal.unserved-options", "issue 3", func(x *setup) {
		for _, path := range []string{"/users?$skip=5", "/users?$apply=x", "/users?$expand=photo", "/users/annie@a.example?$filter=id eq 'x'", "/organization?$expand=branding",
			"/subscribedSkus?$skip=1", partners + "?$top=5", "/groups?$expand=nonsense", "/servicePrincipals?$expand=nonsense", xtap + "/default?$expand=x"} {
			got, err := x.a.try("GET", path, nil)
			if err != nil || got.status != 400 {
				x.t.Errorf("%s is answered politely: %v %s", path, err, got.raw)
			}
		}
	}},
}
