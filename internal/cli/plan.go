package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"entente.dev/entente/internal/api/client"
	"entente.dev/entente/internal/api/wire"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/plan"
)

// shownEffects bounds the table of people; machine output has them all.
const shownEffects = 200

func (r *run) readTopology(path string) (wire.Topology, error) {
	var raw []byte
	var err error
	if path == "-" {
		raw, err = io.ReadAll(r.in)
		path = "(standard input)"
	} else {
		raw, err = os.ReadFile(path)
	}
	if err != nil {
		return wire.Topology{}, fmt.Errorf("read the topology: %w", err)
	}
	return wire.Topology{File: path, Text: string(raw)}, nil
}

func fileFlag(cmd *cobra.Command, file *string) {
	cmd.Flags().StringVarP(file, "file", "f", "", `topology file; "-" is standard input`)
	_ = cmd.MarkFlagRequired("file") // fails only for a flag that does not exist
}

func (r *run) validateCommand() *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use: "validate -f FILE", Short: "Check a topology without looking at any tenant", Args: cobra.NoArgs,
		Example: "  entente validate -f topology.yaml",
		RunE: func(cmd *cobra.Command, _ []string) error {
			in, err := r.readTopology(file)
			if err != nil {
				return err
			}
			c, err := r.connect(cmd.Context())
			if err != nil {
				return err
			}
			valid, err := c.Validate(cmd.Context(), in)
			if err != nil {
				return err
			}
			return r.show(valid, func() {
				r.printf("%s is valid: %s, %s, %s, %s (digest %s)\n", in.File, valid.Organization, count(valid.Tenants, "tenant"),
					count(valid.UserSets, "user set"), count(valid.Shares, "share"), short(valid.Digest))
			})
		},
	}
	fileFlag(cmd, &file)
	return cmd
}

func (r *run) planCommand() *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use: "plan -f FILE", Short: "Show what a topology would change, for every user in every tenant", Args: cobra.NoArgs,
		Long:    "Show what a topology would change, for every user in every tenant. Writes nothing in any tenant.\nExit code 0: nothing to do; 2: changes are pending; 3: refused.",
		Example: "  entente plan -f topology.yaml\n  entente plan -f topology.yaml -o json | jq .effects",
		RunE: func(cmd *cobra.Command, _ []string) error {
			p, _, err := r.plan(cmd.Context(), file)
			if err != nil {
				return err
			}
			if err := r.show(p, func() { r.showPlan(p) }); err != nil {
				return err
			}
			switch {
			case p.Fatal:
				return &ended{code: ExitRefused}
			case p.Pending:
				return &ended{code: ExitPending}
			default:
				return nil
			}
		},
	}
	fileFlag(cmd, &file)
	return cmd
}

func (r *run) plan(ctx context.Context, file string) (wire.Plan, wire.Topology, error) {
	in, err := r.readTopology(file)
	if err != nil {
		return wire.Plan{}, in, err
	}
	c, err := r.connect(ctx)
	if err != nil {
		return wire.Plan{}, in, err
	}
	p, err := planned(ctx, c, in)
	return p, in, err
}

func planned(ctx context.Context, c *client.Client, in wire.Topology) (wire.Plan, error) {
	p, err := c.Plan(ctx, in)
	var problem *wire.Problem
	if errors.As(err, &problem) && problem.Op == "" {
		problem.Op = "plan"
	}
	return p, err
}

// showPlan is the readable diff: what is written where, what it means for whom, what is refused.
func (r *run) showPlan(p wire.Plan) {
	r.printf("%s\n", r.paint(bold, fmt.Sprintf("Plan %s of %s", short(p.Digest), p.Organization)))
	for _, share := range p.Shares {
		r.showShare(p, share)
	}
	r.showEffects(p.Effects)
	r.showVerdict(p)
}

// showVerdict closes a plan: what is refused, what to know, the sums and the digest.
func (r *run) showVerdict(p wire.Plan) {
	r.showRefusals(p)
	if len(p.Warnings) > 0 {
		r.printf("\nWarnings\n")
		for _, w := range p.Warnings {
			r.printf("  %s %s%s [%s]\n", r.paint(yellow, "!"), subject(w.Share, string(w.Tenant)), w.Detail, w.Rule)
		}
	}
	c := p.Counts
	switch {
	case p.Fatal:
		r.printf("\n%s\n", r.paint(red, "Refused: nothing can be applied until the refusals are resolved."))
	case p.Pending:
		r.printf("\n%s in %s: %d to create, %d to convert, %d to restore, %d to remove\n",
			count(c.Changes, "change"), count(len(p.Shares), "share"), c.Creates, c.Converts, c.Restores, c.Removals)
	default:
		r.printf("\n%s\n", r.paint(green, fmt.Sprintf("Nothing to do: %s as declared.", count(len(p.Shares), "share"))))
	}
	r.printf("digest %s\n", p.Digest)
}

func subject(share *ident.Share, tenant string) string {
	switch {
	case share != nil:
		return share.String() + ": "
	case tenant != "":
		return "tenant " + tenant + ": "
	default:
		return ""
	}
}

func (r *run) showShare(p wire.Plan, share wire.PlanShare) {
	var steps []plan.Change
	for _, c := range p.Changes {
		if c.Share == share.Share {
			steps = append(steps, c)
		}
	}
	needed := ""
	if share.Acceptance.Needed {
		needed = fmt.Sprintf("; asks %s (%s)", share.Share.Target, share.Acceptance.Why)
	}
	if len(steps) == 0 {
		r.printf("\nshare %s: no change, %s%s\n", share.Share, count(share.Counts.People, "person"), needed)
		return
	}
	r.printf("\nshare %s: %s, %s%s\n", share.Share, count(len(steps), "change"), count(share.Counts.People, "person"), needed)
	if share.Budget.Over {
		r.printf("  %s %d removals, %d allowed without a second look\n", r.paint(yellow, "!"), share.Budget.Removals, share.Budget.Allowed)
	}
	for _, side := range []plan.Side{plan.Target, plan.Source} {
		tenant := share.Share.Source
		if side == plan.Target {
			tenant = share.Share.Target
		}
		t := &table{indent: "    "}
		for i, c := range steps {
			if c.Side == side {
				t.add(changeRow(i+1, c)...)
			}
		}
		if len(t.rows) > 0 {
			r.printf("  %s %s\n", side, tenant)
			r.write(t)
		}
	}
}

// changeRow keeps the number of the order in which the changes of a share are made, over both sides.
func changeRow(n int, c plan.Change) []cell {
	sign := map[string]cell{
		"create": {"+", green}, "add": {"+", green}, "update": {"~", yellow}, "remove": {"-", red}, "start": {"▸", blue},
	}[c.Action]
	if sign.text == "" {
		sign.text = "·"
	}
	detail := c.Summary
	if c.Before != "" || c.After != "" {
		detail += fmt.Sprintf(" (%s → %s)", cmp.Or(c.Before, "–"), cmp.Or(c.After, "–"))
	}
	return []cell{{text: fmt.Sprintf("%2d", n), colour: faint}, sign, {text: c.Action}, {text: detail}}
}

func (r *run) showEffects(effects []plan.Effect) {
	t := &table{indent: "  "}
	t.add(header("person", "home", "in", "action", "from", "to", "why")...)
	kept, more := 0, 0
	for _, e := range effects {
		switch {
		case e.Action == plan.KeepOne:
			kept++
		case len(t.rows) > shownEffects:
			more++
		default:
			t.add(effectRow(e)...)
		}
	}
	if len(effects) == 0 {
		return
	}
	r.printf("\nPeople\n")
	if len(t.rows) > 1 {
		r.write(t)
	}
	if more > 0 {
		r.printf("  … and %d more; -o json lists all\n", more)
	}
	if kept > 0 {
		r.printf("  %d stay as they are\n", kept)
	}
}

func effectRow(e plan.Effect) []cell {
	c := map[plan.EffectAction]colour{
		plan.Create: green, plan.Restore: green, plan.Adopt: yellow, plan.Leave: yellow, plan.HeldOut: yellow, plan.Skip: yellow, plan.Remove: red,
	}[e.Action]
	return append([]cell{{text: e.UPN}, {text: string(e.Person.Home)}, {text: string(e.Tenant)}, {text: string(e.Action), colour: c}}, text(e.From, e.To, e.Reason)...)
}

func (r *run) showRefusals(p wire.Plan) {
	if len(p.Refusals) == 0 {
		return
	}
	r.printf("\nRefusals\n")
	refusals := slices.Clone(p.Refusals)
	slices.SortStableFunc(refusals, func(a, b plan.Refusal) int { return cmp.Compare(a.Pos.Line, b.Pos.Line) })
	for _, f := range refusals {
		place := ""
		if f.Pos.Line > 0 {
			place = fmt.Sprintf("%s:%d:%d: ", p.File, f.Pos.Line, f.Pos.Column)
		}
		r.printf("  %s %s%s%s [%s]\n", r.paint(red, "✗"), place, subject(f.Share, string(f.Tenant)), f.Detail, f.Rule)
		if f.Remedy != "" {
			r.printf("      what to do: %s\n", f.Remedy)
		}
	}
}
