package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"entente.dev/entente/internal/api/wire"
	"entente.dev/entente/internal/authn"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/store"
)

// Deps is what the API is made of. Store, Control, Auth and Notary are required.
type Deps struct {
	Store   store.Store
	Control Control
	Auth    authn.Authenticator
	Notary  Notary       // signs the ledger
	SignIn  SignIn       // what clients are told about signing in; nil: configured tokens only
	Codec   Codec        // decrypts histories for Temporal's web UI; nil: nobody does
	Metrics http.Handler // /metrics; nil: none
	Console http.Handler // everything that is not the API's; nil: none
	Now     func() time.Time
	Version string
	Ready   func(context.Context) error // nil: the store and Control answer
	// CodecOrigin is the only origin whose pages may ask Codec; empty: none, and nobody is answered.
	CodecOrigin string
	// Poll is how often live status looks for changes; 0 is a second.
	Poll time.Duration
	Log  *slog.Logger // nil: discards
}

type server struct {
	Deps
	api huma.API
}

// New builds the handler. The caller owns listening, TLS and shutting down.
func New(d Deps) (http.Handler, error) {
	s, err := build(d)
	if err != nil {
		return nil, err
	}
	return s.chain()
}

// OpenAPI is the description of the API that the reference documents record.
func OpenAPI(version string) ([]byte, error) {
	s := &server{Deps: Deps{Version: version}}
	s.register(http.NewServeMux())
	return s.document()
}

func (s *server) document() ([]byte, error) { return json.MarshalIndent(s.api.OpenAPI(), "", "  ") }

func build(d Deps) (*server, error) {
	if d.Store == nil || d.Control == nil || d.Auth == nil || d.Notary == nil {
		return nil, errors.New("api: store, control, an authenticator and a notary are required")
	}
	if d.Now == nil {
		d.Now = time.Now
	}
	if d.Poll <= 0 {
		d.Poll = time.Second
	}
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	s := &server{Deps: d}
	if s.Ready == nil {
		s.Ready = s.answers
	}
	return s, nil
}

// chain is, from outside in: headers, panics, cross-origin writes, then the API or the console.
func (s *server) chain() (http.Handler, error) {
	mux := http.NewServeMux()
	s.register(mux)
	document, err := s.document()
	if err != nil {
		return nil, fmt.Errorf("api: describe the API: %w", err)
	}
	mux.HandleFunc("GET /openapi.json", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/openapi+json")
		_, _ = w.Write(document) // fails only when the reader has gone
	})
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok\n")) })
	mux.HandleFunc("GET /readyz", s.readyz)
	if s.Metrics != nil {
		mux.Handle("GET /metrics", s.Metrics)
	}
	mux.HandleFunc("/v1/", func(w http.ResponseWriter, r *http.Request) {
		writeProblem(w, wire.From(&problem.Error{
			Kind: problem.NotFound, Op: "route", Detail: r.Method + " " + r.URL.Path + " is not part of this API",
			Remedy: "see /openapi.json",
		}))
	})
	if s.Console != nil {
		mux.Handle("/", s.Console)
	}
	guard := http.NewCrossOriginProtection()
	guard.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		writeProblem(w, asProblem(withStatus(&problem.Error{
			Kind: problem.Forbidden, Op: "check the origin", Detail: "the request was sent by a page of another site",
			Remedy: "use the console of this server, or a client that is not a browser",
		}, http.StatusForbidden)))
	}))
	return s.recovered(headers(s.codec(guard.Handler(s.signedIn(mux))))), nil
}

// signedIn authenticates what is under /v1/, but for how to sign in. The rest is open (health, OpenAPI) or signs in
// by itself (console).
func (s *server) signedIn(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, "/v1/") || r.URL.Path == signInPath {
			next.ServeHTTP(w, r)
			return
		}
		who, err := s.Auth.Authenticate(r)
		if err != nil {
			refuse(w, err)
			return
		}
		next.ServeHTTP(w, r.WithContext(authn.With(r.Context(), who)))
	})
}

func (s *server) recovered(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			if v := recover(); v != nil {
				if v == http.ErrAbortHandler {
					panic(v)
				}
				s.Log.ErrorContext(r.Context(), "request failed", "route", r.Pattern, "panic", v, "stack", string(debug.Stack()))
				writeProblem(w, asProblem(problem.New(problem.Bug, "answer the request", "an internal fault; it is in the server's log")))
			}
		}()
		next.ServeHTTP(w, r)
	})
}

func headers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

func (s *server) answers(ctx context.Context) error {
	return errors.Join(s.Store.Ping(ctx), s.Control.Ping(ctx))
}

func (s *server) readyz(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 5*time.Second)
	defer cancel()
	if err := s.Ready(ctx); err != nil {
		writeProblem(w, asProblem(&problem.Error{
			Kind: problem.Unavailable, Op: "check readiness", Detail: err.Error(),
			Remedy: "the server goes on by itself when this answers again",
		}))
		return
	}
	_, _ = w.Write([]byte("ok\n"))
}

func (s *server) register(mux *http.ServeMux) {
	config := huma.DefaultConfig("Entente", s.Version)
	// The document is served below, in 3.1 only, and computed once; the framework would do it on first use.
	config.DocsPath, config.SchemasPath, config.OpenAPIPath, config.CreateHooks = "", "", "", nil
	config.Info.Description = "Cross-tenant sync orchestrator for Microsoft Entra."
	config.Components.Schemas = huma.NewMapRegistry("#/components/schemas/", schemaName)
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{"bearer": {Type: "http", Scheme: "bearer"}}
	config.Transformers = []huma.Transformer{ours}
	config.Formats = map[string]huma.Format{"application/json": huma.DefaultJSONFormat, "json": huma.DefaultJSONFormat}
	s.api = humago.New(mux, config)
	s.signInRoutes()
	s.planRoutes()
	s.statusRoutes()
	s.requestRoutes()
	s.holdRoutes()
	s.shareRoutes()
	s.acceptanceRoutes()
	s.ledgerRoutes()
	s.auditRoutes()
	s.eventRoutes()
	s.workerRoutes()
	// The framework's own error model never leaves: every problem is ours.
	delete(s.api.OpenAPI().Components.Schemas.Map(), "HumaErrorModel")
	delete(s.api.OpenAPI().Components.Schemas.Map(), "HumaErrorDetail")
}
