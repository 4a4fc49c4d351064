package signin

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// FuzzForm throws bodies at every form of the service: no panic, no 5xx, and always an answer of the right kind.
func FuzzForm(f *testing.F) {
	for _, seed := range []string{
		"", "a", "=", "&&", "a=%", "a=b;c=d", "grant_type=client_credentials", secretForm().Encode(), `{"a":1}`,
		assertionForm(daemon, "eyJhbGciOiJub25lIn0.e30.").Encode(), "grant_type=password&client_id=" + phone + "&username=@&password=x",
		"grant_type=device_code&client_id=" + phone + "&code=x", "otc=ABC&login=x&passwd=y", webParams().Encode(),
		secretForm("claims", `{"access_token":{"nbf":{"value":null},"xms_cc":[]}}`).Encode(), secretForm("scope", "/ //.default :///.default").Encode(),
		"client_id=%ff%fe&grant_type=refresh_token&refresh_token=%00&client_secret=x",
	} {
		f.Add(seed)
	}
	s, _ := newService(f)
	targets := []string{tokenPath, "/" + tenantA + "/oauth2/token", "/common/oauth2/v2.0/token", "/organizations/oauth2/v2.0/devicecode", "/devicelogin", "/" + tenantA + "/oauth2/v2.0/authorize", "/common/oauth2/v2.0/authorize"}
	f.Fuzz(func(t *testing.T, body string) {
		for _, target := range targets {
			req := httptest.NewRequest(http.MethodPost, target, strings.NewReader(body))
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			resp, out := call(t, s, req)
			if resp.StatusCode >= 500 || resp.StatusCode == 404 {
				t.Fatalf("%s: %d for %q", target, resp.StatusCode, body)
			}
			if resp.StatusCode >= 400 && strings.HasSuffix(target, "/token") && out["error_description"] == nil {
				t.Fatalf("%s: %v for %q", target, out, body)
			}
		}
	})
}
