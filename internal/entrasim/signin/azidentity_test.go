package signin

import (
	"context"
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
)

// TestUnmodifiedLibrary signs in with Microsoft's own library over TLS, against the authority's file alone.
func TestUnmodifiedLibrary(t *testing.T) {
	t.Parallel()
	s, _ := newService(t)
	ca, err := NewCA(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	config, err := ca.TLSConfig()
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: s.Handler(), TLSConfig: config, ReadHeaderTimeout: time.Second}
	go func() { _ = server.ServeTLS(listener, "", "") }()
	t.Cleanup(func() { _ = server.Close() })

	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: ca.Pool(), MinVersion: tls.VersionTLS12}, ForceAttemptHTTP2: true}
	t.Cleanup(transport.CloseIdleConnections)
	options := azcore.ClientOptions{
		Cloud:     cloud.Configuration{ActiveDirectoryAuthorityHost: "https://" + listener.Addr().String()},
		Transport: &http.Client{Transport: transport},
	}
	x := shared()
	cert, err := x509.ParseCertificate(x.good.der)
	if err != nil {
		t.Fatal(err)
	}
	withSecret := func(tenant, value string) azcore.TokenCredential {
		c, err := azidentity.NewClientSecretCredential(tenant, daemon, value, &azidentity.ClientSecretCredentialOptions{ClientOptions: options, DisableInstanceDiscovery: true})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	withCert, err := azidentity.NewClientCertificateCredential(tenantA, daemon, []*x509.Certificate{cert}, x.good.key.(crypto.PrivateKey),
		&azidentity.ClientCertificateCredentialOptions{ClientOptions: options, DisableInstanceDiscovery: true, SendCertificateChain: true})
	if err != nil {
		t.Fatal(err)
	}
	device, err := azidentity.NewDeviceCodeCredential(&azidentity.DeviceCodeCredentialOptions{
		ClientOptions: options, DisableInstanceDiscovery: true, TenantID: "organizations", ClientID: phone,
		UserPrompt: func(_ context.Context, m azidentity.DeviceCodeMessage) error {
			post(t, s, "/devicelogin", fields("otc", m.UserCode, "login", alice, "passwd", password))
			return nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	s.Switch(func(sw *Switches) { sw.DeviceInterval = time.Second })
	for name, c := range map[string]azcore.TokenCredential{
		"secret": withSecret(tenantA, secret), "secret by domain": withSecret("a.example", secret), "certificate": withCert, "device": device,
	} {
		t.Run(name, func(t *testing.T) {
			token, err := c.GetToken(t.Context(), policy.TokenRequestOptions{Scopes: []string{graphAll}, EnableCAE: true})
			if err != nil {
				t.Fatal(err)
			}
			claims, refusal := s.Verify(bearer(token.Token))
			if refusal != nil || claims.TenantID != tenantA || len(claims.Capabilities) != 1 || time.Until(token.ExpiresOn) < 50*time.Minute {
				t.Errorf("%+v %+v until %s", claims, refusal, token.ExpiresOn)
			}
		})
	}
	_, err = withSecret(tenantA, "wrong").GetToken(t.Context(), policy.TokenRequestOptions{Scopes: []string{graphAll}})
	if err == nil {
		t.Error("a wrong secret signs in")
	}
}
