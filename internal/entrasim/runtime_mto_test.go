package entrasim_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"entente.dev/entente/internal/entrasim"
	"entente.dev/entente/internal/entrasim/world"
)

const (
	mto      = "/tenantRelationships/multiTenantOrganization"
	zeroGUID = "00000000-0000-0000-0000-000000000000"
)

// joins makes a an owner and lets the others join it.
func (s *sim) joins(owner string, members ...string) {
	s.t.Helper()
	o := s.as(owner)
	if o.get(mto).text("state") == "inactive" {
		o.do("PUT", mto, object{"displayName": "Group"}, 201)
	}
	for _, m := range members {
		o.do("POST", mto+"/tenants", object{"tenantId": ids[m], "displayName": m}, 201)
		s.as(m).do("PATCH", mto+"/joinRequest", object{"addedByTenantId": ids[owner]}, 204)
	}
	s.advance(time.Hour)
	for _, m := range members {
		if got := s.as(m).get(mto + "/joinRequest"); got.text("memberState") != "active" {
			s.t.Fatalf("%s did not join: %s", m, got.raw)
		}
	}
}

func transition(a *answer) object { o, _ := a.body["transitionDetails"].(object); return o }

func TestRuntime39_JoiningTakesTime(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	s.set("mto-delay", "2h")
	a, b := s.as("a"), s.as("b")
	a.do("PUT", mto, object{"displayName": "Group", "description": "All of us"}, 201)
	a.do("POST", mto+"/tenants", object{"tenantId": ids["b"], "displayName": "B"}, 201)
	b.do("PATCH", mto+"/joinRequest", object{"addedByTenantId": ids["a"]}, 204)
	s.advance(119 * time.Minute)
	if got := b.get(mto + "/joinRequest"); got.text("memberState") != "pending" || transition(got)["status"] != "notStarted" || transition(got)["desiredMemberState"] != "active" {
		t.Errorf("%s", got.raw)
	}
	if got := a.get(mto + "/tenants/" + ids["b"]); got.text("state") != "pending" || transition(got)["desiredState"] != "active" {
		t.Errorf("%s", got.raw)
	}
	if got := b.get(mto); got.text("state") != "inactive" {
		t.Errorf("%s", got.raw)
	}
	s.advance(2 * time.Minute)
	a.do("GET", partners+"/"+ids["b"], nil, 200) // appears by itself
	if got := b.get(mto + "/joinRequest"); got.text("memberState") != "active" || got.text("role") != "member" || got.body["transitionDetails"] != nil {
		t.Errorf("%s", got.raw)
	}
	if got := a.get(mto + "/tenants/" + ids["b"]); got.text("state") != "active" || got.body["joinedDateTime"] == nil || got.body["transitionDetails"] != nil {
		t.Errorf("%s", got.raw)
	}
	b.do("DELETE", mto+"/tenants/"+ids["b"], nil, 204)
	if got := a.get(mto + "/tenants/" + ids["b"]); transition(got)["desiredState"] != "removed" {
		t.Errorf("%s", got.raw)
	}
	s.advance(2 * time.Hour)
	if got := a.do("GET", mto+"/tenants/"+ids["b"], nil, 404); got.code() != "Directory_ObjectNotFound" {
		t.Errorf("%s", got.raw)
	}
	b.get(partners + "/" + ids["a"]) // leaving undoes nothing
}

func TestRuntime39_AtMostHundredActiveTenants(t *testing.T) {
	t.Parallel()
	s := start(t, func(o *entrasim.Options) {
		w := world.ThreeTenants(0)
		for i := range 99 {
			name := fmt.Sprintf("t%03d", i)
			w.Tenants = append(w.Tenants, world.Tenant{Name: name, Domain: name + ".example", Apps: []world.App{{
				ClientID: world.EntenteClientID("a"), DisplayName: "Entente", Secrets: []string{world.Secret("a")}, Permissions: []string{"MultiTenantOrganization.ReadWrite.All"}}}})
		}
		o.World, o.NoThrottle = w, true
	})
	s.set("mto-sync-shells", "false")
	info, err := s.Admin().Info(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	a := s.as("a")
	a.do("PUT", mto, object{"displayName": "Big"}, 201)
	var last *caller
	for _, x := range info.Tenants[3:] {
		a.do("POST", mto+"/tenants", object{"tenantId": x.ID, "displayName": x.Name}, 201)
		last = s.asApp(x.ID, world.EntenteClientID("a"), world.Secret("a"))
		last.do("PATCH", mto+"/joinRequest", object{"addedByTenantId": ids["a"]}, 204)
	}
	a.do("POST", mto+"/tenants", object{"tenantId": ids["b"], "displayName": "one too many, but pending"}, 201)
	s.advance(time.Minute)
	if got := last.get(mto + "/joinRequest"); got.text("memberState") != "active" {
		t.Fatalf("number 100: %s", got.raw)
	}
	b := s.as("b")
	b.do("PATCH", mto+"/joinRequest", object{"addedByTenantId": ids["a"]}, 204)
	s.advance(time.Minute)
	got := b.get(mto + "/joinRequest")
	if got.text("memberState") != "pending" || transition(got)["status"] != "failed" || !strings.Contains(fmt.Sprint(transition(got)["details"]), "limit") {
		t.Errorf("number 101: %s", got.raw)
	}
	last.do("DELETE", mto+"/tenants/"+info.Tenants[len(info.Tenants)-1].ID, nil, 204)
	s.advance(time.Minute)
	b.do("PATCH", mto+"/joinRequest", object{"addedByTenantId": zeroGUID}, 204)
	b.do("PATCH", mto+"/joinRequest", object{"addedByTenantId": ids["a"]}, 204)
	s.advance(time.Minute)
	if got := b.get(mto + "/joinRequest"); got.text("memberState") != "active" {
		t.Errorf("after one left: %s", got.raw)
	}
}

func TestRuntime39_WhoMayRemoveWhom(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	s.joins("a", "b", "c")
	a, b := s.as("a"), s.as("b")
	b.do("DELETE", mto+"/tenants/"+ids["c"], nil, 403) // a member removes only itself
	a.do("DELETE", mto+"/tenants/"+ids["a"], nil, 400) // the only owner stays while others are there
	a.do("PATCH", mto+"/tenants/"+ids["a"], object{"role": "member"}, 400)
	a.do("PATCH", mto+"/tenants/"+ids["b"], object{"role": "owner"}, 204)
	if got := a.get(mto + "/tenants/" + ids["b"]); got.text("role") != "member" || transition(got)["desiredRole"] != "owner" {
		t.Errorf("%s", got.raw)
	}
	s.advance(time.Minute)
	s.set("mto-strict-owner-removal", "true")
	b.do("DELETE", mto+"/tenants/"+ids["a"], nil, 400)
	s.set("mto-strict-owner-removal", "false")
	b.do("DELETE", mto+"/tenants/"+ids["a"], nil, 204) // an owner removes any other
	s.advance(time.Minute)
	if got := a.get(mto); got.text("state") != "inactive" {
		t.Errorf("%s", got.raw)
	}
	b.do("DELETE", mto+"/tenants/"+ids["c"], nil, 204)
	s.advance(time.Minute)
	b.do("DELETE", mto+"/tenants/"+ids["b"], nil, 204) // the last one: the organization is gone
	s.advance(time.Minute)
	if got := b.get(mto); got.text("state") != "inactive" || got.body["createdDateTime"] != nil {
		t.Errorf("%s", got.raw)
	}
}

func TestRuntime39_ShellsAppearAndReappear(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	s.joins("a", "b")
	shell := func(tenant, partner string) []object {
		return s.as(tenant).get("/servicePrincipals?$filter=displayName eq 'MTO_Sync_" + ids[partner] + "'").value()
	}
	found := shell("a", "b")
	if len(found) != 1 || len(shell("b", "a")) != 1 || found[0]["applicationTemplateId"] != syncTemplate {
		t.Fatalf("%v", found)
	}
	sp := found[0]["id"].(string)
	s.edit(simclientGrant("a"))
	a := s.as("a")
	if jobs := a.get("/servicePrincipals/" + sp + "/synchronization/jobs").value(); len(jobs) != 0 {
		t.Errorf("a shell has a job: %v", jobs)
	}
	a.do("DELETE", "/servicePrincipals/"+sp, nil, 204)
	if got := shell("a", "b"); len(got) != 0 {
		t.Errorf("%v", got)
	}
	s.advance(time.Minute)
	if got := shell("a", "b"); len(got) != 1 || got[0]["id"] == sp {
		t.Errorf("it did not come back: %v", got)
	}
	names := column(a.get("/servicePrincipals?$select=displayName").value(), "displayName")
	slices.Sort(names)
	if n := len(slices.Compact(slices.Clone(names))); n != len(names) {
		t.Errorf("twice: %v", names)
	}
}
