package bench

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"entente.dev/entente/internal/api/wire"
	"entente.dev/entente/internal/devserver"
	"entente.dev/entente/internal/testkit/rig"
)

// childEnv makes this test binary run nothing but the embedded Temporal server: the baseline of an idle daemon.
const childEnv = "ENTENTE_BENCH_SERVER_ONLY"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childEnv); dir != "" {
		serverOnly(dir)
		return
	}
	os.Exit(m.Run())
}

func serverOnly(dir string) {
	s, err := devserver.Start(context.Background(), devserver.Options{DataDir: dir, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println("ready")
	time.Sleep(10 * time.Minute)
	_ = s.Stop()
}

// settle is how long a process is left alone before its memory is read.
const settle = 20 * time.Second

// BenchmarkIdle measures the daemon as a process of its own, everything embedded: time until it serves, and its
// memory when six shares are in sync and nothing happens.
func BenchmarkIdle(b *testing.B) {
	for b.Loop() {
		bareReady, bareRSS := serverAlone(b)
		r := rig.Sim(b)
		daemon, ready, url := startDaemon(b, r)
		r.Connect(b, url)
		r.ApplyAndSettle(b, rig.Topology("2s"))
		_, err := r.API.Apply(b.Context(), wire.Apply{File: "three-tenants.yaml", Text: rig.Topology("40m").Text})
		rig.Must(b, err)
		time.Sleep(settle)
		rss := residentMiB(b, daemon.Process.Pid)
		figure(b, "ready to serve", ready.Seconds(), "s", 5, bareReady.Seconds(), "the embedded Temporal server alone")
		figure(b, "idle memory", rss, "MiB", 400, bareRSS, "a process that runs only the embedded Temporal server")
	}
}

// serverAlone runs the baseline in a process of its own.
func serverAlone(b *testing.B) (time.Duration, float64) {
	b.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+b.TempDir())
	out, err := cmd.StdoutPipe()
	rig.Must(b, err)
	began := time.Now()
	rig.Must(b, cmd.Start())
	defer func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }()
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || strings.TrimSpace(line) != "ready" {
		b.Fatalf("the server alone did not start: %q %v", line, err)
	}
	ready := time.Since(began)
	time.Sleep(settle)
	return ready, residentMiB(b, cmd.Process.Pid)
}

// startDaemon builds and runs entented with a configuration file, as an installation would.
func startDaemon(b *testing.B, r *rig.Rig) (*exec.Cmd, time.Duration, string) {
	b.Helper()
	dir := b.TempDir()
	binary := filepath.Join(dir, "entented")
	build := exec.Command("go", "build", "-ldflags=-s -w", "-o", binary, "entente.dev/entente/cmd/entented")
	build.Stderr = os.Stderr
	rig.Must(b, build.Run())
	cmd := exec.Command(binary, "--config", daemonConfig(b, dir, r))
	logs, err := cmd.StderrPipe()
	rig.Must(b, err)
	began := time.Now()
	rig.Must(b, cmd.Start())
	b.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	lines := bufio.NewScanner(logs)
	for lines.Scan() {
		if _, url, ok := strings.Cut(lines.Text(), "http://127.0.0.1:"); ok && strings.Contains(lines.Text(), "ready") {
			ready := time.Since(began)
			go func() {
				for lines.Scan() { // keep the pipe empty
				}
			}()
			port := strings.FieldsFunc(url, func(r rune) bool { return r < '0' || r > '9' })[0]
			return cmd, ready, "http://127.0.0.1:" + port
		}
	}
	b.Fatal("entented ended before it was ready")
	return nil, 0, ""
}

func daemonConfig(b *testing.B, dir string, r *rig.Rig) string {
	b.Helper()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		rig.Must(b, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	var y strings.Builder
	fmt.Fprintf(&y, "dataDir: %s\nlisten: 127.0.0.1:0\ntenants:\n", filepath.Join(dir, "data"))
	for _, t := range r.World.Tenants {
		fmt.Fprintf(&y, "  - tenant: %s\n    tenantId: %s\n    authority: %s\n    graph: %s\n    caFile: %s\n", t.Name, t.ID, r.Sim.BaseURL(), r.Sim.BaseURL(), r.Sim.CAFile())
		fmt.Fprintf(&y, "    credential: { kind: secret, clientId: %s, secret: { file: %s } }\n", t.Apps[0].ClientID, file(t.Name+".secret", t.Apps[0].Secrets[0]))
	}
	fmt.Fprintf(&y, "auth:\n  tokens:\n    - { name: platform, role: platform, secret: { file: %s } }\n", file("platform", rig.Secret("platform")))
	for _, t := range r.World.Tenants {
		fmt.Fprintf(&y, "    - { name: admin-%s, role: tenant-admin, tenant: %s, secret: { file: %s } }\n", t.Name, t.Name, file("admin-"+t.Name, rig.Secret(t.Name)))
	}
	return file("entented.yaml", y.String())
}

// residentMiB reads a process's resident memory as the kernel counts it.
func residentMiB(b *testing.B, pid int) float64 {
	b.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	rig.Must(b, err)
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kib, err := strconv.Atoi(strings.Fields(rest)[0])
			rig.Must(b, err)
			return float64(kib) / 1024
		}
	}
	b.Fatal("the kernel does not tell VmRSS")
	return 0
}
