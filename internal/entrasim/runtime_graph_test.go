package entrasim_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"entente.dev/entente/internal/entrasim"
	"entente.dev/entente/internal/entrasim/simclient"
)

const partners = "/policies/crossTenantAccessPolicy/partners"

func TestRuntime26_PartnerWithSyncPolicyCannotBeDeleted(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	a := s.as("a")
	one := partners + "/" + ids["b"]
	a.do("POST", partners, object{"tenantId": ids["b"]}, 201)
	a.do("PUT", one+"/identitySynchronization", object{"userSyncInbound": object{"isSyncAllowed": false}}, 204)
	if got := a.do("DELETE", one, nil, 400); !strings.Contains(string(got.raw), "identitySynchronization") {
		t.Errorf("%s", got.raw)
	}
	a.get(one)
	a.do("DELETE", one+"/identitySynchronization", nil, 204)
	a.do("DELETE", one, nil, 204)
	a.do("GET", one, nil, 404)
}

func TestRuntime33_Batch(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	a := s.as("a")
	list := func(n int) []object {
		var out []object
		for i := range n {
			out = append(out, object{"id": fmt.Sprint(i), "method": "GET", "url": "/auditLogs/provisioning"})
		}
		return out
	}
	a.do("POST", "/$batch", object{"requests": list(21)}, 400)
	got := a.do("POST", "/$batch", object{"requests": list(7)}, 200)
	throttled := 0
	for _, r := range got.body["responses"].([]any) {
		if x := r.(object); x["status"] == 429.0 {
			throttled++
			if x["headers"].(object)["Retry-After"] == nil || x["body"].(object)["error"].(object)["code"] != "TooManyRequests" {
				t.Errorf("%v", x)
			}
		}
	}
	if throttled != 2 {
		t.Errorf("%d items throttled of 7", throttled)
	}
	chain := []object{{"id": "A", "method": "GET", "url": "/users/nobody@a.example"}, {"id": "b", "method": "GET", "url": "/users", "dependsOn": []string{"a"}},
		{"id": "c", "method": "GET", "url": "/users", "dependsOn": []string{"B"}}, {"id": "d", "method": "GET", "url": "/users"}}
	status := func(got *answer) map[string]any {
		out := map[string]any{}
		for _, r := range got.body["responses"].([]any) {
			out[r.(object)["id"].(string)] = r.(object)["status"]
		}
		return out
	}
	want := map[string]any{"A": 404.0, "b": 424.0, "c": 424.0, "d": 200.0}
	if diff := cmp.Diff(want, status(a.do("POST", "/$batch", object{"requests": chain}, 200))); diff != "" {
		t.Error(diff)
	}
	a.do("POST", "/$batch", object{"requests": []object{chain[0], {"id": "a", "method": "GET", "url": "/users"}}}, 400) // ids ignore case
	s.set("batch-shuffle", "true")
	orders := map[string]bool{}
	for range 12 {
		order := ""
		got := a.do("POST", "/$batch", object{"requests": chain}, 200)
		for _, r := range got.body["responses"].([]any) {
			order += r.(object)["id"].(string)
		}
		orders[order] = true
		if diff := cmp.Diff(want, status(got)); diff != "" {
			t.Fatal(diff)
		}
	}
	if len(orders) < 2 {
		t.Errorf("answers always come as %v", orders)
	}
}

func TestRuntime35_AdvancedQueryGate(t *testing.T) {
	t.Parallel()
	s := start(t, func(o *entrasim.Options) { o.World.Tenants[0].Generate.Guests = 4 })
	a := s.as("a")
	const code, unsupported = "Request_BadRequest", "Request_UnsupportedQuery"
	for path, want := range map[string]string{
		"/users/$count":                                                            code,
		"/groups/$count":                                                           code,
		`/users?$search="displayName:annie"`:                                       unsupported,
		"/users?$filter=userType ne 'Guest'":                                       unsupported,
		"/users?$filter=not(userType eq 'Guest')":                                  unsupported,
		"/users?$filter=endsWith(mail,'@a.example')":                               unsupported,
		"/users?$filter=showInAddressList eq true":                                 unsupported,
		"/users?$filter=userType eq null":                                          unsupported,
		"/users?$filter=mail eq null":                                              unsupported,
		"/users?$filter=createdDateTime in (2024-01-01T00:00:00Z)":                 unsupported,
		"/users?$filter=creationType ne 'Invitation'":                              unsupported,
		"/users?$filter=userType eq 'Guest'&$orderby=displayName":                  unsupported,
		"/groups?$filter=displayName ne 'Collaboration'":                           unsupported,
		"/directory/deletedItems/microsoft.graph.user?$filter=userType ne 'Guest'": unsupported,
	} {
		got := a.do("GET", path, nil, 400)
		if got.code() != want {
			t.Errorf("%s: %s", path, got.raw)
		}
		if strings.HasSuffix(path, "$count") && got.body["error"].(object)["message"] != "$count is not currently supported." {
			t.Errorf("%s", got.raw)
		}
	}
	for _, path := range []string{"/users?$filter=userType eq 'Guest'", "/users?$filter=userType in ('Guest','Member')", "/users?$filter=creationType eq 'Invitation'",
		"/users?$filter=externalUserState eq 'Accepted'", "/users?$filter=startsWith(mail,'annie')", "/users?$filter=accountEnabled eq true",
		"/users?$filter=createdDateTime ge 2020-01-01T00:00:00Z", "/users?$filter=userPrincipalName in ('annie@a.example')", "/users?$orderby=displayName"} {
		a.get(path)
	}
	if got := a.get("/users?$count=true&$top=3"); got.body["@odata.count"] != nil {
		t.Error("$count=true without the header is to be ignored")
	}
	a.header.Set("ConsistencyLevel", "eventual")
	for path, n := range map[string]int{"/users?$count=true&$filter=userType ne 'Guest'": 17, "/users?$count=true&$filter=showInAddressList eq true": -1,
		"/users?$count=true&$filter=endsWith(mail,'@a.example')": -1, "/users?$count=true&$filter=not(userType eq 'Guest')": 17,
		"/users?$count=true&$filter=userType eq 'Guest'&$orderby=displayName desc": 4, `/users?$search="displayName:annie"`: 1,
		"/users?$count=true&$filter=mail eq null": 0} {
		if got := a.get(path).value(); n >= 0 && len(got) != n {
			t.Errorf("%s: %d, not %d", path, len(got), n)
		}
	}
	if got := a.get("/users?$count=true&$top=3"); got.body["@odata.count"] != 21.0 {
		t.Errorf("%s", got.raw)
	}
	if got := a.get("/users/$count"); string(got.raw) != "21" || !strings.HasPrefix(got.header.Get("Content-Type"), "text/plain") {
		t.Errorf("%s %v", got.raw, got.header)
	}
	a.do("GET", "/users?$filter=userType ne 'Guest'", nil, 400) // the header alone is not enough
}

func TestRuntime36_ReadsLagBehindWrites(t *testing.T) {
	t.Parallel()
	const lag = 600 * time.Millisecond
	s := start(t, func(o *entrasim.Options) { o.ReadLag, o.PrincipalDelay = lag, lag })
	a := s.as("a")
	made := a.do("POST", "/users", object{"accountEnabled": true, "displayName": "New", "mailNickname": "new", "userPrincipalName": "new@a.example", "passwordProfile": object{"password": "x"}}, 201).text("id")
	if got := a.do("GET", "/users/"+made, nil, 404); got.code() != "Request_ResourceNotFound" {
		t.Errorf("%s", got.raw)
	}
	annie := a.get("/users/annie@a.example").text("id")
	a.do("PATCH", "/users/"+annie, object{"city": "Lund"}, 204)
	if got := a.get("/users/" + annie + "?$select=city"); got.body["city"] != nil {
		t.Errorf("the new value is there at once: %s", got.raw)
	}
	app := a.do("POST", "/applicationTemplates/"+syncTemplate+"/instantiate", object{"displayName": "fresh"}, 201)
	principal := app.body["servicePrincipal"].(object)
	sp, role := principal["id"].(string), principal["appRoles"].([]any)[0].(object)["id"]
	a.do("GET", "/servicePrincipals/"+sp, nil, 404)
	a.do("GET", "/servicePrincipals/"+sp+"/synchronization/jobs", nil, 404)
	a.do("POST", "/users/"+annie+"/appRoleAssignments", object{"principalId": annie, "resourceId": sp, "appRoleId": role}, 400)
	deadline := time.Now().Add(5 * time.Second)
	until := func(path string, ready func(*answer) bool) {
		t.Helper()
		for {
			if got, err := a.try("GET", path, nil); err == nil && ready(got) {
				return
			}
			if time.Now().After(deadline) {
				t.Fatalf("%s never became consistent", path)
			}
			time.Sleep(20 * time.Millisecond)
		}
	}
	until("/users/"+made, func(g *answer) bool { return g.status == 200 })
	until("/users/"+annie+"?$select=city", func(g *answer) bool { return g.text("city") == "Lund" })
	until("/servicePrincipals/"+sp, func(g *answer) bool { return g.status == 200 })
	a.do("POST", "/servicePrincipals/"+sp+"/appRoleAssignedTo", object{"principalId": annie, "resourceId": sp, "appRoleId": role}, 201)
	if n := len(a.get("/servicePrincipals/" + sp + "/appRoleAssignedTo").value()); n != 0 {
		t.Errorf("the assignment is listed at once")
	}
	until("/servicePrincipals/"+sp+"/appRoleAssignedTo", func(g *answer) bool { return len(g.value()) == 1 })
}

func TestRuntime36_ReplicasFlap(t *testing.T) {
	t.Parallel()
	s := start(t, func(o *entrasim.Options) { o.ReadLag = time.Hour })
	s.set("replica-flapping", "true")
	a := s.as("a")
	a.do("PATCH", "/users/annie@a.example", object{"city": "Lund"}, 204)
	seen := ""
	for range 40 {
		if a.get("/users/annie@a.example?$select=city").text("city") == "Lund" {
			seen += "n"
		} else {
			seen += "o"
		}
	}
	if !strings.Contains(seen, "no") || !strings.Contains(seen, "on") {
		t.Errorf("new and old values do not alternate: %s", seen)
	}
}

func TestRuntime38_PolicyConflictsAndCeiling(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	a := s.as("a")
	one := partners + "/" + ids["b"]
	for _, call := range []struct {
		method, path string
	}{{"PATCH", one}, {"DELETE", one}, {"GET", one}, {"PATCH", one + "/identitySynchronization"}, {"GET", one + "/identitySynchronization"}} {
		var body any
		if call.method == "PATCH" {
			body = object{}
		}
		got := a.do(call.method, call.path, body, 404)
		if got.code() != "Directory_ObjectNotFound" || !strings.Contains(string(got.raw), "Unable to read the company information from the directory.") {
			t.Errorf("%s %s: %s", call.method, call.path, got.raw)
		}
	}
	a.do("POST", partners, object{"tenantId": ids["b"]}, 201)
	a.do("PUT", one+"/identitySynchronization", object{"userSyncInbound": object{"isSyncAllowed": true}}, 204)
	for method, path := range map[string]string{"POST": partners, "PUT": one + "/identitySynchronization"} {
		body := object{"tenantId": ids["b"]}
		if method == "PUT" {
			body = object{"userSyncInbound": object{"isSyncAllowed": true}}
		}
		got := a.do(method, path, body, 409)
		details, _ := got.body["error"].(object)["details"].([]any)
		if got.code() != "Request_MultipleObjectsWithSameKeyValue" || len(details) != 1 || details[0].(object)["code"] != "ConflictingObjects" {
			t.Errorf("%s %s: %s", method, path, got.raw)
		}
	}
	var targets []object
	for i := range 20 {
		targets = append(targets, object{"target": fmt.Sprintf("%08d-0000-4000-8000-000000000000", i), "targetType": "user"})
	}
	big := object{"usersAndGroups": object{"accessType": "allowed", "targets": targets}}
	entry := func(i int) object {
		return object{"tenantId": fmt.Sprintf("d0000000-0000-4000-8000-%012d", i), "b2bCollaborationInbound": big}
	}
	n := 0
	for ; n < 40; n++ {
		got, err := a.try("POST", partners, entry(n))
		if err != nil {
			t.Fatal(err)
		}
		if got.status == http.StatusBadRequest {
			if !strings.Contains(string(got.raw), "object limit") {
				t.Errorf("%s", got.raw)
			}
			break
		}
	}
	if n < 5 || n == 40 {
		t.Errorf("the ceiling was met after %d partners", n)
	}
	if got := a.get(partners).value(); len(got) != n+1 {
		t.Errorf("%d partners after the refusal of number %d", len(got), n)
	}
	s.set("policy-limit", "false")
	a.do("POST", partners, entry(n), 201)
}

func TestRuntime40_ObjectConnectionsOverHTTP(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	sp, job := share(t, s, "b", "a")
	s.advance(41 * time.Minute)
	a, b := s.as("a"), s.as("b")
	bob := b.get("/users/bob@b.example").text("id")
	copies := a.get("/users?$filter=creationType eq 'Invitation'&$select=id,mail").value()
	i := slices.IndexFunc(copies, func(o object) bool { return o["mail"] == "bob@b.example" })
	target := copies[i]["id"].(string)
	base := "/beta/servicePrincipals/" + sp + "/synchronization/jobs/" + job + "/objectConnections"
	for _, id := range []string{bob, target} {
		got := b.get(base + "('" + id + "')")
		want := object{"objectId": id, "sourceAnchor": bob, "targetAnchor": target, "displayName": "Bob Berg", "objectTypeName": "User"}
		delete(got.body, "@odata.context")
		if diff := cmp.Diff(want, got.body); diff != "" {
			t.Error(diff)
		}
	}
	b.do("GET", base, nil, 400)
	b.do("GET", base+"('00000000-0000-4000-8000-000000000001')", nil, 404)
	b.do("GET", strings.TrimPrefix(base, "/beta")+"/"+bob, nil, 400) // beta only
	b.do("DELETE", base+"/"+bob, nil, 409)
	b.do("POST", "/servicePrincipals/"+sp+"/synchronization/jobs/"+job+"/pause", nil, 204)
	b.do("DELETE", base+"/"+bob, nil, 204)
	b.do("DELETE", base+"/"+bob, nil, 204)
	b.do("GET", base+"/"+bob, nil, 404)
	a.get("/users/" + target)
	b.get("/users/" + bob)
	for _, p := range []string{"Synchronization.ReadWrite.All", "Application.ReadWrite.OwnedBy"} {
		s.edit(simclient.Edit{Tenant: "b", Action: "permission.revoke", App: "Entente", Permission: p})
	}
	if got := s.as("b").do("GET", base+"/"+target, nil, 401); got.code() != "UnknownError" {
		t.Errorf("%s", got.raw)
	}
}
