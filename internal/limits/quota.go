package limits

import (
	"time"

	"golang.org/x/time/rate"
)

// Class is a family of calls that Graph counts together.
type Class string

// The classes. Identity counts resource units; all others count calls.
const (
	Identity        Class = "identity"        // users, groups, servicePrincipals, policies: resource units
	IdentityWrites  Class = "identityWrites"  // the same resources: writes, counted beside their units
	Reports         Class = "reports"         // auditLogs: directoryAudits, signIns, provisioning
	Invitations     Class = "invitations"     // /invitations, shared with every other app of the tenant
	Synchronization Class = "synchronization" // servicePrincipals/{id}/synchronization: no published quota
	OnDemand        Class = "onDemand"        // provisionOnDemand
)

// Classes lists all of them, for total tables and metrics.
func Classes() []Class {
	return []Class{Identity, IdentityWrites, Reports, Invitations, Synchronization, OnDemand}
}

// Size is Graph's tenant size, which decides the resource units an app may spend in it.
type Size string

// The sizes: fewer than 50 users, 50 to 500, more than 500.
const (
	Small  Size = "S"
	Medium Size = "M"
	Large  Size = "L"
)

// SizeOf gives the size for a number of users.
func SizeOf(users int) Size {
	switch {
	case users < 50:
		return Small
	case users <= 500:
		return Medium
	default:
		return Large
	}
}

// Quota is an amount in a period.
type Quota struct {
	Amount int
	Period time.Duration
}

func (q Quota) rate() rate.Limit { return rate.Limit(float64(q.Amount) / q.Period.Seconds()) }

// burst is what may go out at once. The published amount is a window and not a bucket: a burst and what
// refills meanwhile must not pass it together, so the burst is what share leaves over.
func (q Quota) burst(share float64) int { return max(int((1-share)*float64(q.Amount)+0.5), 1) }

// Published is Graph's quota of an app in one tenant for a class. Synchronization publishes none; the
// number is our own caution, because those calls reach a back end of their own.
func Published(class Class, size Size) Quota {
	switch class {
	case Identity:
		units := map[Size]int{Small: 3500, Medium: 5000, Large: 8000}[size]
		if units == 0 {
			units = 3500
		}
		return Quota{units, 10 * time.Second}
	case IdentityWrites:
		return Quota{3000, 150 * time.Second}
	case Reports, OnDemand:
		return Quota{5, 10 * time.Second}
	case Invitations:
		return Quota{150, 5 * time.Second}
	default:
		return Quota{100, 10 * time.Second}
	}
}
