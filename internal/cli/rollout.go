package cli

import (
	"context"

	"github.com/spf13/cobra"

	"entente.dev/entente/internal/api/client"
)

func (r *run) continueCommand() *cobra.Command {
	var reason string
	cmd := &cobra.Command{
		Use: "continue SOURCE TARGET", Short: "Open the next ring of a paused rollout", Args: cobra.RangeArgs(1, 2),
		Long: "Open the next ring of a rollout that paused by itself, because too many people of a ring failed. Who failed\n" +
			"does not pause the next ring again. entente status says which share paused, and why.",
		Example: `  entente continue b c --reason "two are on leave"`,
		RunE: r.connected(func(ctx context.Context, c *client.Client, org string, args []string) error {
			share, err := shareArgs(args)
			if err != nil {
				return err
			}
			accepted, err := c.Continue(ctx, org, share, reason)
			if err != nil {
				return err
			}
			return r.show(accepted, func() { r.printf("%s: the next ring is opened\n", share) })
		}),
	}
	reasonFlag(cmd, &reason)
	return cmd
}
