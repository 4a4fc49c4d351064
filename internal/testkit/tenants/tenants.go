// Package tenants is the ground that activities are tested on: simulated tenants behind real sign-in and HTTPS, the
// product's own Graph client, and a store on a file.
package tenants

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/entrasim"
	"entente.dev/entente/internal/entrasim/faults"
	"entente.dev/entente/internal/entrasim/journal"
	"entente.dev/entente/internal/entrasim/simclient"
	"entente.dev/entente/internal/entrasim/world"
	"entente.dev/entente/internal/graph"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/store"
	"entente.dev/entente/internal/store/sqlite"
	"entente.dev/entente/internal/topology"
)

// Org is the organization of the topologies here.
const Org = "contoso-group"

// Ground is one world with one store.
type Ground struct {
	T     *testing.T
	Sim   *entrasim.Server
	Admin *simclient.Client
	Store store.Store
	Refs  map[ident.Tenant]contract.TenantRef

	clients map[string]*graph.Client
}

// New starts the three tenants of the documentation; people never arrive by themselves, because the engine's clock
// stands still.
func New(t *testing.T) *Ground {
	t.Helper()
	ctx := context.Background() // outlives the test's own context, which ends before its cleanups
	w := world.ThreeTenants(3)
	sim, err := entrasim.Start(ctx, entrasim.Options{World: w, ManualClock: true, PrincipalDelay: -1, DataDir: t.TempDir()})
	require.NoError(t, err)
	t.Cleanup(func() { _ = sim.Close() })
	s, err := sqlite.Open(ctx, filepath.Join(t.TempDir(), "entente.db"))
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.Close() })
	g := &Ground{T: t, Sim: sim, Admin: sim.Admin(), Store: s, Refs: map[ident.Tenant]contract.TenantRef{}, clients: map[string]*graph.Client{}}
	for _, tenant := range w.Tenants {
		secret := tenant.Apps[0].Secrets[0]
		c, err := graph.New(graph.Config{
			Tenant: tenant.Name, TenantID: tenant.ID, Authority: sim.BaseURL(), BaseURL: sim.BaseURL(), CAFile: sim.CAFile(),
			Credential: graph.Credential{Kind: graph.SecretCredential, ClientID: tenant.Apps[0].ClientID, Secret: func() (string, error) { return secret, nil }},
		})
		require.NoError(t, err)
		t.Cleanup(c.Close)
		g.clients[tenant.ID] = c
		g.Refs[ident.Tenant(tenant.Name)] = contract.TenantRef{Name: ident.Tenant(tenant.Name), TenantID: tenant.ID}
	}
	return g
}

// Graph is the client of a tenant.
func (g *Ground) Graph(tenantID string) (*graph.Client, error) {
	if c := g.clients[tenantID]; c != nil {
		return c, nil
	}
	return nil, problem.New(problem.Invalid, "use a tenant's credential", "not served")
}

// Topology stores a topology of tenants a, b and c with their "Collaboration" groups and returns its digest.
func (g *Ground) Topology(shares string) string {
	g.T.Helper()
	text := `apiVersion: entente/v1
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
` + shares
	parsed, problems := topology.Parse("t.yaml", []byte(text))
	require.NoError(g.T, problems.Err())
	r, err := g.Store.PutTopology(g.T.Context(), store.Revision{Org: Org, Digest: parsed.Digest(), File: "t.yaml", Source: []byte(text), StoredAt: time.Now()})
	require.NoError(g.T, err)
	return r.Digest
}

// Edit does what an admin would.
func (g *Ground) Edit(e simclient.Edit) string {
	g.T.Helper()
	id, err := g.Admin.Edit(g.T.Context(), e)
	require.NoError(g.T, err)
	return id
}

// Fault adds a rule that must fire before the test ends.
func (g *Ground) Fault(r faults.Rule) {
	g.T.Helper()
	r.Min = max(r.Min, 1)
	_, err := g.Admin.SetFault(g.T.Context(), r)
	require.NoError(g.T, err)
}

// Fired insists that every rule fired, and lifts them.
func (g *Ground) Fired() {
	g.T.Helper()
	require.NoError(g.T, g.Admin.CheckFaults(g.T.Context()))
	require.NoError(g.T, g.Admin.ClearFaults(g.T.Context(), ""))
}

// Requests lists the Graph calls that do makes.
func (g *Ground) Requests(do func()) (out []journal.Entry) {
	g.T.Helper()
	before, err := g.Admin.Counts(g.T.Context())
	require.NoError(g.T, err)
	do()
	all, err := g.Admin.Requests(g.T.Context(), before.Seq, 0, 0)
	require.NoError(g.T, err)
	for _, e := range all {
		if e.Kind == "graph" {
			out = append(out, e)
		}
	}
	return out
}

// Write is what every write of a share has in common.
func (g *Ground) Write(s ident.Share, at ident.Tenant) contract.WriteIn {
	return contract.WriteIn{Org: Org, Share: s, Tenant: g.Refs[at], Run: "run/1", TargetTenantID: g.Refs[s.Target].TenantID}
}
