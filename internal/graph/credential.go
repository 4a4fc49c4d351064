package graph

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"entente.dev/entente/internal/problem"
)

// The kinds of credential.
const (
	SecretCredential           = "secret"
	CertificateCredential      = "certificate"
	WorkloadIdentityCredential = "workloadIdentity"
	ManagedIdentityCredential  = "managedIdentity"
)

// Credential says how this process proves to be the app in one tenant.
type Credential struct {
	Kind     string
	ClientID string // the app registration
	// Secret returns the secret from where it is kept. It is called each time a token is needed, so a
	// repaired secret is used without a restart.
	Secret          func() (string, error)
	CertificateFile string // PEM with certificate and key, or PKCS#12; read each time a token is needed
	TokenFile       string // the platform's token of a workload identity, read by azidentity when needed
	// ManagedIdentityID is the client id of a user-assigned managed identity. With a ClientID its token is
	// the app's federated credential, which works in every tenant that consented to the app; without one
	// the identity itself is used, in its own tenant only.
	ManagedIdentityID string
	// SendCertificateChain sends x5c, for apps that trust a certificate's subject and issuer.
	SendCertificateChain bool
}

// exchangeScope is what a managed identity asks for to act as an app's federated credential
// (learn.microsoft.com/entra/workload-id/workload-identity-federation-config-app-trust-managed-identity, checked 2026-11).
var exchangeScopes = map[string]string{
	"login.microsoftonline.us":         "api://AzureADTokenExchangeUSGov/.default",
	"login.chinacloudapi.cn":           "api://AzureADTokenExchangeChina/.default",
	"login.partner.microsoftonline.cn": "api://AzureADTokenExchangeChina/.default",
}

// tokenSource keeps one token and the azidentity credential that it came from. azidentity reads a secret
// once; the credential is therefore rebuilt when the secret changed and after a refusal.
type tokenSource struct {
	cfg       Credential
	tenant    string
	tenantID  string
	scope     string
	authority *url.URL
	client    *http.Client

	mu         sync.Mutex
	credential azcore.TokenCredential
	material   string // what the credential was built from
	current    azcore.AccessToken
	renewAt    time.Time
}

func newTokenSource(cfg Config, authority *url.URL, transport http.RoundTripper) (*tokenSource, error) {
	c := cfg.Credential
	switch {
	case c.Kind == SecretCredential && (c.Secret == nil || c.ClientID == ""):
		return nil, invalidConfig(cfg.Tenant, "a secret credential needs a client id and a secret")
	case c.Kind == CertificateCredential && (c.CertificateFile == "" || c.ClientID == ""):
		return nil, invalidConfig(cfg.Tenant, "a certificate credential needs a client id and a certificate file")
	case c.Kind == WorkloadIdentityCredential && c.ClientID == "":
		return nil, invalidConfig(cfg.Tenant, "a workload identity needs a client id")
	case c.Kind != SecretCredential && c.Kind != CertificateCredential && c.Kind != WorkloadIdentityCredential && c.Kind != ManagedIdentityCredential:
		return nil, invalidConfig(cfg.Tenant, fmt.Sprintf("unknown credential kind %q; use secret, certificate, workloadIdentity or managedIdentity", c.Kind))
	}
	return &tokenSource{
		cfg: c, tenant: cfg.Tenant, tenantID: cfg.TenantID, scope: cfg.Scope, authority: authority,
		client: &http.Client{Transport: transport, Timeout: 30 * time.Second, CheckRedirect: refuseRedirect},
	}, nil
}

// token returns a valid token, and whether it was fetched for this call. Claims force a new one.
func (s *tokenSource) token(ctx context.Context, claims string) (string, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if claims == "" && s.current.Token != "" && time.Now().Before(s.renewAt) {
		return s.current.Token, false, nil
	}
	material, err := s.readMaterial()
	if err != nil {
		return "", true, s.problem(problem.Unauthenticated, "", "the credential cannot be read", "check the credential's reference in the process configuration of this tenant")
	}
	if s.credential == nil || material != s.material {
		if s.credential, err = s.build(material); err != nil {
			s.credential = nil
			return "", true, s.problem(problem.Unauthenticated, "", "the credential cannot be used as it is", "check the credential of this tenant: its kind, its file's format and its client id")
		}
		s.material = material
	}
	token, err := s.credential.GetToken(ctx, policy.TokenRequestOptions{Scopes: []string{s.scope}, Claims: claims, EnableCAE: true})
	if err != nil {
		s.credential, s.current = nil, azcore.AccessToken{}
		return "", true, s.classify(ctx, err)
	}
	s.current = token
	s.renewAt = renewal(time.Now(), token)
	return token.Token, true, nil
}

// renewal leaves five minutes before the end, or half of a short life.
func renewal(now time.Time, token azcore.AccessToken) time.Time {
	life := token.ExpiresOn.Sub(now)
	at := token.ExpiresOn.Add(-min(5*time.Minute, life/2))
	if !token.RefreshOn.IsZero() && token.RefreshOn.Before(at) {
		at = token.RefreshOn
	}
	return at
}

// invalidate forgets token and credential: the next call reads the secret again.
func (s *tokenSource) invalidate() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.credential, s.current = nil, azcore.AccessToken{}
}

// forget does the same for one token, unless it was replaced meanwhile.
func (s *tokenSource) forget(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current.Token == token {
		s.credential, s.current = nil, azcore.AccessToken{}
	}
}

func (s *tokenSource) readMaterial() (string, error) {
	switch s.cfg.Kind {
	case SecretCredential:
		secret, err := s.cfg.Secret()
		if err == nil && secret == "" {
			err = errors.New("the secret is empty")
		}
		return secret, err
	case CertificateCredential:
		raw, err := os.ReadFile(s.cfg.CertificateFile)
		return string(raw), err
	}
	return "", nil
}

func (s *tokenSource) build(material string) (azcore.TokenCredential, error) {
	options := azcore.ClientOptions{
		Cloud:     cloud.Configuration{ActiveDirectoryAuthorityHost: s.authority.String() + "/", Services: map[cloud.ServiceName]cloud.ServiceConfiguration{}},
		Transport: s.client,
		Retry:     policy.RetryOptions{MaxRetries: -1}, // retries have one owner
	}
	private := !microsoftAuthority(s.authority.Hostname())
	switch s.cfg.Kind {
	case SecretCredential:
		return azidentity.NewClientSecretCredential(s.tenantID, s.cfg.ClientID, material,
			&azidentity.ClientSecretCredentialOptions{ClientOptions: options, DisableInstanceDiscovery: private})
	case CertificateCredential:
		certs, key, err := azidentity.ParseCertificates([]byte(material), nil)
		if err != nil {
			return nil, err
		}
		return azidentity.NewClientCertificateCredential(s.tenantID, s.cfg.ClientID, certs, key,
			&azidentity.ClientCertificateCredentialOptions{ClientOptions: options, DisableInstanceDiscovery: private, SendCertificateChain: s.cfg.SendCertificateChain})
	case WorkloadIdentityCredential:
		return azidentity.NewWorkloadIdentityCredential(&azidentity.WorkloadIdentityCredentialOptions{
			ClientOptions: options, DisableInstanceDiscovery: private, TenantID: s.tenantID, ClientID: s.cfg.ClientID, TokenFilePath: s.cfg.TokenFile})
	}
	return s.buildManaged(options, private)
}

func (s *tokenSource) buildManaged(options azcore.ClientOptions, private bool) (azcore.TokenCredential, error) {
	// The identity endpoint is the host's own, plain HTTP and unrelated to the Graph transport.
	own := &azidentity.ManagedIdentityCredentialOptions{ClientOptions: azcore.ClientOptions{Retry: policy.RetryOptions{MaxRetries: -1}}}
	if s.cfg.ManagedIdentityID != "" {
		own.ID = azidentity.ClientID(s.cfg.ManagedIdentityID)
	}
	identity, err := azidentity.NewManagedIdentityCredential(own)
	if err != nil || s.cfg.ClientID == "" {
		return identity, err
	}
	scope, ok := exchangeScopes[strings.ToLower(s.authority.Hostname())]
	if !ok {
		scope = "api://AzureADTokenExchange/.default"
	}
	assertion := func(ctx context.Context) (string, error) {
		token, err := identity.GetToken(ctx, policy.TokenRequestOptions{Scopes: []string{scope}})
		return token.Token, err
	}
	return azidentity.NewClientAssertionCredential(s.tenantID, s.cfg.ClientID, assertion,
		&azidentity.ClientAssertionCredentialOptions{ClientOptions: options, DisableInstanceDiscovery: private})
}

// microsoftAuthority: only these hosts are known to instance discovery; any other would be refused by it.
func microsoftAuthority(host string) bool {
	switch strings.ToLower(host) {
	case "login.microsoftonline.com", "login.microsoftonline.us", "login.chinacloudapi.cn",
		"login.partner.microsoftonline.cn", "login.microsoft.com", "login.windows.net", "sts.windows.net":
		return true
	}
	return false
}
