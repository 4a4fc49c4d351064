package entrasim_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"entente.dev/entente/internal/entrasim"
	"entente.dev/entente/internal/entrasim/simclient"
	"entente.dev/entente/internal/entrasim/world"
)

func TestPagesFiveThousandUsersOnce(t *testing.T) {
	w := world.ThreeTenants(5000)
	s := start(t, func(o *entrasim.Options) { o.World = w })
	a := s.as("a")
	items, _ := a.all("/users?$top=999&$select=id,userPrincipalName")
	seen := map[any]bool{}
	for _, u := range items {
		seen[u["id"]] = true
	}
	if len(items) != 5001 || len(seen) != 5001 {
		t.Fatalf("%d items, %d different", len(items), len(seen))
	}
	a.header.Set("ConsistencyLevel", "eventual")
	first := a.get("/users?$count=true&$top=5")
	if first.body["@odata.count"] != float64(5001) || len(first.value()) != 5 {
		t.Errorf("count: %s", first.raw)
	}
	if n := string(a.get("/users/$count").raw); n != "5001" {
		t.Errorf("$count answers %q", n)
	}
}

func TestUserSelectionAndKeys(t *testing.T) {
	s := start(t, nil)
	a := s.as("a")
	keys := func(x object) []string {
		var out []string
		for k := range x {
			out = append(out, k)
		}
		slices.Sort(out)
		return out
	}
	want := []string{"@odata.context", "businessPhones", "displayName", "givenName", "id", "jobTitle", "mail", "mobilePhone", "officeLocation", "preferredLanguage", "surname", "userPrincipalName"}
	byUPN := a.get("/users/ANNIE@a.example")
	if diff := cmp.Diff(want, keys(byUPN.body)); diff != "" {
		t.Error(diff)
	}
	if quoted := a.get("/Users('annie%40a.example')?$select=Id,USERTYPE"); quoted.text("id") != byUPN.text("id") || quoted.text("userType") != "Member" {
		t.Errorf("quoted key: %s", quoted.raw)
	}
	a.header.Set("Accept", "application/json;odata.metadata=none")
	if got := a.get("/users/" + byUPN.text("id")); got.body["@odata.context"] != nil {
		t.Errorf("metadata=none: %s", got.raw)
	}
	if bad := a.do("GET", "/users?$select=nonsense", nil, 400); !strings.Contains(string(bad.raw), "Could not find a property named 'nonsense'") {
		t.Errorf("%s", bad.raw)
	}
}

func TestRefusalsAreGraphsAndRecorded(t *testing.T) {
	s := start(t, nil)
	a := s.as("a")
	a.header.Set("client-request-id", "11111111-2222-4333-8444-555555555555")
	got := a.do("GET", "/nonsense/of/ours", nil, 400)
	e := got.body["error"].(object)
	inner := e["innerError"].(object)
	if e["code"] != "BadRequest" || e["message"] != "Resource not found for the segment 'nonsense'." ||
		inner["client-request-id"] != "11111111-2222-4333-8444-555555555555" || inner["request-id"] != got.header.Get("request-id") || len(inner["date"].(string)) != 19 {
		t.Errorf("%s", got.raw)
	}
	a.do("GET", "/users/00000000-0000-4000-8000-000000000000", nil, 404)
	a.token = "nonsense"
	if got := a.do("GET", "/users", nil, 401); got.code() != "InvalidAuthenticationToken" || got.header.Get("WWW-Authenticate") == "" {
		t.Errorf("%s", got.raw)
	}
	entries, err := s.Admin().Requests(t.Context(), 0, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	unknown := 0
	for _, e := range entries {
		if e.Unknown {
			unknown++
		}
	}
	if unknown != 1 {
		t.Errorf("%d unknown requests recorded", unknown)
	}
}

func TestPermissionsAreChecked(t *testing.T) {
	s := start(t, nil)
	for _, p := range []string{"User.ReadWrite.All", "User.DeleteRestore.All", "Synchronization.ReadWrite.All", "Application.ReadWrite.OwnedBy"} {
		if _, err := s.Admin().Edit(t.Context(), simclient.Edit{Tenant: "a", Action: "permission.revoke", App: "Entente", Permission: p}); err != nil {
			t.Fatal(err)
		}
	}
	a := s.as("a")
	if got := a.do("GET", "/users", nil, 403); got.code() != "Authorization_RequestDenied" {
		t.Errorf("%s", got.raw)
	}
	sp := a.get("/servicePrincipals?$filter=displayName eq 'Entente'").value()[0]["id"].(string)
	got := a.do("GET", "/servicePrincipals/"+sp+"/synchronization/jobs", nil, 401)
	if e := got.body["error"].(object); e["code"] != "UnknownError" || e["message"] != "" {
		t.Errorf("%s", got.raw)
	}
}

func TestUsersDeltaRound(t *testing.T) {
	s := start(t, nil)
	a := s.as("a")
	annie := a.get("/users/annie@a.example").text("id")
	user1 := a.get("/users/user000001@a.example").text("id")
	first, last := a.all("/users/delta?$select=displayName,accountEnabled,department")
	if len(first) != 21 {
		t.Fatalf("first round has %d", len(first))
	}
	link := last.text("@odata.deltaLink")
	if again, l := a.all(link); len(again) != 0 || l.text("@odata.deltaLink") == "" {
		t.Fatalf("nothing changed, got %v", again)
	}
	a.do("PATCH", "/users/"+annie, object{"department": "Law"}, 204)
	a.do("PATCH", "/users/user000002@a.example", object{"city": "Lund"}, 204) // not selected
	a.do("DELETE", "/users/"+user1, nil, 204)
	changed, l := a.all(link)
	want := []object{{"id": annie, "displayName": "Annie Andersson", "accountEnabled": true, "department": "Law"},
		{"id": user1, "@removed": object{"reason": "changed"}}}
	if diff := cmp.Diff(want, changed); diff != "" {
		t.Error(diff)
	}
	a.do("POST", "/directory/deletedItems/"+user1+"/restore", nil, 200)
	back, l := a.all(l.text("@odata.deltaLink"))
	if len(back) != 1 || back[0]["id"] != user1 || back[0]["@removed"] != nil {
		t.Errorf("restored: %v", back)
	}
	a.do("DELETE", "/users/"+user1, nil, 204)
	a.do("DELETE", "/directory/deletedItems/"+user1, nil, 204)
	if gone, _ := a.all(l.text("@odata.deltaLink")); len(gone) != 1 || gone[0]["@removed"].(object)["reason"] != "deleted" {
		t.Errorf("purged: %v", gone)
	}
	if _, err := s.Admin().Advance(t.Context(), 8*24*time.Hour); err != nil {
		t.Fatal(err)
	}
	if got := a.do("GET", link, nil, 400); got.code() != "syncStateNotFound" {
		t.Errorf("%s", got.raw)
	}
	if err := s.Admin().SetSwitch(t.Context(), "delta-reset", "now"); err != nil {
		t.Fatal(err)
	}
	if got := a.do("GET", link, nil, 410); !strings.HasSuffix(got.header.Get("Location"), "$deltatoken=") {
		t.Errorf("Location %q", got.header.Get("Location"))
	}
}

func TestGroupsDeltaKeepsSoftDeletedMembers(t *testing.T) {
	s := start(t, nil)
	b := s.as("b")
	group := b.get("/groups?$filter=displayName eq 'Collaboration'").value()[0]["id"].(string)
	bob, barbara := b.get("/users/bob@b.example").text("id"), b.get("/users/barbara@b.example").text("id")
	first, last := b.all("/groups/delta?$select=displayName,members&$filter=id eq '" + group + "'")
	if len(first) != 1 || len(first[0]["members@delta"].([]any)) != 2 {
		t.Fatalf("first: %v", first)
	}
	b.do("DELETE", "/users/"+bob, nil, 204)
	b.do("DELETE", "/groups/"+group+"/members/"+barbara+"/$ref", nil, 204)
	changed, last := b.all(last.text("@odata.deltaLink"))
	want := []any{object{"@odata.type": "#microsoft.graph.user", "id": barbara, "@removed": object{"reason": "deleted"}}}
	if diff := cmp.Diff(want, changed[0]["members@delta"]); diff != "" {
		t.Error(diff)
	}
	b.do("DELETE", "/directory/deletedItems/"+bob, nil, 204)
	if changed, _ = b.all(last.text("@odata.deltaLink")); len(changed) != 1 || changed[0]["members@delta"].([]any)[0].(object)["id"] != bob {
		t.Errorf("after the permanent delete: %v", changed)
	}
}

func TestGroupMembersAreAllOrNothing(t *testing.T) {
	s := start(t, nil)
	a := s.as("a")
	users := column(a.get("/users?$top=25&$select=id").value(), "id")
	ref := func(id string) string { return "https://graph.microsoft.com/v1.0/directoryObjects/" + id }
	bind := func(list []string) (out []string) {
		for _, id := range list {
			out = append(out, ref(id))
		}
		return out
	}
	g := a.do("POST", "/groups", object{"displayName": "G", "mailEnabled": false, "mailNickName": "g", "securityEnabled": true, "members@odata.bind": bind(users[:2])}, 201).text("id")
	a.do("PATCH", "/groups/"+g, object{"members@odata.bind": bind(append(slices.Clone(users[2:5]), "00000000-0000-4000-8000-00000000dead"))}, 404)
	a.do("PATCH", "/groups/"+g, object{"members@odata.bind": bind(users[1:4])}, 400)
	if n := len(a.get("/groups/" + g + "/members").value()); n != 2 {
		t.Fatalf("%d members after refused requests", n)
	}
	a.do("PATCH", "/groups/"+g, object{"members@odata.bind": bind(users[:21])}, 400)
	a.do("PATCH", "/groups/"+g, object{"members@odata.bind": bind(users[2:20])}, 204)
	if got := a.do("POST", "/groups/"+g+"/members/$ref", object{"@odata.id": ref(users[0])}, 400); got.code() != "Request_BadRequest" {
		t.Errorf("%s", got.raw)
	}
	a.do("DELETE", "/groups/"+g+"/members/"+users[0]+"/$ref", nil, 204)
	a.do("DELETE", "/groups/"+g+"/members/"+users[0]+"/$ref", nil, 404)
	members, _ := a.all("/groups/" + g + "/members?$top=7&$select=id")
	if diff := cmp.Diff(users[1:20], column(members, "id")); diff != "" {
		t.Error(diff)
	}
	a.do("GET", "/groups/"+g+"/members/microsoft.graph.user", nil, 400)
	a.header.Set("ConsistencyLevel", "eventual")
	if got := a.get("/groups/" + g + "/members/microsoft.graph.user?$count=true&$filter=startswith(displayName,'A')"); got.body["@odata.count"] == nil {
		t.Errorf("%s", got.raw)
	}
	a.do("DELETE", "/groups/"+g, nil, 204)
	a.do("GET", "/groups/"+g, nil, 404)
}

func TestPartnerPolicyRules(t *testing.T) {
	s := start(t, nil)
	a := s.as("a")
	base := "/policies/crossTenantAccessPolicy/partners"
	one, sync := base+"/"+ids["b"], base+"/"+ids["b"]+"/identitySynchronization"
	if got := a.do("GET", one, nil, 404); got.code() != "Directory_ObjectNotFound" {
		t.Errorf("%s", got.raw)
	}
	made := a.do("POST", base, object{"tenantId": ids["b"]}, 201)
	if diff := cmp.Diff(object{"inboundAllowed": nil, "outboundAllowed": nil}, made.body["automaticUserConsentSettings"]); diff != "" || made.body["inboundTrust"] != nil {
		t.Errorf("fresh partner: %s", made.raw)
	}
	dup := a.do("POST", base, object{"tenantId": ids["b"]}, 409)
	details := dup.body["error"].(object)["details"].([]any)[0].(object)
	if dup.code() != "Request_MultipleObjectsWithSameKeyValue" || details["code"] != "ConflictingObjects" {
		t.Errorf("%s", dup.raw)
	}
	a.do("PATCH", sync, object{"userSyncInbound": object{"isSyncAllowed": true}}, 404)
	a.do("PUT", sync, object{"userSyncInbound": object{"isSyncAllowed": true}}, 204)
	a.do("PUT", sync, object{"userSyncInbound": object{"isSyncAllowed": true}}, 409)
	a.do("PATCH", sync, object{"userSyncInbound": object{"isSyncAllowed": false}}, 204)
	a.do("PATCH", one, object{"automaticUserConsentSettings": object{"inboundAllowed": true}}, 204)
	a.do("PATCH", one, object{"automaticUserConsentSettings": object{"outboundAllowed": true}, "inboundTrust": object{"isMfaAccepted": true}}, 204)
	got := a.get(base + "?$expand=identitySynchronization").value()[0]
	if diff := cmp.Diff(object{"inboundAllowed": true, "outboundAllowed": true}, got["automaticUserConsentSettings"]); diff != "" {
		t.Errorf("nested objects merge: %s", diff)
	}
	if got["identitySynchronization"].(object)["userSyncInbound"].(object)["isSyncAllowed"] != false {
		t.Errorf("expanded: %v", got)
	}
	a.do("PATCH", one, object{"inboundTrust": nil}, 204)
	if got := a.get(one); got.body["inboundTrust"] != nil {
		t.Errorf("null resets: %s", got.raw)
	}
	a.do("DELETE", one, nil, 400)
	a.do("DELETE", sync, nil, 204)
	a.do("DELETE", one, nil, 204)
	a.do("DELETE", one, nil, 404)
	activities := column(a.get("/auditLogs/directoryAudits?$filter=category eq 'CrossTenantAccessSettings'").value(), "activityDisplayName")
	if !slices.Contains(activities, "Add a partner to cross-tenant access setting") || !slices.Contains(activities, "Delete partner specific cross-tenant access setting") {
		t.Errorf("audit rows %v", activities)
	}
}

func TestMultitenantOrganization(t *testing.T) {
	s := start(t, nil)
	a, b := s.as("a"), s.as("b")
	mto := "/tenantRelationships/multiTenantOrganization"
	if got := a.get(mto); got.text("state") != "inactive" || got.body["displayName"] != nil {
		t.Errorf("%s", got.raw)
	}
	if got := b.get(mto + "/joinRequest"); got.text("addedByTenantId") != "00000000-0000-0000-0000-000000000000" || got.body["memberState"] != nil {
		t.Errorf("%s", got.raw)
	}
	a.do("PATCH", mto, object{"displayName": "Group"}, 204)
	if got := a.do("POST", mto+"/tenants", object{"tenantId": ids["b"], "displayName": "B"}, 201); got.text("state") != "pending" || got.body["transitionDetails"] != nil {
		t.Errorf("%s", got.raw)
	}
	if got := a.do("POST", mto+"/tenants", object{"tenantId": ids["b"], "displayName": "B"}, 400); got.code() != "Request_BadRequest" {
		t.Errorf("%s", got.raw)
	}
	b.do("PATCH", "/policies/crossTenantAccessPolicy/templates/multiTenantOrganizationIdentitySynchronization", object{"userSyncInbound": object{"isSyncAllowed": true}}, 204)
	b.do("PATCH", mto+"/joinRequest", object{"addedByTenantId": ids["c"]}, 204)
	settle := func() {
		if _, err := s.Admin().Advance(t.Context(), time.Minute); err != nil {
			t.Fatal(err)
		}
	}
	settle()
	if got := b.get(mto + "/joinRequest").body["transitionDetails"].(object); got["status"] != "failed" {
		t.Errorf("joining through the wrong tenant: %v", got)
	}
	b.do("PATCH", mto+"/joinRequest", object{"addedByTenantId": "00000000-0000-0000-0000-000000000000"}, 204)
	b.do("PATCH", mto+"/joinRequest", object{"addedByTenantId": ids["a"]}, 204)
	settle()
	if got := b.get(mto + "/joinRequest"); got.text("memberState") != "active" {
		t.Errorf("%s", got.raw)
	}
	if got := b.get("/policies/crossTenantAccessPolicy/partners/" + ids["a"]); got.body["isInMultiTenantOrganization"] != true {
		t.Errorf("%s", got.raw)
	}
	if got := b.get("/policies/crossTenantAccessPolicy/partners/" + ids["a"] + "/identitySynchronization"); got.body["userSyncInbound"].(object)["isSyncAllowed"] != true {
		t.Errorf("template was not applied: %s", got.raw)
	}
	b.do("DELETE", mto+"/tenants/"+ids["b"], nil, 204)
	settle()
	a.do("GET", mto+"/tenants/"+ids["b"], nil, 404)
}

func TestBatchJudgesEachItem(t *testing.T) {
	s := start(t, nil)
	a := s.as("a")
	got := a.do("POST", "/$batch", object{"requests": []object{
		{"id": 1, "method": "GET", "url": "/users/annie@a.example?$select=id"},
		{"id": "2", "method": "GET", "url": "users/nobody@a.example"},
		{"id": "3", "method": "GET", "url": "/groups", "dependsOn": []string{"2"}},
		{"id": "4", "method": "PATCH", "url": "/users/annie@a.example", "headers": object{"Content-Type": "application/json"}, "body": object{"city": "Lund"}},
	}}, 200)
	status := map[string]float64{}
	for _, r := range got.body["responses"].([]any) {
		status[r.(object)["id"].(string)] = r.(object)["status"].(float64)
	}
	if diff := cmp.Diff(map[string]float64{"1": 200, "2": 404, "3": 424, "4": 204}, status); diff != "" {
		t.Error(diff)
	}
	var many []object
	for i := range 21 {
		many = append(many, object{"id": fmt.Sprint(i), "method": "GET", "url": "/users"})
	}
	a.do("POST", "/$batch", object{"requests": many}, 400)
	a.do("POST", "/$batch", object{"requests": []object{many[0], many[0]}}, 400)
}

func TestAdvancedQueriesNeedTheHeader(t *testing.T) {
	s := start(t, nil)
	a := s.as("a")
	a.do("GET", "/users?$filter=userType ne 'Guest'", nil, 400)
	a.do("GET", "/users/$count", nil, 400)
	if got := a.do("GET", `/users?$search="displayName:annie"`, nil, 400); got.code() != "Request_UnsupportedQuery" {
		t.Errorf("%s", got.raw)
	}
	a.header.Set("ConsistencyLevel", "eventual")
	if n := len(a.get("/users?$filter=userType+ne+'Guest'&$count=true").value()); n != 21 {
		t.Errorf("%d", n)
	}
	if got := a.get(`/users?$search="displayName:annie"`).value(); len(got) != 1 {
		t.Errorf("%v", got)
	}
	if got := a.get("/users?%24filter=startsWith(displayName, 'Annie') and userPrincipalName in ('annie@a.example','x')").value(); len(got) != 1 {
		t.Errorf("%v", got)
	}
}
