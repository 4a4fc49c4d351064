package entrasim_test

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"html"
	"io"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"entente.dev/entente/internal/entrasim"
	"entente.dev/entente/internal/entrasim/simclient"
	"entente.dev/entente/internal/entrasim/world"
)

// keys is a folder with a CA and signing keys that all simulators of this package share, because keys take time to make.
var keys = sync.OnceValue(func() string {
	dir, err := os.MkdirTemp("", "entrasim-test-")
	if err != nil {
		panic(err)
	}
	s, err := entrasim.Start(context.Background(), entrasim.Options{World: world.ThreeTenants(0), DataDir: dir})
	if err != nil {
		panic(err)
	}
	_ = s.Close()
	return dir
})

func TestMain(m *testing.M) {
	code := m.Run()
	_ = os.RemoveAll(keys())
	os.Exit(code)
}

// sim is a running simulator and a client that trusts only its CA.
type sim struct {
	*entrasim.Server
	t    *testing.T
	http *http.Client
}

func start(t *testing.T, change func(*entrasim.Options)) *sim {
	t.Helper()
	o := entrasim.Options{World: world.ThreeTenants(20), DataDir: keys(), ManualClock: true, PrincipalDelay: -1}
	if change != nil {
		change(&o)
	}
	s, err := entrasim.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	pem, err := os.ReadFile(s.CAFile())
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	return &sim{Server: s, t: t, http: &http.Client{Timeout: 20 * time.Second,
		Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, ForceAttemptHTTP2: true}}}
}

var ids = map[string]string{"a": "0a000000-0000-4000-8000-00000000000a", "b": "0b000000-0000-4000-8000-00000000000b", "c": "0c000000-0000-4000-8000-00000000000c"}

// caller speaks for Entente's registration in one tenant.
type caller struct {
	*sim
	token  string
	header http.Header
}

func (s *sim) as(tenant string) *caller {
	s.t.Helper()
	return s.token(tenant, url.Values{"grant_type": {"client_credentials"}, "client_id": {world.EntenteClientID(tenant)},
		"client_secret": {world.Secret(tenant)}, "scope": {"https://graph.microsoft.com/.default"}})
}

// asApp speaks for any registration in a tenant given by its id.
func (s *sim) asApp(tenantID, clientID, secret string) *caller {
	s.t.Helper()
	return s.token(tenantID, url.Values{"grant_type": {"client_credentials"}, "client_id": {clientID},
		"client_secret": {secret}, "scope": {"https://graph.microsoft.com/.default"}})
}

// simclientGrant lets Entente manage every application of a tenant.
func simclientGrant(tenant string) simclient.Edit {
	return simclient.Edit{Tenant: tenant, Action: "permission.grant", App: "Entente", Permission: "Application.ReadWrite.All"}
}

func (s *sim) token(tenant string, form url.Values) *caller {
	s.t.Helper()
	res, err := s.http.PostForm(s.BaseURL()+"/"+cmp.Or(ids[tenant], tenant)+"/oauth2/v2.0/token", form)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	var out struct {
		AccessToken string `json:"access_token"`
	}
	raw, _ := io.ReadAll(res.Body)
	if err := json.Unmarshal(raw, &out); err != nil || out.AccessToken == "" {
		s.t.Fatalf("token: %d %s", res.StatusCode, raw)
	}
	return &caller{sim: s, token: out.AccessToken, header: http.Header{}}
}

var signinForm = regexp.MustCompile(`<form id="signin" method="post" action="([^"]+)"`)

// person signs somebody of the world in with a code and speaks for them.
func (s *sim) person(tenant, upn, scope string) *caller {
	s.t.Helper()
	client := *s.http
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	ask := url.Values{"client_id": {world.EntenteClientID(tenant)}, "response_type": {"code"}, "redirect_uri": {"http://localhost"}, "scope": {scope}, "state": {"s"}}
	res, err := client.Get(s.BaseURL() + "/" + ids[tenant] + "/oauth2/v2.0/authorize?" + ask.Encode())
	if err != nil {
		s.t.Fatal(err)
	}
	page, _ := io.ReadAll(res.Body)
	_ = res.Body.Close()
	form := signinForm.FindSubmatch(page)
	if form == nil {
		s.t.Fatalf("no sign-in form: %d", res.StatusCode)
	}
	if res, err = client.PostForm(s.BaseURL()+html.UnescapeString(string(form[1])), url.Values{"login": {upn}, "passwd": {"Pass-" + upn}}); err != nil {
		s.t.Fatal(err)
	}
	_ = res.Body.Close()
	to, err := res.Location()
	if err != nil {
		s.t.Fatal(err)
	}
	return s.token(tenant, url.Values{"grant_type": {"authorization_code"}, "client_id": {world.EntenteClientID(tenant)}, "client_secret": {world.Secret(tenant)},
		"code": {to.Query().Get("code")}, "redirect_uri": {"http://localhost"}, "scope": {scope}})
}

// advance moves the virtual clock and waits for what became due.
func (s *sim) advance(d time.Duration) {
	s.t.Helper()
	if _, err := s.Admin().Advance(s.t.Context(), d); err != nil {
		s.t.Fatal(err)
	}
}

// set changes a switch.
func (s *sim) set(name, value string) {
	s.t.Helper()
	if err := s.Admin().SetSwitch(s.t.Context(), name, value); err != nil {
		s.t.Fatal(err)
	}
}

// edit does something as an admin would and returns the id of the object.
func (s *sim) edit(e simclient.Edit) string {
	s.t.Helper()
	id, err := s.Admin().Edit(s.t.Context(), e)
	if err != nil {
		s.t.Fatal(err)
	}
	return id
}

type object = map[string]any

// answer is a decoded response.
type answer struct {
	t      *testing.T
	status int
	header http.Header
	raw    []byte
	body   object
}

func (c *caller) try(method, path string, body any) (*answer, error) {
	return c.tryContext(c.t.Context(), method, path, body)
}

func (c *caller) tryContext(ctx context.Context, method, path string, body any) (*answer, error) {
	var in io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		in = strings.NewReader(b)
	default:
		raw, err := json.Marshal(b)
		if err != nil {
			return nil, err
		}
		in = bytes.NewReader(raw)
	}
	if !strings.HasPrefix(path, "https://") {
		if !strings.HasPrefix(path, "/beta/") {
			path = "/v1.0" + path
		}
		path = c.BaseURL() + strings.ReplaceAll(path, " ", "%20")
	}
	req, err := http.NewRequestWithContext(ctx, method, path, in)
	if err != nil {
		return nil, err
	}
	req.Header = c.header.Clone()
	req.Header.Set("Authorization", "Bearer "+c.token)
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := c.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = res.Body.Close() }()
	a := &answer{t: c.t, status: res.StatusCode, header: res.Header}
	if a.raw, err = io.ReadAll(res.Body); err != nil {
		return a, err
	}
	_ = json.Unmarshal(a.raw, &a.body)
	return a, nil
}

// do sends a request and demands a status.
func (c *caller) do(method, path string, body any, status int) *answer {
	c.t.Helper()
	a, err := c.try(method, path, body)
	if err != nil {
		c.t.Fatalf("%s %s: %v", method, path, err)
	}
	if a.status != status {
		c.t.Fatalf("%s %s: status %d, want %d: %s", method, path, a.status, status, a.raw)
	}
	return a
}

func (c *caller) get(path string) *answer { c.t.Helper(); return c.do("GET", path, nil, 200) }

func (a *answer) code() string {
	e, _ := a.body["error"].(object)
	s, _ := e["code"].(string)
	return s
}

func (a *answer) text(name string) string { s, _ := a.body[name].(string); return s }

func (a *answer) value() []object {
	var out []object
	list, _ := a.body["value"].([]any)
	for _, x := range list {
		out = append(out, x.(object))
	}
	return out
}

// all follows next links to the end; last is the final page.
func (c *caller) all(path string) (items []object, last *answer) {
	c.t.Helper()
	for path != "" {
		last = c.get(path)
		items = append(items, last.value()...)
		path = last.text("@odata.nextLink")
	}
	return items, last
}

func column(items []object, name string) []string {
	out := []string{}
	for _, x := range items {
		s, _ := x[name].(string)
		out = append(out, s)
	}
	return out
}
