package config

import (
	"fmt"
	"net"
	"net/url"
	"regexp"
	"strings"
)

func (s *source) oidc(path string) OIDC {
	o := OIDC{
		Name:           s.text(path + ".name"),
		Issuer:         s.issuer(path + ".issuer"),
		ClientID:       s.required(path + ".clientId"),
		DeviceClientID: s.text(path + ".deviceClientId"),
		ClientSecret:   s.secret(path+".clientSecret", true),
		Audience:       s.text(path + ".audience"),
		CAFile:         s.file(path + ".caFile"),
		Scopes:         s.list(path + ".scopes"),
	}
	for i := range s.lengths[path+".roles"] {
		o.Roles = append(o.Roles, s.roleRule(fmt.Sprintf("%s.roles[%d]", path, i)))
	}
	if len(o.Roles) == 0 {
		s.report(s.placeOf(path), "nobody who signs in here would have a role", "add roles: [{claim: groups, value: <object id>, role: tenant-admin, tenant: a}]")
	}
	return o
}

func (s *source) roleRule(path string) RoleRule {
	r := RoleRule{
		Claim: s.choice(path + ".claim"), Value: s.required(path + ".value"), Role: s.choice(path + ".role"),
		Tenant: s.text(path + ".tenant"), Org: s.text(path + ".org"),
	}
	if !s.has(path + ".claim") {
		row, _ := find(path + ".claim")
		s.report(s.placeOf(path), "the role has no claim", "write one of "+strings.Join(row.values, ", "))
	}
	s.role(path, "role", r.Role, r.Tenant)
	return r
}

// role checks what a role is bound to; who names what has the role.
func (s *source) role(path, who, role, tenant string) {
	if role == "" && !s.has(path+".role") {
		s.report(s.placeOf(path), "the "+who+" has no role", "write one of platform, tenant-admin, viewer, worker")
	}
	if role == "tenant-admin" && tenant == "" {
		s.report(s.placeOf(path+".role"), "a tenant admin has no tenant", "add tenant, the one that this admin decides for")
	}
	if role == "worker" && tenant == "" {
		s.report(s.placeOf(path+".role"), "a worker has no tenant", "add tenant, the one whose queue it serves")
	}
	if role == "platform" && tenant != "" {
		s.report(s.placeOf(path+".tenant"), "the platform role belongs to no tenant", "remove tenant, or make it a tenant-admin")
	}
}

// anyTenant are the names under which Entra signs in people of every tenant. The issuer of their tokens is always
// that of one tenant.
var anyTenant = regexp.MustCompile(`(?i)/(common|organizations|consumers)(/|$)`)

// issuer keeps the address exactly as it is written, because tokens are compared with it.
func (s *source) issuer(path string) string {
	text := s.required(path)
	if text == "" || s.https(path) == "" {
		return ""
	}
	if anyTenant.MatchString(text) {
		s.report(s.placeOf(path), path+" stands for every tenant there is", "write https://login.microsoftonline.com/<tenant id>/v2.0, one entry for each tenant")
		return ""
	}
	return text
}

// publicURL may be clear text on this machine only: the sign-in's answer travels to it.
func (s *source) publicURL(path string) string {
	text := strings.TrimSuffix(s.text(path), "/")
	if text == "" {
		return ""
	}
	u, err := url.Parse(text)
	secure := err == nil && (u.Scheme == "https" || u.Scheme == "http" && loopback(u.Hostname()))
	if !secure || u.Host == "" || u.User != nil || u.Path != "" || u.RawQuery != "" || u.Fragment != "" {
		s.report(s.placeOf(path), path+" is not an address that people can sign in at", "write https://host, without a path; http is for this machine only")
		return ""
	}
	return text
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// signIn are the rules between settings of the sign-in.
func (s *source) signIn(c *Config) {
	if host, _, err := net.SplitHostPort(c.Listen); len(c.OIDC) > 0 && c.PublicURL == "" && c.Role != RoleWorker && err == nil && !loopback(host) && !s.has("publicUrl") {
		s.report(s.placeOf("auth.oidc"), "people sign in, and nothing says where they reach the console", "set publicUrl, and register publicUrl/sign-in/callback as redirect URI of the application")
	}
	names, issuers := map[string]bool{}, map[string]bool{}
	for i, o := range c.OIDC {
		path := fmt.Sprintf("auth.oidc[%d]", i)
		if o.Name != "" && names[o.Name] {
			s.report(s.placeOf(path+".name"), fmt.Sprintf("sign-in service %s is in the list twice", o.Name), "give each its own name")
		}
		if o.Issuer != "" && issuers[o.Issuer] {
			s.report(s.placeOf(path+".issuer"), "the issuer is in the list twice", "keep one entry, with all roles")
		}
		names[o.Name], issuers[o.Issuer] = true, true
	}
}
