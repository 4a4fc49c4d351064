package signin

import (
	"context"
	"crypto"
	"errors"
	"strings"
	"sync"
	"time"
)

// DefaultTokenLifetime is what most documented answers show in expires_in.
const DefaultTokenLifetime = 3599 * time.Second

// Config is what the service needs. Directory is required, everything else has a default.
type Config struct {
	Directory Directory
	// GraphBase is Graph's base URL without a trailing slash where it is not the base that the client used for
	// sign-in. It is also an audience of Graph.
	GraphBase string
	// GraphAudiences are further resource names of Graph, beside the documented ones and the base in use. They
	// are compared without regard to case and to one trailing slash.
	GraphAudiences []string
	// KeyDir keeps the signing keys over a restart. Empty: keys live in memory and tokens die with the process.
	KeyDir string
	// TokenLifetime defaults to DefaultTokenLifetime; Switches.TokenLifetime overrides it while running.
	TokenLifetime time.Duration
	// Now is the wall clock, never a virtual one: clients compare token times with their own. Default: time.Now.
	Now func() time.Time
	// Switches is the state at the start.
	Switches Switches
	// IssuerKeys returns the public keys of an outside issuer for federated assertions. Default: the issuer's
	// OpenID configuration over HTTPS.
	IssuerKeys func(ctx context.Context, issuer string) ([]crypto.PublicKey, error)
}

// Service answers sign-in requests and checks the tokens that it issued. It is safe for concurrent use.
type Service struct {
	dir            Directory
	graphBase      string
	graphAudiences []string
	lifetime       time.Duration
	now            func() time.Time
	issuerKeys     func(ctx context.Context, issuer string) ([]crypto.PublicKey, error)
	keys           *keyRing
	grants         *vault

	mu       sync.Mutex
	switches Switches
	revoked  map[string]int64 // uti of challenged tokens, and their end
}

// New builds the service and loads or creates its signing keys.
func New(c Config) (*Service, error) {
	if c.Directory == nil {
		return nil, errors.New("signin: Config.Directory is required")
	}
	keys, err := openKeys(c.KeyDir)
	if err != nil {
		return nil, err
	}
	s := &Service{
		dir: c.Directory, graphBase: strings.TrimSuffix(c.GraphBase, "/"), graphAudiences: c.GraphAudiences,
		lifetime: c.TokenLifetime, now: c.Now, issuerKeys: c.IssuerKeys, keys: keys, grants: newVault(),
		switches: c.Switches, revoked: map[string]int64{},
	}
	if s.lifetime <= 0 {
		s.lifetime = DefaultTokenLifetime
	}
	if s.now == nil {
		s.now = time.Now
	}
	if s.issuerKeys == nil {
		s.issuerKeys = discoverKeys
	}
	return s, nil
}
