package openid_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"entente.dev/entente/internal/authn"
	"entente.dev/entente/internal/authn/openid"
	"entente.dev/entente/internal/demo/people"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/testkit/signintest"
)

const redirect = "http://127.0.0.1:8080" + people.Callback

func service(t *testing.T, now func() time.Time, issuers ...openid.Issuer) *openid.Service {
	t.Helper()
	s, err := openid.New(issuers, openid.Options{Redirect: func() string { return redirect }, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func ask(s authn.Authenticator, token string) (authn.Principal, error) {
	r := httptest.NewRequest(http.MethodGet, "/v1/whoami", nil)
	r.Header.Set("Authorization", "Bearer "+token)
	return s.Authenticate(r)
}

// refused checks the kind of a refusal, that it says what to do, and that it repeats neither token nor name.
func refused(t *testing.T, s authn.Authenticator, token string, kind problem.Kind, words string) {
	t.Helper()
	who, err := ask(s, token)
	if err == nil || problem.KindOf(err) != kind || !strings.Contains(err.Error(), words) || problem.Of(err).Remedy == "" {
		t.Errorf("got %+v, %v; want %s that says %q and what to do", who, err, kind, words)
		return
	}
	if part := token[:min(len(token), 40)]; len(part) > 10 && strings.Contains(err.Error(), part) || strings.Contains(err.Error(), "example\"") {
		t.Errorf("the refusal repeats what it was given: %v", err)
	}
}

func TestPeopleAndPipelinesGetTheirRoles(t *testing.T) {
	t.Parallel()
	w := signintest.Start(t)
	s := service(t, nil, w.Issuers("a", "b", "c")...)
	for upn, want := range map[string]string{"annie@a.example": "tenant-admin:a platform:", "bob@b.example": "tenant-admin:b", "charlie@c.example": "tenant-admin:c"} {
		who, err := ask(s, w.IDToken(t, upn[strings.Index(upn, "@")+1:][:1], upn, "n"))
		var held []string
		for _, b := range who.Bindings() {
			held = append(held, string(b.Role)+":"+string(b.Tenant))
		}
		if err != nil || who.Name != upn || strings.Join(held, " ") != want || who.Subject == "" {
			t.Errorf("%s: %+v, %v; want %s", upn, who, err, want)
		}
	}
	who, err := ask(s, w.AppToken(t, "b", ""))
	if err != nil || who.Role != authn.Platform || who.Name != signintest.Pipeline("b") || len(who.More) != 0 {
		t.Errorf("the pipeline: %+v, %v", who, err)
	}
	refused(t, s, w.IDToken(t, "b", "barbara@b.example", "n"), problem.Forbidden, "no role")
}

func TestSimulatorTokensThatAreNotForUs(t *testing.T) {
	t.Parallel()
	w := signintest.Start(t)
	s := service(t, nil, w.Issuer("a"))
	refused(t, s, w.AppToken(t, "a", "https://graph.microsoft.com"), problem.Unauthenticated, "another application")
	refused(t, s, w.IDToken(t, "b", "bob@b.example", "n"), problem.Unauthenticated, "does not know")
	refused(t, s, w.AppToken(t, "b", ""), problem.Unauthenticated, "does not know")
	good := w.IDToken(t, "a", "annie@a.example", "n")
	later := service(t, func() time.Time { return time.Now().Add(2 * time.Hour) }, w.Issuer("a"))
	refused(t, later, good, problem.Unauthenticated, "expired")
	early := service(t, func() time.Time { return time.Now().Add(-time.Hour) }, w.Issuer("a"))
	refused(t, early, good, problem.Unauthenticated, "not valid yet")
	refused(t, s, good[:len(good)-4]+"AAAA", problem.Unauthenticated, "signature")
	refused(t, s, strings.Repeat("a", authn.MaxToken+1), problem.Unauthenticated, "longer")
	for _, odd := range []string{"x", "a.b", "a.b.c", "....", good + ".x", "e30.e30.", "\x00.\x00.\x00"} {
		refused(t, s, odd, problem.Unauthenticated, "")
	}
}

func TestKeyRollIsPickedUp(t *testing.T) {
	t.Parallel()
	w := signintest.Start(t)
	now := time.Now()
	s := service(t, func() time.Time { return now }, w.Issuer("a"))
	if _, err := ask(s, w.IDToken(t, "a", "annie@a.example", "n")); err != nil {
		t.Fatal(err)
	}
	for range 3 { // beyond what was published when the keys were read
		w.Set(t, "roll-keys", "now")
	}
	token := w.IDToken(t, "a", "annie@a.example", "n")
	now = now.Add(time.Minute)
	if _, err := ask(s, token); err != nil {
		t.Fatalf("after the key roll: %v", err)
	}
}

func TestIssuerThatIsDownIsNotTheCallersFault(t *testing.T) {
	t.Parallel()
	w := signintest.Start(t)
	token := w.IDToken(t, "a", "annie@a.example", "n")
	now := time.Now()
	clock := func() time.Time { return now }
	warm, cold := service(t, clock, w.Issuer("a")), service(t, clock, w.Issuer("a"))
	if _, err := ask(warm, token); err != nil {
		t.Fatal(err)
	}
	if err := w.Sim.Close(); err != nil {
		t.Fatal(err)
	}
	refused(t, cold, token, problem.Unavailable, "sign-in service")
	if offered := cold.Offered(t.Context()); len(offered) != 1 || offered[0].TokenURL != "" || offered[0].ClientID == "" {
		t.Errorf("offered while down: %+v", offered)
	}
	if _, err := cold.Begin(t.Context(), "Tenant A", false); problem.KindOf(err) != problem.Unavailable {
		t.Errorf("begin while down: %v", err)
	}
	if _, err := ask(warm, token); err != nil {
		t.Errorf("a server that has the keys: %v", err)
	}
}

func TestBrowserSignIn(t *testing.T) {
	t.Parallel()
	w := signintest.Start(t)
	s := service(t, nil, w.Issuers("a", "b")...)
	if names := s.Names(); !slices.Equal(names, []string{"Tenant A", "Tenant B"}) {
		t.Errorf("names %v", names)
	}
	ctx := t.Context()
	a, err := s.Begin(ctx, "Tenant A", true)
	if err != nil {
		t.Fatal(err)
	}
	asked, _ := url.Parse(a.URL)
	if q := asked.Query(); q.Get("code_challenge_method") != "S256" || q.Get("nonce") != a.Nonce || q.Get("prompt") != "select_account" || q.Get("redirect_uri") != redirect {
		t.Errorf("asked %v", q)
	}
	answer := w.Follow(t, a.URL, "annie@a.example").Query()
	change := func(f func(*authn.Attempt)) authn.Attempt { b := a; f(&b); return b }
	with := func(key, value string) url.Values {
		v := url.Values{}
		for k, all := range answer {
			v[k] = all
		}
		v.Set(key, value)
		return v
	}
	for name, bad := range map[string]struct {
		attempt authn.Attempt
		answer  url.Values
	}{
		"no state kept":          {change(func(b *authn.Attempt) { b.State = "" }), with("state", "")},
		"state of somebody else": {a, with("state", "x")},
		"another issuer's":       {a, with("iss", w.Issuer("b").URL)},
		"an error":               {a, with("error", "<script>")},
		"unknown service":        {change(func(b *authn.Attempt) { b.Service = "x" }), answer},
		"service mixed up":       {change(func(b *authn.Attempt) { b.Service = "Tenant B" }), answer},
		"stolen code":            {change(func(b *authn.Attempt) { b.Verifier = "another-verifier-of-forty-three-characters-or-more" }), answer},
	} {
		_, err := s.Complete(ctx, bad.attempt, bad.answer)
		if problem.KindOf(err) != problem.Unauthenticated || strings.Contains(err.Error(), "<") {
			t.Errorf("%s: %v", name, err)
		}
	}
	g, err := s.Complete(ctx, a, answer)
	if err != nil || g.Who.Name != "annie@a.example" || g.Refresh == "" || time.Until(g.Expires) < time.Minute {
		t.Fatalf("granted %+v, %v", g.Who, err)
	}
	if _, err := s.Complete(ctx, a, answer); problem.KindOf(err) != problem.Unauthenticated {
		t.Errorf("the same code twice: %v", err)
	}
	next, err := s.Renew(ctx, g)
	if err != nil || next.Token == "" || next.Refresh == "" || next.Who.Subject != g.Who.Subject {
		t.Fatalf("renewed %+v, %v", next.Who, err)
	}
	g.Refresh = "nonsense"
	if _, err := s.Renew(ctx, g); problem.KindOf(err) != problem.Unauthenticated {
		t.Errorf("renewing with nonsense: %v", err)
	}
}

func TestNonceOfAnotherSignIn(t *testing.T) {
	t.Parallel()
	w := signintest.Start(t)
	s := service(t, nil, w.Issuer("a"))
	a, err := s.Begin(t.Context(), "Tenant A", false)
	if err != nil {
		t.Fatal(err)
	}
	answer := w.Follow(t, a.URL, "annie@a.example").Query()
	a.Nonce = "another"
	if _, err := s.Complete(t.Context(), a, answer); problem.KindOf(err) != problem.Unauthenticated || !strings.Contains(err.Error(), "another sign-in") {
		t.Fatalf("got %v", err)
	}
}

func TestWrongConfigurationIsRefused(t *testing.T) {
	t.Parallel()
	rule := openid.Rule{Claim: "roles", Value: "x", Binding: authn.Binding{Role: authn.Platform}}
	good := openid.Issuer{Name: "n", URL: "https://login.example/0a000000-0000-4000-8000-00000000000a/v2.0", ClientID: "id", Rules: []openid.Rule{rule}}
	bad := func(f func(*openid.Issuer)) []openid.Issuer { in := good; f(&in); return []openid.Issuer{in} }
	tenant := ident.Tenant("a")
	for name, configured := range map[string][]openid.Issuer{
		"http":          bad(func(i *openid.Issuer) { i.URL = "http://login.example" }),
		"no client":     bad(func(i *openid.Issuer) { i.ClientID = "" }),
		"no roles":      bad(func(i *openid.Issuer) { i.Rules = nil }),
		"unknown claim": bad(func(i *openid.Issuer) { i.Rules = []openid.Rule{{Claim: "email", Value: "x", Binding: rule.Binding}} }),
		"no value":      bad(func(i *openid.Issuer) { i.Rules = []openid.Rule{{Claim: "sub", Binding: rule.Binding}} }),
		"unknown role": bad(func(i *openid.Issuer) {
			i.Rules = []openid.Rule{{Claim: "sub", Value: "x", Binding: authn.Binding{Role: "root"}}}
		}),
		"platform in a tenant": bad(func(i *openid.Issuer) {
			i.Rules = []openid.Rule{{Claim: "sub", Value: "x", Binding: authn.Binding{Role: authn.Platform, Tenant: tenant}}}
		}),
		"no such roots": bad(func(i *openid.Issuer) { i.CAFile = "nowhere.pem" }),
		"twice":         {good, good},
	} {
		if _, err := openid.New(configured, openid.Options{}); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
}
