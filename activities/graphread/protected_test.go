package graphread_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"entente.dev/entente/activities/graphread"
	"entente.dev/entente/internal/entrasim/simclient"
	"entente.dev/entente/internal/testkit/tenants"
)

// TestProtectedGroupsAreRead, with everybody in nested ones, although no user set names them.
func TestProtectedGroupsAreRead(t *testing.T) {
	t.Parallel()
	g := tenants.New(t)
	digest := g.Topology(twoShares + "protected:\n  - { tenant: b, group: Break glass }\n  - { tenant: a, group: Break glass }\n")
	for _, group := range []string{"Break glass", "Inner", "Other"} {
		g.Edit(simclient.Edit{Tenant: "b", Action: "group.create", Group: group})
	}
	g.Edit(simclient.Edit{Tenant: "b", Action: "group.add", Group: "Break glass", User: "Inner"})
	g.Edit(simclient.Edit{Tenant: "b", Action: "group.add", Group: "Inner", User: "bob@b.example"})
	_, err := observe(g, graphread.New(clients{g}, g.Store, time.Now), "b", digest, false)
	require.NoError(t, err)
	s := newest(g, "b")
	require.Empty(t, s.GroupsNamed("Other"))
	glass := s.GroupsNamed("Break glass")
	require.Len(t, glass, 1)
	people, err := s.FlattenUsers(glass[0].ID)
	require.NoError(t, err)
	require.Len(t, people, 1)
	same(g, digest)
}
