package simcli

import (
	"os"

	"github.com/spf13/cobra"
)

func (c *cli) snapshotCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "snapshot", Short: "Save or restore the state of a running world",
		Long:    "A snapshot holds directories, policies, organizations, jobs with what they remember, and the clock; not faults,\nswitches, the request log or signing keys. A world of the same tenants can be put back to it.",
		Example: "  entrasim snapshot save before.json\n  entrasim snapshot restore before.json"}
	cmd.AddCommand(&cobra.Command{Use: "save FILE", Short: "Write the state to a file", Example: "  entrasim snapshot save before.json", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			f, err := os.Create(args[0])
			if err != nil {
				return err
			}
			defer func() {
				if cerr := f.Close(); err == nil {
					err = cerr
				}
			}()
			return c.client().Snapshot(cmd.Context(), f)
		}})
	cmd.AddCommand(&cobra.Command{Use: "restore FILE", Short: "Put the world back to a file", Example: "  entrasim snapshot restore before.json", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			f, err := os.Open(args[0])
			if err != nil {
				return err
			}
			defer func() { _ = f.Close() }()
			return c.client().Restore(cmd.Context(), f)
		}})
	return cmd
}
