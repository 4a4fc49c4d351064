package tour

import (
	"strings"

	"entente.dev/entente/internal/entrasim/odata"
)

const tenColumns = "$select=id,userPrincipalName,displayName,mail,userType,accountEnabled,department,jobTitle,city,createdDateTime"

// everything is every property of users that a list may be asked for.
const everything = "$select=id,deletedDateTime,accountEnabled,ageGroup,assignedLicenses,assignedPlans,businessPhones,city,companyName," +
	"consentProvidedForMinor,country,createdDateTime,creationType,department,displayName,employeeHireDate,employeeId,employeeLeaveDateTime," +
	"employeeOrgData,employeeType,externalUserState,externalUserStateChangeDateTime,faxNumber,givenName,identities,imAddresses,jobTitle," +
	"lastPasswordChangeDateTime,mail,mailNickname,mobilePhone,officeLocation,onPremisesDistinguishedName,onPremisesDomainName," +
	"onPremisesExtensionAttributes,onPremisesImmutableId,onPremisesLastSyncDateTime,onPremisesProvisioningErrors," +
	"onPremisesSamAccountName,onPremisesSecurityIdentifier,onPremisesSyncEnabled,onPremisesUserPrincipalName,otherMails,passwordPolicies," +
	"passwordProfile,postalCode,preferredDataLocation,preferredLanguage,provisionedPlans,proxyAddresses,securityIdentifier," +
	"showInAddressList,signInSessionsValidFromDateTime,state,streetAddress,surname,usageLocation,userPrincipalName,userType"

// every selects every property that the simulator knows of a type.
func every(typeName string) string {
	var names []string
	for _, p := range odata.TypeOf(typeName).Properties {
		if p.Kind != 'x' {
			names = append(names, p.Name)
		}
	}
	return "$select=" + strings.Join(names, ",")
}

func (d *driver) people() {
	made := d.do("POST", "/users", object{"accountEnabled": true, "displayName": "Nils Ny", "mailNickname": "nils", "userPrincipalName": "nils@a.example",
		"passwordProfile": object{"password": "Not-a-secret-1"}, "department": "Law", "businessPhones": []string{"+46 8 1"}, "otherMails": []string{"n@x.example"}}, 201)
	id := text(made, "id")
	annie := text(d.get("/users/annie@a.example"), "id")
	d.do("PATCH", "/users/"+id, object{"city": "Lund", "showInAddressList": false, "employeeOrgData": object{"costCenter": "7"}}, 204)
	for _, path := range []string{"/users", "/users?$top=999&" + tenColumns, "/users?$top=5&" + everything, "/users/" + id + "?" + everything,
		"/users('" + id + "')", "/users/ANNIE%40a.example?$select=Id,USERTYPE", "/users?$filter=userType eq 'Guest'&" + everything,
		"/users?$filter=startsWith(displayName,'A')&$top=3", "/users?$orderby=displayName&$top=3", "/users?$top=2&$expand=manager",
		"/users/" + annie + "/memberOf", "/users/" + annie + "/transitiveMemberOf", "/users/" + annie + "/appRoleAssignments",
		"/directoryObjects/" + annie, "/users/" + annie + "?" + every("user"), "/users/" + annie + "/sponsors", "/contacts"} {
		d.get(path)
	}
	d.with("ConsistencyLevel", "eventual", func() {
		d.get("/users?$count=true&$top=2&$filter=userType ne 'Guest'")
		d.get("/users/$count")
		d.get(`/users?$search="displayName:annie"&$select=displayName`)
	})
	d.with("Accept", "application/json;odata.metadata=none", func() {
		d.get("/users?$top=2")
		d.get("/users/" + id)
	})
	d.do("PUT", "/users/"+id+"/manager/$ref", object{"@odata.id": "https://graph.microsoft.com/v1.0/users/" + annie}, 204)
	d.get("/users/" + id + "/manager")
	d.get("/users/" + id + "/manager?$select=id,displayName")
	d.get("/users/" + id + "?$expand=manager&$select=id,displayName")
	d.do("DELETE", "/users/"+id+"/manager/$ref", nil, 204)
	d.get("/users/" + annie + "/directReports")
	d.get("/users/" + annie + "/ownedObjects")
	d.get("/users/" + annie + "?$expand=directReports")
	d.do("POST", "/directoryObjects/getByIds", object{"ids": []string{annie, id}, "types": []string{"user"}}, 200)
	d.get("/contacts/" + d.first("/contacts?"+every("orgContact"), "id"))
	d.do("POST", "/invitations", object{"invitedUserEmailAddress": "guest@elsewhere.example", "inviteRedirectUrl": "https://x.example", "invitedUserDisplayName": "G"}, 201)
	token, err := d.personToken("a", "annie@a.example")
	if err != nil {
		d.problem("a person signs in: %w", err)
	}
	d.tokens["annie"] = token
	d.as("annie", func() { d.get("/me"); d.get("/me?$select=id,mail") })
	d.do("DELETE", "/directoryObjects/"+id, nil, 204)
	d.with("Accept", "application/json;odata.metadata=full", func() {
		d.get("/users?$top=3&" + everything)
		d.get("/groups")
		d.get("/directoryObjects/" + annie)
		d.get("/domains")
	})
}

func (d *driver) recycleBin() {
	id := d.first("/directory/deletedItems/microsoft.graph.user?$select=id,userPrincipalName,deletedDateTime", "id")
	d.get("/directory/deletedItems/microsoft.graph.user")
	d.get("/directory/deletedItems/" + id)
	d.do("POST", "/directory/deletedItems/"+id+"/restore", nil, 200)
	d.do("DELETE", "/users/"+id, nil, 204)
	d.do("DELETE", "/directory/deletedItems/"+id, nil, 204)
	for _, kind := range []string{"group", "application", "servicePrincipal"} {
		d.get("/directory/deletedItems/microsoft.graph." + kind)
	}
}
