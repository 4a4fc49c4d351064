package conformance

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"entente.dev/entente/internal/entrasim"
	"entente.dev/entente/internal/entrasim/world"
)

// BenchmarkLargeTenant lists a large tenant to a client that discards the bodies. ENTRASIM_BENCH_USERS sets its
// size; the figures of the design are stated for 1,000,000.
func BenchmarkLargeTenant(b *testing.B) {
	n, err := strconv.Atoi(os.Getenv("ENTRASIM_BENCH_USERS"))
	if err != nil {
		n = 50_000
	}
	w := world.ThreeTenants(0)
	w.Tenants[0].Generate = &world.Generator{Users: n, Seed: 7, Guests: n / 10}
	began := time.Now()
	s := startBench(b, entrasim.Options{World: w, DataDir: b.TempDir(), ManualClock: true, NoThrottle: true})
	ready := time.Since(began)
	runtime.GC()
	var mem runtime.MemStats
	runtime.ReadMemStats(&mem)
	const sel = "$select=id,userPrincipalName,displayName,mail,userType,accountEnabled,department,jobTitle,city,createdDateTime"
	for b.Loop() {
		began := time.Now()
		users := 0
		for path := "/users?$top=999&" + sel; path != ""; {
			page := s.get(b, path)
			users += page.users
			path = page.next
		}
		took := time.Since(began)
		if users != n+1 {
			b.Fatalf("listed %d of %d", users, n+1)
		}
		b.ReportMetric(float64(users)/took.Seconds(), "users/s")
		began = time.Now()
		s.get(b, "/users?$filter=userType%20eq%20'Guest'&$top=999&"+sel)
		b.ReportMetric(float64(time.Since(began).Microseconds())/1000, "filter-page-ms")
		began = time.Now()
		s.get(b, "/users/annie@a.example")
		b.ReportMetric(float64(time.Since(began).Microseconds())/1000, "lookup-ms")
	}
	b.ReportMetric(ready.Seconds(), "ready-s")
	b.ReportMetric(float64(mem.HeapAlloc)/(1<<20), "heap-MiB")
}

type benchClient struct {
	http  *http.Client
	base  string
	token string
}

type benchPage struct {
	users int
	next  string
}

func startBench(b testing.TB, o entrasim.Options) *benchClient {
	s, err := entrasim.Start(b.Context(), o)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.Close() })
	pem, err := os.ReadFile(s.CAFile())
	if err != nil {
		b.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	c := &benchClient{base: s.BaseURL(), http: &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}}}
	res, err := c.http.PostForm(c.base+"/"+tenantA+"/oauth2/v2.0/token", url.Values{"grant_type": {"client_credentials"},
		"client_id": {world.EntenteClientID("a")}, "client_secret": {world.Secret("a")}, "scope": {"https://graph.microsoft.com/.default"}})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	var token struct {
		AccessToken string `json:"access_token"`
	}
	if err := json.NewDecoder(res.Body).Decode(&token); err != nil {
		b.Fatal(err)
	}
	c.token = token.AccessToken
	return c
}

// get reads one page and looks at no more of it than its next link.
func (c *benchClient) get(b testing.TB, path string) benchPage {
	raw := c.raw(b, path)
	page := benchPage{users: bytes.Count(raw, []byte(`"userPrincipalName":`))}
	if _, rest, ok := bytes.Cut(raw[:min(len(raw), 1500)], []byte(`"@odata.nextLink":"`)); ok {
		link, _, _ := bytes.Cut(rest, []byte(`"`))
		page.next = string(link)
	}
	return page
}

// raw reads one answer, which has to be a 200.
func (c *benchClient) raw(b testing.TB, path string) []byte {
	b.Helper()
	if !strings.HasPrefix(path, "https://") {
		path = c.base + "/v1.0" + path
	}
	req, err := http.NewRequestWithContext(b.Context(), "GET", path, nil)
	if err != nil {
		b.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+c.token)
	res, err := c.http.Do(req)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != 200 {
		b.Fatalf("%d %v %s", res.StatusCode, err, raw)
	}
	return raw
}

// tenantA is the id of tenant a of world.ThreeTenants.
const tenantA = "0a000000-0000-4000-8000-00000000000a"
