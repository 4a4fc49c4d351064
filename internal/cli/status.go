package cli

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"entente.dev/entente/internal/api/client"
	"entente.dev/entente/internal/api/wire"
	"entente.dev/entente/internal/coverage"
)

// patience is how long a watched server may be away.
const patience = time.Minute

func (r *run) statusCommand() *cobra.Command {
	var watch bool
	cmd := &cobra.Command{
		Use: "status", Short: "Show where every share and tenant stands", Args: cobra.NoArgs,
		Example: "  entente status\n  entente status --watch",
		RunE: r.connected(func(ctx context.Context, c *client.Client, org string, _ []string) error {
			status, err := c.Status(ctx, org)
			if err != nil {
				return err
			}
			if err := r.show(status, func() { r.showStatus(status) }); err != nil || !watch {
				return err
			}
			return r.watch(ctx, c, org, status)
		}),
	}
	cmd.Flags().BoolVar(&watch, "watch", false, "go on with one line per change until interrupted")
	return cmd
}

func (r *run) watch(ctx context.Context, c *client.Client, org string, from wire.Status) error {
	shown := map[string]string{}
	for _, s := range from.Shares {
		shown[s.Share.String()] = phaseLine(s)
	}
	err := c.Watch(ctx, org, patience, func(e client.Event) bool {
		if e.Share != nil && shown[e.Share.Share.String()] != phaseLine(*e.Share) {
			shown[e.Share.Share.String()] = phaseLine(*e.Share)
			r.note("%s  %s\n", when(e.Share.UpdatedAt), phaseLine(*e.Share))
		}
		if e.Problem != nil {
			r.note("%s  %s\n", when(time.Now()), e.Problem.Error())
		}
		return true
	})
	if ctx.Err() == context.Canceled {
		return nil // the person has seen enough
	}
	return err
}

func phaseColour(phase string) colour {
	switch phase {
	case wire.PhaseInSync:
		return green
	case wire.PhaseRefused, wire.PhaseBlocked, wire.PhaseRejected, wire.PhaseExpired:
		return red
	case wire.PhaseWaiting, wire.PhaseFrozen, wire.PhasePaused:
		return yellow
	case wire.PhaseStopped:
		return faint
	default:
		return blue
	}
}

func (r *run) showStatus(s wire.Status) {
	t := &table{}
	t.add(header("share", "phase", "people", "updated", "detail")...)
	for _, share := range s.Shares {
		t.add(cell{text: share.Share.String()}, cell{text: share.Phase, colour: phaseColour(share.Phase)},
			cell{text: fmt.Sprint(share.People)}, cell{text: when(share.UpdatedAt)}, cell{text: share.Detail})
	}
	r.write(t)
	r.showProblems(s)
	r.printf("\n")
	t = &table{}
	t.add(header("tenant", "observed", "state", "detail")...)
	for _, tenant := range s.Tenants {
		state := cell{text: "ok", colour: green}
		if tenant.Problem != nil {
			state = cell{text: string(tenant.Problem.Kind), colour: red}
		}
		detail := ""
		if p := tenant.Problem; p != nil {
			detail = strings.TrimSuffix(p.Op+": "+p.Detail, ": ")
		}
		t.add(cell{text: string(tenant.Tenant)}, cell{text: when(tenant.ObservedAt)}, state, cell{text: detail})
	}
	r.write(t)
	in := 0
	for _, share := range s.Shares {
		if share.InSync {
			in++
		}
	}
	r.printf("\nshares in sync %d/%d · requests waiting %d\n", in, len(s.Shares), s.Waiting)
}

func (r *run) showProblems(s wire.Status) {
	seen := map[string]bool{}
	for _, share := range s.Shares {
		for _, p := range share.Problems {
			key := p.Error()
			if seen[key] {
				continue
			}
			seen[key] = true
			if len(seen) == 1 {
				r.printf("\nProblems\n")
			}
			where := ""
			if p.Tenant != "" {
				where = " (tenant " + p.Tenant + ")"
			}
			r.printf("  %s %s: %s%s: %s\n", r.paint(red, "!"), share.Share, p.Op, where, strings.TrimSpace(string(p.Kind)+" "+p.Code))
			if p.Detail != "" {
				r.printf("      %s\n", p.Detail)
			}
			if p.Remedy != "" {
				r.printf("      what to do: %s\n", p.Remedy)
			}
		}
	}
}

func (r *run) coverageCommand() *cobra.Command {
	var person string
	cmd := &cobra.Command{
		Use: "coverage", Short: "Show who is represented where: one row per person, one column per tenant", Args: cobra.NoArgs,
		Example: "  entente coverage\n  entente coverage --person bob",
		RunE: r.connected(func(ctx context.Context, c *client.Client, org string, _ []string) error {
			all, err := c.CoverageAll(ctx, org, person)
			if err != nil {
				return err
			}
			return r.show(all, func() {
				if person != "" && len(all.Rows) == 0 {
					r.printf("nobody's name or user principal name contains %q\n", person)
					return
				}
				r.showCoverage(all)
			})
		}),
	}
	cmd.Flags().StringVar(&person, "person", "", "only people whose name or user principal name contains this")
	return cmd
}

// mark is how a representation looks: never by colour alone.
func mark(c coverage.Cell) cell {
	m := map[coverage.Representation]cell{
		coverage.Internal: {"● internal", blue}, coverage.Member: {"◆ member", green}, coverage.Guest: {"○ guest", yellow},
		coverage.Pending: {"… pending", yellow}, coverage.SoftDeleted: {"✕ soft-deleted", red}, coverage.Absent: {"– absent", faint},
		coverage.Blocked: {"⊘ blocked", red},
	}[c.Representation]
	if m.text == "" {
		m.text = "  (not shown)"
		if c.Representation != "" {
			m.text = string(c.Representation)
		}
	}
	return m
}

func (r *run) showCoverage(c wire.Coverage) {
	names := []string{"person", "home"}
	for _, t := range c.Tenants {
		names = append(names, string(t))
	}
	t := &table{}
	heading := header(names...)
	for i := 2; i < len(heading); i++ {
		heading[i].text = names[i] // tenants are written as they are named
	}
	t.add(heading...)
	for _, row := range c.Rows {
		upn := row.UPN
		if row.Left {
			upn += " (left)"
		}
		cells := []cell{{text: upn}, {text: string(row.Person.Home)}}
		for _, c := range row.Cells {
			cells = append(cells, mark(c))
		}
		t.add(cells...)
	}
	r.write(t)
	for _, row := range c.Rows {
		for _, cell := range row.Cells {
			if cell.Why != "" && cell.Representation != coverage.Member && cell.Representation != coverage.Internal {
				r.printf("  %s in %s: %s\n", row.UPN, cell.Tenant, cell.Why)
			}
		}
	}
	r.printf("\n%s\n", totalsLine(c.Totals))
}

// totalsLine always has the same first parts, so that scripts may look for them; the others only when not 0.
func totalsLine(t coverage.Totals) string {
	line := fmt.Sprintf("coverage %d/%d · internal %d · members %d · guests %d", t.Covered, t.Wanted, t.Internal, t.Members, t.Guests)
	for _, part := range []struct {
		word string
		n    int
	}{{"pending", t.Pending}, {"absent", t.Absent}, {"soft-deleted", t.SoftDeleted}, {"blocked", t.Blocked}} {
		if part.n > 0 {
			line += fmt.Sprintf(" · %s %d", part.word, part.n)
		}
	}
	return line
}

func (r *run) exportCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "export", Short: "Write data for other programs", Example: "  entente export coverage --csv > coverage.csv"}
	var asCSV bool
	var out string
	sub := &cobra.Command{
		Use: "coverage", Short: "Write the coverage matrix", Args: cobra.NoArgs, Example: "  entente export coverage --csv --out coverage.csv",
		RunE: r.connected(func(ctx context.Context, c *client.Client, org string, _ []string) error {
			if !asCSV {
				return fmt.Errorf("choose a format: --csv (for JSON: entente coverage -o json)")
			}
			return r.exportCoverage(ctx, c, org, out)
		}),
	}
	sub.Flags().BoolVar(&asCSV, "csv", false, "comma-separated values with a header")
	sub.Flags().StringVar(&out, "out", "", "file to write (default: standard output)")
	cmd.AddCommand(sub)
	return cmd
}

// exportCoverage streams page by page.
func (r *run) exportCoverage(ctx context.Context, c *client.Client, org, out string) (err error) {
	to := r.out
	if out != "" {
		f, err := os.Create(out)
		if err != nil {
			return fmt.Errorf("write the export: %w", err)
		}
		defer func() {
			if e := f.Close(); err == nil && e != nil {
				err = fmt.Errorf("write the export: %w", e)
			}
		}()
		to = f
	}
	return writeCSV(ctx, c, org, to)
}

func writeCSV(ctx context.Context, c *client.Client, org string, to io.Writer) error {
	w := csv.NewWriter(to)
	page, err := c.Coverage(ctx, org, "", client.Page{Limit: 1000})
	if err != nil {
		return err
	}
	heading := []string{"user principal name", "name", "home", "left"}
	for _, t := range page.Tenants {
		heading = append(heading, string(t))
	}
	if err := w.Write(heading); err != nil {
		return err
	}
	for {
		for _, row := range page.Rows {
			fields := []string{inert(row.UPN), inert(row.Name), string(row.Person.Home), fmt.Sprint(row.Left)}
			for _, c := range row.Cells {
				fields = append(fields, string(c.Representation))
			}
			if err := w.Write(fields); err != nil {
				return err
			}
		}
		if page.Next == "" {
			w.Flush()
			return w.Error()
		}
		if page, err = c.Coverage(ctx, org, "", client.Page{After: page.Next, Limit: 1000}); err != nil {
			return err
		}
	}
}

// inert keeps spreadsheets from running a name as a formula.
func inert(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}
