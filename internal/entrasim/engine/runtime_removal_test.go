package engine

import (
	"testing"
	"time"
)

func TestRuntime18_DeprovisioningEvents(t *testing.T) {
	for name, leave := range map[string]func(*world){
		"unassign":     func(w *world) { w.a.unassign("u00000") },
		"group member": func(w *world) { w.a.group("g", true) },
		"group":        func(w *world) { w.a.unassign("g") },
		"filter":       func(w *world) { w.a.edit("u00000", func(u *User) { u.Attributes["department"] = "Legal" }) },
		"soft-delete":  func(w *world) { w.a.mu.Lock(); w.a.drop("u00000", false, false); w.a.mu.Unlock() },
		"hard-delete": func(w *world) {
			w.a.mu.Lock()
			w.a.drop("u00000", false, false)
			delete(w.a.deleted, "u00000")
			w.a.mu.Unlock()
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.a.put(person("u00000"))
			w.filters(filter("department", "EQUALS", "Sales"))
			if name == "unassign" {
				w.a.assign("u00000")
			} else {
				w.a.group("g", true, "u00000")
				w.a.assign("g")
			}
			w.start()
			id := w.mustTarget("u00000").ID
			leave(w)
			w.cycle()
			if d, ok := w.b.deleted[id]; !ok || !d.DeletedByEngine {
				t.Fatal("not soft-deleted")
			}
			w.wantRow("u00000", "delete", "success", "")
		})
	}
	w := newWorld(t)
	w.people(1)
	w.start()
	w.a.edit("u00000", func(u *User) { u.AccountEnabled = false })
	w.cycle()
	if w.mustTarget("u00000").AccountEnabled {
		t.Fatal("not disabled")
	}
	w.wantRow("u00000", "update", "success", "")
}

func TestRuntime19_DisabledThenRemovedStays(t *testing.T) {
	w := newWorld(t)
	w.a.put(person("u"))
	w.a.put(person("both"))
	w.a.group("g", true, "u", "both")
	w.a.assign("g")
	w.start()
	w.a.edit("u", func(u *User) { u.AccountEnabled = false })
	w.cycle()
	w.a.edit("both", func(u *User) { u.AccountEnabled = false })
	w.a.group("g", true)
	w.cycle()
	if u := w.mustTarget("u"); u.AccountEnabled {
		t.Fatal("enabled")
	}
	if w.target("both") != nil {
		t.Fatal("disabled and removed between two cycles is an ordinary removal")
	}
}

func TestRuntime20_DeleteActionOff(t *testing.T) {
	w := newWorld(t)
	w.people(1)
	w.ok(w.schema(func(u map[string]any) { u["flowTypes"] = "Add, Update" }))
	w.start()
	w.a.unassign("u00000")
	w.cycle()
	w.mustTarget("u00000")
	s := newWorld(t)
	s.people(1)
	s.secrets("SyncAll", "false", "SkipOutOfScopeDeletions", "True")
	s.start()
	s.a.unassign("u00000")
	s.cycle()
	if s.target("u00000") != nil {
		t.Fatal("SkipOutOfScopeDeletions is documented to have no effect")
	}
}

func TestRuntime21_DeletionThreshold(t *testing.T) {
	w := newWorld(t)
	ids := w.people(6)
	w.threshold(3)
	w.start()
	w.a.unassign(ids[0], ids[1], ids[2])
	w.cycle()
	if len(w.b.users) != 3 {
		t.Fatal("meeting the threshold must not trip it")
	}
	w.a.assign(ids[:3]...)
	w.cycle()
	w.a.unassign(ids[0], ids[1], ids[2])
	w.a.edit(ids[3], func(u *User) { u.AccountEnabled = false })
	w.a.edit(ids[4], func(u *User) { u.DisplayName = "Still updated" })
	w.cycle()
	if len(w.b.users) != 6 || !w.mustTarget(ids[3]).AccountEnabled || w.mustTarget(ids[4]).DisplayName != "Still updated" {
		t.Fatal("removals ran above the threshold, or other work did not")
	}
	w.wantQuarantine(reasonDeletes)
	w.wantRow(ids[0], "stagedDelete", "skipped", "")
	w.restart("ForceDeletes")
	if len(w.b.users) != 3 || w.mustTarget(ids[3]).AccountEnabled {
		t.Fatal("ForceDeletes did not execute")
	}
	w.wantCode("Active")

	r := newWorld(t)
	r.people(3)
	r.threshold(1)
	r.start()
	r.a.unassign("u00000", "u00001")
	r.cycle()
	r.wantQuarantine(reasonDeletes)
	r.a.assign("u00000", "u00001")
	r.restart("")
	r.wantCode("Active")
	if len(r.b.users) != 3 {
		t.Fatal("rejected deletions ran")
	}
	i := newWorld(t, func(s *Switches) { s.ThresholdInclusive = true })
	i.people(1)
	i.threshold(1)
	i.start()
	i.a.unassign("u00000")
	i.cycle()
	i.wantQuarantine(reasonDeletes)
	sw := DefaultSwitches()
	if s := sw.settings([]KeyValue{{"SyncNotificationSettings", `{"DeleteThresholdEnabled":true}`}}); s.Threshold != 500 || !s.ThresholdEnabled {
		t.Fatal(s)
	}
}

func TestRuntime22_ReentryWithin30Days(t *testing.T) {
	for _, day := range []int{1, 29, 31} {
		w := newWorld(t)
		w.people(1)
		w.start()
		id := w.mustTarget("u00000").ID
		w.a.unassign("u00000")
		w.cycle()
		w.clock.Advance(time.Duration(day) * 24 * time.Hour)
		w.e.Tick()
		w.a.assign("u00000")
		w.cycle()
		if got := w.mustTarget("u00000").ID; (got == id) != (day < 30) {
			t.Fatalf("day %d: %s, was %s", day, got, id)
		}
	}
}

func TestRuntime23_TargetDeletions(t *testing.T) {
	w := newWorld(t)
	w.people(2)
	w.start()
	gone, left := w.mustTarget("u00000").ID, w.mustTarget("u00001").ID
	w.b.mu.Lock()
	w.b.drop(gone, false, false)
	w.b.drop(left, false, true)
	w.b.mu.Unlock()
	w.cycle()
	if w.target("u00000") != nil || w.mustTarget("u00001").ID != left {
		t.Fatal("admin deletions stay, leavers come back")
	}
	w.a.edit("u00000", func(u *User) { u.DisplayName = "Changed" })
	w.cycle()
	w.restart("")
	if w.target("u00000") != nil {
		t.Fatal("a cycle restored an admin's deletion")
	}
	w.wantRow("u00000", "other", "skipped", "EntrySynchronizationSkipped")

	for _, duplicates := range []bool{true, false} {
		d := newWorld(t, func(s *Switches) { s.OnDemandDuplicates = duplicates })
		d.people(1)
		d.start()
		id := d.mustTarget("u00000").ID
		d.a.unassign("u00000")
		if _, err := d.demand("u00000"); err != nil || d.target("u00000") != nil {
			t.Fatal("on demand did not deprovision", err)
		}
		d.a.assign("u00000")
		if _, err := d.demand("u00000"); err != nil {
			t.Fatal(err)
		}
		if (d.mustTarget("u00000").ID != id) != duplicates {
			t.Fatal("duplicates", duplicates)
		}
	}
}

func TestRuntime24_DeletedConfigurationLeavesUsers(t *testing.T) {
	w := newWorld(t)
	w.people(2)
	w.start()
	w.ok(w.e.DeleteJob(tenantA, sp, w.job))
	if len(w.e.Jobs(tenantA, sp)) != 0 || len(w.b.users) != 2 {
		t.Fatal("users went with the job")
	}
	_, err := w.e.Job(tenantA, sp, w.job)
	wantError(t, err, 404, codeNotFound)
	s := newWorld(t)
	s.people(2)
	s.start()
	s.e.RemoveServicePrincipal(tenantA, sp)
	s.clock.Advance(24 * time.Hour)
	if n := s.e.Tick(); n != 0 || len(s.b.users) != 2 || len(s.e.Secrets(tenantA, sp)) != 0 {
		t.Fatal(n)
	}
}

func TestRuntime25_PolicyOffMidLife(t *testing.T) {
	for name, c := range map[string]struct {
		off  func(*world)
		code string
	}{
		"sync":     {func(w *world) { w.b.sync[tenantA] = false }, codeSyncPolicy},
		"inbound":  {func(w *world) { w.b.inbound[tenantA] = false }, codeB2BPolicy},
		"outbound": {func(w *world) { w.a.outbound[tenantB] = false }, codeB2BPolicy},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			ids := w.people(3)
			w.start()
			c.off(w)
			w.a.edit(ids[0], func(u *User) { u.DisplayName = "Changed" })
			w.a.unassign(ids[1])
			w.cycle()
			w.wantQuarantine(reasonException)
			w.wantRow(ids[0], "other", "failure", c.code)
			w.wantRow(ids[1], "delete", "failure", c.code)
			if len(w.b.users) != 3 || w.mustTarget(ids[0]).DisplayName == "Changed" {
				t.Fatal("existing users were touched")
			}
			wantError(t, w.e.ValidateCredentials(tenantA, sp, w.job, Credentials{UseSavedCredentials: true}), 400, codeSyncPolicy)
			w.policies(true)
			w.clock.Advance(6 * time.Hour)
			w.e.Tick()
			w.wantCode("Active")
			if len(w.b.users) != 2 || w.mustTarget(ids[0]).DisplayName != "Changed" {
				t.Fatal("the work was lost")
			}
		})
	}
}
