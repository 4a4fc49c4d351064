package signin

import "time"

// Directory is what the sign-in service needs to know of the simulated world. Implementations are safe for
// concurrent use.
type Directory interface {
	// Tenant resolves a tenant segment: GUID or verified domain, without regard to case.
	Tenant(segment string) (Tenant, bool)
	// Application finds an application that is consented in a tenant by its client id.
	Application(tenantID, clientID string) (Application, bool)
	// ApplicationExists tells whether any tenant knows the client id.
	ApplicationExists(clientID string) bool
	// Person finds a person of a tenant by user principal name (without regard to case).
	Person(tenantID, upn string) (Person, bool)
	// Record notes one sign-in attempt in the request log: never a secret, an assertion or a token.
	Record(Attempt)
}

// Tenant is one directory.
type Tenant struct{ ID, Domain, DisplayName string }

// Application is a registered application as seen in one tenant.
type Application struct {
	ClientID, DisplayName string
	ServicePrincipalID    string // object id in this tenant: the token's oid and sub
	Disabled              bool
	Public                bool
	Secrets               []Secret
	Certificates          [][]byte // DER
	RedirectURIs          []string
	Roles                 []string // granted Graph application permissions: the token's roles
	Federated             []FederatedCredential
	// Scopes are the granted delegated permissions of Graph. Nil grants whatever is asked; otherwise asking for
	// more is refused with consent_required.
	Scopes []string
}

// Secret is one client secret.
type Secret struct {
	Value   string
	Expires time.Time // zero: never
}

// FederatedCredential is a trusted outside issuer.
type FederatedCredential struct{ Issuer, Subject, Audience string }

// Person can sign in interactively. An empty password accepts any.
type Person struct {
	ID, UPN, DisplayName, Mail, Password string
	Enabled                              bool
	Groups                               []string
	Roles                                []string // app roles for the id token
}

// Attempt is one row for the request log.
type Attempt struct {
	At                             time.Time
	Remote                         string // who asked: address and port
	Tenant, Client, Grant, Outcome string // Outcome: ok, or the AADSTS number
}
