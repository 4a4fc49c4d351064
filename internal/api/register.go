package api

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"net/http"
	"path"
	"reflect"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"entente.dev/entente/internal/api/wire"
	"entente.dev/entente/internal/authn"
	"entente.dev/entente/internal/authz"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/problem"
)

type reply[B any] struct{ Body B }

// Inputs that many operations share. They are exported because the framework looks only into exported fields,
// embedded ones too.
type (
	OrgPath struct {
		Org string `path:"org" maxLength:"100"`
	}
	SharePath struct {
		OrgPath
		Source string `path:"source" maxLength:"64"`
		Target string `path:"target" maxLength:"64"`
	}
	IDPath struct {
		OrgPath
		ID string `path:"id" maxLength:"300"`
	}
	PageQuery struct {
		After string `query:"after" maxLength:"500" doc:"Cursor of the page before"`
		Limit int    `query:"limit" minimum:"1" maximum:"1000" default:"100"`
	}
	KeyHeader struct {
		Key string `header:"Idempotency-Key" maxLength:"200" doc:"The same key with the same command of the same caller is one command, however often it is sent"`
	}
)

func (in SharePath) share() ident.Share {
	return ident.Share{Source: ident.Tenant(in.Source), Target: ident.Tenant(in.Target)}
}

// bind makes the caller's key one of this caller, operation, object and body: the same key with anything else is
// another command, which the first one's answer would only hide.
func (in *KeyHeader) bind(ctx context.Context, operation string, input any) {
	if in.Key != "" {
		in.Key = ident.Digest([]any{operation, authn.From(ctx).ID(), input})
	}
}

// key is the caller's, bound to what it came with, or a fresh one where the caller does not care to repeat.
func (in KeyHeader) key() string {
	if in.Key != "" {
		return in.Key
	}
	return rand.Text()
}

// operation is one route. Bodies are bounded to limit bytes (1 MiB when 0).
type operation struct {
	method, path, id, summary string
	limit                     int64
	open                      bool // asks for no token
}

func handle[I, B any](s *server, op operation, h func(context.Context, *I) (B, error)) {
	status := http.StatusOK
	if op.method == http.MethodPost && !strings.HasSuffix(op.path, "/validate") && !strings.HasSuffix(op.path, "/plans") {
		status = http.StatusAccepted
	}
	huma.Register(s.api, s.describe(op, status), func(ctx context.Context, in *I) (*reply[B], error) {
		if command, ok := any(in).(interface {
			bind(ctx context.Context, operation string, input any)
		}); ok {
			command.bind(ctx, op.id, in)
		}
		body, err := h(ctx, in)
		if err != nil {
			return nil, asProblem(err)
		}
		return &reply[B]{Body: body}, nil
	})
}

func (s *server) describe(op operation, status int) huma.Operation {
	schema := s.api.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[wire.Problem](), true, "Problem")
	security := []map[string][]string{{"bearer": {}}}
	if op.open {
		security = nil
	}
	return huma.Operation{
		Method: op.method, Path: op.path, OperationID: op.id, Summary: op.summary, DefaultStatus: status,
		MaxBodyBytes: op.limit, BodyReadTimeout: 30 * time.Second,
		Security: security,
		Responses: map[string]*huma.Response{"default": {
			Description: "A problem",
			Content:     map[string]*huma.MediaType{"application/problem+json": {Schema: schema}},
		}},
	}
}

// schemaName keeps types of the same name in different rooms apart.
func schemaName(t reflect.Type, hint string) string {
	name := huma.DefaultSchemaNamer(t, hint)
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	room := path.Base(t.PkgPath())
	if t.Name() == "" || room == "wire" || room == "api" || room == "." {
		return name
	}
	if room == "v2" {
		room = "huma"
	}
	return strings.ToUpper(room[:1]) + room[1:] + name
}

// ours turns the framework's own errors (a body that does not fit its schema, one that is too large) into our
// problems.
func ours(_ huma.Context, _ string, v any) (any, error) {
	model, ok := v.(*huma.ErrorModel)
	if !ok {
		return v, nil
	}
	kind := problem.Invalid
	switch {
	case model.Status >= 500:
		kind = problem.Bug
	case model.Status == http.StatusRequestTimeout:
		kind = problem.Unavailable
	}
	p := wire.From(&problem.Error{Kind: kind, Op: "read the request", Detail: model.Detail, Remedy: "see /openapi.json for what is expected"})
	p.Status = model.Status
	for _, e := range model.Errors {
		p.Errors = append(p.Errors, wire.Fault{Location: e.Location, Message: e.Message})
	}
	return p, nil
}

// asProblem makes any error one of ours.
func asProblem(err error) *wire.Problem {
	var done *wire.Problem
	if errors.As(err, &done) {
		return done
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		err = &problem.Error{Kind: problem.Unavailable, Op: "answer the request", Detail: "it took longer than the caller waits",
			Remedy: "ask again; a command that was taken over goes on by itself"}
	}
	return wire.From(problem.Of(err))
}

func writeProblem(w http.ResponseWriter, p *wire.Problem) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p) // the connection is the caller's; nothing is left to tell when it is gone
}

// withStatus is for refusals of our own: the taxonomy's statuses for them tell of Graph's.
func withStatus(err error, status int) error {
	p := asProblem(err)
	p.Status = status
	return p
}

// ours403 is for what a workflow forbids: that is ours too, not Graph's.
func ours403(err error) error {
	if err != nil && problem.KindOf(err) == problem.Forbidden {
		return withStatus(err, http.StatusForbidden)
	}
	return err
}

func (s *server) allow(ctx context.Context, verb authz.Verb, o authz.Object) error {
	if err := authz.Allow(authn.From(ctx), verb, o); err != nil {
		return withStatus(err, http.StatusForbidden)
	}
	return nil
}

func (s *server) may(ctx context.Context, verb authz.Verb, o authz.Object) bool {
	return s.allow(ctx, verb, o) == nil
}

func invalid(op, detail, remedy string) error {
	return &problem.Error{Kind: problem.Invalid, Op: op, Detail: detail, Remedy: remedy}
}

// list never answers null for an empty list.
func list[T any](in []T) []T {
	if in == nil {
		return []T{}
	}
	return in
}
