package signin

import (
	"net/http"
	"strings"

	"github.com/google/uuid"
)

// target is the answering function of a path and the verbs that it accepts.
type target struct {
	verbs string // separated by blanks
	serve func(w http.ResponseWriter, r *http.Request)
}

// segments splits a path without regard to doubled and trailing slashes: tools concatenate
// loginEndpoint + "/" + tenant.
func segments(path string) []string {
	return strings.FieldsFunc(path, func(c rune) bool { return c == '/' })
}

// Owns tells whether a request path belongs to the sign-in service rather than to Graph.
func (s *Service) Owns(path string) bool { return s.find(path) != nil }

// find routes a path. Everything but the tenant is compared without regard to case.
func (s *Service) find(path string) *target {
	seg := segments(path)
	if len(seg) == 0 {
		return nil
	}
	if strings.EqualFold(seg[0], "v1.0") || strings.EqualFold(seg[0], "beta") {
		return nil
	}
	if t := s.findFixed(strings.ToLower(strings.Join(seg, "/")), seg); t != nil {
		return t
	}
	return s.findTenant(seg[0], strings.ToLower(strings.Join(seg[1:], "/")))
}

// findFixed routes the paths without a tenant.
func (s *Service) findFixed(path string, seg []string) *target {
	switch {
	case path == "common/discovery/instance":
		return &target{"GET", s.instance}
	case strings.HasPrefix(path, "common/userrealm/") && len(seg) == 3:
		return &target{"GET", func(w http.ResponseWriter, r *http.Request) { s.userRealm(w, seg[2]) }}
	case path == "metadata/endpoints":
		return &target{"GET", s.metadata}
	case path == "subscriptions":
		return &target{"GET", s.subscriptions}
	case path == "tenants":
		return &target{"GET", s.tenants}
	case path == "devicelogin":
		return &target{"GET POST", s.deviceLogin}
	case path == "error":
		return &target{"GET", s.errorPage}
	case path == "oidc/userinfo":
		return &target{"GET POST", s.userInfo}
	}
	return nil
}

// findTenant routes the paths of an authority.
func (s *Service) findTenant(tenant, rest string) *target {
	serve := func(verbs string, f func(http.ResponseWriter, *http.Request, string, bool), v2 bool) *target {
		return &target{verbs, func(w http.ResponseWriter, r *http.Request) { f(w, r, tenant, v2) }}
	}
	switch rest {
	case "v2.0/.well-known/openid-configuration":
		return serve("GET", s.openID, true)
	case ".well-known/openid-configuration":
		return serve("GET", s.openID, false)
	case "discovery/v2.0/keys":
		return serve("GET", s.keySet, true)
	case "discovery/keys":
		return serve("GET", s.keySet, false)
	case "oauth2/v2.0/token":
		return serve("POST", s.token, true)
	case "oauth2/token":
		return serve("POST", s.token, false)
	case "oauth2/v2.0/authorize":
		return serve("GET POST", s.authorize, true)
	case "oauth2/authorize":
		return serve("GET POST", s.authorize, false)
	case "oauth2/v2.0/devicecode":
		return serve("POST", s.deviceCode, true)
	case "oauth2/devicecode":
		return serve("POST", s.deviceCode, false)
	case "oauth2/deviceauth", "oauth2/v2.0/deviceauth":
		return &target{"GET POST", s.deviceLogin}
	case "oauth2/v2.0/logout", "oauth2/logout":
		return serve("GET POST", s.logout, true)
	case "oauth2/nativeclient":
		return &target{"GET", s.nativeClient}
	}
	return nil
}

// Handler serves every path that Owns accepts.
func (s *Service) Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("x-ms-request-id", uuid.NewString())
		h.Set("Cache-Control", "no-store, no-cache")
		h.Set("Pragma", "no-cache")
		if id := r.Header.Get("client-request-id"); isGUID(id) && strings.EqualFold(r.Header.Get("return-client-request-id"), "true") {
			h.Set("client-request-id", id)
		}
		t := s.find(r.URL.Path)
		if t == nil {
			http.NotFound(w, r)
			return
		}
		h.Set("Access-Control-Allow-Origin", "*")
		if r.Method == http.MethodOptions {
			h.Set("Access-Control-Allow-Methods", strings.ReplaceAll(t.verbs, " ", ", ")+", OPTIONS")
			h.Set("Access-Control-Allow-Headers", "*")
			w.WriteHeader(http.StatusNoContent)
			return
		}
		if !allowed(t.verbs, r.Method) {
			h.Set("Allow", strings.ReplaceAll(t.verbs, " ", ", "))
			s.fail(w, r, refuse(900561, strings.ReplaceAll(t.verbs, " ", ","), r.Method))
			return
		}
		t.serve(w, r)
	})
}

func allowed(verbs, method string) bool {
	if method == http.MethodHead {
		method = http.MethodGet
	}
	for v := range strings.FieldsSeq(verbs) {
		if v == method {
			return true
		}
	}
	return false
}
