package cli_test

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"entente.dev/entente/internal/api"
	"entente.dev/entente/internal/api/apitest"
	"entente.dev/entente/internal/authn"
	"entente.dev/entente/internal/authn/openid"
	"entente.dev/entente/internal/cli"
	"entente.dev/entente/internal/testkit/signintest"
)

// signInBench is a person at a command line whose server believes the simulator's tenants a and c.
func signInBench(t *testing.T) (*bench, *signintest.World) {
	t.Helper()
	b := newBench(t)
	sim := signintest.Start(t)
	service, err := openid.New(sim.Issuers("a", "c"), openid.Options{Redirect: func() string { return "" }})
	if err != nil {
		t.Fatal(err)
	}
	b.world = apitest.New(t, func(d *api.Deps) { d.Auth, d.SignIn = authn.Chain{d.Auth, service}, service })
	b.who = ""
	t.Setenv("ENTENTE_SERVER", b.world.Server.URL)
	return b, sim
}

// device runs login and enters the code that it shows as somebody.
func device(t *testing.T, b *bench, sim *signintest.World, service, upn string) string {
	t.Helper()
	var out bytes.Buffer
	shown, screen := io.Pipe()
	done := make(chan int, 1)
	go func() {
		done <- cli.Run(t.Context(), []string{"login", "--service", service, "--ca-file", sim.Sim.CAFile()}, strings.NewReader(""), &out, screen)
		_ = screen.Close()
	}()
	line := make([]byte, 4096)
	n, err := shown.Read(line)
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`open (\S+) and enter the code (\S+)`).FindStringSubmatch(string(line[:n]))
	if found == nil {
		t.Fatalf("login says %s", line[:n])
	}
	sim.EnterCode(t, found[1], found[2], upn)
	rest, _ := io.ReadAll(shown)
	if code := <-done; code != 0 {
		t.Fatalf("login: exit %d\n%s%s", code, out.String(), rest)
	}
	return out.String()
}

func sessionFile(b *bench) string { return filepath.Join(b.dir, "config", "entente", "session.json") }

func TestLoginByDeviceCode(t *testing.T) {
	b, sim := signInBench(t)
	b.want(1, "login --device --ca-file "+sim.Sim.CAFile(), "choose one with --service", `"Tenant A", "Tenant C"`)
	b.want(1, "login --service Nowhere", `no sign-in service "Nowhere"`)
	if said := device(t, b, sim, "Tenant C", "charlie@c.example"); !strings.Contains(said, "as charlie@c.example (tenant-admin of tenant c)") {
		t.Errorf("login says %s", said)
	}
	info, err := os.Stat(sessionFile(b))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the kept sign-in: %v, %v", info, err)
	}
	b.want(0, "whoami", "charlie@c.example (tenant-admin of tenant c) at ")
	b.want(0, "whoami -o json", `"role": "tenant-admin"`)
	b.want(1, "whoami --server http://127.0.0.1:1", "127.0.0.1:1") // the token goes nowhere else

	before, err := os.ReadFile(sessionFile(b))
	if err != nil {
		t.Fatal(err)
	}
	aged := regexp.MustCompile(`"expires":"[^"]+"`).ReplaceAll(before, []byte(`"expires":"`+time.Now().Add(-time.Minute).Format(time.RFC3339)+`"`))
	if err := os.WriteFile(sessionFile(b), aged, 0o600); err != nil {
		t.Fatal(err)
	}
	b.want(0, "whoami", "charlie@c.example")
	after, err := os.ReadFile(sessionFile(b))
	if err != nil || bytes.Equal(after, aged) || bytes.Equal(after, before) {
		t.Errorf("the sign-in was not renewed: %v", err)
	}
	ended := regexp.MustCompile(`"refresh":"[^"]+"`).ReplaceAll(aged, []byte(`"refresh":"spent"`))
	if err := os.WriteFile(sessionFile(b), ended, 0o600); err != nil {
		t.Fatal(err)
	}
	b.want(1, "whoami", "the sign-in has ended; run `entente login` again")
	b.want(0, "logout", "signed out")
	b.want(0, "logout", "nobody was signed in")
	b.want(1, "whoami", "no bearer token", "entente login")
}

func TestLoginWithSeveralRoles(t *testing.T) {
	b, sim := signInBench(t)
	if said := device(t, b, sim, "tenant a", "annie@a.example"); !strings.Contains(said, "(tenant-admin of tenant a, platform)") {
		t.Errorf("login says %s", said)
	}
	b.want(2, "plan -f three.yaml")
	b.want(0, "apply -f three.yaml --yes")
	b.want(1, "approve req-b-c-1", "only an admin of tenant c decides this")
	b.want(0, "approve req-b-a-1")
}

func TestLoginWithATokenStays(t *testing.T) {
	b, sim := signInBench(t)
	b.write("robot.token", sim.AppToken(t, "a", "")+"\n")
	b.want(0, "login --token-file "+filepath.Join(b.dir, "robot.token"), "(platform)")
	b.want(0, "whoami", signintest.Pipeline("a"))
	if err := sim.Sim.Close(); err != nil {
		t.Fatal(err)
	}
	b.want(0, "whoami") // the server has the keys
	b.want(1, "login --service Tenant_A", "ask for a code")
}
