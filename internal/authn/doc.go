// Package authn finds out who makes a request: from a bearer token that the configuration names, and later
// from an OpenID Connect sign-in behind the same interface.
//
// It owns names, roles and the tenant a role is bound to. It refuses to know what a role may do (authz) and
// never keeps a token in clear: only its SHA-256 is compared, in constant time.
package authn
