package console_test

import (
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"entente.dev/entente/internal/api"
	"entente.dev/entente/internal/api/apitest"
	"entente.dev/entente/internal/authn"
	"entente.dev/entente/internal/authn/openid"
	"entente.dev/entente/internal/console"
	"entente.dev/entente/internal/demo/people"
	"entente.dev/entente/internal/testkit/signintest"
)

// visitor is somebody at the console who signs in at the simulator.
type visitor struct {
	*browser
	sim *signintest.World
	now time.Time
}

func visit(t *testing.T, d console.Deps) *visitor {
	t.Helper()
	v := &visitor{sim: signintest.Start(t), now: time.Now()}
	var server *httptest.Server
	clock := func() time.Time { return v.now }
	service, err := openid.New(v.sim.Issuers("a", "b", "c"), openid.Options{Redirect: func() string { return server.URL + people.Callback }, Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	d.SignIn, d.Now = service, clock
	v.browser = open(t, d, func(deps *api.Deps) {
		deps.Auth, deps.SignIn = authn.Chain{deps.Auth, service}, service
	})
	server = v.world.Server
	jar := v.http.Jar
	v.http = v.sim.Client(t)
	v.http.Jar = jar
	return v
}

// begin follows the link of a service as far as its sign-in page, and signs in there; it returns the way back.
func (v *visitor) begin(service, upn string) *url.URL {
	v.t.Helper()
	link := regexp.MustCompile(`href="(/sign-in/start[^"]*` + regexp.QuoteMeta(url.QueryEscape(service)) + `[^"]*)"`).FindStringSubmatch(v.page)
	if link == nil {
		v.t.Fatalf("no link to %s:\n%s", service, v.page)
	}
	page, err := v.http.Get(v.world.Server.URL + html.UnescapeString(link[1]))
	if err != nil {
		v.t.Fatal(err)
	}
	defer page.Body.Close()
	return signintest.FillIn(v.t, v.http, page, upn)
}

func (v *visitor) enter(service, upn string) *http.Response {
	v.t.Helper()
	back := v.begin(service, upn)
	return v.do("GET", back.RequestURI(), nil)
}

func TestSignInAtAService(t *testing.T) {
	t.Parallel()
	v := visit(t, console.Deps{NoTokens: true})
	v.do("GET", base+"/requests/req-b-c-1", nil)
	v.shows("Sign in with Tenant A", "Sign in with Tenant C")
	v.hides(`name="token"`)
	if answer := v.enter("Tenant C", "charlie@c.example"); answer.Request.URL.Path != base+"/requests/req-b-c-1" {
		t.Errorf("came back to %s", answer.Request.URL)
	}
	v.shows("charlie@c.example, tenant-admin of c", "Leave out Barbara")
	plan := regexp.MustCompile(`name="plan" value="([^"]+)"`).FindStringSubmatch(v.page)[1]
	v.do("POST", base+"/requests/req-b-c-1/approve", url.Values{"plan": {plan}})
	v.shows("approved", "by charlie@c.example")
	if answer := v.do("POST", "/sign-in", url.Values{"token": {apitest.Token("pat")}}); answer.StatusCode != 403 {
		t.Errorf("a pasted token where none is taken: %d", answer.StatusCode)
	}
	v.do("POST", "/sign-out", nil)
	v.shows("Sign in with Tenant A", "choose=1")
}

func TestSeveralRoles(t *testing.T) {
	t.Parallel()
	v := visit(t, console.Deps{})
	v.do("GET", "/sign-in", nil)
	v.shows(`name="token"`, "Or with a token")
	v.enter("Tenant A", "annie@a.example")
	v.shows("annie@a.example, tenant-admin of a, platform")
	v.do("GET", base+"/inbox", nil)
	v.shows("ask to come into a", "into c") // an operator sees every request
	v.do("GET", base+"/requests/req-b-c-1", nil)
	v.shows("Only an admin of tenant c can answer this.")
	if answer := v.do("POST", base+"/requests/req-b-c-1/approve", nil); answer.StatusCode != 403 {
		t.Errorf("A's admin, and operator, approves for C: %d", answer.StatusCode)
	}
	v.shows("you (tenant-admin of tenant a, platform) may not do this")
}

func TestWhoHasNoRoleStaysOut(t *testing.T) {
	t.Parallel()
	v := visit(t, console.Deps{})
	v.do("GET", "/sign-in", nil)
	if answer := v.enter("Tenant B", "barbara@b.example"); answer.StatusCode != 403 {
		t.Errorf("without a role: %d", answer.StatusCode)
	}
	v.shows("have no role on this server", "What to do", "Sign in with Tenant B")
	v.do("GET", base, nil)
	v.hides("Sign out")
}

func TestAttacksOnTheSignIn(t *testing.T) {
	t.Parallel()
	v := visit(t, console.Deps{})
	v.do("GET", "/sign-in", nil)
	back := v.begin("Tenant C", "charlie@c.example")
	forged := *back
	q := forged.Query()
	q.Set("state", "another")
	forged.RawQuery = q.Encode()
	if answer := v.do("GET", forged.RequestURI(), nil); answer.StatusCode != 401 {
		t.Errorf("another state: %d", answer.StatusCode)
	}
	v.shows("does not belong to a sign-in that this browser started")
	if answer := v.do("GET", back.RequestURI(), nil); answer.StatusCode != 401 {
		t.Errorf("an attempt that was spent: %d", answer.StatusCode)
	}
	v.shows("no sign-in under way")

	// Somebody plants a session before the victim signs in.
	planted := &http.Cookie{Name: "entente", Value: "planted-by-somebody-else", Path: "/"}
	here, _ := url.Parse(v.world.Server.URL)
	v.http.Jar.SetCookies(here, []*http.Cookie{planted})
	v.do("GET", "/sign-in?out=1", nil)
	back = v.begin("Tenant C", "charlie@c.example")
	v.do("GET", back.RequestURI(), nil)
	v.shows("charlie@c.example")
	for _, c := range v.http.Jar.Cookies(here) {
		if c.Name == "entente" && c.Value == planted.Value {
			t.Error("the session kept the planted cookie")
		}
	}
	// The code again, in a browser that has the victim's cookies from before the sign-in.
	if answer := v.do("GET", back.RequestURI(), nil); answer.StatusCode != 401 {
		t.Errorf("a replayed answer: %d", answer.StatusCode)
	}
}

func TestOneSessionDoesNotInheritFromAnother(t *testing.T) {
	t.Parallel()
	v := visit(t, console.Deps{})
	v.signIn("pat")
	here, _ := url.Parse(v.world.Server.URL)
	before := v.http.Jar.Cookies(here)
	v.do("GET", "/sign-in", nil)
	v.enter("Tenant C", "charlie@c.example")
	v.shows("charlie@c.example, tenant-admin of c")
	v.hides("pat, platform")
	r, _ := http.NewRequestWithContext(t.Context(), "GET", v.world.Server.URL+base, nil)
	for _, c := range before {
		r.AddCookie(c)
	}
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusSeeOther {
		t.Errorf("the cookie from before the sign-in: %d", answer.StatusCode)
	}
}

func TestSessionsAreRenewedAndEnd(t *testing.T) {
	t.Parallel()
	v := visit(t, console.Deps{})
	v.do("GET", "/sign-in", nil)
	v.enter("Tenant C", "charlie@c.example")
	v.now = v.now.Add(50 * time.Minute)
	v.sim.Set(t, "token-lifetime", "3h") // of the next token, so that it is alive when the clock here is ahead
	v.now = v.now.Add(10 * time.Minute)
	v.do("GET", base+"/inbox", nil)
	v.shows("charlie@c.example, tenant-admin of c", "ask to come into c")
	v.now = v.now.Add(4 * time.Hour)
	v.sim.Set(t, "token-fail", "-1")
	if answer := v.do("GET", base+"/inbox", nil); answer.StatusCode != 503 {
		t.Errorf("the service is down and the token has ended: %d", answer.StatusCode)
	}
	v.shows("does not answer")
}

func TestSecureAttemptsCarryTheHostPrefix(t *testing.T) {
	t.Parallel()
	v := visit(t, console.Deps{Secure: true})
	v.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	answer := v.do("GET", "/sign-in/start?service=Tenant+A&to=//evil.example", nil)
	cookie := answer.Cookies()[0]
	if cookie.Name != "__Host-entente-sign-in" || !cookie.Secure || !cookie.HttpOnly || cookie.SameSite != http.SameSiteLaxMode || cookie.MaxAge != 600 {
		t.Errorf("the cookie is %v", cookie)
	}
	if to, err := answer.Location(); err != nil || !strings.HasPrefix(to.String(), v.sim.Sim.BaseURL()) {
		t.Errorf("sent to %v, %v", to, err)
	}
	if answer := v.do("GET", "/sign-in/start?service=Nobody", nil); answer.StatusCode != 401 {
		t.Errorf("an unknown service: %d", answer.StatusCode)
	}
}
