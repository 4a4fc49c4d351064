package e2e

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// fleet is one entented without any tenant's credential and one worker process for each tenant. What is proven of it
// is in apart_test.go (who used what) and unreadable_test.go (who can read what).
type fleet struct {
	relay   *relay
	uiURL   string              // Temporal's web UI
	workers map[string]*process // by tenant
	secrets map[string][]string // by tenant: what only its worker may have
}

var workerReady = regexp.MustCompile(`msg"?[:=]"?(ready)`)

var uiAddress = regexp.MustCompile(`temporalUI"?[:=]"?(http://[0-9.:]+)`)

// core starts an entented that has no tenant. Its API believes one token for each tenant's worker.
func (s *story) core(args []string) error {
	if len(args) == 0 || args[0] != "start" {
		return errors.New("usage: core start [FLAG…]")
	}
	if err := s.configure(); err != nil {
		return err
	}
	raw, err := os.ReadFile(s.configFile())
	if err != nil {
		return err
	}
	before, rest, _ := strings.Cut(string(raw), "tenants:\n")
	_, tokens, found := strings.Cut(rest, "  tokens:\n")
	if !found {
		return errors.New("the daemon's configuration is not as expected")
	}
	s.fleet = &fleet{workers: map[string]*process{}, secrets: map[string][]string{}}
	config := before + "auth:\n  tokens:\n"
	for _, t := range s.info.Tenants {
		if err := os.Remove(s.secretFile(t.Name)); err != nil { // each worker gets its own, elsewhere
			return err
		}
		token := "the-token-of-the-worker-of-" + t.Name
		if err := os.WriteFile(s.tokenFile("worker-"+t.Name), []byte(token+"\n"), 0o600); err != nil {
			return err
		}
		s.fleet.secrets[t.Name] = []string{t.Apps[0].Secret, token}
		config += fmt.Sprintf("    - { name: worker-%[1]s, role: worker, tenant: %[1]s, secret: { file: %[2]s } }\n", t.Name, s.tokenFile("worker-"+t.Name))
	}
	config += strings.ReplaceAll("\n"+tokens, "\n  - ", "\n    - ")[1:]
	if err := os.WriteFile(s.configFile(), []byte(config), 0o600); err != nil {
		return err
	}
	if err := errors.Join(s.startDaemon(append([]string{"--temporal-port", s.port, "--temporal-ui"}, args[1:]...)), s.as([]string{"platform"})); err != nil {
		return err
	}
	if m := uiAddress.FindStringSubmatch(s.daemon.output()); m != nil {
		s.fleet.uiURL = m[1]
		return nil
	}
	return errors.New("entented does not say where Temporal's web UI is")
}

// startWorkers starts one worker for each tenant, each with a directory that holds all it has: a configuration, its
// token, the payload keys, and its tenant's credential. One has the credential in a variable instead of a file.
func (s *story) startWorkers(args []string) error {
	if len(args) != 1 || args[0] != "start" || s.fleet == nil {
		return errors.New("usage: workers start, after core start")
	}
	processes := map[int]string{}
	s.fleet.relay = &relay{to: strings.TrimPrefix(s.info.BaseURL, "https://"), known: func() map[int]string { return processes }}
	if err := s.fleet.relay.start(s.ts.Defer); err != nil {
		return err
	}
	processes[s.daemon.cmd.Process.Pid] = "core"
	for i, t := range s.info.Tenants {
		dir := filepath.Join(s.work, ".worker-"+t.Name)
		env := []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir}
		inEnv := i == 0
		if inEnv {
			env = append(env, "CREDENTIAL_OF_TENANT="+t.Apps[0].Secret)
		}
		if err := s.equip(dir, t.Name, inEnv); err != nil {
			return err
		}
		name := "worker-" + t.Name
		p, err := start(name, s.program("entented"), filepath.Join(s.work, "."+name+".log"), dir, env, "--config", filepath.Join(dir, "entented.yaml"), "--role", "worker", "--tenants", t.Name)
		if err != nil {
			return err
		}
		s.ts.Defer(func() { _ = p.kill() })
		s.fleet.workers[t.Name] = p
		processes[p.cmd.Process.Pid] = name
		if _, err := p.awaitLine(workerReady, startPatience); err != nil {
			return err
		}
	}
	return nil
}

// equip writes a worker's directory. Sign-in and Graph are reached through the relay, which knows who asks.
func (s *story) equip(dir, tenant string, inEnv bool) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	keys, err := os.ReadFile(filepath.Join(s.work, ".data", "payload.keys"))
	if err != nil {
		return err
	}
	secret := "{ file: secret }"
	if inEnv {
		secret = "{ env: CREDENTIAL_OF_TENANT }"
	}
	var config string
	for _, t := range s.info.Tenants {
		if t.Name == tenant {
			config = fmt.Sprintf(`dataDir: %s
coreUrl: %s
workerToken: { file: token }
keysFile: payload.keys
temporal: { address: "127.0.0.1:%s" }
tenants:
  - tenant: %s
    tenantId: %s
    authority: https://%[6]s
    graph: https://%[6]s
    caFile: %[7]s
    credential: { kind: secret, clientId: %[8]s, secret: %[9]s }
`, filepath.Join(dir, "data"), s.ts.Getenv("ENTENTE_SERVER"), s.port, t.Name, t.ID, s.fleet.relay.address(), s.info.CAFile, t.Apps[0].ClientID, secret)
		}
	}
	files := map[string]string{"entented.yaml": config, "token": s.fleet.secrets[tenant][1] + "\n", "payload.keys": string(keys)}
	if !inEnv {
		files["secret"] = s.fleet.secrets[tenant][0] + "\n"
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			return err
		}
	}
	return nil
}
