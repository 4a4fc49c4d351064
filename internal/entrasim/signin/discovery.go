package signin

import (
	"net/http"
	"net/url"
)

// instance answers "is this authority real, what are its aliases". The tenant comes from the question, the base
// from ourselves, because one library loses the port in the question. The aliases are only our own host, with
// its port: libraries switch to preferred_network.
func (s *Service) instance(w http.ResponseWriter, r *http.Request) {
	asked := r.URL.Query().Get("authorization_endpoint")
	if asked == "" {
		s.fail(w, r, refuse(900144, "authorization_endpoint"))
		return
	}
	u, err := url.Parse(asked)
	if err != nil || s.Switches().ForgetInstance || !ownHost(u.Host, r.Host) && !wellKnown(u.Hostname()) {
		s.fail(w, r, refuse(50049))
		return
	}
	tenant := "common"
	if seg := segments(u.Path); len(seg) > 0 {
		tenant = seg[0]
	}
	type alias struct {
		Network string   `json:"preferred_network"`
		Cache   string   `json:"preferred_cache"`
		Aliases []string `json:"aliases"`
	}
	writeJSON(w, http.StatusOK, struct {
		Endpoint string  `json:"tenant_discovery_endpoint"`
		Version  string  `json:"api-version"`
		Metadata []alias `json:"metadata"`
	}{
		Base(r) + "/" + url.PathEscape(tenant) + "/v2.0/.well-known/openid-configuration", "1.1",
		[]alias{{r.Host, r.Host, []string{r.Host}}},
	})
}

// openIDConfiguration has the fields in the order of the real service (Microsoft identity platform
// documentation, "OpenID Connect on the Microsoft identity platform").
type openIDConfiguration struct {
	Token              string   `json:"token_endpoint"`
	TokenAuth          []string `json:"token_endpoint_auth_methods_supported"`
	Keys               string   `json:"jwks_uri"`
	ResponseModes      []string `json:"response_modes_supported"`
	SubjectTypes       []string `json:"subject_types_supported"`
	IDTokenAlgorithms  []string `json:"id_token_signing_alg_values_supported"`
	ResponseTypes      []string `json:"response_types_supported"`
	Scopes             []string `json:"scopes_supported"`
	Issuer             string   `json:"issuer"`
	RequestURI         bool     `json:"request_uri_parameter_supported"`
	UserInfo           string   `json:"userinfo_endpoint"`
	Authorization      string   `json:"authorization_endpoint"`
	Device             string   `json:"device_authorization_endpoint"`
	HTTPLogout         bool     `json:"http_logout_supported"`
	FrontchannelLogout bool     `json:"frontchannel_logout_supported"`
	EndSession         string   `json:"end_session_endpoint"`
	Claims             []string `json:"claims_supported"`
	Region             string   `json:"tenant_region_scope"`
	Cloud              string   `json:"cloud_instance_name"`
	CloudGraph         string   `json:"cloud_graph_host_name"`
	Graph              string   `json:"msgraph_host"`
	RBAC               string   `json:"rbac_url"`
}

// openID answers both forms; the v1 form is asked for when a tenant is given by domain name.
func (s *Service) openID(w http.ResponseWriter, r *http.Request, tenant string, v2 bool) {
	a, f := s.resolve(tenant)
	if f != nil {
		s.fail(w, r, f.named("invalid_tenant"))
		return
	}
	root := Base(r) + "/" + a.path()
	oauth, keys, issuer := root+"/oauth2/v2.0", root+"/discovery/v2.0/keys", issuerV2(Base(r), a.issuerTenant())
	if !v2 {
		oauth, keys, issuer = root+"/oauth2", root+"/discovery/keys", issuerV1(a.issuerTenant())
	}
	writeJSON(w, http.StatusOK, openIDConfiguration{
		Token: oauth + "/token", TokenAuth: []string{"client_secret_post", "private_key_jwt", "client_secret_basic"},
		Keys: keys, ResponseModes: []string{"query", "fragment", "form_post"}, SubjectTypes: []string{"pairwise"},
		IDTokenAlgorithms: []string{"RS256"}, ResponseTypes: []string{"code", "id_token", "code id_token", "id_token token"},
		Scopes: []string{"openid", "profile", "email", "offline_access"}, Issuer: issuer,
		UserInfo: s.graphOf(Base(r)) + "/oidc/userinfo", Authorization: oauth + "/authorize", Device: oauth + "/devicecode",
		HTTPLogout: true, FrontchannelLogout: true, EndSession: oauth + "/logout",
		Claims: []string{"sub", "iss", "aud", "exp", "iat", "auth_time", "acr", "nonce", "preferred_username", "name", "tid", "ver", "at_hash", "c_hash", "email"},
		Region: "EU", Cloud: "microsoftonline.com", CloudGraph: "graph.windows.net", Graph: "graph.microsoft.com", RBAC: "https://pas.windows.net",
	})
}

func issuerV2(base, tenant string) string { return base + "/" + tenant + "/v2.0" }
func issuerV1(tenant string) string       { return "https://sts.windows.net/" + tenant + "/" }

// keySet publishes the signing keys. Each names the issuer that it signs for.
func (s *Service) keySet(w http.ResponseWriter, r *http.Request, tenant string, v2 bool) {
	a, f := s.resolve(tenant)
	if f != nil {
		s.fail(w, r, f.named("invalid_tenant"))
		return
	}
	issuer := issuerV2(Base(r), a.issuerTenant())
	if !v2 {
		issuer = issuerV1(a.issuerTenant())
	}
	writeJSON(w, http.StatusOK, map[string]any{"keys": s.keys.published(issuer)})
}
