package postgrestest

import (
	"bytes"
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver named pgx
)

const (
	user         = "entente"
	startTimeout = 30 * time.Second
)

// Server is one running PostgreSQL. It stops with the test that started it.
type Server struct {
	Address   string // host:port
	Password  string
	databases atomic.Int64

	dir, program, data string
	durable            bool
	child              *child
}

// Option changes how a server runs.
type Option string

// Durable makes commits wait for the disk, as in production; tests are faster without, benchmarks are not honest.
const Durable Option = "fsync=on"

// Start runs a server until the end of the test.
func Start(tb testing.TB, options ...Option) *Server {
	tb.Helper()
	bin, err := binaries()
	if err != nil {
		tb.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "entente-postgres-") // not TempDir: the other user must be able to enter it
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = os.RemoveAll(dir) }) // leftovers in the system's folder harm nobody
	s := &Server{Password: rand.Text()}
	secret := filepath.Join(dir, "password")
	if err := os.WriteFile(secret, []byte(s.Password), 0o600); err != nil {
		tb.Fatal(err)
	}
	if err := giveAway(dir, secret); err != nil {
		tb.Fatal(err)
	}
	data := filepath.Join(dir, "data")
	initdb := command(dir, filepath.Join(bin, "initdb"), "-D", data, "-U", user, "-A", "scram-sha-256", "--pwfile", secret,
		"-E", "UTF8", "--locale", "C.UTF-8", "-N")
	if out, err := initdb.CombinedOutput(); err != nil {
		tb.Fatalf("initdb: %v\n%s", err, out)
	}
	s.dir, s.program, s.data, s.durable = dir, filepath.Join(bin, "postgres"), data, slices.Contains(options, Durable)
	s.run(tb)
	tb.Cleanup(func() { s.child.stop(syscall.SIGINT) })
	return s
}

// Crash ends the server as a power cut would end its processes: nothing is flushed, connections break.
func (s *Server) Crash() { s.child.stop(syscall.SIGQUIT) }

// Restart starts a crashed server again on its old port.
func (s *Server) Restart(tb testing.TB) {
	tb.Helper()
	if log, ok := s.try(tb); !ok {
		tb.Fatalf("postgres did not come back:\n%s", log)
	}
}

// run starts the server on a free port. It was free when we looked; a lost race is answered with another.
func (s *Server) run(tb testing.TB) {
	tb.Helper()
	var log string
	for range 3 {
		s.Address = freeAddress(tb)
		var ok bool
		if log, ok = s.try(tb); ok {
			return
		}
	}
	tb.Fatalf("postgres did not answer within %v:\n%s", startTimeout, log)
}

// try starts the server and waits until it answers; otherwise it returns the log.
func (s *Server) try(tb testing.TB) (string, bool) {
	tb.Helper()
	_, port, err := net.SplitHostPort(s.Address)
	if err != nil {
		tb.Fatal(err)
	}
	args := []string{"-D", s.data, "-p", port, "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=",
		"-c", "max_connections=200", "-c", "shared_buffers=64MB", "-c", "logging_collector=off"}
	if !s.durable {
		args = append(args, "-c", "fsync=off", "-c", "full_page_writes=off")
	}
	var log bytes.Buffer
	server := command(s.dir, s.program, args...)
	server.Stdout, server.Stderr = &log, &log
	if s.child, err = start(server); err != nil {
		tb.Fatalf("start postgres: %v", err)
	}
	if s.answers(s.child) {
		return "", true
	}
	s.child.stop(syscall.SIGQUIT)
	return log.String(), false
}

func (s *Server) answers(c *child) bool {
	db, err := sql.Open("pgx", s.URL("postgres"))
	if err != nil {
		return false
	}
	defer func() { _ = db.Close() }() // only pinged
	for deadline := time.Now().Add(startTimeout); time.Now().Before(deadline); {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		err := db.PingContext(ctx)
		cancel()
		if err == nil {
			return true
		}
		select {
		case <-c.done:
			return false
		case <-time.After(20 * time.Millisecond):
		}
	}
	return false
}

// URL is the address of a database with its credentials.
func (s *Server) URL(database string) string {
	return (&url.URL{Scheme: "postgres", User: url.UserPassword(user, s.Password), Host: s.Address, Path: "/" + database,
		RawQuery: "sslmode=disable"}).String()
}

// Database creates an empty database and returns its URL.
func (s *Server) Database(tb testing.TB) string {
	tb.Helper()
	name := fmt.Sprintf("test%d", s.databases.Add(1))
	s.Exec(tb, s.URL("postgres"), "CREATE DATABASE "+name+" TEMPLATE template0 STRATEGY file_copy")
	return s.URL(name)
}

// Exec runs one statement beside the store, as a person with database access would.
func (s *Server) Exec(tb testing.TB, url, statement string) {
	tb.Helper()
	db, err := sql.Open("pgx", url)
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = db.Close() }() // one statement; nothing is buffered
	if _, err := db.ExecContext(context.Background(), statement); err != nil {
		tb.Fatalf("%s: %v", statement, err)
	}
}

// binaries finds the newest installed version.
func binaries() (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err == nil && len(found) > 0 {
		slices.SortFunc(found, func(a, b string) int { return strings.Compare(version(a), version(b)) })
		return filepath.Dir(found[len(found)-1]), nil
	}
	if path, err := exec.LookPath("initdb"); err == nil {
		return filepath.Dir(path), nil
	}
	return "", fmt.Errorf("PostgreSQL's initdb and postgres are missing on this %s machine; install the package postgresql (apt-get install postgresql)", runtime.GOOS)
}

// version makes 9 sort before 15.
func version(path string) string {
	return fmt.Sprintf("%8s", filepath.Base(filepath.Dir(filepath.Dir(path))))
}

func freeAddress(tb testing.TB) string {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = l.Close() }() // freed for the server
	return l.Addr().String()
}
