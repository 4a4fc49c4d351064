package openid

import (
	"context"
	"crypto"
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"

	"entente.dev/entente/internal/authn"
)

// algorithms are asymmetric ones only. With a symmetric one or none, whoever knows a public key, or nothing at
// all, could sign.
var algorithms = []string{oidc.RS256, oidc.PS256, oidc.ES256}

// header is what has to be known before a token can be believed, and is not believed itself.
type header struct {
	algorithm, key, issuer string
}

// peek reads without believing.
func peek(token string) (header, error) {
	notOurs := authn.Refused("the bearer token is neither one of this server's tokens nor a token of a sign-in service",
		"run `entente login`, or check that the token is complete and belongs to this server")
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return header{}, notOurs
	}
	var head struct {
		Algorithm string `json:"alg"`
		Key       string `json:"kid"`
	}
	var body struct {
		Issuer string `json:"iss"`
	}
	if decode(parts[0], &head) != nil || decode(parts[1], &body) != nil {
		return header{}, notOurs
	}
	return header{head.Algorithm, head.Key, body.Issuer}, nil
}

func decode(part string, into any) error {
	raw, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		return err
	}
	return json.Unmarshal(raw, into)
}

// check proves a token of this issuer and returns its claims. The order matters: what costs a request to the
// issuer comes after everything that can be refused without one.
func (in *issuer) check(ctx context.Context, token string, head header, now func() time.Time) (claims, error) {
	if !slices.Contains(algorithms, head.algorithm) {
		return claims{}, authn.Refused("the token is signed in a way that this server does not accept", "get a token signed with RS256, PS256 or ES256")
	}
	key, err := in.keys.find(ctx, head.key)
	if err != nil {
		return claims{}, err
	}
	proven, err := in.verify(ctx, token, head, key, now)
	if err != nil {
		return claims{}, err
	}
	var c claims
	if err := proven.Claims(&c); err != nil {
		return c, authn.Refused("the token's claims cannot be read", "get a token of OpenID Connect's usual shape")
	}
	switch {
	case !slices.ContainsFunc(proven.Audience, func(a string) bool { return slices.Contains(in.audiences, a) }):
		return c, authn.Refused("the token is for another application", "ask for a token for "+in.Audience+", or sign in with `entente login`")
	case in.tenant != "" && !strings.EqualFold(c.Tenant, in.tenant):
		return c, authn.Refused("the token belongs to another tenant than its issuer", "sign in to the tenant that the server's configuration names")
	}
	c.Issuer, c.expires = in.URL, proven.Expiry
	return c, nil
}

// verify has the library check signature, issuer and times. Audiences are ours to check, as there are several.
func (in *issuer) verify(ctx context.Context, token string, head header, key crypto.PublicKey, now func() time.Time) (*oidc.IDToken, error) {
	verifier := oidc.NewVerifier(head.issuer, &oidc.StaticKeySet{PublicKeys: []crypto.PublicKey{key}}, &oidc.Config{
		SupportedSigningAlgs: algorithms, SkipClientIDCheck: true, Now: now,
	})
	proven, err := verifier.Verify(ctx, token)
	var expired *oidc.TokenExpiredError
	switch {
	case errors.As(err, &expired):
		return nil, authn.Refused("the token has expired", "sign in again; `entente login` renews tokens by itself")
	case err != nil && strings.Contains(err.Error(), "nbf"):
		return nil, authn.Refused("the token is not valid yet", "check the clocks of this server and of whoever made the token")
	case err != nil:
		// The library's text may repeat parts of the token.
		return nil, authn.Refused("the token's signature does not prove what it says", "sign in again; a token must not be changed on its way")
	}
	return proven, nil
}
