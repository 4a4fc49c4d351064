package client

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"

	"entente.dev/entente/internal/api/wire"
	"entente.dev/entente/internal/problem"
)

// answerLimit bounds an answer that is read into memory.
const answerLimit = 256 << 20

// Client is safe for concurrent use.
type Client struct {
	base  *url.URL
	token string
	http  *http.Client
}

// New makes a client for a server's address, such as http://127.0.0.1:8080. A nil hc is http.DefaultClient.
func New(baseURL, token string, hc *http.Client) (*Client, error) {
	base, err := url.Parse(baseURL)
	if err != nil || base.Host == "" || base.Scheme != "http" && base.Scheme != "https" {
		return nil, failure(problem.Invalid, "read the server's address", fmt.Sprintf("%q is not an http or https address", baseURL),
			"write for example --server http://127.0.0.1:8080")
	}
	if hc == nil {
		hc = http.DefaultClient
	}
	return &Client{base: base, token: token, http: hc}, nil
}

// Base is the server's address.
func (c *Client) Base() string { return c.base.String() }

func failure(kind problem.Kind, op, detail, remedy string) *wire.Problem {
	p := wire.From(&problem.Error{Kind: kind, Op: op, Detail: detail, Remedy: remedy})
	p.Status = 0
	return p
}

type keyContext struct{}

// WithKey gives every command in ctx this idempotency key; without one each command gets its own.
func WithKey(ctx context.Context, key string) context.Context {
	return context.WithValue(ctx, keyContext{}, key)
}

func keyOf(ctx context.Context) string {
	if key, _ := ctx.Value(keyContext{}).(string); key != "" {
		return key
	}
	return rand.Text()
}

// org is the path of something of an organization; every element is escaped.
func org(name string, rest ...string) []string {
	return append([]string{"v1", "organizations", name}, rest...)
}

func (c *Client) request(ctx context.Context, method string, elements []string, query url.Values, body any) (*http.Request, error) {
	escaped := make([]string, len(elements))
	for i, e := range elements {
		escaped[i] = url.PathEscape(e)
	}
	target := strings.TrimSuffix(c.base.String(), "/") + "/" + strings.Join(escaped, "/")
	if len(query) > 0 {
		target += "?" + query.Encode()
	}
	var content io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			return nil, failure(problem.Bug, "write the request", err.Error(), "")
		}
		content = bytes.NewReader(raw)
	}
	r, err := http.NewRequestWithContext(ctx, method, target, content)
	if err != nil {
		return nil, failure(problem.Invalid, "write the request", err.Error(), "")
	}
	r.Header.Set("Accept", "application/json")
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if method != http.MethodGet {
		r.Header.Set("Idempotency-Key", keyOf(ctx))
	}
	if c.token != "" {
		r.Header.Set("Authorization", "Bearer "+c.token)
	}
	return r, nil
}

// call sends one request and decodes the answer into a T.
func call[T any](ctx context.Context, c *Client, method string, elements []string, query url.Values, body any) (T, error) {
	var out T
	r, err := c.request(ctx, method, elements, query, body)
	if err != nil {
		return out, err
	}
	answer, err := c.http.Do(r)
	if err != nil {
		return out, c.noAnswer(ctx, err)
	}
	defer answer.Body.Close()
	if answer.StatusCode >= 300 {
		return out, c.asProblem(answer)
	}
	if err := json.NewDecoder(io.LimitReader(answer.Body, answerLimit)).Decode(&out); err != nil {
		if ctx.Err() != nil {
			return out, c.noAnswer(ctx, ctx.Err())
		}
		return out, failure(problem.Unavailable, "read the answer", fmt.Sprintf("%s did not answer as an Entente server does: %v", c.base.Host, err),
			"check --server")
	}
	return out, nil
}

// asProblem reads a problem; anything else that is no success came from something in between.
func (c *Client) asProblem(answer *http.Response) error {
	raw, _ := io.ReadAll(io.LimitReader(answer.Body, 1<<20)) // a cut answer still has its status
	p := &wire.Problem{}
	if strings.Contains(answer.Header.Get("Content-Type"), "problem+json") && json.Unmarshal(raw, p) == nil && p.Kind != "" {
		p.Status = answer.StatusCode
		return p
	}
	kind := problem.Unavailable
	if answer.StatusCode < 500 {
		kind = problem.NotFound
	}
	p = failure(kind, "call the server", fmt.Sprintf("%s answered %s, which is not an answer of Entente", c.base, answer.Status),
		"check --server; a proxy in between may have answered")
	p.Status = answer.StatusCode
	return p
}

// noAnswer says why nothing came back, with the address and what to do.
func (c *Client) noAnswer(ctx context.Context, err error) error {
	address := c.base.String()
	var dns *net.DNSError
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return &canceled{failure(problem.Unavailable, "wait for the server", "no answer from "+address+" in the time given",
			"a command that was taken over goes on by itself; look with `entente status`, or give more --timeout"), context.DeadlineExceeded}
	case ctx.Err() != nil:
		return &canceled{failure(problem.Unavailable, "wait for the server", "interrupted", "a command that was taken over goes on by itself; look with `entente status`"), context.Canceled}
	case errors.As(err, &dns):
		return failure(problem.Unavailable, "reach the server", fmt.Sprintf("the name %s cannot be resolved", dns.Name), "check --server or ENTENTE_SERVER")
	case strings.Contains(err.Error(), "connection refused"):
		return failure(problem.Unavailable, "reach the server", "nothing listens at "+address,
			"start entented, or point --server or ENTENTE_SERVER at a running one")
	case strings.Contains(err.Error(), "certificate"):
		return failure(problem.Unavailable, "reach the server", fmt.Sprintf("the certificate of %s is not trusted: %v", address, err), "use the name the certificate is for, or trust its authority")
	default:
		var wrapped *url.Error
		if errors.As(err, &wrapped) {
			err = wrapped.Err
		}
		return failure(problem.Unavailable, "reach the server", fmt.Sprintf("no answer from %s: %v", address, err), "check --server and the network; nothing is lost")
	}
}

// canceled keeps the context's error for errors.Is beside the problem.
type canceled struct {
	*wire.Problem
	cause error
}

func (c *canceled) Unwrap() []error { return []error{c.Problem, c.cause} }
