package signin

import (
	"slices"
	"strings"
)

// oidcScopes are not permissions of a resource. One library adds them even to app-only requests.
var oidcScopes = []string{"openid", "profile", "email", "offline_access"}

// otherResources are neighbours that tools ask a token for before they come to Graph. The token opens nothing
// on Graph.
var otherResources = []string{"https://graph.windows.net", "00000002-0000-0000-c000-000000000000", "https://vault.azure.net", "api://azureadtokenexchange"}

// defaultSuffix asks for everything that was granted on a resource.
const defaultSuffix = "/.default"

// scopes is a parsed scope parameter.
type scopes struct {
	resource string   // as asked; empty: none named, which means Graph
	wanted   []string // permissions of the resource, in short
	raw      []string // the same as they were written
	oidc     []string
}

func (sc scopes) has(oidc string) bool { return slices.Contains(sc.oidc, oidc) }

func (sc scopes) everything() bool { return slices.Contains(sc.wanted, ".default") }

// audience is the resource as the token will name it. A permission without a resource is Graph's, by its id.
func (sc scopes) audience() string {
	if sc.resource == "" {
		return GraphAppID
	}
	return sc.resource
}

// parseScopes splits a scope parameter. The resource is whatever precedes the last slash, including a slash
// that ends it: "https://host//.default" asks for "https://host/".
func parseScopes(text string) (scopes, *fault) {
	var sc scopes
	for one := range strings.FieldsSeq(text) {
		if strings.ContainsFunc(one, func(c rune) bool { return c < ' ' || c == '"' || c == '\\' || c == '<' || c == '>' }) {
			return sc, refuse(70011, one)
		}
		if lower := strings.ToLower(one); slices.Contains(oidcScopes, lower) {
			sc.oidc = append(sc.oidc, lower)
			continue
		}
		resource, permission := "", one
		if cut := strings.LastIndexByte(one, '/'); cut >= 0 {
			resource, permission = one[:cut], one[cut+1:]
		}
		if permission == "" || strings.HasSuffix(resource, ":/") {
			return sc, refuse(70011, one)
		}
		if len(sc.wanted) > 0 && !strings.EqualFold(sc.resource, resource) {
			return sc, refuse(700022, text)
		}
		sc.resource, sc.wanted, sc.raw = resource, append(sc.wanted, permission), append(sc.raw, one)
	}
	if sc.everything() && len(sc.wanted) > 1 {
		return sc, refuse(70011, text)
	}
	return sc, nil
}

// appResource is the one resource of an app-only request.
func appResource(f form) (string, *fault) {
	if fault := f.need("scope"); fault != nil {
		return "", fault
	}
	text := f["scope"]
	if !strings.Contains(text, defaultSuffix) {
		return "", refuse(1002012, text)
	}
	sc, fault := parseScopes(text)
	if fault != nil {
		return "", fault
	}
	if !sc.everything() || sc.resource == "" {
		return "", refuse(1002012, text)
	}
	return sc.resource, nil
}

// resource tells whether a resource is Graph, and refuses one that the tenant does not know.
func (s *Service) resource(name string, tenant Tenant, base string) (graph bool, f *fault) {
	if s.graphAudience(name, strings.TrimPrefix(base, "https://")) {
		return true, nil
	}
	trimmed := strings.TrimRight(strings.ToLower(name), "/")
	if managementAudience(name) || slices.Contains(otherResources, trimmed) {
		return false, nil
	}
	if id := strings.TrimPrefix(trimmed, "api://"); isGUID(id) {
		if _, ok := s.dir.Application(tenant.ID, id); ok {
			return false, nil
		}
	}
	return false, refuse(500011, name, tenant.DisplayName)
}

// granted are the delegated permissions that the token carries.
func (sc scopes) granted(app Application, graph bool) ([]string, *fault) {
	switch {
	case !graph:
		return []string{"user_impersonation"}, nil
	case app.Scopes == nil && !sc.everything():
		return with(sc.wanted, sc.oidc), nil
	case app.Scopes == nil:
		return with(defaultScopes(app.ClientID), sc.oidc), nil
	case sc.everything():
		return with(app.Scopes, sc.oidc), nil
	}
	for _, want := range sc.wanted {
		if !slices.ContainsFunc(app.Scopes, func(have string) bool { return strings.EqualFold(have, want) }) {
			return nil, refuse(65001, app.ClientID)
		}
	}
	return with(app.Scopes, sc.oidc), nil
}

// with joins permissions and the OpenID Connect scopes that show up beside them.
func with(permissions, oidc []string) []string {
	out := slices.Clone(permissions)
	for _, o := range oidc {
		if o != "offline_access" && !slices.Contains(out, o) {
			out = append(out, o)
		}
	}
	return out
}

// echo is the scope field of an answer: what was asked, spelled as asked, because libraries look their cache up
// by it, and what was granted beside it.
func (sc scopes) echo(granted []string) string {
	out := with(sc.raw, nil)
	for _, g := range granted {
		if slices.Contains(oidcScopes, g) || sc.resource == "" {
			out = add(out, g)
		} else {
			out = add(out, sc.resource+"/"+g)
		}
	}
	return strings.Join(out, " ")
}

func add(list []string, one string) []string {
	if slices.ContainsFunc(list, func(have string) bool { return strings.EqualFold(have, one) }) {
		return list
	}
	return append(list, one)
}
