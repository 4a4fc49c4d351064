package signin

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// authRequest is one call of the authorize endpoint. Its parameters may come in the query, in the body, or, when
// the sign-in page is posted, in both.
type authRequest struct {
	params    form
	authority authority
	v2        bool
	tenant    Tenant // concrete, as soon as it is known
	app       Application
	redirect  string
}

// pageFields are the fields of our own page; they never travel on.
var pageFields = []string{"login", "passwd", "action"}

// authorize signs a person in and hands a code to the client.
func (s *Service) authorize(w http.ResponseWriter, r *http.Request, tenant string, v2 bool) {
	q, f := s.readAuth(r, tenant, v2)
	if f == nil && q.tenant.ID != "" {
		f = s.admit(r, q)
	} else if f == nil && !s.known(q.params["client_id"]) {
		f = refuse(700016, q.params["client_id"], q.authority.segment)
	}
	if f != nil {
		s.record(r, q.authority, q.params["client_id"], "authorize", f)
		s.showFault(w, r, f)
		return
	}
	if f := q.check(); f != nil {
		s.bounce(w, r, q, f)
		return
	}
	s.signIn(w, r, q)
}

// readAuth collects the parameters and settles the tenant where it is already known.
func (s *Service) readAuth(r *http.Request, tenant string, v2 bool) (*authRequest, *fault) {
	q := &authRequest{v2: v2, params: form{}}
	q.authority.segment = tenant
	var f *fault
	if q.params, f = parseForm(r.URL.RawQuery); f != nil {
		q.params = form{}
		return q, f
	}
	if r.Method == http.MethodPost {
		body, f := readForm(r)
		if f != nil {
			return q, f
		}
		for k, v := range body {
			q.params[k] = v
		}
	}
	if q.authority, f = s.resolve(tenant); f != nil {
		return q, f
	}
	if q.tenant = q.authority.tenant; q.authority.alias != "" {
		q.tenant = s.hinted(q)
	}
	return q, q.params.need("client_id", "response_type")
}

// hinted is the tenant that a hint names at an alias, where the client exists in it. Without it the redirect
// address is proven only after the sign-in.
func (s *Service) hinted(q *authRequest) Tenant {
	for _, hint := range []string{q.params["login_hint"], "@" + q.params["domain_hint"]} {
		if tenant, f := s.home(q.authority, hint); f == nil {
			if _, ok := s.lookup(tenant, q.params["client_id"]); ok {
				return tenant
			}
		}
	}
	return Tenant{}
}

// admit finds the client in the tenant and checks its redirect address. Until both are good, nothing may be
// sent back to the client, so a refusal stays on a page.
func (s *Service) admit(r *http.Request, q *authRequest) *fault {
	var f *fault
	if q.app, f = s.application(q.tenant, q.params["client_id"]); f != nil {
		return f
	}
	asked := q.params["redirect_uri"]
	if asked == "" && len(q.app.RedirectURIs) > 0 {
		asked = q.app.RedirectURIs[0]
	}
	own := Base(r) + "/common/oauth2/nativeclient"
	if !slices.ContainsFunc(q.app.RedirectURIs, func(have string) bool { return sameRedirect(have, asked) }) && !(firstParty[q.app.ClientID] != "" && asked == own) {
		return refuse(50011, asked, q.app.ClientID)
	}
	q.redirect = asked
	return nil
}

// sameRedirect compares exactly, but for http on a loopback name any port will do (Microsoft identity platform
// documentation, "Redirect URI restrictions and limitations").
func sameRedirect(registered, asked string) bool {
	if registered == asked {
		return registered != ""
	}
	have, errHave := url.Parse(registered)
	want, errWant := url.Parse(asked)
	if errHave != nil || errWant != nil || have.Scheme != "http" || want.Scheme != "http" || want.User != nil || want.Fragment != "" {
		return false
	}
	return loopback(hostname(have.Host)) && have.Hostname() == want.Hostname() &&
		strings.TrimSuffix(have.Path, "/") == strings.TrimSuffix(want.Path, "/") && have.RawQuery == want.RawQuery
}

// check refuses what the client asked for in a way that the client is told about.
func (q *authRequest) check() *fault {
	p := q.params
	if p["response_type"] != "code" {
		return refuse(700051, p["response_type"])
	}
	switch p["response_mode"] {
	case "", "query", "fragment", "form_post":
	default:
		return refuse(70007, p["response_mode"])
	}
	if challenge := p["code_challenge"]; challenge != "" {
		switch strings.ToLower(p["code_challenge_method"]) {
		case "", "plain", "s256":
		default:
			return refuse(501491, p["code_challenge_method"])
		}
		if len(challenge) < 43 || len(challenge) > 128 {
			return refuse(501491, p["code_challenge_method"])
		}
	}
	if q.v2 {
		if f := p.need("scope"); f != nil {
			return f
		}
		_, f := parseScopes(p["scope"])
		return f
	}
	return nil
}

// signIn decides between the session that the browser has, the page, and its posted fields.
func (s *Service) signIn(w http.ResponseWriter, r *http.Request, q *authRequest) {
	prompt := q.params["prompt"]
	_, posted := q.params["login"]
	posted = posted && r.Method == http.MethodPost
	current, person, signedIn := s.browser(r)
	signedIn = signedIn && q.authority.within(current.tenantID)
	if hint := q.params["login_hint"]; signedIn && hint != "" && !strings.EqualFold(hint, person.UPN) {
		signedIn = false
	}
	proceed := prompt != "login" && prompt != "select_account" || q.params["action"] == "continue"
	switch {
	case posted && q.params["action"] != "continue":
		s.signInPosted(w, r, q)
	case signedIn && proceed:
		s.finish(w, r, q, current, person)
	case prompt == "none":
		s.bounce(w, r, q, refuse(50058))
	default:
		page := signInPage{Action: q.action(r), App: q.app.DisplayName, Tenant: q.tenant.DisplayName, Login: q.params["login_hint"]}
		if signedIn && prompt != "login" {
			page.Current = person.UPN
		}
		s.showSignIn(w, page, http.StatusOK)
	}
}

// signInPosted handles the page's fields. A wrong password stays on the page.
func (s *Service) signInPosted(w http.ResponseWriter, r *http.Request, q *authRequest) {
	login := strings.TrimSpace(q.params["login"])
	tenant, f := s.home(q.authority, login)
	var person Person
	if f == nil {
		person, f = s.checkPassword(tenant.ID, login, q.params["passwd"])
	}
	if f != nil {
		s.record(r, q.authority, q.params["client_id"], "authorize", f)
		s.showSignIn(w, signInPage{Action: q.action(r), App: q.app.DisplayName, Tenant: q.tenant.DisplayName, Login: login, Problem: f}, http.StatusOK)
		return
	}
	s.finish(w, r, q, s.remember(w, holderOf(tenant.ID, person)), person)
}

// finish issues the code to a person who is signed in.
func (s *Service) finish(w http.ResponseWriter, r *http.Request, q *authRequest, current *session, person Person) {
	if !strings.EqualFold(q.tenant.ID, current.tenantID) {
		q.tenant, _ = s.dir.Tenant(current.tenantID)
		if f := s.admit(r, q); f != nil {
			s.record(r, q.authority, q.params["client_id"], "authorize", f)
			s.showFault(w, r, f)
			return
		}
	}
	p := q.params
	if f := s.consented(r, q); f != nil {
		s.bounce(w, r, q, f)
		return
	}
	now := s.now()
	entry := &codeGrant{
		holder: holderOf(current.tenantID, person), client: q.app.ClientID, redirect: q.redirect, scope: p["scope"], resource: p["resource"],
		nonce: p["nonce"], challenge: p["code_challenge"], method: p["code_challenge_method"], clientInfo: p["client_info"] == "1", expires: now.Add(codeLife),
	}
	code := keep(s.grants, s.grants.codes, entry, func(e *codeGrant) bool { return e.expires.Add(graveLife).Before(now) })
	s.grants.mu.Lock()
	current.clients[q.app.ClientID] = current.tenantID
	s.grants.mu.Unlock()
	s.record(r, authority{segment: q.authority.segment, tenant: q.tenant}, q.app.ClientID, "authorize", nil)
	fields := [][2]string{{"code", code}}
	if entry.clientInfo {
		fields = append(fields, [2]string{"client_info", clientInfo(person.ID, current.tenantID)})
	}
	if state, ok := p["state"]; ok {
		fields = append(fields, [2]string{"state", state})
	}
	s.reply(w, r, q, append(fields, [2]string{"session_state", random()[:26]}))
}

// consented refuses a resource that the tenant does not know and permissions that were not granted.
func (s *Service) consented(r *http.Request, q *authRequest) *fault {
	if !q.v2 {
		return nil
	}
	sc, f := parseScopes(q.params["scope"])
	if f != nil {
		return f
	}
	graph, f := s.resource(sc.audience(), q.tenant, Base(r))
	if f != nil {
		return f
	}
	if _, f = sc.granted(q.app, graph); f != nil {
		return f.named("consent_required")
	}
	return nil
}

// action is the address that the page posts to: this one, with the client's parameters and without ours.
func (q *authRequest) action(r *http.Request) string {
	values := url.Values{}
	for k, v := range q.params {
		if !slices.Contains(pageFields, k) {
			values.Set(k, v)
		}
	}
	return "/" + strings.Join(segments(r.URL.EscapedPath()), "/") + "?" + values.Encode()
}

// bounce tells the client about a refusal, or the person where the client's address is not proven yet.
func (s *Service) bounce(w http.ResponseWriter, r *http.Request, q *authRequest, f *fault) {
	s.record(r, q.authority, q.params["client_id"], "authorize", f)
	if q.redirect == "" {
		s.showFault(w, r, f)
		return
	}
	fields := [][2]string{
		{"error", f.name}, {"error_description", f.describe(requestID(w), correlationID(r), s.now())},
		{"error_uri", Base(r) + "/error?code=" + f.outcome()[len("AADSTS"):]},
	}
	if f.suberror != "" {
		fields = append(fields, [2]string{"error_subcode", f.suberror})
	}
	if state, ok := q.params["state"]; ok {
		fields = append(fields, [2]string{"state", state})
	}
	s.reply(w, r, q, fields)
}

// reply sends fields to the client's redirect address in the mode that it asked for.
func (s *Service) reply(w http.ResponseWriter, r *http.Request, q *authRequest, fields [][2]string) {
	if q.params["response_mode"] == "form_post" {
		s.showFormPost(w, q.redirect, fields)
		return
	}
	parts := make([]string, 0, len(fields))
	for _, f := range fields {
		parts = append(parts, f[0]+"="+url.QueryEscape(f[1]))
	}
	to, glue := q.redirect, "?"
	switch {
	case q.params["response_mode"] == "fragment":
		glue = "#"
	case strings.Contains(to, "?"):
		glue = "&"
	}
	w.Header().Set("Location", to+glue+strings.Join(parts, "&"))
	w.WriteHeader(http.StatusFound)
}
