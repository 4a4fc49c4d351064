package signin

import (
	"net/http"
	"strings"
)

// metadata describes the cloud. On a real cloud it lives on the Resource Manager host; its shape depends on the
// version that is asked for: one object since 2022-09-01, a list of clouds in 2019 and 2020, a small object in
// 2015. loginEndpoint has no trailing slash, because readers append "/tenant".
func (s *Service) metadata(w http.ResponseWriter, r *http.Request) {
	base, version := Base(r), r.URL.Query().Get("api-version")
	graph := s.graphOf(base) + "/"
	authentication := map[string]any{
		"loginEndpoint": base, "audiences": []string{"https://management.core.windows.net/", "https://management.azure.com/"},
		"tenant": "common", "identityProvider": "AAD",
	}
	if version != "" && version < "2018" {
		writeJSON(w, http.StatusOK, map[string]any{
			"galleryEndpoint": base + "/", "graphEndpoint": "https://graph.windows.net/", "portalEndpoint": base, "graphAudience": "https://graph.windows.net/",
			"authentication": map[string]any{"loginEndpoint": base, "audiences": authentication["audiences"]},
		})
		return
	}
	cloud := map[string]any{
		"name": "EntraSim", "portal": base, "resourceManager": base + "/", "microsoftGraphResourceId": graph,
		"authentication": authentication,
		"graph":          "https://graph.windows.net/", "graphAudience": "https://graph.windows.net/",
		"batch": "https://batch.core.windows.net/", "gallery": base + "/", "media": "https://rest.media.azure.net",
		"sqlManagement": "https://management.core.windows.net:8443/",
		"suffixes":      map[string]any{"storage": "core.windows.net", "keyVaultDns": "vault.azure.net"},
	}
	if version != "" && version < "2022-09-01" {
		writeJSON(w, http.StatusOK, []any{cloud})
		return
	}
	writeJSON(w, http.StatusOK, cloud)
}

// subscriptions answers tools that call Resource Manager right after sign-in: there are none here.
func (s *Service) subscriptions(w http.ResponseWriter, r *http.Request) {
	if _, ok := s.managed(w, r); ok {
		writeJSON(w, http.StatusOK, map[string]any{"value": []any{}})
	}
}

// tenants lists the tenant of the token.
func (s *Service) tenants(w http.ResponseWriter, r *http.Request) {
	c, ok := s.managed(w, r)
	if !ok {
		return
	}
	t, _ := s.dir.Tenant(c.TenantID)
	writeJSON(w, http.StatusOK, map[string]any{"value": []any{map[string]any{
		"id": "/tenants/" + c.TenantID, "tenantId": c.TenantID, "displayName": t.DisplayName, "defaultDomain": t.Domain,
	}}})
}

// managed checks the token of a Resource Manager call and answers as Resource Manager when it is not good.
func (s *Service) managed(w http.ResponseWriter, r *http.Request) (Claims, bool) {
	c, refusal := s.inspect(r)
	code := ""
	switch {
	case refusal != nil:
		code = "AuthenticationFailed"
	case !managementAudience(c.Audience) && !s.graphAudience(c.Audience, r.Host):
		code = "InvalidAuthenticationTokenAudience"
	default:
		return c, true
	}
	w.Header().Set("WWW-Authenticate", `Bearer authorization_uri="`+Base(r)+`/common", error="invalid_token"`)
	writeJSON(w, http.StatusUnauthorized, map[string]any{"error": map[string]any{"code": code, "message": "Authentication failed."}})
	return Claims{}, false
}

func managementAudience(name string) bool {
	switch strings.TrimRight(strings.ToLower(name), "/") {
	case "https://management.azure.com", "https://management.core.windows.net":
		return true
	}
	return false
}

// userRealm tells how a user name signs in. Libraries ask before a password sign-in.
func (s *Service) userRealm(w http.ResponseWriter, upn string) {
	_, domain, _ := strings.Cut(upn, "@")
	body := map[string]any{"ver": "1.0", "account_type": "Unknown", "cloud_instance_name": "microsoftonline.com"}
	if _, ok := s.dir.Tenant(domain); ok && domain != "" {
		body["account_type"], body["domain_name"], body["cloud_audience_urn"] = "Managed", domain, "urn:federation:MicrosoftOnline"
	}
	writeJSON(w, http.StatusOK, body)
}

// userInfo is the userinfo endpoint of OpenID Connect, which a real cloud serves on Graph's host.
func (s *Service) userInfo(w http.ResponseWriter, r *http.Request) {
	c, refusal := s.Verify(r)
	if refusal == nil && !c.Delegated() {
		refusal = DelegatedOnly()
	}
	if refusal != nil {
		if refusal.WWWAuthenticate != "" {
			w.Header().Set("WWW-Authenticate", refusal.WWWAuthenticate)
		}
		writeJSON(w, refusal.Status, map[string]any{"error": map[string]any{"code": refusal.Code, "message": refusal.Message}})
		return
	}
	body := map[string]any{"sub": c.Subject, "name": c.Name, "picture": "https://graph.microsoft.com/v1.0/me/photo/$value"}
	if p, ok := s.dir.Person(c.TenantID, c.UPN); ok && p.Mail != "" && c.HasScope("email") {
		body["email"] = p.Mail
	}
	writeJSON(w, http.StatusOK, body)
}
