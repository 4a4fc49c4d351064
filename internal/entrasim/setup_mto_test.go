package entrasim_test

import (
	"strings"
	"time"
)

var mtoRules = []setupRule{
	{"mto.get-none-is-200-inactive", "1.2, 10.2", func(x *setup) {
		got := x.a.get(mto)
		x.expect(got.text("state") == "inactive" && got.body["displayName"] == nil && got.body["description"] == nil && got.body["createdDateTime"] == nil && got.text("id") != "", got)
	}},
	{"mto.id-is-local-to-the-tenant", "1.1", func(x *setup) {
		x.joins("a", "b")
		got := x.a.get(mto)
		x.expect(got.text("id") != x.b.get(mto).text("id"), got)
	}},
	{"mto.select", "1.2", func(x *setup) {
		got := x.a.get(mto + "?$select=state")
		_, other := got.body["displayName"]
		x.expect(got.text("state") == "inactive" && !other, got)
	}},
	{"mto.put-creates-201", "1.2", func(x *setup) {
		got := x.a.do("PUT", mto, object{"displayName": "Group", "description": "All"}, 201)
		x.expect(got.text("state") == "active" && got.text("description") == "All" && got.text("createdDateTime") != "", got)
		back := x.a.get(mto)
		x.expect(back.text("displayName") == "Group" && back.text("description") == "All", back)
	}},
	{"mto.put-needs-a-name", "1.2", func(x *setup) { x.refused(x.a, "PUT", mto, object{"description": "x"}, 400, "Request_BadRequest") }},
	{"mto.patch-creates-too", "10.1", func(x *setup) {
		x.a.do("PATCH", mto, object{"displayName": "Group"}, 204)
		got := x.a.get(mto)
		x.expect(got.text("state") == "active", got)
	}},
	{"mto.patch-204", "1.2", func(x *setup) {
		x.a.do("PUT", mto, object{"displayName": "Group"}, 201)
		x.a.do("PATCH", mto, object{"displayName": "New", "description": "D"}, 204)
		got := x.a.get(mto)
		x.expect(got.text("displayName") == "New" && got.text("description") == "D", got)
	}},
	{"mto.unknown-property-400", "0.1", func(x *setup) {
		x.refused(x.a, "PUT", mto, object{"displayName": "x", "nonsense": 1}, 400, "Request_BadRequest")
	}},
	{"mto.add-201-pending-null-transition", "1.2", func(x *setup) {
		x.a.do("PUT", mto, object{"displayName": "Group"}, 201)
		got := x.a.do("POST", mto+"/tenants", object{"tenantId": ids["b"], "displayName": "B"}, 201)
		x.expect(got.text("state") == "pending" && got.text("role") == "member" && got.body["joinedDateTime"] == nil && got.body["transitionDetails"] == nil &&
			got.text("addedByTenantId") == ids["a"] && got.text("addedDateTime") != "", got)
		got = x.a.get(mto + "/tenants/" + ids["b"])
		x.expect(transition(got)["desiredState"] == "active" && transition(got)["desiredRole"] == "member" && transition(got)["status"] == "notStarted", got)
	}},
	{"mto.add-owner-role", "1.2", func(x *setup) {
		x.a.do("PUT", mto, object{"displayName": "Group"}, 201)
		got := x.a.do("POST", mto+"/tenants", object{"tenantId": ids["b"], "displayName": "B", "role": "owner"}, 201)
		x.expect(got.text("role") == "owner", got)
	}},
	{"mto.add-needs-id-and-name", "1.2", func(x *setup) {
		x.a.do("PUT", mto, object{"displayName": "Group"}, 201)
		x.refused(x.a, "POST", mto+"/tenants", object{"tenantId": ids["b"]}, 400, "Request_BadRequest")
		x.refused(x.a, "POST", mto+"/tenants", object{"displayName": "B"}, 400, "Request_BadRequest")
		x.refused(x.a, "POST", mto+"/tenants", object{"tenantId": ids["b"], "displayName": "B", "role": "guest"}, 400, "Request_BadRequest")
	}},
	{"mto.add-twice-400", "1.3, 10.3", func(x *setup) {
		x.a.do("PUT", mto, object{"displayName": "Group"}, 201)
		x.a.do("POST", mto+"/tenants", object{"tenantId": ids["b"], "displayName": "B"}, 201)
		got := x.refused(x.a, "POST", mto+"/tenants", object{"tenantId": ids["b"], "displayName": "B"}, 400, "Request_BadRequest")
		x.expect(strings.Contains(string(got.raw), "already being added"), got)
	}},
	{"mto.list-owner-row", "1.2", func(x *setup) {
		x.a.do("PUT", mto, object{"displayName": "Group"}, 201)
		got := x.a.get(mto + "/tenants")
		row := got.value()[0]
		x.expect(len(got.value()) == 1 && row["role"] == "owner" && row["state"] == "active" && row["joinedDateTime"] == nil && row["transitionDetails"] == nil, got)
	}},
	{"mto.list-filter-and-select", "1.2", func(x *setup) {
		x.joins("a", "b")
		got := x.a.get(mto + "/tenants?$filter=state eq 'active'&$select=tenantId,role")
		x.expect(len(got.value()) == 2 && got.value()[0]["displayName"] == nil, got)
	}},
	{"mto.get-tenant-unknown-404", "1.2", func(x *setup) {
		x.a.do("PUT", mto, object{"displayName": "Group"}, 201)
		x.refused(x.a, "GET", mto+"/tenants/"+ids["b"], nil, 404, "Directory_ObjectNotFound")
	}},
	{"mto.patch-role-shows-desired-role-first", "1.2", func(x *setup) {
		x.joins("a", "b")
		x.a.do("PATCH", mto+"/tenants/"+ids["b"], object{"role": "owner"}, 204)
		got := x.a.get(mto + "/tenants/" + ids["b"])
		x.expect(got.text("role") == "member" && transition(got)["desiredRole"] == "owner", got)
		x.advance(time.Minute)
		got = x.a.get(mto + "/tenants/" + ids["b"])
		x.expect(got.text("role") == "owner", got)
	}},
	{"mto.patch-role-owners-only", "1.2", func(x *setup) {
		x.joins("a", "b")
		x.refused(x.b, "PATCH", mto+"/tenants/"+ids["b"], object{"role": "owner"}, 403, "Authorization_RequestDenied")
	}},
	{"mto.delete-204-then-removed-then-404", "1.2", func(x *setup) {
		x.joins("a", "b")
		x.b.do("DELETE", mto+"/tenants/"+ids["b"], nil, 204)
		got := x.a.get(mto + "/tenants/" + ids["b"])
		x.expect(transition(got)["desiredState"] == "removed", got)
		x.advance(time.Minute)
		x.refused(x.a, "GET", mto+"/tenants/"+ids["b"], nil, 404, "Directory_ObjectNotFound")
	}},
	{"mto.join-before-is-zero-guid", "1.2, 10.2", func(x *setup) {
		got := x.b.get(mto + "/joinRequest")
		x.expect(got.text("addedByTenantId") == zeroGUID && got.body["memberState"] == nil && got.body["role"] == nil && got.body["transitionDetails"] == nil, got)
	}},
	{"mto.join-pending", "1.2", func(x *setup) {
		x.a.do("PUT", mto, object{"displayName": "Group"}, 201)
		x.a.do("POST", mto+"/tenants", object{"tenantId": ids["b"], "displayName": "B"}, 201)
		x.b.do("PATCH", mto+"/joinRequest", object{"addedByTenantId": ids["a"]}, 204)
		got := x.b.get(mto + "/joinRequest")
		x.expect(got.text("memberState") == "pending" && transition(got)["desiredMemberState"] == "active" && transition(got)["status"] == "notStarted" && transition(got)["details"] == "", got)
	}},
	{"mto.joined", "1.2", func(x *setup) {
		x.joins("a", "b")
		got := x.b.get(mto + "/joinRequest")
		x.expect(got.text("role") == "member" && got.text("addedByTenantId") == ids["a"] && got.body["transitionDetails"] == nil, got)
	}},
	{"mto.join-failure-is-data", "1.3, 10.4", func(x *setup) {
		x.b.do("PATCH", mto+"/joinRequest", object{"addedByTenantId": ids["a"]}, 204) // nobody added b
		x.advance(time.Minute)
		got := x.b.get(mto + "/joinRequest")
		x.expect(got.text("memberState") == "pending" && transition(got)["status"] == "failed" && transition(got)["details"] != "", got)
	}},
	{"mto.join-failure-is-reset-by-zero-guid", "1.2, 10.4", func(x *setup) {
		x.b.do("PATCH", mto+"/joinRequest", object{"addedByTenantId": ids["a"]}, 204)
		x.advance(time.Minute)
		x.b.do("PATCH", mto+"/joinRequest", object{"addedByTenantId": zeroGUID}, 204)
		got := x.b.get(mto + "/joinRequest")
		x.expect(got.text("addedByTenantId") == zeroGUID && got.body["transitionDetails"] == nil, got)
		x.joins("a", "b")
	}},
	{"mto.join-second-organization-fails", "1.3", func(x *setup) {
		x.joins("a", "b")
		x.c.do("PUT", mto, object{"displayName": "Other"}, 201)
		x.c.do("POST", mto+"/tenants", object{"tenantId": ids["b"], "displayName": "B"}, 201)
		x.b.do("PATCH", mto+"/joinRequest", object{"addedByTenantId": ids["c"]}, 204)
		x.advance(time.Minute)
		got := x.b.get(mto + "/joinRequest")
		x.expect(transition(got)["status"] == "failed", got)
	}},
	{"mto.join-makes-empty-partners-on-both-sides", "1.3, 10.22", func(x *setup) {
		x.joins("a", "b")
		for _, side := range []struct {
			c     *caller
			other string
		}{{x.a, "b"}, {x.b, "a"}} {
			got := side.c.get(partners + "/" + ids[side.other])
			x.expect(got.body["isInMultiTenantOrganization"] == true && got.body["inboundTrust"] == nil && at(got.body, "automaticUserConsentSettings", "inboundAllowed") == nil, got)
			got = side.c.get(partners + "/" + ids[side.other] + "/identitySynchronization")
			x.expect(at(got.body, "userSyncInbound", "isSyncAllowed") == false, got)
			x.refused(side.c, "POST", partners, object{"tenantId": ids[side.other]}, 409, "Request_MultipleObjectsWithSameKeyValue")
		}
	}},
	{"mto.leaving-undoes-nothing", "1.3, 10.22", func(x *setup) {
		x.joins("a", "b")
		x.b.do("DELETE", mto+"/tenants/"+ids["b"], nil, 204)
		x.advance(time.Minute)
		x.b.get(partners + "/" + ids["a"])
		x.a.get(partners + "/" + ids["b"])
	}},
	{"mto.application-permission", "1.5", func(x *setup) {
		c := x.without("MultiTenantOrganization.ReadWrite.All")
		x.refused(c, "PUT", mto, object{"displayName": "x"}, 403, "Authorization_RequestDenied")
		c.get(mto + "/joinRequest")
		c = x.without("MultiTenantOrganization.Read.All", "MultiTenantOrganization.ReadBasic.All")
		x.refused(c, "GET", mto+"/joinRequest", nil, 403, "Authorization_RequestDenied")
	}},
}

const (
	templates       = "/policies/crossTenantAccessPolicy/templates"
	partnerTemplate = templates + "/multiTenantOrganizationPartnerConfiguration"
	syncPolicy      = templates + "/multiTenantOrganizationIdentitySynchronization"
)

var templateRules = []setupRule{
	{"template.fresh-applies-nothing", "1.4", func(x *setup) {
		got := x.a.get(partnerTemplate)
		x.expect(got.text("templateApplicationLevel") == "none" && got.body["inboundTrust"] == nil, got)
		got = x.a.get(syncPolicy)
		x.expect(got.text("templateApplicationLevel") == "none", got)
	}},
	{"template.unset-level-means-both", "1.4", func(x *setup) {
		x.a.do("PATCH", syncPolicy, object{"userSyncInbound": object{"isSyncAllowed": true}}, 204)
		got := x.a.get(syncPolicy)
		x.expect(got.text("templateApplicationLevel") == "newPartners,existingPartners" && at(got.body, "userSyncInbound", "isSyncAllowed") == true, got)
	}},
	{"template.level-is-checked", "1.4", func(x *setup) {
		x.refused(x.a, "PATCH", syncPolicy, object{"templateApplicationLevel": "always"}, 400, "Request_BadRequest")
		x.a.do("PATCH", syncPolicy, object{"templateApplicationLevel": ""}, 204)
		got := x.a.get(syncPolicy)
		x.expect(got.text("templateApplicationLevel") == "none", got)
	}},
	{"template.fills-new-partners-at-join", "1.4", func(x *setup) {
		x.b.do("PATCH", syncPolicy, object{"userSyncInbound": object{"isSyncAllowed": true}}, 204)
		x.b.do("PATCH", partnerTemplate, object{"automaticUserConsentSettings": object{"inboundAllowed": true, "outboundAllowed": true}}, 204)
		x.joins("a", "b")
		got := x.b.get(partners + "/" + ids["a"])
		x.expect(at(got.body, "automaticUserConsentSettings", "inboundAllowed") == true, got)
		got = x.b.get(partners + "/" + ids["a"] + "/identitySynchronization")
		x.expect(at(got.body, "userSyncInbound", "isSyncAllowed") == true, got)
	}},
	{"template.partner-side-is-filled-by-its-own", "1.4", func(x *setup) {
		x.a.do("PATCH", syncPolicy, object{"userSyncInbound": object{"isSyncAllowed": true}, "templateApplicationLevel": "newPartners"}, 204)
		x.joins("a", "b")
		got := x.a.get(partners + "/" + ids["b"] + "/identitySynchronization")
		x.expect(at(got.body, "userSyncInbound", "isSyncAllowed") == true, got)
	}},
	{"template.existing-partners-only-when-asked", "1.4", func(x *setup) {
		for _, c := range []*caller{x.b, x.c} {
			c.do("POST", partners, object{"tenantId": ids["a"], "inboundTrust": object{"isMfaAccepted": true}}, 201)
		}
		consent := object{"inboundAllowed": true}
		x.b.do("PATCH", partnerTemplate, object{"automaticUserConsentSettings": consent, "templateApplicationLevel": "newPartners"}, 204)
		x.c.do("PATCH", partnerTemplate, object{"automaticUserConsentSettings": consent, "templateApplicationLevel": "existingPartners"}, 204)
		x.joins("a", "b", "c")
		got := x.b.get(partners + "/" + ids["a"])
		x.expect(at(got.body, "automaticUserConsentSettings", "inboundAllowed") == nil, got)
		got = x.c.get(partners + "/" + ids["a"])
		x.expect(at(got.body, "automaticUserConsentSettings", "inboundAllowed") == true && at(got.body, "inboundTrust", "isMfaAccepted") == true, got) // null leaves alone
	}},
	{"template.later-change-has-no-effect", "1.4", func(x *setup) {
		x.joins("a", "b")
		x.b.do("PATCH", syncPolicy, object{"userSyncInbound": object{"isSyncAllowed": true}}, 204)
		x.advance(time.Hour)
		got := x.b.get(partners + "/" + ids["a"] + "/identitySynchronization")
		x.expect(at(got.body, "userSyncInbound", "isSyncAllowed") == false, got)
	}},
	{"template.reset-204-each-alone", "1.4", func(x *setup) {
		x.a.do("PATCH", syncPolicy, object{"userSyncInbound": object{"isSyncAllowed": true}}, 204)
		x.a.do("PATCH", partnerTemplate, object{"inboundTrust": object{"isMfaAccepted": true}}, 204)
		x.a.do("POST", syncPolicy+"/resetToDefaultSettings", nil, 204)
		got := x.a.get(syncPolicy)
		x.expect(got.text("templateApplicationLevel") == "none" && at(got.body, "userSyncInbound", "isSyncAllowed") == nil, got)
		got = x.a.get(partnerTemplate)
		x.expect(at(got.body, "inboundTrust", "isMfaAccepted") == true, got)
	}},
	{"template.permission", "1.4", func(x *setup) {
		c := x.without("Policy.ReadWrite.CrossTenantAccess")
		c.do("PATCH", syncPolicy, object{"userSyncInbound": object{"isSyncAllowed": true}}, 204) // MultiTenantOrganization.ReadWrite.All will do
		c = x.without("MultiTenantOrganization.ReadWrite.All")
		x.refused(c, "PATCH", syncPolicy, object{}, 403, "Authorization_RequestDenied")
	}},
}
