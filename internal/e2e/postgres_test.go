package e2e

import (
	"testing"

	"entente.dev/entente/internal/testkit/postgrestest"
	"entente.dev/entente/internal/testkit/rig"
)

// TestMainJobOnPostgres runs the main job with the store and the embedded Temporal server on one Postgres database.
func TestMainJobOnPostgres(t *testing.T) {
	t.Parallel()
	server := postgrestest.Start(t)
	r := rig.Start(t, server.Database(t))
	t.Logf("12 of 12 after %s", r.ApplyAndSettle(t, rig.Topology("2s")))
	p, err := r.API.Plan(t.Context(), rig.Topology("2s"))
	rig.Must(t, err)
	if p.Pending {
		t.Fatalf("the second plan is not empty: %d changes", len(p.Changes))
	}
}
