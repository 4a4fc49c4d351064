package graph

import (
	"testing"

	"entente.dev/entente/internal/entrasim/simclient"
	"entente.dev/entente/internal/problem"
)

// TestAGrantedPermissionIsSeenBeforeTheTokenEnds: permissions are in the token, which lives for an hour or more.
func TestAGrantedPermissionIsSeenBeforeTheTokenEnds(t *testing.T) {
	t.Parallel()
	s := startSim(t)
	edit := func(action, permission string) {
		_, err := s.Admin().Edit(t.Context(), simclient.Edit{Tenant: "a", Action: action, App: "Entente", Permission: permission})
		ok(t, err)
	}
	edit("permission.revoke", "Policy.Read.All")
	edit("permission.revoke", "Policy.ReadWrite.CrossTenantAccess")
	c := simClient(t, s, "a", simA)
	for range 2 {
		if _, err := c.Partner(t.Context(), simB); problem.KindOf(err) != problem.Forbidden {
			t.Fatalf("without the permission: %v", err)
		}
	}
	edit("permission.grant", "Policy.Read.All")
	var last error
	for range 2 { // the first may still have the token of before
		if _, last = c.Partner(t.Context(), simB); problem.KindOf(last) == problem.NotFound {
			return
		}
	}
	t.Fatalf("after the grant: %v", last)
}
