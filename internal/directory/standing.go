package directory

// Standing is how one user stands in one tenant, in the words of coverage.
type Standing string

// The words. coverage.Representation and plan.Effect use the same strings.
const (
	StandsInternal    Standing = "internal"
	StandsMember      Standing = "member"
	StandsGuest       Standing = "guest"
	StandsPending     Standing = "pending" // invited, never redeemed
	StandsSoftDeleted Standing = "softDeleted"
	StandsAbsent      Standing = "absent"
	StandsBlocked     Standing = "blocked" // signed out there while enabled at home
)

// Stands names a representation that was found. homeEnabled tells a block of the target from a disabled
// home account, which the engine mirrors.
func (u User) Stands(homeEnabled bool) Standing {
	switch {
	case !u.DeletedAt.IsZero():
		return StandsSoftDeleted
	case !u.External():
		return StandsInternal
	case u.ExternalUserState == "PendingAcceptance":
		return StandsPending
	case homeEnabled && !u.Enabled:
		return StandsBlocked
	case u.UserType == Guest:
		return StandsGuest
	}
	return StandsMember
}
