package signin

import (
	"crypto/sha256"
	"net/http"
	"sync"
	"time"
)

// How long what the service remembers stays good. A code lives about ten minutes and a refresh token 90 days
// (Microsoft identity platform documentation, "Refresh tokens"); a device code's life is in its answer.
const (
	codeLife    = 10 * time.Minute
	refreshLife = 90 * 24 * time.Hour
	deviceLife  = 15 * time.Minute
	sessionLife = 24 * time.Hour
	// graveLife keeps a dead entry so that its end can be told apart from never having existed.
	graveLife = time.Hour
)

// vaultLimit bounds each kind of entry; the oldest knowledge of a simulator is the cheapest to lose.
const vaultLimit = 50_000

// holder is a signed-in person, as far as a grant remembers. The password's digest tells that it was changed.
type holder struct {
	tenantID, upn string
	password      [32]byte
}

func holderOf(tenantID string, p Person) holder {
	return holder{tenantID, p.UPN, sha256.Sum256([]byte(p.Password))}
}

// codeGrant is an authorization code.
type codeGrant struct {
	holder
	client, redirect, scope, resource, nonce string
	challenge, method                        string
	clientInfo                               bool
	expires                                  time.Time
	used                                     bool
}

// refreshGrant is a refresh token. It serves every resource, and using it does not revoke it.
type refreshGrant struct {
	holder
	client, scope, resource string
	expires                 time.Time
}

// deviceState is how far a device code has come.
type deviceState int

const (
	devicePending deviceState = iota
	deviceApproved
	deviceDeclined
	deviceUsed
)

// deviceGrant is a device code. The scope is remembered, because polls often come without.
type deviceGrant struct {
	holder
	authority               authority
	client, scope, resource string
	user                    string // what the person types
	state                   deviceState
	expires                 time.Time
}

// session is a browser in which somebody is signed in.
type session struct {
	holder
	clients map[string]string // client id to tenant id, for the redirect after sign-out
	expires time.Time
}

// vault keeps what must be remembered between two requests. It lives in memory: codes, refresh tokens and
// browser sessions end with the process.
type vault struct {
	mu       sync.Mutex
	codes    map[string]*codeGrant
	refresh  map[string]*refreshGrant
	devices  map[string]*deviceGrant
	sessions map[string]*session
}

func newVault() *vault {
	return &vault{
		codes: map[string]*codeGrant{}, refresh: map[string]*refreshGrant{},
		devices: map[string]*deviceGrant{}, sessions: map[string]*session{},
	}
}

// keep stores an entry under a fresh name and drops what is long dead, or anything, when there is too much.
func keep[T any](v *vault, in map[string]*T, entry *T, dead func(*T) bool) string {
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(in) >= vaultLimit {
		for name, old := range in {
			if dead(old) {
				delete(in, name)
			}
		}
		for name := range in {
			if len(in) < vaultLimit {
				break
			}
			delete(in, name)
		}
	}
	name := random()
	in[name] = entry
	return name
}

const sessionCookie = "__Host-ESTSAUTH"

// browser is the session of a request's cookie, if its person may still sign in.
func (s *Service) browser(r *http.Request) (*session, Person, bool) {
	cookie, err := r.Cookie(sessionCookie)
	if err != nil {
		return nil, Person{}, false
	}
	v := s.grants
	v.mu.Lock()
	found := v.sessions[cookie.Value]
	v.mu.Unlock()
	if found == nil || !s.now().Before(found.expires) {
		return nil, Person{}, false
	}
	p, f := s.still(found.holder)
	return found, p, f == nil
}

// remember starts a browser session.
func (s *Service) remember(w http.ResponseWriter, h holder) *session {
	now := s.now()
	entry := &session{holder: h, clients: map[string]string{}, expires: now.Add(sessionLife)}
	id := keep(s.grants, s.grants.sessions, entry, func(e *session) bool { return e.expires.Before(now) })
	http.SetCookie(w, &http.Cookie{Name: sessionCookie, Value: id, Path: "/", Secure: true, HttpOnly: true, SameSite: http.SameSiteNoneMode})
	return entry
}

// still finds the person of a grant again and refuses one who was disabled, removed or given a new password.
func (s *Service) still(h holder) (Person, *fault) {
	p, ok := s.dir.Person(h.tenantID, h.upn)
	switch {
	case !ok:
		return p, refuse(50173)
	case !p.Enabled:
		return p, refuse(50057)
	case sha256.Sum256([]byte(p.Password)) != h.password:
		return p, refuse(50173)
	}
	return p, nil
}

// checkPassword signs a person in by name and password.
func (s *Service) checkPassword(tenantID, upn, password string) (Person, *fault) {
	p, ok := s.dir.Person(tenantID, upn)
	switch {
	case !ok:
		return p, refuse(50034)
	case !p.Enabled:
		return p, refuse(50057)
	case p.Password != "" && !sameSecret(p.Password, password):
		return p, refuse(50126)
	}
	return p, nil
}
