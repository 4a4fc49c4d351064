package openid

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"

	"entente.dev/entente/internal/problem"
)

const (
	// answerLimit bounds what an issuer may send; its largest answer, the keys, is some kilobytes.
	answerLimit = 1 << 20
	patience    = 10 * time.Second
	// detailLimit keeps an issuer's whole page out of a problem.
	detailLimit = 300
	// pause is the least time between two attempts to reach an issuer on behalf of strangers.
	pause = 5 * time.Second
)

// newClient reaches issuers. A redirect is an answer that a document of an issuer must not be.
func newClient(caFile string) (*http.Client, error) {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	if caFile != "" {
		pem, err := os.ReadFile(caFile)
		if err != nil {
			return nil, err
		}
		roots, err := x509.SystemCertPool()
		if err != nil {
			roots = x509.NewCertPool()
		}
		if !roots.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%s holds no certificate", caFile)
		}
		transport.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots}
	}
	return &http.Client{
		Transport: bounded{transport}, Timeout: patience,
		CheckRedirect: func(*http.Request, []*http.Request) error { return errors.New("the sign-in service redirects") },
	}, nil
}

// bounded cuts answers off.
type bounded struct{ next http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := b.next.RoundTrip(r)
	if err == nil {
		answer.Body = struct {
			io.Reader
			io.Closer
		}{io.LimitReader(answer.Body, answerLimit), answer.Body}
	}
	return answer, err
}

// provider is an issuer's published configuration, read once when it is first needed.
type provider struct {
	issuer string
	client *http.Client
	now    func() time.Time

	mu     sync.Mutex
	found  *oidc.Provider
	keys   string // jwks_uri
	failed time.Time
	reason error
}

// get reads the configuration. After a failure it answers the same for a moment, so that a service that is down
// is not asked by every request.
func (p *provider) get(ctx context.Context) (*oidc.Provider, string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.found != nil {
		return p.found, p.keys, nil
	}
	if p.reason != nil && p.now().Before(p.failed.Add(pause)) {
		return nil, "", p.reason
	}
	// Whoever asks first must not decide for those who wait behind by hanging up.
	ctx, cancel := context.WithTimeout(oidc.ClientContext(context.WithoutCancel(ctx), p.client), patience)
	defer cancel()
	found, err := oidc.NewProvider(ctx, p.issuer)
	var body struct {
		Keys string `json:"jwks_uri"`
	}
	if err == nil {
		if err = found.Claims(&body); err == nil && !strings.HasPrefix(body.Keys, "https://") {
			err = errors.New("it publishes no https address for its keys")
		}
	}
	if err != nil {
		p.failed, p.reason = p.now(), unreachable("read the sign-in service's configuration", p.issuer, err)
		return nil, "", p.reason
	}
	p.found, p.keys = found, body.Keys
	return p.found, p.keys, nil
}

// document reads a JSON document of the issuer.
func (p *provider) document(ctx context.Context, address string, into any) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	answer, err := p.client.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("it answered %s", answer.Status)
	}
	return json.NewDecoder(answer.Body).Decode(into)
}

// unreachable is our trouble, not the caller's: nobody is told that a good token is bad because it could not be
// checked.
func unreachable(op, issuer string, cause error) error {
	e := problem.Wrap(problem.Unavailable, op, cause)
	if len(e.Detail) > detailLimit {
		e.Detail = e.Detail[:detailLimit] + "…"
	}
	e.Remedy = "try again in a moment; the operator checks that this server reaches " + issuer + " and trusts its certificate (auth.oidc caFile)"
	return e
}
