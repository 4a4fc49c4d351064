package openid_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"maps"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"entente.dev/entente/internal/authn"
	"entente.dev/entente/internal/authn/openid"
	"entente.dev/entente/internal/problem"
)

// rogue is an issuer that signs whatever it is asked: the simulator is honest and cannot.
type rogue struct {
	url    string
	ca     string
	key    *rsa.PrivateKey
	curve  *ecdsa.PrivateKey
	asked  atomic.Int64 // for keys
	broken atomic.Bool  // keys cannot be read
}

const tid = "0a000000-0000-4000-8000-00000000000a"

func newRogue(t *testing.T) *rogue {
	t.Helper()
	r := &rogue{}
	var err error
	if r.key, err = rsa.GenerateKey(rand.Reader, 2048); err != nil {
		t.Fatal(err)
	}
	if r.curve, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	server := httptest.NewTLSServer(mux)
	t.Cleanup(server.Close)
	r.url = server.URL + "/" + tid + "/v2.0"
	mux.HandleFunc("/"+tid+"/v2.0/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, map[string]any{"issuer": r.url, "jwks_uri": server.URL + "/keys", "authorization_endpoint": server.URL + "/a", "token_endpoint": server.URL + "/t"})
	})
	mux.HandleFunc("/keys", func(w http.ResponseWriter, _ *http.Request) {
		r.asked.Add(1)
		if r.broken.Load() {
			http.Error(w, "down", http.StatusBadGateway)
			return
		}
		point, _ := r.curve.PublicKey.Bytes()
		answer(w, map[string]any{"keys": []any{
			map[string]any{"kty": "RSA", "kid": "k", "use": "sig", "n": b64(r.key.N.Bytes()), "e": b64(big.NewInt(int64(r.key.E)).Bytes())},
			map[string]any{"kty": "EC", "kid": "e", "crv": "P-256", "x": b64(point[1:33]), "y": b64(point[33:])},
			map[string]any{"kty": "oct", "kid": "o", "k": b64([]byte("shared"))},
			map[string]any{"kty": "RSA", "kid": "weak", "n": b64(big.NewInt(3233).Bytes()), "e": "AQAB"},
		}})
	})
	r.ca = filepath.Join(t.TempDir(), "ca.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(r.ca, block, 0o600); err != nil {
		t.Fatal(err)
	}
	return r
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

func b64(raw []byte) string { return base64.RawURLEncoding.EncodeToString(raw) }

func (r *rogue) issuer() openid.Issuer {
	platform := authn.Binding{Role: authn.Platform}
	return openid.Issuer{Name: "rogue", URL: r.url, ClientID: "entente", CAFile: r.ca, Rules: []openid.Rule{
		{Claim: "sub", Value: "sam", Binding: platform}, {Claim: "appid", Value: "robot", Binding: platform}, {Claim: "roles", Value: "Reader", Binding: authn.Binding{Role: authn.Viewer}},
	}}
}

// claims of a good token, with changes; nil takes a claim away.
func (r *rogue) claims(changes map[string]any) map[string]any {
	now := time.Now().Unix()
	out := map[string]any{"iss": r.url, "aud": "entente", "sub": "sam", "tid": tid, "iat": now, "nbf": now, "exp": now + 600, "preferred_username": "sam@a.example"}
	maps.Copy(out, changes)
	maps.DeleteFunc(out, func(_ string, v any) bool { return v == nil })
	return out
}

func unsigned(head, claims map[string]any) string {
	h, _ := json.Marshal(head)
	c, _ := json.Marshal(claims)
	return b64(h) + "." + b64(c)
}

func (r *rogue) sign(t *testing.T, claims map[string]any) string {
	t.Helper()
	return signWith(t, r.key, "k", claims)
}

func signWith(t *testing.T, key *rsa.PrivateKey, kid string, claims map[string]any) string {
	t.Helper()
	body := unsigned(map[string]any{"alg": "RS256", "kid": kid, "typ": "JWT"}, claims)
	sum := sha256.Sum256([]byte(body))
	signature, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	return body + "." + b64(signature)
}

func TestForgedTokens(t *testing.T) {
	t.Parallel()
	r := newRogue(t)
	s := service(t, nil, r.issuer())
	if who, err := ask(s, r.sign(t, r.claims(nil))); err != nil || who.Role != authn.Platform || who.Name != "sam@a.example" {
		t.Fatalf("a good token: %+v, %v", who, err)
	}
	stranger, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now().Unix()
	hmacOf := func(key []byte) string {
		body := unsigned(map[string]any{"alg": "HS256", "kid": "k"}, r.claims(nil))
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(body))
		return body + "." + b64(mac.Sum(nil))
	}
	public := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: must(x509.MarshalPKIXPublicKey(&r.key.PublicKey))})
	embedded := unsigned(map[string]any{"alg": "RS256", "kid": "k", "jwk": map[string]any{"kty": "RSA", "n": b64(stranger.N.Bytes()), "e": "AQAB"}}, r.claims(nil))
	sum := sha256.Sum256([]byte(embedded))
	embedded += "." + b64(must(rsa.SignPKCS1v15(rand.Reader, stranger, crypto.SHA256, sum[:])))
	for name, c := range map[string]struct{ token, says string }{
		"signed by a stranger":         {signWith(t, stranger, "k", r.claims(nil)), "signature"},
		"a key that nobody published":  {signWith(t, stranger, "x", r.claims(nil)), "does not publish"},
		"no key id":                    {signWith(t, r.key, "", r.claims(nil)), "does not publish"},
		"key brought along":            {embedded, "signature"},
		"weak key":                     {signWith(t, r.key, "weak", r.claims(nil)), "does not publish"},
		"alg none":                     {unsigned(map[string]any{"alg": "none", "kid": "k"}, r.claims(nil)) + ".", "does not accept"},
		"alg None":                     {unsigned(map[string]any{"alg": "None", "kid": "k"}, r.claims(nil)) + ".", "does not accept"},
		"HS256 with the public key":    {hmacOf(public), "does not accept"},
		"RS256 header over a curve":    {signWith(t, r.key, "e", r.claims(nil)), "signature"},
		"expired":                      {r.sign(t, r.claims(map[string]any{"exp": now - 1})), "expired"},
		"no end":                       {r.sign(t, r.claims(map[string]any{"exp": nil})), "expired"},
		"from tomorrow":                {r.sign(t, r.claims(map[string]any{"nbf": now + 86400})), "not valid yet"},
		"another audience":             {r.sign(t, r.claims(map[string]any{"aud": "https://graph.microsoft.com"})), "another application"},
		"no audience":                  {r.sign(t, r.claims(map[string]any{"aud": nil})), "another application"},
		"another issuer":               {r.sign(t, r.claims(map[string]any{"iss": "https://login.example/v2.0"})), "does not know"},
		"issuer with a slash":          {r.sign(t, r.claims(map[string]any{"iss": r.url + "/"})), "does not know"},
		"another tenant":               {r.sign(t, r.claims(map[string]any{"tid": "0b000000-0000-4000-8000-00000000000b"})), "another tenant"},
		"no tenant":                    {r.sign(t, r.claims(map[string]any{"tid": nil})), "another tenant"},
		"older issuer, another tenant": {r.sign(t, r.claims(map[string]any{"iss": "https://sts.windows.net/0b000000-0000-4000-8000-00000000000b/"})), "does not know"},
		"claims of another shape":      {r.sign(t, r.claims(map[string]any{"groups": 7})), "cannot be read"},
	} {
		t.Run(name, func(t *testing.T) { refused(t, s, c.token, problem.Unauthenticated, c.says) })
	}
}

func TestEveryAllowedAlgorithm(t *testing.T) {
	t.Parallel()
	r := newRogue(t)
	s := service(t, nil, r.issuer())
	digest := func(body string) []byte { sum := sha256.Sum256([]byte(body)); return sum[:] }
	pss := unsigned(map[string]any{"alg": "PS256", "kid": "k"}, r.claims(nil))
	curve := unsigned(map[string]any{"alg": "ES256", "kid": "e"}, r.claims(nil))
	x, y, err := ecdsa.Sign(rand.Reader, r.curve, digest(curve))
	if err != nil {
		t.Fatal(err)
	}
	for name, token := range map[string]string{
		"RS256": r.sign(t, r.claims(nil)),
		"PS256": pss + "." + b64(must(rsa.SignPSS(rand.Reader, r.key, crypto.SHA256, digest(pss), nil))),
		"ES256": curve + "." + b64(append(x.FillBytes(make([]byte, 32)), y.FillBytes(make([]byte, 32))...)),
	} {
		if _, err := ask(s, token); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// FuzzTokens: whatever comes in is refused, and nothing of it breaks the server.
func FuzzTokens(f *testing.F) {
	s, err := openid.New([]openid.Issuer{{
		Name: "nowhere", URL: "https://127.0.0.1:1/" + tid + "/v2.0", ClientID: "c", Rules: []openid.Rule{{Claim: "sub", Value: "x", Binding: authn.Binding{Role: authn.Viewer}}},
	}}, openid.Options{})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(unsigned(map[string]any{"alg": "RS256", "kid": "k"}, map[string]any{"iss": "https://127.0.0.1:1/" + tid + "/v2.0"}) + ".AAAA")
	f.Add("a.b.c")
	f.Add(unsigned(map[string]any{"alg": "none"}, nil) + ".")
	f.Fuzz(func(t *testing.T, token string) {
		if who, err := ask(s, token); err == nil {
			t.Errorf("%q is believed: %+v", token, who)
		}
	})
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func TestRolesComeFromRulesOnly(t *testing.T) {
	t.Parallel()
	r := newRogue(t)
	s := service(t, nil, r.issuer())
	robot := map[string]any{"sub": "oid-1", "oid": "oid-1", "appid": "robot", "idtyp": "app", "aud": "api://entente", "preferred_username": nil}
	if who, err := ask(s, r.sign(t, r.claims(robot))); err != nil || who.Name != "robot" || who.Role != authn.Platform {
		t.Errorf("a workload: %+v, %v", who, err)
	}
	if who, err := ask(s, r.sign(t, r.claims(map[string]any{"sub": "x", "roles": "Reader"}))); err != nil || who.Role != authn.Viewer {
		t.Errorf("one role written as text: %+v, %v", who, err)
	}
	for name, changes := range map[string]map[string]any{
		"somebody unknown":                      {"sub": "x"},
		"subject in another case":               {"sub": "SAM"},
		"unknown role":                          {"sub": "x", "roles": []string{"Root", "reader"}},
		"a person with the robot's client":      {"sub": "p", "oid": "o", "appid": "robot", "scp": "user_impersonation"},
		"a person with the robot's client, v2":  {"sub": "p", "oid": "o", "azp": "robot"},
		"a person who says to be a workload":    {"sub": "p", "oid": "p", "appid": "robot", "idtyp": "user"},
		"groups that the token does not list":   {"sub": "x", "_claim_names": map[string]string{"groups": "s"}, "_claim_sources": map[string]any{"s": map[string]string{"endpoint": "https://127.0.0.1:1/"}}},
		"an empty claim against an empty value": {"sub": ""},
	} {
		t.Run(name, func(t *testing.T) {
			refused(t, s, r.sign(t, r.claims(changes)), problem.Forbidden, "you are signed in")
		})
	}
	odd, err := ask(s, r.sign(t, r.claims(map[string]any{"preferred_username": "sam\r\n\u202eexample"})))
	if err != nil || odd.Name != "samexample" {
		t.Errorf("a name with control characters: %q, %v", odd.Name, err)
	}
}

// Strangers must not make us hammer the issuer, and an issuer that fails for a moment must not sign people out.
func TestIssuerIsAskedSparingly(t *testing.T) {
	t.Parallel()
	r := newRogue(t)
	now := time.Now()
	s := service(t, func() time.Time { return now }, r.issuer())
	good := r.sign(t, r.claims(map[string]any{"exp": now.Add(100 * time.Hour).Unix()}))
	for range 50 {
		_, _ = ask(s, signWith(t, r.key, "unknown", r.claims(nil)))
		if _, err := ask(s, good); err != nil {
			t.Fatal(err)
		}
	}
	if n := r.asked.Load(); n != 1 {
		t.Errorf("asked %d times for keys, want once", n)
	}
	r.broken.Store(true)
	now = now.Add(2 * time.Hour)
	if _, err := ask(s, good); err != nil {
		t.Errorf("keys that were read today: %v", err)
	}
	now = now.Add(48 * time.Hour)
	refused(t, s, good, problem.Unavailable, "keys")
	r.broken.Store(false)
	now = now.Add(time.Minute)
	if _, err := ask(s, good); err != nil {
		t.Errorf("after the issuer came back: %v", err)
	}
}
