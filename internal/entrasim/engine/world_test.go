package engine

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"
)

const (
	tenantA = "aaaaaaaa-0000-4000-8000-000000000001"
	tenantB = "bbbbbbbb-0000-4000-8000-000000000002"
	sp      = "5e000000-0000-4000-8000-000000000003"
)

var epoch = time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)

// world is one pair of tenants with one job.
type world struct {
	t     testing.TB
	clock *ManualClock
	a, b  *memory
	e     *Engine
	job   string
}

func newWorld(t testing.TB, tweak ...func(*Switches)) *world {
	t.Helper()
	w := &world{t: t, clock: NewManualClock(epoch)}
	w.a, w.b = newMemory(tenantA, "a.example", w.clock), newMemory(tenantB, "b.example", w.clock)
	w.policies(true)
	sw := DefaultSwitches()
	for _, f := range tweak {
		f(&sw)
	}
	w.e = New(Config{Clock: w.clock, Switches: &sw, Seed: 7,
		Directory: func(id string) (Directory, bool) {
			switch id {
			case tenantA:
				return w.a, true
			case tenantB:
				return w.b, true
			}
			return nil, false
		},
		Principal: func(string, string) (Principal, bool) { return Principal{DisplayName: "To B", AppID: "app-1"}, true },
	})
	j, err := w.e.CreateJob(tenantA, sp, TemplateID)
	w.ok(err)
	w.job = j.ID
	w.secrets("SyncAll", "false")
	return w
}

func (w *world) ok(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) policies(on bool) {
	w.a.mu.Lock()
	w.a.outbound[tenantB] = on
	w.a.mu.Unlock()
	w.b.mu.Lock()
	w.b.inbound[tenantA], w.b.sync[tenantA] = on, on
	w.b.mu.Unlock()
}

// secrets sets the usual secrets and the given ones.
func (w *world) secrets(kv ...string) {
	w.t.Helper()
	list := []KeyValue{{"AuthenticationType", "SyncPolicy"}, {"CompanyId", tenantB}}
	for i := 0; i < len(kv); i += 2 {
		list = append(list, KeyValue{kv[i], kv[i+1]})
	}
	w.ok(w.e.SetSecrets(tenantA, sp, list))
}

func (w *world) threshold(n int) {
	w.secrets("SyncAll", "false", "SyncNotificationSettings",
		fmt.Sprintf(`{"Enabled":true,"Recipients":"ops@a.example","DeleteThresholdEnabled":true,"DeleteThresholdValue":%d}`, n))
}

func person(id string) User {
	return User{ID: id, UserPrincipalName: id + "@a.example", Mail: id + "@a.example", DisplayName: "P " + id,
		UserType: "Member", AccountEnabled: true, NetID: "net-" + id,
		Attributes: map[string]any{"department": "Sales", "mailNickname": id}}
}

// people adds source users u000.. and assigns them.
func (w *world) people(n int) []string {
	var ids []string
	for i := range n {
		id := fmt.Sprintf("u%05d", i)
		w.a.put(person(id))
		ids = append(ids, id)
	}
	w.a.assign(ids...)
	return ids
}

func (w *world) start() {
	w.t.Helper()
	w.ok(w.e.Start(tenantA, sp, w.job))
	w.e.Tick()
}

// cycle runs exactly the next cycle.
func (w *world) cycle() { w.clock.Advance(40 * time.Minute); w.e.Tick() }

func (w *world) restart(scope string) {
	w.t.Helper()
	w.ok(w.e.Restart(tenantA, sp, w.job, scope))
	w.e.Tick()
}

func (w *world) status() Job {
	w.t.Helper()
	j, err := w.e.Job(tenantA, sp, w.job)
	w.ok(err)
	return j
}

// target is the live target of a source user, by its key.
func (w *world) target(source string) *User {
	w.b.mu.Lock()
	defer w.b.mu.Unlock()
	for _, id := range sortedKeys(w.b.users) {
		if u := w.b.users[id]; u.AlternativeSecurityID == "net-"+source {
			return &u
		}
	}
	return nil
}

func (w *world) mustTarget(source string) *User {
	w.t.Helper()
	u := w.target(source)
	if u == nil {
		w.t.Fatalf("%s has no live target", source)
	}
	return u
}

// last is the newest log row of a source user.
func (w *world) last(source string) *LogRow {
	for r := range w.e.Logs(tenantA) {
		if r.SourceIdentity.ID == source {
			return r
		}
	}
	return nil
}

func (w *world) rows() (n int) {
	for range w.e.Logs(tenantA) {
		n++
	}
	return n
}

func (w *world) wantRow(source, action, status, code string) {
	w.t.Helper()
	r := w.last(source)
	if r == nil {
		w.t.Fatalf("no row for %s", source)
	}
	got := ""
	if i := r.ProvisioningStatusInfo.ErrorInformation; i != nil {
		got = i.ErrorCode
	}
	if r.ProvisioningAction != action || r.ProvisioningStatusInfo.Status != status || got != code {
		w.t.Fatalf("row of %s: %s %s %q, want %s %s %q", source, r.ProvisioningAction, r.ProvisioningStatusInfo.Status, got, action, status, code)
	}
}

func (w *world) wantCode(code string) {
	w.t.Helper()
	if got := w.status().Status.Code; got != code {
		w.t.Fatalf("status.code %s, want %s (%s)", got, code, asJSON(w.status()))
	}
}

func (w *world) wantQuarantine(reason string) {
	w.t.Helper()
	q := w.status().Status.Quarantine
	if q == nil || q.Reason != reason {
		w.t.Fatalf("quarantine %s, want %s", asJSON(q), reason)
	}
	w.wantCode("Quarantine")
}

func wantError(t testing.TB, err error, status int, code string) {
	t.Helper()
	e, ok := err.(*Error)
	if !ok || e.Status != status || e.Code != code {
		t.Fatalf("error %v, want %d %s", err, status, code)
	}
}

func asJSON(v any) string {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(raw)
}

// schema edits the user mapping as generic JSON and puts the schema back.
func (w *world) schema(edit func(user map[string]any)) error {
	w.t.Helper()
	raw, err := w.e.Schema(tenantA, sp, w.job)
	w.ok(err)
	var doc map[string]any
	w.ok(json.Unmarshal(raw, &doc))
	edit(doc["synchronizationRules"].([]any)[0].(map[string]any)["objectMappings"].([]any)[0].(map[string]any))
	raw, err = json.Marshal(doc)
	w.ok(err)
	return w.e.SetSchema(tenantA, sp, w.job, raw)
}

// attributeMapping finds a mapping by target name.
func attributeMapping(user map[string]any, name string) map[string]any {
	for _, a := range user["attributeMappings"].([]any) {
		if m := a.(map[string]any); m["targetAttributeName"] == name {
			return m
		}
	}
	panic("no mapping " + name)
}

func filter(attribute, operator string, values ...string) map[string]any {
	return map[string]any{"name": "F", "clauses": []any{map[string]any{"sourceOperandName": attribute, "operatorName": operator,
		"targetOperand": map[string]any{"values": append([]string{}, values...)}}}}
}

func (w *world) filters(groups ...any) {
	w.t.Helper()
	w.ok(w.schema(func(user map[string]any) { user["scope"].(map[string]any)["groups"] = groups }))
}

func (w *world) demand(id string) (KeyValue, error) {
	return w.e.ProvisionOnDemand(tenantA, sp, w.job, OnDemandRequest{[]OnDemandParameter{{RuleID, []OnDemandSubject{{id, "User"}}}}})
}
