package signin

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	host      = "127.0.0.1:8443"
	base      = "https://" + host
	tenantA   = "11111111-aaaa-4aaa-8aaa-111111111111"
	tenantB   = "22222222-bbbb-4bbb-8bbb-222222222222"
	daemon    = "0a000000-0000-4000-8000-000000000001" // secrets and a certificate
	daemonSP  = "5b000000-0000-4000-8000-000000000001"
	disabled  = "0a000000-0000-4000-8000-000000000002"
	phone     = "0a000000-0000-4000-8000-000000000003" // public
	web       = "0a000000-0000-4000-8000-000000000004" // confidential, people
	workload  = "0a000000-0000-4000-8000-000000000005" // federated
	stranger  = "0a000000-0000-4000-8000-000000000006" // in no tenant
	secret    = "planted~secret;with+odd%chars&="
	oldSecret = "planted-expired-secret"
	callback  = "https://app.example/callback"
	alice     = "alice@a.example"
	password  = "planted-password"
	graphAll  = "https://graph.microsoft.com/.default"
)

// world is a small directory that keeps its request log.
type world struct {
	mu       sync.Mutex
	apps     map[string]Application // tenant/client
	people   map[string]Person      // tenant/upn
	attempts []Attempt
}

func (d *world) Tenant(segment string) (Tenant, bool) {
	switch strings.ToLower(segment) {
	case tenantA, "a.example":
		return Tenant{tenantA, "a.example", "Tenant A"}, true
	case tenantB, "b.example":
		return Tenant{tenantB, "b.example", "Tenant B"}, true
	}
	return Tenant{}, false
}

func (d *world) Application(tenantID, clientID string) (Application, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	app, ok := d.apps[tenantID+"/"+clientID]
	return app, ok
}

func (d *world) ApplicationExists(clientID string) bool {
	_, a := d.Application(tenantA, clientID)
	_, b := d.Application(tenantB, clientID)
	return a || b
}

func (d *world) Person(tenantID, upn string) (Person, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	p, ok := d.people[tenantID+"/"+strings.ToLower(upn)]
	return p, ok
}

func (d *world) Record(a Attempt) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.attempts = append(d.attempts, a)
}

func (d *world) change(f func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	f()
}

// credential is a certificate with its key.
type credential struct {
	der []byte
	key crypto.Signer
}

func newCredential(key crypto.Signer, until time.Time) credential {
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "daemon"}, NotBefore: until.AddDate(-2, 0, 0), NotAfter: until}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		panic(err)
	}
	return credential{der, key}
}

// shared holds what is slow to make.
var shared = sync.OnceValue(func() (out struct {
	keyDir               string
	good, expired, rogue credential
	elliptic             credential
}) {
	dir, err := os.MkdirTemp("", "signin-keys")
	if err != nil {
		panic(err)
	}
	if _, err := openKeys(dir); err != nil {
		panic(err)
	}
	out.keyDir = dir
	key := func() *rsa.PrivateKey {
		k, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			panic(err)
		}
		return k
	}
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	year := time.Now().AddDate(1, 0, 0)
	first, second := key(), key()
	out.good, out.rogue = newCredential(first, year), newCredential(second, year)
	out.expired = newCredential(second, time.Now().AddDate(0, 0, -1))
	out.elliptic = newCredential(curve, year)
	return out
})

func TestMain(m *testing.M) {
	code := m.Run()
	_ = os.RemoveAll(shared().keyDir)
	os.Exit(code)
}

func newWorld() *world {
	x := shared()
	d := &world{apps: map[string]Application{}, people: map[string]Person{}}
	app := func(tenant string, a Application) { d.apps[tenant+"/"+a.ClientID] = a }
	app(tenantA, Application{
		ClientID: daemon, DisplayName: "Daemon", ServicePrincipalID: daemonSP, Roles: []string{"User.Read.All", "Group.Read.All"},
		Secrets:      []Secret{{Value: oldSecret, Expires: time.Now().Add(-time.Hour)}, {Value: secret}},
		Certificates: [][]byte{x.good.der, x.expired.der, x.elliptic.der},
	})
	app(tenantA, Application{ClientID: disabled, DisplayName: "Off", Disabled: true, Secrets: []Secret{{Value: secret}}})
	app(tenantA, Application{ClientID: phone, DisplayName: "Phone", Public: true, RedirectURIs: []string{"http://localhost", "myapp://auth"}})
	app(tenantA, Application{
		ClientID: web, DisplayName: "Web", Secrets: []Secret{{Value: secret}}, RedirectURIs: []string{callback},
		Scopes: []string{"User.Read", "Directory.Read.All"},
	})
	app(tenantA, Application{
		ClientID: workload, DisplayName: "Workload", ServicePrincipalID: "5b000000-0000-4000-8000-000000000005",
		Federated: []FederatedCredential{{Issuer: "https://issuer.example", Subject: "pod-1", Audience: "api://AzureADTokenExchange"}},
	})
	d.people[tenantA+"/"+alice] = Person{
		ID: "9e000000-0000-4000-8000-000000000001", UPN: alice, DisplayName: "Alice", Mail: "alice@mail.example", Password: password,
		Enabled: true, Groups: []string{"g-1", "g-2"}, Roles: []string{"Approver"},
	}
	d.people[tenantA+"/off@a.example"] = Person{ID: "x", UPN: "off@a.example", Password: password}
	return d
}

func newService(t testing.TB, change ...func(*Config)) (*Service, *world) {
	t.Helper()
	d := newWorld()
	c := Config{Directory: d, KeyDir: shared().keyDir, IssuerKeys: fixedIssuer}
	for _, f := range change {
		f(&c)
	}
	s, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return s, d
}

// call sends one request and decodes a JSON answer.
func call(t testing.TB, s *Service, req *http.Request) (*http.Response, map[string]any) {
	t.Helper()
	req.Host = host
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, req)
	resp := w.Result()
	body, _ := io.ReadAll(resp.Body)
	resp.Body = io.NopCloser(strings.NewReader(string(body)))
	var out map[string]any
	if strings.HasPrefix(resp.Header.Get("Content-Type"), "application/json") {
		if err := json.Unmarshal(body, &out); err != nil {
			t.Fatalf("%s: %v in %s", req.URL, err, body)
		}
	}
	return resp, out
}

func get(t testing.TB, s *Service, target string) (*http.Response, map[string]any) {
	t.Helper()
	return call(t, s, httptest.NewRequest(http.MethodGet, target, nil))
}

func post(t testing.TB, s *Service, target string, fields url.Values) (*http.Response, map[string]any) {
	t.Helper()
	req := httptest.NewRequest(http.MethodPost, target, strings.NewReader(fields.Encode()))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded;charset=utf-8")
	return call(t, s, req)
}

// fields builds a form from pairs.
func fields(pairs ...string) url.Values {
	v := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1])
	}
	return v
}

func secretForm(pairs ...string) url.Values {
	v := fields("grant_type", "client_credentials", "client_id", daemon, "client_secret", secret, "scope", graphAll)
	for k, val := range fields(pairs...) {
		v[k] = val
		if val[0] == "" {
			v.Del(k)
		}
	}
	return v
}

const tokenPath = "/" + tenantA + "/oauth2/v2.0/token"

// appToken signs the daemon in.
func appToken(t testing.TB, s *Service, pairs ...string) string {
	t.Helper()
	resp, body := post(t, s, tokenPath, secretForm(pairs...))
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("token: %d %v", resp.StatusCode, body)
	}
	return body["access_token"].(string)
}

func claimsOf(t testing.TB, token string) map[string]any {
	t.Helper()
	parsed, err := parseJWT(token)
	if err != nil {
		t.Fatalf("%v: %s", err, token)
	}
	var out map[string]any
	if err := json.Unmarshal(parsed.payload, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// assertion signs a client assertion in one of the ways that libraries do.
func assertion(t testing.TB, c credential, alg, keyName string, padded bool, claims map[string]any) string {
	t.Helper()
	enc := base64.RawURLEncoding
	if padded {
		enc = base64.URLEncoding
	}
	one, two := sha1.Sum(c.der), sha256.Sum256(c.der)
	header := map[string]any{"typ": "JWT", "alg": alg}
	switch keyName {
	case "x5t", "kid":
		header[keyName] = enc.EncodeToString(one[:])
	case "x5t#S256":
		header[keyName] = enc.EncodeToString(two[:])
	}
	head, _ := json.Marshal(header)
	body, _ := json.Marshal(claims)
	signed := base64.RawURLEncoding.EncodeToString(head) + "." + base64.RawURLEncoding.EncodeToString(body)
	sum := sha256.Sum256([]byte(signed))
	var signature []byte
	var err error
	switch alg {
	case "PS256":
		signature, err = c.key.Sign(rand.Reader, sum[:], &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: crypto.SHA256})
	case "ES256":
		r, z, e := ecdsa.Sign(rand.Reader, c.key.(*ecdsa.PrivateKey), sum[:])
		signature, err = append(r.FillBytes(make([]byte, 32)), z.FillBytes(make([]byte, 32))...), e
	default:
		signature, err = c.key.Sign(rand.Reader, sum[:], crypto.SHA256)
	}
	if err != nil {
		t.Fatal(err)
	}
	return signed + "." + base64.RawURLEncoding.EncodeToString(signature)
}

// proof are the claims of a good certificate assertion, with changes.
func proof(pairs ...any) map[string]any {
	now := float64(time.Now().Unix())
	out := map[string]any{"iss": daemon, "sub": daemon, "aud": base + tokenPath, "jti": "1", "exp": now + 600.24}
	for i := 0; i < len(pairs); i += 2 {
		out[pairs[i].(string)] = pairs[i+1]
	}
	return out
}

func assertionForm(client, text string) url.Values {
	return fields("grant_type", "client_credentials", "client_id", client, "scope", graphAll,
		"client_assertion_type", assertionType, "client_assertion", text)
}
