package graphread_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"entente.dev/entente/activities/graphread"
	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/testkit/tenants"
)

// TestAPictureBearsTheTimeOfItsOrder: a share compares it with when it wrote, by Temporal's clock. A worker whose own
// clock is ahead must not make an old picture look new.
func TestAPictureBearsTheTimeOfItsOrder(t *testing.T) {
	t.Parallel()
	g := tenants.New(t)
	digest := g.Topology(twoShares)
	ahead := func() time.Time { return time.Now().Add(time.Hour) }
	ordered := time.Date(2026, 11, 21, 1, 2, 3, 0, time.UTC)
	_, err := graphread.New(clients{g}, g.Store, ahead).ObserveTenant(t.Context(), contract.ObserveIn{
		Org: tenants.Org, Tenant: g.Refs["b"], TopologyDigest: digest, At: ordered,
	})
	require.NoError(t, err)
	require.True(t, newest(g, "b").TakenAt.Equal(ordered))
}
