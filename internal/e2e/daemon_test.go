package e2e

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

var daemonReady = regexp.MustCompile(`msg"?[:=]"?ready"?,? ?"?api"?[:=]"?(http://[0-9.:]+)`)

// daemonCommand starts and ends entented.
func (s *story) daemonCommand(args []string) error {
	if len(args) == 0 {
		return errors.New("usage: daemon start|stop|kill|restart [FLAG…]")
	}
	switch verb, flags := args[0], args[1:]; verb {
	case "start":
		if err := s.configure(); err != nil {
			return err
		}
		return errors.Join(s.startDaemon(flags), s.as([]string{"platform"}))
	case "restart":
		return s.startDaemon(flags)
	case "stop":
		return s.daemon.stop(startPatience)
	case "kill":
		return s.daemon.kill()
	default:
		return fmt.Errorf("unknown: daemon %s", verb)
	}
}

// startDaemon starts entented and waits until it serves; each start listens elsewhere, on a port that is free.
func (s *story) startDaemon(flags []string) error {
	if s.daemon != nil && s.daemon.running() {
		return errors.New("entented runs already")
	}
	began := time.Now()
	url, err := s.launch(flags)
	for range 2 {
		// The embedded Temporal server picks free ports and binds them a moment later: another process may be quicker.
		if err == nil || !strings.Contains(s.daemon.output(), "address already in use") {
			break
		}
		s.ts.Logf("a port was taken; once more")
		url, err = s.launch(flags)
	}
	if err != nil {
		return err
	}
	if s.api == nil {
		s.ts.Setenv("ENTENTE_SERVER", url)
	}
	s.ts.Logf("entented serves after %.1fs", time.Since(began).Seconds())
	return nil
}

func (s *story) launch(flags []string) (string, error) {
	args := append([]string{"--config", s.configFile()}, flags...)
	var err error
	if s.daemon, err = start("entented", s.program("entented"), filepath.Join(s.work, ".entented.log"), s.work, os.Environ(), args...); err != nil {
		return "", err
	}
	return s.daemon.awaitLine(daemonReady, startPatience)
}

func (s *story) configFile() string { return filepath.Join(s.work, ".entented.yaml") }

// configure writes what entented reads: its configuration, one secret per tenant, and one token per person.
func (s *story) configure() error {
	if s.sim == nil {
		return errors.New("start a world first")
	}
	var err error
	if s.port, err = temporalPort(); err != nil {
		return err
	}
	s.ts.Setenv("TEMPORAL_PORT", s.port)
	for _, dir := range []string{".secrets", ".tokens"} {
		if err := os.MkdirAll(filepath.Join(s.work, dir), 0o700); err != nil {
			return err
		}
	}
	var c strings.Builder
	fmt.Fprintf(&c, "dataDir: %s\nlisten: 127.0.0.1:0\ntenants:\n", filepath.Join(s.work, ".data"))
	tokens := "  - { name: platform, role: platform, secret: { file: %[1]s/platform } }\n  - { name: viewer, role: viewer, secret: { file: %[1]s/viewer } }\n"
	people := []string{"platform", "viewer"}
	for _, t := range s.info.Tenants {
		if err := s.secret([]string{t.Name, t.Apps[0].Secret}); err != nil {
			return err
		}
		fmt.Fprintf(&c, "  - tenant: %s\n    tenantId: %s\n    authority: %s\n    graph: %s\n    caFile: %s\n", t.Name, t.ID, s.info.BaseURL, s.info.BaseURL, s.info.CAFile)
		fmt.Fprintf(&c, "    credential: { kind: secret, clientId: %s, secret: { file: %s } }\n", t.Apps[0].ClientID, s.secretFile(t.Name))
		for _, name := range []string{"admin-" + t.Name, "deputy-" + t.Name} {
			tokens += fmt.Sprintf("  - { name: %[2]s, role: tenant-admin, tenant: %[1]s, secret: { file: %%[1]s/%[2]s } }\n", t.Name, name)
			people = append(people, name)
		}
	}
	for _, name := range append(people, "stranger") {
		if err := os.WriteFile(s.tokenFile(name), []byte("the-token-of-"+name+"-in-a-story\n"), 0o600); err != nil {
			return err
		}
	}
	fmt.Fprintf(&c, "auth:\n  tokens:\n"+tokens, filepath.Join(s.work, ".tokens"))
	c.WriteString(s.more)
	return os.WriteFile(s.configFile(), []byte(c.String()), 0o600)
}

// config adds what a file of the story says to the daemon's configuration, from its next "daemon start" on.
func (s *story) config(args []string) error {
	if len(args) != 1 {
		return errors.New("usage: config FILE")
	}
	s.more += os.Expand(s.ts.ReadFile(args[0]), s.ts.Getenv)
	return nil
}

// temporalPort is a port that was free a moment ago, for a Temporal server that must come back at the same place.
func temporalPort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer func() { _ = l.Close() }()
	_, port, err := net.SplitHostPort(l.Addr().String())
	return port, err
}

// apiCommand starts a process that has neither Temporal nor workers of its own.
func (s *story) apiCommand(args []string) error {
	if len(args) != 1 || args[0] != "start" {
		return errors.New("usage: api start")
	}
	flags := []string{
		"--config", s.configFile(), "--role", "api", "--temporal-address", "127.0.0.1:" + s.port,
		"--keys-file", filepath.Join(s.work, ".data", "payload.keys"),
	}
	var err error
	if s.api, err = start("entented --role api", s.program("entented"), filepath.Join(s.work, ".api.log"), s.work, os.Environ(), flags...); err != nil {
		return err
	}
	url, err := s.api.awaitLine(daemonReady, startPatience)
	if err == nil {
		s.ts.Setenv("ENTENTE_SERVER", url)
	}
	return err
}
