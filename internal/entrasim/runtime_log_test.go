package entrasim_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"entente.dev/entente/internal/entrasim"
	"entente.dev/entente/internal/entrasim/engine"
	"entente.dev/entente/internal/entrasim/simclient"
)

func TestRuntime37_ProvisioningLogOverHTTP(t *testing.T) {
	t.Parallel()
	s := start(t, func(o *entrasim.Options) {
		o.NoThrottle = true
		sw := engine.DefaultSwitches()
		sw.LogIngestionDelay = 10 * time.Minute
		o.EngineSwitches = &sw
	})
	sp, job := share(t, s, "b", "a")
	b := s.as("b")
	s.advance(0)
	if n := len(b.get("/auditLogs/provisioning").value()); n != 0 {
		t.Errorf("%d rows are readable at once", n)
	}
	s.advance(11 * time.Minute)
	if n := len(b.get("/auditLogs/provisioning").value()); n != 3 { // two creations, and Barbara's manager as a reference
		t.Fatalf("%d rows", n)
	}
	rows := b.get("/auditLogs/provisioning?$filter=provisioningAction eq 'create'").value()
	changes := map[any]bool{}
	for _, r := range rows {
		changes[r["changeId"]] = true
		var steps []string
		for _, x := range r["provisioningSteps"].([]any) {
			steps = append(steps, x.(object)["provisioningStepType"].(string))
		}
		if r["provisioningAction"] != "create" || r["cycleId"] != rows[0]["cycleId"] || r["jobId"] != job || r["servicePrincipal"].(object)["id"] != sp ||
			r["provisioningStatusInfo"].(object)["status"] != "success" || r["initiatedBy"].(object)["displayName"] != "Azure AD Provisioning Service" ||
			strings.Join(steps, ",") != "import,scoping,matching,export" {
			t.Errorf("%v", r)
		}
	}
	if len(changes) != 2 {
		t.Errorf("changeIds %v", changes)
	}
	for filter, n := range map[string]int{
		"provisioningAction eq 'create'": 2, "provisioningAction eq 'Create'": 0, // with case
		"provisioningStatusInfo/status eq 'success'": 3, "jobId eq '" + job + "'": 3, "servicePrincipal/id eq '" + sp + "'": 3,
		"contains(tolower(servicePrincipal/id),'" + sp + "') and activityDateTime gt 2000-01-01T00:00:00Z": 3,
		"sourceIdentity/displayName eq 'Bob Berg' and provisioningAction eq 'create'":                      1, "sourceIdentity/displayName eq 'bob berg'": 0,
		"activityDateTime lt 2000-01-01T00:00:00Z": 0, "cycleId eq '" + rows[0]["cycleId"].(string) + "'": 3,
	} {
		if got := b.get("/auditLogs/provisioning?$filter=" + filter + "&$top=500&$orderby=activityDateTime desc").value(); len(got) != n {
			t.Errorf("%s: %d rows, not %d", filter, len(got), n)
		}
	}
	if first := b.get("/auditLogs/provisioning?$top=1"); len(first.value()) != 1 || !strings.Contains(first.text("@odata.nextLink"), "$skiptoken=") {
		t.Errorf("%s", first.raw)
	}
	b.do("GET", "/auditLogs/provisioning?$filter=nonsense eq 1", nil, 400)
	b.do("POST", "/servicePrincipals/"+sp+"/synchronization/jobs/"+job+"/pause", nil, 204)
	s.advance(31 * 24 * time.Hour)
	if n := len(b.get("/auditLogs/provisioning").value()); n != 0 {
		t.Errorf("%d rows outlive their 30 days", n)
	}
}

// activities are the names of a tenant's directory audit rows of a category.
func (c *caller) activities(category string) []string {
	c.t.Helper()
	return column(c.get("/auditLogs/directoryAudits?$filter=category eq '"+category+"'").value(), "activityDisplayName")
}

func TestRuntime37_DirectoryAudits(t *testing.T) {
	t.Parallel()
	s := start(t, func(o *entrasim.Options) { o.NoThrottle = true })
	sp, job := share(t, s, "b", "a")
	a, b := s.as("a"), s.as("b")
	base := "/servicePrincipals/" + sp + "/synchronization"
	schema := b.get(base + "/jobs/" + job + "/schema")
	b.do("PUT", base+"/jobs/"+job+"/schema", string(schema.raw), 204)
	b.do("POST", base+"/jobs/"+job+"/pause", nil, 204)
	b.do("POST", base+"/jobs/"+job+"/restart", object{"criteria": object{"resetScope": ""}}, 204)
	s.advance(time.Minute)
	a.do("PATCH", "/policies/crossTenantAccessPolicy/default", object{"inboundTrust": object{"isMfaAccepted": true}}, 204)
	a.do("POST", "/policies/crossTenantAccessPolicy/default/resetToSystemDefault", nil, 204)
	one := partners + "/" + ids["b"]
	a.do("PATCH", one, object{"inboundTrust": object{"isMfaAccepted": true}}, 204)
	a.do("PATCH", one+"/identitySynchronization", object{"displayName": "x"}, 204)
	s.edit(simclient.Edit{Tenant: "b", Action: "group.remove", Group: "Collaboration", User: "barbara@b.example"})
	s.advance(41 * time.Minute)
	a.do("DELETE", one+"/identitySynchronization", nil, 204)
	a.do("DELETE", one, nil, 204)
	for category, want := range map[string][]string{
		"CrossTenantAccessSettings": {"Add a partner to cross-tenant access setting", "Update a partner cross-tenant access setting",
			"Delete partner specific cross-tenant access setting", "Update the company default cross-tenant access setting", "Reset the cross-tenant access default setting"},
		"CrossTenantIdentitySyncSettings": {"Create a partner cross-tenant identity sync setting", "Update a partner cross-tenant identity sync setting",
			"Delete a partner cross-tenant identity sync setting"},
		"UserManagement": {"Add user", "Delete user"},
	} {
		got := a.activities(category)
		for _, name := range want {
			if !slices.Contains(got, name) {
				t.Errorf("the target's log lacks %q in %s: %v", name, category, got)
			}
		}
	}
	rows := a.get("/auditLogs/directoryAudits?$filter=activityDisplayName eq 'Add user'").value()
	if by := rows[0]["initiatedBy"].(object)["app"].(object)["displayName"]; by != "Microsoft.Azure.SyncFabric" {
		t.Errorf("users of the engine are added by %v", by)
	}
	row := a.get("/auditLogs/directoryAudits?$filter=activityDisplayName eq 'Add a partner to cross-tenant access setting'").value()[0]
	changed := row["targetResources"].([]any)[0].(object)["modifiedProperties"].([]any)[0].(object)
	if changed["displayName"] != "tenantId" || !strings.Contains(changed["newValue"].(string), ids["b"]) {
		t.Errorf("%v", changed)
	}
	got := b.activities("ProvisioningManagement")
	for _, name := range []string{"Add provisioning configuration", "Update provisioning setting or credentials", "Enable/start provisioning configuration",
		"Disable/pause provisioning configuration", "Enable/restart provisioning configuration", "Update attribute mappings or scope"} {
		if !slices.Contains(got, name) {
			t.Errorf("the source's log lacks %q: %v", name, got)
		}
	}
	s.advance(31 * 24 * time.Hour)
	if n := len(a.get("/auditLogs/directoryAudits?$filter=category eq 'CrossTenantAccessSettings'").value()); n != 0 {
		t.Errorf("%d audit rows outlive their 30 days", n)
	}
}
