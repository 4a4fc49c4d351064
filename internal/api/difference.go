package api

import (
	"context"
	"fmt"

	"entente.dev/entente/internal/api/wire"
	"entente.dev/entente/internal/authz"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/plan"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/store"
)

// mostNamed is how many people each list of a difference names.
const mostNamed = 50

// moved refuses an answer to a plan that a request is about no longer, and says what has changed since, to whoever
// may see people.
func (s *server) moved(ctx context.Context, r store.Request, seen string) error {
	out := wire.From(&problem.Error{
		Kind: problem.Stale, Op: "approve", Tenant: string(r.Tenant), Remedy: "look at the request again, then decide",
		Detail: fmt.Sprintf("the request is about plan %s by now, not %s; nothing was decided", ident.Short(r.PlanDigest), ident.Short(seen)),
	})
	before, err := s.Store.SharePlan(ctx, r.Org, seen)
	if err != nil || before.Share != r.Share {
		out.Errors = append(out.Errors, wire.Fault{Rule: "unknown-plan", Message: "the plan that was seen is not stored here, or is another share's"})
		return out
	}
	now, err := s.Store.SharePlan(ctx, r.Org, r.PlanDigest)
	if err != nil {
		return out
	}
	out.Difference = difference(before, now)
	if !s.may(ctx, authz.People, objectOf(r)) {
		out.Difference.Added, out.Difference.Removed, out.Difference.Changed = []string{}, []string{}, []wire.Change{}
	}
	return out
}

// difference compares two plans of one share by who asks, and by what happens to those who ask in both.
func difference(before, now *plan.SharePlan) *wire.Difference {
	out := &wire.Difference{Added: []string{}, Removed: []string{}, Changed: []wire.Change{}}
	old := asking(before)
	for _, e := range now.Effects {
		was, there := old[e.Person]
		switch {
		case !asks(e):
		case !there:
			name(&out.Added, &out.AddedCount, e.UPN)
		case meaning(was) != meaning(e):
			name(&out.Changed, &out.ChangedCount, wire.Change{UPN: e.UPN, Before: meaning(was), Now: meaning(e)})
		}
	}
	left := asking(now)
	for _, e := range before.Effects {
		if _, still := left[e.Person]; !still && asks(e) {
			name(&out.Removed, &out.RemovedCount, e.UPN)
		}
	}
	return out
}

func name[T any](list *[]T, count *int, value T) {
	*count++
	if len(*list) < mostNamed {
		*list = append(*list, value)
	}
}

func asking(p *plan.SharePlan) map[ident.Person]plan.Effect {
	out := make(map[ident.Person]plan.Effect, len(p.Effects))
	for _, e := range p.Effects {
		if asks(e) {
			out[e.Person] = e
		}
	}
	return out
}

// asks: those whom the engine skips, or whom the target keeps out, ask for nothing.
func asks(e plan.Effect) bool { return e.Action != plan.Skip && e.Action != plan.HeldOut }

func meaning(e plan.Effect) string { return fmt.Sprintf("%s: %s to %s", e.Action, e.From, e.To) }
