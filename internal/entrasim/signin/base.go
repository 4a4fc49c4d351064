package signin

import (
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Base is the base URL that the client used, with its port and without a trailing slash. Every absolute URL of
// an answer starts with it: a link that names another host makes a client ask for another token, or send none.
func Base(r *http.Request) string { return "https://" + r.Host }

// graphOf is Graph's base URL for a client of the given sign-in base.
func (s *Service) graphOf(base string) string {
	if s.graphBase != "" {
		return s.graphBase
	}
	return base
}

// wellKnownHosts are the names of the real sign-in service. Clients ask about them, and name them in the
// audience of an assertion, whatever host they really talk to (Microsoft identity platform documentation,
// "National clouds").
var wellKnownHosts = []string{
	"login.microsoftonline.com", "login.windows.net", "login.microsoft.com", "sts.windows.net",
	"login.microsoftonline.us", "login-us.microsoftonline.com", "login.partner.microsoftonline.cn", "login.chinacloudapi.cn",
}

func wellKnown(host string) bool { return slices.Contains(wellKnownHosts, strings.ToLower(host)) }

// hostname is a host without its port and brackets.
func hostname(host string) string {
	if h, _, err := net.SplitHostPort(host); err == nil {
		return strings.ToLower(h)
	}
	return strings.ToLower(strings.Trim(host, "[]"))
}

func loopback(name string) bool {
	ip := net.ParseIP(name)
	return name == "localhost" || ip != nil && ip.IsLoopback()
}

// ownHost tells whether host names the service that was reached as self. Ports do not count, because some
// libraries lose them, and all loopback names are one.
func ownHost(host, self string) bool {
	h, own := hostname(host), hostname(self)
	return h == own || loopback(h) && loopback(own)
}

// ownOrigin is ownHost with the port, where an absent port means 443 or "not told".
func ownOrigin(u *url.URL, self string) bool {
	if !ownHost(u.Host, self) {
		return false
	}
	_, port, err := net.SplitHostPort(self)
	if err != nil {
		port = "443"
	}
	return u.Port() == "" || u.Port() == port
}

// ConsumersTenant is the tenant of all personal accounts, which the simulator does not have.
const consumersTenant = "9188040d-6c67-4c5b-b112-36a304b66dad"

// authority is a resolved tenant segment.
type authority struct {
	segment string // as asked
	alias   string // common, organizations, consumers, or empty for a concrete tenant
	tenant  Tenant // zero for an alias
}

// path is the segment that answers carry: the GUID also for a tenant asked by domain, because one library reads
// the tenant id out of token_endpoint.
func (a authority) path() string {
	if a.alias != "" {
		return a.alias
	}
	return a.tenant.ID
}

// issuerTenant is the tenant in an issuer. The documented issuer of an alias has a placeholder in braces.
func (a authority) issuerTenant() string {
	switch a.alias {
	case "":
		return a.tenant.ID
	case "consumers":
		return consumersTenant
	default:
		return "{tenantid}"
	}
}

// resolve finds the tenant behind a segment.
func (s *Service) resolve(segment string) (authority, *fault) {
	a := authority{segment: segment}
	switch lower := strings.ToLower(segment); lower {
	case "common", "organizations", "consumers":
		a.alias = lower
		return a, nil
	case consumersTenant:
		a.alias = "consumers"
		return a, nil
	}
	if t, ok := s.dir.Tenant(segment); ok {
		a.tenant = t
		return a, nil
	}
	if !isGUID(segment) && !strings.Contains(segment, ".") {
		return a, refuse(900023, segment)
	}
	return a, refuse(90002, segment)
}

// within tells whether a signed-in person's tenant may be served by the authority.
func (a authority) within(tenantID string) bool {
	return a.alias == "common" || a.alias == "organizations" || a.alias == "" && strings.EqualFold(a.tenant.ID, tenantID)
}
