package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"entente.dev/entente/internal/api/client"
	"entente.dev/entente/internal/api/wire"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/problem"
)

func (r *run) applyCommand() *cobra.Command {
	var file string
	var wait, yes bool
	cmd := &cobra.Command{
		Use: "apply -f FILE", Short: "Hand a topology over: show its plan, ask, and apply exactly that plan", Args: cobra.NoArgs,
		Long: "Hand a topology over: show its plan, ask, and apply exactly that plan. Without a terminal nobody can be asked:\nscripts give --yes.\n" +
			"With --yes: do not ask, and show the plan's sums, warnings and refusals only; entente plan shows every change.\n" +
			"With --wait: follow every share until it is in sync or cannot go on by itself. Exit code 0: in sync (or, without\n--wait, handed over); 3: refused; 4: a target has not answered yet.",
		Example: "  entente apply -f topology.yaml\n  entente apply -f topology.yaml --yes --wait --timeout 30m",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return r.apply(cmd.Context(), file, yes, wait)
		},
	}
	fileFlag(cmd, &file)
	cmd.Flags().BoolVar(&wait, "wait", false, "follow the shares until they settle")
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask")
	return cmd
}

func (r *run) apply(ctx context.Context, file string, yes, wait bool) error {
	p, in, err := r.plan(ctx, file)
	if err != nil {
		return err
	}
	if r.format == "table" {
		r.showBeforeApply(p, yes)
	}
	if p.Fatal {
		if r.format != "table" {
			r.showRefusalsTo(p)
		}
		return &ended{code: ExitRefused}
	}
	if !yes {
		if !terminal(r.in) {
			return errors.New("not applied; nothing was changed: nobody is there to ask, use --yes")
		}
		if ok, err := r.confirm(ctx, "Apply this plan?"); err != nil || !ok {
			return errors.Join(err, errors.New("not applied; nothing was changed"))
		}
	}
	c, err := r.connect(ctx)
	if err != nil {
		return err
	}
	before, err := r.baseline(ctx, c, p.Organization)
	if err != nil {
		return err
	}
	applied, err := c.Apply(ctx, wire.Apply{File: in.File, Text: in.Text, PlanDigest: p.Digest})
	if err != nil {
		return err
	}
	if err := r.show(applied, func() {
		r.printf("\napplied: %s, %s handed over\n", count(applied.Tenants, "tenant"), count(applied.Shares, "share"))
	}); err != nil {
		return err
	}
	if !wait {
		return r.afterApply(p)
	}
	shares := make([]ident.Share, 0, len(p.Shares))
	for _, s := range p.Shares {
		shares = append(shares, s.Share)
	}
	return r.settle(ctx, c, p.Organization, shares, before)
}

// showBeforeApply shows the whole plan to whoever is asked, and its sums to whoever has said yes already.
func (r *run) showBeforeApply(p wire.Plan, yes bool) {
	if !yes {
		r.showPlan(p)
		return
	}
	r.printf("%s\n", r.paint(bold, fmt.Sprintf("Plan %s of %s", short(p.Digest), p.Organization)))
	r.showVerdict(p)
}

func (r *run) showRefusalsTo(p wire.Plan) {
	table := *r
	table.out = r.err
	table.showRefusals(p)
}

func (r *run) afterApply(p wire.Plan) error {
	asked := map[ident.Tenant]bool{}
	for _, s := range p.Shares {
		if s.Acceptance.Needed && !asked[s.Share.Target] {
			asked[s.Share.Target] = true
			r.note("tenant %s is asked: entente inbox --tenant %s\n", s.Share.Target, s.Share.Target)
		}
	}
	return nil
}

func (r *run) confirm(ctx context.Context, question string) (bool, error) {
	fmt.Fprintf(r.err, "%s [y/N] ", question)
	answer := make(chan string, 1)
	go func() { // ends with the process when nobody answers
		line, _ := bufio.NewReader(r.in).ReadString('\n')
		answer <- strings.ToLower(strings.TrimSpace(line))
	}()
	select {
	case <-ctx.Done():
		return false, context.Cause(ctx)
	case line := <-answer:
		return line == "y" || line == "yes", nil
	}
}

// baseline is how the shares stand before a command, to tell its outcome from an older one.
func (r *run) baseline(ctx context.Context, c *client.Client, org string) (map[ident.Share]wire.ShareStatus, error) {
	out := map[ident.Share]wire.ShareStatus{}
	status, err := c.Status(ctx, org)
	if err != nil && problem.KindOf(err) != problem.NotFound {
		return nil, err
	}
	for _, s := range status.Shares {
		out[s.Share] = s
	}
	return out, nil
}

// unmoved is how long a share may show its old, settled state before that state counts as the outcome: a
// share for which nothing changed may not report again.
const unmoved = 20 * time.Second

// settle follows shares until each of them stands in a settled phase that is newer than before.
func (r *run) settle(ctx context.Context, c *client.Client, org string, shares []ident.Share, before map[ident.Share]wire.ShareStatus) error {
	started := time.Now()
	now := map[ident.Share]wire.ShareStatus{}
	done := func() bool {
		for _, s := range shares {
			state, ok := now[s]
			if !ok || !wire.Settled(state.Phase) {
				return false
			}
			old, had := before[s]
			moved := !had || state.Run > old.Run || state.UpdatedAt.After(old.UpdatedAt)
			if !moved && time.Since(started) < unmoved {
				return false
			}
		}
		return true
	}
	shown := map[ident.Share]string{}
	for {
		status, err := c.Status(ctx, org)
		if err != nil && (problem.KindOf(err) != problem.Unavailable || ctx.Err() != nil) && problem.KindOf(err) != problem.NotFound {
			return err
		}
		for _, s := range status.Shares {
			now[s.Share] = s
			line := phaseLine(s)
			if wanted(shares, s.Share) && shown[s.Share] != line {
				shown[s.Share] = line
				r.note("%6.1fs  %s\n", time.Since(started).Seconds(), line)
			}
		}
		if done() {
			return r.outcome(shares, now)
		}
		select {
		case <-ctx.Done():
			_, err := c.Status(ctx, org) // gives the interruption its words
			return err
		case <-time.After(500 * time.Millisecond):
		}
	}
}

func wanted(shares []ident.Share, s ident.Share) bool {
	for _, w := range shares {
		if w == s {
			return true
		}
	}
	return false
}

func phaseLine(s wire.ShareStatus) string {
	line := fmt.Sprintf("%s  %s", s.Share, s.Phase)
	if s.Detail != "" {
		line += "  " + s.Detail
	}
	for _, p := range s.Problems {
		line += "  ! " + p.Error()
	}
	return line
}

// outcome is the exit code: a refusal weighs more than a problem, a problem more than a wait.
func (r *run) outcome(shares []ident.Share, now map[ident.Share]wire.ShareStatus) error {
	var refused, blocked, waiting, paused, good []string
	for _, s := range shares {
		switch now[s].Phase {
		case wire.PhaseRefused, wire.PhaseRejected, wire.PhaseExpired, wire.PhaseFrozen:
			refused = append(refused, s.String())
		case wire.PhaseBlocked:
			blocked = append(blocked, s.String())
		case wire.PhaseWaiting:
			waiting = append(waiting, s.String())
		case wire.PhasePaused:
			paused = append(paused, s.String())
		default:
			good = append(good, s.String())
		}
	}
	if len(good) > 0 {
		r.note("in sync: %s\n", strings.Join(good, ", "))
	}
	switch {
	case len(refused) > 0:
		return &ended{ExitRefused, fmt.Errorf("refused: %s; see `entente status`", strings.Join(refused, ", "))}
	case len(blocked) > 0:
		return fmt.Errorf("blocked: %s; tried again by itself once the problem above is repaired", strings.Join(blocked, ", "))
	case len(paused) > 0:
		r.note("paused: %s; `entente status` says for how long, or who goes on\n", strings.Join(paused, ", "))
		return &ended{code: ExitWaiting}
	case len(waiting) > 0:
		r.note("waiting for the target's yes: %s (entente inbox)\n", strings.Join(waiting, ", "))
		return &ended{code: ExitWaiting}
	}
	return nil
}
