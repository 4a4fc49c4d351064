//go:build !lean

package devserver

import (
	"context"
	"net/url"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	v12 "go.temporal.io/server/schema/postgresql/v12"

	"entente.dev/entente/internal/testkit/postgrestest"
)

// A workflow started before a stop ends after the next start, with nothing but the database in between; the second
// start finds nothing to migrate.
func TestPostgresKeepsWorkflowsAcrossRestart(t *testing.T) {
	database := postgrestest.Start(t).Database(t)
	s, err := Start(t.Context(), Options{DataDir: t.TempDir(), DatabaseURL: database})
	require.NoError(t, err)
	_, err = Start(t.Context(), Options{DataDir: t.TempDir(), DatabaseURL: database})
	require.ErrorContains(t, err, "another entented runs its embedded server")
	c := dial(t, s.Address())
	_, err = c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: "share/o/a/b", TaskQueue: "core"}, "wait")
	require.NoError(t, err)
	require.NoError(t, s.Stop())

	s, err = Start(t.Context(), Options{DataDir: t.TempDir(), DatabaseURL: database})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Stop()) })
	c = dial(t, s.Address())
	runWorker(t, c)
	require.NoError(t, c.SignalWorkflow(t.Context(), "share/o/a/b", "", "word", "back"))
	var word string
	require.NoError(t, c.GetWorkflow(t.Context(), "share/o/a/b", "").Get(t.Context(), &word))
	require.Equal(t, "back", word)

	requireVersion(t, database, executionSchema, v12.Version)
	requireVersion(t, database, visibilitySchema, v12.VisibilityVersion)
}

func requireVersion(t *testing.T, database, schemaName, want string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), database)
	require.NoError(t, err)
	defer func() { _ = conn.Close(context.Background()) }()
	var have string
	require.NoError(t, conn.QueryRow(t.Context(), "SELECT curr_version FROM "+schemaName+".schema_version").Scan(&have))
	require.Equal(t, want, have)
}

// Without the right to create schemas the error says which right is missing, and does not repeat the password.
func TestPostgresWithoutRightsSaysWhatToGrant(t *testing.T) {
	server := postgrestest.Start(t)
	full := server.Database(t)
	server.Exec(t, full, "CREATE ROLE poor LOGIN PASSWORD 'hush'")
	u, err := url.Parse(full)
	require.NoError(t, err)
	u.User = url.UserPassword("poor", "hush")
	_, err = Start(t.Context(), Options{DataDir: t.TempDir(), DatabaseURL: u.String()})
	require.ErrorContains(t, err, "grant CREATE on the database")
	require.NotContains(t, err.Error(), "hush")
}
