package simcli

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// output is a buffer that a command writes and a test reads.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

// TestPrintedCommandsWork runs the example world from the command line and then, in a shell, what it says to try.
func TestPrintedCommandsWork(t *testing.T) {
	if _, err := exec.LookPath("curl"); err != nil {
		t.Fatal("this test needs curl: ", err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var out output
	cmd := Command()
	cmd.SetOut(&out)
	cmd.SetArgs([]string{"run", filepath.Join("..", "..", "..", "deploy", "examples", "world-three-tenants.yaml"),
		"--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--data-dir", t.TempDir()})
	done := make(chan error, 1)
	go func() { done <- cmd.ExecuteContext(ctx) }()
	_, script, found := "", "", false
	for deadline := time.Now().Add(20 * time.Second); !found; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("nothing to try was printed:\n%s", out.String())
		}
		if _, script, found = strings.Cut(out.String(), "Try it:\n"); found && !strings.Contains(script, "/v1.0/users") {
			found = false
		}
	}
	shell := exec.CommandContext(ctx, "sh", "-ec", script)
	shell.Env = append(os.Environ(), "no_proxy=127.0.0.1")
	raw, err := shell.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s\n%s", err, script, raw)
	}
	var page struct {
		Value []struct{ UserPrincipalName string } `json:"value"`
	}
	if err := json.Unmarshal(raw, &page); err != nil || len(page.Value) != 5 || page.Value[0].UserPrincipalName == "" {
		t.Errorf("%v: %s", err, raw)
	}
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
