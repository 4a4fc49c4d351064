package csdl

import "strings"

// Extra is a property that the service returns although the v1.0 schema does not have it.
type Extra struct {
	Type, Property string
	Beta           bool // only below /beta
	Source         string
}

// Extras is what is known.
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

// elsewhere lists what only the beta schema has, by a part of the path.
var elsewhere = map[string]string{"/objectConnections": "object connections, beta; page of 2026", "/policies/deletedItems": "policyDeletableItem, beta"}

// OutsideV1 tells whether an answer is about something that the v1.0 schema cannot know. Refusals have one shape
// everywhere and are never outside.
func OutsideV1(a Answer) bool {
	for part := range elsewhere {
		if a.Status < 400 && a.Version == "beta" && strings.Contains(a.Path, part) {
			return true
		}
	}
	return false
}

func allowed(list []Extra, typeName, property string, beta bool, m *Model) bool {
	for _, e := range list {
		if strings.EqualFold(e.Property, property) && m.derives(typeName, e.Type) && (beta || !e.Beta) {
			return true
		}
	}
	return false
}
