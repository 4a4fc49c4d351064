package demo

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"

	"entente.dev/entente/deploy/examples"
	"entente.dev/entente/internal/api/client"
	"entente.dev/entente/internal/app"
	"entente.dev/entente/internal/authn"
	"entente.dev/entente/internal/demo/people"
	"entente.dev/entente/internal/entrasim"
	"entente.dev/entente/internal/entrasim/world"
	"entente.dev/entente/internal/graph"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/telemetry"
)

// exampleFile is where the example stands in a checkout.
const exampleFile = "deploy/examples/three-tenants.yaml"

// organization is the example's name.
const organization = "contoso-group"

// start runs the simulator and the daemon in this process.
func (d *Demo) start(ctx context.Context) (err error) {
	if err := d.cleanDataDir(); err != nil {
		return err
	}
	if d.log, err = os.OpenFile(d.logFile(), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600); err != nil {
		return err
	}
	w := world.ThreeTenants(d.options.Users)
	people.Register(w)
	d.sim, err = entrasim.Start(ctx, entrasim.Options{World: w, DataDir: filepath.Join(d.options.DataDir, "entrasim"), CycleLength: d.options.Cycle})
	if err != nil {
		return err
	}
	d.app, err = app.Start(ctx, app.Options{
		DataDir: filepath.Join(d.options.DataDir, "entented"), Listen: d.options.Listen, TemporalUI: true,
		Tenants: Tenants(w, d.sim), Tokens: d.issueTokens(), SignIn: people.Issuers(w, d.sim), Version: d.options.Version, Log: telemetry.NewLogger(d.log, d.options.LogLevel),
	})
	if err != nil {
		return err
	}
	if d.api, err = client.New(d.app.URL(), d.tokens["platform"], nil); err != nil {
		return err
	}
	if err := d.chooseFile(); err != nil {
		return err
	}
	d.title("Three Entra tenants, simulated, and Entente beside them")
	d.printf("  simulated Entra and Graph  %s  (CA %s)\n", d.sim.BaseURL(), d.sim.CAFile())
	d.printf("  Entente API and console    %s\n", d.app.URL())
	d.printf("  sign in to it as           annie@a.example, bob@b.example, charlie@c.example (passwords Pass-annie@a.example …)\n")
	d.printf("  Temporal UI                %s\n", d.app.TemporalUI())
	d.printf("  tokens                     %s\n", filepath.Join(d.options.DataDir, "tokens"))
	d.printf("  the daemon's log           %s\n", d.logFile())
	return d.remember(ctx)
}

// cleanDataDir throws an earlier demonstration away: its simulated tenants are gone, so its state would lie.
// It only ever deletes a directory that a demonstration made.
func (d *Demo) cleanDataDir() error {
	mark := filepath.Join(d.options.DataDir, ".entente-demo")
	entries, err := os.ReadDir(d.options.DataDir)
	if err != nil && !os.IsNotExist(err) {
		return err
	}
	if _, err := os.Stat(mark); err != nil && len(entries) > 0 {
		return fmt.Errorf("%s is not empty and was not made by a demonstration; choose another --data-dir", d.options.DataDir)
	}
	if err := os.RemoveAll(d.options.DataDir); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(d.options.DataDir, "tokens"), 0o700); err != nil {
		return err
	}
	return os.WriteFile(mark, nil, 0o600)
}

// Tenants is the process configuration for a simulated world: each tenant with its own credential.
func Tenants(w *world.World, sim *entrasim.Server) []graph.Config {
	var out []graph.Config
	for _, t := range w.Tenants {
		secret := t.Apps[0].Secrets[0]
		out = append(out, graph.Config{
			Tenant: t.Name, TenantID: t.ID, Authority: sim.BaseURL(), BaseURL: sim.BaseURL(), CAFile: sim.CAFile(),
			Credential: graph.Credential{Kind: graph.SecretCredential, ClientID: t.Apps[0].ClientID, Secret: func() (string, error) { return secret, nil }},
		})
	}
	return out
}

// issueTokens makes one token for the platform team and one for each tenant's admin.
func (d *Demo) issueTokens() []authn.Token {
	tokens := []authn.Token{{Name: "platform", Role: authn.Platform, Secret: d.newToken("platform")}}
	for _, t := range []ident.Tenant{"a", "b", "c"} {
		name := "admin-" + string(t)
		tokens = append(tokens, authn.Token{Name: name, Role: authn.TenantAdmin, Tenant: t, Secret: d.newToken(name)})
	}
	return tokens
}

func (d *Demo) newToken(name string) string {
	raw := make([]byte, 24)
	_, _ = rand.Read(raw) // never fails since Go 1.24
	d.tokens[name] = hex.EncodeToString(raw)
	return d.tokens[name]
}

// chooseFile names the topology as a newcomer sees it; outside a checkout it is written beside the data.
func (d *Demo) chooseFile() error {
	for name, token := range d.tokens {
		if err := os.WriteFile(d.tokenFile(name), []byte(token+"\n"), 0o600); err != nil {
			return err
		}
	}
	if _, err := os.Stat(exampleFile); err == nil {
		d.file = exampleFile
		return nil
	}
	d.file = filepath.Join(d.options.DataDir, "three-tenants.yaml")
	return os.WriteFile(d.file, examples.ThreeTenants, 0o600)
}

func (d *Demo) tokenFile(name string) string { return filepath.Join(d.options.DataDir, "tokens", name) }

// logFile keeps what the daemon logs out of the story on the screen.
func (d *Demo) logFile() string { return filepath.Join(d.options.DataDir, "entented.log") }

func (d *Demo) stop() {
	if d.app != nil {
		if err := d.app.Stop(); err != nil {
			d.printf("stopping: %v\n", err)
		}
	}
	if d.sim != nil {
		if err := d.sim.Close(); err != nil {
			d.printf("stopping the simulator: %v\n", err)
		}
	}
	if d.log != nil {
		_ = d.log.Close() // nothing is written any more
	}
}
