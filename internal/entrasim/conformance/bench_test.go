package conformance

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"entente.dev/entente/internal/entrasim"
	"entente.dev/entente/internal/entrasim/dir"
	"entente.dev/entente/internal/entrasim/world"
)

// tenantA is the id of tenant a of world.ThreeTenants.
const tenantA = "0a000000-0000-4000-8000-00000000000a"

const tenColumns = "$select=id,userPrincipalName,displayName,mail,userType,accountEnabled,department,jobTitle,city,createdDateTime"

// figure prints one promise beside what was measured in the same run, and fails when it is not kept.
func figure(b *testing.B, name string, value float64, unit, bound string, limit, baseline float64, what string) {
	b.Helper()
	b.ReportMetric(value, unit+"/"+strings.ReplaceAll(name, " ", "-"))
	fmt.Printf("figure %s: %.3g %s (%s %.6g; baseline %.3g: %s)\n", name, value, unit, bound, limit, baseline, what)
	if bound == "at most" && value > limit || bound == "at least" && value < limit {
		b.Errorf("%s is %.3g %s, %s %.6g is promised", name, value, unit, bound, limit)
	}
}

// benchUsers is 1,000,000, the size that the figures are stated for, unless ENTRASIM_BENCH_USERS says otherwise.
func benchUsers() int {
	if n, err := strconv.Atoi(os.Getenv("ENTRASIM_BENCH_USERS")); err == nil {
		return n
	}
	return 1_000_000
}

// BenchmarkLargeTenant lists a large tenant to a client that discards the bodies, whole and filtered, and looks
// single users up.
func BenchmarkLargeTenant(b *testing.B) {
	n := benchUsers()
	w := world.ThreeTenants(0)
	w.Tenants[0].Generate = &world.Generator{Users: n, Seed: 7, Guests: n / 10}
	began := time.Now()
	c := startBench(b, entrasim.Options{World: w, DataDir: b.TempDir(), ManualClock: true, NoThrottle: true})
	ready := time.Since(began)
	memory := resident()
	figure(b, "ready", ready.Seconds(), "s", "at most", 20, indexing(n).Seconds(), "filling one index of as many ids")
	figure(b, "memory", memory, "MiB", "at most", 3072, float64(n)*500/(1<<20), "500 bytes a user")
	page := c.raw(b, "/users?$top=999&"+tenColumns)
	bare := startBare(b, page)
	for b.Loop() {
		whole, links := c.list(b, "/users?$top=999&"+tenColumns, n+1)
		ceiling := bare.repeat(b, len(links))
		figure(b, "listing", float64(n+1)/whole.Seconds(), "users/s", "at least", 150_000, float64(n+1)/ceiling.Seconds(), "a bare server sending the same pages")
		guests, _ := c.list(b, "/users?$filter=userType%20eq%20'Guest'&$top=999&"+tenColumns, n/10)
		figure(b, "guests", guests.Seconds(), "s", "at most", whole.Seconds(), whole.Seconds(), "the full listing")
		first, last := c.median(b, links[0]), c.median(b, links[len(links)-2])
		figure(b, "last page", last.Seconds()/first.Seconds(), "times", "at most", 1.5, 1, "the first page")
		user := dir.Object{}
		if err := json.Unmarshal(c.raw(b, "/users/user000777@a.example"), &user); err != nil {
			b.Fatal(err)
		}
		small := bare.median(b, "/")
		for name, key := range map[string]string{"lookup by id": user.ID(), "lookup by name": "annie@a.example"} {
			figure(b, name, 1000*c.median(b, "/users/"+key).Seconds(), "ms", "at most", 1, 1000*small.Seconds(), "a bare server's answer")
		}
		ordered := c.median(b, "/users?$orderby=displayName&$top=999&$select=id,displayName")
		figure(b, "ordered page", ordered.Seconds(), "s", "at most", 1, first.Seconds(), "an unordered page")
	}
}

// BenchmarkInitialCycle provisions a large group from one directory into another in one initial cycle.
func BenchmarkInitialCycle(b *testing.B) {
	const users = 10_000
	for b.Loop() {
		yes := true
		w := world.ThreeTenants(0)
		w.Tenants[0].Generate = &world.Generator{Users: users, Seed: 7}
		everybody := world.Group{Name: "Everybody"}
		for i := range users {
			everybody.Members = append(everybody.Members, fmt.Sprintf("user%06d@a.example", i+1))
		}
		w.Tenants[0].Groups = append(w.Tenants[0].Groups, everybody)
		w.Tenants[0].Partners = []world.Partner{{Tenant: "b", OutboundAllowed: &yes}}
		w.Tenants[1].Partners = []world.Partner{{Tenant: "a", InboundAllowed: &yes, SyncAllowed: &yes}}
		w.Tenants[0].Jobs = []world.Job{{Target: "b", Groups: []string{"Everybody"}, Started: true}}
		s, err := entrasim.Start(b.Context(), entrasim.Options{World: w, DataDir: b.TempDir(), ManualClock: true, NoThrottle: true})
		if err != nil {
			b.Fatal(err)
		}
		cycle := func(length time.Duration) float64 {
			began := time.Now()
			if _, err := s.Admin().Advance(b.Context(), length); err != nil {
				b.Fatal(err)
			}
			return time.Since(began).Seconds()
		}
		initial := cycle(24 * time.Hour)
		info, err := s.Admin().Info(b.Context())
		if err != nil || info.Tenants[1].Users < users {
			b.Fatalf("%d users in the target: %v", info.Tenants[1].Users, err)
		}
		figure(b, "initial cycle of 10000", initial, "s", "at most", 10, cycle(41*time.Minute), "a cycle without changes")
		_ = s.Close()
	}
}

// resident is the memory of this process after a collection, in MiB.
func resident() float64 {
	runtime.GC()
	status, err := os.ReadFile("/proc/self/status")
	if err == nil {
		if _, rest, ok := strings.Cut(string(status), "VmHWM:"); ok {
			if kib, err := strconv.Atoi(strings.Fields(rest)[0]); err == nil {
				return float64(kib) / 1024
			}
		}
	}
	var mem runtime.MemStats
	runtime.ReadMemStats(&mem)
	return float64(mem.Sys) / (1 << 20)
}

// indexing is how long it takes to make one map of n ids.
func indexing(n int) time.Duration {
	began := time.Now()
	index := make(map[string]int32, n)
	for i := range n {
		index[dir.NewID()] = int32(i)
	}
	return time.Since(began)
}

type benchClient struct {
	http  *http.Client
	base  string
	token string
}

func startBench(b testing.TB, o entrasim.Options) *benchClient {
	b.Helper()
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

// startBare serves one page over TLS and does nothing else: what the wire allows on this machine.
func startBare(b *testing.B, page []byte) *benchClient {
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/page" {
			_, _ = w.Write(page)
		}
	}))
	b.Cleanup(s.Close)
	return &benchClient{base: s.URL, http: s.Client()}
}

func (c *benchClient) repeat(b *testing.B, times int) time.Duration {
	began := time.Now()
	for range times {
		c.head(b, c.base+"/page")
	}
	return time.Since(began)
}

// list follows next links, discarding the bodies, and returns how long it took and every page's address.
func (c *benchClient) list(b *testing.B, path string, want int) (time.Duration, []string) {
	b.Helper()
	began := time.Now()
	links := []string{}
	for path != "" {
		links = append(links, path)
		path = nextLink(c.head(b, path))
	}
	took := time.Since(began)
	if pages := (want + 998) / 999; len(links) != pages {
		b.Fatalf("%d pages, %d users need %d", len(links), want, pages)
	}
	return took, links
}

// median is the middle of eleven requests.
func (c *benchClient) median(b *testing.B, path string) time.Duration {
	b.Helper()
	var all []time.Duration
	for range 11 {
		began := time.Now()
		c.head(b, path)
		all = append(all, time.Since(began))
	}
	slices.Sort(all)
	return all[5]
}

func nextLink(head []byte) string {
	_, rest, ok := bytes.Cut(head, []byte(`"@odata.nextLink":"`))
	if !ok {
		return ""
	}
	link, _, _ := bytes.Cut(rest, []byte(`"`))
	return string(link)
}

// head reads the beginning of an answer and discards the rest.
func (c *benchClient) head(b testing.TB, path string) []byte {
	b.Helper()
	head := make([]byte, 1500)
	c.ask(b, path, func(r io.Reader) error {
		n, err := io.ReadFull(r, head)
		head = head[:n]
		if err == nil {
			_, err = io.Copy(io.Discard, r)
		}
		if err == io.ErrUnexpectedEOF || err == io.EOF {
			err = nil
		}
		return err
	})
	return head
}

// raw reads one answer, which has to be a 200.
func (c *benchClient) raw(b testing.TB, path string) (raw []byte) {
	b.Helper()
	c.ask(b, path, func(r io.Reader) (err error) {
		raw, err = io.ReadAll(r)
		return err
	})
	return raw
}

func (c *benchClient) ask(b testing.TB, path string, read func(io.Reader) error) {
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
	if err := read(res.Body); err != nil || res.StatusCode != 200 {
		b.Fatalf("%s: %d %v", path, res.StatusCode, err)
	}
}
