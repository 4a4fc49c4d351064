package signintest

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"testing"

	"entente.dev/entente/internal/authn"
	"entente.dev/entente/internal/authn/openid"
	"entente.dev/entente/internal/demo/people"
	"entente.dev/entente/internal/entrasim"
	"entente.dev/entente/internal/entrasim/world"
)

const secret = "pipeline-not-a-real-secret"

// World is a running simulator.
type World struct {
	Sim   *entrasim.Server
	World *world.World
}

// Pipeline is the registration of a workload in a tenant.
func Pipeline(tenant string) string {
	return fmt.Sprintf("c2000000-0000-4000-8000-0000000000%s%s", tenant, tenant)
}

// Start runs the simulator.
func Start(tb testing.TB) *World {
	tb.Helper()
	w := &World{World: world.ThreeTenants(3)}
	people.Register(w.World)
	for i := range w.World.Tenants {
		t := &w.World.Tenants[i]
		t.Apps = append(t.Apps, world.App{ClientID: Pipeline(t.Name), DisplayName: "Entente pipeline", Secrets: []string{secret}})
	}
	annie := &w.World.Tenants[0].Users[0]
	annie.Roles = append(annie.Roles, "Something.Else")
	var err error
	w.Sim, err = entrasim.Start(tb.Context(), entrasim.Options{World: w.World, DataDir: tb.TempDir()})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := w.Sim.Close(); err != nil {
			tb.Error(err)
		}
	})
	w.Set(tb, "device-interval", "1s")
	return w
}

// Set turns a switch of the simulator.
func (w *World) Set(tb testing.TB, name, value string) {
	tb.Helper()
	if err := w.Sim.Admin().SetSwitch(context.WithoutCancel(tb.Context()), name, value); err != nil {
		tb.Fatal(err)
	}
}

func (w *World) tenant(name string) world.Tenant {
	for _, t := range w.World.Tenants {
		if t.Name == name {
			return t
		}
	}
	panic("no tenant " + name)
}

// Issuer is the configuration for a tenant: that of the demonstration, and its pipeline as a platform operator.
func (w *World) Issuer(name string) openid.Issuer {
	for i, t := range w.World.Tenants {
		if t.Name == name {
			in := people.Issuers(w.World, w.Sim)[i]
			in.Rules = append(in.Rules, openid.Rule{Claim: "appid", Value: Pipeline(name), Binding: authn.Binding{Role: authn.Platform}})
			return in
		}
	}
	panic("no tenant " + name)
}

// Issuers are those of several tenants.
func (w *World) Issuers(names ...string) []openid.Issuer {
	out := make([]openid.Issuer, len(names))
	for i, name := range names {
		out[i] = w.Issuer(name)
	}
	return out
}

// AppToken is a pipeline's token for an audience, by default our API's.
func (w *World) AppToken(tb testing.TB, tenant, audience string) string {
	tb.Helper()
	if audience == "" {
		audience = "api://" + people.ClientID(w.tenant(tenant).ID)
	}
	answer, err := w.Client(tb).PostForm(w.Sim.BaseURL()+"/"+w.tenant(tenant).ID+"/oauth2/v2.0/token", url.Values{
		"grant_type": {"client_credentials"}, "client_id": {Pipeline(tenant)}, "client_secret": {secret}, "scope": {audience + "/.default"},
	})
	return w.read(tb, answer, err)["access_token"].(string)
}

func (w *World) read(tb testing.TB, answer *http.Response, err error) map[string]any {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
	defer answer.Body.Close()
	out := map[string]any{}
	if err := json.NewDecoder(answer.Body).Decode(&out); err != nil || answer.StatusCode != http.StatusOK {
		tb.Fatalf("the token endpoint answers %s: %v %v", answer.Status, out["error_description"], err)
	}
	return out
}
