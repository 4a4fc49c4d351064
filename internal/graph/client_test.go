package graph

import (
	"context"
	"encoding/base64"
	"errors"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"entente.dev/entente/internal/limits"
	"entente.dev/entente/internal/problem"
)

func user(ctx context.Context, c *Client) error { _, err := c.User(ctx, idA); return err }

func want(t *testing.T, err error, kind problem.Kind) *problem.Error {
	t.Helper()
	if problem.KindOf(err) != kind || err == nil {
		t.Fatalf("got %v, want %s", err, kind)
	}
	found := problem.Of(err)
	if found.Tenant != "a" || found.Op == "" {
		t.Fatalf("no tenant or operation in %+v", found)
	}
	return found
}

// hangUp closes the connection without an answer.
func hangUp(w http.ResponseWriter) {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err == nil {
		_ = conn.Close()
	}
}

// TestNoRetryStorm: whatever Graph answers, one call makes one request; only a renewed token makes two.
func TestNoRetryStorm(t *testing.T) {
	t.Parallel()
	for status := 400; status < 600; status++ {
		f := (*fake)(nil)
		f = newFake(t, func(w http.ResponseWriter, _ *http.Request, _ seen) {
			w.Header().Set("Retry-After", "1")
			answer(w, status, `{}`)
		})
		c := f.client()
		if err := user(t.Context(), c); err == nil {
			t.Fatalf("%d: no error", status)
		}
		if n := len(f.seenCalls()); n != 1 {
			t.Fatalf("%d: %d requests", status, n)
		}
		f.srv.Close()
	}
}

func TestDeadConnection(t *testing.T) {
	t.Parallel()
	t.Run("a read is repeated once", func(t *testing.T) {
		t.Parallel()
		var n atomic.Int32
		f := newFake(t, func(w http.ResponseWriter, _ *http.Request, _ seen) {
			if n.Add(1) == 1 {
				hangUp(w)
				return
			}
			answer(w, 200, `{"id":"`+idA+`"}`)
		})
		if err := user(t.Context(), f.client()); err != nil || len(f.seenCalls()) != 2 {
			t.Fatalf("%v after %d requests", err, len(f.seenCalls()))
		}
	})
	t.Run("and not twice", func(t *testing.T) {
		t.Parallel()
		f := newFake(t, func(w http.ResponseWriter, _ *http.Request, _ seen) { hangUp(w) })
		found := want(t, user(t.Context(), f.client()), problem.Unavailable)
		if n := len(f.seenCalls()); n != 2 || !strings.Contains(found.Detail, f.srv.Listener.Addr().String()) {
			t.Fatalf("%d requests, %v", n, found)
		}
	})
	t.Run("an answer that breaks off is not repeated", func(t *testing.T) {
		t.Parallel()
		f := newFake(t, func(w http.ResponseWriter, _ *http.Request, _ seen) {
			w.Header().Set("Content-Length", "1000")
			_, _ = w.Write([]byte(`{"id":`))
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		})
		want(t, user(t.Context(), f.client()), problem.Unavailable)
		if n := len(f.seenCalls()); n != 1 {
			t.Fatalf("%d requests", n)
		}
	})
	t.Run("a write is ambiguous and never repeated", func(t *testing.T) {
		t.Parallel()
		f := newFake(t, func(w http.ResponseWriter, _ *http.Request, _ seen) { hangUp(w) })
		c := f.client()
		_, err := c.CreateGroup(t.Context(), NewGroup{"N", "n", ""})
		want(t, err, problem.Ambiguous)
		want(t, c.PatchPartner(t.Context(), idB, PartnerPatch{}), problem.Ambiguous)
		if n := len(f.seenCalls()); n != 2 {
			t.Fatalf("%d requests for two writes", n)
		}
	})
	t.Run("a write that was never sent is not", func(t *testing.T) {
		t.Parallel()
		f := newFake(t, func(w http.ResponseWriter, _ *http.Request, _ seen) { answer(w, 200, `{"id":"`+idA+`"}`) })
		c := f.client()
		if err := user(t.Context(), c); err != nil { // a token is there
			t.Fatal(err)
		}
		c.Close()
		f.srv.Close()
		_, err := c.CreateGroup(t.Context(), NewGroup{"N", "n", ""})
		if found := want(t, err, problem.Unavailable); !strings.Contains(found.Detail, "refused") {
			t.Fatal(found)
		}
	})
}

func TestTimeouts(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	f := newFake(t, func(w http.ResponseWriter, r *http.Request, _ seen) { <-release })
	t.Cleanup(func() { close(release) })
	c := f.client(func(cfg *Config) { cfg.Timeout = 100 * time.Millisecond })
	if found := want(t, user(t.Context(), c), problem.Unavailable); !strings.Contains(found.Detail, "out of time") {
		t.Fatal(found)
	}
	want(t, c.StartJob(t.Context(), idA, "j"), problem.Ambiguous)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	err := user(ctx, f.client())
	if want(t, err, problem.Unavailable); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("the context's error is lost: %v", err)
	}
	if n := len(f.seenCalls()); n > 3 {
		t.Fatalf("%d requests for three calls", n)
	}
}

// TestForeignLinks: a link that leads anywhere else is refused before a token travels.
func TestForeignLinks(t *testing.T) {
	t.Parallel()
	var stolen atomic.Int32
	evil := newFake(t, func(w http.ResponseWriter, r *http.Request, _ seen) { stolen.Add(1); answer(w, 200, `{"value":[]}`) })
	for _, link := range []string{
		evil.srv.URL + "/v1.0/users/delta?x=1", "http://{host}/v1.0/users", "https://user@{host}/v1.0/users", "https://{host}/beta/users",
		"https://{host}/v1.0/../admin", "https://{host}.evil.example/v1.0/users", "//{host}/v1.0/users", "https://{host}:1/v1.0/users", ":", "https://{hostname}/v1.0/users",
	} {
		var f *fake
		f = newFake(t, func(w http.ResponseWriter, _ *http.Request, _ seen) {
			host := f.srv.Listener.Addr().String()
			name, _, _ := net.SplitHostPort(host)
			answer(w, 200, `{"value":[],"@odata.nextLink":"`+strings.NewReplacer("{host}", host, "{hostname}", name).Replace(link)+`"}`)
		})
		c := f.client()
		_, err := c.UsersDelta(t.Context(), "", func(UserChange) error { return nil })
		want(t, err, problem.Rejected)
		host := f.srv.Listener.Addr().String()
		_, err = c.UsersDelta(t.Context(), strings.ReplaceAll(link, "{host}", host), func(UserChange) error { return nil })
		want(t, err, problem.Rejected)
		if n := len(f.seenCalls()); n != 1 {
			t.Fatalf("%s: %d requests", link, n)
		}
	}
	if stolen.Load() != 0 {
		t.Fatal("another host was called")
	}
}

func TestRedirectsAreRefused(t *testing.T) {
	t.Parallel()
	evil := newFake(t, nil)
	f := newFake(t, func(w http.ResponseWriter, r *http.Request, _ seen) {
		http.Redirect(w, r, evil.srv.URL+"/v1.0/users/x", http.StatusTemporaryRedirect)
	})
	want(t, user(t.Context(), f.client()), problem.Rejected)
	if len(evil.seenCalls())+evil.tokenCount() != 0 || len(f.seenCalls()) != 1 {
		t.Fatal("the redirect was followed")
	}
}

func TestLargeBodyIsRefused(t *testing.T) {
	t.Parallel()
	f := newFake(t, func(w http.ResponseWriter, _ *http.Request, _ seen) {
		chunk := make([]byte, 1<<20)
		for range maxBody>>20 + 2 {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	})
	want(t, user(t.Context(), f.client()), problem.Rejected)
}

func TestTokenIsReusedAndRenewed(t *testing.T) {
	t.Parallel()
	bad := atomic.Bool{}
	f := newFake(t, func(w http.ResponseWriter, r *http.Request, s seen) {
		if bad.Load() && s.Header.Get("Authorization") == "Bearer token-1" {
			graphError(w, 401, codeInvalidToken, "signature")
			return
		}
		answer(w, 200, `{"id":"`+idA+`"}`)
	})
	c := f.client()
	for range 3 {
		if err := user(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	if f.tokenCount() != 1 {
		t.Fatalf("%d tokens for three calls", f.tokenCount())
	}
	bad.Store(true) // as after a roll of the signing keys
	if err := user(t.Context(), c); err != nil || f.tokenCount() != 2 || len(f.seenCalls()) != 5 {
		t.Fatalf("%v, %d tokens, %d requests", err, f.tokenCount(), len(f.seenCalls()))
	}
}

func TestRefusedTokenIsNotRenewedForEver(t *testing.T) {
	t.Parallel()
	f := newFake(t, func(w http.ResponseWriter, r *http.Request, s seen) { graphError(w, 401, codeInvalidToken, "no") })
	want(t, user(t.Context(), f.client()), problem.Unauthenticated)
	if len(f.seenCalls()) != 1 || f.tokenCount() != 1 {
		t.Fatalf("%d requests, %d tokens", len(f.seenCalls()), f.tokenCount())
	}
}

func TestClaimsChallenge(t *testing.T) {
	t.Parallel()
	challenge := base64.StdEncoding.EncodeToString([]byte(`{"access_token":{"nbf":{"essential":true,"value":"1"}}}`))
	f := newFake(t, func(w http.ResponseWriter, r *http.Request, s seen) {
		if s.Header.Get("Authorization") == "Bearer token-1" {
			w.Header().Set("WWW-Authenticate", `Bearer realm="", authorization_uri="https://x/common/oauth2/authorize", error="insufficient_claims", claims="`+challenge+`"`)
			graphError(w, 401, codeInvalidToken, "Continuous access evaluation resulted in challenge")
			return
		}
		w.WriteHeader(204)
	})
	if err := f.client().PatchPartner(t.Context(), idB, PartnerPatch{InboundConsent: ptr(true)}); err != nil {
		t.Fatal(err)
	}
	calls := f.seenCalls()
	if len(calls) != 2 || calls[0].Body == "" || calls[1].Body != calls[0].Body || f.tokenCount() != 2 {
		t.Fatalf("%d tokens, %+v", f.tokenCount(), calls)
	}
}

// TestSecretRepairsItself: after a refusal the secret is read again, so a repaired one works at once.
func TestSecretRepairsItself(t *testing.T) {
	t.Parallel()
	var secret atomic.Value
	secret.Store("old")
	f := newFake(t, func(w http.ResponseWriter, r *http.Request, s seen) { answer(w, 200, `{"id":"`+idA+`"}`) })
	f.signIn = func(w http.ResponseWriter, n int, got string) bool {
		if got == "new" {
			return false
		}
		answer(w, 401, `{"error":"invalid_client","error_description":"AADSTS7000222: The provided client secret keys for app 'app' are expired. Trace ID: x","error_codes":[7000222]}`)
		return true
	}
	c := f.client(func(cfg *Config) {
		cfg.Credential.Secret = func() (string, error) { return secret.Load().(string), nil }
	})
	found := want(t, user(t.Context(), c), problem.Unauthenticated)
	if found.Code != "AADSTS7000222" || !strings.Contains(found.Remedy, "expired") || found.Op != "read a user" {
		t.Fatal(found)
	}
	if f.tokenCount() != 1 || len(f.seenCalls()) != 0 {
		t.Fatalf("%d token requests, %d Graph requests", f.tokenCount(), len(f.seenCalls()))
	}
	secret.Store("new")
	if err := user(t.Context(), c); err != nil {
		t.Fatal(err)
	}
}

func TestSignInTrouble(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		status int
		body   string
		want   problem.Kind
	}{
		{400, `{"error":"unauthorized_client","error_description":"AADSTS700016: not found","error_codes":[700016]}`, problem.Unauthenticated},
		{400, `{"error":"invalid_request","error_codes":[90002]}`, problem.Unauthenticated},
		{429, `{"error":"temporarily_unavailable","error_codes":[90055]}`, problem.Throttled},
		{503, `{"error":"temporarily_unavailable","error_codes":[90033]}`, problem.Unavailable},
		{500, `oops`, problem.Unavailable},
	} {
		f := newFake(t, nil)
		f.signIn = func(w http.ResponseWriter, _ int, _ string) bool {
			w.Header().Set("Retry-After", "3")
			answer(w, tc.status, tc.body)
			return true
		}
		found := want(t, user(t.Context(), f.client()), tc.want)
		if f.tokenCount() != 1 {
			t.Errorf("%d: %d token requests", tc.status, f.tokenCount())
		}
		if found.Kind.Retryable() && found.RetryAfter != 3*time.Second {
			t.Errorf("%d: retry after %v", tc.status, found.RetryAfter)
		}
	}
	f := newFake(t, nil)
	c := f.client()
	f.srv.Close()
	// Nothing was sent, so even a write is certain not to have happened.
	found := want(t, c.DeleteUser(t.Context(), idA), problem.Unavailable)
	if !strings.Contains(found.Detail, "127.0.0.1") {
		t.Fatal(found)
	}
}

func TestThrottledAnswerTeachesTheBudget(t *testing.T) {
	t.Parallel()
	f := newFake(t, func(w http.ResponseWriter, _ *http.Request, _ seen) {
		w.Header().Set("Retry-After", "40.5")
		graphError(w, 429, "TooManyRequests", "")
	})
	var infos []RequestInfo
	c := f.client(func(cfg *Config) {
		cfg.Limits = limits.New(limits.Options{})
		cfg.OnRequest = func(i RequestInfo) { infos = append(infos, i) }
	})
	if found := want(t, user(t.Context(), c), problem.Throttled); found.RetryAfter != 40500*time.Millisecond {
		t.Fatal(found.RetryAfter)
	}
	// The next call is held back here: it would be refused, and refused calls count too.
	if found := want(t, user(t.Context(), c), problem.Throttled); found.RetryAfter < 30*time.Second || found.RetryAfter > 41*time.Second {
		t.Fatal(found.RetryAfter)
	}
	if len(f.seenCalls()) != 1 || len(infos) != 1 || infos[0].Route != "/users/{id}" || infos[0].Status != 429 || infos[0].Tenant != "a" {
		t.Fatalf("%d requests, %+v", len(f.seenCalls()), infos)
	}
}

func TestConfigIsChecked(t *testing.T) {
	t.Parallel()
	good := Config{TenantID: fakeTenant, Credential: Credential{Kind: SecretCredential, ClientID: "x", Secret: func() (string, error) { return "s", nil }}}
	if _, err := New(good); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*Config){
		"tenant": func(c *Config) { c.TenantID = "" }, "plain http": func(c *Config) { c.BaseURL = "http://127.0.0.1" }, "authority": func(c *Config) { c.Authority = "login" },
		"query": func(c *Config) { c.BaseURL = "https://x?y=1" }, "user": func(c *Config) { c.BaseURL = "https://u:p@x" }, "kind": func(c *Config) { c.Credential.Kind = "password" },
		"no secret": func(c *Config) { c.Credential.Secret = nil }, "ca": func(c *Config) { c.CAFile = "/nowhere" }, "certificate": func(c *Config) { c.Credential = Credential{Kind: CertificateCredential} },
	} {
		cfg := good
		change(&cfg)
		if _, err := New(cfg); problem.KindOf(err) != problem.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}
