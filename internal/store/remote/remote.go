package remote

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"entente.dev/entente/internal/api/wire"
	"entente.dev/entente/internal/authn"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/problem"
)

// Options say where the API is and how to prove who asks. URL and Token are required.
type Options struct {
	URL    string                 // https://entente.example; http for loopback only
	Token  func() (string, error) // read for every request, so that it may be replaced while the worker runs
	CAFile string                 // roots in addition to the system's
}

// Store asks the API. It is safe for concurrent use.
type Store struct {
	base  string
	token func() (string, error)
	http  *http.Client
}

// New makes a store; it reaches for nothing.
func New(o Options) (*Store, error) {
	u, err := url.Parse(o.URL)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, invalid(fmt.Sprintf("%q is no address of our API", o.URL), "write https://host, as in coreUrl")
	}
	if u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())) {
		return nil, invalid(o.URL+" would carry the worker's token in clear text", "use https; http is for this machine only")
	}
	if o.Token == nil {
		return nil, invalid("there is no worker token", "set workerToken")
	}
	transport, err := newTransport(o.CAFile)
	if err != nil {
		return nil, err
	}
	return &Store{base: strings.TrimSuffix(o.URL, "/"), token: o.Token, http: &http.Client{
		Transport: transport,
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return errors.New("the address answers with a redirect, which would take the token elsewhere")
		},
	}}, nil
}

func invalid(detail, remedy string) error {
	return &problem.Error{Kind: problem.Invalid, Op: "reach the core's API", Detail: detail, Remedy: remedy}
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func newTransport(caFile string) (*http.Transport, error) {
	base, ok := http.DefaultTransport.(*http.Transport)
	if !ok {
		return nil, errors.New("the process replaced http.DefaultTransport")
	}
	t := base.Clone()
	t.DisableCompression = true // snapshots are compressed already
	t.MaxIdleConnsPerHost = 16
	if caFile == "" {
		return t, nil
	}
	pem, err := os.ReadFile(caFile)
	if err != nil {
		return nil, err
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s holds no certificate", caFile)
	}
	t.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	return t, nil
}

// Close drops idle connections.
func (s *Store) Close() error {
	s.http.CloseIdleConnections()
	return nil
}

// Check asks whose token this is: it has to be a worker's, for all these tenants. problem.Unavailable when the API
// does not answer.
func (s *Store) Check(ctx context.Context, tenants []ident.Tenant) error {
	var who authn.Principal
	if err := s.call(ctx, request{op: "sign in to the core's API", method: http.MethodGet, path: "/v1/whoami"}, &who); err != nil {
		return err
	}
	var has []ident.Tenant
	for _, b := range who.Bindings() {
		if b.Role == authn.Worker {
			has = append(has, b.Tenant)
		}
	}
	if len(has) == 0 {
		return invalid(fmt.Sprintf("the token has the role %q, not worker", who.Role), "give workerToken the token of a worker: auth.tokens with role: worker, at the core")
	}
	for _, t := range tenants {
		if !slices.Contains(has, t) {
			return invalid(fmt.Sprintf("this process serves tenant %s, and its token is for %v", t, has), "serve only those tenants, or use a token that is for all of them")
		}
	}
	return nil
}

// request is one call. The body is JSON of send, or what stream writes.
type request struct {
	op, method, path string
	query            url.Values
	send             any
	stream           func(io.Writer) error
	patience         time.Duration // 0: a minute
	read             func(io.Reader) error
}

// path is something of an organization; every element is escaped.
func path(org string, elements ...string) string {
	out := "/v1/organizations/" + url.PathEscape(org) + "/worker"
	for _, e := range elements {
		out += "/" + url.PathEscape(e)
	}
	return out
}

// answerLimit bounds an answer in JSON, which is read into memory.
const answerLimit = 1 << 30

// call sends a request and decodes the answer into out, which may be nil.
func (s *Store) call(ctx context.Context, r request, out any) error {
	patience := r.patience
	if patience == 0 {
		patience = time.Minute
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	asked, err := s.newRequest(ctx, r)
	if err != nil {
		return err
	}
	answer, err := s.http.Do(asked)
	if err != nil {
		return s.noAnswer(ctx, r.op, err)
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode >= http.StatusMultipleChoices {
		return s.asProblem(r.op, answer)
	}
	if r.read == nil {
		r.read = func(body io.Reader) error { return json.NewDecoder(io.LimitReader(body, answerLimit)).Decode(out) }
	}
	if err := r.read(answer.Body); err != nil {
		if ctx.Err() != nil {
			return s.noAnswer(ctx, r.op, ctx.Err())
		}
		return s.unavailable(r.op, "it did not answer as an Entente API does: "+err.Error(), err)
	}
	return nil
}

func (s *Store) newRequest(ctx context.Context, r request) (*http.Request, error) {
	token, err := s.token()
	if err != nil {
		p := problem.Wrap(problem.Unavailable, r.op, fmt.Errorf("the worker's token cannot be read: %w", err))
		p.Remedy = "repair workerToken; work goes on by itself"
		return nil, p
	}
	target := s.base + r.path
	if len(r.query) > 0 {
		target += "?" + r.query.Encode()
	}
	var body io.Reader
	switch {
	case r.stream != nil:
		from, to := io.Pipe()
		go func() { _ = to.CloseWithError(r.stream(to)) }() // ends with the request, which closes from
		body = from
	case r.send != nil:
		raw, err := json.Marshal(r.send)
		if err != nil {
			return nil, problem.Wrap(problem.Bug, r.op, err)
		}
		body = bytes.NewReader(raw)
	}
	asked, err := http.NewRequestWithContext(ctx, r.method, target, body)
	if err != nil {
		return nil, problem.Wrap(problem.Invalid, r.op, err)
	}
	asked.Header.Set("Authorization", "Bearer "+token)
	asked.Header.Set("Accept", "application/json, "+wire.SnapshotType)
	if r.stream != nil {
		asked.Header.Set("Content-Type", wire.SnapshotType)
	} else if r.send != nil {
		asked.Header.Set("Content-Type", "application/json")
	}
	return asked, nil
}

// asProblem reads a problem. Anything else that is no success came from something in between, and so did an unknown
// route, from an API that is older: nothing that the caller asked for is missing, it just cannot be reached.
func (s *Store) asProblem(op string, answer *http.Response) error {
	raw, _ := io.ReadAll(io.LimitReader(answer.Body, 1<<20)) // a cut answer still has its status
	var p wire.Problem
	ours := strings.Contains(answer.Header.Get("Content-Type"), "problem+json") && json.Unmarshal(raw, &p) == nil && p.Kind != ""
	if !ours || problem.Kind(p.Kind) == problem.NotFound && p.Op == "route" {
		return s.unavailable(op, "it answered "+answer.Status+", which is not an answer of this Entente's API", nil)
	}
	if seconds, err := strconv.Atoi(answer.Header.Get("Retry-After")); err == nil && seconds > 0 {
		p.RetryAfter = time.Duration(seconds) * time.Second
	}
	found := problem.Of(p.Unwrap())
	if answer.StatusCode == http.StatusUnauthorized {
		found.Op, found.Remedy = op, "the core's API refuses the worker's token: give workerToken the one of auth.tokens, or renew it"
	}
	return found
}

func (s *Store) noAnswer(ctx context.Context, op string, err error) error {
	if ctx.Err() != nil {
		return s.unavailable(op, "no answer in the time given", ctx.Err())
	}
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	return s.unavailable(op, err.Error(), err)
}

func (s *Store) unavailable(op, detail string, cause error) error {
	if cause == nil {
		cause = errors.New(detail)
	}
	p := problem.Wrap(problem.Unavailable, op, cause)
	p.Detail = fmt.Sprintf("the core's API at %s: %s", s.base, detail)
	p.Remedy = "check that it runs, coreUrl, and what is in between; work goes on by itself"
	return p
}
