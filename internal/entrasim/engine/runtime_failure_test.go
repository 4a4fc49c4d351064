package engine

import (
	"encoding/json"
	"testing"
	"time"
)

func TestRuntime27_EscrowRetries(t *testing.T) {
	w := newWorld(t)
	w.people(1)
	tries := []time.Duration{}
	broken := true
	w.b.refuse = func(op string, u User) error {
		tries = append(tries, w.clock.Now().Sub(epoch))
		if broken {
			return &DirectoryError{codeInvitationFailure, "unspecified"}
		}
		return nil
	}
	w.start()
	for range 29 * 36 {
		w.cycle()
	}
	want := []time.Duration{0, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour, 48 * time.Hour}
	for i, at := range want {
		if late := tries[i] - at; late < 0 || late >= 40*time.Minute {
			t.Fatalf("try %d at %s, want %s", i, tries[i], at)
		}
	}
	if n := len(tries); n != 31 || tries[n-1] > escrowLife+40*time.Minute {
		t.Fatalf("%d tries, the last at %s", n, tries[n-1])
	}
	broken = false
	w.a.edit("u00000", func(u *User) { u.DisplayName = "Changed" })
	w.cycle()
	w.mustTarget("u00000")
	now := newWorld(t)
	now.people(1)
	fails := 2
	now.b.refuse = func(string, User) error {
		if fails--; fails >= 0 {
			return &DirectoryError{"Timeout", "late"}
		}
		return nil
	}
	now.start()
	now.cycle()
	if x := now.status().Status.LastExecution; x.CountEscrowed != 1 || x.State != "EntryLevelErrors" {
		t.Fatal(asJSON(x))
	}
	now.cycle()
	now.mustTarget("u00000")
	if x := now.status().Status.LastExecution; x.CountEscrowed != 0 || x.State != "Succeeded" {
		t.Fatal("success did not clear the escrow", asJSON(x))
	}
}

func TestRuntime28_QuarantineFormula(t *testing.T) {
	for _, c := range []struct {
		base, reference, ok int
		want                string
	}{
		{4_000, 0, 0, ""},
		{45_000, 0, 1_000_000, reasonBase},
		{30_000, 0, 5_000, reasonProportion},
		{20_000, 0, 100_000, ""},
		{40_000, 21_000, 1_000_000, reasonTotal},
	} {
		if got := quarantineReason(c.base, c.reference, c.ok); got != c.want {
			t.Errorf("%+v: %q", c, got)
		}
	}
}

func TestRuntime28_QuarantineDecaysAndDisables(t *testing.T) {
	w := newWorld(t)
	w.people(1)
	w.threshold(500)
	w.start()
	w.policies(false)
	var runs []time.Duration
	began := w.clock.Now().Add(40 * time.Minute)
	for w.status().Schedule.State == "Active" {
		next, _ := w.e.NextDue()
		w.clock.Advance(next.Sub(w.clock.Now()))
		w.e.Tick()
		runs = append(runs, next.Sub(began))
		if len(runs) > 100 {
			t.Fatal("never disabled")
		}
	}
	for i, h := range []int{0, 6, 12, 24, 48, 72} {
		if runs[i] != time.Duration(h)*time.Hour {
			t.Fatalf("run %d after %s, want %dh", i, runs[i], h)
		}
	}
	j := w.status()
	if j.Schedule.State != "Disabled" || runs[len(runs)-1] != 29*24*time.Hour {
		t.Fatal(runs[len(runs)-1], asJSON(j))
	}
	if q := j.Status.Quarantine; q.SeriesCount != int64(len(runs)) || !q.SeriesBegan.Equal(began) {
		t.Fatal(asJSON(q))
	}
	if n := w.e.Notifications(tenantA); len(n) != 1 || n[0].Reason != reasonException || n[0].Recipients != "ops@a.example" {
		t.Fatal(n)
	}
	w.policies(true)
	w.start()
	w.wantCode("Active")
}

func TestRuntime28_ManyFailuresQuarantine(t *testing.T) {
	w := newWorld(t, func(s *Switches) { s.PruneInitialEscrows = false })
	w.people(5_000)
	w.b.supported = map[string]bool{}
	w.b.refuse = func(string, User) error { return &DirectoryError{codeInvitationFailure, "x"} }
	w.start()
	w.wantQuarantine(reasonProportion)
	w.b.mu.Lock()
	w.b.refuse = nil
	w.b.mu.Unlock()
	w.clock.Advance(6 * time.Hour)
	w.e.Tick()
	w.wantCode("Active")
	if len(w.b.users) != 5_000 {
		t.Fatal(len(w.b.users))
	}
}

func TestRuntime29_EscrowsPruned(t *testing.T) {
	w := newWorld(t)
	w.people(5_000)
	w.b.supported = map[string]bool{}
	w.b.refuse = func(string, User) error { return &DirectoryError{codeInvitationFailure, "x"} }
	w.start()
	j := w.status()
	if !j.Status.EscrowsPruned || j.Status.Code != "Paused" || j.Schedule.State != "Paused" || j.Status.Quarantine != nil {
		t.Fatal(asJSON(j))
	}
	w.b.refuse = nil
	w.restart("")
	if w.wantCode("Active"); w.status().Status.EscrowsPruned {
		t.Fatal("still pruned")
	}
}

func TestRuntime30_QuotaAndInvitations(t *testing.T) {
	w := newWorld(t)
	w.people(1)
	w.b.refuse = func(op string, _ User) error {
		return &DirectoryError{"AzureActiveDirectoryQuotaLimitExceeded", "The directory object quota limit is exceeded."}
	}
	w.start()
	w.wantRow("u00000", "create", "failure", "AzureActiveDirectoryQuotaLimitExceeded")
	f := newWorld(t)
	f.people(1)
	f.b.invitations = false
	f.start()
	f.wantRow("u00000", "create", "failure", codeForbidden)
	f.b.invitations = true
	f.clock.Advance(6 * time.Hour)
	f.e.Tick()
	f.mustTarget("u00000")
}

func TestRuntime36_FreshAssignmentOnDemand(t *testing.T) {
	w := newWorld(t, func(s *Switches) { s.OnDemandAssignmentDelay = 3 * time.Minute })
	w.people(1)
	if _, err := w.demand("u00000"); err != nil || w.target("u00000") != nil {
		t.Fatal("a fresh assignment was seen", err)
	}
	w.wantRow("u00000", "other", "skipped", "NotEffectivelyEntitled")
	w.clock.Advance(3 * time.Minute)
	if _, err := w.demand("u00000"); err != nil {
		t.Fatal(err)
	}
	w.mustTarget("u00000")
}

func TestRuntime37_LogRow(t *testing.T) {
	w := newWorld(t, func(s *Switches) { s.LogIngestionDelay = 10 * time.Minute })
	w.people(2)
	w.start()
	if w.rows() != 0 {
		t.Fatal("rows are readable at once")
	}
	w.clock.Advance(10 * time.Minute)
	if w.rows() != 2 {
		t.Fatal(w.rows())
	}
	r := w.last("u00000")
	var names []string
	for _, s := range r.ProvisioningSteps {
		names = append(names, s.Name+"/"+s.ProvisioningStepType)
	}
	if got := asJSON(names); got != `["EntryImportAdd/import","EntrySynchronizationScoping/scoping","EntrySynchronizationAdd/matching","EntryExportAdd/export"]` {
		t.Fatal(got)
	}
	if r.ProvisioningAction != "create" || r.TenantID != tenantB || r.JobID != w.job || r.TargetIdentity.ID == "" ||
		r.ServicePrincipal != (Identity{sp, "To B"}) || r.CycleID == "" || r.ChangeID == w.last("u00001").ChangeID || r.CycleID != w.last("u00001").CycleID {
		t.Fatal(asJSON(r))
	}
	var back map[string]any
	w.ok(json.Unmarshal([]byte(asJSON(r)), &back))
	for _, k := range []string{"id", "activityDateTime", "tenantId", "jobId", "cycleId", "changeId", "provisioningAction", "durationInMilliseconds",
		"initiatedBy", "servicePrincipal", "sourceSystem", "targetSystem", "sourceIdentity", "targetIdentity", "provisioningStatusInfo",
		"provisioningSteps", "modifiedProperties"} {
		if _, ok := back[k]; !ok {
			t.Error("missing", k)
		}
	}
	w.clock.Advance(31 * 24 * time.Hour)
	if w.rows() != 0 {
		t.Fatal("rows outlive their retention")
	}
}

func TestRuntime40_ObjectConnections(t *testing.T) {
	w := newWorld(t)
	w.people(1)
	w.start()
	target := w.mustTarget("u00000").ID
	for _, id := range []string{"u00000", target} {
		c, err := w.e.ObjectConnection(tenantA, sp, w.job, id)
		if err != nil || c.ObjectID != id || c.SourceAnchor != "u00000" || c.TargetAnchor != target || c.ObjectTypeName != "User" {
			t.Fatal(c, err)
		}
	}
	wantError(t, w.e.ObjectConnections(tenantA, sp, w.job), 400, codeBadRequest)
	wantError(t, w.e.DeleteObjectConnection(tenantA, sp, w.job, target), 409, codeConflict)
	w.ok(w.e.Pause(tenantA, sp, w.job))
	w.ok(w.e.DeleteObjectConnection(tenantA, sp, w.job, target))
	w.ok(w.e.DeleteObjectConnection(tenantA, sp, w.job, target))
	_, err := w.e.ObjectConnection(tenantA, sp, w.job, "u00000")
	wantError(t, err, 404, codeNotFound)
	w.mustTarget("u00000")
}
