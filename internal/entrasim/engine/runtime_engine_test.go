package engine

import (
	"strings"
	"testing"
	"time"
)

func TestRuntime01_NewJobAndNotRunSample(t *testing.T) {
	w := newWorld(t)
	j := w.status()
	if j.Schedule.State != "Disabled" || j.Status.Code != "Paused" || j.Status.LastExecution != nil {
		t.Fatal(asJSON(j))
	}
	if !strings.HasPrefix(j.ID, "Azure2Azure."+noDashes(tenantA)+".") {
		t.Fatal(j.ID)
	}
	w.ok(w.e.Start(tenantA, sp, w.job))
	const want = `{"id":"ID","templateId":"Azure2Azure","schedule":{"expiration":null,"interval":"PT40M","state":"Active"},` +
		`"status":{"code":"NotRun","countSuccessiveCompleteFailures":0,"escrowsPruned":false,` +
		`"lastExecution":{"activityIdentifier":null,"countEntitled":0,"countEntitledForProvisioning":0,"countEscrowed":0,"countEscrowedRaw":0,` +
		`"countExported":0,"countExports":0,"countImported":0,"countImportedDeltas":0,"countImportedReferenceDeltas":0,"state":"Failed",` +
		`"timeBegan":"0001-01-01T00:00:00Z","timeEnded":"0001-01-01T00:00:00Z","error":{"code":"None","message":"","tenantActionable":false}},` +
		`"lastSuccessfulExecution":null,"lastSuccessfulExecutionWithExports":null,"progress":[],"quarantine":null,` +
		`"steadyStateFirstAchievedTime":"0001-01-01T00:00:00Z","steadyStateLastAchievedTime":"0001-01-01T00:00:00Z",` +
		`"synchronizedEntryCountByType":[],"troubleshootingUrl":""},"synchronizationJobSettings":[` +
		`{"name":"AzureIngestionAttributeOptimization","value":"False"},{"name":"LookaheadQueryEnabled","value":"False"}]}`
	if got := strings.Replace(asJSON(w.status()), j.ID, "ID", 1); got != want {
		t.Fatalf("got  %s\nwant %s", got, want)
	}
	early := newWorld(t, func(s *Switches) { s.NewJobNotRun = true })
	if early.wantCode("NotRun"); early.status().Status.LastExecution.State != "Failed" {
		t.Fatal(asJSON(early.status()))
	}
	_, err := w.e.CreateJob(tenantA, sp, "scim")
	wantError(t, err, 400, codeBadRequest)
}

func TestRuntime02_CyclesEvery40Minutes(t *testing.T) {
	w := newWorld(t)
	w.people(2)
	w.start()
	w.wantCode("Active")
	x := w.status().Status.LastExecution
	if x.State != "Succeeded" || x.CountExported != 2 || x.CountImported != 2 || x.CountImportedDeltas != 0 {
		t.Fatal(asJSON(x))
	}
	w.clock.Advance(39 * time.Minute)
	if n := w.e.Tick(); n != 0 {
		t.Fatal(n)
	}
	w.clock.Advance(24 * time.Hour)
	if n := w.e.Tick(); n != 36 {
		t.Fatalf("%d cycles in a day and 39 minutes, want 36", n)
	}
	next, _ := w.e.NextDue()
	if next.Sub(epoch)%(40*time.Minute) != 0 {
		t.Fatal(next)
	}
	if j := w.status(); j.Schedule.Interval != "PT40M" || !j.Status.SteadyStateFirstAchievedTime.Equal(epoch) {
		t.Fatal(asJSON(j))
	}
}

func TestRuntime03_InitialCycleTakesTime(t *testing.T) {
	w := newWorld(t, func(s *Switches) { s.CycleDuration = true })
	w.people(1000)
	w.start()
	w.wantCode("NotRun")
	var seen []int64
	for range 4 {
		w.clock.Advance(8 * time.Minute)
		w.e.Tick()
		p := w.status().Status.Progress
		if len(p) != 1 || p[0].TotalUnits != 10 {
			t.Fatal(asJSON(p))
		}
		seen = append(seen, p[0].CompletedUnits)
	}
	for i := 1; i < len(seen); i++ {
		if seen[i] <= seen[i-1] {
			t.Fatalf("progress does not grow: %v", seen)
		}
	}
	w.clock.Advance(8 * time.Minute) // 1,000 creations at 2.4 s are 40 minutes
	w.e.Tick()
	w.wantCode("Active")
	created := w.status().Status.LastSuccessfulExecutionWithExports
	w.restart("")
	w.clock.Advance(20 * time.Minute)
	w.e.Tick()
	matched := w.status().Status.LastExecution
	a, b := created.TimeEnded.Sub(created.TimeBegan), matched.TimeEnded.Sub(matched.TimeBegan)
	if a != 40*time.Minute || b != a/2 {
		t.Fatalf("all-create %s, all-match %s", a, b)
	}
}

func TestRuntime04_Watermark(t *testing.T) {
	w := newWorld(t)
	ids := w.people(3)
	w.start()
	n := w.rows()
	tgt := w.mustTarget(ids[0])
	w.b.edit(tgt.ID, func(u *User) { u.DisplayName = "Edited" })
	w.a.edit(ids[1], func(u *User) { u.Attributes["aboutMe"] = "not mapped" })
	w.cycle()
	if w.rows() != n || w.mustTarget(ids[0]).DisplayName != "Edited" {
		t.Fatal("an unchanged object was processed")
	}
}

func TestRuntime05_SchemaChangeClearsWatermark(t *testing.T) {
	w := newWorld(t)
	ids := w.people(2)
	w.start()
	tgt := w.mustTarget(ids[0])
	w.b.edit(tgt.ID, func(u *User) { u.DisplayName = "Edited" })
	w.filters(filter("department", "EQUALS", "Sales"))
	w.e.Tick()
	if w.mustTarget(ids[0]).DisplayName != "Edited" {
		t.Fatal("the cycle did not wait for its tick")
	}
	w.cycle()
	if w.mustTarget(ids[0]).DisplayName != "P "+ids[0] || w.status().Status.LastExecution.CountImportedDeltas != 0 {
		t.Fatal("no initial cycle")
	}
	w.ok(w.e.ResetSchema(tenantA, sp, w.job))
	w.cycle()
	if w.status().Status.LastExecution.CountImported != 2 {
		t.Fatal("no initial cycle after the reset")
	}
}

func TestRuntime06_SyncAllToAssignedNeedsRestart(t *testing.T) {
	w := newWorld(t)
	w.secrets("SyncAll", "True")
	w.a.put(person("x"))
	w.a.put(person("y"))
	w.a.assign("x")
	w.start()
	w.mustTarget("y")
	w.secrets("SyncAll", "false")
	w.a.edit("y", func(u *User) { u.DisplayName = "Y" })
	w.cycle()
	if w.mustTarget("y").DisplayName != "Y" {
		t.Fatal("y left the scope without a restart")
	}
	w.restart("")
	if w.target("y") != nil || w.target("x") == nil {
		t.Fatal("the restart did not apply the assignment")
	}
}

func TestRuntime07_PauseAndResume(t *testing.T) {
	w := newWorld(t, func(s *Switches) { s.CycleDuration = true })
	ids := w.people(100)
	w.start()
	w.clock.Advance(2 * time.Minute)
	w.e.Tick()
	w.ok(w.e.Pause(tenantA, sp, w.job))
	w.clock.Advance(2 * time.Hour)
	w.e.Tick()
	w.wantCode("Paused")
	if len(w.b.users) != 100 {
		t.Fatalf("the running cycle did not finish: %d", len(w.b.users))
	}
	if _, ok := w.e.NextDue(); ok {
		t.Fatal("a paused job is scheduled")
	}
	w.a.edit(ids[3], func(u *User) { u.DisplayName = "Three" })
	n := w.rows()
	w.ok(w.e.Start(tenantA, sp, w.job))
	w.e.Tick()
	if w.rows() != n+1 || w.mustTarget(ids[3]).DisplayName != "Three" {
		t.Fatal("start did not resume from the watermark")
	}
}

func TestRuntime08_RestartScopes(t *testing.T) {
	for s, want := range map[string]resetScope{"": 14, "Watermark, Escrows, QuarantineState": 14, "Full": 15, "forceDeletes": 32, "None": 0} {
		if got, err := parseResetScope(s); err != nil || got != want {
			t.Errorf("%q: %d %v", s, got, err)
		}
	}
	_, err := parseResetScope("Everything")
	wantError(t, err, 400, codeBadRequest)

	w := newWorld(t)
	ids := w.people(2)
	w.start()
	before := w.mustTarget(ids[0]).ID
	w.restart("")
	if _, err := w.e.ObjectConnection(tenantA, sp, w.job, ids[0]); err != nil {
		t.Fatal("an empty scope dropped the links")
	}
	w.a.unassign(ids[1])
	w.restart("Full")
	if _, err := w.e.ObjectConnection(tenantA, sp, w.job, ids[1]); err == nil {
		t.Fatal("Full kept the links")
	}
	if w.target(ids[1]) == nil {
		t.Fatal("a user without a link was deleted")
	}
	if w.mustTarget(ids[0]).ID != before {
		t.Fatal("the key did not join again")
	}
	w.wantRow(ids[0], "other", "skipped", "RedundantExport")
}

func TestRuntime09_AmbiguousInternalUser(t *testing.T) {
	w := newWorld(t)
	w.people(1)
	w.b.put(User{ID: "internal", Mail: "u00000@a.example", UserType: "Member", AccountEnabled: true, NetID: "net-u00000"})
	w.start()
	w.wantRow("u00000", "create", "failure", codeAmbiguousUser)
	if len(w.b.users) != 1 || w.status().Status.LastExecution.State != "EntryLevelErrors" {
		t.Fatal(asJSON(w.status()))
	}
	g := newWorld(t)
	g.a.put(person("team"))
	g.a.edit("team", func(u *User) { u.Attributes["proxyAddresses"] = []string{"SMTP:team@b.example"} })
	g.a.assign("team")
	g.b.group("team", true)
	g.start()
	g.wantRow("team", "create", "failure", codeInvalidProperty)
	c := newWorld(t)
	c.people(1)
	c.b.contacts["u00000@a.example"] = true
	c.start()
	c.mustTarget("u00000")
	m := newWorld(t)
	m.people(1)
	m.a.edit("u00000", func(u *User) { u.Mail = "x@unverified.example" })
	m.start()
	m.wantRow("u00000", "create", "failure", codeInvalidProperty)
}

func TestRuntime10_PendingGuestKeepsUPN(t *testing.T) {
	pending := User{ID: "guest", Mail: "p@a.example", UserPrincipalName: "old#EXT#@b.example", UserType: "Guest",
		External: true, ExternalUserState: "PendingAcceptance", AccountEnabled: true}
	for _, cure := range []string{"restart", "demand"} {
		w := newWorld(t)
		w.b.put(pending)
		w.a.put(person("p"))
		w.a.assign("p")
		w.start()
		w.a.edit("p", func(u *User) { u.UserPrincipalName, u.DisplayName = "new@a.example", "New" })
		w.cycle()
		g := w.b.users["guest"]
		if len(w.b.users) != 1 || g.DisplayName != "New" || g.UserPrincipalName != "old#EXT#@b.example" || g.UserType != "Guest" {
			t.Fatal(asJSON(g))
		}
		if cure == "restart" {
			w.restart("")
		} else if _, err := w.demand("p"); err != nil {
			t.Fatal(err)
		}
		if g := w.b.users["guest"]; g.UserPrincipalName != "new_a.example#EXT#@b.example" || g.ExternalUserState != "PendingAcceptance" {
			t.Fatal(cure, asJSON(g))
		}
	}
	w := newWorld(t, func(s *Switches) { s.AdoptionRedeems = true })
	w.b.put(pending)
	w.a.put(person("p"))
	w.a.assign("p")
	w.start()
	if g := w.b.users["guest"]; g.ExternalUserState != "Accepted" || g.AlternativeSecurityID != "net-p" {
		t.Fatal(asJSON(g))
	}
}

func TestRuntime11_SecondMatchingAttribute(t *testing.T) {
	w := newWorld(t)
	for name, edit := range map[string]func(map[string]any){
		"second": func(u map[string]any) { attributeMapping(u, "mail")["matchingPriority"] = 2 },
		"none":   func(u map[string]any) { attributeMapping(u, "alternativeSecurityIds")["matchingPriority"] = 0 },
		"changed": func(u map[string]any) {
			attributeMapping(u, "alternativeSecurityIds")["source"].(map[string]any)["expression"] = "[mail]"
		},
		"target": func(u map[string]any) { attributeMapping(u, "mail")["targetAttributeName"] = "otherMails" },
		"source": func(u map[string]any) {
			attributeMapping(u, "mail")["source"].(map[string]any)["expression"] = "[userType]"
		},
		"function": func(u map[string]any) {
			attributeMapping(u, "mail")["source"].(map[string]any)["expression"] = "Random([mail])"
		},
		"flow":  func(u map[string]any) { attributeMapping(u, "mail")["flowType"] = "Sometimes" },
		"flows": func(u map[string]any) { u["flowTypes"] = "Add, Explode" },
		"operator": func(u map[string]any) {
			u["scope"].(map[string]any)["groups"] = []any{filter("mail", "IsMemberOf", "x")}
		},
		"operand": func(u map[string]any) {
			u["scope"].(map[string]any)["groups"] = []any{filter("userType", "EQUALS", "x")}
		},
	} {
		t.Run(name, func(t *testing.T) { wantError(t, w.schema(edit), 400, codeSchemaInvalid) })
	}
	wantError(t, w.e.SetSchema(tenantA, sp, w.job, []byte("{")), 400, codeBadRequest)
}

func TestRuntime12_SameMailSharesTarget(t *testing.T) {
	w := newWorld(t)
	w.people(2)
	w.a.edit("u00001", func(u *User) { u.Mail = "u00000@a.example" })
	w.start()
	if len(w.b.users) != 1 {
		t.Fatal(asJSON(w.b.users))
	}
	one, err := w.e.ObjectConnection(tenantA, sp, w.job, "u00000")
	w.ok(err)
	two, err := w.e.ObjectConnection(tenantA, sp, w.job, "u00001")
	w.ok(err)
	if one.TargetAnchor != two.TargetAnchor {
		t.Fatal(one, two)
	}
	w.a.unassign("u00000")
	w.cycle()
	if len(w.b.users) != 1 {
		t.Fatal("the shared target went with the first of its users")
	}
	w.a.unassign("u00001")
	w.cycle()
	if len(w.b.users) != 0 {
		t.Fatal("the shared target outlived both")
	}
}

func TestRuntime13_DirectMembersOnly(t *testing.T) {
	w := newWorld(t)
	for _, id := range []string{"direct", "nested", "office", "late", "default"} {
		w.a.put(person(id))
	}
	w.a.group("inner", true, "nested")
	w.a.group("outer", true, "direct", "inner")
	w.a.group("mailonly", false, "office")
	w.a.assign("outer", "mailonly")
	w.a.assignments = append(w.a.assignments, Assignment{PrincipalID: "default", PrincipalType: "User", AppRoleID: defaultAccess})
	w.start()
	if w.target("direct") == nil || w.target("nested") != nil || w.target("office") != nil || w.target("default") != nil {
		t.Fatal(asJSON(w.b.users))
	}
	if d := w.last("default").ProvisioningSteps[1].Details; d["User has the required role"] != "False" || d["Assigned to the application"] != "True" {
		t.Fatal(d)
	}
	w.a.group("outer", true, "direct", "late")
	w.cycle()
	w.mustTarget("late")

	m := newWorld(t, func(s *Switches) { s.MemberReentryNeedsRestart = true })
	m.a.put(person("one"))
	m.a.put(person("two"))
	m.a.group("g", true, "one")
	m.a.assign("g")
	m.start()
	m.a.group("g", true, "one", "two")
	m.cycle()
	m.cycle()
	if m.target("two") != nil {
		t.Fatal("noticed without a restart")
	}
	m.restart("")
	m.mustTarget("two")
}

func TestRuntime14_IneligibleUsersAreSkipped(t *testing.T) {
	w := newWorld(t)
	for id, f := range map[string]func(*User){
		"external": func(u *User) { u.External = true },
		"guest":    func(u *User) { u.UserType = "Guest" },
		"sms":      func(u *User) { u.SMSSignIn = true },
		"disabled": func(u *User) { u.AccountEnabled = false },
	} {
		w.a.put(person(id))
		w.a.edit(id, f)
		w.a.assign(id)
	}
	w.start()
	if len(w.b.users) != 0 {
		t.Fatal(asJSON(w.b.users))
	}
	for _, id := range []string{"external", "guest", "sms"} {
		w.wantRow(id, "other", "skipped", "NotEffectivelyEntitled")
		if d := w.last(id).ProvisioningSteps[1].Details["ScopeEvaluationResult"]; d != `{"Filter external users.alternativeSecurityIds EQUALS 'None'":false}` {
			t.Fatal(id, d)
		}
	}
	w.wantRow("disabled", "other", "skipped", "NotEffectivelyEntitled")
	if w.last("disabled").ProvisioningSteps[1].Details["Active in the source system"] != "False" {
		t.Fatal(asJSON(w.last("disabled")))
	}
	w.a.edit("disabled", func(u *User) { u.AccountEnabled = true })
	w.cycle()
	w.mustTarget("disabled")
}

func TestRuntime15_GuestStaysGuest(t *testing.T) {
	w := newWorld(t)
	w.people(2)
	w.b.put(User{ID: "guest", Mail: "u00000@a.example", UserType: "Guest", External: true, ExternalUserState: "Accepted",
		AlternativeSecurityID: "net-u00000", AccountEnabled: true})
	w.start()
	if g, n := w.b.users["guest"], w.mustTarget("u00001"); g.UserType != "Guest" || n.UserType != "Member" {
		t.Fatal(g.UserType, n.UserType)
	}
	w.ok(w.schema(func(u map[string]any) { attributeMapping(u, "userType")["flowType"] = "Always" }))
	w.cycle()
	if g := w.b.users["guest"]; g.UserType != "Member" {
		t.Fatal(g.UserType)
	}
	w.b.edit("guest", func(u *User) { u.UserType = "Guest" })
	w.cycle()
	if w.b.users["guest"].UserType != "Guest" {
		t.Fatal("a target edit did not survive a quiet source")
	}
	w.a.edit("u00000", func(u *User) { u.DisplayName = "Changed" })
	w.cycle()
	if w.b.users["guest"].UserType != "Member" {
		t.Fatal("the recurring mapping did not write")
	}
}

func TestRuntime16_TargetEditsLastUntilSourceChanges(t *testing.T) {
	w := newWorld(t)
	w.people(1)
	w.start()
	id := w.mustTarget("u00000").ID
	w.b.edit(id, func(u *User) { u.AccountEnabled, u.Attributes["department"] = false, "Legal" })
	w.cycle()
	if u := w.b.users[id]; u.AccountEnabled || u.Attributes["department"] != "Legal" {
		t.Fatal(asJSON(u))
	}
	w.a.edit("u00000", func(u *User) { u.Attributes["city"] = "Lund" })
	w.cycle()
	if u := w.b.users[id]; !u.AccountEnabled || u.Attributes["department"] != "Sales" || u.Attributes["city"] != "Lund" {
		t.Fatal(asJSON(u))
	}
}

func TestRuntime17_StaleManagerStays(t *testing.T) {
	w := newWorld(t)
	w.people(2)
	w.a.put(person("boss"))
	w.a.edit("u00000", func(u *User) { u.ManagerID = "u00001" })
	w.a.edit("u00001", func(u *User) { u.ManagerID = "boss" })
	w.start()
	if m := w.mustTarget("u00000").ManagerID; m != w.mustTarget("u00001").ID {
		t.Fatal(m)
	}
	if w.mustTarget("u00001").ManagerID != "" {
		t.Fatal("a manager out of scope was written")
	}
	w.a.assign("boss")
	w.cycle()
	if w.mustTarget("u00001").ManagerID != w.mustTarget("boss").ID {
		t.Fatal("the manager came into scope and was not written")
	}
	w.a.edit("u00000", func(u *User) { u.ManagerID = ""; u.Attributes["department"] = nil })
	w.cycle()
	if u := w.mustTarget("u00000"); u.ManagerID != w.mustTarget("u00001").ID || u.Attributes["department"] != "Sales" {
		t.Fatal("null flowed", asJSON(u))
	}
}
