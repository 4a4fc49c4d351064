package entrasim_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"entente.dev/entente/internal/entrasim"
	"entente.dev/entente/internal/entrasim/simclient"
	"entente.dev/entente/internal/entrasim/world"
)

func TestSnapshotBringsAWorldBack(t *testing.T) {
	t.Parallel()
	s := start(t, func(o *entrasim.Options) {
		w := world.ThreeTenants(20)
		w.Tenants[0].Groups = append(w.Tenants[0].Groups, world.Group{Name: "Dynamic", Rule: `user.city -eq "Lund"`})
		o.World = w
	})
	sp, job := share(t, s, "b", "a")
	s.joins("a", "c")
	s.advance(41 * time.Minute)
	a, b := s.as("a"), s.as("b")
	_, link := a.rounds("/users/delta?$select=displayName")
	a.do("PATCH", "/users/annie@a.example", object{"city": "Lund", "otherMails": []string{"x@y.example"}}, 204)
	a.do("DELETE", "/users/user000003@a.example", nil, 204)
	paths := []string{"/users?$top=999", "/groups?$expand=members", "/directory/deletedItems/microsoft.graph.user", partners + "?$expand=identitySynchronization",
		mto, mto + "/tenants", "/users/annie@a.example?$select=otherMails,city", "/auditLogs/directoryAudits?$top=500", "/servicePrincipals"}
	look := func() (out []any) {
		for _, p := range paths {
			out = append(out, a.get(p).body)
		}
		return append(out, b.get("/servicePrincipals/"+sp+"/synchronization/jobs/"+job).body, b.get("/auditLogs/provisioning").body, b.get("/servicePrincipals/"+sp+"/synchronization/secrets").body)
	}
	s.set("throttle", "false")
	before := look()
	var saved bytes.Buffer
	if err := s.Admin().Snapshot(t.Context(), &saved); err != nil {
		t.Fatal(err)
	}
	file := saved.Bytes()

	a.do("DELETE", "/users/annie@a.example", nil, 204)
	b.do("DELETE", "/servicePrincipals/"+sp, nil, 204)
	s.advance(40 * 24 * time.Hour)
	if err := s.Admin().Restore(t.Context(), bytes.NewReader(file)); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, look()); diff != "" {
		t.Errorf("after restoring: %s", diff)
	}
	pages, _ := a.rounds(link) // a token from before the snapshot goes on
	if n := len(items(pages)); n != 1 {
		t.Errorf("%d changes since the token", n)
	}
	s.edit(simclient.Edit{Tenant: "b", Action: "group.remove", Group: "Collaboration", User: "bob@b.example"})
	s.advance(41 * time.Minute) // the job remembers whom it made
	if got := a.get("/directory/deletedItems/microsoft.graph.user?$select=userPrincipalName").value(); len(got) != 2 {
		t.Errorf("recycle bin after a cycle: %v", got)
	}

	other := start(t, func(o *entrasim.Options) { o.World = world.ThreeTenants(0); o.World.Tenants = o.World.Tenants[:2] })
	if err := other.Admin().Restore(t.Context(), bytes.NewReader(file)); err == nil {
		t.Error("a world of other tenants took the snapshot")
	}
	fresh := start(t, func(o *entrasim.Options) { o.NoThrottle = true })
	if err := fresh.Admin().Restore(t.Context(), bytes.NewReader(file)); err != nil {
		t.Fatal(err)
	}
	if got := fresh.as("a").get("/users/annie@a.example?$select=city"); got.text("city") != "Lund" {
		t.Errorf("%s", got.raw)
	}
}

func TestCycleLengthChangesWhileRunning(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	sp, job := share(t, s, "b", "a")
	s.advance(0)
	b := s.as("b")
	last := func() any {
		return at(b.get("/servicePrincipals/"+sp+"/synchronization/jobs/"+job).body, "status", "lastExecution", "timeBegan")
	}
	first := last()
	s.advance(time.Minute)
	if last() != first {
		t.Fatal("a cycle ran after a minute of forty")
	}
	if err := s.Admin().SetCycle(t.Context(), time.Minute); err != nil {
		t.Fatal(err)
	}
	s.advance(time.Minute)
	second := last()
	s.advance(time.Minute)
	if second == first || last() == second {
		t.Errorf("cycles at %v, %v, %v", first, second, last())
	}
	if got := b.get("/servicePrincipals/" + sp + "/synchronization/jobs/" + job); at(got.body, "schedule", "interval") != "PT40M" {
		t.Errorf("the wire shows another interval: %s", got.raw)
	}
}

// TestWorldFileSeedsPoliciesAndJobs starts from a file with everything that a world can have.
func TestWorldFileSeedsPoliciesAndJobs(t *testing.T) {
	t.Parallel()
	w, err := world.Parse("w.yaml", []byte(`
tenants:
  - name: a
    domain: a.example
    users: [{ upn: annie@a.example, attributes: { department: Shared } }, { upn: boss@a.example, adminRoles: [Global Administrator] }]
    generate: { users: 5, seed: 7, guests: 1 }
    groups: [{ name: Shared, rule: 'user.department -eq "Shared"' }]
    apps: [{ clientId: e0000000-0000-4000-8000-0000000000aa, displayName: Entente, secrets: [entente-a-not-a-real-secret], permissions: [Policy.Read.All, Synchronization.Read.All, Application.Read.All, User.Read.All] }]
    partners: [{ tenant: b, outboundAllowed: true }]
    jobs: [{ target: b, displayName: To B, groups: [Shared], users: [boss@a.example], started: true }]
  - name: b
    domain: b.example
    contacts: [{ mail: c@elsewhere.example }]
    guests: [{ of: boss@a.example, pending: true }]
    partners: [{ tenant: a, inboundAllowed: true, syncAllowed: true }]
`))
	if err != nil {
		t.Fatal(err)
	}
	s := start(t, func(o *entrasim.Options) { o.World = w })
	info, err := s.Admin().Info(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	a := s.asApp(info.Tenants[0].ID, world.EntenteClientID("a"), world.Secret("a"))
	sp := a.get("/servicePrincipals?$filter=displayName eq 'To B'").value()
	if len(sp) != 1 {
		t.Fatalf("%v", sp)
	}
	jobs := a.get("/servicePrincipals/" + sp[0]["id"].(string) + "/synchronization/jobs").value()
	if len(jobs) != 1 || at(jobs[0], "schedule", "state") != "Active" {
		t.Errorf("%v", jobs)
	}
	s.advance(41 * time.Minute)
	state, err := s.Admin().State(t.Context(), "b", false)
	if err != nil {
		t.Fatal(err)
	}
	homes := map[string]string{}
	for _, u := range state.Users {
		homes[u.Home] = u.UserType
	}
	if homes["annie@a.example"] != "Member" {
		t.Errorf("%+v", state.Users)
	}
}
