package signin

import (
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha1" //nolint:gosec // x5t is defined as a SHA-1 thumbprint
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// assertionClaims are the claims of a client assertion. Times may be floats, and nbf and iat may be missing.
type assertionClaims struct {
	Issuer    string   `json:"iss"`
	Subject   string   `json:"sub"`
	Audience  audience `json:"aud"`
	Expires   *moment  `json:"exp"`
	NotBefore *moment  `json:"nbf"`
}

// checkAssertion verifies a certificate or a federated assertion. Which of the two it is shows in its issuer:
// a certificate's is the client itself.
func (s *Service) checkAssertion(req *tokenRequest, app Application, text string) *fault {
	t, err := parseJWT(strings.TrimSpace(text))
	if err != nil {
		return refuse(50027)
	}
	var c assertionClaims
	if json.Unmarshal(t.payload, &c) != nil {
		return refuse(50027)
	}
	now := s.now()
	if c.Expires == nil || outside(c, now) {
		return refuse(700027, "The assertion is not within its valid time range.")
	}
	if strings.EqualFold(c.Issuer, app.ClientID) {
		return s.checkCertificate(req, app, t, c)
	}
	if _, ok := s.dir.Application(req.authority.tenant.ID, c.Issuer); ok || len(app.Federated) == 0 && isGUID(c.Issuer) {
		return refuse(700021)
	}
	return s.checkFederated(req, app, t, c)
}

func outside(c assertionClaims, now time.Time) bool {
	at := float64(now.Unix())
	return at > float64(*c.Expires)+skew.Seconds() || c.NotBefore != nil && at < float64(*c.NotBefore)-skew.Seconds()
}

// checkCertificate verifies the signature with the certificate that is registered on the application, never
// with one that the assertion brings along.
func (s *Service) checkCertificate(req *tokenRequest, app Application, t jwt, c assertionClaims) *fault {
	if !strings.EqualFold(c.Subject, app.ClientID) {
		return refuse(700021)
	}
	if !slices.ContainsFunc(c.Audience, func(a string) bool { return s.ownAudience(a, req) }) {
		return refuse(700023)
	}
	found := false
	for _, der := range app.Certificates {
		if !names(t.header, der) {
			continue
		}
		found = true
		cert, err := x509.ParseCertificate(der)
		if err != nil {
			continue
		}
		if now := s.now(); now.After(cert.NotAfter) || now.Before(cert.NotBefore.Add(-skew)) {
			return refuse(700027, "The certificate used to sign the assertion is expired or not valid yet.")
		}
		if t.verify(cert.PublicKey) == nil {
			return nil
		}
	}
	if !found {
		return refuse(700027, "The key used to sign the assertion is not registered on the application.")
	}
	return refuse(700027, "The signature does not match the registered key.")
}

// names tells whether the header points to a certificate: x5t with RS256, x5t#S256 with PS256, or only kid with
// the SHA-1 thumbprint; base64url with or without padding, or hexadecimal.
func names(h jwtHeader, der []byte) bool {
	one, two := sha1.Sum(der), sha256.Sum256(der) //nolint:gosec // see the import
	is := func(text string, sums ...[]byte) bool {
		text = strings.NewReplacer("+", "-", "/", "_").Replace(strings.TrimRight(text, "="))
		for _, sum := range sums {
			if text == base64.RawURLEncoding.EncodeToString(sum) || strings.EqualFold(text, hex.EncodeToString(sum)) {
				return true
			}
		}
		return false
	}
	switch {
	case h.Thumbprint2 != "":
		return is(h.Thumbprint2, two[:])
	case h.Thumbprint != "":
		return is(h.Thumbprint, one[:])
	}
	return h.KeyID != "" && is(h.KeyID, one[:], two[:])
}

// ownAudience accepts the token URL as any client may see it: our host or a well-known one, the tenant by GUID
// or domain or the alias that was used, the v1 or v2 form, or the issuer.
func (s *Service) ownAudience(text string, req *tokenRequest) bool {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" || !ownHost(u.Host, strings.TrimPrefix(req.base, "https://")) && !wellKnown(u.Hostname()) {
		return false
	}
	seg := segments(u.Path)
	if len(seg) == 0 {
		return false
	}
	switch strings.ToLower(strings.Join(seg[1:], "/")) {
	case "", "v2.0", "oauth2/token", "oauth2/v2.0/token":
	default:
		return false
	}
	a, f := s.resolve(seg[0])
	if f != nil {
		return false
	}
	if a.alias != "" {
		return req.grant != "client_credentials"
	}
	return req.authority.within(a.tenant.ID)
}

// checkFederated verifies the token of another issuer against the application's federated credentials.
func (s *Service) checkFederated(req *tokenRequest, app Application, t jwt, c assertionClaims) *fault {
	miss := refuse(700211, c.Issuer)
	for _, want := range app.Federated {
		wanted := want.Audience
		if wanted == "" {
			wanted = "api://AzureADTokenExchange"
		}
		switch {
		case c.Issuer != want.Issuer:
			continue
		case !slices.Contains(c.Audience, wanted):
			miss = refuse(700212, strings.Join(c.Audience, " "))
			continue
		case c.Subject != want.Subject:
			miss = refuse(700213, c.Subject)
			continue
		}
		if key, ok := s.keys.public(t.header.KeyID); ok && t.verify(key) == nil {
			return nil
		}
		keys, err := s.issuerKeys(req.http.Context(), want.Issuer)
		if err != nil {
			return refuse(700027, "The keys of the issuer cannot be read.")
		}
		if slices.ContainsFunc(keys, func(k crypto.PublicKey) bool { return t.verify(k) == nil }) {
			return nil
		}
		return refuse(700027, "The signature does not match a key of the issuer.")
	}
	return miss
}

// discoverKeys reads an issuer's RSA keys over HTTPS, as the real service does. The issuer comes from a
// credential that an administrator of the simulated world registered.
func discoverKeys(ctx context.Context, issuer string) ([]crypto.PublicKey, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	var config struct {
		Keys string `json:"jwks_uri"`
	}
	if err := getJSON(ctx, strings.TrimSuffix(issuer, "/")+"/.well-known/openid-configuration", &config); err != nil {
		return nil, err
	}
	var set struct {
		Keys []struct{ Kty, N, E string }
	}
	if err := getJSON(ctx, config.Keys, &set); err != nil {
		return nil, err
	}
	var out []crypto.PublicKey
	for _, k := range set.Keys {
		n, errN := unpad(k.N)
		e, errE := unpad(k.E)
		if k.Kty == "RSA" && errN == nil && errE == nil && len(n) >= 128 && len(e) > 0 && len(e) <= 4 {
			out = append(out, &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: int(new(big.Int).SetBytes(e).Int64())})
		}
	}
	return out, nil
}

func getJSON(ctx context.Context, address string, into any) error {
	if !strings.HasPrefix(address, "https://") {
		return fmt.Errorf("%q is not an https address", address)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answered %d", address, resp.StatusCode)
	}
	return json.NewDecoder(io.LimitReader(resp.Body, 1<<20)).Decode(into)
}
