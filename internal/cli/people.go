package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"entente.dev/entente/internal/api/client"
	"entente.dev/entente/internal/api/wire"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/store"
	"entente.dev/entente/internal/topology"
)

func (r *run) holdCommand() *cobra.Command {
	var tenant, reason, until, kind string
	var block, keepOut bool
	cmd := &cobra.Command{
		Use: "hold USER --in TENANT", Short: "Keep a person out of a tenant, or blocked there", Args: cobra.ExactArgs(1),
		Long: "Keep a person out of a tenant, or blocked there, whatever the topology says.\n" +
			"With --keep-out, as without either: the person leaves the share. With --block: the account stays, and its sign-in is\nkept off, also for somebody who has not arrived yet.",
		Example: "  entente hold bob@b.example --in c --reason \"contract ended\" --until 30d\n  entente hold bob@b.example --in c --block --reason \"under investigation\" --until 2027-01-31",
		RunE: r.connected(func(ctx context.Context, c *client.Client, org string, args []string) error {
			in := wire.NewHold{Person: args[0], Tenant: ident.Tenant(tenant), Kind: kind, Reason: reason}
			if block {
				in.Kind = "blocked"
			}
			var err error
			if in.Until, err = untilTime(until, time.Now()); err != nil {
				return err
			}
			h, err := c.Hold(ctx, org, in)
			if err != nil {
				return err
			}
			return r.show(h, func() { r.printf("%s is held in %s (%s); the share follows\n", args[0], tenant, h.Kind) })
		}),
	}
	f := cmd.Flags()
	f.BoolVar(&block, "block", false, "the person stays, but may not sign in")
	f.BoolVar(&keepOut, "keep-out", false, "the person leaves the share (what it does without --block)")
	f.StringVar(&until, "until", "", "a date, or how long: 2027-01-31, 30d (default: until released)")
	f.StringVar(&kind, "kind", "keepOut", "as the API says it: keepOut or blocked")
	_ = f.MarkHidden("kind") // fails only for a flag that does not exist
	cmd.MarkFlagsMutuallyExclusive("block", "keep-out", "kind")
	inFlag(cmd, &tenant)
	reasonFlag(cmd, &reason)
	return cmd
}

// untilTime reads a date, a time, or a duration from now; empty is no end. A date lasts until its day is over.
func untilTime(text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if d, err := topology.ParseDuration(text); err == nil && d > 0 {
		return now.Add(d), nil
	}
	if day, err := time.ParseInLocation(time.DateOnly, text, now.Location()); err == nil {
		return day.AddDate(0, 0, 1), nil
	}
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return at, nil
	}
	return time.Time{}, fmt.Errorf("--until %s: write a date such as 2027-01-31, or how long, such as 30d", text)
}

// inFlag also takes the words of other verbs and of other tools: --tenant, --for.
func inFlag(cmd *cobra.Command, tenant *string) {
	cmd.Flags().SetNormalizeFunc(func(_ *pflag.FlagSet, name string) pflag.NormalizedName {
		switch name {
		case "tenant":
			name = "in"
		case "for":
			name = "until"
		}
		return pflag.NormalizedName(name)
	})
	cmd.Flags().StringVar(tenant, "in", "", "the tenant that decides")
	_ = cmd.MarkFlagRequired("in") // fails only for a flag that does not exist
}

func (r *run) releaseCommand() *cobra.Command {
	var tenant string
	cmd := &cobra.Command{
		Use: "release USER --in TENANT", Short: "End a hold", Args: cobra.ExactArgs(1),
		Example: "  entente release bob@b.example --in c",
		RunE: r.connected(func(ctx context.Context, c *client.Client, org string, args []string) error {
			h, err := c.Release(ctx, org, args[0], ident.Tenant(tenant))
			if err != nil {
				return err
			}
			return r.show(h, func() { r.printf("%s is released in %s; the share follows\n", args[0], tenant) })
		}),
	}
	inFlag(cmd, &tenant)
	return cmd
}

// holdStates are the states of holds in words; what is ending waits for its sign-in to be on again.
var holdStates = map[string]string{"inForce": "in force", "ending": "ending"}

func (r *run) holdsCommand() *cobra.Command {
	return &cobra.Command{
		Use: "holds", Short: "Show who is held where, by whom and why", Args: cobra.NoArgs, Example: "  entente holds",
		RunE: r.connected(func(ctx context.Context, c *client.Client, org string, _ []string) error {
			holds, err := c.Holds(ctx, org)
			if err != nil {
				return err
			}
			return r.show(holds, func() {
				if len(holds.Holds) == 0 {
					r.printf("nobody is held\n")
					return
				}
				t := &table{}
				t.add(header("person", "tenant", "kind", "state", "by", "since", "until", "reason")...)
				for _, h := range holds.Holds {
					who := h.UPN
					if who == "" {
						who = string(h.Person.Home) + "/" + h.Person.ID
					}
					t.add(text(who, string(h.Tenant), h.Kind, holdStates[h.State], h.By, when(h.At), when(h.Until), h.Reason)...)
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
		for _, st := range red.Staged {
			r.printf("    held back by Microsoft's engine, approved by nobody: %s\n", cmp.Or(st.UPN, string(st.Person.Home)+"/"+st.Person.ID))
		}
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
			if err := r.tellLost(ctx, c, org, in); err != nil || in.Preview {
				return err
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
	cmd.Flags().BoolVar(&in.Preview, "dry-run", false, "only say who can come back and who cannot")
	cmd.Flags().BoolVar(&wait, "wait", false, "follow until everybody is back who can be")
	return cmd
}
