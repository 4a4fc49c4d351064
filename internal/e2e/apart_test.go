package e2e

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// isolated states that each worker had its own tenant's credential and no other's, and the core none.
func (s *story) isolated(args []string) error {
	if len(args) != 0 || s.fleet == nil || len(s.fleet.workers) == 0 {
		return errors.New("usage: isolated, after workers start")
	}
	errs := []error{s.holdsOnly("core", s.daemon, "")}
	for tenant, p := range s.fleet.workers {
		errs = append(errs, s.holdsOnly("worker-"+tenant, p, tenant), s.noDatabase("worker-"+tenant, p))
	}
	if len(databases(s.daemon)) == 0 {
		errs = append(errs, errors.New("not even the core has a database open: the look at open files sees nothing"))
	}
	return errors.Join(append(errs, s.usedOwn())...)
}

// holdsOnly looks for every tenant's secrets in all that a process was given and has: its environment, command line,
// the files named there and in those, the files that it holds open, its directory, and its memory. Its own must be
// found, so that finding none of the others means something.
func (s *story) holdsOnly(name string, p *process, own string) error {
	had, err := belongings(p.cmd.Process.Pid, p.cmd.Args[1:], p.cmd.Dir)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	var errs []error
	for _, t := range s.info.Tenants {
		secrets := s.fleet.secrets[t.Name]
		if own == "" {
			secrets = secrets[:1] // the core knows the workers' tokens, which it checks
		}
		for _, secret := range secrets {
			var where []string
			for place, text := range had {
				if bytes.Contains(text, []byte(secret)) {
					where = append(where, place)
				}
			}
			memory, err := inMemory(p.cmd.Process.Pid, secret)
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			switch found := len(where) > 0 || memory; {
			case t.Name == own && (len(where) == 0 || !memory):
				errs = append(errs, fmt.Errorf("%s: its own secret %q is seen in %v, in memory %t: the search sees too little", name, secret, where, memory))
			case t.Name != own && found:
				errs = append(errs, fmt.Errorf("%s has a secret of tenant %s: in %v, in memory %t", name, t.Name, where, memory))
			}
		}
	}
	return errors.Join(errs...)
}

var pathInText = regexp.MustCompile(`[A-Za-z0-9._/-]+`)

// belongings are what a process was given, by where it is.
func belongings(pid int, args []string, dir string) (map[string][]byte, error) {
	had := map[string][]byte{}
	for _, name := range []string{"environ", "cmdline"} {
		raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", pid, name))
		if err != nil {
			return nil, err
		}
		had[name] = raw
	}
	queue := append([]string{}, args...)
	for _, to := range openFiles(pid) {
		queue = append(queue, strings.TrimSuffix(to, " (deleted)"))
	}
	if strings.Contains(filepath.Base(dir), "worker-") { // the core's directory is the story's, where all secrets are
		files, err := filepath.Glob(filepath.Join(dir, "*"))
		if err != nil {
			return nil, err
		}
		queue = append(queue, files...)
	}
	for depth := 0; len(queue) > 0 && depth < 3; depth++ { // what a configuration names, and what that names
		var next []string
		for _, path := range queue {
			if !filepath.IsAbs(path) {
				path = filepath.Join(dir, path)
			}
			info, err := os.Stat(path)
			const large = 64 << 20
			if err != nil || !info.Mode().IsRegular() || info.Size() > large || had[path] != nil || strings.HasSuffix(path, "/entented") {
				continue
			}
			raw, err := os.ReadFile(path)
			if err != nil {
				return nil, err
			}
			had[path] = raw
			if strings.HasSuffix(path, ".yaml") {
				next = append(next, pathInText.FindAllString(string(raw), -1)...)
			}
		}
		queue = next
	}
	return had, nil
}

// inMemory looks for a text in all that a process can write to.
func inMemory(pid int, text string) (bool, error) {
	maps, err := os.ReadFile(fmt.Sprintf("/proc/%d/maps", pid))
	if err != nil {
		return false, err
	}
	memory, err := os.Open(fmt.Sprintf("/proc/%d/mem", pid))
	if err != nil {
		return false, err
	}
	defer func() { _ = memory.Close() }()
	for lines := bufio.NewScanner(bytes.NewReader(maps)); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		from, to, ok := strings.Cut(fields[0], "-")
		if !ok || !strings.HasPrefix(fields[1], "rw") {
			continue
		}
		first, err1 := strconv.ParseInt(from, 16, 64)
		last, err2 := strconv.ParseInt(to, 16, 64)
		if errors.Join(err1, err2) != nil {
			continue
		}
		if holdsText(io.NewSectionReader(memory, first, last-first), []byte(text)) {
			return true, nil
		}
	}
	return false, nil
}

// holdsText searches in pieces that overlap by what is searched. A part that cannot be read ends it.
func holdsText(r io.Reader, text []byte) bool {
	buffer := make([]byte, 1<<20)
	kept := 0
	for {
		n, err := r.Read(buffer[kept:])
		if bytes.Contains(buffer[:kept+n], text) {
			return true
		}
		if err != nil || n == 0 {
			return false
		}
		end := kept + n
		kept = min(len(text)-1, end)
		copy(buffer, buffer[end-kept:end])
	}
}

var databaseFile = regexp.MustCompile(`\.db(-wal|-shm|-journal)?$`)

func databases(p *process) []string {
	var out []string
	for _, to := range openFiles(p.cmd.Process.Pid) {
		if databaseFile.MatchString(to) {
			out = append(out, to)
		}
	}
	return out
}

// noDatabase: neither open nor left in the worker's directory.
func (s *story) noDatabase(name string, p *process) error {
	found := databases(p)
	err := filepath.WalkDir(p.cmd.Dir, func(path string, _ os.DirEntry, err error) error {
		if databaseFile.MatchString(path) {
			found = append(found, path)
		}
		return err
	})
	if len(found) > 0 {
		err = errors.Join(err, fmt.Errorf("%s has a database: %v", name, found))
	}
	return err
}

// usedOwn holds the simulator's request log against what the relay saw: every sign-in and every request was of the
// tenant, and by the application, of the process that made it.
func (s *story) usedOwn() error {
	entries, err := s.log(nil)
	if err != nil {
		return err
	}
	apps := map[string]string{}
	for _, t := range s.info.Tenants {
		apps["worker-"+t.Name] = t.Apps[0].ClientID
	}
	var errs []error
	requests, signIns := map[string]int{}, map[string]int{}
	for _, e := range entries {
		who, ok := s.fleet.relay.whose(e.Remote)
		if !ok {
			who = "a connection past the relay"
		}
		if who != "worker-"+e.Tenant || e.App != "" && !strings.EqualFold(e.App, apps[who]) {
			errs = append(errs, fmt.Errorf("%s asked as %s: %s %s", who, e.App, e.Kind, line(e)))
			continue
		}
		if e.Kind == "signin" {
			signIns[who]++
		} else {
			requests[who]++
		}
	}
	for _, t := range s.info.Tenants {
		if who := "worker-" + t.Name; requests[who] == 0 || signIns[who] == 0 {
			errs = append(errs, fmt.Errorf("%s made %d requests and %d sign-ins: the log sees too little", who, requests[who], signIns[who]))
		}
	}
	s.ts.Logf("requests by process %v, sign-ins %v", requests, signIns)
	return errors.Join(errs[:min(len(errs), 10)]...)
}
