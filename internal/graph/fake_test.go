package graph

import (
	"crypto/tls"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

const fakeTenant = "11111111-2222-3333-4444-555555555555"

// seen is one request that arrived.
type seen struct {
	Method, Path, Query, Body string
	Header                    http.Header
}

// fake is a TLS server that plays the sign-in service and Graph for one tenant.
type fake struct {
	t      *testing.T
	srv    *httptest.Server
	mu     sync.Mutex
	calls  []seen
	tokens []string // secrets that asked for a token
	handle func(w http.ResponseWriter, r *http.Request, s seen)
	// signIn answers the token endpoint; nil gives a token that names its number.
	signIn func(w http.ResponseWriter, n int, secret string) bool
	life   int
}

func newFake(t *testing.T, handle func(w http.ResponseWriter, r *http.Request, s seen)) *fake {
	t.Helper()
	f := &fake{t: t, handle: handle, life: 3600}
	f.srv = httptest.NewUnstartedServer(http.HandlerFunc(f.serve))
	f.srv.Config.ErrorLog = quiet()
	f.srv.EnableHTTP2 = false
	f.srv.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	f.srv.StartTLS()
	t.Cleanup(f.srv.Close)
	return f
}

func (f *fake) serve(w http.ResponseWriter, r *http.Request) {
	switch {
	case strings.HasSuffix(r.URL.Path, "/.well-known/openid-configuration"):
		fmt.Fprintf(w, `{"token_endpoint":"%[1]s/%[2]s/oauth2/v2.0/token","authorization_endpoint":"%[1]s/%[2]s/oauth2/v2.0/authorize","issuer":"%[1]s/%[2]s/v2.0"}`, f.srv.URL, fakeTenant)
	case strings.HasSuffix(r.URL.Path, "/oauth2/v2.0/token"):
		_ = r.ParseForm()
		f.mu.Lock()
		f.tokens = append(f.tokens, r.Form.Get("client_secret"))
		n, signIn := len(f.tokens), f.signIn
		f.mu.Unlock()
		w.Header().Set("Content-Type", "application/json")
		if signIn != nil && signIn(w, n, r.Form.Get("client_secret")) {
			return
		}
		fmt.Fprintf(w, `{"token_type":"Bearer","expires_in":%d,"access_token":"token-%d"}`, f.life, n)
	default:
		body, _ := io.ReadAll(r.Body)
		s := seen{r.Method, r.URL.Path, r.URL.RawQuery, string(body), r.Header.Clone()}
		f.mu.Lock()
		f.calls = append(f.calls, s)
		f.mu.Unlock()
		w.Header().Set("request-id", "rid-1")
		if f.handle != nil {
			f.handle(w, r, s)
		}
	}
}

// seenCalls returns the Graph calls so far.
func (f *fake) seenCalls() []seen {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]seen(nil), f.calls...)
}

func (f *fake) tokenCount() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.tokens)
}

// caFile writes the server's certificate, which is its own authority.
func (f *fake) caFile() string {
	path := filepath.Join(f.t.TempDir(), "ca.pem")
	raw := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: f.srv.Certificate().Raw})
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		f.t.Fatal(err)
	}
	return path
}

func (f *fake) config() Config {
	return Config{
		Tenant: "a", TenantID: fakeTenant, Authority: f.srv.URL, BaseURL: f.srv.URL, CAFile: f.caFile(), Timeout: 5 * time.Second,
		Credential: Credential{Kind: SecretCredential, ClientID: "app", Secret: func() (string, error) { return "s3cret", nil }},
	}
}

func (f *fake) client(change ...func(*Config)) *Client {
	f.t.Helper()
	cfg := f.config()
	for _, c := range change {
		c(&cfg)
	}
	c, err := New(cfg)
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(c.Close)
	return c
}

func answer(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body)
}

func graphError(w http.ResponseWriter, status int, code, message string) {
	raw, _ := json.Marshal(map[string]any{"error": map[string]any{"code": code, "message": message}})
	answer(w, status, string(raw))
}

func quiet() *log.Logger { return log.New(io.Discard, "", 0) }
