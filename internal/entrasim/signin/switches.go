package signin

import "time"

// Always, as a count, keeps a switch on until it is changed.
const Always = -1

// Switches are the knobs that a test or an administrator of the simulator turns while it runs. Counts say how
// many requests are still affected; Always never runs out.
type Switches struct {
	// TokenLifetime overrides Config.TokenLifetime where it is not zero.
	TokenLifetime time.Duration `json:"tokenLifetime"`
	// CAELifetime is the lifetime for clients that declare CP1, in reality up to 24 hours. Zero: as the others.
	CAELifetime time.Duration `json:"caeLifetime"`
	// ThrottleTokens answers 429 with RetryAfter on the token endpoint.
	ThrottleTokens int           `json:"throttleTokens"`
	RetryAfter     time.Duration `json:"retryAfter"`
	// FailTokens answers FailStatus (default 503) on the token endpoint.
	FailTokens int `json:"failTokens"`
	FailStatus int `json:"failStatus"`
	// RefuseTokens answers the refusal with the AADSTS number RefuseCode on the token endpoint, such as 53003.
	RefuseTokens int `json:"refuseTokens"`
	RefuseCode   int `json:"refuseCode"`
	// ForgetInstance makes instance discovery deny our own host.
	ForgetInstance bool `json:"forgetInstance"`
	// ChallengeNext challenges Graph calls of clients that declared CP1.
	ChallengeNext int `json:"challengeNext"`
	// DeviceInterval is the polling interval that device code answers ask for. Zero: 5 s.
	DeviceInterval time.Duration `json:"deviceInterval"`
}

// Switches returns the present state.
func (s *Service) Switches() Switches {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.switches
}

// Switch changes the state; change runs under the service's lock and must not call the service.
func (s *Service) Switch(change func(*Switches)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.switches)
}

// take uses up one of a counted switch and tells whether it was on. The caller holds the lock.
func take(count *int) bool {
	if *count == 0 {
		return false
	}
	if *count > 0 {
		*count--
	}
	return true
}
