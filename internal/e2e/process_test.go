package e2e

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"sync"
	"time"
)

// process is one long-running program of a story; everything that it prints is kept in a file.
type process struct {
	name   string
	cmd    *exec.Cmd
	log    string
	from   int64 // where this run's output begins in the log
	exited chan struct{}
	err    error
}

// start runs a program with its output appended to a log file.
func start(name, program, log, dir string, env []string, args ...string) (*process, error) {
	out, err := os.OpenFile(log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	defer func() { _ = out.Close() }()
	info, err := out.Stat()
	if err != nil {
		return nil, err
	}
	p := &process{name: name, log: log, from: info.Size(), exited: make(chan struct{})}
	p.cmd = exec.Command(program, args...)
	p.cmd.Dir, p.cmd.Env, p.cmd.Stdout, p.cmd.Stderr = dir, env, out, out
	dieWithParent(p.cmd)
	if err := spawn(p.cmd); err != nil {
		return nil, err
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.exited)
	}()
	return p, nil
}

// awaitLine waits until the process prints a line that matches, and returns the first group.
func (p *process) awaitLine(re *regexp.Regexp, within time.Duration) (string, error) {
	deadline := time.Now().Add(within)
	for {
		if m := re.FindStringSubmatch(p.output()); m != nil {
			return m[1], nil
		}
		select {
		case <-p.exited:
			return "", fmt.Errorf("%s ended: %v\n%s", p.name, p.err, p.output())
		case <-time.After(50 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			return "", fmt.Errorf("%s does not serve after %s\n%s", p.name, within, p.output())
		}
	}
}

// output is what this run printed.
func (p *process) output() string {
	f, err := os.Open(p.log)
	if err != nil {
		return err.Error()
	}
	defer func() { _ = f.Close() }()
	if _, err := f.Seek(p.from, io.SeekStart); err != nil {
		return err.Error()
	}
	raw, err := io.ReadAll(f)
	if err != nil {
		return err.Error()
	}
	return string(raw)
}

func (p *process) running() bool {
	select {
	case <-p.exited:
		return false
	default:
		return true
	}
}

// stop ends the process as Ctrl-C does and returns how it ended.
func (p *process) stop(within time.Duration) error {
	if !p.running() {
		return fmt.Errorf("%s had ended by itself: %v", p.name, p.err)
	}
	if err := p.cmd.Process.Signal(os.Interrupt); err != nil {
		return err
	}
	select {
	case <-p.exited:
		return p.err
	case <-time.After(within):
		return errors.Join(fmt.Errorf("%s does not stop within %s", p.name, within), p.kill())
	}
}

// kill ends the process without asking it.
func (p *process) kill() error {
	if !p.running() {
		return nil
	}
	err := p.cmd.Process.Kill()
	<-p.exited
	return err
}

// spawner starts every process from one thread that lives as long as the tests: on Linux a child can be told to end
// with the thread that started it, so that nothing is left when the tests are killed.
var spawner = sync.OnceValue(func() chan<- func() {
	jobs := make(chan func())
	go func() {
		runtime.LockOSThread()
		for job := range jobs {
			job()
		}
	}()
	return jobs
})

func spawn(cmd *exec.Cmd) error {
	done := make(chan error)
	spawner() <- func() { done <- cmd.Start() }
	return <-done
}
