package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"entente.dev/entente/internal/api/client"
	"entente.dev/entente/internal/api/wire"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/problem"
)

// shareArgs reads SOURCE TARGET, or one argument such as b/c.
func shareArgs(args []string) (ident.Share, error) {
	if len(args) == 2 {
		return ident.Share{Source: ident.Tenant(args[0]), Target: ident.Tenant(args[1])}, nil
	}
	return ident.ParseShare(args[0])
}

func (r *run) stopCommand() *cobra.Command {
	var reason string
	var yes, wait bool
	cmd := &cobra.Command{
		Use: "stop SOURCE TARGET", Short: "Drain a share, prove it, then remove its set-up on both sides", Args: cobra.RangeArgs(1, 2),
		Long:    "Drain a share: take everybody out of its scope, wait until the target's recycle bin proves it, then remove the\njob, the application and the policies that nobody else relies on.",
		Example: `  entente stop b c --reason "project ended" --wait`,
		RunE: r.connected(func(ctx context.Context, c *client.Client, org string, args []string) error {
			share, err := shareArgs(args)
			if err != nil {
				return err
			}
			return r.stopShare(ctx, c, org, share, reason, yes, wait)
		}),
	}
	reasonFlag(cmd, &reason)
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask")
	cmd.Flags().BoolVar(&wait, "wait", false, "follow until the share has stopped")
	return cmd
}

func (r *run) stopShare(ctx context.Context, c *client.Client, org string, share ident.Share, reason string, yes, wait bool) error {
	now, err := c.Share(ctx, org, share)
	if err != nil {
		return err
	}
	if now.Phase == wire.PhaseStopped {
		return r.show(wire.Accepted{Share: share, Phase: now.Phase}, func() { r.printf("%s is stopped already; nothing was changed\n", share) })
	}
	if !yes && terminal(r.in) {
		ok, err := r.confirm(ctx, fmt.Sprintf("Stop %s and take %s out of %s?", share, count(now.People, "person"), share.Target))
		if err != nil || !ok {
			return errors.Join(err, errors.New("not stopped; nothing was changed"))
		}
	}
	accepted, err := c.Stop(ctx, org, share, reason)
	if err != nil {
		return err
	}
	if err := r.show(accepted, func() { r.printf("%s: %s\n", share, accepted.Phase) }); err != nil || !wait {
		return err
	}
	return r.awaitPhase(ctx, c, org, share, wire.PhaseStopped)
}

func (r *run) revokeCommand() *cobra.Command {
	var in wire.Revoke
	var freeze, drain, wait bool
	cmd := &cobra.Command{
		Use: "revoke SOURCE TARGET --freeze|--drain", Short: "Take your tenant's yes back", Args: cobra.RangeArgs(1, 2),
		Long: "Take your tenant's yes back. Only an admin of the target can, at any time.\n" +
			"With --freeze: nobody new comes in, who is there stays, and who leaves still leaves. With --drain: everybody is\ntaken out, with proof from the recycle bin, then the share's set-up is removed on both sides.",
		Example: "  entente revoke b c --freeze --reason \"the audit is not done\"\n  entente revoke b c --drain --reason \"the contract ended\" --wait",
		RunE: r.connected(func(ctx context.Context, c *client.Client, org string, args []string) error {
			share, err := shareArgs(args)
			if err != nil {
				return err
			}
			in.Mode = "freeze"
			want := wire.PhaseFrozen
			if drain {
				in.Mode, want = "drain", wire.PhaseStopped
			}
			accepted, err := c.Revoke(ctx, org, share, in)
			if err != nil {
				return err
			}
			if err := r.show(accepted, func() { r.printf("%s: %s\n", share, accepted.Phase) }); err != nil || !wait {
				return err
			}
			return r.awaitPhase(ctx, c, org, share, want)
		}),
	}
	f := cmd.Flags()
	f.BoolVar(&freeze, "freeze", false, "nothing new comes in; who is there stays")
	f.BoolVar(&drain, "drain", false, "everybody is taken out, then the share is taken down")
	f.BoolVar(&wait, "wait", false, "follow until it is done")
	cmd.MarkFlagsMutuallyExclusive("freeze", "drain")
	cmd.MarkFlagsOneRequired("freeze", "drain")
	reasonFlag(cmd, &in.Reason)
	return cmd
}

// awaitPhase follows one share; being blocked is told and does not end the wait, because the share goes on by
// itself when its problem is repaired.
func (r *run) awaitPhase(ctx context.Context, c *client.Client, org string, share ident.Share, want string) error {
	shown, started := "", time.Now()
	for {
		s, err := c.Share(ctx, org, share)
		if err != nil && (problem.KindOf(err) != problem.Unavailable || ctx.Err() != nil) {
			return err
		}
		if err == nil {
			if line := phaseLine(s.ShareStatus); line != shown {
				shown = line
				r.note("%6.1fs  %s\n", time.Since(started).Seconds(), line)
			}
			if s.Phase == want {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			_, err := c.Share(ctx, org, share) // gives the interruption its words
			return err
		case <-time.After(500 * time.Millisecond):
		}
	}
}

func (r *run) revertCommand() *cobra.Command {
	var reason string
	cmd := &cobra.Command{
		Use: "revert-conversions SOURCE TARGET", Short: "Turn guests that became Members back into guests", Args: cobra.RangeArgs(1, 2),
		Example: `  entente revert-conversions b c --reason "converted by mistake"`,
		RunE: r.connected(func(ctx context.Context, c *client.Client, org string, args []string) error {
			share, err := shareArgs(args)
			if err != nil {
				return err
			}
			accepted, err := c.RevertConversions(ctx, org, share, reason)
			if err != nil {
				return err
			}
			return r.show(accepted, func() { r.printf("%s: %s\n", share, accepted.Phase) })
		}),
	}
	reasonFlag(cmd, &reason)
	return cmd
}
