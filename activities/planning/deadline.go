package planning

import (
	"slices"
	"time"

	"entente.dev/entente/internal/plan"
)

// deadline is when a share's plan becomes another one although nothing changed in its tenants: its acceptance, a hold
// or a restored person's stay ends. Zero: never.
func deadline(p *plan.SharePlan, in plan.Input) time.Time {
	if slices.Contains(in.Draining, p.Share) {
		return time.Time{}
	}
	var next time.Time
	ends := func(at time.Time) {
		if at.After(in.Now) && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	share, _ := in.Topology.Share(p.Share)
	if e, ok := in.Envelopes[p.Share]; ok && e.Revoked == nil && (e.Bounded || !e.AnswersItself(share.Policy.Acceptance, p.Counts.People+p.Counts.Waiting+p.Counts.Removals, in.Now)) {
		ends(e.ExpiresAt)
	}
	for _, h := range in.Holds {
		if h.Tenant == p.Share.Target && h.Person.Home == p.Share.Source && h.Ended.IsZero() {
			ends(h.Until)
		}
	}
	for _, i := range in.Inclusions {
		if i.Share == p.Share {
			ends(i.Until)
		}
	}
	return next
}
