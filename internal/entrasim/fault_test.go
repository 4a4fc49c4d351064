package entrasim_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"entente.dev/entente/internal/entrasim"
	"entente.dev/entente/internal/entrasim/faults"
	"entente.dev/entente/internal/entrasim/simclient"
)

func (s *sim) fault(r faults.Rule) faults.Rule {
	s.t.Helper()
	out, err := s.Admin().SetFault(s.t.Context(), r)
	if err != nil {
		s.t.Fatal(err)
	}
	return out
}

func TestFaultKinds(t *testing.T) {
	for _, tc := range []struct {
		kind    string
		applied bool
		check   func(t *testing.T, got *answer, err error)
	}{
		{faults.Status, false, func(t *testing.T, got *answer, err error) {
			if err != nil || got.status != 503 || got.header.Get("Retry-After") != "2" {
				t.Errorf("%v %+v", err, got)
			}
		}},
		{faults.NoMessageBody, false, func(t *testing.T, got *answer, err error) {
			if err != nil || strings.Contains(string(got.raw), "message") {
				t.Errorf("%v %s", err, got.raw)
			}
		}},
		{faults.ContentType, false, func(t *testing.T, got *answer, err error) {
			if err != nil || got.header.Get("Content-Type") != "text/html" {
				t.Errorf("%v %+v", err, got)
			}
		}},
		{faults.Delay, true, func(t *testing.T, got *answer, err error) {
			if err != nil || got.status != 201 {
				t.Errorf("%v %+v", err, got)
			}
		}},
		{faults.Drop, false, wantBroken},
		{faults.ApplyThenDrop, true, wantBroken},
		{faults.Truncate, true, wantBroken},
	} {
		t.Run(tc.kind, func(t *testing.T) {
			s := start(t, nil)
			a := s.as("a")
			s.fault(faults.Rule{ID: "f", Match: faults.Match{Method: "POST", Route: "/groups"}, Min: 1, Max: 1,
				Effect: faults.Effect{Kind: tc.kind, Status: 503, RetryAfter: "2", Millis: 20}})
			if err := s.Admin().CheckFaults(t.Context()); err == nil {
				t.Error("a rule that has not fired passes its minimum")
			}
			got, err := a.try("POST", "/groups", object{"displayName": "Faulty", "mailEnabled": false, "mailNickname": "f", "securityEnabled": true})
			tc.check(t, got, err)
			if n := len(a.get("/groups?$filter=displayName eq 'Faulty'").value()); (n == 1) != tc.applied {
				t.Errorf("applied %d times", n)
			}
			if err := s.Admin().CheckFaults(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}

func wantBroken(t *testing.T, got *answer, err error) {
	t.Helper()
	if err == nil {
		t.Errorf("an answer came: %d %s", got.status, got.raw)
	}
}

func TestHeldRequestGoesOnOrDies(t *testing.T) {
	s := start(t, nil)
	a := s.as("a")
	write := true
	s.fault(faults.Rule{ID: "before", Match: faults.Match{Write: &write, Tenant: "a"}, Effect: faults.Effect{Kind: faults.Hold}})
	done := make(chan error, 1)
	go func() {
		_, err := a.try("PATCH", "/users/annie@a.example", object{"city": "Lund"})
		done <- err
	}()
	s.waitHeld("before")
	if err := s.Admin().ReleaseFault(t.Context(), "before"); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if got := a.get("/users/annie@a.example?$select=city"); got.text("city") != "Lund" {
		t.Errorf("released request was not carried out: %s", got.raw)
	}

	s.fault(faults.Rule{ID: "after", Match: faults.Match{Write: &write}, Effect: faults.Effect{Kind: faults.Hold, When: "after"}})
	if err := s.Admin().ClearFaults(t.Context(), "before"); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		_, err := a.tryContext(ctx, "PATCH", "/users/annie@a.example", `{"city":"Kiruna"}`)
		done <- err
	}()
	s.waitHeld("after")
	cancel() // as a kill -9 of the client would
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if got := a.get("/users/annie@a.example?$select=city"); got.text("city") != "Kiruna" {
		t.Errorf("the write before the hold is not there: %s", got.raw)
	}
	deadline := time.Now().Add(5 * time.Second)
	for s.held("after") > 0 && time.Now().Before(deadline) {
		time.Sleep(5 * time.Millisecond)
	}
	if s.held("after") != 0 {
		t.Error("the hold outlived its connection")
	}
}

func (s *sim) held(id string) int {
	rules, err := s.Admin().Faults(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	for _, r := range rules {
		if r.ID == id {
			return r.Held
		}
	}
	return 0
}

func (s *sim) waitHeld(id string) {
	s.t.Helper()
	for deadline := time.Now().Add(5 * time.Second); s.held(id) == 0; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			s.t.Fatal("nothing is held")
		}
	}
}

func TestThrottledCallSaysWhenToComeBack(t *testing.T) {
	s := start(t, nil)
	a := s.as("a")
	for range 5 {
		a.get("/auditLogs/provisioning")
	}
	got := a.do("GET", "/auditLogs/provisioning", nil, 429)
	if got.code() != "TooManyRequests" || got.header.Get("Retry-After") == "" || !strings.HasPrefix(got.header.Get("x-ms-throttle-scope"), "Tenant_Application/Read/") {
		t.Errorf("%s %v", got.raw, got.header)
	}
	if got := a.get("/users"); got.header.Get("x-ms-resource-unit") != "2" {
		t.Errorf("resource units %q", got.header.Get("x-ms-resource-unit"))
	}
}

func TestTenantCutOffAndBack(t *testing.T) {
	s := start(t, func(o *entrasim.Options) { o.NoThrottle = true })
	a := s.as("a")
	edit := func(off bool) {
		if _, err := s.Admin().Edit(t.Context(), simclient.Edit{Tenant: "a", Action: "tenant.reachable", Unreachable: off}); err != nil {
			t.Fatal(err)
		}
	}
	edit(true)
	if _, err := a.try("GET", "/users", nil); err == nil {
		t.Error("an unreachable tenant answered")
	}
	edit(false)
	a.get("/users")
}
