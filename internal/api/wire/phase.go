package wire

// Phases of a share, as ShareStatus.Phase has them. They are written out here so that programs that only speak
// HTTP need not link what runs the workflows; a test of package api keeps them equal to the contract's.
const (
	PhaseWaiting  = "waiting"
	PhaseRejected = "rejected"
	PhaseExpired  = "expired"
	PhaseInSync   = "in-sync"
	PhaseRefused  = "refused"
	PhaseBlocked  = "blocked"
	PhaseFrozen   = "frozen"
	PhasePaused   = "paused"
	PhaseStopped  = "stopped"
)

// Settled phases do not go on without a person, or for a long time.
func Settled(phase string) bool {
	switch phase {
	case PhaseInSync, PhaseWaiting, PhaseRejected, PhaseExpired, PhaseRefused, PhaseBlocked, PhaseFrozen, PhasePaused, PhaseStopped:
		return true
	default:
		return false
	}
}
