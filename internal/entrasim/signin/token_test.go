package signin

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"
)

func fixedIssuer(_ context.Context, issuer string) ([]crypto.PublicKey, error) {
	if issuer != "https://issuer.example" {
		return nil, errors.New("unknown issuer")
	}
	return []crypto.PublicKey{shared().good.key.Public()}, nil
}

func TestErrorRows(t *testing.T) {
	t.Parallel()
	x := shared()
	ok := func(claims map[string]any) string { return assertion(t, x.good, "RS256", "x5t", false, claims) }
	past := float64(time.Now().Add(-time.Hour).Unix())
	other := "/" + tenantB + "/oauth2/v2.0/token"
	rows := []struct {
		name, path string
		form       url.Values
		status     int
		error      string
		code       int
	}{
		{"wrong secret", tokenPath, secretForm("client_secret", "no"), 401, "invalid_client", 7000215},
		{"expired secret", tokenPath, secretForm("client_secret", oldSecret), 401, "invalid_client", 7000222},
		{"no credential", tokenPath, secretForm("client_secret", ""), 401, "invalid_client", 7000218},
		{"app in no tenant", tokenPath, secretForm("client_id", stranger), 400, "unauthorized_client", 700016},
		{"app in another tenant", other, secretForm(), 400, "unauthorized_client", 700016},
		{"app disabled", tokenPath, secretForm("client_id", disabled), 400, "unauthorized_client", 7000112},
		{"tenant unknown, GUID", "/99999999-9999-4999-8999-999999999999/oauth2/v2.0/token", secretForm(), 400, "invalid_request", 90002},
		{"tenant unknown, domain", "/nowhere.example/oauth2/v2.0/token", secretForm(), 400, "invalid_request", 90002},
		{"tenant malformed", "/nowhere/oauth2/v2.0/token", secretForm(), 400, "invalid_request", 900023},
		{"grant_type missing", tokenPath, secretForm("grant_type", ""), 400, "invalid_request", 900144},
		{"client_id missing", tokenPath, secretForm("client_id", ""), 400, "invalid_request", 900144},
		{"scope missing", tokenPath, secretForm("scope", ""), 400, "invalid_request", 900144},
		{"unknown grant", tokenPath, secretForm("grant_type", "magic"), 400, "unsupported_grant_type", 70003},
		{"not .default", tokenPath, secretForm("scope", "https://graph.microsoft.com/User.Read.All"), 400, "invalid_scope", 1002012},
		{"resource without suffix", tokenPath, secretForm("scope", "https://graph.microsoft.com"), 400, "invalid_scope", 1002012},
		{"only OpenID scopes", tokenPath, secretForm("scope", "openid profile"), 400, "invalid_scope", 1002012},
		{"malformed scope", tokenPath, secretForm("scope", `https://graph.microsoft.com/.default "`), 400, "invalid_scope", 70011},
		{".default and more", tokenPath, secretForm("scope", graphAll+" https://graph.microsoft.com/User.Read"), 400, "invalid_scope", 70011},
		{"unknown resource", tokenPath, secretForm("scope", "https://unknown.example/.default"), 400, "invalid_resource", 500011},
		{"own name, other port", tokenPath, secretForm("scope", "https://127.0.0.1:9/.default"), 400, "invalid_resource", 500011},
		{"two resources", tokenPath, secretForm("scope", graphAll+" https://management.azure.com/.default"), 400, "invalid_scope", 700022},
		{"app-only over common", "/common/oauth2/v2.0/token", secretForm(), 400, "invalid_request", 9001023},
		{"app-only over organizations", "/organizations/oauth2/v2.0/token", secretForm(), 400, "invalid_request", 9001023},
		{"v1 without resource", "/" + tenantA + "/oauth2/token", secretForm(), 400, "invalid_request", 900144},
		{"claims not JSON", tokenPath, secretForm("claims", "{"), 400, "invalid_request", 9002313},

		{"key not registered", tokenPath, assertionForm(daemon, assertion(t, x.rogue, "RS256", "x5t", false, proof())), 401, "invalid_client", 700027},
		{"no key name", tokenPath, assertionForm(daemon, assertion(t, x.good, "RS256", "", false, proof())), 401, "invalid_client", 700027},
		{"certificate expired", tokenPath, assertionForm(daemon, assertion(t, x.expired, "RS256", "x5t", false, proof())), 401, "invalid_client", 700027},
		{"bad signature", tokenPath, assertionForm(daemon, assertion(t, credential{x.good.der, x.rogue.key}, "RS256", "x5t", false, proof())), 401, "invalid_client", 700027},
		{"assertion expired", tokenPath, assertionForm(daemon, ok(proof("exp", past))), 401, "invalid_client", 700027},
		{"assertion too early", tokenPath, assertionForm(daemon, ok(proof("nbf", past+7200))), 401, "invalid_client", 700027},
		{"assertion without exp", tokenPath, assertionForm(daemon, ok(proof("exp", nil))), 401, "invalid_client", 700027},
		{"assertion of another client", tokenPath, assertionForm(daemon, ok(proof("iss", web, "sub", web))), 401, "invalid_client", 700021},
		{"assertion for another tenant", tokenPath, assertionForm(daemon, ok(proof("aud", base+other))), 401, "invalid_client", 700023},
		{"assertion for another host", tokenPath, assertionForm(daemon, ok(proof("aud", "https://evil.example"+tokenPath))), 401, "invalid_client", 700023},
		{"assertion not a JWT", tokenPath, assertionForm(daemon, "x.y"), 401, "invalid_client", 50027},
		{"federated issuer", tokenPath, assertionForm(workload, ok(proof("iss", "https://other.example"))), 401, "invalid_client", 700211},
		{"federated audience", tokenPath, assertionForm(workload, ok(proof("iss", "https://issuer.example"))), 401, "invalid_client", 700212},
		{"federated subject", tokenPath, assertionForm(workload, ok(proof("iss", "https://issuer.example", "aud", "api://AzureADTokenExchange"))), 401, "invalid_client", 700213},
		{"federated signature", tokenPath, assertionForm(workload, assertion(t, x.rogue, "RS256", "kid", false, proof("iss", "https://issuer.example", "aud", "api://AzureADTokenExchange", "sub", "pod-1"))), 401, "invalid_client", 700027},

		{"code unknown", tokenPath, fields("grant_type", "authorization_code", "client_id", phone, "code", "x"), 400, "invalid_grant", 70000},
		{"code missing", tokenPath, fields("grant_type", "authorization_code", "client_id", phone), 400, "invalid_request", 900144},
		{"refresh token unknown", tokenPath, fields("grant_type", "refresh_token", "client_id", phone, "refresh_token", "x"), 400, "invalid_grant", 70000},
		{"device code unknown", tokenPath, fields("grant_type", "device_code", "client_id", phone, "device_code", "x"), 400, "bad_verification_code", 70018},
		{"password, unknown person", tokenPath, fields("grant_type", "password", "client_id", phone, "username", "no@a.example", "password", "x"), 400, "invalid_grant", 50034},
		{"password, wrong", tokenPath, fields("grant_type", "password", "client_id", phone, "username", alice, "password", "x"), 400, "invalid_grant", 50126},
		{"password, disabled person", tokenPath, fields("grant_type", "password", "client_id", phone, "username", "off@a.example", "password", password), 400, "invalid_grant", 50057},
		{"password, right", "/organizations/oauth2/v2.0/token", fields("grant_type", "password", "client_id", phone, "username", alice, "password", password), 400, "invalid_grant", 50076},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			s, d := newService(t)
			resp, body := post(t, s, row.path+"?client-request-id=77777777-7777-4777-8777-777777777777", row.form)
			wantFault(t, resp, body, row.status, row.error, row.code)
			if body["correlation_id"] != "77777777-7777-4777-8777-777777777777" {
				t.Errorf("correlation id %v", body["correlation_id"])
			}
			if len(d.attempts) != 1 || d.attempts[0].Outcome != fmt.Sprintf("AADSTS%d", row.code) {
				t.Errorf("request log: %+v", d.attempts)
			}
			if log := fmt.Sprintf("%+v %v", d.attempts, body); strings.Contains(log, "planted") || strings.Contains(log, "eyJ") {
				t.Errorf("a secret shows: %s", log)
			}
		})
	}
}

var descriptionForm = regexp.MustCompile(`^AADSTS\d+: .+ Trace ID: [0-9a-f-]{36} Correlation ID: [0-9a-f-]{36} Timestamp: \d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ$`)

// wantFault checks the whole shape of a refusal, not only its number.
func wantFault(t *testing.T, resp *http.Response, body map[string]any, status int, name string, code int) {
	t.Helper()
	if resp.StatusCode != status || body["error"] != name {
		t.Errorf("got %d %v, want %d %s: %v", resp.StatusCode, body["error"], status, name, body["error_description"])
	}
	text, _ := body["error_description"].(string)
	if !strings.HasPrefix(text, fmt.Sprintf("AADSTS%d: ", code)) || !descriptionForm.MatchString(text) || strings.Contains(text, "%!") {
		t.Errorf("description %q", text)
	}
	codes, _ := body["error_codes"].([]any)
	if len(codes) != 1 || codes[0] != float64(code) {
		t.Errorf("codes %v", codes)
	}
	if body["error_uri"] != fmt.Sprintf("%s/error?code=%d", base, code) || body["trace_id"] != resp.Header.Get("x-ms-request-id") {
		t.Errorf("body %v", body)
	}
	if resp.Header.Get("Content-Type") != "application/json; charset=utf-8" || !strings.Contains(resp.Header.Get("Cache-Control"), "no-store") {
		t.Errorf("headers %v", resp.Header)
	}
}

func TestMalformedRequests(t *testing.T) {
	t.Parallel()
	s, _ := newService(t)
	rows := []struct {
		name, method, contentType, body string
		status, code                    int
	}{
		{"wrong verb", "GET", "", "", 405, 900561},
		{"JSON", "POST", "application/json", `{"grant_type":"client_credentials"}`, 400, 9002313},
		{"JSON without a type", "POST", "", `{"grant_type":"client_credentials"}`, 400, 9002313},
		{"bad escape", "POST", "application/x-www-form-urlencoded", "grant_type=%zz", 400, 9002313},
		{"duplicate", "POST", "application/x-www-form-urlencoded", "client_id=a&client_id=b", 400, 9000411},
		{"empty", "POST", "application/x-www-form-urlencoded", "", 400, 900144},
		{"too long", "POST", "application/x-www-form-urlencoded", "a=" + strings.Repeat("x", maxForm), 400, 9002313},
	}
	for _, row := range rows {
		req := httptest.NewRequest(row.method, tokenPath, strings.NewReader(row.body))
		req.Header.Set("Content-Type", row.contentType)
		resp, body := call(t, s, req)
		t.Run(row.name, func(t *testing.T) { wantFault(t, resp, body, row.status, "invalid_request", row.code) })
	}
}

func TestClientCredentialsAnswer(t *testing.T) {
	t.Parallel()
	s, d := newService(t)
	for _, path := range []string{tokenPath, "//a.example/oauth2/v2.0/token", "/" + strings.ToUpper(tenantA) + "/OAuth2/V2.0/Token"} {
		resp, body := post(t, s, path, secretForm("scope", graphAll+" openid offline_access profile"))
		if resp.StatusCode != 200 || body["token_type"] != "Bearer" || body["expires_in"] != float64(3599) || body["ext_expires_in"] != float64(3599) || len(body) != 4 {
			t.Fatalf("%s: %d %v", path, resp.StatusCode, body)
		}
		c := claimsOf(t, body["access_token"].(string))
		for name, want := range map[string]any{
			"aud": "https://graph.microsoft.com", "iss": "https://sts.windows.net/" + tenantA + "/", "appid": daemon, "appidacr": "1",
			"app_displayname": "Daemon", "idtyp": "app", "oid": daemonSP, "sub": daemonSP, "tid": tenantA, "ver": "1.0",
		} {
			if c[name] != want {
				t.Errorf("%s: %v, want %v", name, c[name], want)
			}
		}
		if roles, _ := c["roles"].([]any); len(roles) != 2 {
			t.Errorf("roles %v", c["roles"])
		}
	}
	if d.attempts[0] != (Attempt{At: d.attempts[0].At, Remote: "192.0.2.1:1234", Tenant: tenantA, Client: daemon, Grant: "client_credentials", Outcome: "ok"}) {
		t.Errorf("request log: %+v", d.attempts[0])
	}
}

func TestSecretByBasic(t *testing.T) {
	t.Parallel()
	s, _ := newService(t)
	form := secretForm("client_id", "", "client_secret", "")
	for _, encode := range []func(string) string{url.QueryEscape, func(t string) string { return t }} {
		req := httptest.NewRequest(http.MethodPost, tokenPath, strings.NewReader(form.Encode()))
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.SetBasicAuth(daemon, encode(secret))
		if resp, body := call(t, s, req); resp.StatusCode != 200 {
			t.Errorf("%d %v", resp.StatusCode, body)
		}
	}
}

func TestAssertionsInTheWild(t *testing.T) {
	t.Parallel()
	s, _ := newService(t)
	x := shared()
	rows := []struct {
		alg, key string
		padded   bool
		with     credential
		aud      any
	}{
		{"RS256", "x5t", false, x.good, base + tokenPath},
		{"RS256", "x5t", true, x.good, base + "/a.example/oauth2/v2.0/token"},
		{"PS256", "x5t#S256", false, x.good, "https://login.microsoftonline.com/" + tenantA + "/v2.0"},
		{"PS256", "x5t#S256", true, x.good, []string{"https://login.microsoftonline.com" + tokenPath}},
		{"RS256", "kid", false, x.good, "https://127.0.0.1/" + tenantA + "/oauth2/token"},
		{"PS256", "kid", false, x.good, "https://sts.windows.net/" + tenantA + "/"},
		{"ES256", "x5t#S256", false, x.elliptic, base + tokenPath},
	}
	for _, row := range rows {
		form := assertionForm(daemon, assertion(t, row.with, row.alg, row.key, row.padded, proof("aud", row.aud)))
		resp, body := post(t, s, tokenPath, form)
		if resp.StatusCode != 200 {
			t.Errorf("%+v: %v", row.alg+" "+row.key, body)
			continue
		}
		if c := claimsOf(t, body["access_token"].(string)); c["appidacr"] != "2" {
			t.Errorf("appidacr %v", c["appidacr"])
		}
	}
	federated := assertion(t, x.good, "RS256", "kid", false, proof("iss", "https://issuer.example", "aud", "api://AzureADTokenExchange", "sub", "pod-1"))
	if resp, body := post(t, s, tokenPath, assertionForm(workload, federated)); resp.StatusCode != 200 {
		t.Errorf("federated: %v", body)
	}
}

func TestResourceNames(t *testing.T) {
	t.Parallel()
	s, _ := newService(t, func(c *Config) { c.GraphAudiences = []string{"https://graph.sim.example:9443"} })
	rows := []struct {
		resource string
		graph    bool
	}{
		{"https://graph.microsoft.com", true}, {"https://graph.microsoft.com/", true}, {GraphAppID, true}, {"HTTPS://Graph.Microsoft.com", true},
		{base, true}, {base + "/", true}, {"https://127.0.0.1", true}, {"https://localhost:8443/", true}, {"https://graph.sim.example:9443/", true},
		{"https://management.azure.com", false}, {"https://management.core.windows.net/", false}, {"api://" + web, false},
	}
	for _, row := range rows {
		token := appToken(t, s, "scope", row.resource+"/.default")
		c := claimsOf(t, token)
		if _, roles := c["roles"]; c["aud"] != row.resource || roles != row.graph {
			t.Errorf("%s: aud %v, roles %v", row.resource, c["aud"], c["roles"])
		}
		_, refusal := s.Verify(bearer(token))
		if (refusal == nil) != row.graph {
			t.Errorf("%s: %+v", row.resource, refusal)
		}
	}
}

func TestVersion1AnswersTexts(t *testing.T) {
	t.Parallel()
	s, _ := newService(t)
	form := secretForm("scope", "", "resource", "https://graph.microsoft.com")
	resp, body := post(t, s, "/"+tenantA+"/oauth2/token", form)
	if resp.StatusCode != 200 || body["expires_in"] != "3599" || body["ext_expires_in"] != "3599" || body["resource"] != "https://graph.microsoft.com" {
		t.Fatalf("%d %v", resp.StatusCode, body)
	}
	if c := claimsOf(t, body["access_token"].(string)); fmt.Sprintf("%.0f", c["exp"]) != body["expires_on"] || fmt.Sprintf("%.0f", c["nbf"]) != body["not_before"] {
		t.Errorf("%v against %v", body, c)
	}
}

func TestSwitches(t *testing.T) {
	t.Parallel()
	s, _ := newService(t, func(c *Config) { c.Switches = Switches{ThrottleTokens: 1, RetryAfter: 7 * time.Second} })
	resp, body := post(t, s, tokenPath, secretForm())
	wantFault(t, resp, body, 429, "temporarily_unavailable", 90055)
	if resp.Header.Get("Retry-After") != "7" {
		t.Errorf("Retry-After %q", resp.Header.Get("Retry-After"))
	}
	s.Switch(func(sw *Switches) { sw.FailTokens, sw.FailStatus = 1, 504 })
	resp, body = post(t, s, tokenPath, secretForm())
	wantFault(t, resp, body, 504, "temporarily_unavailable", 90033)
	s.Switch(func(sw *Switches) { sw.RefuseTokens, sw.RefuseCode = 1, 53003 })
	resp, body = post(t, s, tokenPath, secretForm())
	wantFault(t, resp, body, 400, "interaction_required", 53003)
	if body["claims"] == nil {
		t.Error("no claims")
	}
	s.Switch(func(sw *Switches) { sw.TokenLifetime, sw.CAELifetime = 10*time.Second, 24*time.Hour })
	if _, body = post(t, s, tokenPath, secretForm()); body["expires_in"] != float64(10) {
		t.Errorf("expires_in %v", body["expires_in"])
	}
	_, body = post(t, s, tokenPath, secretForm("claims", `{"access_token":{"xms_cc":{"values":["cp1"]}},"id_token":{}}`))
	if body["expires_in"] != float64(86400) || body["refresh_in"] != float64(43200) {
		t.Errorf("%v", body)
	}
}
