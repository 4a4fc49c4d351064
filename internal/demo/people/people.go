// Package people lets the simulated people sign in to Entente: a registration and a group of admins in each tenant,
// and the configuration that believes them. Whoever comes first in a tenant is its admin, by the group; whoever
// comes first in the first tenant is an operator of the platform too, by an app role. It knows the simulator and
// nothing of the demonstration, so that tests sign in with the same people.
package people

import (
	"strings"

	"entente.dev/entente/internal/authn"
	"entente.dev/entente/internal/authn/openid"
	"entente.dev/entente/internal/entrasim"
	"entente.dev/entente/internal/entrasim/dir"
	"entente.dev/entente/internal/entrasim/world"
	"entente.dev/entente/internal/ident"
)

const (
	// Group is whose members are admins of their tenant.
	Group = "Entente admins"
	// PlatformRole is the app role of operators.
	PlatformRole = "Entente.Platform"
	// Callback is where a sign-in comes back to, below the console's address.
	Callback = "/sign-in/callback"
)

// ClientID is the registration with which people of a tenant sign in: a public client, for browsers by PKCE and for
// the command line.
func ClientID(tenantID string) string { return dir.StableID(tenantID, "sign-in") }

// Register adds registrations, groups and roles to a world.
func Register(w *world.World) {
	for i := range w.Tenants {
		t := &w.Tenants[i]
		t.Groups = append(t.Groups, world.Group{Name: Group, Members: []string{t.Users[0].UPN}})
		// Any port of this machine will do, as for every loopback address.
		t.Apps = append(t.Apps, world.App{
			ClientID: ClientID(t.ID), DisplayName: "Entente sign-in", Public: true,
			RedirectURIs: []string{"http://127.0.0.1" + Callback, "http://localhost" + Callback},
		})
	}
	w.Tenants[0].Users[0].Roles = append(w.Tenants[0].Users[0].Roles, PlatformRole)
}

// Issuers is the configuration of the sign-in for a registered world.
func Issuers(w *world.World, sim *entrasim.Server) []openid.Issuer {
	var out []openid.Issuer
	for _, t := range w.Tenants {
		out = append(out, openid.Issuer{
			Name: t.DisplayName, URL: sim.BaseURL() + "/" + t.ID + "/v2.0", ClientID: ClientID(t.ID), CAFile: sim.CAFile(),
			Rules: []openid.Rule{
				{
					Claim: "groups", Value: dir.StableID(t.ID, "group", strings.ToLower(Group)),
					Binding: authn.Binding{Role: authn.TenantAdmin, Tenant: ident.Tenant(t.Name)},
				},
				{Claim: "roles", Value: PlatformRole, Binding: authn.Binding{Role: authn.Platform}},
			},
		})
	}
	return out
}
