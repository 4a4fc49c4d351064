package signin

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"
)

// verifier is a proof key, and challenge its digest.
const verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"

func challenge() string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// browse is a browser that trusts the test server and does not leave it.
func browse(t *testing.T, s *Service) (*http.Client, string) {
	t.Helper()
	server := httptest.NewTLSServer(s.Handler())
	t.Cleanup(server.Close)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	client := server.Client()
	client.Jar = jar
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return client, server.URL
}

func text(t *testing.T, resp *http.Response, err error) string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

var signinForm = regexp.MustCompile(`<form id="signin" method="post" action="([^"]+)"`)

// signInAt opens the authorize page, fills it in and returns the redirect.
func signInAt(t *testing.T, client *http.Client, server, tenant string, params url.Values) *url.URL {
	t.Helper()
	resp, err := client.Get(server + "/" + tenant + "/oauth2/v2.0/authorize?" + params.Encode())
	page := text(t, resp, err)
	match := signinForm.FindStringSubmatch(page)
	if match == nil {
		t.Fatalf("no sign-in form: %d %s", resp.StatusCode, page)
	}
	action := server + html.UnescapeString(match[1])
	resp, err = client.PostForm(action, fields("login", alice, "passwd", "wrong"))
	if page = text(t, resp, err); resp.StatusCode != 200 || !strings.Contains(page, `role="alert"`) || !strings.Contains(page, "AADSTS50126") {
		t.Fatalf("wrong password: %d %s", resp.StatusCode, page)
	}
	resp, err = client.PostForm(action, fields("login", strings.ToUpper(alice), "passwd", password))
	page = text(t, resp, err)
	to, err := resp.Location()
	if err != nil {
		t.Fatalf("%v: %d %s", err, resp.StatusCode, page)
	}
	return to
}

func webParams(pairs ...string) url.Values {
	v := fields("client_id", web, "response_type", "code", "redirect_uri", callback, "scope", "openid profile email offline_access User.Read",
		"state", "a&b", "nonce", "n-1", "code_challenge", challenge(), "code_challenge_method", "S256", "client_info", "1")
	for k, val := range fields(pairs...) {
		v[k] = val
	}
	return v
}

func TestAuthorizationCode(t *testing.T) {
	t.Parallel()
	s, d := newService(t)
	client, server := browse(t, s)
	to := signInAt(t, client, server, "organizations", webParams())
	q := to.Query()
	if !strings.HasPrefix(to.String(), callback+"?") || q.Get("state") != "a&b" || q.Get("code") == "" || q.Get("session_state") == "" {
		t.Fatalf("redirect %s", to)
	}
	redeem := func(pairs ...string) url.Values {
		v := fields("grant_type", "authorization_code", "client_id", web, "client_secret", secret, "code", q.Get("code"), "redirect_uri", callback, "code_verifier", verifier)
		for k, val := range fields(pairs...) {
			v[k] = val
		}
		return v
	}
	path := "/organizations/oauth2/v2.0/token"
	resp, body := post(t, s, path, redeem("code_verifier", "wrong"))
	wantFault(t, resp, body, 400, "invalid_grant", 501481)
	resp, body = post(t, s, path, redeem("redirect_uri", callback+"/x"))
	wantFault(t, resp, body, 400, "invalid_grant", 500112)
	resp, body = post(t, s, path, redeem("client_secret", ""))
	wantFault(t, resp, body, 401, "invalid_client", 7000218)
	resp, body = post(t, s, path, redeem())
	if resp.StatusCode != 200 {
		t.Fatalf("%v", body)
	}
	wantPerson(t, s, body)
	resp, again := post(t, s, path, redeem())
	wantFault(t, resp, again, 400, "invalid_grant", 54005)

	refresh := fields("grant_type", "refresh_token", "client_id", web, "client_secret", secret, "refresh_token", body["refresh_token"].(string),
		"scope", "https://management.azure.com/user_impersonation openid")
	resp, next := post(t, s, tokenPath, refresh)
	if resp.StatusCode != 200 || next["refresh_token"] == body["refresh_token"] || claimsOf(t, next["access_token"].(string))["aud"] != "https://management.azure.com" {
		t.Errorf("refresh for another resource: %v", next)
	}
	d.change(func() {
		p := d.people[tenantA+"/"+alice]
		p.Password = "changed"
		d.people[tenantA+"/"+alice] = p
	})
	resp, next = post(t, s, tokenPath, refresh)
	wantFault(t, resp, next, 400, "invalid_grant", 50173)
}

// wantPerson checks the answer of a person's sign-in.
func wantPerson(t *testing.T, s *Service, body map[string]any) {
	t.Helper()
	id := claimsOf(t, body["id_token"].(string))
	oid := "9e000000-0000-4000-8000-000000000001"
	for name, want := range map[string]any{
		"aud": web, "iss": base + "/" + tenantA + "/v2.0", "oid": oid, "tid": tenantA, "preferred_username": alice, "name": "Alice",
		"nonce": "n-1", "ver": "2.0", "email": "alice@mail.example", "groups": []any{"g-1", "g-2"}, "roles": []any{"Approver"},
	} {
		if fmt.Sprint(id[name]) != fmt.Sprint(want) {
			t.Errorf("id token %s: %v", name, id[name])
		}
	}
	token := body["access_token"].(string)
	c, refusal := s.Verify(bearer(token))
	if refusal != nil || !c.Delegated() || c.ObjectID != oid || !c.HasScope("User.Read") || c.UPN != alice || c.Audience != GraphAppID || len(c.Roles) != 0 {
		t.Errorf("%+v %+v", c, refusal)
	}
	info, _ := base64.RawURLEncoding.DecodeString(body["client_info"].(string))
	if string(info) != `{"uid":"`+oid+`","utid":"`+tenantA+`"}` {
		t.Errorf("client_info %s", info)
	}
	if scope := body["scope"].(string); !strings.Contains(scope, "User.Read") || strings.Contains(scope, "offline_access") {
		t.Errorf("scope %s", scope)
	}
	req := bearer(token)
	req.URL.Path = "/oidc/userinfo"
	if _, info := call(t, s, req); info["sub"] != id["sub"] || info["email"] != id["email"] {
		t.Errorf("userinfo %v", info)
	}
}

func TestCodeExpires(t *testing.T) {
	t.Parallel()
	now := time.Now()
	s, _ := newService(t, func(c *Config) { c.Now = func() time.Time { return now } })
	client, server := browse(t, s)
	to := signInAt(t, client, server, tenantA, fields("client_id", phone, "response_type", "code", "redirect_uri", "http://localhost:51234/", "scope", "User.Read", "response_mode", "fragment"))
	fragment, _ := url.ParseQuery(to.Fragment)
	now = now.Add(codeLife)
	resp, body := post(t, s, tokenPath, fields("grant_type", "authorization_code", "client_id", phone, "code", fragment.Get("code"), "redirect_uri", "http://localhost:51234/"))
	wantFault(t, resp, body, 400, "invalid_grant", 70008)
	resp, body = post(t, s, tokenPath, fields("grant_type", "authorization_code", "client_id", phone, "client_secret", "x", "code", fragment.Get("code"), "redirect_uri", "http://localhost:51234/"))
	wantFault(t, resp, body, 401, "invalid_client", 700025)
}

func TestSingleSignOnAndOut(t *testing.T) {
	t.Parallel()
	s, _ := newService(t)
	client, server := browse(t, s)
	authorize := func(pairs ...string) (*http.Response, string) {
		resp, err := client.Get(server + "/" + tenantA + "/oauth2/v2.0/authorize?" + webParams(pairs...).Encode())
		return resp, text(t, resp, err)
	}
	resp, _ := authorize("prompt", "none")
	if to, err := resp.Location(); err != nil || to.Query().Get("error") != "login_required" || to.Query().Get("state") != "a&b" {
		t.Errorf("silent without a session: %v %v", to, err)
	}
	signInAt(t, client, server, tenantA, webParams())
	resp, _ = authorize("prompt", "none")
	if to, err := resp.Location(); err != nil || to.Query().Get("code") == "" {
		t.Errorf("silent with a session: %v %v", to, err)
	}
	if _, page := authorize("prompt", "select_account"); !strings.Contains(page, "Continue as "+alice) {
		t.Errorf("select_account: %s", page)
	}
	if _, page := authorize("prompt", "login"); signinForm.FindString(page) == "" {
		t.Errorf("login: %s", page)
	}
	if _, page := authorize("response_mode", "form_post"); !strings.Contains(page, `name="code"`) || !strings.Contains(page, `action="`+callback+`"`) || !strings.Contains(page, `value="a&amp;b"`) {
		t.Errorf("form_post: %s", page)
	}
	resp, _ = authorize("scope", "openid Mail.Send")
	if to, err := resp.Location(); err != nil || to.Query().Get("error") != "consent_required" || !strings.Contains(to.Query().Get("error_description"), "AADSTS65001") {
		t.Errorf("consent: %v %v", to, err)
	}
	out, err := client.Get(server + "/" + tenantA + "/oauth2/v2.0/logout?post_logout_redirect_uri=" + url.QueryEscape("https://evil.example"))
	if text(t, out, err); out.StatusCode != 200 {
		t.Errorf("sign-out to a stranger: %d", out.StatusCode)
	}
	if resp, _ = authorize("prompt", "none"); !strings.Contains(resp.Header.Get("Location"), "login_required") {
		t.Errorf("after sign-out: %s", resp.Header.Get("Location"))
	}
}

func TestAuthorizeRefusals(t *testing.T) {
	t.Parallel()
	s, _ := newService(t)
	pages := map[string]struct {
		params url.Values
		code   string
	}{
		"redirect":  {webParams("redirect_uri", callback+"/"), "AADSTS50011"},
		"client":    {webParams("client_id", stranger), "AADSTS700016"},
		"no client": {webParams("client_id", ""), "AADSTS900144"},
		"script":    {webParams("redirect_uri", "javascript:alert(1)"), "AADSTS50011"},
	}
	for name, row := range pages {
		resp, _ := get(t, s, "/"+tenantA+"/oauth2/v2.0/authorize?"+row.params.Encode())
		page := text(t, resp, nil)
		if resp.StatusCode != 400 || !strings.Contains(page, row.code) || resp.Header.Get("Location") != "" || strings.Contains(page, "<script") {
			t.Errorf("%s: %d %s", name, resp.StatusCode, page)
		}
	}
	for want, params := range map[string]url.Values{
		"unsupported_response_type": webParams("response_type", "id_token"),
		"unsupported_response_mode": webParams("response_mode", "pigeon"),
		"invalid_scope":             webParams("scope", `User.Read "`),
		"invalid_request":           webParams("code_challenge_method", "MD5"),
		"login_required":            webParams("prompt", "none", "login_hint", alice),
	} {
		resp, _ := get(t, s, "/organizations/oauth2/v2.0/authorize?domain_hint=a.example&"+params.Encode())
		if to, err := resp.Location(); err != nil || to.Query().Get("error") != want {
			t.Errorf("%s: %v %v", want, to, err)
		}
	}
}

func TestDeviceCode(t *testing.T) {
	t.Parallel()
	now := time.Now()
	s, _ := newService(t, func(c *Config) { c.Now = func() time.Time { return now } })
	start := func() map[string]any {
		resp, body := post(t, s, "/organizations/oauth2/v2.0/devicecode", fields("client_id", phone, "scope", "openid profile offline_access User.Read"))
		if resp.StatusCode != 200 || body["expires_in"] != float64(900) || body["interval"] != float64(5) || body["verification_uri_complete"] != nil {
			t.Fatalf("%d %v", resp.StatusCode, body)
		}
		return body
	}
	poll := func(grant string, code any) (*http.Response, map[string]any) {
		return post(t, s, "/organizations/oauth2/v2.0/token", fields("grant_type", grant, "client_id", phone, "device_code", code.(string), "code", code.(string)))
	}
	page := func(pairs ...string) string {
		resp, _ := post(t, s, "/devicelogin", fields(pairs...))
		return text(t, resp, nil)
	}
	const long = "urn:ietf:params:oauth:grant-type:device_code"

	first := start()
	resp, body := poll(long, first["device_code"])
	wantFault(t, resp, body, 400, "authorization_pending", 70016)
	if got := page("otc", "NOSUCHCODE"); !strings.Contains(got, "AADSTS70018") {
		t.Error(got)
	}
	user := strings.ToLower(first["user_code"].(string))
	if got := page("otc", user); !strings.Contains(got, `name="passwd"`) {
		t.Error(got)
	}
	if got := page("otc", user, "login", alice, "passwd", "no"); !strings.Contains(got, "AADSTS50126") {
		t.Error(got)
	}
	if got := page("otc", user, "login", alice, "passwd", password); !strings.Contains(got, "You are signed in") {
		t.Error(got)
	}
	resp, body = poll("device_code", first["device_code"])
	if resp.StatusCode != 200 || body["id_token"] == nil || body["refresh_token"] == nil || claimsOf(t, body["access_token"].(string))["appidacr"] != "0" {
		t.Errorf("%d %v", resp.StatusCode, body)
	}
	resp, body = poll(long, first["device_code"])
	wantFault(t, resp, body, 400, "invalid_grant", 54005)

	second := start()
	page("otc", second["user_code"].(string), "action", "cancel")
	resp, body = poll(long, second["device_code"])
	wantFault(t, resp, body, 400, "authorization_declined", 70018)

	third := start()
	now = now.Add(deviceLife)
	resp, body = poll(long, third["device_code"])
	wantFault(t, resp, body, 400, "expired_token", 70019)
}
