package entrasim_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"entente.dev/entente/internal/entrasim"
	"entente.dev/entente/internal/entrasim/simclient"
	"entente.dev/entente/internal/entrasim/world"
)

const syncTemplate = "518e5f48-1fc8-4c48-9387-9fdf28b0dfe7"

// share sets one directed sync up through Graph and returns service principal and job.
func share(t *testing.T, s *sim, source, target string) (sp, job string) {
	t.Helper()
	src, tgt := s.as(source), s.as(target)
	partners := "/policies/crossTenantAccessPolicy/partners"
	tgt.do("POST", partners, object{"tenantId": ids[source], "automaticUserConsentSettings": object{"inboundAllowed": true}}, 201)
	tgt.do("PUT", partners+"/"+ids[source]+"/identitySynchronization", object{"userSyncInbound": object{"isSyncAllowed": true}}, 204)
	src.do("POST", partners, object{"tenantId": ids[target], "automaticUserConsentSettings": object{"outboundAllowed": true}}, 201)
	made := src.do("POST", "/applicationTemplates/"+syncTemplate+"/instantiate", object{"displayName": "xts-" + target}, 201)
	principal := made.body["servicePrincipal"].(object)
	sp = principal["id"].(string)
	role := principal["appRoles"].([]any)[0].(object)["id"]
	base := "/servicePrincipals/" + sp + "/synchronization"
	src.do("POST", base+"/jobs/validateCredentials", object{"templateId": "Azure2Azure", "useSavedCredentials": false, "credentials": []object{
		{"key": "CompanyId", "value": ids[target]}, {"key": "AuthenticationType", "value": "SyncPolicy"}}}, 204)
	job = src.do("POST", base+"/jobs", object{"templateId": "Azure2Azure"}, 201).text("id")
	src.do("PUT", base+"/secrets", object{"value": []object{{"key": "AuthenticationType", "value": "SyncPolicy"},
		{"key": "CompanyId", "value": ids[target]}, {"key": "SyncAll", "value": "false"}}}, 204)
	group := src.get("/groups?$filter=displayName eq 'Collaboration'").value()[0]["id"]
	src.do("POST", "/servicePrincipals/"+sp+"/appRoleAssignedTo", object{"principalId": group, "resourceId": sp, "appRoleId": role}, 201)
	src.do("POST", base+"/jobs/"+job+"/start", nil, 204)
	return sp, job
}

func TestSharedPeopleBecomeMembersAndLeaveAgain(t *testing.T) {
	s := start(t, nil)
	sp, job := share(t, s, "b", "a")
	admin := s.Admin()
	if _, err := admin.Advance(t.Context(), 41*time.Minute); err != nil {
		t.Fatal(err)
	}
	a := s.as("a")
	people, _ := a.all("/users?$select=id,userPrincipalName,userType,externalUserState,creationType&$filter=creationType eq 'Invitation'")
	upns := column(people, "userPrincipalName")
	slices.Sort(upns)
	if diff := cmp.Diff([]string{"barbara_b.example#EXT#@a.onmicrosoft.example", "bob_b.example#EXT#@a.onmicrosoft.example"}, upns); diff != "" {
		t.Fatal(diff)
	}
	for _, p := range people {
		if p["userType"] != "Member" || p["externalUserState"] != "Accepted" {
			t.Errorf("a synced user is a redeemed member, got %v", p)
		}
	}
	b := s.as("b")
	status := b.get("/servicePrincipals/" + sp + "/synchronization/jobs/" + job).body["status"].(object)
	if status["code"] != "Active" {
		t.Errorf("status %v after a cycle", status["code"])
	}

	if _, err := admin.Edit(t.Context(), simclient.Edit{Tenant: "b", Action: "group.remove", Group: "Collaboration", User: "barbara@b.example"}); err != nil {
		t.Fatal(err)
	}
	if _, err := admin.Advance(t.Context(), 41*time.Minute); err != nil {
		t.Fatal(err)
	}
	gone := a.get("/directory/deletedItems/microsoft.graph.user?$select=id,userPrincipalName,deletedDateTime").value()
	if len(gone) != 1 || gone[0]["userPrincipalName"] != "barbara_b.example#EXT#@a.onmicrosoft.example" || gone[0]["deletedDateTime"] == nil {
		t.Fatalf("recycle bin: %v", gone)
	}
	rows := b.get("/auditLogs/provisioning?$filter=provisioningAction eq 'delete'").value()
	if len(rows) != 1 {
		t.Fatalf("%d delete rows in the provisioning log", len(rows))
	}

	if _, err := admin.Edit(t.Context(), simclient.Edit{Tenant: "b", Action: "group.add", Group: "Collaboration", User: "barbara@b.example"}); err != nil {
		t.Fatal(err)
	}
	if _, err := admin.Advance(t.Context(), 41*time.Minute); err != nil {
		t.Fatal(err)
	}
	back := a.get("/users/" + gone[0]["id"].(string))
	if back.text("userPrincipalName") != "barbara_b.example#EXT#@a.onmicrosoft.example" {
		t.Errorf("restored user: %s", back.raw)
	}
}

func TestExistingGuestStaysGuest(t *testing.T) {
	s := start(t, nil)
	before, err := s.Admin().State(t.Context(), "c", false)
	if err != nil {
		t.Fatal(err)
	}
	share(t, s, "b", "c")
	if _, err := s.Admin().Advance(t.Context(), 41*time.Minute); err != nil {
		t.Fatal(err)
	}
	after, err := s.Admin().State(t.Context(), "c", false)
	if err != nil {
		t.Fatal(err)
	}
	find := func(st simclient.State, home string) simclient.UserState {
		for _, u := range st.Users {
			if u.Home == home {
				return u
			}
		}
		t.Fatalf("nobody in C belongs to %s: %+v", home, st.Users)
		return simclient.UserState{}
	}
	if b, a := find(before, "bob@b.example"), find(after, "bob@b.example"); b.ID != a.ID || a.UserType != "Guest" {
		t.Errorf("Bob was %+v and is %+v", b, a)
	}
	if u := find(after, "barbara@b.example"); u.UserType != "Member" || !u.ShowInAddressList {
		t.Errorf("Barbara: %+v", u)
	}
}

func TestValidateCredentialsFailsWithoutPolicies(t *testing.T) {
	s := start(t, nil)
	a := s.as("a")
	made := a.do("POST", "/applicationTemplates/"+syncTemplate+"/instantiate", object{"displayName": "x"}, 201)
	sp := made.body["servicePrincipal"].(object)["id"].(string)
	got := a.do("POST", "/servicePrincipals/"+sp+"/synchronization/jobs/validateCredentials", object{"templateId": "Azure2Azure", "credentials": []object{
		{"key": "CompanyId", "value": ids["b"]}, {"key": "AuthenticationType", "value": "SyncPolicy"}}}, 400)
	if got.code() != "AzureActiveDirectoryCrossTenantSyncPolicyCheckFailure" {
		t.Errorf("code %q: %s", got.code(), got.raw)
	}
}

func TestNewServicePrincipalIsUnknownForAWhile(t *testing.T) {
	s := start(t, func(o *entrasim.Options) { o.PrincipalDelay = 400 * time.Millisecond })
	a := s.as("a")
	made := a.do("POST", "/applicationTemplates/"+syncTemplate+"/instantiate", object{"displayName": "slow"}, 201)
	principal := made.body["servicePrincipal"].(object)
	sp := principal["id"].(string)
	a.do("GET", "/servicePrincipals/"+sp, nil, 404)
	a.do("GET", "/servicePrincipals/"+sp+"/synchronization/jobs", nil, 404)
	group := a.get("/groups?$filter=displayName eq 'Collaboration'").value()[0]["id"]
	role := principal["appRoles"].([]any)[0].(object)["id"]
	a.do("POST", "/groups/"+group.(string)+"/appRoleAssignments", object{"principalId": group, "resourceId": sp, "appRoleId": role}, 400)
	if n := len(a.get("/servicePrincipals?$filter=displayName eq 'slow'").value()); n != 0 {
		t.Errorf("%d listed before replication", n)
	}
	time.Sleep(450 * time.Millisecond)
	a.get("/servicePrincipals/" + sp)
	found := a.get("/servicePrincipals?$filter=applicationTemplateId eq '" + syncTemplate + "'").value()
	if len(found) != 1 || found[0]["id"] != sp {
		t.Errorf("found %v", found)
	}
}

func TestWorldFileJobsRun(t *testing.T) {
	yes := true
	w := world.ThreeTenants(0)
	w.Tenants[0].Partners = []world.Partner{{Tenant: "b", OutboundAllowed: &yes}}
	w.Tenants[1].Partners = []world.Partner{{Tenant: "a", InboundAllowed: &yes, SyncAllowed: &yes}}
	w.Tenants[0].Jobs = []world.Job{{Target: "b", Groups: []string{"Collaboration"}, Started: true}}
	s := start(t, func(o *entrasim.Options) { o.World = w })
	if _, err := s.Admin().Advance(t.Context(), 41*time.Minute); err != nil {
		t.Fatal(err)
	}
	state, err := s.Admin().State(t.Context(), "b", false)
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range state.Users {
		if u.Home == "annie@a.example" && u.UserType == "Member" {
			return
		}
	}
	t.Errorf("Annie is not in B: %+v", state.Users)
}
