package tour

import "time"

func (d *driver) organizations() {
	const mto = "/tenantRelationships/multiTenantOrganization"
	d.get(mto)
	d.get(mto + "/joinRequest")
	d.get(mto + "/tenants")
	d.do("PUT", mto, object{"displayName": "Tour"}, 201)
	d.do("PATCH", mto, object{"description": "all of us"}, 204)
	d.get(mto)
	for _, name := range []string{"b", "c"} {
		d.do("POST", mto+"/tenants", object{"tenantId": ids[name], "displayName": name}, 201)
	}
	d.get(mto + "/tenants")
	d.get(mto + "/tenants/" + ids["b"])
	d.as("b", func() {
		d.do("PATCH", mto+"/joinRequest", object{"addedByTenantId": ids["c"]}, 204)
		d.get(mto + "/joinRequest")
		d.do("PATCH", mto+"/joinRequest", object{"addedByTenantId": "00000000-0000-0000-0000-000000000000"}, 204)
		d.do("PATCH", mto+"/joinRequest", object{"addedByTenantId": ids["a"]}, 204)
		d.get(mto + "/joinRequest")
	})
	d.advance(5 * time.Hour)
	d.do("PATCH", mto+"/tenants/"+ids["b"], object{"role": "owner"}, 204)
	d.get(mto + "/tenants/" + ids["b"])
	d.as("b", func() {
		d.get(mto)
		d.get(mto + "/joinRequest")
		d.get(mto + "/tenants")
		d.get(policy + "/partners")
		d.get(policy + "/partners/" + ids["a"] + "/identitySynchronization")
		d.do("DELETE", mto+"/tenants/"+ids["b"], nil, 204)
	})
	d.get(mto + "/tenants")
}

func (d *driver) others() {
	for _, path := range []string{"/organization", "/organization/" + ids["a"], "/organization?$select=id,displayName,verifiedDomains", "/domains", "/domains/a.example", "/organization?" + every("organization"), "/domains?" + every("domain"), "/subscribedSkus?" + every("subscribedSku"), "/directoryRoles?" + every("directoryRole"),

		"/subscribedSkus", "/directoryRoles", "/tenantRelationships/findTenantInformationByTenantId(tenantId='" + ids["b"] + "')",
		"/tenantRelationships/findTenantInformationByDomainName(domainName='b.example')"} {
		d.get(path)
	}
}
