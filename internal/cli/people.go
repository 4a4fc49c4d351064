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
	"entente.dev/entente/internal/store"
	"entente.dev/entente/internal/topology"
)

func (r *run) holdCommand() *cobra.Command {
	var tenant, reason, kind, forTime string
	cmd := &cobra.Command{
		Use: "hold USER --tenant TENANT", Short: "Keep a person out of a tenant, or blocked there", Args: cobra.ExactArgs(1),
		Example: `  entente hold bob@b.example --tenant c --reason "contract ended" --for 30d`,
		RunE: r.connected(func(ctx context.Context, c *client.Client, org string, args []string) error {
			in := wire.NewHold{Person: args[0], Tenant: ident.Tenant(tenant), Kind: kind, Reason: reason}
			if forTime != "" {
				d, err := topology.ParseDuration(forTime)
				if err != nil {
					return fmt.Errorf("--for: %w; write for example 30d", err)
				}
				in.Until = time.Now().Add(d)
			}
			h, err := c.Hold(ctx, org, in)
			if err != nil {
				return err
			}
			return r.show(h, func() { r.printf("%s is held in %s (%s); the share follows\n", args[0], tenant, h.Kind) })
		}),
	}
	f := cmd.Flags()
	f.StringVar(&kind, "kind", "keepOut", "keepOut: the person leaves the share; blocked: stays, but may not sign in")
	f.StringVar(&forTime, "for", "", "how long, for example 30d (default: until released)")
	tenantFlag(cmd, &tenant)
	reasonFlag(cmd, &reason)
	return cmd
}

func tenantFlag(cmd *cobra.Command, tenant *string) {
	cmd.Flags().StringVar(tenant, "tenant", "", "the tenant that decides")
	_ = cmd.MarkFlagRequired("tenant") // fails only for a flag that does not exist
}

func (r *run) releaseCommand() *cobra.Command {
	var tenant string
	cmd := &cobra.Command{
		Use: "release USER --tenant TENANT", Short: "End a hold", Args: cobra.ExactArgs(1),
		Example: "  entente release bob@b.example --tenant c",
		RunE: r.connected(func(ctx context.Context, c *client.Client, org string, args []string) error {
			h, err := c.Release(ctx, org, args[0], ident.Tenant(tenant))
			if err != nil {
				return err
			}
			return r.show(h, func() { r.printf("%s is released in %s; the share follows\n", args[0], tenant) })
		}),
	}
	tenantFlag(cmd, &tenant)
	return cmd
}

func (r *run) holdsCommand() *cobra.Command {
	return &cobra.Command{
		Use: "holds", Short: "Show who is held where, by whom and why", Args: cobra.NoArgs, Example: "  entente holds",
		RunE: r.connected(func(ctx context.Context, c *client.Client, org string, _ []string) error {
			holds, err := c.Holds(ctx, org)
			if err != nil {
				return err
			}
			return r.show(holds, func() {
				t := &table{}
				t.add(header("person", "tenant", "kind", "by", "until", "reason")...)
				for _, h := range holds.Holds {
					who := h.UPN
					if who == "" {
						who = string(h.Person.Home) + "/" + h.Person.ID
					}
					t.add(text(who, string(h.Tenant), h.Kind, h.By, when(h.Until), h.Reason)...)
				}
				r.write(t)
			})
		}),
	}
}

func (r *run) reductionsCommand() *cobra.Command {
	return &cobra.Command{
		Use: "reductions", Short: "Show who left which share, and how far the proof is", Args: cobra.NoArgs, Example: "  entente reductions",
		RunE: r.connected(func(ctx context.Context, c *client.Client, org string, _ []string) error {
			all, err := c.Reductions(ctx, org)
			if err != nil {
				return err
			}
			return r.show(all, func() { r.showReductions(all.Reductions) })
		}),
	}
}

func (r *run) showReductions(all []store.Reduction) {
	if len(all) == 0 {
		r.printf("nobody left a share\n")
		return
	}
	for i, red := range all {
		if i > 0 {
			r.printf("\n")
		}
		r.printf("%s\n", r.paint(bold, fmt.Sprintf("%s  %s  %s", red.ID, red.Share, red.Status)))
		r.printf("  %s · opened %s · %s\n", count(len(red.Removals), "person"), when(red.OpenedAt), red.Reason)
		t := &table{indent: "    "}
		t.add(header("person", "state", "object there", "at", "still missing")...)
		for _, p := range red.Removals {
			t.add(text(p.UPN, string(p.State), p.ObjectID, when(p.At), p.Missing)...)
		}
		r.write(t)
	}
}

func (r *run) restoreCommand() *cobra.Command {
	var in wire.Restore
	var wait bool
	cmd := &cobra.Command{
		Use: "restore USER | --reduction ID", Short: "Bring people back under the same object ids", Args: cobra.MaximumNArgs(1),
		Long:    "Bring people back from the recycle bins, within 30 days, under the same object ids: one person in every\nshare that took them out, or everybody of one reduction.",
		Example: "  entente restore barbara@b.example --wait\n  entente restore --reduction REDUCTION",
		RunE: r.connected(func(ctx context.Context, c *client.Client, org string, args []string) error {
			if (len(args) == 1) == (in.ReductionID != "") {
				return errors.New("name one user, or give --reduction")
			}
			if len(args) == 1 {
				in.User = args[0]
			}
			out, err := c.Restore(ctx, org, in)
			if err != nil {
				return err
			}
			if err := r.show(out, func() {
				for _, s := range out.Restores {
					r.printf("%s: %s of %s %s back\n", s.Share, count(len(s.People), "person"), s.ReductionID, verb(len(s.People), "comes", "come"))
				}
			}); err != nil || !wait {
				return err
			}
			return r.awaitRestored(ctx, c, org, out)
		}),
	}
	cmd.Flags().StringVar(&in.ReductionID, "reduction", "", "everybody of this reduction")
	cmd.Flags().StringVar(&in.Reason, "reason", "", "recorded in the ledger")
	cmd.Flags().BoolVar(&wait, "wait", false, "follow until everybody is back")
	return cmd
}

// awaitRestored looks until everybody is back; a blocked share is told once, because it goes on by itself when
// its problem is repaired.
func (r *run) awaitRestored(ctx context.Context, c *client.Client, org string, out wire.Restored) error {
	told := map[ident.Share]bool{}
	for {
		all, err := c.Reductions(ctx, org)
		if err != nil {
			return err
		}
		missing := notBack(all.Reductions, out)
		if len(missing) == 0 {
			r.note("everybody is back\n")
			return nil
		}
		status, err := c.Status(ctx, org)
		if err != nil {
			return err
		}
		for _, s := range status.Shares {
			if s.Phase == wire.PhaseBlocked && missing[s.Share] > 0 && !told[s.Share] {
				told[s.Share] = true
				r.note("%s\n", phaseLine(s))
			}
		}
		select {
		case <-ctx.Done():
			_, err := c.Status(ctx, org) // gives the interruption its words
			return err
		case <-time.After(500 * time.Millisecond):
		}
	}
}

func notBack(all []store.Reduction, out wire.Restored) map[ident.Share]int {
	missing := map[ident.Share]int{}
	for _, want := range out.Restores {
		for _, red := range all {
			if red.ID != want.ReductionID {
				continue
			}
			for _, removal := range red.Removals {
				for _, p := range want.People {
					if removal.Person == p.Person && removal.State != store.Returned {
						missing[want.Share]++
					}
				}
			}
		}
	}
	return missing
}
