package entrasim_test

import (
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"
)

const xtap = "/policies/crossTenantAccessPolicy"

func scopeOf(kind string) object {
	return object{"usersAndGroups": object{"accessType": kind, "targets": []any{object{"target": "AllUsers", "targetType": "user"}}},
		"applications": object{"accessType": kind, "targets": []any{object{"target": "AllApplications", "targetType": "application"}}}}
}

var policyRules = []setupRule{
	{"xtap.get", "2.2", func(x *setup) {
		got := x.a.get(xtap)
		_, clouds := got.body["allowedCloudEndpoints"].([]any)
		x.expect(got.text("displayName") != "" && clouds, got)
	}},
	{"xtap.patch-cloud-endpoints-204", "2.2", func(x *setup) {
		x.a.do("PATCH", xtap, object{"allowedCloudEndpoints": []string{"microsoftonline.us"}}, 204)
		got := x.a.get(xtap)
		x.expect(at(got.body, "allowedCloudEndpoints", 0) == "microsoftonline.us", got)
	}},
	{"xtap.default-service-values", "2.1", func(x *setup) {
		got := x.a.get(xtap + "/default")
		want := object{"isMfaAccepted": false, "isCompliantDeviceAccepted": false, "isHybridAzureADJoinedDeviceAccepted": false}
		if diff := cmp.Diff(want, got.body["inboundTrust"]); diff != "" {
			x.t.Error(diff)
		}
		for name, kind := range map[string]string{"b2bCollaborationInbound": "allowed", "b2bCollaborationOutbound": "allowed", "b2bDirectConnectInbound": "blocked", "b2bDirectConnectOutbound": "blocked"} {
			if diff := cmp.Diff(scopeOf(kind), got.body[name]); diff != "" {
				x.t.Error(name, diff)
			}
		}
		if diff := cmp.Diff(object{"inboundAllowed": false, "outboundAllowed": false}, got.body["automaticUserConsentSettings"]); diff != "" {
			x.t.Error(diff)
		}
		x.expect(got.body["isServiceDefault"] == true && at(got.body, "invitationRedemptionIdentityProviderConfiguration", "fallbackIdentityProvider") == "defaultConfiguredIdp" &&
			at(got.body, "invitationRedemptionIdentityProviderConfiguration", "primaryIdentityProviderPrecedenceOrder", 0) != nil, got)
	}},
	{"xtap.default-patch-merges", "2.2", func(x *setup) {
		x.a.do("PATCH", xtap+"/default", object{"inboundTrust": object{"isMfaAccepted": true}}, 204)
		got := x.a.get(xtap + "/default")
		x.expect(got.body["isServiceDefault"] == false && at(got.body, "inboundTrust", "isMfaAccepted") == true && at(got.body, "inboundTrust", "isCompliantDeviceAccepted") == false, got)
	}},
	{"xtap.default-reset-204", "2.2", func(x *setup) {
		x.a.do("PATCH", xtap+"/default", object{"inboundTrust": object{"isMfaAccepted": true}}, 204)
		x.a.do("POST", xtap+"/default/resetToSystemDefault", nil, 204)
		got := x.a.get(xtap + "/default")
		x.expect(got.body["isServiceDefault"] == true && at(got.body, "inboundTrust", "isMfaAccepted") == false, got)
	}},
	{"xtap.permissions", "2.5", func(x *setup) {
		c := x.without("Policy.ReadWrite.CrossTenantAccess")
		c.get(partners)
		x.refused(c, "POST", partners, object{"tenantId": ids["b"]}, 403, "Authorization_RequestDenied")
		c = x.without("Policy.Read.All")
		x.refused(c, "GET", partners, nil, 403, "Authorization_RequestDenied")
	}},
	{"authorization.invites-from", "5", func(x *setup) {
		got := x.a.get("/policies/authorizationPolicy")
		x.expect(got.text("allowInvitesFrom") == "everyone" && got.text("guestUserRoleId") == "10dae51f-b6af-4016-8d66-8c2a99b929b3", got)
		for _, v := range []string{"none", "adminsAndGuestInviters", "adminsGuestInvitersAndAllMembers", "everyone"} {
			x.a.do("PATCH", "/policies/authorizationPolicy", object{"allowInvitesFrom": v}, 204)
		}
		x.refused(x.a, "PATCH", "/policies/authorizationPolicy", object{"allowInvitesFrom": "nobody"}, 400, "Request_BadRequest")
		c := x.without("Policy.ReadWrite.Authorization")
		x.refused(c, "PATCH", "/policies/authorizationPolicy", object{"allowInvitesFrom": "none"}, 403, "Authorization_RequestDenied")
	}},
	{"tenant.find-by-id-and-domain", "2.5", func(x *setup) {
		for _, path := range []string{"findTenantInformationByTenantId(tenantId='" + ids["b"] + "')", "findTenantInformationByDomainName(domainName='b.example')"} {
			got := x.a.get("/tenantRelationships/" + path)
			x.expect(got.text("tenantId") == ids["b"] && got.text("displayName") == "Tenant B" && got.text("defaultDomainName") == "b.example", got)
		}
		x.a.do("GET", "/tenantRelationships/findTenantInformationByTenantId(tenantId='d0000000-0000-4000-8000-000000000000')", nil, 404)
		c := x.without("CrossTenantInformation.ReadBasic.All")
		x.refused(c, "GET", "/tenantRelationships/findTenantInformationByDomainName(domainName='b.example')", nil, 403, "Authorization_RequestDenied")
	}},
}

func onePartner(x *setup) string {
	x.t.Helper()
	x.a.do("POST", partners, object{"tenantId": ids["b"]}, 201)
	return partners + "/" + ids["b"]
}

var partnerRules = []setupRule{
	{"partner.post-201-fresh-nulls", "2.1, 2.2", func(x *setup) {
		got := x.a.do("POST", partners, object{"tenantId": ids["b"]}, 201)
		for _, name := range []string{"isServiceProvider", "inboundTrust", "b2bCollaborationInbound", "b2bCollaborationOutbound", "b2bDirectConnectInbound", "b2bDirectConnectOutbound"} {
			v, there := got.body[name]
			x.expect(there && v == nil, got)
		}
		if diff := cmp.Diff(object{"inboundAllowed": nil, "outboundAllowed": nil}, got.body["automaticUserConsentSettings"]); diff != "" {
			x.t.Error(diff)
		}
		x.expect(got.text("tenantId") == ids["b"] && got.body["isInMultiTenantOrganization"] == false, got)
	}},
	{"partner.post-duplicate-409", "2.3", func(x *setup) {
		onePartner(x)
		got := x.refused(x.a, "POST", partners, object{"tenantId": strings.ToUpper(ids["b"])}, 409, "Request_MultipleObjectsWithSameKeyValue")
		x.expect(strings.Contains(string(got.raw), "property tenantId"), got)
	}},
	{"partner.post-tenant-outside-the-world", "2.2", func(x *setup) {
		far := object{"tenantId": "d0000000-0000-4000-8000-00000000dddd"}
		x.a.do("POST", partners, far, 201)
		x.set("refuse-unknown-tenants", "true")
		x.refused(x.b, "POST", partners, far, 400, "Request_BadRequest")
	}},
	{"partner.post-needs-a-guid", "2.2", func(x *setup) {
		x.refused(x.a, "POST", partners, object{"tenantId": "b.example"}, 400, "Request_BadRequest")
	}},
	{"partner.list-select-filter-expand", "2.2", func(x *setup) {
		one := onePartner(x)
		x.a.do("POST", partners, object{"tenantId": ids["c"]}, 201)
		x.a.do("PUT", one+"/identitySynchronization", object{"userSyncInbound": object{"isSyncAllowed": true}}, 204)
		got := x.a.get(partners + "?$filter=tenantId eq '" + ids["b"] + "'&$expand=identitySynchronization&$select=tenantId")
		x.expect(len(got.value()) == 1 && at(got.value()[0], "identitySynchronization", "userSyncInbound", "isSyncAllowed") == true && got.value()[0]["inboundTrust"] == nil, got)
		got = x.a.get(partners + "?$expand=identitySynchronization")
		x.expect(len(got.value()) == 2 && got.value()[1]["identitySynchronization"] == nil, got)
	}},
	{"partner.get-404", "2.2", func(x *setup) { x.refused(x.a, "GET", partners+"/"+ids["b"], nil, 404, "Directory_ObjectNotFound") }},
	{"partner.patch-204-changed-only", "2.2", func(x *setup) {
		one := onePartner(x)
		x.a.do("PATCH", one, object{"inboundTrust": object{"isMfaAccepted": true}}, 204)
		x.a.do("PATCH", one, object{"automaticUserConsentSettings": object{"outboundAllowed": true}}, 204)
		got := x.a.get(one)
		x.expect(at(got.body, "inboundTrust", "isMfaAccepted") == true && at(got.body, "automaticUserConsentSettings", "outboundAllowed") == true &&
			at(got.body, "automaticUserConsentSettings", "inboundAllowed") == nil, got)
	}},
	{"partner.null-is-inherited", "2.1", func(x *setup) {
		one := onePartner(x)
		x.a.do("PATCH", one, object{"b2bCollaborationInbound": scopeOf("blocked"), "inboundTrust": object{"isMfaAccepted": true}}, 204)
		x.a.do("PATCH", one, object{"inboundTrust": nil}, 204)
		got := x.a.get(one)
		x.expect(got.body["inboundTrust"] == nil && at(got.body, "b2bCollaborationInbound", "usersAndGroups", "accessType") == "blocked", got)
	}},
	{"partner.patch-missing-404", "2.3", func(x *setup) {
		x.refused(x.a, "PATCH", partners+"/"+ids["b"], object{}, 404, "Directory_ObjectNotFound")
	}},
	{"partner.unknown-property-400", "0.1", func(x *setup) {
		x.refused(x.a, "PATCH", onePartner(x), object{"nonsense": true}, 400, "Request_BadRequest")
	}},
	{"partner.delete-204", "2.2", func(x *setup) {
		one := onePartner(x)
		x.a.do("DELETE", one, nil, 204)
		x.refused(x.a, "DELETE", one, nil, 404, "Directory_ObjectNotFound")
	}},
	{"partner.delete-refused-while-sync-exists", "2.2, 10.6", func(x *setup) {
		one := onePartner(x)
		x.a.do("PUT", one+"/identitySynchronization", object{}, 204)
		x.refused(x.a, "DELETE", one, nil, 400, "Request_BadRequest")
	}},
	{"partner.deletes-are-soft-and-for-people", "2.4, 0.3", func(x *setup) {
		one := onePartner(x)
		x.a.do("PATCH", one, object{"inboundTrust": object{"isMfaAccepted": true}}, 204)
		x.a.do("PUT", one+"/identitySynchronization", object{"userSyncInbound": object{"isSyncAllowed": true}}, 204)
		x.a.do("DELETE", one+"/identitySynchronization", nil, 204)
		x.a.do("DELETE", one, nil, 204)
		bin := "/beta/policies/deletedItems"
		x.refused(x.a, "GET", bin+"/crossTenantPartners", nil, 403, "Authorization_RequestDenied")
		admin := x.person("a", "annie@a.example", "https://graph.microsoft.com/Policy.ReadWrite.CrossTenantAccess")
		got := admin.get(bin + "/crossTenantPartners")
		x.expect(len(got.value()) == 1 && got.value()[0]["tenantId"] == ids["b"] && got.value()[0]["deletedDateTime"] != nil, got)
		admin.do("GET", "/policies/deletedItems/crossTenantPartners", nil, 400) // beta only
		admin.do("POST", bin+"/crossTenantPartners/"+ids["b"]+"/restore", nil, 204)
		back := x.a.get(one)
		x.expect(at(back.body, "inboundTrust", "isMfaAccepted") == true, back)
		admin.get(bin + "/crossTenantSyncPolicyPartners/" + ids["b"])
		admin.do("POST", bin+"/crossTenantSyncPolicyPartners/"+ids["b"]+"/restore", nil, 204)
		back = x.a.get(one + "/identitySynchronization")
		x.expect(at(back.body, "userSyncInbound", "isSyncAllowed") == true, back)
		x.a.do("DELETE", one+"/identitySynchronization", nil, 204)
		admin.do("DELETE", bin+"/crossTenantSyncPolicyPartners/"+ids["b"], nil, 204)
		admin.do("GET", bin+"/crossTenantSyncPolicyPartners/"+ids["b"], nil, 404)
		x.a.do("DELETE", one, nil, 204)
		x.advance(31 * 24 * time.Hour)
		x.expect(len(admin.get(bin+"/crossTenantPartners").value()) == 0, got)
	}},
	{"partner.recreate-beside-a-soft-deleted-twin", "2.4", func(x *setup) {
		x.a.do("DELETE", onePartner(x), nil, 204)
		onePartner(x)
	}},
	{"sync-policy.get-404", "2.2", func(x *setup) {
		x.refused(x.a, "GET", onePartner(x)+"/identitySynchronization", nil, 404, "Directory_ObjectNotFound")
	}},
	{"sync-policy.put-204-and-get", "2.2", func(x *setup) {
		at1 := onePartner(x) + "/identitySynchronization"
		x.a.do("PUT", at1, object{"displayName": "B", "userSyncInbound": object{"isSyncAllowed": true}}, 204)
		got := x.a.get(at1)
		x.expect(got.text("tenantId") == ids["b"] && got.text("displayName") == "B" && at(got.body, "userSyncInbound", "isSyncAllowed") == true, got)
	}},
	{"sync-policy.put-is-create-only", "2.3, 10.5", func(x *setup) {
		at1 := onePartner(x) + "/identitySynchronization"
		x.a.do("PUT", at1, object{}, 204)
		got := x.refused(x.a, "PUT", at1, object{}, 409, "Request_MultipleObjectsWithSameKeyValue")
		x.expect(at(got.body, "error", "details", 0, "code") == "ConflictingObjects", got)
	}},
	{"sync-policy.patch-is-update-only", "2.3, 10.5", func(x *setup) {
		at1 := onePartner(x) + "/identitySynchronization"
		x.refused(x.a, "PATCH", at1, object{"userSyncInbound": object{"isSyncAllowed": true}}, 404, "Directory_ObjectNotFound")
		x.a.do("PUT", at1, object{"displayName": "B"}, 204)
		x.a.do("PATCH", at1, object{"userSyncInbound": object{"isSyncAllowed": true}}, 204)
		got := x.a.get(at1)
		x.expect(got.text("displayName") == "B" && at(got.body, "userSyncInbound", "isSyncAllowed") == true, got)
	}},
	{"sync-policy.needs-the-partner", "2.3", func(x *setup) {
		x.refused(x.a, "PUT", partners+"/"+ids["b"]+"/identitySynchronization", object{}, 404, "Directory_ObjectNotFound")
	}},
	{"sync-policy.delete-204", "2.2", func(x *setup) {
		at1 := onePartner(x) + "/identitySynchronization"
		x.a.do("PUT", at1, object{}, 204)
		x.a.do("DELETE", at1, nil, 204)
		x.refused(x.a, "DELETE", at1, nil, 404, "Directory_ObjectNotFound")
	}},
	{"sync-policy.group-inbound-is-beta", "2.2, 0.3", func(x *setup) {
		at1 := onePartner(x) + "/identitySynchronization"
		x.refused(x.a, "PUT", at1, object{"groupSyncInbound": object{"isSyncAllowed": true}}, 400, "Request_BadRequest")
		x.a.do("PUT", "/beta"+at1, object{"groupSyncInbound": object{"isSyncAllowed": true}}, 204)
		x.refused(x.a, "PATCH", "/beta"+at1, object{"groupSyncInbound": object{"isSyncAllowed": nil}}, 400, "Request_BadRequest")
		got := x.a.get("/beta" + at1)
		x.expect(at(got.body, "groupSyncInbound", "isSyncAllowed") == true && x.a.get(at1).body["groupSyncInbound"] == nil, got)
	}},
}
