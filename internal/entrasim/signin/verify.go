package signin

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// GraphAppID is Graph's own application id, one of its names as a resource.
const GraphAppID = "00000003-0000-0000-c000-000000000000"

// skew is the difference between two clocks that lifetimes tolerate.
const skew = 5 * time.Minute

// Claims are the claims of an access token as issued by this service. Graph tokens are v1 tokens even from the
// v2 endpoint, because the resource decides (Microsoft identity platform documentation, "Access tokens").
type Claims struct {
	Audience       string   `json:"aud"`
	Issuer         string   `json:"iss"`
	IssuedAt       int64    `json:"iat"`
	NotBefore      int64    `json:"nbf"`
	ExpiresAt      int64    `json:"exp"`
	ACR            string   `json:"acr,omitempty"`
	AMR            []string `json:"amr,omitempty"`
	AppDisplayName string   `json:"app_displayname,omitempty"`
	AppID          string   `json:"appid"`
	AppIDACR       string   `json:"appidacr"` // 0 public client, 1 secret, 2 certificate or assertion
	IDP            string   `json:"idp,omitempty"`
	IDType         string   `json:"idtyp"` // app | user
	Address        string   `json:"ipaddr,omitempty"`
	Name           string   `json:"name,omitempty"`
	ObjectID       string   `json:"oid"`             // of the service principal, or of the person
	Roles          []string `json:"roles,omitempty"` // application permissions
	Scopes         string   `json:"scp,omitempty"`   // delegated permissions, separated by blanks
	Subject        string   `json:"sub"`
	Region         string   `json:"tenant_region_scope,omitempty"`
	TenantID       string   `json:"tid"`
	UniqueName     string   `json:"unique_name,omitempty"`
	UPN            string   `json:"upn,omitempty"`
	TokenID        string   `json:"uti"`
	Version        string   `json:"ver"`
	Capabilities   []string `json:"xms_cc,omitempty"`
}

// Delegated tells whether a person stands behind the token.
func (c Claims) Delegated() bool { return c.IDType == "user" }

// HasRole tells whether an application permission was granted.
func (c Claims) HasRole(role string) bool {
	return slices.ContainsFunc(c.Roles, func(r string) bool { return strings.EqualFold(r, role) })
}

// HasScope tells whether a delegated permission was granted.
func (c Claims) HasScope(scope string) bool {
	return slices.ContainsFunc(strings.Fields(c.Scopes), func(s string) bool { return strings.EqualFold(s, scope) })
}

// Refusal is Graph's answer to a call that its token does not allow: the status, error.code and error.message
// of the Graph error body, and the WWW-Authenticate header where there is one.
type Refusal struct {
	Status          int
	Code, Message   string
	WWWAuthenticate string
}

// Insufficient is Graph's refusal of a call whose token lacks the permission.
func Insufficient() *Refusal {
	return &Refusal{Status: http.StatusForbidden, Code: "Authorization_RequestDenied", Message: "Insufficient privileges to complete the operation."}
}

// DelegatedOnly is Graph's refusal of /me for a token without a person.
func DelegatedOnly() *Refusal {
	return &Refusal{Status: http.StatusBadRequest, Code: "BadRequest", Message: "/me request is only valid with delegated authentication flow."}
}

// denied is the 401 with the header that names where to sign in.
func denied(r *http.Request, format string, args ...any) *Refusal {
	return &Refusal{
		Status: http.StatusUnauthorized, Code: "InvalidAuthenticationToken", Message: fmt.Sprintf(format, args...),
		WWWAuthenticate: fmt.Sprintf(`Bearer realm="", authorization_uri="%s/common/oauth2/authorize", client_id="%s"`, Base(r), GraphAppID),
	}
}

// Verify checks the bearer token of a Graph request: signature, lifetime, audience, tenant, and the challenge
// switch. Permissions, and which tenant the called path belongs to, are the caller's to check.
func (s *Service) Verify(r *http.Request) (Claims, *Refusal) {
	c, refusal := s.inspect(r)
	if refusal != nil {
		return Claims{}, refusal
	}
	if !s.graphAudience(c.Audience, r.Host) {
		return Claims{}, denied(r, "Access token validation failure. Invalid audience.")
	}
	if c.TenantID == "" {
		return Claims{}, denied(r, "Access token validation failure. The tenant id is missing.")
	}
	if _, ok := s.dir.Tenant(c.TenantID); !ok {
		return Claims{}, denied(r, "Access token validation failure. The tenant of the token is not known.")
	}
	if s.challenged(c) {
		return Claims{}, s.challenge(r)
	}
	return c, nil
}

// inspect checks what does not depend on the resource: that it is our token and alive.
func (s *Service) inspect(r *http.Request) (Claims, *Refusal) {
	scheme, token, _ := strings.Cut(strings.TrimSpace(r.Header.Get("Authorization")), " ")
	token = strings.TrimSpace(token)
	if !strings.EqualFold(scheme, "Bearer") || token == "" {
		return Claims{}, denied(r, "Access token is empty.")
	}
	t, err := parseJWT(token)
	if err != nil {
		return Claims{}, denied(r, "CompactToken parsing failed with error code: 80049217")
	}
	key, ok := s.keys.public(t.header.KeyID)
	if !ok || t.header.Algorithm != "RS256" || t.verify(key) != nil {
		return Claims{}, denied(r, "Access token validation failure. The token's signature is invalid.")
	}
	var c Claims
	if json.Unmarshal(t.payload, &c) != nil {
		return Claims{}, denied(r, "CompactToken parsing failed with error code: 80049217")
	}
	now := s.now().Unix()
	if now >= c.ExpiresAt {
		return Claims{}, denied(r, "Lifetime validation failed, the token is expired.")
	}
	if now+int64(skew/time.Second) < c.NotBefore {
		return Claims{}, denied(r, "Lifetime validation failed, the token is not valid yet.")
	}
	return c, nil
}

// graphAudience tells whether a resource name is one of Graph's. Tools derive it from the endpoint that they were
// given, so our own base counts, with and without its port and a trailing slash.
func (s *Service) graphAudience(name, self string) bool {
	trim := func(t string) string { return strings.TrimSuffix(strings.ToLower(t), "/") }
	asked := trim(name)
	if asked == GraphAppID || asked == "https://graph.microsoft.com" || s.graphBase != "" && asked == trim(s.graphBase) {
		return true
	}
	if slices.ContainsFunc(s.graphAudiences, func(a string) bool { return asked == trim(a) }) {
		return true
	}
	u, err := url.Parse(asked)
	if err != nil || u.Scheme != "https" || u.Path != "" && u.Path != "/" {
		return false
	}
	if base, err := url.Parse(s.graphBase); err == nil && base.Host != "" && ownOrigin(u, base.Host) {
		return true
	}
	return ownOrigin(u, self)
}

// challenged tells whether a call must be met with a claims challenge. A token that was challenged once stays
// so, because a client that only repeats it did not understand.
func (s *Service) challenged(c Claims) bool {
	if !slices.ContainsFunc(c.Capabilities, func(v string) bool { return strings.EqualFold(v, "CP1") }) {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.revoked[c.TokenID]; ok {
		return true
	}
	if !take(&s.switches.ChallengeNext) {
		return false
	}
	now := s.now().Unix()
	for id, exp := range s.revoked {
		if exp <= now {
			delete(s.revoked, id)
		}
	}
	s.revoked[c.TokenID] = c.ExpiresAt
	return true
}

// challenge is the refusal of continuous access evaluation (Microsoft identity platform documentation, "Claims
// challenges, claims requests and client capabilities").
func (s *Service) challenge(r *http.Request) *Refusal {
	claims := fmt.Sprintf(`{"access_token":{"nbf":{"essential":true,"value":"%d"}}}`, s.now().Unix())
	return &Refusal{
		Status: http.StatusUnauthorized, Code: "InvalidAuthenticationToken",
		Message: "Continuous access evaluation resulted in challenge with result: InteractionRequired and code: TokenIssuedBeforeRevocationTimestamp",
		WWWAuthenticate: fmt.Sprintf(`Bearer realm="", authorization_uri="%s/common/oauth2/authorize", error="insufficient_claims", claims="%s"`,
			Base(r), base64.StdEncoding.EncodeToString([]byte(claims))),
	}
}
