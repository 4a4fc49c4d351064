// Package app is the composition root: it builds one process out of the rooms and owns its life. Tests run the
// product in-process by it; cmd/entented adds flags and signals.
//
//	app.go      Options, New, Start, Stop        parts.go    store, Temporal, API
//	isolated.go a worker without a database
//	clients.go  one Graph client per tenant      workers.go  what each queue runs
//	notify.go   what is sent outside             config.go   from a configuration to Options
package app

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"go.temporal.io/sdk/client"

	"entente.dev/entente/internal/archive"
	"entente.dev/entente/internal/authn"
	"entente.dev/entente/internal/authn/openid"
	"entente.dev/entente/internal/devserver"
	"entente.dev/entente/internal/graph"
	"entente.dev/entente/internal/limits"
	"entente.dev/entente/internal/notary"
	"entente.dev/entente/internal/notify"
	"entente.dev/entente/internal/store"
	"entente.dev/entente/internal/store/remote"
	"entente.dev/entente/internal/telemetry"
	"entente.dev/entente/internal/temporalkit"
	"entente.dev/entente/internal/temporalkit/codec"
)

// Role is what a process does.
type Role string

// The roles.
const (
	All    Role = "all"    // everything on one machine
	API    Role = "api"    // HTTP only
	Worker Role = "worker" // queues only
)

// Options is what a process is made of. DataDir is required; everything else has a default that makes one
// machine a whole installation.
type Options struct {
	Role    Role
	DataDir string
	Listen  string // host:port; "" is 127.0.0.1:8080

	DatabaseURL       string // Postgres; "" is a SQLite file under DataDir, and in a worker no database at all
	TemporalAddress   string // a cluster; "" embeds a server
	TemporalNamespace string // "" is the embedded server's
	TemporalTLS       *tls.Config
	TemporalUI        bool
	TemporalPort      int // of the embedded frontend; 0 picks a free one
	TemporalUIPort    int
	KeysFile          string // payload keys; "" is a file under DataDir, made on first use
	LedgerKeyFile     string // signs the ledger; "" is a file under DataDir, made on first use

	LedgerArchive archive.Options // where the ledger is sent; no URL is nowhere. Cursor, key and clock follow from here

	Tenants []graph.Config // those this process serves, with their credentials
	Tokens  []authn.Token
	Core    remote.Options // where a worker without a database reads and records
	// CodecOrigin is the origin of a Temporal web UI that may have histories decrypted; "": none.
	CodecOrigin string
	// SignIn are the services whose tokens are believed, PublicURL is where people reach the console: what a sign-in
	// comes back to. Empty: where it listens.
	SignIn    []openid.Issuer
	PublicURL string
	Notify    notify.Options // the channels; the rest of it follows from here
	Version   string
	Log       *slog.Logger
	Now       func() time.Time
}

// App is one running process.
type App struct {
	options  Options
	store    store.Store // nil in a worker without a database
	work     tenantStore // of the activities of tenants
	codec    *codec.Codec
	temporal client.Client
	dev      *devserver.Server
	workers  *temporalkit.Workers
	clients  *clients
	metrics  *telemetry.Metrics
	notary   *notary.Notary            // nil in a process that serves only queues
	budgets  map[string]*limits.Budget // by tenant
	server   *http.Server
	listener net.Listener
	failed   chan error
	address  string

	mu       sync.Mutex
	cleanups []cleanup
}

// cleanup is one step of Stop, named for its error.
type cleanup struct {
	name string
	do   func() error
}

// Start builds and runs a process and returns when it serves. On an error nothing is left running. It is one
// straight line on purpose: the order of the parts is the order in which they need each other, and Stop walks
// it backwards.
func Start(ctx context.Context, o Options) (*App, error) {
	a := &App{options: o.withDefaults(), failed: make(chan error, 2)}
	for _, part := range []struct {
		name  string
		start func(context.Context) error
	}{
		{"telemetry", a.startTelemetry}, {"store", a.openStore}, {"Temporal", a.startTemporal}, {"Graph clients", a.openClients},
		{"workers", a.startWorkers}, {"notary", a.startNotary}, {"the ledger's archive", a.startArchive}, {"API", a.startAPI},
	} {
		if err := part.start(ctx); err != nil {
			return nil, errors.Join(fmt.Errorf("start %s: %w", part.name, err), a.Stop())
		}
	}
	return a, nil
}

func (o Options) withDefaults() Options {
	if o.Role == "" {
		o.Role = All
	}
	if o.Listen == "" {
		o.Listen = "127.0.0.1:8080"
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Version == "" {
		o.Version = "devel"
	}
	return o
}

// URL is where the API and the console are.
func (a *App) URL() string {
	if a.listener == nil {
		return ""
	}
	return "http://" + a.listener.Addr().String()
}

// TemporalUI is where Temporal's own web UI is; empty without an embedded one.
func (a *App) TemporalUI() string {
	if a.dev == nil || a.dev.UIAddress() == "" {
		return ""
	}
	return "http://" + a.dev.UIAddress()
}

// Failed delivers the error of a part that ended by itself.
func (a *App) Failed() <-chan error { return a.failed }

// Stop ends everything in the reverse order of Start. It is safe to call twice; what is in flight stays in
// Temporal and goes on at the next start.
func (a *App) Stop() error {
	a.mu.Lock()
	steps := a.cleanups
	a.cleanups = nil
	a.mu.Unlock()
	var errs []error
	for i := len(steps) - 1; i >= 0; i-- {
		if err := steps[i].do(); err != nil {
			errs = append(errs, fmt.Errorf("stop %s: %w", steps[i].name, err))
		}
	}
	return errors.Join(errs...)
}

func (a *App) onStop(name string, do func() error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.cleanups = append(a.cleanups, cleanup{name, do})
}
