package graph

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/microsoft/kiota-abstractions-go/authentication"
	khttp "github.com/microsoft/kiota-http-go"
	msgraphsdk "github.com/microsoftgraph/msgraph-sdk-go"

	"entente.dev/entente/internal/limits"
	"entente.dev/entente/internal/problem"
)

// The public cloud; other clouds are configured (learn.microsoft.com/graph/deployments, checked 2026-11).
const (
	DefaultAuthority = "https://login.microsoftonline.com"
	DefaultBaseURL   = "https://graph.microsoft.com"
	defaultTimeout   = 100 * time.Second
	defaultUserAgent = "entente"
)

// Config describes one tenant's client.
type Config struct {
	Tenant     string // the short name that errors and metrics carry
	TenantID   string // GUID or verified domain; tokens are asked from this tenant
	Authority  string // https login base; "" is the public cloud
	BaseURL    string // https Graph root without /v1.0; "" is the public cloud
	Scope      string // "" is BaseURL/.default
	CAFile     string // PEM file added to the system's roots
	Credential Credential
	Transport  http.RoundTripper // replaces the transport, for tests; CAFile is then not read
	Limits     *limits.Budget    // nil: no client-side throttling
	OnRequest  func(RequestInfo) // called after every attempt; nil: nobody listens
	UserAgent  string            // "" is "entente"
	Timeout    time.Duration     // of one attempt, body included; 0 is 100 s
}

// RequestInfo describes one attempt for metrics. It never holds a concrete URL: Route is the template.
type RequestInfo struct {
	Tenant   string
	Op       string
	Class    limits.Class
	Method   string
	Route    string // "/groups/{id}/members"
	Status   int    // 0 when no answer came
	Duration time.Duration
	Units    int // x-ms-resource-unit; 0 when the answer has none
}

// Client calls Graph in one tenant. It is safe for concurrent use.
type Client struct {
	tenant    string
	base      *url.URL // with /v1.0
	adapter   *msgraphsdk.GraphRequestAdapter
	sdk       *msgraphsdk.GraphServiceClient
	tokens    *tokenSource
	limits    *limits.Budget
	transport http.RoundTripper
}

// New makes a client. It reads the CA file and checks the addresses, and asks for no token yet: a tenant
// whose credential is broken fails call by call, and recovers when the credential does.
func New(cfg Config) (*Client, error) {
	if cfg.TenantID == "" {
		return nil, invalidConfig(cfg.Tenant, "the tenant id is missing")
	}
	authority, err := checkBase(cfg.Authority, DefaultAuthority)
	if err != nil {
		return nil, invalidConfig(cfg.Tenant, "authority: "+err.Error())
	}
	root, err := checkBase(cfg.BaseURL, DefaultBaseURL)
	if err != nil {
		return nil, invalidConfig(cfg.Tenant, "base URL: "+err.Error())
	}
	if cfg.Scope == "" {
		cfg.Scope = strings.TrimRight(root.String(), "/") + "/.default"
	}
	if cfg.Timeout <= 0 {
		cfg.Timeout = defaultTimeout
	}
	if cfg.UserAgent == "" {
		cfg.UserAgent = defaultUserAgent
	}
	transport := cfg.Transport
	if transport == nil {
		if transport, err = newTransport(cfg.CAFile); err != nil {
			return nil, invalidConfig(cfg.Tenant, err.Error())
		}
	}
	tokens, err := newTokenSource(cfg, authority, transport)
	if err != nil {
		return nil, err
	}
	base := *root
	base.Path = strings.TrimRight(root.Path, "/") + "/v1.0" // JoinPath drops the slash of an empty path
	c := &Client{tenant: cfg.Tenant, base: &base, tokens: tokens, limits: cfg.Limits, transport: transport}
	client := &http.Client{Transport: c.pipeline(cfg, transport), CheckRedirect: refuseRedirect}
	// Authentication happens in our pipeline, after the address was checked, so kiota adds none.
	c.adapter, err = msgraphsdk.NewGraphRequestAdapterWithParseNodeFactoryAndSerializationWriterFactoryAndHttpClient(
		&authentication.AnonymousAuthenticationProvider{}, nil, nil, client)
	if err != nil {
		return nil, invalidConfig(cfg.Tenant, err.Error())
	}
	c.sdk = msgraphsdk.NewGraphServiceClient(c.adapter)
	c.adapter.SetBaseUrl(c.base.String()) // after the constructor, which sets the public cloud
	return c, nil
}

// pipeline is the one chain of every request, outermost first. The order is the point: an address is
// checked before a token is fetched, each attempt is paid for and measured by itself, and nothing but the
// classifier sees a failed status.
func (c *Client) pipeline(cfg Config, transport http.RoundTripper) http.RoundTripper {
	return khttp.NewCustomTransportWithParentTransport(transport,
		&guard{base: c.base},
		&classify{tenant: cfg.Tenant, base: c.base, tokens: c.tokens},
		&repeatOnce{},
		&pace{limits: cfg.Limits},
		&authenticate{tokens: c.tokens},
		&measure{tenant: cfg.Tenant, limits: cfg.Limits, report: cfg.OnRequest},
		&attempt{timeout: cfg.Timeout, userAgent: cfg.UserAgent},
	)
}

// refuseRedirect shows a redirect as the answer that it is. A followed one would carry a token, or a secret,
// to an address that nobody configured.
func refuseRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

func invalidConfig(tenant, detail string) error {
	err := problem.New(problem.Invalid, "set up the Graph client", detail)
	err.Tenant = tenant
	err.Remedy = "correct this tenant's entry in the process configuration"
	return err
}

func checkBase(text, fallback string) (*url.URL, error) {
	if text == "" {
		text = fallback
	}
	u, err := url.Parse(strings.TrimRight(text, "/"))
	switch {
	case err != nil:
		return nil, fmt.Errorf("not a URL")
	case u.Scheme != "https" || u.Host == "":
		return nil, fmt.Errorf("%q is not an https address", text)
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return nil, fmt.Errorf("%s://%s may carry no user, query or fragment", u.Scheme, u.Host)
	}
	return u, nil
}

// newTransport is Go's default without its defaults that surprise: compression is off, so that sizes and
// recordings are what the wire carried.
func newTransport(caFile string) (http.RoundTripper, error) {
	base, ok := http.DefaultTransport.(*http.Transport)
	if !ok {
		return nil, fmt.Errorf("the process replaced http.DefaultTransport")
	}
	t := base.Clone()
	t.DisableCompression = true
	t.MaxIdleConnsPerHost = 16
	t.ResponseHeaderTimeout = 0 // the attempt's own deadline covers it
	if caFile != "" {
		pem, err := os.ReadFile(caFile)
		if err != nil {
			return nil, fmt.Errorf("read the CA file: %w", err)
		}
		pool, err := x509.SystemCertPool()
		if err != nil {
			pool = x509.NewCertPool()
		}
		if !pool.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("the CA file %s holds no certificate", caFile)
		}
		t.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	}
	return t, nil
}

// Close drops idle connections. kiota's transport hides the method, so ours is asked directly.
func (c *Client) Close() {
	if t, ok := c.transport.(interface{ CloseIdleConnections() }); ok {
		t.CloseIdleConnections()
	}
}
