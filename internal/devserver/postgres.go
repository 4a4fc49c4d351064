//go:build !lean

package devserver

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"path"
	"regexp"
	"sort"
	"strings"
	"time"

	"github.com/blang/semver/v4"
	"github.com/iancoleman/strcase"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jmoiron/sqlx"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/persistence"
	"go.temporal.io/server/common/persistence/sql/sqlplugin/postgresql"
	"go.temporal.io/server/common/persistence/sql/sqlplugin/postgresql/driver"
	"go.temporal.io/server/schema"
)

// Temporal's tables live in two schemas of the given database: both sets have tables of the same name, and schemas
// need no right to create databases. The names are in every installation; renaming them would orphan it.
const (
	executionSchema  = "entente_temporal"
	visibilitySchema = "entente_temporal_visibility"
)

// migrationLock is the advisory lock under which one of several starting processes migrates.
const migrationLock = 0x656e74656e7465

// ownerLock is held as long as an embedded server runs on a database: each believes that it owns every shard.
const ownerLock = migrationLock + 1

// ownPostgres takes the owner's lock on a connection of its own; closing that gives the lock back, and so does the
// death of the process.
func ownPostgres(ctx context.Context, databaseURL string) (release func(), err error) {
	_, cfg, err := withSearchPath(databaseURL, executionSchema)
	if err != nil {
		return nil, err
	}
	conn, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("embedded Temporal: connect to Postgres: %w", err)
	}
	var owned bool
	if err := conn.QueryRow(ctx, "SELECT pg_try_advisory_lock($1)", int64(ownerLock)).Scan(&owned); err != nil || !owned {
		_ = conn.Close(ctx)
		if err == nil {
			err = errors.New("another entented runs its embedded server on this database; stop that one, or give both --temporal-address of one cluster")
		}
		return nil, fmt.Errorf("embedded Temporal: %w", err)
	}
	return func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		// Said before the connection goes: Postgres ends a closed session a moment later, and whoever starts next would
		// meet the lock.
		_, _ = conn.Exec(ctx, "SELECT pg_advisory_unlock($1)", int64(ownerLock))
		_ = conn.Close(ctx)
	}, nil
}

// openPostgres creates or migrates Temporal's two schemas with the server's own versioned migrations.
func openPostgres(ctx context.Context, databaseURL string) (databases, error) {
	execution, err := postgresConfig(databaseURL, executionSchema)
	if err != nil {
		return databases{}, err
	}
	visibility, err := postgresConfig(databaseURL, visibilitySchema)
	if err != nil {
		return databases{}, err
	}
	if err := migratePostgres(ctx, databaseURL, executionSchema, "postgresql/v12/temporal"); err != nil {
		return databases{}, err
	}
	if err := migratePostgres(ctx, databaseURL, visibilitySchema, "postgresql/v12/visibility"); err != nil {
		return databases{}, err
	}
	return databases{execution, visibility}, nil
}

// withSearchPath is the URL for one of our schemas. Errors never repeat the URL: it holds a password.
func withSearchPath(databaseURL, schemaName string) (string, *pgx.ConnConfig, error) {
	u, err := url.Parse(databaseURL)
	if err != nil || (u.Scheme != "postgres" && u.Scheme != "postgresql") {
		return "", nil, errors.New("embedded Temporal: the database URL is not of the form postgres://user:password@host:5432/database")
	}
	query := u.Query()
	query.Set("search_path", schemaName)
	u.RawQuery = query.Encode()
	cfg, err := pgx.ParseConfig(u.String())
	if err != nil {
		return "", nil, errors.New("embedded Temporal: the database URL has a setting that Postgres clients do not know")
	}
	return u.String(), cfg, nil
}

func postgresConfig(databaseURL, schemaName string) (*config.SQL, error) {
	dsn, parsed, err := withSearchPath(databaseURL, schemaName)
	if err != nil {
		return nil, err
	}
	return &config.SQL{
		PluginName:   postgresql.PluginNamePGX,
		DatabaseName: parsed.Database,
		ConnectAddr:  fmt.Sprintf("%s:%d", parsed.Host, parsed.Port),
		User:         parsed.User,
		MaxConns:     8, // each of the four services opens pools of its own
		MaxIdleConns: 2,
		Connect: func(cfg *config.SQL) (*sqlx.DB, error) {
			db, err := (&driver.PGXDriver{}).CreateConnection(dsn)
			if err != nil {
				return nil, err
			}
			db.SetMaxOpenConns(cfg.MaxConns)
			db.SetMaxIdleConns(cfg.MaxIdleConns)
			db.SetConnMaxLifetime(time.Hour)
			db.MapperFunc(strcase.ToSnake) // the plugin's structs have no tags
			return db, nil
		},
	}, nil
}

// migration is one step of the server's versioned schema.
type migration struct {
	version    semver.Version
	minimum    string
	text       string
	statements []string
}

// migratePostgres applies the missing steps, each in a transaction together with its version, so that a crash
// leaves a whole version behind. A database that is newer than this binary is left alone: the server itself
// decides whether it can work with it.
func migratePostgres(ctx context.Context, databaseURL, schemaName, assets string) error {
	steps, err := readMigrations(assets)
	if err != nil {
		return fmt.Errorf("embedded Temporal: %w", err)
	}
	_, cfg, err := withSearchPath(databaseURL, schemaName)
	if err != nil {
		return err
	}
	conn, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		return fmt.Errorf("embedded Temporal: connect to Postgres: %w", err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	if _, err := conn.Exec(ctx, "SELECT pg_advisory_lock($1)", int64(migrationLock)); err != nil {
		return fmt.Errorf("embedded Temporal: wait for another migration: %w", err)
	}
	current, err := currentVersion(ctx, conn, schemaName, cfg.Database)
	if err != nil {
		return err
	}
	for _, step := range steps {
		if !step.version.GT(current) {
			continue
		}
		if err := pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error { return step.apply(ctx, tx, cfg.Database) }); err != nil {
			return fmt.Errorf("embedded Temporal: schema %s to version %s: %w", schemaName, step.text, withRemedy(err))
		}
	}
	return nil
}

// currentVersion creates the schema and its version table when they are missing; nothing applied reads as 0.0.0.
func currentVersion(ctx context.Context, conn *pgx.Conn, schemaName, database string) (semver.Version, error) {
	for _, statement := range []string{
		"CREATE SCHEMA IF NOT EXISTS " + pgx.Identifier{schemaName}.Sanitize(),
		`CREATE TABLE IF NOT EXISTS schema_version(version_partition INT NOT NULL, db_name VARCHAR(255) NOT NULL,
			creation_time TIMESTAMP, curr_version VARCHAR(64), min_compatible_version VARCHAR(64),
			PRIMARY KEY (version_partition, db_name))`,
	} {
		if _, err := conn.Exec(ctx, statement); err != nil {
			return semver.Version{}, fmt.Errorf("embedded Temporal: create schema %s: %w", schemaName, withRemedy(err))
		}
	}
	var text string
	err := conn.QueryRow(ctx, "SELECT curr_version FROM schema_version WHERE version_partition = 0 AND db_name = $1", database).Scan(&text)
	if errors.Is(err, pgx.ErrNoRows) {
		return semver.Version{}, nil
	}
	if err != nil {
		return semver.Version{}, fmt.Errorf("embedded Temporal: read the version of schema %s: %w", schemaName, err)
	}
	return semver.ParseTolerant(text)
}

var concurrently = regexp.MustCompile(`(?i)^(\s*(?:CREATE(?:\s+UNIQUE)?|DROP)\s+INDEX)\s+CONCURRENTLY\b`)

func (m migration) apply(ctx context.Context, tx pgx.Tx, database string) error {
	for _, statement := range m.statements {
		// Concurrent building spares a running server and cannot be undone as a whole; here no server runs yet.
		statement = concurrently.ReplaceAllString(statement, "$1")
		if _, err := tx.Exec(ctx, statement); err != nil {
			return err
		}
	}
	_, err := tx.Exec(ctx, `INSERT INTO schema_version(version_partition, db_name, creation_time, curr_version, min_compatible_version)
		VALUES (0, $1, now() AT TIME ZONE 'utc', $2, $3) ON CONFLICT (version_partition, db_name) DO UPDATE SET
		creation_time = excluded.creation_time, curr_version = excluded.curr_version,
		min_compatible_version = excluded.min_compatible_version`, database, m.text, m.minimum)
	return err
}

// withRemedy says which right is missing; everything else passes.
func withRemedy(err error) error {
	var pg *pgconn.PgError
	if errors.As(err, &pg) && pg.Code == "42501" {
		return fmt.Errorf("%w; grant CREATE on the database to this user, or create the schemas %s and %s for it and the extension btree_gin",
			err, executionSchema, visibilitySchema)
	}
	return err
}

// readMigrations reads the server module's embedded migrations, oldest first.
func readMigrations(assets string) ([]migration, error) {
	root := path.Join(assets, "versioned")
	dirs, err := fs.ReadDir(schema.Assets(), root)
	if err != nil {
		return nil, err
	}
	var out []migration
	for _, dir := range dirs {
		m, err := readMigration(path.Join(root, dir.Name()))
		if err != nil {
			return nil, fmt.Errorf("schema step %s: %w", dir.Name(), err)
		}
		out = append(out, m)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].version.LT(out[j].version) })
	return out, nil
}

func readMigration(dir string) (migration, error) {
	raw, err := fs.ReadFile(schema.Assets(), path.Join(dir, "manifest.json"))
	if err != nil {
		return migration{}, err
	}
	var manifest struct {
		CurrVersion, MinCompatibleVersion string
		SchemaUpdateCqlFiles              []string
	}
	if err := json.Unmarshal(raw, &manifest); err != nil {
		return migration{}, err
	}
	m := migration{text: manifest.CurrVersion, minimum: manifest.MinCompatibleVersion}
	if m.version, err = semver.ParseTolerant(manifest.CurrVersion); err != nil {
		return migration{}, err
	}
	for _, name := range manifest.SchemaUpdateCqlFiles {
		file, err := fs.ReadFile(schema.Assets(), path.Join(dir, name))
		if err != nil {
			return migration{}, err
		}
		statements, err := persistence.LoadAndSplitQueryFromReaders([]io.Reader{strings.NewReader(string(file))})
		if err != nil {
			return migration{}, err
		}
		m.statements = append(m.statements, statements...)
	}
	return m, nil
}
