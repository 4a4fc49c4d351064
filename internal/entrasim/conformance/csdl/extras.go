package csdl

import "strings"

// Extra is a property that the service returns although the v1.0 schema does not have it.
type Extra struct {
	Type, Property string
	Beta           bool // only below /beta
	Source         string
}

// Extras is what is known. An empty Property stands for a whole path that v1.0 does not have.
func Extras() []Extra {
	const partner = "microsoft.graph.crossTenantAccessPolicyConfigurationPartner"
	const sync = "microsoft.graph.crossTenantIdentitySyncPolicyPartner"
	const sample = "response of the partner's get and create pages; in no schema"
	return []Extra{
		{Type: partner, Property: "crossCloudMeetingConfiguration", Source: sample},
		{Type: partner, Property: "protectedContentSharing", Source: sample},
		{Type: "microsoft.graph.multiTenantOrganizationMember", Property: "multiTenantOrgLabelType", Source: "output of the tenant list in the how-to for Graph; in no schema"},
		{Type: sync, Property: "groupSyncInbound", Beta: true, Source: "crossTenantIdentitySyncPolicyPartner, beta"},
		{Type: sync, Property: "externalCloudAuthorizedApplicationId", Beta: true, Source: "crossTenantIdentitySyncPolicyPartner, beta"},
	}
}

// Elsewhere lists path endings that only the beta schema has.
func Elsewhere() map[string]string {
	return map[string]string{"/objectConnections": "object connections, beta page of 2026", "/policies/deletedItems": "policy deletable items, beta"}
}

func allowed(list []Extra, typeName, property string, beta bool, m *Model) bool {
	for _, e := range list {
		if strings.EqualFold(e.Property, property) && m.derives(typeName, e.Type) && (beta || !e.Beta) {
			return true
		}
	}
	return false
}
