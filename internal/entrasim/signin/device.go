package signin

import (
	"crypto/rand"
	"net/http"
	"strings"
	"time"
)

// deviceCode starts a sign-in for a person without a browser. There is no verification_uri_complete (Microsoft
// identity platform documentation, "OAuth 2.0 device authorization grant").
func (s *Service) deviceCode(w http.ResponseWriter, r *http.Request, tenant string, v2 bool) {
	req := &tokenRequest{http: r, base: Base(r), v2: v2, grant: "devicecode"}
	req.authority.segment = tenant
	g, f := s.startDevice(req)
	if f != nil {
		s.record(r, req.authority, req.client, req.grant, f)
		s.fail(w, r, f)
		return
	}
	now := s.now()
	code := keep(s.grants, s.grants.devices, g, func(e *deviceGrant) bool { return e.expires.Add(graveLife).Before(now) })
	interval := s.Switches().DeviceInterval
	if interval <= 0 {
		interval = 5 * time.Second
	}
	page := req.base + "/devicelogin"
	type answer struct {
		User         string `json:"user_code"`
		Device       string `json:"device_code"`
		Verification string `json:"verification_uri"`
		ExpiresIn    int64  `json:"expires_in"`
		Interval     int64  `json:"interval"`
		Message      string `json:"message"`
	}
	out := answer{
		g.user, code, page, int64(deviceLife / time.Second), max(1, int64(interval/time.Second)),
		"To sign in, use a web browser to open the page " + page + " and enter the code " + g.user + " to authenticate.",
	}
	if v2 {
		writeJSON(w, http.StatusOK, out)
		return
	}
	writeJSON(w, http.StatusOK, struct {
		answer
		Verification string `json:"verification_url"`
		ExpiresIn    int64  `json:"expires_in,string"`
		Interval     int64  `json:"interval,string"`
	}{out, page, out.ExpiresIn, out.Interval})
}

// startDevice checks what can be checked before anyone signs in.
func (s *Service) startDevice(req *tokenRequest) (*deviceGrant, *fault) {
	var f *fault
	if req.form, f = readForm(req.http); f != nil {
		return nil, f
	}
	if req.authority, f = s.resolve(req.authority.segment); f != nil {
		return nil, f
	}
	if f = req.readClient(); f != nil {
		return nil, f
	}
	if req.authority.alias == "" {
		if _, f = s.application(req.authority.tenant, req.client); f != nil {
			return nil, f
		}
	} else if !s.known(req.client) {
		return nil, refuse(700016, req.client, req.authority.segment)
	}
	if req.v2 {
		if f = req.form.need("scope"); f != nil {
			return nil, f
		}
		if _, f = parseScopes(req.form["scope"]); f != nil {
			return nil, f
		}
	}
	return &deviceGrant{
		authority: req.authority, client: req.client, scope: req.form["scope"], resource: req.form["resource"],
		user: rand.Text()[:9], expires: s.now().Add(deviceLife),
	}, nil
}

// pendingDevice finds the grant behind a typed code.
func (s *Service) pendingDevice(typed string) (*deviceGrant, *fault) {
	typed = strings.ToUpper(strings.Join(strings.FieldsFunc(typed, func(c rune) bool { return c == ' ' || c == '-' }), ""))
	s.grants.mu.Lock()
	defer s.grants.mu.Unlock()
	for _, g := range s.grants.devices {
		if g.user != typed || g.state != devicePending {
			continue
		}
		if !s.now().Before(g.expires) {
			return nil, refuse(70019)
		}
		return g, nil
	}
	return nil, refuse(70018)
}

// deviceLogin is the page on which a person types the code, and then signs in or declines.
func (s *Service) deviceLogin(w http.ResponseWriter, r *http.Request) {
	fields, f := parseForm(r.URL.RawQuery)
	if f == nil && r.Method == http.MethodPost {
		fields, f = readForm(r)
	}
	if f != nil {
		s.showFault(w, r, f)
		return
	}
	page := devicePage{Typed: fields["otc"]}
	if r.Method != http.MethodPost {
		s.showDevice(w, page)
		return
	}
	g, f := s.pendingDevice(fields["otc"])
	if f != nil {
		page.Problem = f
		s.showDevice(w, page)
		return
	}
	page.Client, page.Login = g.client, strings.TrimSpace(fields["login"])
	if page.App = firstParty[strings.ToLower(g.client)]; page.App == "" {
		if app, ok := s.dir.Application(g.authority.tenant.ID, g.client); ok {
			page.App = app.DisplayName
		}
	}
	switch {
	case fields["action"] == "cancel":
		s.settleDevice(g, deviceDeclined, holder{})
		s.record(r, g.authority, g.client, "device", refuse(65004))
		s.showMessage(w, http.StatusOK, "Sign-in cancelled", "You declined the sign-in. You can close this window.")
	case page.Login == "":
		s.showDevice(w, page)
	default:
		s.approveDevice(w, r, g, page, fields["passwd"])
	}
}

// approveDevice signs the person in and hands the grant to the waiting client.
func (s *Service) approveDevice(w http.ResponseWriter, r *http.Request, g *deviceGrant, page devicePage, password string) {
	tenant, f := s.home(g.authority, page.Login)
	var person Person
	if f == nil {
		_, f = s.application(tenant, g.client)
	}
	if f == nil {
		person, f = s.checkPassword(tenant.ID, page.Login, password)
	}
	s.record(r, g.authority, g.client, "device", f)
	if f != nil {
		page.Problem = f
		s.showDevice(w, page)
		return
	}
	if !s.settleDevice(g, deviceApproved, holderOf(tenant.ID, person)) {
		page.Problem = refuse(70018)
		s.showDevice(w, page)
		return
	}
	s.showMessage(w, http.StatusOK, "You are signed in", "You have signed in on your device. You can close this window.")
}

// settleDevice decides a pending grant once.
func (s *Service) settleDevice(g *deviceGrant, state deviceState, h holder) bool {
	s.grants.mu.Lock()
	defer s.grants.mu.Unlock()
	if g.state != devicePending {
		return false
	}
	g.state, g.holder = state, h
	return true
}
