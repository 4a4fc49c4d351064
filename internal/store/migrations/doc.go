// Package migrations holds the schema of both databases: goose files, embedded, forward only.
//
// The folders have the same files with the same statements; they differ in the names of types alone (BLOB
// and BYTEA, and the "C" collation that makes Postgres sort text as SQLite and Go do). A test compares them.
package migrations

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"entente.dev/entente/internal/problem"
)

//go:embed sqlite/*.sql postgres/*.sql
var files embed.FS

// Folder is one dialect's migrations.
type Folder string

// The two dialects.
const (
	SQLite   Folder = "sqlite"
	Postgres Folder = "postgres"
)

// Files are the migrations of a dialect.
func (f Folder) Files() (fs.FS, error) { return fs.Sub(files, string(f)) }

// Up brings a database to the newest schema. Processes that start together take turns: on Postgres by an
// advisory lock; on SQLite the loser of a race finds the work done when it looks again. A database that a
// newer release has migrated is refused, because this release would write rows that one cannot read.
func Up(ctx context.Context, f Folder, db *sql.DB) error {
	provider, err := f.provider(db)
	if err != nil {
		return err
	}
	if _, err = provider.Up(ctx); err != nil && f == SQLite {
		_, err = provider.Up(ctx)
	}
	if err != nil {
		return fmt.Errorf("migrate the schema: %w", err)
	}
	at, err := provider.GetDBVersion(ctx)
	if err != nil {
		return fmt.Errorf("read the schema's version: %w", err)
	}
	sources := provider.ListSources()
	if newest := sources[len(sources)-1].Version; at > newest {
		e := problem.New(problem.Invalid, "open the store", fmt.Sprintf("the database has schema %d, this release knows %d", at, newest))
		e.Remedy = "run the release that wrote it, or a newer one; nothing was changed"
		return e
	}
	return nil
}

func (f Folder) provider(db *sql.DB) (*goose.Provider, error) {
	dir, err := f.Files()
	if err != nil {
		return nil, err
	}
	dialect := goose.DialectSQLite3
	options := []goose.ProviderOption{goose.WithDisableGlobalRegistry(true)}
	if f == Postgres {
		dialect = goose.DialectPostgres
		locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 60))
		if err != nil {
			return nil, err
		}
		options = append(options, goose.WithSessionLocker(locker))
	}
	return goose.NewProvider(dialect, db, dir, options...)
}
