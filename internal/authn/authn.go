package authn

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"entente.dev/entente/internal/ident"
)

// Role is what somebody is to Entente.
type Role string

// The roles. A tenant admin and a tenant's viewer are bound to one tenant; a viewer without one sees the
// whole organization. A worker is a process that serves tenants' queues; it is bound to them and is nobody's account.
const (
	Platform    Role = "platform"
	TenantAdmin Role = "tenant-admin"
	Viewer      Role = "viewer"
	Worker      Role = "worker"
)

// Roles lists all of them, for total tables.
func Roles() []Role { return []Role{Platform, TenantAdmin, Viewer, Worker} }

// Binding is one role and where it holds.
type Binding struct {
	Role   Role         `json:"role"`
	Tenant ident.Tenant `json:"tenant,omitempty"` // whose tenant this is; empty: none in particular
	Org    string       `json:"org,omitempty"`    // the only organization it may touch; empty: every one here
}

// Check tells what is wrong with a binding: a tenant admin and a worker need a tenant, the platform role has none.
func (b Binding) Check() error {
	switch {
	case !slices.Contains(Roles(), b.Role):
		return fmt.Errorf("role %q is unknown; use platform, tenant-admin, viewer or worker", b.Role)
	case b.Role == TenantAdmin && b.Tenant == "":
		return errors.New("a tenant admin needs the tenant it decides for")
	case b.Role == Worker && b.Tenant == "":
		return errors.New("a worker needs the tenant whose queue it serves")
	case b.Role == Platform && b.Tenant != "":
		return errors.New("the platform role is not bound to a tenant")
	}
	return nil
}

// Principal is who makes a request. Most hold one role; who holds more has the others in More, and may do what
// any single one of them allows.
type Principal struct {
	Name    string       `json:"name"`
	Subject string       `json:"subject,omitempty"` // issuer and subject of a sign-in; empty for configured tokens
	Role    Role         `json:"role"`
	Tenant  ident.Tenant `json:"tenant,omitempty"` // whose tenant this is; empty: none in particular
	Org     string       `json:"org,omitempty"`    // the only organization it may touch; empty: every one here
	More    []Binding    `json:"more,omitempty"`
}

// ID says who it is, whatever the name: what tells two people apart. A configured token is one person.
func (p Principal) ID() string {
	if p.Subject != "" {
		return p.Subject
	}
	return "token/" + p.Name
}

// Bindings are all roles that the principal holds, the first one first. Nobody in particular holds none.
func (p Principal) Bindings() []Binding {
	if p.Role == "" {
		return nil
	}
	return append([]Binding{{Role: p.Role, Tenant: p.Tenant, Org: p.Org}}, p.More...)
}

// Decides lists the tenants whose admin the principal is, in an organization; an empty one means any.
func (p Principal) Decides(org string) []ident.Tenant {
	return p.tenants(org, func(b Binding) bool { return b.Role == TenantAdmin })
}

// Tenants lists those that any of its roles is bound to, in an organization.
func (p Principal) Tenants(org string) []ident.Tenant {
	return p.tenants(org, func(Binding) bool { return true })
}

func (p Principal) tenants(org string, counts func(Binding) bool) []ident.Tenant {
	var out []ident.Tenant
	for _, b := range p.Bindings() {
		if b.Tenant != "" && counts(b) && (org == "" || b.Org == "" || b.Org == org) && !slices.Contains(out, b.Tenant) {
			out = append(out, b.Tenant)
		}
	}
	return out
}

// Hold returns the principal with these roles, without repetitions; the first becomes the one shown first.
func (p Principal) Hold(bindings []Binding) Principal {
	p.Role, p.Tenant, p.Org, p.More = "", "", "", nil
	for i, b := range bindings {
		switch {
		case slices.Contains(bindings[:i], b):
		case p.Role == "":
			p.Role, p.Tenant, p.Org = b.Role, b.Tenant, b.Org
		default:
			p.More = append(p.More, b)
		}
	}
	return p
}

// Authenticator finds the principal of a request. Its errors are problem.Unauthenticated and say what to do.
type Authenticator interface {
	Authenticate(*http.Request) (Principal, error)
}

// Token is one bearer token of the configuration. Exactly one of SHA256 (hex) and Secret is given.
type Token struct {
	Name   string
	Role   Role
	Tenant ident.Tenant
	Also   []ident.Tenant // more tenants of a worker that serves several
	Org    string
	SHA256 string
	Secret string
}

// Tokens authenticates bearer tokens. It is safe for concurrent use.
type Tokens struct{ known []known }

type known struct {
	sum [sha256.Size]byte
	who Principal
}

// NewTokens checks the configuration: names and secrets are unique, a tenant admin has a tenant, the platform
// role has none.
func NewTokens(tokens []Token) (*Tokens, error) {
	t := &Tokens{}
	names, sums := map[string]bool{}, map[[sha256.Size]byte]bool{}
	for i, in := range tokens {
		entry, err := in.resolve()
		if err != nil {
			return nil, fmt.Errorf("token %d (%s): %w", i+1, in.Name, err)
		}
		if names[in.Name] || sums[entry.sum] {
			return nil, fmt.Errorf("token %d (%s): the name or the secret is used twice", i+1, in.Name)
		}
		names[in.Name], sums[entry.sum] = true, true
		t.known = append(t.known, entry)
	}
	return t, nil
}

func (t Token) resolve() (known, error) {
	out := known{who: Principal{Name: t.Name, Role: t.Role, Tenant: t.Tenant, Org: t.Org}}
	if t.Name == "" {
		return out, errors.New("has no name; decisions are recorded under it")
	}
	if err := (Binding{Role: t.Role, Tenant: t.Tenant, Org: t.Org}).Check(); err != nil {
		return out, err
	}
	if len(t.Also) > 0 && t.Role != Worker {
		return out, errors.New("only a worker's token is for several tenants; give each person a token of their own")
	}
	for _, tenant := range t.Also {
		more := Binding{Role: t.Role, Tenant: tenant, Org: t.Org}
		if err := more.Check(); err != nil {
			return out, err
		}
		out.who.More = append(out.who.More, more)
	}
	switch {
	case (t.SHA256 == "") == (t.Secret == ""):
		return out, fmt.Errorf("needs either the token's SHA-256 or the token itself")
	case t.Secret != "" && len(t.Secret) < 16:
		return out, fmt.Errorf("the token is too short to be a secret; use 16 characters or more")
	case t.Secret != "":
		out.sum = sha256.Sum256([]byte(t.Secret))
		return out, nil
	}
	raw, err := hex.DecodeString(t.SHA256)
	if err != nil || len(raw) != sha256.Size {
		return out, fmt.Errorf("the SHA-256 is not 64 hexadecimal characters")
	}
	copy(out.sum[:], raw)
	return out, nil
}

// Authenticate implements Authenticator.
func (t *Tokens) Authenticate(r *http.Request) (Principal, error) {
	secret, err := Bearer(r)
	if err != nil {
		return Principal{}, err
	}
	sum := sha256.Sum256([]byte(secret))
	// Every known token is compared, so that the time taken says nothing about which one was near.
	found := -1
	for i := range t.known {
		if subtle.ConstantTimeCompare(sum[:], t.known[i].sum[:]) == 1 {
			found = i
		}
	}
	if found < 0 {
		return Principal{}, Refused("the bearer token is not one of this server's tokens",
			"check that the token belongs to this server and was not replaced")
	}
	return t.known[found].who, nil
}
