package signin

import "net/http"

// Claims are the claims of a Graph access token as issued by this service.
type Claims struct {
	Audience       string   `json:"aud"`
	Issuer         string   `json:"iss"`
	IssuedAt       int64    `json:"iat"`
	NotBefore      int64    `json:"nbf"`
	ExpiresAt      int64    `json:"exp"`
	AppID          string   `json:"appid"`
	AppIDACR       string   `json:"appidacr"`
	AppDisplayName string   `json:"app_displayname"`
	IDType         string   `json:"idtyp"` // app | user
	ObjectID       string   `json:"oid"`   // of the service principal, or of the person
	Subject        string   `json:"sub"`
	TenantID       string   `json:"tid"`
	Roles          []string `json:"roles,omitempty"` // application permissions
	Scopes         string   `json:"scp,omitempty"`   // delegated permissions, separated by blanks
	UPN            string   `json:"upn,omitempty"`
	Name           string   `json:"name,omitempty"`
	TokenID        string   `json:"uti"`
	Capabilities   []string `json:"xms_cc,omitempty"`
}

// Delegated tells whether a person stands behind the token.
func (c Claims) Delegated() bool { return c.IDType == "user" }

// Refusal is Graph's answer to a call that its token does not allow: the status, error.code and error.message
// of the Graph error body, and the WWW-Authenticate header where there is one.
type Refusal struct {
	Status          int
	Code, Message   string
	WWWAuthenticate string
}

// Verify checks the bearer token of a Graph request: signature, lifetime, audience, tenant. Permissions and
// which tenant the called path belongs to are the caller's to check.
func (s *Service) Verify(r *http.Request) (Claims, *Refusal) {
	return Claims{}, &Refusal{Status: http.StatusUnauthorized, Code: "InvalidAuthenticationToken", Message: "Access token is empty."}
}

// Insufficient is Graph's refusal of a call whose token lacks the permission.
func Insufficient() *Refusal {
	return &Refusal{Status: http.StatusForbidden, Code: "Authorization_RequestDenied", Message: "Insufficient privileges to complete the operation."}
}

// DelegatedOnly is Graph's refusal of /me for a token without a person.
func DelegatedOnly() *Refusal {
	return &Refusal{Status: http.StatusBadRequest, Code: "BadRequest", Message: "/me request is only valid with delegated authentication flow."}
}
