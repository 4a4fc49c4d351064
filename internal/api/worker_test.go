package api_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"entente.dev/entente/internal/api/apitest"
	"entente.dev/entente/internal/api/wire"
	"entente.dev/entente/internal/directory"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/plan"
	"entente.dev/entente/internal/store"
)

var bc = ident.Share{Source: "b", Target: "c"}

const (
	work   = "/v1/organizations/" + apitest.Org + "/worker"
	guidB  = "0b000000-0000-4000-8000-00000000000b"
	guidC  = "0c000000-0000-4000-8000-00000000000c"
	runOfC = "run/" + apitest.Org + "/b/c/1"
)

// working is a world with something of every tenant in its store.
func working(t *testing.T) *apitest.World {
	t.Helper()
	w, ctx := applied(t), t.Context()
	for _, err := range []error{
		w.Store.PutOwned(ctx, apitest.Org, store.Owned{ID: "group-of-b", Kind: "group", Tenant: "b", Share: bc}),
		w.Store.PutReduction(ctx, store.Reduction{ID: "red", Org: apitest.Org, Share: bc, Status: "removing", OpenedAt: apitest.Start,
			Removals: []store.Removal{{Person: ident.Person{Home: "b", ID: "bob"}, UPN: "bob@b.example", State: store.Announced}}}),
		w.Store.PutHold(ctx, apitest.Org, plan.Hold{Person: ident.Person{Home: "b", ID: "bob"}, Tenant: "c", Kind: "keepOut"}),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return w
}

// everything is all that a worker could change, as text.
func everything(t *testing.T, w *apitest.World) string {
	t.Helper()
	ctx := t.Context()
	all := map[string]any{}
	keep := func(name string, v any, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		all[name] = v
	}
	owned, err := w.Store.Owned(ctx, apitest.Org)
	keep("owned", owned, err)
	links, err := w.Store.Links(ctx, apitest.Org)
	keep("links", links, err)
	holds, err := w.Store.Holds(ctx, apitest.Org)
	keep("holds", holds, err)
	conversions, err := w.Store.Conversions(ctx, apitest.Org)
	keep("conversions", conversions, err)
	reductions, err := w.Store.ListReductions(ctx, apitest.Org)
	keep("reductions", reductions, err)
	entries, err := w.Store.LedgerEntries(ctx, apitest.Org, 0, 0)
	keep("ledger", entries, err)
	for _, tenant := range []ident.Tenant{"a", "b", "c"} {
		ref, err := w.Store.LatestSnapshotRef(ctx, apitest.Org, tenant)
		keep("snapshot of "+string(tenant), ref, ignoreMissing(err))
	}
	raw, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func ignoreMissing(err error) error {
	if err != nil && strings.Contains(err.Error(), "NotFound") {
		return nil
	}
	return err
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func packed(t *testing.T, tenant ident.Tenant) string {
	t.Helper()
	var b bytes.Buffer
	s := &directory.Snapshot{Tenant: tenant, TakenAt: apitest.Start, Read: directory.Collections(), Users: []directory.User{{ID: "u"}}}
	if err := wire.WriteSnapshot(&b, wire.SnapshotHead{Sealed: true}, s); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// attack is a request that must be refused, and change nothing.
type attack struct {
	who, method, path, body string
	want                    int
}

func entries(t *testing.T, change func(*store.Entry)) string {
	t.Helper()
	e := store.Entry{Org: apitest.Org, Actor: runOfC, Verb: "allow-inbound-sync", Object: "x", Tenant: "c", Share: &bc, Key: "k", Data: map[string]string{}}
	change(&e)
	return asJSON(t, wire.WorkerEntries{Entries: []store.Entry{e}})
}

// attacks on what the worker of c may not touch, see, or claim.
func attacks(t *testing.T, w *apitest.World) map[string]attack {
	t.Helper()
	red, err := w.Store.Reduction(t.Context(), apitest.Org, "red")
	if err != nil {
		t.Fatal(err)
	}
	bob := red.Removals[0].Person
	more := red
	more.Removals = append(more.Removals, store.Removal{Person: ident.Person{Home: "b", ID: "barbara"}, State: store.Announced})
	elsewhere := red
	elsewhere.Share = ident.Share{Source: "a", Target: "c"}
	ab := ident.Share{Source: "a", Target: "b"}
	put := func(path, body string) attack { return attack{"worker-c", "PUT", path, body, 403} }
	snapshot := func(tenant string) string { return work + "/tenants/" + tenant + "/snapshot" }
	return map[string]attack{
		"ledger: another tenant":       put(work+"/ledger", entries(t, func(e *store.Entry) { e.Tenant = "b" })),
		"ledger: another share":        put(work+"/ledger", entries(t, func(e *store.Entry) { e.Share = &ab })),
		"ledger: no share":             put(work+"/ledger", entries(t, func(e *store.Entry) { e.Share = nil })),
		"ledger: another organization": put(work+"/ledger", entries(t, func(e *store.Entry) { e.Org, e.Actor = "another-group", "run/another-group/b/c/1" })),
		"ledger: a person's name":      put(work+"/ledger", entries(t, func(e *store.Entry) { e.Actor = "c-admin" })),
		"ledger: another run":          put(work+"/ledger", entries(t, func(e *store.Entry) { e.Actor = "run/" + apitest.Org + "/a/b/1" })),
		"ledger: a decision":           put(work+"/ledger", entries(t, func(e *store.Entry) { e.Verb = "approved" })),
		"ledger: the engine's, of a foreign log": put(work+"/ledger", entries(t, func(e *store.Entry) {
			e.Verb, e.Share, e.Tenant, e.Actor, e.Key, e.Data = "created", &ab, "b", "run/"+apitest.Org+"/a/b/1", "created/1", map[string]string{"provisioningLog": "1"}
		})),
		"ledger: one bad among good": put(work+"/ledger", asJSON(t, wire.WorkerEntries{Entries: []store.Entry{
			{Org: apitest.Org, Actor: runOfC, Verb: "v", Object: "x", Tenant: "c", Share: &bc, Key: "k1"}, {Org: apitest.Org, Actor: runOfC, Verb: "v", Object: "x", Tenant: "b", Share: &bc, Key: "k2"},
		}})),
		"snapshot: another tenant":          put(snapshot("b"), packed(t, "b")),
		"snapshot: another in the body":     put(snapshot("c"), packed(t, "b")),
		"owned: another tenant":             put(work+"/owned", asJSON(t, store.Owned{ID: "x", Kind: "group", Tenant: "b", Share: bc})),
		"owned: another's object":           put(work+"/owned", asJSON(t, store.Owned{ID: "group-of-b", Kind: "group", Tenant: "c", Share: bc})),
		"owned: another's partner entry":    put(work+"/owned", asJSON(t, store.Owned{ID: "partner/" + guidB + "/" + guidC, Kind: "partner", Tenant: "c", Share: bc})),
		"owned: a share of others":          put(work+"/owned", asJSON(t, store.Owned{ID: "x", Kind: "group", Tenant: "c", Share: ab})),
		"owned: forget another's":           {"worker-c", "DELETE", work + "/owned?id=group-of-b", "", 403},
		"links: another's log":              put(work+"/links", asJSON(t, wire.WorkerLinks{Links: []plan.Link{{Person: bob, Tenant: "c", ObjectID: "o"}}})),
		"holds: another tenant's":           {"worker-b", "DELETE", work + "/holds", asJSON(t, wire.HoldRef{Person: bob, Tenant: "c"}), 403},
		"conversions: another tenant's":     put(work+"/conversions", asJSON(t, wire.WorkerConversions{Conversions: []store.Conversion{{Share: ident.Share{Source: "c", Target: "b"}, Person: ident.Person{Home: "c", ID: "x"}, Tenant: "b"}}})),
		"conversions: of nobody's":          put(work+"/conversions", asJSON(t, wire.WorkerConversions{Conversions: []store.Conversion{{Share: ab, Person: bob, Tenant: "c"}}})),
		"reductions: more people":           put(work+"/reductions/red", asJSON(t, more)),
		"reductions: another share":         put(work+"/reductions/red", asJSON(t, elsewhere)),
		"reductions: of no side":            {"worker-a", "PUT", work + "/reductions/red", asJSON(t, red), 403},
		"reductions: read by no side":       {"worker-a", "GET", work + "/reductions/red", "", 403},
		"reductions: made up":               {"worker-c", "PUT", work + "/reductions/new", asJSON(t, red), 404},
		"another organization's worker":     {"worker-elsewhere", "GET", work + "/owned", "", 403},
		"an organization that is not there": {"worker-c", "GET", "/v1/organizations/made-up/worker/owned", "", 404},
		"platform":                          {"pat", "GET", work + "/owned", "", 403},
		"a tenant's admin":                  {"c-admin", "PUT", work + "/owned", asJSON(t, store.Owned{ID: "x", Kind: "group", Tenant: "c", Share: bc}), 403},
		"a viewer":                          {"vera", "GET", snapshot("c"), "", 403},
		"not JSON":                          {"worker-c", "PUT", work + "/owned", "{", 400},
		"not an object":                     {"worker-c", "PUT", work + "/ledger", "[]", 422},
		"unknown field":                     {"worker-c", "PUT", work + "/links", `{"links":[],"more":1}`, 422},
		"not a snapshot":                    {"worker-c", "PUT", snapshot("c"), "{}", 400},
		"a cut snapshot":                    {"worker-c", "PUT", snapshot("c"), packed(t, "c")[:40], 400},
		"too large":                         {"worker-c", "PUT", work + "/links", `{"links":[],"x":"` + strings.Repeat("x", wire.MaxWorkerBody) + `"}`, 413},
	}
}

func TestWorkersKeepToTheirTenant(t *testing.T) {
	t.Parallel()
	w := working(t)
	before := everything(t, w)
	for name, a := range attacks(t, w) {
		status, p, raw := send(t, w, a.method, a.path, a.body, "Authorization", "Bearer "+apitest.Token(a.who))
		if status != a.want || p.Detail == "" || p.Remedy == "" && status != 404 {
			t.Errorf("%s: %d %s, want %d with what to do", name, status, raw, a.want)
		}
		if strings.Contains(raw, "bob@") {
			t.Errorf("%s: the refusal tells who it is about: %s", name, raw)
		}
		if after := everything(t, w); after != before {
			t.Fatalf("%s changed something:\n%s\n%s", name, before, after)
		}
	}
	for name, token := range map[string]string{"forged": "Bearer worker-c-token-for-forgers", "empty": "Bearer ", "none": ""} {
		status, _, raw := send(t, w, "GET", work+"/owned", "", "Authorization", token)
		if status != http.StatusUnauthorized {
			t.Errorf("%s: %d %s", name, status, raw)
		}
	}
	// What is refused above is taken from whom it belongs to: the attacks fail for whose they are, not for their form.
	for _, good := range []attack{
		{"worker-c", "PUT", work + "/ledger", entries(t, func(*store.Entry) {}), 200},
		{"worker-c", "PUT", work + "/owned", asJSON(t, store.Owned{ID: "partner/" + guidC + "/" + guidB, Kind: "partner", Tenant: "c", Share: bc}), 200},
		{"worker-b", "DELETE", work + "/owned?id=group-of-b", "", 200},
		{"worker-c", "PUT", work + "/tenants/c/snapshot", packed(t, "c"), 200},
		{"worker-b", "PUT", work + "/links", asJSON(t, wire.WorkerLinks{Links: []plan.Link{{Person: ident.Person{Home: "b", ID: "bob"}, Tenant: "c", ObjectID: "o"}}}), 200},
		{"worker-b", "PUT", work + "/ledger", entries(t, func(e *store.Entry) {
			e.Verb, e.Key, e.Data = "created", "created/1", map[string]string{"provisioningLog": "1"}
		}), 200},
	} {
		if status, _, raw := send(t, w, good.method, good.path, good.body, "Authorization", "Bearer "+apitest.Token(good.who)); status != good.want {
			t.Errorf("%s %s by %s: %d %s", good.method, good.path, good.who, status, raw)
		}
	}
}

// TestAKeyOfOthersTellsNothing: appending with the key of somebody else's entry must not show that entry.
func TestAKeyOfOthersTellsNothing(t *testing.T) {
	t.Parallel()
	w := working(t)
	_, err := w.Store.Append(t.Context(), store.Entry{Org: apitest.Org, Actor: "b-admin", Verb: "approved", Object: "x", Tenant: "b", Share: &bc, Key: "k",
		Data: map[string]string{"reason": "told to nobody"}})
	if err != nil {
		t.Fatal(err)
	}
	status, _, raw := send(t, w, "PUT", work+"/ledger", entries(t, func(*store.Entry) {}), "Authorization", "Bearer "+apitest.Token("worker-c"))
	if status != http.StatusConflict || strings.Contains(raw, "told to nobody") {
		t.Errorf("%d %s", status, raw)
	}
}

// TestAWorkersTokenIsNobodysAccount walks every route of the API that is not a worker's.
func TestAWorkersTokenIsNobodysAccount(t *testing.T) {
	t.Parallel()
	w := working(t)
	org := "/v1/organizations/" + apitest.Org
	topology := asJSON(t, wire.Topology{Text: apitest.Topology})
	for _, a := range []attack{
		{"", "GET", org + "/status", "", 403}, {"", "GET", org + "/requests", "", 403}, {"", "GET", org + "/requests/req-b-c-1", "", 403},
		{"", "GET", org + "/ledger", "", 403}, {"", "GET", org + "/ledger/export", "", 403}, {"", "GET", org + "/coverage", "", 403},
		{"", "GET", org + "/runs", "", 403}, {"", "GET", org + "/shares/b/c", "", 403}, {"", "POST", "/v1/plans", topology, 403}, {"", "POST", "/v1/validate", topology, 403},
		{"", "POST", "/v1/apply", topology, 403}, {"", "POST", org + "/requests/req-b-c-1/approve", `{}`, 403}, {"", "POST", org + "/shares/b/c/stop", `{"reason":"x"}`, 403},
	} {
		if status, _, raw := send(t, w, a.method, a.path, a.body, "Authorization", "Bearer "+apitest.Token("worker-c")); status != a.want {
			t.Errorf("%s %s: %d %.300s", a.method, a.path, status, raw)
		}
	}
	if _, _, raw := send(t, w, "GET", "/v1/organizations", "", "Authorization", "Bearer "+apitest.Token("worker-c")); strings.Contains(raw, apitest.Org) {
		t.Errorf("a worker is told of organizations: %s", raw)
	}
}
