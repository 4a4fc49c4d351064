// Package openid signs people and workloads in by OpenID Connect: any tenant of Microsoft Entra, the simulator's,
// or another issuer that publishes its configuration.
//
// It owns which tokens are believed (issuer, tenant, signature, audience, time), which roles their claims mean,
// and the browser's authorization code flow with PKCE. It refuses to know what a role may do, cookies and pages;
// the library parses and checks JSON Web Signatures, the code here decides what is asked of them.
//
//	openid.go    configuration, New, Authenticate
//	token.go     the checks of one token, in order, each with its own refusal
//	claims.go    claims to a principal with roles
//	keys.go      the issuer's signing keys: fetched when needed, but never as often as strangers ask
//	provider.go  the issuer's published configuration, and the client that reaches it
//	flow.go      sign-in in a browser, renewal, what clients are told
package openid
