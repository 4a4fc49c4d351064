package entrasim

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"entente.dev/entente/internal/entrasim/clock"
	"entente.dev/entente/internal/entrasim/engine"
	"entente.dev/entente/internal/entrasim/faults"
	"entente.dev/entente/internal/entrasim/graphapi"
	"entente.dev/entente/internal/entrasim/journal"
	"entente.dev/entente/internal/entrasim/signin"
	"entente.dev/entente/internal/entrasim/simclient"
	"entente.dev/entente/internal/entrasim/throttle"
	"entente.dev/entente/internal/entrasim/world"
)

// Options say what world to run and where. The zero value is the three tenants of the documentation on free
// ports, in real time.
type Options struct {
	World       *world.World // nil: world.ThreeTenants(200)
	Listen      string       // sign-in and Graph; default 127.0.0.1:0
	AdminListen string       // default 127.0.0.1:0
	DataDir     string       // CA and signing keys; default a temporary directory that Close removes

	CycleLength time.Duration // of the provisioning engine, in virtual time; 0: 40 minutes as documented
	ManualClock bool          // virtual time stands still until it is advanced
	ClockFactor float64       // virtual seconds a second; 0: 1
	ClockStart  time.Time     // zero: now

	// ReadLag is the longest time (wall clock) that a Graph read may miss a write; PrincipalDelay how long a new
	// service principal stays unknown to readers, synchronization and assignments. Negative: none; 0: default,
	// which is no lag and 300 ms.
	ReadLag, PrincipalDelay time.Duration
	NoThrottle              bool
	TokenLifetime           time.Duration    // 0: 3599 s
	EngineSwitches          *engine.Switches // nil: the documented defaults
}

// DefaultPrincipalDelay stands for the minutes that replication takes in reality.
const DefaultPrincipalDelay = 300 * time.Millisecond

// Server is a running simulator.
type Server struct {
	opts   Options
	clock  *clock.Clock
	realm  *world.Realm
	engine *engine.Engine
	signin *signin.Service
	graph  *graphapi.Server
	faults *faults.Set
	log    *journal.Journal

	base, admin, caFile string
	servers             []*http.Server
	cancel              context.CancelFunc
	wg                  sync.WaitGroup
	removeDir           string
}

// Start builds the world and serves it until Close or the end of the context.
func Start(ctx context.Context, o Options) (*Server, error) {
	s := &Server{opts: o, faults: &faults.Set{}, log: journal.New()}
	if err := s.start(ctx); err != nil {
		_ = s.Close()
		return nil, fmt.Errorf("entrasim: %w", err)
	}
	return s, nil
}

func (s *Server) start(ctx context.Context) error {
	o := &s.opts
	if o.World == nil {
		o.World = world.ThreeTenants(200)
	}
	if o.DataDir == "" {
		dir, err := os.MkdirTemp("", "entrasim-")
		if err != nil {
			return err
		}
		o.DataDir, s.removeDir = dir, dir
	}
	if err := os.MkdirAll(o.DataDir, 0o700); err != nil {
		return err
	}
	if err := s.build(); err != nil {
		return err
	}
	ca, err := signin.NewCA(o.DataDir)
	if err != nil {
		return err
	}
	s.caFile = ca.File()
	tlsConfig, err := ca.TLSConfig()
	if err != nil {
		return err
	}
	if s.signin, err = signin.New(signin.Config{Directory: signinDirectory{s}, KeyDir: filepath.Join(o.DataDir, "keys"), TokenLifetime: o.TokenLifetime}); err != nil {
		return err
	}
	s.graph = graphapi.New(graphapi.Config{World: s.realm, Engine: s.engine, Verifier: s.signin, Faults: s.faults,
		Meter: throttle.New(nil), Journal: s.log, Now: s.clock.Now})
	s.graph.Switches.Throttle.Store(!o.NoThrottle)
	if err := s.seedJobs(); err != nil {
		return err
	}
	ctx, s.cancel = context.WithCancel(ctx)
	if s.base, err = s.listen(ctx, "https", o.Listen, s.front(), tlsConfig); err != nil {
		return err
	}
	if s.admin, err = s.listen(ctx, "http", o.AdminListen, s.adminHandler(), nil); err != nil {
		return err
	}
	s.wg.Go(func() { _ = s.engine.Run(ctx) })
	s.wg.Go(func() { s.sweep(ctx) })
	return nil
}

// build makes clock, directories and engine.
func (s *Server) build() error {
	o := &s.opts
	factor := o.ClockFactor
	if factor == 0 {
		factor = 1
	}
	if o.ManualClock {
		factor = 0
	}
	if o.ClockStart.IsZero() {
		o.ClockStart = time.Now()
	}
	s.clock = clock.New(o.ClockStart, factor)
	var err error
	if s.realm, err = world.Build(o.World, s.clock, graphapi.AllPermissions()); err != nil {
		return err
	}
	lag, delay := max(o.ReadLag, 0), o.PrincipalDelay
	if delay == 0 {
		delay = DefaultPrincipalDelay
	}
	for _, t := range s.realm.Tenants() {
		t.SetLag(lag, max(delay, 0))
	}
	s.engine = engine.New(engine.Config{Clock: s.clock, CycleLength: o.CycleLength, Switches: o.EngineSwitches,
		Directory: s.engineDirectory, Principal: s.enginePrincipal, Seed: 1})
	return nil
}

// front sends a request to sign-in or to Graph.
func (s *Server) front() http.Handler {
	signinHandler := s.signin.Handler()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case s.signin.Owns(r.URL.Path):
			signinHandler.ServeHTTP(w, r)
		case strings.HasPrefix(r.URL.Path, "/redeem/"):
			s.redeem(w, r)
		default:
			s.graph.ServeHTTP(w, r)
		}
	})
}

func (s *Server) listen(ctx context.Context, scheme, address string, h http.Handler, tc *tls.Config) (string, error) {
	if address == "" {
		address = "127.0.0.1:0"
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return "", err
	}
	server := &http.Server{Handler: h, TLSConfig: tc, ReadHeaderTimeout: 30 * time.Second, ErrorLog: log.New(io.Discard, "", 0)}
	s.servers = append(s.servers, server)
	s.wg.Go(func() {
		if tc != nil {
			_ = server.ServeTLS(l, "", "")
		} else {
			_ = server.Serve(l)
		}
	})
	return scheme + "://" + l.Addr().String(), nil
}

// sweep empties recycle bins of what is 30 virtual days old.
func (s *Server) sweep(ctx context.Context) {
	for ctx.Err() == nil {
		next := s.clock.Now().Add(time.Hour)
		wake, stop := s.clock.WakeAt(next)
		select {
		case <-wake:
		case <-ctx.Done():
		}
		stop()
		s.expire()
	}
}

func (s *Server) expire() {
	for _, t := range s.realm.Tenants() {
		t.ExpireBin()
	}
}

// BaseURL is where sign-in and Graph are: https://127.0.0.1:PORT, Graph below /v1.0 and /beta.
func (s *Server) BaseURL() string { return s.base }

// AdminURL is the admin endpoint: http://127.0.0.1:PORT.
func (s *Server) AdminURL() string { return s.admin }

// CAFile is the PEM file of the CA that signed the server's certificate.
func (s *Server) CAFile() string { return s.caFile }

// Admin is a client of the admin endpoint.
func (s *Server) Admin() *simclient.Client { return simclient.New(s.admin) }

// Close stops serving at once: held requests and open connections are cut.
func (s *Server) Close() error {
	var errs []error
	s.faults.Clear("")
	if s.cancel != nil {
		s.cancel()
	}
	for _, server := range s.servers {
		errs = append(errs, server.Close())
	}
	s.wg.Wait()
	if s.removeDir != "" {
		errs = append(errs, os.RemoveAll(s.removeDir))
	}
	return errors.Join(errs...)
}
