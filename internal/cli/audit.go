package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/mod/sumdb/tlog"

	"entente.dev/entente/internal/api/client"
	"entente.dev/entente/internal/ledger"
)

func (r *run) auditCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "audit", Short: "Export and prove the ledger",
		Long: "Export the ledger, and prove it: at the server, or from an exported file without any server. Keep the\n" +
			"public key, and now and then a checkpoint, where nobody who can write to the database can change them.",
		Example: "  entente audit verify\n  entente audit export -o ledger.jsonl\n  entente audit verify ledger.jsonl --key ledger.pub",
	}
	cmd.AddCommand(r.auditVerifyCommand(), r.auditExportCommand(), r.auditCheckpointCommand(), r.auditKeyCommand())
	return cmd
}

func (r *run) auditVerifyCommand() *cobra.Command {
	var key, kept string
	cmd := &cobra.Command{
		Use: "verify [FILE]", Short: "Prove the ledger at the server, or an exported file offline", Args: cobra.MaximumNArgs(1),
		Long: "Prove that no entry was changed, dropped, added or moved, and name the first that was. With FILE nothing is\n" +
			"asked of a server. Without --key the file's own key is taken, which proves only that it is whole in itself.\n" +
			"--checkpoint names a checkpoint that you kept: the ledger must contain exactly what it signed.",
		Example: "  entente audit verify\n  entente audit verify --checkpoint january.checkpoint\n  entente audit verify ledger.jsonl --key ledger.pub",
		RunE: func(cmd *cobra.Command, args []string) error {
			trusted, err := textOrFile(key)
			if err != nil {
				return err
			}
			var note string
			if kept != "" {
				raw, err := os.ReadFile(kept)
				if err != nil {
					return err
				}
				note = string(raw)
			}
			if len(args) == 1 {
				return r.verifyFile(args[0], ledger.Options{Key: trusted, Kept: note})
			}
			return r.connected(func(ctx context.Context, c *client.Client, org string, _ []string) error {
				return r.verifyServer(ctx, c, org, trusted, note)
			})(cmd, args)
		},
	}
	cmd.Flags().StringVar(&key, "key", "", "the public key you trust, or a file that holds one or several (see entente audit key)")
	cmd.Flags().StringVar(&kept, "checkpoint", "", "file with a checkpoint that you kept (see entente audit checkpoint)")
	return cmd
}

// textOrFile takes a key as it is, or from the file that it names.
func textOrFile(key string) (string, error) {
	if key == "" || strings.Count(key, "+") >= 2 && !strings.ContainsRune(key, filepath.Separator) {
		return key, nil
	}
	raw, err := os.ReadFile(key)
	if errors.Is(err, os.ErrNotExist) && strings.Count(key, "+") >= 2 {
		return key, nil // base64 has slashes
	}
	if err != nil {
		return "", fmt.Errorf("read the key: %w", err)
	}
	return strings.TrimSpace(string(raw)), nil
}

func (r *run) verifyFile(path string, o ledger.Options) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	report, err := ledger.Verify(f, o)
	if err != nil {
		return fmt.Errorf("%s: %w; keep the file as it is and export again to compare", path, err)
	}
	return r.show(report, func() {
		r.printf("intact: %d entries of %s, %d checkpoints, root %s\n", report.Entries, report.Org, report.Checkpoints, report.Root)
		if !report.Trusted {
			r.printf("the key is the file's own (%s): compare it with the one you kept, or give --key\n", report.Key)
		}
	})
}

func (r *run) verifyServer(ctx context.Context, c *client.Client, org, key, note string) error {
	v, err := c.VerifyLedger(ctx, org)
	if err != nil {
		return err
	}
	if !v.Intact {
		_ = r.show(v, func() {}) // the error below says it to people
		return fmt.Errorf("the ledger does not fit its chain: %s; keep the database as it is and compare it with an export", v.Detail)
	}
	if key != "" || note != "" {
		if err := r.continuesKept(ctx, c, org, key, note); err != nil {
			return err
		}
	}
	return r.show(v, func() {
		r.printf("intact: %d entries\n", v.Entries)
		if note != "" {
			r.printf("the checkpoint that you kept is its beginning\n")
		}
	})
}

// continuesKept does not take the server's word: it checks the signature and the proof itself.
func (r *run) continuesKept(ctx context.Context, c *client.Client, org, key, note string) error {
	var kept ledger.Checkpoint
	var err error
	if note != "" {
		if kept, err = ledger.ReadUnsigned(note); err != nil {
			return fmt.Errorf("the checkpoint that you kept: %w", err)
		}
	}
	proof, err := c.LedgerProof(ctx, org, kept.Size)
	if err != nil {
		return err
	}
	if key == "" {
		key = proof.Checkpoint.Key
	}
	if note != "" {
		if kept, err = ledger.Open(note, key); err != nil {
			return fmt.Errorf("the checkpoint that you kept: %w", err)
		}
	}
	now, err := ledger.Open(proof.Checkpoint.Note, key)
	if err != nil {
		return fmt.Errorf("the server's checkpoint: %w", err)
	}
	if now.Org != org || note != "" && kept.Org != org {
		return fmt.Errorf("the checkpoints are of organizations %s and %s, not of %s", kept.Org, now.Org, org)
	}
	if note == "" {
		return nil
	}
	hashes := make(ledger.Proof, len(proof.Hashes))
	for i, text := range proof.Hashes {
		if hashes[i], err = tlog.ParseHash(text); err != nil {
			return fmt.Errorf("the server's proof: %w", err)
		}
	}
	return ledger.CheckConsistency(hashes, kept.Tree, now.Tree)
}

func (r *run) auditExportCommand() *cobra.Command {
	var path string
	cmd := &cobra.Command{
		Use: "export", Short: "Write the whole ledger as JSON lines", Args: cobra.NoArgs,
		Long: "Write the whole ledger with its checkpoints as JSON lines, for `entente audit verify FILE` and for archives.\n" +
			"Here -o names the file; without it the lines go to standard output.",
		Example: "  entente audit export -o ledger.jsonl",
		RunE: r.connected(func(ctx context.Context, c *client.Client, org string, _ []string) error {
			if path == "" || path == "-" {
				return c.ExportLedger(ctx, org, r.out)
			}
			if err := r.exportFile(ctx, c, org, path); err != nil {
				return err
			}
			checked, err := os.Open(path)
			if err != nil {
				return err
			}
			defer checked.Close()
			report, err := ledger.Verify(checked, ledger.Options{})
			if err != nil {
				return fmt.Errorf("%s was written, and does not verify: %w", path, err)
			}
			r.printf("%s: %d entries, signed by %s\n", path, report.Entries, report.Key)
			return nil
		}),
	}
	cmd.Flags().StringVarP(&path, "output", "o", "", "the file to write")
	return cmd
}

// exportFile writes beside and renames: a broken export never replaces a whole one.
func (r *run) exportFile(ctx context.Context, c *client.Client, org, path string) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".ledger-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // gone already when all went well
	if err := errors.Join(c.ExportLedger(ctx, org, f), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

func (r *run) auditCheckpointCommand() *cobra.Command {
	return &cobra.Command{
		Use: "checkpoint", Short: "Print a signed checkpoint of the ledger as it stands, to keep elsewhere", Args: cobra.NoArgs,
		Example: "  entente audit checkpoint > january.checkpoint",
		RunE: r.connected(func(ctx context.Context, c *client.Client, org string, _ []string) error {
			point, err := c.Checkpoint(ctx, org)
			if err != nil {
				return err
			}
			return r.show(point, func() { r.printf("%s", point.Note) })
		}),
	}
}

func (r *run) auditKeyCommand() *cobra.Command {
	return &cobra.Command{
		Use: "key", Short: "Print the public key that verifies exports, to keep elsewhere", Args: cobra.NoArgs,
		Long: "Print the public key that verifies exports and checkpoints. Where the server's key was replaced, the older ones\n" +
			"come first, one a line; --key takes such a file as it is.",
		Example: "  entente audit key > ledger.pub",
		RunE: r.connected(func(ctx context.Context, c *client.Client, org string, _ []string) error {
			point, err := c.Checkpoint(ctx, org)
			if err != nil {
				return err
			}
			return r.show(map[string]string{"key": point.Key}, func() { r.printf("%s\n", point.Key) })
		}),
	}
}
