package tour

const policy = "/policies/crossTenantAccessPolicy"

func (d *driver) policies() {
	d.get(policy)
	d.do("PATCH", policy, object{"allowedCloudEndpoints": []string{"microsoftonline.us"}}, 204)
	d.get(policy)
	d.get(policy + "/default")
	scope := object{"usersAndGroups": object{"accessType": "allowed", "targets": []object{{"target": "AllUsers", "targetType": "user"}}},
		"applications": object{"accessType": "allowed", "targets": []object{{"target": "AllApplications", "targetType": "application"}}}}
	d.do("PATCH", policy+"/default", object{"inboundTrust": object{"isMfaAccepted": true, "isCompliantDeviceAccepted": false, "isHybridAzureADJoinedDeviceAccepted": false}}, 204)
	d.get(policy + "/default")
	d.do("POST", policy+"/default/resetToSystemDefault", nil, 204)
	one := policy + "/partners/" + ids["c"]
	d.do("POST", policy+"/partners", object{"tenantId": ids["c"]}, 201)
	d.get(one)
	d.do("PATCH", one, object{"b2bCollaborationInbound": scope, "inboundTrust": object{"isMfaAccepted": true}, "automaticUserConsentSettings": object{"inboundAllowed": true, "outboundAllowed": true}}, 204)
	d.do("PUT", one+"/identitySynchronization", object{"displayName": "C", "userSyncInbound": object{"isSyncAllowed": true}}, 204)
	d.do("PATCH", one+"/identitySynchronization", object{"userSyncInbound": object{"isSyncAllowed": false}}, 204)
	d.do("PATCH", "/beta"+one+"/identitySynchronization", object{"groupSyncInbound": object{"isSyncAllowed": true}}, 204)
	for _, path := range []string{one, one + "/identitySynchronization", "/beta" + one + "/identitySynchronization", policy + "/partners",
		policy + "/partners?$expand=identitySynchronization", one + "?$select=tenantId,inboundTrust", one + "?" + every("crossTenantAccessPolicyConfigurationPartner"), one + "?$expand=identitySynchronization"} {
		d.get(path)
	}
	d.do("DELETE", one+"/identitySynchronization", nil, 204)
	d.do("DELETE", one, nil, 204)
	d.get("/policies/authorizationPolicy")
	d.do("PATCH", "/policies/authorizationPolicy", object{"allowInvitesFrom": "everyone"}, 204)
	d.get("/policies/authorizationPolicy")
}

func (d *driver) templates() {
	for _, name := range []string{"multiTenantOrganizationPartnerConfiguration", "multiTenantOrganizationIdentitySynchronization"} {
		at := policy + "/templates/" + name
		d.get(at)
		d.do("PATCH", at, object{"templateApplicationLevel": "newPartners,existingPartners"}, 204)
		d.get(at)
		d.do("POST", at+"/resetToDefaultSettings", nil, 204)
		d.get(at)
	}
}
