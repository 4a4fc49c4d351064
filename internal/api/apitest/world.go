package apitest

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"entente.dev/entente/internal/api"
	"entente.dev/entente/internal/api/client"
	"entente.dev/entente/internal/authn"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/notary"
	"entente.dev/entente/internal/store"
	"entente.dev/entente/internal/store/sqlite"
)

// Org is the organization of Topology.
const Org = "contoso-group"

// Topology is a valid file with three tenants and six shares.
const Topology = `apiVersion: entente/v1
kind: Topology
metadata: { name: contoso-group }
tenants:
  - { name: a, tenantId: 0a000000-0000-4000-8000-00000000000a, domain: a.example }
  - { name: b, tenantId: 0b000000-0000-4000-8000-00000000000b, domain: b.example }
  - { name: c, tenantId: 0c000000-0000-4000-8000-00000000000c, domain: c.example }
userSets:
  - { name: a-people, tenant: a, from: { group: "Collaboration" } }
  - { name: b-people, tenant: b, from: { group: "Collaboration" } }
  - { name: c-people, tenant: c, from: { group: "Collaboration" } }
shares:
  - mesh: [a, b, c]
`

// Tokens by who holds them.
var tokens = []authn.Token{
	{Name: "pat", Role: authn.Platform, Secret: Token("pat")},
	{Name: "a-admin", Role: authn.TenantAdmin, Tenant: "a", Secret: Token("a-admin")},
	{Name: "b-admin", Role: authn.TenantAdmin, Tenant: "b", Secret: Token("b-admin")},
	{Name: "c-admin", Role: authn.TenantAdmin, Tenant: "c", Secret: Token("c-admin")},
	{Name: "vera", Role: authn.Viewer, Secret: Token("vera")},
	{Name: "elsewhere", Role: authn.Platform, Org: "another-group", Secret: Token("elsewhere")},
	{Name: "worker-a", Role: authn.Worker, Tenant: "a", Secret: Token("worker-a")},
	{Name: "worker-b", Role: authn.Worker, Tenant: "b", Secret: Token("worker-b")},
	{Name: "worker-c", Role: authn.Worker, Tenant: "c", Secret: Token("worker-c")},
	{Name: "worker-all", Role: authn.Worker, Tenant: "a", Also: []ident.Tenant{"b", "c"}, Secret: Token("worker-all")},
	{Name: "worker-elsewhere", Role: authn.Worker, Tenant: "c", Org: "another-group", Secret: Token("worker-elsewhere")},
}

// Token is the bearer token of one of pat (platform), a-admin, b-admin, c-admin, vera (viewer), elsewhere (the
// platform role of another organization), worker-a, worker-b, worker-c, worker-all (of the three) and worker-elsewhere
// (of tenant c of another organization).
func Token(name string) string { return name + "-token-for-tests" }

// Start is the world's time; it moves a second with every look.
var Start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// World is the API with what is behind it.
type World struct {
	Store   store.Store
	Control *Control
	Handler http.Handler
	Server  *httptest.Server
}

type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(time.Second)
	return c.now
}

// New starts a world; with changes to its Deps where a test needs them.
func New(t testing.TB, with ...func(*api.Deps)) *World {
	t.Helper()
	db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "entente.db"))
	if err != nil {
		t.Fatal(err)
	}
	auth, err := authn.NewTokens(tokens)
	if err != nil {
		t.Fatal(err)
	}
	now := &clock{now: Start}
	w := &World{Store: db, Control: &Control{t: t, store: db, now: now.Now, keys: map[string]bool{}}}
	signer, err := notary.LoadOrCreateKey(filepath.Join(t.TempDir(), "ledger.key"))
	if err != nil {
		t.Fatal(err)
	}
	deps := api.Deps{Store: db, Control: w.Control, Auth: auth, Notary: notary.New(db, signer, now.Now, slog.New(slog.DiscardHandler)), Now: now.Now, Version: "test", Poll: 10 * time.Millisecond}
	for _, f := range with {
		f(&deps)
	}
	if w.Handler, err = api.New(deps); err != nil {
		t.Fatal(err)
	}
	w.Server = httptest.NewServer(w.Handler)
	t.Cleanup(func() {
		w.Server.CloseClientConnections()
		w.Server.Close()
		if err := db.Close(); err != nil {
			t.Errorf("close the store: %v", err)
		}
	})
	return w
}

// Client is a client with somebody's token.
func (w *World) Client(t testing.TB, who string) *client.Client {
	t.Helper()
	c, err := client.New(w.Server.URL, Token(who), w.Server.Client())
	if err != nil {
		t.Fatal(err)
	}
	return c
}
