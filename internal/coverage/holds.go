package coverage

import (
	"entente.dev/entente/internal/directory"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/plan"
)

// heldCell is the cell of somebody whom the target holds. It is not wanted, so that nobody counts it as missing. A
// block shows as one when the sign-in is off; until then the cell says what will be.
func heldCell(c Cell, hold plan.Hold, object directory.User) Cell {
	c.Wanted = false
	switch {
	case hold.Kind != plan.HoldBlocked:
		c.Why = "kept out by " + decision(hold)
	case c.Representation == Absent, c.Representation == SoftDeleted, object.Enabled:
		c.Why = "to be blocked by " + decision(hold)
	default:
		c.Representation, c.Why = Blocked, "blocked by "+decision(hold)
	}
	return c
}

// decision is who decided, why, and until when.
func decision(h plan.Hold) string {
	who := h.By
	if who == "" {
		who = "the target"
	}
	if h.Reason != "" {
		who += ": " + h.Reason
	}
	if !h.Until.IsZero() {
		who += ", until " + h.Until.UTC().Format("2006-01-02 15:04") + " UTC"
	}
	return who
}

// protection says why nobody shares this person there: they are protected at home, or by what they are in the target.
// Their cell is not wanted, so that nobody counts it as missing.
func (m *matrix) protection(p ident.Person, user directory.User, tenant ident.Tenant) string {
	if why := m.protected[p.Home][p.ID]; why != "" {
		return why
	}
	if len(m.protected[tenant]) == 0 {
		return ""
	}
	for _, id := range m.indexes[tenant].Candidates(user) {
		if why := m.protected[tenant][id]; why != "" {
			return why + " in tenant " + string(tenant)
		}
	}
	return ""
}
