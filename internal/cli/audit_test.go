package cli_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"entente.dev/entente/internal/api/apitest"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/store"
)

func (b *bench) path(name string) string { return filepath.Join(b.dir, name) }

func (b *bench) append(e store.Entry) {
	b.t.Helper()
	e.Org, e.At, e.Key = apitest.Org, apitest.Start, e.Verb+"/"+e.Object+"/"+string(e.Tenant)
	if _, err := b.world.Store.Append(b.t.Context(), e); err != nil {
		b.t.Fatal(err)
	}
}

// keep writes what a command prints into a file.
func (b *bench) keep(line, name string) {
	b.t.Helper()
	code, out, stderr := b.run(line)
	if code != 0 {
		b.t.Fatalf("entente %s: exit %d: %s", line, code, stderr)
	}
	b.write(name, out)
}

func TestAuditOffline(t *testing.T) {
	b := newBench(t)
	b.want(0, "apply -f three.yaml --yes")
	b.keep("audit checkpoint", "empty.checkpoint")
	for i := range 5 {
		b.append(store.Entry{Actor: "run/1", Verb: "restore-user", Object: fmt.Sprint("o", i), Tenant: "c"})
	}
	b.keep("audit checkpoint", "kept")
	b.keep("audit key", "ledger.pub")
	for i := range 5 {
		b.append(store.Entry{Actor: "run/2", Verb: "restore-user", Object: fmt.Sprint("p", i), Tenant: "c"})
	}
	file, kept, key := b.path("ledger.jsonl"), b.path("kept"), b.path("ledger.pub")
	b.want(0, "audit export -o "+file, "entries, signed by entente-ledger+")
	b.want(0, "audit verify --checkpoint "+kept+" --key "+key, "intact", "is its beginning")
	verify := func(code int, words ...string) {
		t.Helper()
		server := b.who
		b.who = "" // without any server
		b.want(code, "audit verify "+file+" --key "+key+" --checkpoint "+kept, words...)
		b.who = server
	}
	verify(0, "intact: ", "3 checkpoints")
	b.want(0, "audit verify "+file, "the key is the file's own")
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	lines := bytes.SplitAfter(whole, []byte("\n"))
	b.write("ledger.jsonl", strings.Replace(string(whole), `"object":"o3"`, `"object":"o4"`, 1))
	verify(1, "line 7 (entry 5) does not fit: its content does not give its hash")
	b.write("ledger.jsonl", string(bytes.Join(append(lines[:3:3], lines[4:]...), nil)))
	verify(1, "line 4 (entry 2) does not fit: it is missing; entry 3 is in its place")
	lines[10], lines[11] = lines[11], lines[10]
	b.write("ledger.jsonl", string(bytes.Join(lines, nil)))
	verify(1, "line 11 (entry 8) does not fit: it is missing; entry 9 is in its place")
	b.write("ledger.jsonl", string(whole))
	verify(0, "intact")

	other := newBench(t)
	other.want(0, "apply -f three.yaml --yes")
	other.keep("audit key", "other.pub")
	b.want(1, "audit verify "+file+" --key "+other.path("other.pub"), "the head of the file", "not with yours")
	other.want(1, "audit verify --checkpoint "+kept, "not signed by the key")
	b.who = "b-admin"
	b.want(1, "audit export -o "+file, "may not do this")
	if again, err := os.ReadFile(file); err != nil || !bytes.Equal(again, whole) {
		t.Error("a refused export replaced the file")
	}
}

func TestHistoryOfOnePerson(t *testing.T) {
	b := newBench(t)
	b.want(0, "apply -f three.yaml --yes")
	share := ident.Share{Source: "b", Target: "c"}
	also := ident.Share{Source: "b", Target: "a"}
	other := ident.Share{Source: "a", Target: "c"}
	b.append(store.Entry{Actor: "entente", Verb: "ask", Object: "r1", Tenant: "c", Share: &share, Data: map[string]string{"why": "not accepted yet"}})
	b.append(store.Entry{Actor: "c-admin", Verb: "approved", Object: "r1", Tenant: "c", Share: &share})
	b.append(store.Entry{Actor: "entente", Verb: "ask", Object: "r2", Tenant: "c", Share: &other})
	b.append(store.Entry{Actor: "run/7", Verb: "add-scope-members", Object: "g", Tenant: "b", Share: &share, People: []string{"b/id-barbara", "b/id-bob"},
		Data: map[string]string{"requestId": "rid-1"}})
	b.append(store.Entry{Actor: "run/8", Verb: "add-scope-members", Object: "g2", Tenant: "b", Share: &also, People: []string{"b/id-barbara"}})
	b.want(0, "hold bob@b.example --in c --reason leave")
	code, out, stderr := b.run("history --user BOB@b.example")
	if code != 0 || strings.Contains(out, "r2") || strings.Contains(out, "run/8") {
		t.Errorf("exit %d: %s%s", code, out, stderr)
	}
	for _, word := range []string{"lives in b", "ask", "not accepted yet", "approved", "c-admin", "rid-1", "hold", "leave"} {
		if !strings.Contains(out, word) {
			t.Errorf("no %q in\n%s", word, out)
		}
	}
	if _, out, _ := b.run("history --user bob@b.example -o json"); strings.Contains(out, "id-barbara") {
		t.Errorf("the story tells of others:\n%s", out)
	}
	b.want(0, "history --user bob@b.example --limit 1", "older entries are left out", "hold")
	b.want(1, "history --user nobody@b.example", "nobody with that user principal name")
	b.who = "b-admin"
	b.want(0, "history --user barbara@b.example", "run/8", "run/7")
	b.who = "c-admin"
	b.want(0, "history --user bob@b.example", "run/7", "hold")
	code, out, _ = b.run("history --user barbara@b.example")
	if code != 0 || strings.Contains(out, "run/8") {
		t.Errorf("c's admin sees what is between b and a: exit %d\n%s", code, out)
	}
	b.who = "a-admin"
	b.want(1, "history --user charlie@c.example", "nobody with that user principal name")
}
