package tour

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"entente.dev/entente/internal/entrasim"
	"entente.dev/entente/internal/entrasim/conformance/csdl"
)

type object = map[string]any

type driver struct {
	ctx      context.Context
	sim      *entrasim.Server
	http     *http.Client
	tokens   map[string]string
	tenant   string // whose token is used
	header   http.Header
	answers  []csdl.Answer
	problems []error
}

func newDriver(ctx context.Context, s *entrasim.Server) (*driver, error) {
	pem, err := os.ReadFile(s.CAFile())
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	d := &driver{ctx: ctx, sim: s, tokens: map[string]string{}, tenant: "a", header: http.Header{}, http: &http.Client{
		Timeout: 30 * time.Second, Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
	for name := range ids {
		if d.tokens[name], err = d.appToken(name); err != nil {
			return nil, err
		}
	}
	return d, nil
}

// as switches to the token of a tenant and runs f.
func (d *driver) as(tenant string, f func()) {
	before := d.tenant
	d.tenant = tenant
	f()
	d.tenant = before
}

// with sets a header while f runs.
func (d *driver) with(name, value string, f func()) {
	d.header.Set(name, value)
	f()
	d.header.Del(name)
}

// do sends a request and records its answer; want is the status that it must have. The decoded body is empty when
// there is none.
func (d *driver) do(method, path string, body any, want int) object {
	res, raw, err := d.send(method, path, body)
	if err != nil {
		d.problem("%s %s: %w", method, path, err)
		return object{}
	}
	if res.StatusCode != want {
		d.problem("%s %s: status %d, want %d: %s", method, path, res.StatusCode, want, raw)
	}
	a := d.record(method, res.Request.URL, res.StatusCode, res.Header.Get("Content-Type"), raw)
	out := object{}
	_ = json.Unmarshal(a.Body, &out)
	return out
}

func (d *driver) send(method, path string, body any) (*http.Response, []byte, error) {
	var in io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			return nil, nil, err
		}
		in = bytes.NewReader(raw)
	}
	switch {
	case strings.HasPrefix(path, "https://"):
	case strings.HasPrefix(path, "/beta/"):
		path = d.sim.BaseURL() + path
	default:
		path = d.sim.BaseURL() + "/v1.0" + path
	}
	req, err := http.NewRequestWithContext(d.ctx, method, strings.ReplaceAll(path, " ", "%20"), in)
	if err != nil {
		return nil, nil, err
	}
	req.Header = d.header.Clone()
	req.Header.Set("Authorization", "Bearer "+d.tokens[d.tenant])
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := d.http.Do(req)
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	return res, raw, err
}

// record keeps an answer for the oracles.
func (d *driver) record(method string, u *url.URL, status int, contentType string, raw []byte) csdl.Answer {
	version, path, _ := strings.Cut(strings.TrimPrefix(u.EscapedPath(), "/"), "/")
	a := csdl.Answer{Method: method, Version: version, Path: "/" + path, Status: status, ContentType: contentType, Body: raw,
		Delta: contains(path, "delta"), NoMetadata: contains(d.header.Get("Accept"), "metadata=none")}
	for key, values := range u.Query() {
		if strings.EqualFold(key, "$select") {
			a.Select = strings.Split(values[0], ",")
		}
	}
	if path != "$batch" || status != 200 {
		d.answers = append(d.answers, a)
	}
	return a
}

func (d *driver) get(path string) object { return d.do("GET", path, nil, 200) }

// all follows next links; the last page is returned with the items.
func (d *driver) all(path string) (items []object, last object) {
	for path != "" {
		last = d.get(path)
		items = append(items, rows(last)...)
		path = text(last, "@odata.nextLink")
	}
	return items, last
}

func rows(page object) []object {
	var out []object
	list, _ := page["value"].([]any)
	for _, x := range list {
		if o, ok := x.(object); ok {
			out = append(out, o)
		}
	}
	return out
}

func text(o object, name string) string { s, _ := o[name].(string); return s }

// first is a property of the first item that a list answers.
func (d *driver) first(path, name string) string {
	for _, o := range rows(d.get(path)) {
		return text(o, name)
	}
	d.problem("GET %s: empty", path)
	return ""
}

func (d *driver) advance(by time.Duration) {
	if _, err := d.sim.Admin().Advance(d.ctx, by); err != nil {
		d.problem("advance: %w", err)
	}
}
