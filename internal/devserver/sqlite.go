//go:build !lean

package devserver

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/headers"
	sqliteplugin "go.temporal.io/server/common/persistence/sql/sqlplugin/sqlite"
	"go.temporal.io/server/schema/sqlite"
)

// databases are where executions and visibility live; in file mode they are one file.
type databases struct{ execution, visibility *config.SQL }

const (
	fileName = "temporal.db"
	// creating is in the stamp while the schema is being set up: a crash in between leaves a file to throw away.
	creating = "creating"
)

// VersionError says that a database file belongs to another version of the server.
type VersionError struct {
	File  string // the database file
	Found string // the version in its stamp, or empty when there is none
	Want  string // the version of this binary
}

func (e *VersionError) Error() string {
	found := "an unknown version (its stamp " + filepath.Base(e.File) + ".version is missing)"
	if e.Found != "" {
		found = "version " + e.Found
	}
	return fmt.Sprintf("embedded Temporal: %s was made by %s of the Temporal server and this binary holds version %s; "+
		"the file format has no upgrade. Either run the entented that made it until nothing is in flight, or move %s* away: "+
		"topologies, approvals and the ledger are in Entente's own store, and `entente apply` starts the workflows again",
		e.File, found, e.Want, e.File)
}

// openSQLite readies the file under dir: creates it on first start, refuses one of another version.
func openSQLite(dir string) (databases, error) {
	file := filepath.Join(dir, fileName)
	stamp := file + ".version"
	cfg := sqliteConfig(file)

	found, err := readStamp(stamp)
	if err != nil {
		return databases{}, err
	}
	_, statErr := os.Stat(file)
	exists := statErr == nil
	switch {
	case statErr != nil && !errors.Is(statErr, fs.ErrNotExist):
		return databases{}, fmt.Errorf("embedded Temporal: %w", statErr)
	case exists && found == headers.ServerVersion:
		return databases{cfg, cfg}, nil
	case exists && found != creating:
		return databases{}, &VersionError{File: file, Found: found, Want: headers.ServerVersion}
	}
	return databases{cfg, cfg}, createSQLite(file, stamp, cfg)
}

// createSQLite writes the stamp twice, so that a half-made schema is never taken for a whole one.
func createSQLite(file, stamp string, cfg *config.SQL) error {
	for _, leftover := range []string{file, file + "-wal", file + "-shm"} {
		if err := os.Remove(leftover); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("embedded Temporal: remove a half-made database: %w", err)
		}
	}
	if err := os.WriteFile(stamp, []byte(creating+"\n"), 0o600); err != nil {
		return fmt.Errorf("embedded Temporal: %w", err)
	}
	// SQLite would create the file by umask; histories are for this user only.
	if f, err := os.OpenFile(file, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600); err != nil {
		return fmt.Errorf("embedded Temporal: %w", err)
	} else if err := f.Close(); err != nil {
		return fmt.Errorf("embedded Temporal: %w", err)
	}
	if err := sqlite.SetupSchema(cfg); err != nil {
		return fmt.Errorf("embedded Temporal: set up the schema in %s: %w", file, err)
	}
	if err := os.WriteFile(stamp, []byte(headers.ServerVersion+"\n"), 0o600); err != nil {
		return fmt.Errorf("embedded Temporal: %w", err)
	}
	return nil
}

// readStamp is empty when there is none.
func readStamp(path string) (string, error) {
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("embedded Temporal: %w", err)
	}
	return strings.TrimSpace(string(raw)), nil
}

// sqliteConfig writes ahead with a sync at every commit: what the server acknowledged survives a power cut.
func sqliteConfig(file string) *config.SQL {
	return &config.SQL{
		PluginName:   sqliteplugin.PluginName,
		DatabaseName: file,
		ConnectAttributes: map[string]string{
			"mode":         "rwc",
			"journal_mode": "wal",
			"synchronous":  "full",
			"busy_timeout": "10000",
		},
	}
}
