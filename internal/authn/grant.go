package authn

import "time"

// Service is a sign-in service as clients need to know it. Nothing in it is a secret.
type Service struct {
	Name      string   `json:"name" doc:"How people call it"`
	Issuer    string   `json:"issuer"`
	ClientID  string   `json:"clientId" doc:"The public client for device codes"`
	Scopes    []string `json:"scopes"`
	TokenURL  string   `json:"tokenUrl,omitempty" doc:"Empty while the service cannot be reached"`
	DeviceURL string   `json:"deviceUrl,omitempty" doc:"Empty where the service has no device code flow"`
}

// Attempt is a sign-in under way in a browser. The browser keeps it until it comes back: State tells that the
// answer belongs to it, Nonce that the token does, Verifier that the code does.
type Attempt struct {
	Service  string `json:"service"`
	State    string `json:"state"`
	Nonce    string `json:"nonce"`
	Verifier string `json:"verifier"`
	URL      string `json:"-"` // where the browser goes
}

// Grant is what a sign-in yields.
type Grant struct {
	Who     Principal
	Service string
	Token   string // the id token: a bearer token of our API
	Refresh string // empty: the sign-in ends with the token
	Expires time.Time
}
