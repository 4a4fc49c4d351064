// Package authn finds out who makes a request: from a bearer token that the configuration names, or from a token
// of an OpenID Connect service (package openid, behind the same interface).
//
// It owns names, roles and what a role is bound to. It refuses to know what a role may do (authz) and never keeps
// a configured token in clear: only its SHA-256 is compared, in constant time.
//
//	authn.go    roles, bindings, principals; Tokens
//	request.go  the bearer token of a request, Chain, the context
//	grant.go    values of a sign-in with a service: what console, API and CLI share
package authn
