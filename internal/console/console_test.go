package console_test

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"entente.dev/entente/internal/api"
	"entente.dev/entente/internal/api/apitest"
	"entente.dev/entente/internal/api/wire"
	"entente.dev/entente/internal/console"
)

// browser is somebody at the console, without script.
type browser struct {
	t     *testing.T
	world *apitest.World
	http  *http.Client
	page  string
}

func open(t *testing.T, d console.Deps, with ...func(*api.Deps)) *browser {
	t.Helper()
	var handler http.Handler
	d.API = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler.ServeHTTP(w, r) })
	pages, err := console.New(d)
	if err != nil {
		t.Fatal(err)
	}
	b := &browser{t: t, world: apitest.New(t, append(with, func(deps *api.Deps) { deps.Console = pages })...)}
	handler = b.world.Handler
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	b.http = &http.Client{Jar: jar}
	if _, err := b.world.Client(t, "pat").Apply(t.Context(), wire.Apply{File: "t.yaml", Text: apitest.Topology}); err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *browser) do(method, path string, form url.Values, headers ...string) *http.Response {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), method, b.world.Server.URL+path, strings.NewReader(form.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", b.world.Server.URL)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	answer, err := b.http.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer answer.Body.Close()
	raw, err := io.ReadAll(answer.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	b.page = string(raw)
	return answer
}

func (b *browser) signIn(who string) {
	b.t.Helper()
	if answer := b.do("POST", "/sign-in", url.Values{"token": {apitest.Token(who)}, "to": {"/"}}); answer.StatusCode != 200 {
		b.t.Fatalf("signing in as %s: %d", who, answer.StatusCode)
	}
}

func (b *browser) shows(words ...string) {
	b.t.Helper()
	for _, word := range words {
		if !strings.Contains(b.page, word) {
			b.t.Errorf("the page does not show %q:\n%s", word, b.page)
		}
	}
}

func (b *browser) hides(words ...string) {
	b.t.Helper()
	for _, word := range words {
		if strings.Contains(b.page, word) {
			b.t.Errorf("the page shows %q", word)
		}
	}
}

const base = "/o/" + apitest.Org

func TestPlatformSeesEverything(t *testing.T) {
	t.Parallel()
	b := open(t, console.Deps{Links: []console.Link{{Text: "Temporal", URL: "http://127.0.0.1:8233"}}})
	if answer := b.do("GET", base, nil); !strings.HasPrefix(answer.Request.URL.Path, "/sign-in") {
		t.Errorf("without a session: %s", answer.Request.URL)
	}
	b.signIn("pat")
	b.shows("4 of 12 covered", "annie@a.example", "○</span> guest", "Temporal", "pat, platform", "b→c", "waits for tenant c")
	b.world.Control.Finish(t.Context())
	b.do("GET", base+"?person=bob", nil)
	b.shows("12 of 12 covered", "bob@b.example", "◆</span> member")
	b.hides("annie@a.example")
	b.do("GET", base+"/shares/b/c", nil)
	b.shows("Share b→c", "partner entry with inbound automatic redemption", "topology applied")
	b.do("GET", base+"/requests/req-b-c-1", nil)
	b.shows("Only an admin of tenant c can answer this.", "Barbara")
	b.hides(`action="/o/contoso-group/requests/req-b-c-1/approve"`)
	b.world.Control.Leave(t.Context())
	b.do("GET", base+"/reductions", nil)
	b.shows("barbara@b.example", "proven")
	key := regexp.MustCompile(`name="key" value="([^"]+)"`).FindStringSubmatch(b.page)[1]
	for range 2 { // a double click is one command
		b.do("POST", base+"/restore", url.Values{"reduction": {"red-b-a"}, "key": {key}})
	}
	if n := len(b.world.Control.Restores); n != 1 {
		t.Errorf("restored %d times", n)
	}
	if answer := b.do("GET", "/nowhere", nil); answer.StatusCode != 404 {
		t.Errorf("an unknown page: %d", answer.StatusCode)
	}
}

func TestTenantAdminDecides(t *testing.T) {
	t.Parallel()
	b := open(t, console.Deps{})
	b.signIn("c-admin")
	b.shows("Waiting for an answer", "2 people from b ask to come into c", "1 already guest", "tenant-admin of c")
	b.hides("ask to come into a")
	if answer := b.do("GET", base+"/requests/req-a-b-1", nil); answer.StatusCode != 403 {
		t.Errorf("another tenant's request: %d", answer.StatusCode)
	}
	b.do("GET", base+"/requests/req-b-c-1", nil)
	b.shows("Bob", "Leave out Barbara", "convert to Member")
	plan := regexp.MustCompile(`name="plan" value="([^"]+)"`).FindStringSubmatch(b.page)[1]
	if answer := b.do("POST", base+"/requests/req-b-c-1/approve", url.Values{"plan": {"older"}}); answer.StatusCode != 409 {
		t.Errorf("a stale plan: %d", answer.StatusCode)
	}
	b.shows("has changed since you looked", "Look at the request again") // the difference comes first
	b.hides("/approve")
	b.do("POST", base+"/requests/req-b-c-1/approve", url.Values{"plan": {plan}, "maxUsers": {"many"}})
	b.shows("not a number")
	b.do("POST", base+"/requests/req-b-c-1/approve", url.Values{"plan": {plan}, "maxUsers": {"5"}, "existingGuests": {"convert"}, "exclude": {"barbara@b.example"}, "exclusionReason": {"left"}})
	b.shows("approved", "by c-admin")
	if d := b.world.Control.Decisions; len(d) != 1 || d[0].MaxUsers != 5 || len(d[0].Exclusions) != 1 || d[0].By != "c-admin" {
		t.Errorf("decided %+v", d)
	}
	b.do("POST", base+"/requests/req-a-c-1/reject", url.Values{"rejectReason": {" "}})
	b.shows("A no needs its reason.", `href="#rejectReason"`)
	b.do("POST", base+"/requests/req-a-c-1/reject", url.Values{"rejectReason": {"not now"}})
	b.shows("rejected")
	b.do("GET", base, nil)
	b.hides("a→b")
}

func TestSessionsAreSafe(t *testing.T) {
	t.Parallel()
	b := open(t, console.Deps{})
	if answer := b.do("POST", "/sign-in", url.Values{"token": {"made-up"}}); answer.StatusCode != 401 {
		t.Errorf("a made-up token: %d", answer.StatusCode)
	}
	b.shows("not known here")
	for _, to := range []string{"https://evil.example", "//evil.example", `/\evil.example`} {
		b.do("GET", "/sign-in?to="+url.QueryEscape(to), nil)
		b.hides("evil.example")
	}
	answer := b.do("POST", "/sign-in", url.Values{"token": {apitest.Token("pat")}}, "Origin", "https://evil.example")
	if answer.StatusCode != 403 {
		t.Errorf("a form of another site: %d", answer.StatusCode)
	}
	b.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	answer = b.do("POST", "/sign-in", url.Values{"token": {apitest.Token("pat")}})
	cookie := answer.Cookies()[0]
	if !cookie.HttpOnly || cookie.SameSite != http.SameSiteLaxMode || cookie.Path != "/" || strings.Contains(cookie.Value, "pat") {
		t.Errorf("the cookie is %v", cookie)
	}
	if csp := answer.Header.Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") || strings.Contains(csp, "unsafe") {
		t.Errorf("the policy is %q", csp)
	}
	b.do("POST", "/sign-out", nil)
	r, err := http.NewRequestWithContext(t.Context(), "GET", b.world.Server.URL+base, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.AddCookie(cookie)
	again, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Body.Close()
	if again.StatusCode != http.StatusSeeOther {
		t.Errorf("the old cookie after signing out: %d", again.StatusCode)
	}
}

func TestSecureCookiesCarryTheHostPrefix(t *testing.T) {
	t.Parallel()
	b := open(t, console.Deps{Secure: true})
	b.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	cookie := b.do("POST", "/sign-in", url.Values{"token": {apitest.Token("pat")}}).Cookies()[0]
	if cookie.Name != "__Host-entente" || !cookie.Secure {
		t.Errorf("the cookie is %v", cookie)
	}
}

func TestLiveEventsReachThePage(t *testing.T) {
	t.Parallel()
	b := open(t, console.Deps{})
	if answer := b.do("GET", base+"/events", nil); answer.StatusCode != 401 {
		t.Errorf("without a session: %d", answer.StatusCode)
	}
	b.signIn("pat")
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, "GET", b.world.Server.URL+base+"/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := b.http.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	for lines := bufio.NewScanner(answer.Body); lines.Scan(); {
		if lines.Text() == "event: summary" {
			return
		}
	}
	t.Error("the stream ended without a summary")
}
