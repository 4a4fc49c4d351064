package bench

import (
	"context"
	"fmt"
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

const organization = "contoso-group"

// figure prints one promise with what was measured, and fails the benchmark when it does not hold.
func figure(b *testing.B, name string, value float64, unit string, limit, baseline float64, what string) {
	b.Helper()
	b.ReportMetric(value, unit+"/"+strings.ReplaceAll(name, " ", "-"))
	fmt.Printf("figure %s: %.2f %s (limit %.0f; baseline %.2f: %s)\n", name, value, unit, limit, baseline, what)
	if value > limit {
		b.Errorf("%s is %.2f %s, over its limit of %.0f", name, value, unit, limit)
	}
}

// rig is the three-tenant world with a daemon in this process.
type rig struct {
	sim    *entrasim.Server
	app    *app.App
	api    *client.Client
	admins map[ident.Tenant]*client.Client
}

func newSim(b *testing.B) (*entrasim.Server, *world.World) {
	b.Helper()
	w := world.ThreeTenants(200)
	sim, err := entrasim.Start(b.Context(), entrasim.Options{World: w, DataDir: b.TempDir(), CycleLength: 2 * time.Second})
	must(b, err)
	b.Cleanup(func() { must(b, sim.Close()) })
	return sim, w
}

func newRig(b *testing.B) *rig {
	b.Helper()
	sim, w := newSim(b)
	r := &rig{sim: sim, admins: map[ident.Tenant]*client.Client{}}
	tokens := []authn.Token{{Name: "platform", Role: authn.Platform, Secret: secret("platform")}}
	for _, t := range []ident.Tenant{"a", "b", "c"} {
		tokens = append(tokens, authn.Token{Name: "admin-" + string(t), Role: authn.TenantAdmin, Tenant: t, Secret: secret(string(t))})
	}
	var err error
	r.app, err = app.Start(b.Context(), app.Options{
		DataDir: filepath.Join(b.TempDir(), "data"), Listen: "127.0.0.1:0", Tenants: demo.Tenants(w, sim), Tokens: tokens,
	})
	must(b, err)
	b.Cleanup(func() { must(b, r.app.Stop()) })
	r.connect(b, r.app.URL())
	return r
}

func secret(name string) string { return "bench-token-of-" + name }

func (r *rig) connect(b *testing.B, url string) {
	b.Helper()
	var err error
	r.api, err = client.New(url, secret("platform"), nil)
	must(b, err)
	for _, t := range []ident.Tenant{"a", "b", "c"} {
		r.admins[t], err = client.New(url, secret(string(t)), nil)
		must(b, err)
	}
}

// topology is the example, observed as often as given.
func topology(every string) wire.Topology {
	text := strings.Replace(string(examples.ThreeTenants), "every: 2s", "every: "+every, 1)
	return wire.Topology{File: "three-tenants.yaml", Text: text}
}

// applyAndSettle applies, answers for the three admins, and waits for 12 of 12.
func (r *rig) applyAndSettle(b *testing.B, t wire.Topology) time.Duration {
	b.Helper()
	ctx, began := b.Context(), time.Now()
	_, err := r.api.Apply(ctx, wire.Apply{File: t.File, Text: t.Text})
	must(b, err)
	for answered := 0; answered < 6; {
		for tenant, admin := range r.admins {
			list, err := admin.Requests(ctx, organization, client.RequestFilter{Tenant: string(tenant), Status: "waiting"})
			must(b, err)
			for _, request := range list.Requests {
				_, err := admin.Approve(ctx, organization, request.ID, wire.Approve{ExistingGuests: "convert"})
				must(b, err)
				answered++
			}
		}
		wait(b, began)
	}
	for {
		c, err := r.api.CoverageAll(ctx, organization, "")
		status, err2 := r.api.Status(ctx, organization)
		if err == nil && err2 == nil && c.Totals.Covered == 12 && status.InSync {
			return time.Since(began)
		}
		wait(b, began)
	}
}

// wait paces a poll and gives up where something hangs.
func wait(b *testing.B, began time.Time) {
	b.Helper()
	if time.Since(began) > 5*time.Minute {
		b.Fatal("gave up after five minutes")
	}
	time.Sleep(50 * time.Millisecond)
}

func (r *rig) requests(ctx context.Context, b *testing.B) int {
	b.Helper()
	counts, err := r.sim.Admin().Counts(ctx)
	must(b, err)
	n := 0
	for _, c := range counts.Graph {
		n += c
	}
	return n
}

func must(b *testing.B, err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}
