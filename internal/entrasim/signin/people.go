package signin

import (
	"crypto/sha256"
	"encoding/base64"
	"strings"
)

// personal is what a person's grant hands to the common end.
type personal struct {
	holder
	scope      string // remembered; the request's own wins
	resource   string // v1
	nonce      string
	clientInfo bool
}

// redeemCode exchanges an authorization code. It works once, for the client, redirect address and verifier
// that belong to it.
func (s *Service) redeemCode(req *tokenRequest) (any, *fault) {
	if f := req.form.need("code"); f != nil {
		return nil, f
	}
	v, now := s.grants, s.now()
	v.mu.Lock()
	g := v.codes[req.form["code"]]
	var copied codeGrant
	if g != nil {
		copied = *g
	}
	v.mu.Unlock()
	if g == nil || !strings.EqualFold(copied.client, req.client) || !req.authority.within(copied.tenantID) {
		return nil, refuse(70000)
	}
	app, acr, f := s.personClient(req, copied.tenantID)
	if f != nil {
		return nil, f
	}
	switch {
	case copied.used:
		return nil, refuse(54005)
	case !now.Before(copied.expires):
		return nil, refuse(70008)
	case req.form["redirect_uri"] != copied.redirect && (req.form["redirect_uri"] != "" || req.v2):
		return nil, refuse(500112, req.form["redirect_uri"])
	case !proves(copied.challenge, copied.method, req.form["code_verifier"]):
		return nil, refuse(501481)
	}
	v.mu.Lock()
	spent := g.used
	g.used = true
	v.mu.Unlock()
	if spent {
		return nil, refuse(54005)
	}
	return s.give(req, app, acr, personal{copied.holder, copied.scope, copied.resource, copied.nonce, copied.clientInfo})
}

// proves checks the proof key of RFC 7636. A verifier without a challenge proves nothing and is refused too.
func proves(challenge, method, verifier string) bool {
	switch {
	case challenge == "":
		return verifier == ""
	case strings.EqualFold(method, "S256"):
		sum := sha256.Sum256([]byte(verifier))
		return sameSecret(challenge, base64.RawURLEncoding.EncodeToString(sum[:]))
	}
	return sameSecret(challenge, verifier)
}

// personClient finds and identifies the client of a person's grant in the person's tenant.
func (s *Service) personClient(req *tokenRequest, tenantID string) (Application, string, *fault) {
	tenant, ok := s.dir.Tenant(tenantID)
	if !ok {
		return Application{}, "", refuse(50173)
	}
	app, f := s.application(tenant, req.client)
	if f != nil {
		return app, "", f
	}
	acr, f := s.identify(req, app)
	return app, acr, f
}

// redeemRefresh exchanges a refresh token. One token serves every resource: tools sign in for one and redeem
// for another at once, also at the tenant's own endpoint after a sign-in at organizations.
func (s *Service) redeemRefresh(req *tokenRequest) (any, *fault) {
	if f := req.form.need("refresh_token"); f != nil {
		return nil, f
	}
	s.grants.mu.Lock()
	g := s.grants.refresh[req.form["refresh_token"]]
	s.grants.mu.Unlock()
	switch {
	case g == nil || !strings.EqualFold(g.client, req.client):
		return nil, refuse(70000)
	case !s.now().Before(g.expires):
		return nil, refuse(700082)
	case !req.authority.within(g.tenantID):
		return nil, refuse(50020, req.authority.tenant.DisplayName, req.client)
	}
	app, acr, f := s.personClient(req, g.tenantID)
	if f != nil {
		return nil, f
	}
	return s.give(req, app, acr, personal{holder: g.holder, scope: g.scope, resource: g.resource})
}

// redeemDevice answers a poll. Some clients send the device code as code as well, or only so.
func (s *Service) redeemDevice(req *tokenRequest) (any, *fault) {
	if req.form["device_code"] == "" && req.form["code"] != "" {
		req.form["device_code"] = req.form["code"]
	}
	if f := req.form.need("device_code"); f != nil {
		return nil, f
	}
	v := s.grants
	v.mu.Lock()
	g := v.devices[req.form["device_code"]]
	var copied deviceGrant
	if g != nil {
		copied = *g
	}
	v.mu.Unlock()
	switch {
	case g == nil || !strings.EqualFold(copied.client, req.client):
		return nil, refuse(70018)
	case copied.state == deviceUsed:
		return nil, refuse(54005)
	case copied.state == deviceDeclined:
		return nil, refuse(70018).named("authorization_declined")
	case !s.now().Before(copied.expires):
		return nil, refuse(70019)
	case copied.state == devicePending:
		return nil, refuse(70016)
	case !req.authority.within(copied.tenantID):
		return nil, refuse(70018)
	}
	app, acr, f := s.personClient(req, copied.tenantID)
	if f != nil {
		return nil, f
	}
	v.mu.Lock()
	spent := g.state == deviceUsed
	g.state = deviceUsed
	v.mu.Unlock()
	if spent {
		return nil, refuse(54005)
	}
	return s.give(req, app, acr, personal{holder: copied.holder, scope: copied.scope, resource: copied.resource})
}

// refusePassword never signs anyone in: the grant is deprecated, and tenants with security defaults ask for a
// second factor that it cannot give.
func (s *Service) refusePassword(req *tokenRequest) *fault {
	if f := req.form.need("username", "password"); f != nil {
		return f
	}
	tenant, f := s.home(req.authority, req.form["username"])
	if f != nil {
		return f
	}
	if _, f = s.application(tenant, req.client); f != nil {
		return f
	}
	if _, f = s.checkPassword(tenant.ID, req.form["username"], req.form["password"]); f != nil {
		return f
	}
	return refuse(50076, GraphAppID).named("invalid_grant")
}

// home is the tenant in which a person signs in: the authority's, or over an alias the one of the name's domain.
func (s *Service) home(a authority, upn string) (Tenant, *fault) {
	if a.alias == "" {
		return a.tenant, nil
	}
	if at := strings.LastIndexByte(upn, '@'); at >= 0 && a.alias != "consumers" {
		if t, ok := s.dir.Tenant(upn[at+1:]); ok {
			return t, nil
		}
	}
	return Tenant{}, refuse(50034)
}

// give mints everything that a person's sign-in yields. Without an id token the libraries store no account, and
// the person is not signed in afterwards.
func (s *Service) give(req *tokenRequest, app Application, acr string, p personal) (any, *fault) {
	person, f := s.still(p.holder)
	if f != nil {
		return nil, f
	}
	tenant, _ := s.dir.Tenant(p.tenantID)
	sc, resource, f := req.delegated(p)
	if f != nil {
		return nil, f
	}
	graph, f := s.resource(resource, tenant, req.base)
	if f != nil {
		return nil, f
	}
	granted, f := sc.granted(app, graph)
	if f != nil {
		return nil, f
	}
	g := grantee{tenant: tenant, app: app, acr: acr, resource: resource, graph: graph, asked: req.asked, address: req.http.RemoteAddr, person: &person, scopes: granted}
	m, f := s.mint(g)
	if f != nil {
		return nil, f
	}
	answer := req.answer(m, sc.echo(granted))
	if sc.has("openid") {
		if answer.ID, f = s.idToken(req.base, g, sc, p.nonce); f != nil {
			return nil, f
		}
	}
	if sc.has("offline_access") || req.grant == "refresh_token" {
		now := s.now()
		entry := &refreshGrant{holder: p.holder, client: app.ClientID, scope: p.scope, resource: p.resource, expires: now.Add(refreshLife)}
		answer.Refresh = keep(s.grants, s.grants.refresh, entry, func(e *refreshGrant) bool { return e.expires.Add(graveLife).Before(now) })
	}
	if p.clientInfo || req.form["client_info"] == "1" {
		answer.ClientInfo = clientInfo(person.ID, tenant.ID)
	}
	return req.shape(answer, m), nil
}

// delegated reads scope or, in the v1 form, resource. The v1 form always yields an id and a refresh token.
func (req *tokenRequest) delegated(p personal) (scopes, string, *fault) {
	if !req.v2 {
		resource := req.form["resource"]
		if resource == "" {
			resource = p.resource
		}
		if resource == "" {
			return scopes{}, "", refuse(900144, "resource")
		}
		return scopes{resource: resource, wanted: []string{".default"}, oidc: []string{"openid", "profile", "offline_access"}}, resource, nil
	}
	text := req.form["scope"]
	if strings.TrimSpace(text) == "" {
		text = p.scope
	}
	sc, f := parseScopes(text)
	return sc, sc.audience(), f
}
