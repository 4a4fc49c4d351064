package app

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log/slog"
	"os"

	"entente.dev/entente/internal/authn"
	"entente.dev/entente/internal/authn/openid"
	"entente.dev/entente/internal/config"
	"entente.dev/entente/internal/graph"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/store/remote"
)

// FromConfig turns a validated configuration into the options of a process.
func FromConfig(c *config.Config, version string, log *slog.Logger) (Options, error) {
	o := Options{
		Role: Role(c.Role), DataDir: c.DataDir, Listen: c.Listen, TemporalAddress: c.Temporal.Address,
		TemporalNamespace: c.Temporal.Namespace, TemporalUI: c.Temporal.UI, TemporalPort: c.Temporal.Port,
		TemporalUIPort: c.Temporal.UIPort, KeysFile: c.KeysFile, LedgerKeyFile: c.LedgerKeyFile, Version: version, Log: log,
		Notify: notifyOptions(c.Notify), LedgerArchive: archiveOptions(c),
	}
	var err error
	if o.TemporalTLS, err = temporalTLS(c.Temporal.TLS); err != nil {
		return o, err
	}
	if !c.DatabaseURL.IsZero() {
		if o.DatabaseURL, err = c.DatabaseURL.Read(); err != nil {
			return o, err
		}
	}
	for _, t := range c.Tenants {
		if c.Serves(t.Tenant) {
			o.Tenants = append(o.Tenants, tenantConfig(t))
		}
	}
	for _, t := range c.Tokens {
		secret, err := t.Secret.Read()
		if err != nil {
			return o, fmt.Errorf("token %s: %w", t.Name, err)
		}
		o.Tokens = append(o.Tokens, authn.Token{Name: t.Name, Role: authn.Role(t.Role), Tenant: ident.Tenant(t.Tenant), Also: tenantNames(t.Also), Org: t.Org, Secret: secret})
	}
	o.CodecOrigin = c.CodecOrigin
	if c.Isolated() {
		o.Core = remote.Options{URL: c.Core.URL, CAFile: c.Core.CAFile, Token: c.Core.Token.Read}
	}
	o.PublicURL = c.PublicURL
	for _, w := range c.Warnings {
		log.Warn("configuration", "place", w.Place, "warning", w.Message, "remedy", w.Remedy)
	}
	for _, in := range c.OIDC {
		o.SignIn = append(o.SignIn, issuerConfig(in))
	}
	return o, nil
}

func issuerConfig(in config.OIDC) openid.Issuer {
	out := openid.Issuer{
		Name: in.Name, URL: in.Issuer, ClientID: in.ClientID, DeviceClientID: in.DeviceClientID, Audience: in.Audience, Scopes: in.Scopes, CAFile: in.CAFile,
	}
	if !in.ClientSecret.IsZero() {
		out.ClientSecret = in.ClientSecret.Read
	}
	for _, r := range in.Roles {
		out.Rules = append(out.Rules, openid.Rule{
			Claim: r.Claim, Value: r.Value, Binding: authn.Binding{Role: authn.Role(r.Role), Tenant: ident.Tenant(r.Tenant), Org: r.Org},
		})
	}
	return out
}

func tenantNames(names []string) []ident.Tenant {
	var out []ident.Tenant
	for _, name := range names {
		out = append(out, ident.Tenant(name))
	}
	return out
}

func tenantConfig(t config.Tenant) graph.Config {
	return graph.Config{
		Tenant: t.Tenant, TenantID: t.TenantID, Authority: t.Authority, BaseURL: t.Graph, CAFile: t.CAFile,
		Credential: graph.Credential{
			Kind: t.Credential.Kind, ClientID: t.Credential.ClientID, Secret: t.Credential.Secret.Read,
			CertificateFile: t.Credential.CertificateFile, TokenFile: t.Credential.TokenFile,
			ManagedIdentityID: t.Credential.ManagedIdentityID, SendCertificateChain: t.Credential.SendCertificateChain,
		},
	}
}

// temporalTLS is nil where nothing is configured: clear text, which is for loopback only.
func temporalTLS(t config.TLS) (*tls.Config, error) {
	if !t.Enabled() {
		return nil, nil
	}
	c := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: t.ServerName}
	if t.CAFile != "" {
		pem, err := os.ReadFile(t.CAFile)
		if err != nil {
			return nil, err
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%s holds no certificate", t.CAFile)
		}
	}
	if t.CertFile != "" {
		pair, err := tls.LoadX509KeyPair(t.CertFile, t.KeyFile)
		if err != nil {
			return nil, err
		}
		c.Certificates = []tls.Certificate{pair}
	}
	return c, nil
}
