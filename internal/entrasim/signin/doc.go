// Package signin is the sign-in service of the simulator: the part of Microsoft Entra that unmodified sign-in
// libraries talk to before they ever reach Graph.
//
// It owns the authority's surface (instance and OpenID discovery, keys, token, authorize, device code, logout,
// user realm, cloud metadata), the grants behind it, the tokens it signs and the check of those tokens on the
// Graph side. It also makes the certificate authority, because no sign-in library accepts an http authority.
//
// It refuses to know what a tenant, an application or a person is beyond the Directory port, and it never
// follows a virtual clock: clients compare token times with their own wall clock.
//
// The handler routes by itself and must not be put behind http.ServeMux, which redirects the doubled slashes
// that tools produce when they join "loginEndpoint" and "/tenant".
//
//	ports.go      what the service consumes
//	service.go    Config, Service, construction
//	switches.go   what a test may change while it runs
//	route.go      which paths are ours, and who answers them
//	base.go       own base URL, host names, tenant segment
//	fault.go      AADSTS refusals and their body
//	form.go       form parser and its tolerance
//	discovery.go  instance discovery, OpenID configuration, keys
//	cloud.go      cloud metadata, Resource Manager neighbours, user realm
//	token.go      the token endpoint and its grants' shared steps
//	apponly.go    client_credentials
//	people.go     authorization_code, refresh_token, device_code, password
//	client.go     client secret and public/confidential rules
//	assertion.go  certificate and federated assertions
//	scope.go      scopes and resources
//	authorize.go  the authorize endpoint
//	session.go    browser sessions, codes, refresh tokens
//	device.go     device codes and their page
//	pages.go      HTML
//	mint.go       access and id tokens
//	jwt.go        JWS with the standard library
//	keys.go       signing keys on disk
//	verify.go     Graph's check of a token and its refusals
//	ca.go         certificate authority and server certificate
package signin
