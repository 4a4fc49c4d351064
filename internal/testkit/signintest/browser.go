package signintest

import (
	"crypto/tls"
	"crypto/x509"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"entente.dev/entente/internal/demo/people"
)

// Client is a browser: it trusts the simulator, keeps cookies and follows redirects.
func (w *World) Client(tb testing.TB) *http.Client {
	tb.Helper()
	pem, err := os.ReadFile(w.Sim.CAFile())
	if err != nil {
		tb.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	jar, err := cookiejar.New(nil)
	if err != nil {
		tb.Fatal(err)
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}
	tb.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Jar: jar, Timeout: 20 * time.Second, Transport: transport}
}

// Password opens the simulated account.
func Password(upn string) string { return "Pass-" + upn }

var action = regexp.MustCompile(`id="signin" method="post" action="([^"]+)"`)

// FillIn answers the service's sign-in page and returns where it sends the browser, without going there.
func FillIn(tb testing.TB, browser *http.Client, page *http.Response, upn string) *url.URL {
	tb.Helper()
	raw, err := io.ReadAll(page.Body)
	if err != nil {
		tb.Fatal(err)
	}
	found := action.FindSubmatch(raw)
	if found == nil {
		tb.Fatalf("no sign-in page but %s:\n%s", page.Status, raw)
	}
	target, err := page.Request.URL.Parse(html.UnescapeString(string(found[1])))
	if err != nil {
		tb.Fatal(err)
	}
	still := *browser
	still.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	answer, err := still.PostForm(target.String(), url.Values{"login": {upn}, "passwd": {Password(upn)}})
	if err != nil {
		tb.Fatal(err)
	}
	defer answer.Body.Close()
	to, err := answer.Location()
	if err != nil {
		tb.Fatalf("signing in as %s leads nowhere: %s", upn, answer.Status)
	}
	return to
}

// Follow opens an address of the sign-in service, signs in and returns where the browser is sent.
func (w *World) Follow(tb testing.TB, address, upn string) *url.URL {
	tb.Helper()
	browser := w.Client(tb)
	page, err := browser.Get(address)
	if err != nil {
		tb.Fatal(err)
	}
	defer page.Body.Close()
	return FillIn(tb, browser, page, upn)
}

// IDToken is what somebody's sign-in to a tenant yields, made without our code.
func (w *World) IDToken(tb testing.TB, tenant, upn, nonce string) string {
	tb.Helper()
	root, back := w.Sim.BaseURL()+"/"+w.tenant(tenant).ID+"/oauth2/v2.0", "http://127.0.0.1"+people.Callback
	const verifier = "a-verifier-of-forty-three-characters-or-more-is-enough"
	asked := url.Values{
		"client_id": {people.ClientID(w.tenant(tenant).ID)}, "response_type": {"code"}, "redirect_uri": {back}, "scope": {"openid profile"}, "state": {"s"},
		"nonce": {nonce}, "code_challenge": {verifier}, "code_challenge_method": {"plain"},
	}
	to := w.Follow(tb, root+"/authorize?"+asked.Encode(), upn)
	answer, err := w.Client(tb).PostForm(root+"/token", url.Values{
		"grant_type": {"authorization_code"}, "client_id": {people.ClientID(w.tenant(tenant).ID)}, "code": {to.Query().Get("code")}, "redirect_uri": {back}, "code_verifier": {verifier},
	})
	return w.read(tb, answer, err)["id_token"].(string)
}

// EnterCode approves a device code as somebody does at another machine.
func (w *World) EnterCode(tb testing.TB, page, code, upn string) {
	tb.Helper()
	answer, err := w.Client(tb).PostForm(page, url.Values{"otc": {code}, "login": {upn}, "passwd": {Password(upn)}})
	if err != nil {
		tb.Fatal(err)
	}
	defer answer.Body.Close()
	raw, err := io.ReadAll(answer.Body)
	if err != nil || !strings.Contains(string(raw), "You are signed in") {
		tb.Fatalf("entering the code: %v\n%s", err, raw)
	}
}
