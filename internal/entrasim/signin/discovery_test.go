package signin

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
)

func TestInstanceDiscovery(t *testing.T) {
	t.Parallel()
	s, _ := newService(t)
	rows := []struct{ name, query, endpoint string }{
		{"port lost", "authorization_endpoint=https%3A%2F%2F127.0.0.1%2Fa.example%2Foauth2%2Fv2.0%2Fauthorize&api-version=1.0", "/a.example"},
		{"not encoded", "api-version=1.1&authorization_endpoint=" + base + "/" + tenantA + "/oauth2/v2.0/authorize", "/" + tenantA},
		{"alias lookup", "api-version=1.1&authorization_endpoint=https://login.microsoftonline.com/common/oauth2/authorize", "/common"},
		{"loopback by name", "authorization_endpoint=https://localhost:8443/common/oauth2/authorize", "/common"},
	}
	for _, row := range rows {
		resp, body := get(t, s, "/common/discovery/instance?"+row.query)
		if resp.StatusCode != 200 || body["tenant_discovery_endpoint"] != base+row.endpoint+"/v2.0/.well-known/openid-configuration" {
			t.Errorf("%s: %d %v", row.name, resp.StatusCode, body)
			continue
		}
		entry := body["metadata"].([]any)[0].(map[string]any)
		if entry["preferred_network"] != host || entry["preferred_cache"] != host || entry["aliases"].([]any)[0] != host {
			t.Errorf("%s: %v", row.name, entry)
		}
	}
	resp, body := get(t, s, "/common/discovery/instance?api-version=1.1&authorization_endpoint=https://other.example/common/oauth2/authorize")
	wantFault(t, resp, body, 400, "invalid_instance", 50049)
	s.Switch(func(sw *Switches) { sw.ForgetInstance = true })
	resp, body = get(t, s, "/common/discovery/instance?"+rows[1].query)
	wantFault(t, resp, body, 400, "invalid_instance", 50049)
}

func TestOpenIDConfiguration(t *testing.T) {
	t.Parallel()
	s, _ := newService(t)
	rows := []struct{ path, token, issuer string }{
		{"/" + tenantA + "/v2.0/.well-known/openid-configuration?", "/" + tenantA + "/oauth2/v2.0/token", base + "/" + tenantA + "/v2.0"},
		{"//A.EXAMPLE/v2.0/.well-known/openid-configuration", "/" + tenantA + "/oauth2/v2.0/token", base + "/" + tenantA + "/v2.0"},
		{"/a.example/.well-known/openid-configuration", "/" + tenantA + "/oauth2/token", "https://sts.windows.net/" + tenantA + "/"},
		{"/common/v2.0/.well-known/openid-configuration", "/common/oauth2/v2.0/token", base + "/{tenantid}/v2.0"},
		{"/Organizations/v2.0/.well-known/openid-configuration", "/organizations/oauth2/v2.0/token", base + "/{tenantid}/v2.0"},
		{"/consumers/v2.0/.well-known/openid-configuration", "/consumers/oauth2/v2.0/token", base + "/" + consumersTenant + "/v2.0"},
	}
	for _, row := range rows {
		resp, body := get(t, s, row.path)
		if resp.StatusCode != 200 || body["token_endpoint"] != base+row.token || body["issuer"] != row.issuer {
			t.Errorf("%s: %d %v %v", row.path, resp.StatusCode, body["token_endpoint"], body["issuer"])
			continue
		}
		for _, name := range []string{"jwks_uri", "authorization_endpoint", "device_authorization_endpoint", "end_session_endpoint"} {
			u, err := url.Parse(body[name].(string))
			if err != nil || u.Host != host || !s.Owns(u.Path) {
				t.Errorf("%s: %s is %v", row.path, name, body[name])
			}
		}
	}
	resp, body := get(t, s, "/nowhere.example/v2.0/.well-known/openid-configuration")
	wantFault(t, resp, body, 400, "invalid_tenant", 90002)
}

func TestOwns(t *testing.T) {
	t.Parallel()
	s, _ := newService(t)
	for path, want := range map[string]bool{
		"/": false, "": false, "/v1.0/users": false, "/beta/tenants": false, "/v1.0/oauth2PermissionGrants": false, "/v1.0/oauth2/token": false,
		"/v1.0/$batch": false, "/metadata/endpoints": true, "/tenants": true, "/subscriptions": true, "/devicelogin": true, "/oidc/userinfo": true,
		"//common//oauth2/v2.0/token/": true, "/common/UserRealm/a@b.example": true, "/x/oauth2/v2.0/logout": true, "/x/discovery/keys": true, "/x/y": false,
	} {
		if s.Owns(path) != want {
			t.Errorf("Owns(%q) is %v", path, !want)
		}
	}
}

func TestHeaders(t *testing.T) {
	t.Parallel()
	s, _ := newService(t)
	req := httptest.NewRequest(http.MethodGet, "/common/v2.0/.well-known/openid-configuration", nil)
	req.Header.Set("client-request-id", "77777777-7777-4777-8777-777777777777")
	req.Header.Set("return-client-request-id", "true")
	resp, _ := call(t, s, req)
	if resp.Header.Get("client-request-id") != "77777777-7777-4777-8777-777777777777" || !isGUID(resp.Header.Get("x-ms-request-id")) {
		t.Errorf("%v", resp.Header)
	}
	if resp, _ = call(t, s, httptest.NewRequest(http.MethodOptions, tokenPath, nil)); resp.StatusCode != 204 {
		t.Errorf("preflight %d", resp.StatusCode)
	}
}

func TestCloud(t *testing.T) {
	t.Parallel()
	s, _ := newService(t)
	resp, body := get(t, s, "/metadata/endpoints?api-version=2022-09-01")
	login, _ := body["authentication"].(map[string]any)
	if resp.StatusCode != 200 || body["name"] == nil || body["resourceManager"] != base+"/" || body["microsoftGraphResourceId"] != base+"/" || login["loginEndpoint"] != base {
		t.Errorf("%d %v", resp.StatusCode, body)
	}
	req := httptest.NewRequest(http.MethodGet, "/metadata/endpoints?api-version=2019-05-01", nil)
	req.Host = host
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, req)
	if !strings.HasPrefix(w.Body.String(), "[{") {
		t.Errorf("2019: %s", w.Body)
	}
	if _, body = get(t, s, "/metadata/endpoints?api-version=2015-01-01"); body["galleryEndpoint"] == nil || body["name"] != nil {
		t.Errorf("2015: %v", body)
	}
	if _, body = get(t, s, "/common/userrealm/"+alice+"?api-version=1.0"); body["account_type"] != "Managed" || body["domain_name"] != "a.example" {
		t.Errorf("realm: %v", body)
	}
	if resp, _ = get(t, s, "/subscriptions?api-version=2022-12-01"); resp.StatusCode != 401 {
		t.Errorf("without a token: %d", resp.StatusCode)
	}
	token := appToken(t, s, "scope", "https://management.core.windows.net//.default")
	for path, want := range map[string]string{"/subscriptions": `[]`, "/tenants": tenantA} {
		req := bearer(token)
		req.URL.Path = path
		resp, _ := call(t, s, req)
		text := make([]byte, 4096)
		n, _ := resp.Body.Read(text)
		if resp.StatusCode != 200 || !strings.Contains(string(text[:n]), want) {
			t.Errorf("%s: %d %s", path, resp.StatusCode, text[:n])
		}
	}
}

func TestCA(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ca, err := NewCA(dir)
	if err != nil {
		t.Fatal(err)
	}
	config, err := ca.TLSConfig()
	if err != nil {
		t.Fatal(err)
	}
	pemBytes, err := os.ReadFile(ca.File())
	if err != nil {
		t.Fatal(err)
	}
	block, rest := pem.Decode(pemBytes)
	root, err := x509.ParseCertificate(block.Bytes)
	if err != nil || len(rest) != 0 || !root.IsCA || root.KeyUsage&x509.KeyUsageCertSign == 0 || len(root.SubjectKeyId) == 0 || len(root.AuthorityKeyId) == 0 {
		t.Fatalf("%v %+v", err, root)
	}
	leaf := config.Certificates[0].Leaf
	for _, name := range []string{"127.0.0.1", "::1", "localhost"} {
		if _, err := leaf.Verify(x509.VerifyOptions{Roots: ca.Pool(), DNSName: name, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if string(leaf.AuthorityKeyId) != string(root.SubjectKeyId) || len(leaf.SubjectKeyId) == 0 {
		t.Error("key identifiers")
	}
	again, err := NewCA(dir)
	if err != nil {
		t.Fatal(err)
	}
	same, err := again.TLSConfig()
	if err != nil || !same.Certificates[0].Leaf.Equal(leaf) {
		t.Errorf("%v: a restart made another certificate", err)
	}
	wider, err := again.TLSConfig("login.microsoftonline.com")
	if err != nil || wider.Certificates[0].Leaf.VerifyHostname("login.microsoftonline.com") != nil || wider.MinVersion != tls.VersionTLS12 {
		t.Errorf("%v: further names", err)
	}
}
