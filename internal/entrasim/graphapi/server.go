package graphapi

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"entente.dev/entente/internal/entrasim/dir"
	"entente.dev/entente/internal/entrasim/engine"
	"entente.dev/entente/internal/entrasim/faults"
	"entente.dev/entente/internal/entrasim/journal"
	"entente.dev/entente/internal/entrasim/signin"
	"entente.dev/entente/internal/entrasim/throttle"
)

// Verifier checks the token of a Graph request.
type Verifier interface {
	Verify(r *http.Request) (signin.Claims, *signin.Refusal)
}

// World finds tenants.
type World interface {
	Tenant(idOrNameOrDomain string) (*dir.Tenant, bool)
	Tenants() []*dir.Tenant
}

// Switches settle what the pages leave open; they may be changed while running.
type Switches struct {
	Throttle      atomic.Bool  // meter calls as published
	RetryAfter    atomic.Value // string: "integer" (default), "fractional" or "absent"
	NoGzip        atomic.Bool  // answer 415 to compressed bodies
	DeltaExpiry   atomic.Value // string: "400" (syncStateNotFound, default) or "410"
	DeltaLifetime atomic.Int64 // nanoseconds of virtual time
	// RefuseUnknownTenants refuses a partner entry for a tenant that is not in the world.
	RefuseUnknownTenants atomic.Bool
	StrictOwnerRemoval   atomic.Bool
	JoinDelay            atomic.Int64 // nanoseconds of virtual time
	SyncShells           atomic.Bool  // joining tenants get MTO_Sync_<TenantID> configurations
	BatchShuffle         atomic.Bool
	// Delta pages: how many changes a page holds (0: 200), a first page without any, the last item of a page again
	// on the next, and any order.
	DeltaPage                               atomic.Int64
	DeltaEmpty, DeltaReplays, DeltaShuffled atomic.Bool
}

// Config is what a Server needs; all fields are required except Switches.
type Config struct {
	World    World
	Engine   *engine.Engine
	Verifier Verifier
	Faults   *faults.Set
	Meter    *throttle.Meter
	Journal  *journal.Journal
	Switches *Switches
	Now      func() time.Time // virtual
}

// Server answers /v1.0 and /beta.
type Server struct {
	Config
	root   *node
	resets atomic.Int64 // bumped to force every delta token to 410
	mto    *realm
	carry  carries
}

// New builds the server.
func New(c Config) *Server {
	if c.Switches == nil {
		c.Switches = NewSwitches()
	}
	s := &Server{Config: c, root: newNode(), mto: newRealm()}
	for _, r := range s.routes() {
		s.root.add(r)
	}
	return s
}

// DefaultJoinDelay stands for the minutes to hours that joins and removals take.
const DefaultJoinDelay = 10 * time.Second

// NewSwitches has the documented defaults.
func NewSwitches() *Switches {
	w := &Switches{}
	w.Throttle.Store(true)
	w.RetryAfter.Store("integer")
	w.DeltaExpiry.Store("400")
	w.DeltaLifetime.Store(int64(7 * 24 * time.Hour))
	w.JoinDelay.Store(int64(DefaultJoinDelay))
	w.SyncShells.Store(true)
	return w
}

// AllPermissions lists every application permission that some route asks for, and a few that apps hold besides.
func AllPermissions() []string {
	names := map[string]bool{"User.Invite.All": true, "Policy.ReadWrite.Authorization": true, "TeamMember.ReadWrite.All": true}
	for _, r := range (&Server{}).routes() {
		for _, p := range r.perms {
			names[p] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// ResetDelta makes every delta token issued so far answer 410 with a Location, as after a service-side reset.
func (s *Server) ResetDelta() { s.resets.Add(1) }

const maxBody = 4 << 20

// ServeHTTP answers one request on the TLS listener.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	began := time.Now()
	c := &call{s: s, r: r, method: r.Method, began: began, requestID: dir.NewID(), out: response{status: 200, header: http.Header{}}}
	c.clientRequestID = r.Header.Get("client-request-id")
	if c.clientRequestID == "" {
		c.clientRequestID = r.Header.Get("x-ms-client-request-id")
	}
	if c.clientRequestID == "" {
		c.clientRequestID = c.requestID
	}
	c.base = "https://" + r.Host
	body, err := s.readBody(r)
	c.body = body
	if err == nil {
		err = c.locate(r.URL.EscapedPath(), r.URL.RawQuery)
	}
	if err == nil {
		err = s.authenticate(c)
	}
	if err != nil {
		c.fail(err)
		s.note(c, "graph", "")
		c.write(w)
		return
	}
	s.run(c, w, "graph")
}

func (s *Server) readBody(r *http.Request) ([]byte, error) {
	unreadable := &dir.Error{Status: 400, Code: "BadRequest", Message: "Unable to read the request body."}
	body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, maxBody))
	if err != nil {
		return nil, unreadable
	}
	if len(body) > 0 && strings.EqualFold(r.Header.Get("Content-Encoding"), "gzip") {
		if s.Switches.NoGzip.Load() {
			return nil, &dir.Error{Status: 415, Code: "UnsupportedMediaType", Message: "The request content encoding is not supported."}
		}
		z, err := gzip.NewReader(bytes.NewReader(body))
		if err != nil {
			return nil, unreadable
		}
		if body, err = io.ReadAll(io.LimitReader(z, maxBody)); err != nil {
			return nil, unreadable
		}
	}
	return bytes.TrimSpace(body), nil
}

func (s *Server) authenticate(c *call) error {
	claims, refusal := s.Verifier.Verify(c.r)
	if refusal != nil {
		if refusal.WWWAuthenticate != "" {
			c.out.header.Set("WWW-Authenticate", refusal.WWWAuthenticate)
		}
		return &dir.Error{Status: refusal.Status, Code: refusal.Code, Message: refusal.Message}
	}
	t, ok := s.World.Tenant(claims.TenantID)
	if !ok {
		return &dir.Error{Status: 401, Code: "InvalidAuthenticationToken", Message: "Access token validation failure."}
	}
	c.claims, c.t = claims, t
	return nil
}

// errAborted ends a request without an answer.
var errAborted = errors.New("connection closed by a fault")

// run carries a located and authenticated call out and answers on w; kind is graph or batch.
func (s *Server) run(c *call, w http.ResponseWriter, kind string) {
	fired, err := s.apply(c)
	s.note(c, kind, fired)
	if errors.Is(err, errAborted) {
		panic(http.ErrAbortHandler)
	}
	if c.truncate {
		h := w.Header()
		maps.Copy(h, c.out.header)
		h.Set("Content-Length", strconv.Itoa(max(len(c.out.body), 2)))
		w.WriteHeader(c.out.status)
		_, _ = w.Write(c.out.body[:len(c.out.body)/2])
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
	c.write(w)
}

// serve checks permission and quota and calls the handler.
func (c *call) serve() {
	s := c.s
	s.settle()
	if s.Switches.Throttle.Load() {
		top := c.q.Top
		cost := throttle.CostOf(c.method, c.template(), len(c.q.Select) > 0, c.q.Expand != "", top)
		v := s.Meter.Take(c.claims.AppID, c.t.ID, c.t.CountUsers(), cost)
		c.out.header.Set("x-ms-resource-unit", strconv.Itoa(v.Units))
		if v.Percentage > 0.8 {
			c.out.header.Set("x-ms-throttle-limit-percentage", strconv.FormatFloat(v.Percentage, 'f', 2, 64))
		}
		if !v.OK {
			c.throttled(v)
			return
		}
	}
	if err := c.permitted(); err != nil {
		c.fail(err)
		return
	}
	if err := c.route.handle(c); err != nil {
		c.fail(err)
		return
	}
	c.finishOptions()
	if c.full() && len(c.out.body) > 0 && c.out.status < 300 {
		c.annotate()
	}
}

func (c *call) throttled(v throttle.Verdict) {
	wait := v.RetryAfter.Seconds()
	switch c.s.Switches.RetryAfter.Load() {
	case "integer":
		c.out.header.Set("Retry-After", strconv.Itoa(int(wait)+1))
	case "fractional":
		c.out.header.Set("Retry-After", strconv.FormatFloat(wait, 'f', 3, 64))
	}
	c.out.header.Set("x-ms-throttle-scope", fmt.Sprintf("%s/%s/%s/%s", v.Scope, v.Limit, c.claims.AppID, c.t.ID))
	c.out.header.Set("x-ms-throttle-information", v.Information)
	c.json(429, map[string]any{"error": map[string]any{"code": "TooManyRequests", "message": "Please retry again later.",
		"innerError": map[string]any{"code": "429", "message": "Please retry after", "status": "429",
			"date": stamp(), "request-id": c.requestID, "client-request-id": c.clientRequestID}}})
	c.note = "TooManyRequests"
}

// permitted checks the application roles of the token, or the scopes of a person's.
func (c *call) permitted() error {
	if len(c.route.perms) == 0 {
		return nil
	}
	if c.has(c.route.perms...) && (!c.route.person || c.claims.Delegated()) {
		return nil
	}
	if c.route.sync {
		return &dir.Error{Status: 401, Code: "UnknownError"} // documented by issues: an empty message
	}
	return &dir.Error{Status: 403, Code: "Authorization_RequestDenied", Message: "Insufficient privileges to complete the operation."}
}

// has tells whether the caller holds any of the permissions.
func (c *call) has(perms ...string) bool {
	for _, p := range perms {
		if c.claims.HasRole(p) || c.claims.HasScope(p) {
			return true
		}
	}
	return false
}

func (s *Server) note(c *call, kind, fired string) {
	e := journal.Entry{Time: s.Now(), Kind: kind, App: c.claims.AppID, Remote: c.r.RemoteAddr, Method: c.method, Route: c.template(), Path: c.shown,
		Status: c.out.status, Write: c.isWrite(), Targets: c.targets(), Unknown: c.unknown, Fault: fired, Note: c.note,
		Millis: float64(time.Since(c.began).Microseconds()) / 1000}
	if c.t != nil {
		e.Tenant = c.t.Name
	}
	s.Journal.Add(e)
}

func marshal(v any) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return []byte("null")
	}
	return bytes.TrimRight(b.Bytes(), "\n")
}
