package config

import (
	"log/slog"
	"strings"
	"time"
)

// The roles of a process.
const (
	RoleAll    = "all"    // everything, with the embedded Temporal server unless an address is given
	RoleAPI    = "api"    // API and console only
	RoleWorker = "worker" // workers only
)

// The kinds of credential; internal/graph has the same words.
const (
	CredentialSecret           = "secret"
	CredentialCertificate      = "certificate"
	CredentialWorkloadIdentity = "workloadIdentity"
	CredentialManagedIdentity  = "managedIdentity"
)

// Config is a valid configuration.
type Config struct {
	DataDir     string
	Listen      string // host:port of API, console and metrics
	Role        string
	Serve       []string // names of the tenants that this process serves; empty: all of Tenants
	Tenants     []Tenant
	DatabaseURL Secret // postgres://…; zero: SQLite in DataDir
	Temporal    Temporal
	KeysFile    string // payload keys; never empty
	PublicURL   string // where people reach the console; empty: where it listens
	Core        Core
	CodecOrigin string // of a Temporal web UI that may decrypt histories; empty: none
	Tokens      []Token
	OIDC        []OIDC
	LogLevel    slog.Level
	Demo        Demo
	Notify      Notify
	// LedgerExport is where the ledger is sent as it grows; the zero value is nowhere.
	LedgerExport LedgerExport
	// LedgerKeyFile signs the ledger; empty: ledger.key in DataDir.
	LedgerKeyFile string
	// Warnings are what may be a mistake and stops nothing.
	Warnings []Problem
}

// Tenant is one tenant that this process may act in.
type Tenant struct {
	Tenant     string // its short name in topologies
	TenantID   string // its GUID, lower case
	Credential Credential
	Authority  string // https base of the sign-in service; empty: the public cloud
	Graph      string // https base of Graph; empty: the public cloud
	CAFile     string // additional roots; empty: the system's
}

// Credential proves that this process is the application in a tenant.
type Credential struct {
	Kind                 string
	ClientID             string
	Secret               Secret
	CertificateFile      string
	TokenFile            string
	ManagedIdentityID    string
	SendCertificateChain bool
}

// Temporal says where Temporal is. An empty Address means the embedded server.
type Temporal struct {
	Address   string
	Namespace string
	TLS       TLS
	UI        bool // embedded only
	Port      int  // embedded only; 0: a free one
	UIPort    int  // embedded only; 0: a free one
}

// TLS of the connection to Temporal; all empty means clear text.
type TLS struct {
	CAFile, CertFile, KeyFile, ServerName string
}

// Enabled tells whether any of it is set.
func (t TLS) Enabled() bool { return t != TLS{} }

// Core says where a worker without a database reads and records.
type Core struct {
	URL    string // https, or http on loopback; empty: this process has a store of its own
	CAFile string
	Token  Secret
}

// Isolated tells whether this process is a worker that has no database: it needs the credentials of its tenants and
// its token, nothing else of the organization's.
func (c *Config) Isolated() bool { return c.Role == RoleWorker && c.DatabaseURL.IsZero() }

// Token is one bearer token of the API.
type Token struct {
	Name   string
	Role   string   // platform, tenant-admin, viewer or worker
	Tenant string   // tenant-admin and worker always, viewer optionally
	Also   []string // more tenants of a worker
	Org    string   // the only organization it may touch; empty: every one here
	Secret Secret
}

// OIDC is one sign-in service whose tokens are believed.
type OIDC struct {
	Name           string
	Issuer         string
	ClientID       string
	DeviceClientID string
	ClientSecret   Secret // zero: a public client
	Audience       string
	CAFile         string
	Scopes         []string
	Roles          []RoleRule
}

// RoleRule gives a role to whoever has a value in a claim.
type RoleRule struct {
	Claim  string // groups, roles, sub, oid or appid
	Value  string
	Role   string // platform, tenant-admin, viewer or worker
	Tenant string // tenant-admin and worker always, viewer optionally
	Org    string // the only organization it holds for; empty: every one here
}

// Demo runs the simulator beside everything else.
type Demo struct {
	On    bool
	Users int           // people a tenant that are not shared
	Cycle time.Duration // of the simulator's provisioning engine
	Stay  bool          // keep serving when it is done
}

// Serves tells whether this process serves the tenant.
func (c *Config) Serves(tenant string) bool {
	if len(c.Serve) == 0 {
		return true
	}
	for _, name := range c.Serve {
		if strings.EqualFold(name, tenant) {
			return true
		}
	}
	return false
}
