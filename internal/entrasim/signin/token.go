package signin

import (
	"net/http"
	"net/url"
	"strings"
	"time"
)

// tokenRequest is one call of the token endpoint, filled while it is understood.
type tokenRequest struct {
	http      *http.Request
	base      string
	v2        bool
	authority authority
	form      form
	grant     string // canonical name, for the log
	client    string
	secrets   []string // spellings of the presented secret
	asked     claimsRequest
}

// grantNames maps grant_type to the name in the request log. device_code in short is what two libraries send.
var grantNames = map[string]string{
	"client_credentials": "client_credentials",
	"authorization_code": "authorization_code",
	"refresh_token":      "refresh_token",
	"device_code":        "device_code",
	"urn:ietf:params:oauth:grant-type:device_code": "device_code",
	"password": "password",
}

// token answers the token endpoint in both forms and records the attempt.
func (s *Service) token(w http.ResponseWriter, r *http.Request, tenant string, v2 bool) {
	req := &tokenRequest{http: r, base: Base(r), v2: v2, grant: "unknown"}
	req.authority.segment = tenant
	answer, f := s.exchange(req)
	s.record(r, req.authority, req.client, req.grant, f)
	if f != nil {
		s.fail(w, r, f)
		return
	}
	writeJSON(w, http.StatusOK, answer)
}

// exchange understands the request and runs its grant.
func (s *Service) exchange(req *tokenRequest) (any, *fault) {
	if f := s.disturbed(); f != nil {
		return nil, f
	}
	var f *fault
	if req.form, f = readForm(req.http); f != nil {
		return nil, f
	}
	if req.authority, f = s.resolve(req.authority.segment); f != nil {
		return nil, f
	}
	if f = req.form.need("grant_type"); f != nil {
		return nil, f
	}
	grant, ok := grantNames[strings.ToLower(req.form["grant_type"])]
	if !ok {
		return nil, refuse(70003, req.form["grant_type"])
	}
	req.grant = grant
	if f = req.readClient(); f != nil {
		return nil, f
	}
	if req.asked, f = parseClaimsRequest(req.form["claims"]); f != nil {
		return nil, f
	}
	switch grant {
	case "client_credentials":
		return s.appOnly(req)
	case "authorization_code":
		return s.redeemCode(req)
	case "refresh_token":
		return s.redeemRefresh(req)
	case "device_code":
		return s.redeemDevice(req)
	default:
		return nil, s.refusePassword(req)
	}
}

// disturbed applies the switches that make the token endpoint fail before it looks at the request.
func (s *Service) disturbed() *fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	sw := &s.switches
	switch {
	case take(&sw.ThrottleTokens):
		f := refuse(90055)
		f.retryAfter = max(sw.RetryAfter, time.Second)
		return f
	case take(&sw.FailTokens):
		f := refuse(90033)
		if sw.FailStatus >= 500 && sw.FailStatus < 600 {
			f.status = sw.FailStatus
		}
		return f
	case take(&sw.RefuseTokens):
		return refuse(sw.RefuseCode)
	}
	return nil
}

// readClient takes the client's name and secret from the form or from HTTP Basic, where both are
// percent-encoded before base64; the raw spelling is tried as well, because not every client encodes.
func (req *tokenRequest) readClient() *fault {
	if secret := req.form["client_secret"]; secret != "" {
		req.secrets = []string{secret}
	}
	req.client = strings.TrimSpace(req.form["client_id"])
	if id, secret, ok := req.http.BasicAuth(); ok {
		if plain, err := url.QueryUnescape(id); err == nil {
			id = plain
		}
		if req.client != "" && !strings.EqualFold(req.client, id) {
			return refuse(9002313)
		}
		req.client = id
		if len(req.secrets) == 0 && secret != "" {
			req.secrets = []string{secret}
			if plain, err := url.QueryUnescape(secret); err == nil {
				req.secrets = append(req.secrets, plain)
			}
		}
	}
	if req.client == "" {
		return refuse(900144, "client_id")
	}
	return nil
}

// record notes an attempt. A client id that is neither a GUID nor known is not repeated: people paste secrets
// into the wrong field.
func (s *Service) record(r *http.Request, a authority, client, grant string, f *fault) {
	tenant := a.segment
	if a.alias != "" || a.tenant.ID != "" {
		tenant = a.path()
	} else if len(tenant) > 64 {
		tenant = "(too long)"
	}
	if client != "" && !isGUID(client) && !s.dir.ApplicationExists(client) {
		client = "(unknown)"
	}
	s.dir.Record(Attempt{At: s.now(), Remote: r.RemoteAddr, Tenant: tenant, Client: client, Grant: grant, Outcome: f.outcome()})
}

// answerV2 is a token answer. expires_in must be a JSON number: a text crashes one library, and without it two
// libraries fail. The v1 form has texts instead.
type answerV2 struct {
	Type         string `json:"token_type"`
	Scope        string `json:"scope,omitempty"`
	ExpiresIn    int64  `json:"expires_in"`
	ExtExpiresIn int64  `json:"ext_expires_in"`
	RefreshIn    int64  `json:"refresh_in,omitempty"`
	Access       string `json:"access_token"`
	Refresh      string `json:"refresh_token,omitempty"`
	ID           string `json:"id_token,omitempty"`
	ClientInfo   string `json:"client_info,omitempty"`
}

type answerV1 struct {
	Type         string `json:"token_type"`
	Scope        string `json:"scope,omitempty"`
	ExpiresIn    int64  `json:"expires_in,string"`
	ExtExpiresIn int64  `json:"ext_expires_in,string"`
	ExpiresOn    int64  `json:"expires_on,string"`
	NotBefore    int64  `json:"not_before,string"`
	Resource     string `json:"resource"`
	Access       string `json:"access_token"`
	Refresh      string `json:"refresh_token,omitempty"`
	ID           string `json:"id_token,omitempty"`
	ClientInfo   string `json:"client_info,omitempty"`
}

// answer shapes a minted token for the form of the endpoint.
func (req *tokenRequest) answer(m minted, scope string) *answerV2 {
	a := &answerV2{Type: "Bearer", Scope: scope, ExpiresIn: m.lifetime(), ExtExpiresIn: m.lifetime(), Access: m.token}
	if a.ExpiresIn >= int64(2*time.Hour/time.Second) {
		a.RefreshIn = a.ExpiresIn / 2
	}
	return a
}

// shape turns an answer into the v1 form where the endpoint is v1.
func (req *tokenRequest) shape(a *answerV2, m minted) any {
	if req.v2 {
		return a
	}
	return answerV1{
		Type: a.Type, Scope: a.Scope, ExpiresIn: a.ExpiresIn, ExtExpiresIn: a.ExtExpiresIn, ExpiresOn: m.claims.ExpiresAt,
		NotBefore: m.claims.NotBefore, Resource: m.claims.Audience, Access: a.Access, Refresh: a.Refresh, ID: a.ID, ClientInfo: a.ClientInfo,
	}
}
