package share

import (
	"fmt"

	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/ident"
)

// count is "1 person" or "2 people".
func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

func people(n int) string { return count(n, "person", "people") }

func leave(n int) string { return count(n, "person leaves", "people leave") }

func ofThemLeave(n int) string { return count(n, "of the people leaves", "of the people leave") }

func firstOut(n int) string {
	return count(n, "person is taken out first", "people are taken out first")
}

func becomeMembers(n int) string {
	return count(n, "existing guest becomes a Member", "existing guests become Members")
}

// also joins what is said of the share; either may be empty.
func also(a, b string) string {
	if a != "" && b != "" {
		return a + "; " + b
	}
	return a + b
}

// frozen says why nothing new comes in.
func frozen(ref contract.SharePlanRef, target ident.Tenant) string {
	if ref.Acceptance.Why != "" {
		return ref.Acceptance.Why
	}
	return fmt.Sprintf("tenant %s took its acceptance back", target)
}
