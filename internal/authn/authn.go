package authn

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"

	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/problem"
)

// Role is what somebody is to Entente.
type Role string

// The roles. A tenant admin and a tenant's viewer are bound to one tenant; a viewer without one sees the
// whole organization.
const (
	Platform    Role = "platform"
	TenantAdmin Role = "tenant-admin"
	Viewer      Role = "viewer"
)

// Roles lists all of them, for total tables.
func Roles() []Role { return []Role{Platform, TenantAdmin, Viewer} }

// Principal is who makes a request.
type Principal struct {
	Name   string       `json:"name"`
	Role   Role         `json:"role"`
	Tenant ident.Tenant `json:"tenant,omitempty"` // whose tenant this is; empty: none in particular
	Org    string       `json:"org,omitempty"`    // the only organization it may touch; empty: every one here
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
	switch {
	case t.Name == "":
		return out, fmt.Errorf("has no name; decisions are recorded under it")
	case t.Role != Platform && t.Role != TenantAdmin && t.Role != Viewer:
		return out, fmt.Errorf("role %q is unknown; use platform, tenant-admin or viewer", t.Role)
	case t.Role == TenantAdmin && t.Tenant == "":
		return out, fmt.Errorf("a tenant admin needs the tenant it decides for")
	case t.Role == Platform && t.Tenant != "":
		return out, fmt.Errorf("the platform role is not bound to a tenant")
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
	scheme, secret, ok := strings.Cut(r.Header.Get("Authorization"), " ")
	if !ok || !strings.EqualFold(scheme, "Bearer") || strings.TrimSpace(secret) == "" {
		return Principal{}, refused("the request carries no bearer token",
			"run `entente login`, or set ENTENTE_TOKEN or --token-file")
	}
	sum := sha256.Sum256([]byte(strings.TrimSpace(secret)))
	// Every known token is compared, so that the time taken says nothing about which one was near.
	found := -1
	for i := range t.known {
		if subtle.ConstantTimeCompare(sum[:], t.known[i].sum[:]) == 1 {
			found = i
		}
	}
	if found < 0 {
		return Principal{}, refused("the bearer token is not one of this server's tokens",
			"check that the token belongs to this server and was not replaced")
	}
	return t.known[found].who, nil
}

func refused(detail, remedy string) error {
	return &problem.Error{Kind: problem.Unauthenticated, Op: "sign in", Detail: detail, Remedy: remedy}
}

type contextKey struct{}

// With puts the principal of a request into its context.
func With(ctx context.Context, who Principal) context.Context {
	return context.WithValue(ctx, contextKey{}, who)
}

// From returns the principal of a request; the zero principal, which may do nothing, when there is none.
func From(ctx context.Context) Principal {
	who, _ := ctx.Value(contextKey{}).(Principal)
	return who
}
