package cli

import (
	"context"
	"fmt"
	"time"

	"entente.dev/entente/internal/api/client"
	"entente.dev/entente/internal/api/wire"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/store"
)

// tellLost says, before anything is done, who cannot come back as the same object and why.
func (r *run) tellLost(ctx context.Context, c *client.Client, org string, in wire.Restore) error {
	dry := in.Preview
	in.Preview = true
	out, err := c.Restore(ctx, org, in)
	if err != nil {
		return err
	}
	tell := func() {
		for _, l := range out.Lost {
			r.note("%s  %s cannot be restored: %s\n", l.Share, l.UPN, l.Reason)
		}
	}
	if !dry {
		tell()
		return nil
	}
	return r.show(out, func() {
		tell()
		for _, s := range out.Restores {
			r.printf("%s: %s of %s can come back as the same %s\n", s.Share, count(len(s.People), "person"), s.ReductionID, verb(len(s.People), "object", "objects"))
		}
	})
}

// awaitRestored looks until everybody is back, or is known not to come back as the same object; a blocked share is
// told once, because it goes on by itself when its problem is repaired.
func (r *run) awaitRestored(ctx context.Context, c *client.Client, org string, out wire.Restored) error {
	told := map[ident.Share]bool{}
	for {
		all, err := c.Reductions(ctx, org)
		if err != nil {
			return err
		}
		open, lost := notBack(all.Reductions, out)
		if len(open) == 0 {
			return r.tellRestored(out, lost)
		}
		status, err := c.Status(ctx, org)
		if err != nil {
			return err
		}
		for _, s := range status.Shares {
			if s.Phase == wire.PhaseBlocked && open[s.Share] > 0 && !told[s.Share] {
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

func (r *run) tellRestored(out wire.Restored, lost []store.Removal) error {
	for _, m := range lost {
		r.note("%s cannot be restored: %s\n", m.UPN, m.Missing)
	}
	switch {
	case len(lost) > 0:
		return fmt.Errorf("%s did not come back as the same object; `entente reductions` says why", count(len(lost), "person"))
	case len(out.Lost) > 0:
		r.note("everybody is back who can be\n")
	default:
		r.note("everybody is back\n")
	}
	return nil
}

// notBack counts who is still awaited, and lists those whom this restore has given up.
func notBack(all []store.Reduction, out wire.Restored) (open map[ident.Share]int, lost []store.Removal) {
	open = map[ident.Share]int{}
	for _, want := range out.Restores {
		before := map[ident.Person]store.Removal{}
		for _, p := range want.People {
			before[p.Person] = p
		}
		for _, red := range all {
			if red.ID != want.ReductionID {
				continue
			}
			for _, m := range red.Removals {
				was, asked := before[m.Person]
				switch {
				case !asked || m.State == store.Returned:
				case m.State == store.Lost && (was.State != store.Lost || m.At.After(was.At)): // not of an earlier restore
					lost = append(lost, m)
				default:
					open[want.Share]++
				}
			}
		}
	}
	return open, lost
}
