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
	"entente.dev/entente/internal/entrasim"
	"entente.dev/entente/internal/entrasim/dir"
	"entente.dev/entente/internal/entrasim/world"
	"entente.dev/entente/internal/ident"
)

// The words of the configuration.
const (
	Group        = "Entente admins"
	PlatformRole = "Entente.Platform"
	secret       = "pipeline-not-a-real-secret"
	// Callback is where the console's sign-in ends.
	Callback = "/sign-in/callback"
)

// World is a running simulator.
type World struct {
	Sim   *entrasim.Server
	World *world.World
}

// ClientID is the public registration for console and command line in a tenant.
func ClientID(tenant string) string {
	return fmt.Sprintf("c1000000-0000-4000-8000-0000000000%s%s", tenant, tenant)
}

// Pipeline is the registration of a workload in a tenant.
func Pipeline(tenant string) string {
	return fmt.Sprintf("c2000000-0000-4000-8000-0000000000%s%s", tenant, tenant)
}

// Start runs the simulator.
func Start(tb testing.TB) *World {
	tb.Helper()
	w := &World{World: world.ThreeTenants(3)}
	for i := range w.World.Tenants {
		t := &w.World.Tenants[i]
		t.Groups = append(t.Groups, world.Group{Name: Group, Members: []string{t.Users[0].UPN}})
		t.Apps = append(t.Apps,
			world.App{ClientID: ClientID(t.Name), DisplayName: "Entente sign-in", Public: true, RedirectURIs: []string{"http://127.0.0.1" + Callback, "https://entente.example" + Callback}},
			world.App{ClientID: Pipeline(t.Name), DisplayName: "Entente pipeline", Secrets: []string{secret}})
	}
	w.World.Tenants[0].Users[0].Roles = []string{PlatformRole, "Something.Else"}
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

// Issuer is the configuration for a tenant: its group makes tenant admins, the app role and its pipeline make
// platform operators.
func (w *World) Issuer(name string) openid.Issuer {
	t := w.tenant(name)
	return openid.Issuer{
		Name: t.DisplayName, URL: w.Sim.BaseURL() + "/" + t.ID + "/v2.0", ClientID: ClientID(name), CAFile: w.Sim.CAFile(),
		Rules: []openid.Rule{
			{Claim: "groups", Value: dir.StableID(t.ID, "group", "entente admins"), Binding: authn.Binding{Role: authn.TenantAdmin, Tenant: ident.Tenant(name)}},
			{Claim: "roles", Value: PlatformRole, Binding: authn.Binding{Role: authn.Platform}},
			{Claim: "appid", Value: Pipeline(name), Binding: authn.Binding{Role: authn.Platform}},
		},
	}
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
		audience = "api://" + ClientID(tenant)
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
