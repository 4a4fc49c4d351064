package e2e

import (
	"bytes"
	"strconv"
	"strings"
	"testing"
	"time"

	"entente.dev/entente/internal/api/client"
	"entente.dev/entente/internal/ledger"
	"entente.dev/entente/internal/testkit/rig"
)

// The main job, seen by Graph and by the ledger: every change that Graph took is in exactly one entry.
func TestEveryWriteIsInTheLedgerOnce(t *testing.T) {
	r := rig.Start(t, "")
	r.ApplyAndSettle(t, rig.Topology("2s"))
	ctx := t.Context()
	page, err := r.API.Ledger(ctx, rig.Organization, client.Page{Limit: 1000})
	rig.Must(t, err)
	told, verbs := 0, map[string]int{}
	seen := map[string]string{}
	for _, e := range page.Entries {
		verbs[e.Verb]++
		for _, id := range strings.Fields(e.Data["requestId"]) {
			if before := seen[id]; before != "" {
				t.Errorf("request %s is in %s and in %s", id, before, e.Verb)
			}
			seen[id] = e.Verb
			told++
		}
		if n, err := strconv.Atoi(e.Data["requests"]); err == nil {
			told += n - len(strings.Fields(e.Data["requestId"]))
		}
		if e.Tenant == "" && e.Verb != "apply" || e.Actor == "" {
			t.Errorf("%s says neither where nor who: %+v", e.Verb, e)
		}
	}
	requests, err := r.Sim.Admin().Requests(ctx, 0, 0, 0)
	rig.Must(t, err)
	writes, routes := 0, map[string]int{}
	for _, q := range requests {
		// validateCredentials is a POST that changes nothing.
		if q.Kind == "graph" && q.Write && q.Status < 300 && !strings.HasSuffix(q.Route, "validateCredentials") {
			writes++
			routes[q.Method+" "+q.Route]++
		}
	}
	if told != writes || writes == 0 {
		t.Errorf("Graph took %d changes, the ledger tells of %d\n%v\n%v", writes, told, routes, verbs)
	}
	for verb, want := range map[string]int{"apply": 1, "ask": 6, "approved": 6, "create-group": 6, "create-application": 6, "create-job": 6, "put-schema": 6, "start-job": 6} {
		if verbs[verb] != want {
			t.Errorf("%d entries %s, want %d", verbs[verb], verb, want)
		}
	}
	var file bytes.Buffer
	rig.Must(t, r.API.ExportLedger(ctx, rig.Organization, &file))
	point, err := r.API.Checkpoint(ctx, rig.Organization)
	rig.Must(t, err)
	report, err := ledger.Verify(bytes.NewReader(file.Bytes()), ledger.Options{Key: point.Key})
	if err != nil || report.Entries < int64(len(page.Entries)) {
		t.Errorf("the export: %+v, %v", report, err)
	}
	for _, name := range []string{"bob@", "Barbara", "annie@", "Charlie"} {
		if bytes.Contains(bytes.ToLower(file.Bytes()), []byte(strings.ToLower(name))) {
			t.Errorf("the ledger holds a name: %s", name)
		}
	}
	tells(t, r)
}

// tells: Bob was a guest of c before anything began.
func tells(t *testing.T, r *rig.Rig) {
	t.Helper()
	text := ""
	for began := time.Now(); !strings.Contains(text, "converted") && time.Since(began) < time.Minute; rig.Wait(t, began) {
		h, err := r.API.History(t.Context(), rig.Organization, "bob@b.example", 1000)
		rig.Must(t, err)
		text = ""
		for _, e := range h.Entries {
			if e.Share.Target == "c" {
				text += e.Verb + " "
			}
		}
	}
	for _, verb := range []string{"ask", "approved", "add-scope-members", "converted"} {
		if !strings.Contains(text, verb) {
			t.Errorf("Bob's story in c lacks %s: %s", verb, text)
		}
	}
}
