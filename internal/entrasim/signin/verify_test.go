package signin

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"
)

func bearer(token string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, "/v1.0/users", nil)
	r.Host = host
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	return r
}

func TestVerifyRefusals(t *testing.T) {
	t.Parallel()
	now := time.Now()
	s, _ := newService(t, func(c *Config) { c.Now = func() time.Time { return now } })
	good := appToken(t, s)
	parts := strings.Split(good, ".")
	forged := func(alg string) string {
		head := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"` + alg + `","kid":"` + s.keys.current().id + `"}`))
		return head + "." + parts[1] + "." + parts[2]
	}
	sign := func(claims map[string]any) string {
		token, err := s.keys.sign(claims)
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	end := now.Unix() + 60
	rows := []struct{ name, token, message string }{
		{"no token", "", "Access token is empty."},
		{"not a JWT", "abc", "CompactToken parsing failed with error code: 80049217"},
		{"bad signature", parts[0] + "." + parts[1] + "." + base64.RawURLEncoding.EncodeToString([]byte("x")), "signature is invalid"},
		{"alg none", forged("none"), "signature is invalid"},
		{"alg HS256", forged("HS256"), "signature is invalid"},
		{"expired", sign(map[string]any{"aud": GraphAppID, "tid": tenantA, "exp": now.Unix()}), "Lifetime validation failed, the token is expired."},
		{"not yet valid", sign(map[string]any{"aud": GraphAppID, "tid": tenantA, "exp": end, "nbf": end + 3600}), "not valid yet"},
		{"other audience", appToken(t, s, "scope", "https://management.azure.com/.default"), "Invalid audience."},
		{"no tenant", sign(map[string]any{"aud": GraphAppID, "exp": end}), "tenant id is missing"},
		{"unknown tenant", sign(map[string]any{"aud": GraphAppID, "exp": end, "tid": "99999999-9999-4999-8999-999999999999"}), "not known"},
	}
	header := `Bearer realm="", authorization_uri="` + base + `/common/oauth2/authorize", client_id="00000003-0000-0000-c000-000000000000"`
	for _, row := range rows {
		_, r := s.Verify(bearer(row.token))
		if r == nil || r.Status != 401 || r.Code != "InvalidAuthenticationToken" || !strings.Contains(r.Message, row.message) || r.WWWAuthenticate != header {
			t.Errorf("%s: %+v", row.name, r)
		}
	}
	c, r := s.Verify(bearer(good))
	if r != nil || !c.HasRole("user.read.all") || c.HasRole("Mail.Send") || c.Delegated() || c.TenantID != tenantA {
		t.Errorf("%+v %+v", c, r)
	}
}

func TestChallenge(t *testing.T) {
	t.Parallel()
	s, _ := newService(t)
	plain, capable := appToken(t, s), appToken(t, s, "claims", `{"access_token":{"xms_cc":{"values":["CP1"]}}}`)
	s.Switch(func(sw *Switches) { sw.ChallengeNext = 1 })
	if _, r := s.Verify(bearer(plain)); r != nil {
		t.Errorf("a client that did not declare CP1 is challenged: %+v", r)
	}
	_, r := s.Verify(bearer(capable))
	if r == nil || r.Status != 401 {
		t.Fatalf("no challenge: %+v", r)
	}
	match := regexp.MustCompile(`error="insufficient_claims", claims="([^"]+)"`).FindStringSubmatch(r.WWWAuthenticate)
	if match == nil {
		t.Fatalf("header %s", r.WWWAuthenticate)
	}
	claims, err := base64.StdEncoding.DecodeString(match[1])
	if err != nil || !regexp.MustCompile(`^\{"access_token":\{"nbf":\{"essential":true,"value":"\d+"\}\}\}$`).Match(claims) {
		t.Fatalf("%v %s", err, claims)
	}
	if _, r := s.Verify(bearer(capable)); r == nil {
		t.Error("the challenged token opens Graph when it is only repeated")
	}
	merged := strings.Replace(string(claims), `{"nbf"`, `{"xms_cc":{"values":["CP1"]},"nbf"`, 1)
	if _, r := s.Verify(bearer(appToken(t, s, "claims", merged))); r != nil {
		t.Errorf("the new token: %+v", r)
	}
}

func TestKeysSurviveAndRoll(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, _ := newService(t, func(c *Config) { c.KeyDir = dir })
	first := appToken(t, s)
	again, _ := newService(t, func(c *Config) { c.KeyDir = dir })
	if _, r := again.Verify(bearer(first)); r != nil {
		t.Fatalf("after a restart: %+v", r)
	}
	standby := keyIDs(t, again)[1]
	if err := again.RollKeys(); err != nil {
		t.Fatal(err)
	}
	ids := keyIDs(t, again)
	second := appToken(t, again)
	if parsed, _ := parseJWT(second); len(ids) != 3 || parsed.header.KeyID != standby || parsed.header.Thumbprint != standby {
		t.Errorf("ids %v, signed by %s", ids, parsed.header.KeyID)
	}
	if _, r := again.Verify(bearer(first)); r != nil {
		t.Errorf("a retired key lasts until the next roll: %+v", r)
	}
	if err := again.RollKeys(); err != nil {
		t.Fatal(err)
	}
	if _, r := again.Verify(bearer(first)); r == nil || r.Status != 401 {
		t.Errorf("a dropped key still opens: %+v", r)
	}
	last, _ := newService(t, func(c *Config) { c.KeyDir = dir })
	if fmt.Sprint(keyIDs(t, last)) != fmt.Sprint(keyIDs(t, again)) {
		t.Error("the rolled keys did not reach the disk")
	}
}

func keyIDs(t *testing.T, s *Service) (ids []string) {
	t.Helper()
	_, body := get(t, s, "/common/discovery/v2.0/keys")
	for _, k := range body["keys"].([]any) {
		ids = append(ids, k.(map[string]any)["kid"].(string))
	}
	return ids
}
