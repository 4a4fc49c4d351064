package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"go.temporal.io/sdk/worker"

	"entente.dev/entente/activities/graphread"
	"entente.dev/entente/activities/graphwrite"
	"entente.dev/entente/activities/planning"
	"entente.dev/entente/activities/record"
	"entente.dev/entente/internal/api"
	"entente.dev/entente/internal/authn"
	"entente.dev/entente/internal/authn/openid"
	"entente.dev/entente/internal/console"
	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/control"
	"entente.dev/entente/internal/devserver"
	"entente.dev/entente/internal/graph"
	"entente.dev/entente/internal/limits"
	"entente.dev/entente/internal/notary"
	"entente.dev/entente/internal/store/postgres"
	"entente.dev/entente/internal/store/sqlite"
	"entente.dev/entente/internal/telemetry"
	"entente.dev/entente/internal/temporalkit"
	"entente.dev/entente/internal/temporalkit/codec"
)

func (a *App) startTelemetry(context.Context) error {
	a.metrics = telemetry.NewMetrics(telemetry.Build{Version: a.options.Version})
	return nil
}

func (a *App) openStore(ctx context.Context) (err error) {
	if a.options.isolated() {
		return a.openRemote(ctx)
	}
	if err := os.MkdirAll(a.options.DataDir, 0o700); err != nil {
		return fmt.Errorf("the data directory cannot be made: %w", err)
	}
	if a.options.DatabaseURL != "" {
		a.store, err = postgres.Open(ctx, a.options.DatabaseURL)
	} else {
		a.store, err = sqlite.Open(ctx, filepath.Join(a.options.DataDir, "entente.db"))
	}
	if err != nil {
		return err
	}
	a.work = a.store
	a.onStop("store", a.store.Close)
	return nil
}

// startTemporal dials a cluster, or runs the embedded server where none is named, and keeps payloads encrypted
// from the first one on.
func (a *App) startTemporal(ctx context.Context) error {
	keysFile := a.options.KeysFile
	if keysFile == "" {
		keysFile = filepath.Join(a.options.DataDir, "payload.keys")
	}
	keys, err := a.payloadKeys(keysFile)
	if err != nil {
		return err
	}
	if a.codec, err = codec.New(keys, nil); err != nil {
		return err
	}
	address, namespace := a.options.TemporalAddress, a.options.TemporalNamespace
	if address == "" {
		a.dev, err = devserver.Start(ctx, devserver.Options{
			DataDir: a.options.DataDir, DatabaseURL: a.options.DatabaseURL, UI: a.options.TemporalUI, Port: a.options.TemporalPort, UIPort: a.options.TemporalUIPort, Logger: a.options.Log,
		})
		if err != nil {
			return err
		}
		a.onStop("embedded Temporal", a.dev.Stop)
		address, namespace = a.dev.Address(), a.dev.Namespace()
	}
	if namespace == "" {
		namespace = devserver.Namespace
	}
	a.address = address
	a.temporal, err = temporalkit.Dial(ctx, temporalkit.Options{
		Address: address, Namespace: namespace, TLS: a.options.TemporalTLS, Keys: keys, Metrics: a.metrics, Logger: a.options.Log,
	})
	if err != nil {
		return err
	}
	a.onStop("Temporal client", func() error { a.temporal.Close(); return nil })
	return nil
}

func (a *App) openClients(context.Context) (err error) {
	if a.options.Role == API {
		return nil
	}
	tenants := make([]graph.Config, len(a.options.Tenants))
	a.budgets = map[string]*limits.Budget{}
	for i, t := range a.options.Tenants {
		t.Limits, t.OnRequest = limits.New(limits.Options{}), a.countRequest
		a.budgets[t.Tenant] = t.Limits
		tenants[i] = t
	}
	if a.clients, err = newClients(tenants); err != nil {
		return err
	}
	a.onStop("Graph clients", a.clients.close)
	return nil
}

func (a *App) countRequest(r graph.RequestInfo) {
	status := "none"
	if r.Status != 0 {
		status = strconv.Itoa(r.Status)
	}
	a.metrics.Add(telemetry.GraphRequests, 1, r.Tenant, string(r.Class), status)
	a.metrics.Observe(telemetry.GraphSeconds, r.Duration, r.Tenant, string(r.Class))
	a.metrics.Add(telemetry.GraphUnits, float64(r.Units), r.Tenant, string(r.Class))
	if r.Status == http.StatusTooManyRequests {
		a.metrics.Add(telemetry.GraphThrottled, 1, r.Tenant, string(r.Class))
	}
}

// startWorkers serves the core queue (but not in a process that serves only tenants) and one queue per tenant
// whose credential this process holds. Workflows run on the core queue only.
func (a *App) startWorkers(context.Context) error {
	if a.options.Role == API {
		return nil
	}
	read := graphread.New(a.clients, a.work, a.options.Now)
	write := graphwrite.New(a.clients, a.work, a.options.Now)
	var queues []temporalkit.Queue
	if a.options.Role != Worker {
		announcing, err := a.announcing()
		if err != nil {
			return err
		}
		queues = append(queues, temporalkit.Queue{
			Name: contract.CoreQueue, Workflows: true,
			Register: func(r worker.Registry) {
				registerCore(r, planning.New(a.store, a.options.Now), record.New(a.store, a.options.Now))
				registerAnnounce(r, announcing)
			},
		})
	}
	for _, t := range a.options.Tenants {
		queues = append(queues, temporalkit.Queue{
			Name:     contract.TenantQueue(t.TenantID),
			Register: func(r worker.Registry) { registerTenant(r, read, write) },
		})
	}
	workers, err := temporalkit.NewWorkers(a.temporal, temporalkit.WorkersOptions{Queues: queues, Metrics: a.metrics, Logger: a.options.Log})
	if err != nil {
		return err
	}
	if err := workers.Start(); err != nil {
		return err
	}
	a.workers = workers
	a.onStop("workers", func() error { workers.Stop(); return nil })
	return nil
}

// startNotary signs the ledger from now on. A process that only serves queues does not hold the key.
func (a *App) startNotary(context.Context) error {
	if a.options.Role == Worker {
		return nil
	}
	path := a.options.LedgerKeyFile
	if path == "" {
		path = filepath.Join(a.options.DataDir, "ledger.key")
	}
	signer, err := notary.LoadOrCreateKey(path)
	if err != nil {
		return err
	}
	a.notary = notary.New(a.store, signer, a.options.Now, a.options.Log)
	a.background("notary", a.notary.Run)
	return nil
}

func (a *App) startAPI(context.Context) error {
	if a.options.Role == Worker {
		return nil
	}
	var err error
	if a.listener, err = net.Listen("tcp", a.options.Listen); err != nil {
		return fmt.Errorf("%w; choose another address with --listen", err)
	}
	handler, err := a.handler()
	if err != nil {
		return errors.Join(err, a.listener.Close())
	}
	const slowHeader = 10 * time.Second
	a.server = &http.Server{Handler: handler, ReadHeaderTimeout: slowHeader}
	a.onStop("API", func() error {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := a.server.Shutdown(ctx); err != nil { // live status streams do not end by themselves
			return a.server.Close()
		}
		return nil
	})
	go func() {
		if err := a.server.Serve(a.listener); !errors.Is(err, http.ErrServerClosed) {
			a.failed <- err
		}
	}()
	return nil
}

// handler is the API with the console on top. The console asks the API in this process, with the rights of who is
// signed in; it has no way around it.
func (a *App) handler() (http.Handler, error) {
	var served http.Handler
	pagesOf := console.Deps{
		API:    http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { served.ServeHTTP(w, r) }),
		Secure: strings.HasPrefix(a.options.PublicURL, "https://"), Now: a.options.Now,
		NoTokens: len(a.options.Tokens) == 0 && len(a.options.SignIn) > 0,
	}
	if ui := a.TemporalUI(); ui != "" {
		pagesOf.Links = append(pagesOf.Links, console.Link{Text: "Temporal UI", URL: ui})
	}
	auth, services, err := a.authenticator()
	if err != nil {
		return nil, err
	}
	calls := api.Deps{
		Store: a.store, Notary: a.notary, Control: control.New(a.temporal, a.store, a.address), Auth: auth, Metrics: http.HandlerFunc(a.serveMetrics),
		Now: a.options.Now, Version: a.options.Version, Log: a.options.Log, Codec: a.codec, CodecOrigin: a.options.CodecOrigin,
	}
	if services != nil {
		pagesOf.SignIn, calls.SignIn = services, services
	}
	if calls.Console, err = console.New(pagesOf); err != nil {
		return nil, err
	}
	served, err = api.New(calls)
	return served, err
}

// authenticator knows configured tokens first, which costs nothing, then sign-in services.
func (a *App) authenticator() (authn.Authenticator, *openid.Service, error) {
	tokens, err := authn.NewTokens(a.options.Tokens)
	if err != nil || len(a.options.SignIn) == 0 {
		return tokens, nil, err
	}
	public := a.options.PublicURL
	if public == "" {
		public = a.URL()
	}
	services, err := openid.New(a.options.SignIn, openid.Options{
		Redirect: func() string { return public + "/sign-in/callback" }, Now: a.options.Now,
	})
	return authn.Chain{tokens, services}, services, err
}
