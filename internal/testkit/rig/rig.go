// Package rig is the three-tenant world with the product in this process, for tests and benchmarks that need the
// whole of it: a simulator, a daemon, and a client for the platform team and for each tenant's admin.
package rig

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"entente.dev/entente/deploy/examples"
	"entente.dev/entente/internal/api/client"
	"entente.dev/entente/internal/api/wire"
	"entente.dev/entente/internal/app"
	"entente.dev/entente/internal/authn"
	"entente.dev/entente/internal/demo"
	"entente.dev/entente/internal/entrasim"
	"entente.dev/entente/internal/entrasim/world"
	"entente.dev/entente/internal/ident"
)

// Organization is the example's name.
const Organization = "contoso-group"

// Rig is one running world.
type Rig struct {
	Sim    *entrasim.Server
	World  *world.World
	App    *app.App // nil where the daemon is a process of its own
	API    *client.Client
	Admins map[ident.Tenant]*client.Client
}

// Sim starts the simulator alone, with two-second cycles.
func Sim(tb testing.TB) *Rig {
	tb.Helper()
	r := &Rig{World: world.ThreeTenants(200), Admins: map[ident.Tenant]*client.Client{}}
	var err error
	r.Sim, err = entrasim.Start(tb.Context(), entrasim.Options{World: r.World, DataDir: tb.TempDir(), CycleLength: 2 * time.Second})
	Must(tb, err)
	tb.Cleanup(func() { Must(tb, r.Sim.Close()) })
	return r
}

// Start starts simulator and daemon. databaseURL may be empty: SQLite files.
func Start(tb testing.TB, databaseURL string) *Rig {
	tb.Helper()
	r := Sim(tb)
	tokens := []authn.Token{{Name: "platform", Role: authn.Platform, Secret: Secret("platform")}}
	for _, t := range r.World.Tenants {
		tokens = append(tokens, authn.Token{Name: "admin-" + t.Name, Role: authn.TenantAdmin, Tenant: ident.Tenant(t.Name), Secret: Secret(t.Name)})
	}
	var err error
	r.App, err = app.Start(tb.Context(), app.Options{
		DataDir: filepath.Join(tb.TempDir(), "data"), Listen: "127.0.0.1:0", DatabaseURL: databaseURL,
		Tenants: demo.Tenants(r.World, r.Sim), Tokens: tokens,
	})
	Must(tb, err)
	tb.Cleanup(func() { Must(tb, r.App.Stop()) })
	r.Connect(tb, r.App.URL())
	return r
}

// Secret is the bearer token of the platform team ("platform") or of a tenant's admin ("a").
func Secret(name string) string { return "rig-bearer-token-of-" + name }

// Connect makes the clients for a daemon.
func (r *Rig) Connect(tb testing.TB, url string) {
	tb.Helper()
	var err error
	r.API, err = client.New(url, Secret("platform"), nil)
	Must(tb, err)
	for _, t := range r.World.Tenants {
		r.Admins[ident.Tenant(t.Name)], err = client.New(url, Secret(t.Name), nil)
		Must(tb, err)
	}
}

// Topology is the example, observed as often as given.
func Topology(every string) wire.Topology {
	text := strings.Replace(string(examples.ThreeTenants), "every: 2s", "every: "+every, 1)
	return wire.Topology{File: "three-tenants.yaml", Text: text}
}

// ApplyAndSettle applies, answers for the three admins, and waits for 12 of 12 with every share in sync.
func (r *Rig) ApplyAndSettle(tb testing.TB, t wire.Topology) time.Duration {
	tb.Helper()
	ctx, began := tb.Context(), time.Now()
	_, err := r.API.Apply(ctx, wire.Apply{File: t.File, Text: t.Text})
	Must(tb, err)
	for answered := 0; answered < 6; Wait(tb, began) {
		for tenant, admin := range r.Admins {
			list, err := admin.Requests(ctx, Organization, client.RequestFilter{Tenant: string(tenant), Status: "waiting"})
			Must(tb, err)
			for _, request := range list.Requests {
				_, err := admin.Approve(ctx, Organization, request.ID, wire.Approve{ExistingGuests: "convert"})
				Must(tb, err)
				answered++
			}
		}
	}
	for ; !r.settled(tb); Wait(tb, began) {
	}
	return time.Since(began)
}

func (r *Rig) settled(tb testing.TB) bool {
	c, err := r.API.CoverageAll(tb.Context(), Organization, "")
	if err != nil {
		return false
	}
	status, err := r.API.Status(tb.Context(), Organization)
	return err == nil && c.Totals.Covered == 12 && status.InSync
}

// Requests counts the requests to Graph so far.
func (r *Rig) Requests(tb testing.TB) int {
	tb.Helper()
	counts, err := r.Sim.Admin().Counts(tb.Context())
	Must(tb, err)
	n := 0
	for _, c := range counts.Graph {
		n += c
	}
	return n
}

// Wait paces a poll and gives up where something hangs.
func Wait(tb testing.TB, began time.Time) {
	tb.Helper()
	if time.Since(began) > 5*time.Minute {
		tb.Fatal("gave up after five minutes")
	}
	time.Sleep(50 * time.Millisecond)
}

// Must ends the test on an error.
func Must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}
