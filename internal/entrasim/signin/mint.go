package signin

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"
)

// groupLimit is how many groups fit into an id token; beyond, it points to Graph (Microsoft identity platform
// documentation, "ID token claims reference": 200 for a JWT).
const groupLimit = 200

// claimsRequest is the part of the claims parameter that changes a token.
type claimsRequest struct {
	capabilities []string
	notBefore    int64
}

// capable tells whether the client declared that it can handle a challenge.
func (c claimsRequest) capable() bool {
	return slices.ContainsFunc(c.capabilities, func(v string) bool { return strings.EqualFold(v, "CP1") })
}

// parseClaimsRequest reads the members that we know and ignores the others, as some clients merge more in.
func parseClaimsRequest(text string) (claimsRequest, *fault) {
	var out claimsRequest
	if strings.TrimSpace(text) == "" {
		return out, nil
	}
	var body struct {
		Access map[string]json.RawMessage `json:"access_token"`
	}
	if json.Unmarshal([]byte(text), &body) != nil {
		return out, refuse(9002313)
	}
	var capability struct{ Values []string }
	if json.Unmarshal(body.Access["xms_cc"], &capability) == nil {
		for _, v := range capability.Values {
			if strings.EqualFold(v, "CP1") {
				out.capabilities = []string{"CP1"}
			}
		}
	}
	var nbf struct{ Value json.RawMessage }
	if json.Unmarshal(body.Access["nbf"], &nbf) == nil {
		out.notBefore, _ = strconv.ParseInt(strings.Trim(string(nbf.Value), `"`), 10, 64)
	}
	return out, nil
}

// grantee is for whom and for what a token is minted.
type grantee struct {
	tenant   Tenant
	app      Application
	acr      string
	resource string // as asked: the audience keeps a trailing slash
	graph    bool
	asked    claimsRequest
	address  string
	person   *Person // nil: the application itself
	scopes   []string
}

// minted is a signed access token with what it says.
type minted struct {
	token  string
	claims Claims
}

func (m minted) lifetime() int64 { return m.claims.ExpiresAt - m.claims.IssuedAt }

// mint signs an access token. Its times follow the wall clock, and after a challenge they are not before the
// time that the challenge named.
func (s *Service) mint(g grantee) (minted, *fault) {
	at := s.now().Unix()
	if g.asked.notBefore > at && g.asked.notBefore <= at+int64(skew/time.Second) {
		at = g.asked.notBefore
	}
	c := Claims{
		Audience: g.resource, Issuer: issuerV1(g.tenant.ID), IssuedAt: at, NotBefore: at,
		ExpiresAt: at + int64(s.lifetimeFor(g.asked)/time.Second), AppDisplayName: g.app.DisplayName, AppID: g.app.ClientID,
		AppIDACR: g.acr, IDP: issuerV1(g.tenant.ID), IDType: "app", ObjectID: g.app.ServicePrincipalID, Subject: g.app.ServicePrincipalID,
		Region: "EU", TenantID: g.tenant.ID, TokenID: random()[:22], Version: "1.0", Capabilities: g.asked.capabilities,
	}
	if g.person == nil {
		if g.graph {
			c.Roles = g.app.Roles
		}
	} else {
		p := g.person
		c.IDP, c.IDType, c.ACR, c.AMR, c.Name = "", "user", "1", []string{"pwd"}, p.DisplayName
		c.ObjectID, c.Subject = p.ID, pairwise(p.ID, g.app.ClientID)
		c.UPN, c.UniqueName, c.Scopes = p.UPN, p.UPN, strings.Join(g.scopes, " ")
		if host, _, err := net.SplitHostPort(g.address); err == nil {
			c.Address = host
		}
	}
	token, err := s.keys.sign(c)
	if err != nil {
		return minted{}, refuse(90033)
	}
	return minted{token, c}, nil
}

// lifetimeFor is the lifetime of the next token, at least one second.
func (s *Service) lifetimeFor(asked claimsRequest) time.Duration {
	sw := s.Switches()
	life := s.lifetime
	if sw.TokenLifetime > 0 {
		life = sw.TokenLifetime
	}
	if sw.CAELifetime > 0 && asked.capable() {
		life = sw.CAELifetime
	}
	return max(life, time.Second)
}

// pairwise is the subject of a person for one client.
func pairwise(oid, client string) string {
	sum := sha256.Sum256([]byte(strings.ToLower(oid + "|" + client)))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// idToken signs what a client learns of a person. OpenID Connect libraries verify its signature, issuer,
// audience and nonce.
func (s *Service) idToken(base string, g grantee, sc scopes, nonce string) (string, *fault) {
	at := s.now().Unix()
	p := g.person
	claims := map[string]any{
		"aud": g.app.ClientID, "iss": issuerV2(base, g.tenant.ID), "iat": at, "nbf": at,
		"exp": at + int64(s.lifetimeFor(claimsRequest{})/time.Second),
		"oid": p.ID, "tid": g.tenant.ID, "sub": pairwise(p.ID, g.app.ClientID), "preferred_username": p.UPN,
		"name": p.DisplayName, "ver": "2.0", "uti": random()[:22],
	}
	if nonce != "" {
		claims["nonce"] = nonce
	}
	if p.Mail != "" && sc.has("email") {
		claims["email"] = p.Mail
	}
	if len(p.Roles) > 0 {
		claims["roles"] = p.Roles
	}
	switch {
	case len(p.Groups) > groupLimit:
		claims["_claim_names"] = map[string]string{"groups": "src1"}
		claims["_claim_sources"] = map[string]any{"src1": map[string]string{
			"endpoint": s.graphOf(base) + "/v1.0/users/" + p.ID + "/getMemberObjects",
		}}
	case len(p.Groups) > 0:
		claims["groups"] = p.Groups
	}
	token, err := s.keys.sign(claims)
	if err != nil {
		return "", refuse(90033)
	}
	return token, nil
}

// clientInfo names the account for the libraries' cache.
func clientInfo(oid, tid string) string {
	body, _ := json.Marshal(struct { //nolint:errchkjson // two texts
		UID  string `json:"uid"`
		UTID string `json:"utid"`
	}{oid, tid})
	return base64.RawURLEncoding.EncodeToString(body)
}
