package entrasim_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"entente.dev/entente/internal/entrasim"
)

func TestRuntime31_UnitsAndRetryAfterOnTheWire(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	a := s.as("a")
	for path, units := range map[string]string{"/users": "2", "/users?$select=id": "1", "/users?$top=5": "1", "/users?$expand=manager": "3",
		"/users/annie@a.example?$select=id&$expand=manager": "1", "/subscribedSkus": "3", "/organization": "1"} {
		got := a.get(path)
		if u := got.header.Get("x-ms-resource-unit"); u != units || got.header.Get("x-ms-throttle-limit-percentage") != "" {
			t.Errorf("%s costs %q units, not %s", path, u, units)
		}
	}
	for range 4 {
		a.get("/auditLogs/directoryAudits")
	}
	if p := a.get("/auditLogs/directoryAudits").header.Get("x-ms-throttle-limit-percentage"); p != "1.00" && !strings.HasPrefix(p, "0.9") {
		t.Errorf("percentage %q when the bucket is all but empty", p)
	}
	for mode, want := range map[string]string{"absent": `^$`, "integer": `^[1-9][0-9]*$`, "fractional": `^[0-9]+\.[0-9]{3}$`} {
		s.set("retry-after", mode)
		got := a.do("GET", "/auditLogs/directoryAudits", nil, 429)
		if v := got.header.Get("Retry-After"); !regexp.MustCompile(want).MatchString(v) {
			t.Errorf("%s: Retry-After %q", mode, v)
		}
		e := got.body["error"].(object)
		inner, _ := e["innerError"].(object)
		if e["code"] != "TooManyRequests" || e["message"] != "Please retry again later." || inner["code"] != "429" || inner["status"] != "429" ||
			inner["message"] != "Please retry after" || inner["request-id"] == "" {
			t.Errorf("%s", got.raw)
		}
		scope := strings.Split(got.header.Get("x-ms-throttle-scope"), "/")
		if len(scope) != 4 || scope[0] != "Tenant_Application" || scope[1] != "Read" || scope[3] != ids["a"] ||
			got.header.Get("x-ms-throttle-information") != "ResourceUnitLimitExceeded" {
			t.Errorf("%v", got.header)
		}
	}
	s.set("throttle", "false")
	a.get("/auditLogs/directoryAudits")
}

func TestRuntime32_BucketsAreIndependentOnTheWire(t *testing.T) {
	t.Parallel()
	s := start(t, func(o *entrasim.Options) { o.CycleLength = 0 })
	sp, job := share(t, s, "a", "b")
	a, b := s.as("a"), s.as("b")
	rule := a.get("/servicePrincipals/" + sp + "/synchronization/jobs/" + job + "/schema").body["synchronizationRules"].([]any)[0].(object)["id"]
	annie := a.get("/users/annie@a.example").text("id")
	demand := object{"parameters": []object{{"ruleId": rule, "subjects": []object{{"objectId": annie, "objectTypeName": "User"}}}}}
	pod := "/servicePrincipals/" + sp + "/synchronization/jobs/" + job + "/provisionOnDemand"
	for range 5 {
		a.do("POST", pod, demand, 200)
	}
	if got := a.do("POST", pod, demand, 429); !strings.HasPrefix(got.header.Get("x-ms-throttle-scope"), "Tenant_Application/Write/") {
		t.Errorf("%v", got.header)
	}
	for range 5 {
		a.get("/auditLogs/provisioning")
	}
	a.do("GET", "/auditLogs/provisioning", nil, 429)
	b.get("/auditLogs/provisioning")
	invite := func(i int) int {
		got, err := a.try("POST", "/invitations", object{"invitedUserEmailAddress": fmt.Sprintf("guest%d@elsewhere.example", i), "inviteRedirectUrl": "https://x.example"})
		if err != nil {
			t.Fatal(err)
		}
		return got.status
	}
	n := 0
	for n < 400 && invite(n) == 201 {
		n++
	}
	if n < 150 || n >= 400 {
		t.Errorf("%d invitations before the first 429", n)
	}
	a.get("/users")
	a.do("PATCH", "/users/"+annie, object{"city": "Lund"}, 204)
}
