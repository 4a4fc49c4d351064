package notify

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/problem"
)

func readFile(t testing.TB, path string) string {
	t.Helper()
	raw, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(raw)
}

// text is a secret that is there.
func text(s string) func() (string, error) { return func() (string, error) { return s, nil } }

// receiver is an HTTPS service that keeps what it gets and answers what it is told to.
type receiver struct {
	*httptest.Server
	caFile string
	mu     sync.Mutex
	got    []received
	answer []http.HandlerFunc // one after the other; then 204
}

type received struct {
	header http.Header
	path   string
	body   []byte
}

func receive(t *testing.T, answer ...http.HandlerFunc) *receiver {
	t.Helper()
	r := &receiver{answer: answer}
	r.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		body, _ := io.ReadAll(q.Body)
		r.mu.Lock()
		r.got = append(r.got, received{q.Header.Clone(), q.URL.RequestURI(), body})
		next := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
		if len(r.answer) > 0 {
			next, r.answer = r.answer[0], r.answer[1:]
		}
		r.mu.Unlock()
		next(w, q)
	}))
	r.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	r.StartTLS()
	t.Cleanup(r.Close)
	r.caFile = filepath.Join(t.TempDir(), "roots.pem")
	require.NoError(t, os.WriteFile(r.caFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: r.Certificate().Raw}), 0o600))
	return r
}

func (r *receiver) host() string { return strings.TrimPrefix(r.URL, "https://") }

func (r *receiver) all() []received {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]received(nil), r.got...)
}

func status(code int, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(code)
		_, _ = io.WriteString(w, "hush")
	}
}

func channels(t *testing.T, allow []string, list ...Channel) *Channels {
	t.Helper()
	cs, err := New(Options{PublicURL: "https://entente.example", Channels: list, AllowPrivate: allow, Now: func() time.Time { return noon }})
	require.NoError(t, err)
	return cs
}

const secretOne, secretTwo = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

func hookTo(r *receiver, url string) Channel {
	return Channel{Name: "hook", Kind: KindWebhook, CAFile: r.caFile, WebhookURL: url, Signatures: Signatures{text(secretOne), text(secretTwo)}}
}

// verify is what a receiver does, written from the specification: any of the signatures must fit.
func verify(t *testing.T, g received, secret string) bool {
	t.Helper()
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	require.NoError(t, err)
	seconds, err := strconv.ParseInt(g.header.Get("Webhook-Timestamp"), 10, 64)
	require.NoError(t, err)
	require.Equal(t, noon.Unix(), seconds)
	mac := hmac.New(sha256.New, key)
	_, _ = fmt.Fprintf(mac, "%s.%d.%s", g.header.Get("Webhook-Id"), seconds, g.body)
	want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
	for one := range strings.FieldsSeq(g.header.Get("Webhook-Signature")) {
		if one == want {
			return true
		}
	}
	return false
}

// The vector that the libraries of Standard Webhooks are tested with.
func TestTheSignatureIsTheStandards(t *testing.T) {
	t.Parallel()
	h, err := Signatures{text(secretOne)}.Header("x", "msg_p5jXN8AQM9LWM0D4loKWxJek", time.Unix(1614265330, 0), []byte(`{"test": 2432232314}`))
	require.NoError(t, err)
	require.Equal(t, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", h.Get("Webhook-Signature"))
}

func TestAHookIsSignedWithBothSecretsAndRepeatsAreRecognizable(t *testing.T) {
	t.Parallel()
	r := receive(t, status(503), status(200))
	cs := channels(t, []string{r.host()}, hookTo(r, r.URL+"/entente?x=1"))
	m := cs.Message("b-c-1/asked/hook", contract.Asked, request())
	err := cs.Deliver(t.Context(), "hook", m)
	require.Equal(t, problem.Unavailable, problem.KindOf(err), "%v", err)
	require.NoError(t, cs.Deliver(t.Context(), "hook", m))
	got := r.all()
	require.Len(t, got, 2)
	require.Equal(t, got[0].body, got[1].body)
	for _, g := range got {
		require.Equal(t, "/entente?x=1", g.path)
		require.Equal(t, "b-c-1/asked/hook", g.header.Get("Webhook-Id"))
		require.Equal(t, "application/json", g.header.Get("Content-Type"))
		require.True(t, verify(t, g, secretOne) && verify(t, g, secretTwo), "%v", g.header)
		require.False(t, verify(t, g, base64.StdEncoding.EncodeToString(make([]byte, 32))))
		g.body = append(g.body, ' ')
		require.False(t, verify(t, g, secretOne), "a changed body")
	}
}

func TestACardGoesToTheWorkflow(t *testing.T) {
	t.Parallel()
	r := receive(t, status(202), status(400), status(410))
	cs := channels(t, []string{r.host()}, Channel{Name: "teams", Kind: KindTeams, CAFile: r.caFile, TeamsURL: text(r.URL + "/workflows/1?sig=hush")})
	m := cs.Message("id", contract.Asked, request())
	require.NoError(t, cs.Deliver(t.Context(), "teams", m))
	want, err := cardOf(m)
	require.NoError(t, err)
	require.JSONEq(t, string(want), string(r.all()[0].body))
	require.Equal(t, "/workflows/1?sig=hush", r.all()[0].path)
	for range 2 {
		err := cs.Deliver(t.Context(), "teams", m)
		require.Equal(t, problem.Rejected, problem.KindOf(err))
		require.NotContains(t, err.Error(), "hush")
	}
	r.Close()
	err = cs.Deliver(t.Context(), "teams", m)
	require.Equal(t, problem.Unavailable, problem.KindOf(err))
	require.NotContains(t, err.Error(), "hush", "the URL is a credential")
	require.NotContains(t, err.Error(), "127.0.0.1")
}

func TestAnswersAreClassified(t *testing.T) {
	t.Parallel()
	r := receive(t)
	cs := channels(t, []string{r.host()}, hookTo(r, r.URL))
	for _, c := range []struct {
		answer http.HandlerFunc
		kind   problem.Kind
		wait   time.Duration
	}{
		{status(200), "", 0}, {status(202), "", 0}, {status(204), "", 0},
		{status(400), problem.Rejected, 0}, {status(401), problem.Rejected, 0}, {status(404), problem.Rejected, 0}, {status(410), problem.Rejected, 0},
		{status(408), problem.Unavailable, 0}, {status(425), problem.Unavailable, 0},
		{status(429), problem.Throttled, 0}, {status(429, "Retry-After", "7"), problem.Throttled, 7 * time.Second},
		{status(429, "Retry-After", "99999999"), problem.Throttled, time.Hour}, {status(429, "Retry-After", "-5"), problem.Throttled, 0}, {status(429, "Retry-After", "soon"), problem.Throttled, 0},
		{status(500), problem.Unavailable, 0}, {status(502), problem.Unavailable, 0}, {status(503, "Retry-After", "9"), problem.Unavailable, 9 * time.Second},
	} {
		r.mu.Lock()
		r.answer = []http.HandlerFunc{c.answer}
		r.mu.Unlock()
		err := cs.Deliver(t.Context(), "hook", cs.Message("id", contract.Asked, request()))
		if c.kind == "" {
			require.NoError(t, err)
			continue
		}
		p := problem.Of(err)
		require.Equal(t, c.kind, p.Kind, "%v", err)
		require.Equal(t, c.wait, p.RetryAfter)
		require.NotContains(t, err.Error(), "hush")
	}
	date := http.Header{"Retry-After": {time.Now().Add(time.Minute).UTC().Format(http.TimeFormat)}}
	require.InDelta(t, time.Minute, retryAfter(date), float64(3*time.Second))
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	elsewhere := receive(t)
	for _, code := range []int{301, 302, 303, 307, 308} {
		r := receive(t, status(code, "Location", elsewhere.URL))
		cs := channels(t, []string{r.host(), elsewhere.host()}, hookTo(r, r.URL))
		err := cs.Deliver(t.Context(), "hook", cs.Message("id", contract.Asked, request()))
		require.Equal(t, problem.Rejected, problem.KindOf(err))
		require.ErrorContains(t, err, "redirects")
	}
	require.Empty(t, elsewhere.all())
}

// A receiver that talks on and on, or not at all, costs little.
func TestLongAnswersAreCutOff(t *testing.T) {
	t.Parallel()
	var written int64
	over := make(chan struct{})
	r := receive(t, func(w http.ResponseWriter, _ *http.Request) {
		defer close(over)
		block := make([]byte, 64<<10)
		for written < 1<<30 {
			n, err := w.Write(block)
			written += int64(n)
			if err != nil {
				return
			}
		}
	}, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X", strings.Repeat("x", 1<<20))
	})
	cs := channels(t, []string{r.host()}, hookTo(r, r.URL))
	m := cs.Message("id", contract.Asked, request())
	require.NoError(t, cs.Deliver(t.Context(), "hook", m))
	<-over
	require.Less(t, written, int64(64<<20))
	require.Equal(t, problem.Unavailable, problem.KindOf(cs.Deliver(t.Context(), "hook", m)), "headers have a limit too")
}

func TestASilentReceiverDoesNotHoldUs(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	r := receive(t, func(http.ResponseWriter, *http.Request) { <-release })
	defer close(release)
	cs := channels(t, []string{r.host()}, hookTo(r, r.URL))
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	err := cs.Deliver(ctx, "hook", cs.Message("id", contract.Asked, request()))
	require.Equal(t, problem.Unavailable, problem.KindOf(err))
	require.ErrorContains(t, err, "in time")
}

// Names and spellings of this machine: whatever is resolved, it is not dialled unless it is listed exactly so.
func TestPrivateAddressesAreNotDialled(t *testing.T) {
	t.Parallel()
	r := receive(t)
	_, port, err := net.SplitHostPort(r.host())
	require.NoError(t, err)
	for _, host := range []string{"127.0.0.1", "localhost", "LOCALHOST", "[::ffff:127.0.0.1]", "[::1]", "0.0.0.0", "127.1", "2130706433", "169.254.169.254", "10.0.0.1", "224.0.0.1"} {
		for _, allow := range [][]string{nil, {host + ":1"}, {"hooks.example:" + port}} {
			cs := channels(t, allow, hookTo(r, "https://"+host+":"+port))
			err := cs.Deliver(t.Context(), "hook", cs.Message("id", contract.Asked, request()))
			require.Error(t, err, host)
			require.Empty(t, r.all(), host)
			if host != "127.1" && host != "2130706433" { // names that nobody resolves
				require.Equal(t, problem.Rejected, problem.KindOf(err), "%s: %v", host, err)
				require.ErrorContains(t, err, "private address")
			}
		}
	}
	cs := channels(t, []string{"localhost:" + port}, hookTo(r, "https://localhost:"+port))
	err = cs.Deliver(t.Context(), "hook", cs.Message("id", contract.Asked, request()))
	require.Equal(t, problem.Unavailable, problem.KindOf(err), "listed: dialled, and its certificate is for another name")
	require.ErrorContains(t, err, "certificate")
}

func TestWhatIsRouted(t *testing.T) {
	t.Parallel()
	for _, ip := range []string{
		"127.0.0.1", "127.255.0.1", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "0.1.2.3", "192.0.0.8", "192.0.2.1",
		"198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "::", "::1", "::ffff:10.0.0.1", "::ffff:127.0.0.1", "::7f00:1",
		"fe80::1", "fec0::1", "fc00::1", "fd12::1", "ff02::1", "64:ff9b::7f00:1", "64:ff9b::a00:1", "64:ff9b:1::1", "2002:7f00:1::", "2001::1", "2001:db8::1", "100::1",
	} {
		require.False(t, routed(netip.MustParseAddr(ip)), ip)
	}
	for _, ip := range []string{"1.1.1.1", "8.8.8.8", "52.112.0.1", "172.32.0.1", "::ffff:8.8.8.8", "2606:4700:4700::1111", "2a00:1450::1", "64:ff9b::808:808"} {
		require.True(t, routed(netip.MustParseAddr(ip)), ip)
	}
}

func TestAnUntrustedOrPlainReceiverGetsNothing(t *testing.T) {
	t.Parallel()
	r := receive(t)
	c := hookTo(r, r.URL)
	c.CAFile = ""
	cs := channels(t, []string{r.host()}, c)
	err := cs.Deliver(t.Context(), "hook", cs.Message("id", contract.Asked, request()))
	require.Equal(t, problem.Unavailable, problem.KindOf(err))
	require.ErrorContains(t, err, "certificate is not trusted")
	cs = channels(t, []string{r.host()}, hookTo(r, "http://"+r.host()))
	require.Equal(t, problem.Rejected, problem.KindOf(cs.Deliver(t.Context(), "hook", cs.Message("id", contract.Asked, request()))))
	require.Empty(t, r.all())
}

func TestASecretThatCannotBeUsedIsNotNoSecret(t *testing.T) {
	t.Parallel()
	r := receive(t)
	for _, c := range []struct {
		secret func() (string, error)
		kind   problem.Kind
	}{{func() (string, error) { return "", os.ErrNotExist }, problem.Unavailable}, {text("hush"), problem.Rejected}, {text(""), problem.Rejected}} {
		hook := hookTo(r, r.URL)
		hook.Signatures = Signatures{text(secretOne), c.secret}
		cs := channels(t, []string{r.host()}, hook)
		err := cs.Deliver(t.Context(), "hook", cs.Message("id", contract.Asked, request()))
		require.Equal(t, c.kind, problem.KindOf(err))
		require.NotContains(t, err.Error(), "hush")
	}
	require.Empty(t, r.all())
}
