package share

import (
	"slices"

	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/plan"
)

// waits are the changes that a freeze of the calendar holds back: everything but blocked sign-ins. Who takes a yes back
// or stops the share is not held up by it.
var waits = append(slices.Clone(settingUp), plan.ScopeRemove, plan.Convert, plan.Undelete, plan.Unblock)

// outwait leaves everything as it is until a freeze of the calendar ends: the deadline wakes the share then. Questions
// were asked before, and what Microsoft's engine does by itself goes on.
func (e *entity) outwait(ref contract.SharePlanRef) error {
	e.aside = also(calendar(ref), e.aside)
	if stuck, err := e.heal(ref); stuck {
		return err
	}
	if !ref.Has(waits...) {
		return e.rest(ref)
	}
	e.enter(contract.PhasePaused, also(e.aside, e.departing()))
	return e.ctx.Err()
}

// calendar says until when nothing happens, and why.
func calendar(ref contract.SharePlanRef) string {
	words := "frozen by the calendar until " + minute(ref.FrozenUntil)
	if ref.FreezeWhy != "" {
		words += ": " + ref.FreezeWhy
	}
	return words
}
