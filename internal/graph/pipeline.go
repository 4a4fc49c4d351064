package graph

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	khttp "github.com/microsoft/kiota-http-go"

	"entente.dev/entente/internal/limits"
	"entente.dev/entente/internal/problem"
)

// maxBody bounds one answer. A page of 999 users with our $select is under 1 MB; a schema under 2 MB.
const maxBody = 32 << 20

// guard refuses every request that does not go to the configured Graph: it runs before a token is fetched,
// so a forged next link cannot carry one away.
type guard struct{ base *url.URL }

func (g *guard) Intercept(p khttp.Pipeline, i int, req *http.Request) (*http.Response, error) {
	if err := sameOrigin(g.base, req.URL); err != nil {
		return nil, callOf(req.Context()).problem(problem.Rejected, "", err.Error(), "")
	}
	if err := bufferBody(req); err != nil {
		return nil, err
	}
	return p.Next(req, i)
}

// bufferBody gives the request a known length and a body that can be sent again; kiota sets neither.
func bufferBody(req *http.Request) error {
	if req.Body == nil || req.Body == http.NoBody {
		return nil
	}
	raw, err := io.ReadAll(req.Body)
	if err != nil {
		return fmt.Errorf("read the request body: %w", err)
	}
	_ = req.Body.Close()
	req.ContentLength = int64(len(raw))
	req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(raw)), nil }
	req.Body, _ = req.GetBody()
	return nil
}

// again clones a request for a second attempt.
func again(req *http.Request) (*http.Request, error) {
	next := req.Clone(req.Context())
	if req.GetBody != nil {
		body, err := req.GetBody()
		if err != nil {
			return nil, err
		}
		next.Body = body
	}
	return next, nil
}

// classify turns every failure into a problem, so that the SDK's own error models, which panic on a body
// without a message, are never built.
type classify struct {
	tenant string
	base   *url.URL
	tokens *tokenSource
}

func (c *classify) Intercept(p khttp.Pipeline, i int, req *http.Request) (*http.Response, error) {
	k := callOf(req.Context())
	resp, err := p.Next(req, i)
	if err != nil {
		return nil, c.tag(k, transportProblem(k, c.base.Host, err))
	}
	if resp.StatusCode < 300 {
		if strange := notGraph(k, resp); strange != nil {
			return nil, c.tag(k, strange)
		}
		recordChange(req.Context(), k, resp)
		return resp, nil
	}
	body, _ := io.ReadAll(resp.Body)
	found := Classify(k.operation(), resp.StatusCode, resp.Header, body)
	if found.Kind == problem.Unauthenticated {
		c.tokens.invalidate()
	}
	return nil, c.tag(k, found)
}

// notGraph finds a success that Graph did not send: the page of a proxy or of a captive portal. Taking it for
// an answer would make a change that never happened look done.
func notGraph(k *call, resp *http.Response) *problem.Error {
	if resp.ContentLength == 0 || strings.Contains(resp.Header.Get("Content-Type"), "json") {
		return nil
	}
	kind, remedy := problem.Unavailable, "check the proxy between here and Graph; the call is tried again"
	if k.write() {
		kind, remedy = problem.Ambiguous, "check the proxy between here and Graph; the state is read again before anything is repeated"
	}
	return k.problem(kind, "", "the answer is not JSON: something on the way answered instead of Graph", remedy)
}

func (c *classify) tag(k *call, err *problem.Error) error {
	err.Tenant, err.Op = c.tenant, k.Name
	return err
}

// repeatOnce sends an idempotent request a second time when its connection died before any answer. It is
// the client's only repetition: everything else is the retry owner's.
type repeatOnce struct{}

func (repeatOnce) Intercept(p khttp.Pipeline, i int, req *http.Request) (*http.Response, error) {
	resp, err := p.Next(req, i)
	var died *deadConnection
	if req.Method != http.MethodGet || !errors.As(err, &died) || !died.repeatable() || req.Context().Err() != nil {
		return resp, err
	}
	second, cloneErr := again(req)
	if cloneErr != nil {
		return resp, err
	}
	return p.Next(second, i)
}

// pace waits for the tenant's budget.
type pace struct{ limits *limits.Budget }

func (m *pace) Intercept(p khttp.Pipeline, i int, req *http.Request) (*http.Response, error) {
	k := callOf(req.Context())
	if err := m.limits.Wait(req.Context(), k.Class, k.Cost); err != nil {
		return nil, notSent(err)
	}
	if k.Writes > 0 && k.Class == limits.Identity {
		if err := m.limits.Wait(req.Context(), limits.IdentityWrites, k.Writes); err != nil {
			return nil, notSent(err)
		}
	}
	return p.Next(req, i)
}

// authenticate attaches the token. A 401 was not executed, so it is safe to answer it once with a renewed
// token: where Graph asks for one by a claims challenge (continuous access evaluation), and where a token
// that had been accepted before is refused (rolled keys, revoked sessions).
//
// A token carries the permissions of the moment in which it was issued, for an hour or more. After "forbidden" the
// next call asks for a new one, so that a repaired grant is seen at once and not at the end of the token.
type authenticate struct{ tokens *tokenSource }

func (m *authenticate) Intercept(p khttp.Pipeline, i int, req *http.Request) (*http.Response, error) {
	token, fresh, err := m.tokens.token(req.Context(), "")
	if err != nil {
		return nil, notSent(err)
	}
	first := req.Clone(req.Context())
	first.Header.Set("Authorization", "Bearer "+token)
	resp, err := p.Next(first, i)
	if err == nil && resp.StatusCode == http.StatusForbidden && !fresh {
		m.tokens.forget(token)
	}
	if err != nil || resp.StatusCode != http.StatusUnauthorized {
		return resp, err
	}
	claims := claimsChallenge(resp.Header)
	if claims == "" && (fresh || !invalidToken(resp)) {
		if !fresh {
			m.tokens.forget(token)
		}
		return resp, nil
	}
	m.tokens.invalidate()
	if token, _, err = m.tokens.token(req.Context(), claims); err != nil {
		return nil, notSent(err)
	}
	second, err := again(req)
	if err != nil {
		return resp, nil
	}
	second.Header.Set("Authorization", "Bearer "+token)
	return p.Next(second, i)
}

// invalidToken tells a refused token from the 401 by which the synchronization service says "forbidden".
func invalidToken(resp *http.Response) bool {
	body, err := io.ReadAll(resp.Body)
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return err == nil && readErrorBody(body).Code == codeInvalidToken
}

// claimsChallenge reads the claims of an insufficient_claims challenge
// (learn.microsoft.com/entra/identity-platform/claims-challenge, checked 2026-11); "" when there is none.
func claimsChallenge(h http.Header) string {
	for _, value := range h.Values("WWW-Authenticate") {
		if !strings.Contains(value, "insufficient_claims") {
			continue
		}
		_, rest, ok := strings.Cut(value, `claims="`)
		if !ok {
			continue
		}
		encoded, _, _ := strings.Cut(rest, `"`)
		for _, enc := range []*base64.Encoding{base64.StdEncoding, base64.RawStdEncoding, base64.URLEncoding, base64.RawURLEncoding} {
			if raw, err := enc.DecodeString(encoded); err == nil {
				return string(raw)
			}
		}
	}
	return ""
}

// measure reports each attempt and lets the budget learn from its answer.
type measure struct {
	tenant string
	limits *limits.Budget
	report func(RequestInfo)
}

func (m *measure) Intercept(p khttp.Pipeline, i int, req *http.Request) (*http.Response, error) {
	k, began := callOf(req.Context()), time.Now()
	resp, err := p.Next(req, i)
	info := RequestInfo{Tenant: m.tenant, Op: k.Name, Class: k.Class, Method: req.Method, Route: k.Route, Duration: time.Since(began)}
	if resp != nil {
		info.Status = resp.StatusCode
		info.Units, _ = strconv.Atoi(resp.Header.Get("x-ms-resource-unit"))
		percentage, _ := strconv.ParseFloat(resp.Header.Get("x-ms-throttle-limit-percentage"), 64)
		seen := limits.Observation{Estimated: k.Cost, Units: info.Units, Percentage: percentage, Throttled: resp.StatusCode == http.StatusTooManyRequests}
		seen.RetryAfter, _ = RetryAfter(resp.Header, time.Now())
		m.limits.Observe(k.Class, seen)
	}
	if m.report != nil {
		m.report(info)
	}
	return resp, err
}

// attempt sends once, under its own deadline, and reads the whole bounded body, so that the connection is
// reusable and a connection that dies halfway is an error of the request and not of a later decode.
type attempt struct {
	timeout   time.Duration
	userAgent string
}

func (a *attempt) Intercept(p khttp.Pipeline, i int, req *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithTimeout(req.Context(), a.timeout)
	defer cancel()
	var conns, wrote atomic.Int32
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn:      func(httptrace.GotConnInfo) { conns.Add(1) },
		WroteHeaders: func() { wrote.Add(1) },
	})
	req = req.WithContext(ctx)
	req.Header.Set("User-Agent", a.userAgent)
	dead := func(answered bool, err error) error {
		return &deadConnection{cause: err, attempts: int(conns.Load()), sent: wrote.Load() > 0, answered: answered, timeout: ctx.Err() != nil}
	}
	resp, err := p.Next(req, i)
	if err != nil {
		return nil, dead(false, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxBody+1))
	switch {
	case err != nil:
		return nil, dead(true, err)
	case len(body) > maxBody:
		return nil, callOf(ctx).problem(problem.Rejected, "", fmt.Sprintf("the answer is larger than %d MB", maxBody>>20), "")
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	resp.ContentLength = int64(len(body))
	return resp, nil
}
