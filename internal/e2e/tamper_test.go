package e2e

import (
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	_ "modernc.org/sqlite" // as somebody with the database file would open it
)

// tamper changes an exported ledger as somebody with an editor would: one character, one line, or the order of two.
func (s *story) tamper(args []string) error {
	if len(args) < 4 {
		return errors.New("usage: tamper FILE COPY flip LINE | drop LINE | swap LINE OTHER")
	}
	lines := strings.SplitAfter(s.ts.ReadFile(args[0]), "\n")
	var at []int
	for _, text := range args[3:] {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > len(lines) {
			return fmt.Errorf("%s has no line %s", args[0], text)
		}
		at = append(at, n-1)
	}
	switch {
	case args[2] == "flip" && len(at) == 1:
		raw := []byte(lines[at[0]])
		raw[len(raw)/2] ^= 1
		lines[at[0]] = string(raw)
	case args[2] == "drop" && len(at) == 1:
		lines = append(lines[:at[0]:at[0]], lines[at[0]+1:]...)
	case args[2] == "swap" && len(at) == 2:
		lines[at[0]], lines[at[1]] = lines[at[1]], lines[at[0]]
	default:
		return fmt.Errorf("tamper how: %s", strings.Join(args[2:], " "))
	}
	return os.WriteFile(s.ts.MkAbs(args[1]), []byte(strings.Join(lines, "")), 0o600)
}

// database runs a statement on the database file of a daemon that does not run, and states how many rows it changed.
func (s *story) database(args []string) error {
	if len(args) != 2 {
		return errors.New("usage: database ROWS STATEMENT")
	}
	if s.daemon != nil && s.daemon.running() {
		return errors.New("stop the daemon first")
	}
	db, err := sql.Open("sqlite", filepath.Join(s.work, ".data", "entente.db"))
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	result, err := db.ExecContext(s.ctx, args[1])
	if err != nil {
		return err
	}
	n, err := result.RowsAffected()
	if err == nil && strconv.FormatInt(n, 10) != args[0] {
		return fmt.Errorf("%d rows, not %s", n, args[0])
	}
	return err
}
