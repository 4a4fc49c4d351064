package demo

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"entente.dev/entente/internal/api/wire"
)

type timing struct {
	phase string
	took  time.Duration
}

func (d *Demo) printf(format string, args ...any) { fmt.Fprintf(d.options.Out, format, args...) }

func (d *Demo) title(text string) { d.printf("\n== %s\n", text) }

// shellWords writes arguments as a person would type them.
func shellWords(args []string) string {
	words := make([]string, len(args))
	for i, a := range args {
		words[i] = a
		if strings.ContainsAny(a, " \t") {
			words[i] = strconv.Quote(a)
		}
	}
	return strings.Join(words, " ")
}

// phases sums shares up: "2 in-sync, 4 syncing".
func phases(shares []wire.ShareStatus) string {
	n := map[string]int{}
	for _, s := range shares {
		n[s.Phase]++
	}
	var words []string
	for _, phase := range slices.Sorted(maps.Keys(n)) {
		words = append(words, fmt.Sprintf("%d %s", n[phase], phase))
	}
	return strings.Join(words, ", ")
}

// report prints the final matrix and reads the figures of the last line from the product.
func (d *Demo) report(ctx context.Context) error {
	d.title("Where everybody stands")
	if err := d.expect(ctx, 0, "platform", "coverage"); err != nil {
		return err
	}
	if err := d.expect(ctx, 0, "platform", "audit", "verify"); err != nil {
		return err
	}
	c, err := d.api.CoverageAll(ctx, organization, "")
	if err != nil {
		return err
	}
	d.result.covered, d.result.wanted = c.Totals.Covered, c.Totals.Wanted
	d.result.members, d.result.guests = c.Totals.Members, c.Totals.Guests
	counts, err := d.sim.Admin().Counts(ctx)
	if err != nil {
		return err
	}
	d.title("Requests to Graph")
	for _, tenant := range slices.Sorted(maps.Keys(counts.Graph)) {
		d.printf("  %-38s %d\n", tenant, counts.Graph[tenant])
	}
	return nil
}

// finish prints the timings, where to look, and the line that scripts wait for.
func (d *Demo) finish() {
	d.title("Time of each phase")
	for _, t := range d.timings {
		d.printf("  %-16s %6.1f s\n", t.phase, t.took.Seconds())
	}
	d.printf("\nConsole      %s\nTemporal UI  %s\nTokens       %s\n\n", d.app.URL(), d.app.TemporalUI(), d.tokenFile(""))
	r := d.result
	d.printf("demo: ok coverage=%d/%d members=%d guests=%d reduced=%d restored=%d\n", r.covered, r.wanted, r.members, r.guests, r.reduced, r.restored)
}
