package notify

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"entente.dev/entente/internal/problem"
)

const (
	dialTimeout = 10 * time.Second
	// postTimeout is for everything from the first byte sent to the last read.
	postTimeout = 15 * time.Second
	// answerMost is how much of an answer is read; nothing in it is used.
	answerMost = 4 << 10
	// waitMost bounds what a receiver may ask us to wait.
	waitMost = time.Hour
)

// errPrivate is why an address was not dialled.
var errPrivate = errors.New("the address is private or not routed")

// Poster posts to receivers on the internet: https only, no private addresses, no redirects, no proxies.
type Poster struct {
	client *http.Client
}

// NewPoster returns a poster. allow lists receivers, host:port as in their URL, that may have any address.
func NewPoster(roots *tls.Config, allow []string) *Poster {
	guarded := &net.Dialer{Timeout: dialTimeout, Control: public}
	free := &net.Dialer{Timeout: dialTimeout}
	return &Poster{client: &http.Client{
		Timeout: postTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		},
		Transport: &http.Transport{
			DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
				if slices.ContainsFunc(allow, func(a string) bool { return strings.EqualFold(a, address) }) {
					return free.DialContext(ctx, network, address)
				}
				return guarded.DialContext(ctx, network, address)
			},
			TLSClientConfig: roots, TLSHandshakeTimeout: dialTimeout, ResponseHeaderTimeout: postTimeout,
			MaxResponseHeaderBytes: 16 << 10, DisableKeepAlives: true, ForceAttemptHTTP2: true,
		},
	}}
}

// NewPosterWith returns a poster that trusts the roots in a file beside the system's; "" is only those.
func NewPosterWith(caFile string, allow []string) (*Poster, error) {
	roots, err := tlsOf(caFile)
	if err != nil {
		return nil, err
	}
	return NewPoster(roots, allow), nil
}

// public is asked with the address that is about to be dialled, after the name was resolved: a name that changes its
// mind in between gains nothing.
func public(_, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil || !routed(at.Addr()) {
		return errPrivate
	}
	return nil
}

// routed tells whether an address is on the public internet.
func routed(ip netip.Addr) bool {
	ip = ip.Unmap()
	if nat64.Contains(ip) {
		raw := ip.As16()
		ip = netip.AddrFrom4([4]byte(raw[12:]))
	}
	if !ip.IsGlobalUnicast() || ip.IsPrivate() || ip.Zone() != "" {
		return false
	}
	if ip.Is6() && !globalV6.Contains(ip) {
		return false
	}
	return !slices.ContainsFunc(reserved, func(p netip.Prefix) bool { return p.Contains(ip) })
}

// What IANA's special-purpose registries keep off the internet and netip does not know; constants that Go has no
// syntax for.
var (
	nat64    = netip.MustParsePrefix("64:ff9b::/96")
	globalV6 = netip.MustParsePrefix("2000::/3")
	reserved = []netip.Prefix{
		netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"),
		netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("198.51.100.0/24"),
		netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("240.0.0.0/4"), netip.MustParsePrefix("2001::/23"),
		netip.MustParsePrefix("2001:db8::/32"), netip.MustParsePrefix("2002::/16"), netip.MustParsePrefix("3fff::/20"),
	}
)

// Post sends a body once. Errors never hold the URL: it may be a credential.
func (p *Poster) Post(ctx context.Context, op, to string, header http.Header, body []byte) error {
	u, err := url.Parse(to)
	if err != nil || u.Scheme != "https" || u.Hostname() == "" {
		return &problem.Error{Kind: problem.Rejected, Op: op, Detail: "the receiver's URL is no https address", Remedy: "correct the channel's configuration"}
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), bytes.NewReader(body))
	if err != nil {
		return problem.New(problem.Rejected, op, "the receiver's URL cannot be used")
	}
	r.Header = header
	r.Header.Set("User-Agent", "entente")
	answer, err := p.client.Do(r)
	if err != nil {
		return unreached(op, err)
	}
	defer answer.Body.Close()
	_, _ = io.CopyN(io.Discard, answer.Body, answerMost) // polite; what it says does not matter
	return answered(op, answer)
}

// unreached says why there is no answer, without the address that net/http puts into its errors.
func unreached(op string, err error) error {
	var bad *tls.CertificateVerificationError
	switch {
	case errors.Is(err, errPrivate):
		return &problem.Error{Kind: problem.Rejected, Op: op, Detail: "the receiver's name leads to a private address, which is not dialled",
			Remedy: "use a receiver with a public address; for a rehearsal list host:port in notify.allowPrivate"}
	case errors.As(err, &bad):
		return &problem.Error{Kind: problem.Unavailable, Op: op, Detail: "the receiver's certificate is not trusted", Remedy: "renew it, or name its roots as the channel's caFile"}
	case errors.Is(err, context.DeadlineExceeded) || timedOut(err):
		return problem.New(problem.Unavailable, op, "the receiver did not answer in time")
	default:
		return problem.New(problem.Unavailable, op, "the receiver cannot be reached")
	}
}

func timedOut(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}

// answered classifies an answer.
func answered(op string, answer *http.Response) error {
	status := answer.StatusCode
	p := &problem.Error{Kind: problem.Rejected, Op: op, Code: strconv.Itoa(status), Detail: "the receiver refuses the message", Remedy: "look at the receiver, and at the channel's configuration"}
	switch {
	case status/100 == 2:
		return nil
	case status/100 == 3:
		p.Detail, p.Remedy = "the receiver redirects, which is not followed", "configure the URL that it leads to"
	case status == http.StatusTooManyRequests:
		p.Kind, p.Detail, p.Remedy, p.RetryAfter = problem.Throttled, "the receiver asks to slow down", "", retryAfter(answer.Header)
	case status == http.StatusRequestTimeout || status == http.StatusTooEarly || status/100 == 5:
		p.Kind, p.Detail, p.Remedy, p.RetryAfter = problem.Unavailable, "the receiver fails", "", retryAfter(answer.Header)
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		p.Remedy = "check the channel's secret or URL"
	}
	return p
}

// retryAfter reads seconds or a date, within reason; 0 where there is none.
func retryAfter(h http.Header) time.Duration {
	text := strings.TrimSpace(h.Get("Retry-After"))
	wait := time.Duration(0)
	if n, err := strconv.ParseInt(text, 10, 32); err == nil {
		wait = time.Duration(n) * time.Second
	} else if at, err := http.ParseTime(text); err == nil {
		wait = time.Until(at)
	}
	return min(max(wait, 0), waitMost)
}

// tlsOf trusts the system's roots and those in a file.
func tlsOf(caFile string) (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	if caFile == "" {
		return c, nil
	}
	pem, err := os.ReadFile(caFile)
	if err != nil {
		return nil, err
	}
	if c.RootCAs, err = x509.SystemCertPool(); err != nil {
		return nil, err
	}
	if !c.RootCAs.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s holds no certificate", caFile)
	}
	return c, nil
}
