package api

import (
	"context"
	"errors"
	"io"
	"net/http"
	"reflect"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"entente.dev/entente/internal/api/wire"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/store"
)

// snapshotPatience is how long a snapshot may be on its way: a million users over a slow line.
const snapshotPatience = 15 * time.Minute

// TenantPath names one tenant of an organization.
type TenantPath struct {
	OrgPath
	Tenant string `path:"tenant" maxLength:"64"`
}

func (s *server) snapshotRoutes(path string) {
	body := map[string]*huma.MediaType{wire.SnapshotType: {}}
	get := s.describe(operation{method: http.MethodGet, path: path, id: "worker-snapshot", summary: "Workers only: the newest snapshot of a tenant"}, http.StatusOK)
	get.Responses["200"] = &huma.Response{Description: "JSON lines, gzip: a head, the lists, and how many lines there were", Content: body}
	huma.Register(s.api, get, s.workerSnapshot)
	put := s.describe(operation{method: http.MethodPut, path: path, id: "worker-put-snapshot", summary: "Workers only: store an observation of a tenant"}, http.StatusOK)
	put.RequestBody = &huma.RequestBody{Description: "As it is read", Content: body, Required: true}
	schema := s.api.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[store.SnapshotRef](), true, "SnapshotRef")
	put.Responses["200"] = &huma.Response{Description: "What it is stored as", Content: map[string]*huma.MediaType{"application/json": {Schema: schema}}}
	huma.Register(s.api, put, func(ctx context.Context, in *inSnapshot) (*reply[store.SnapshotRef], error) {
		ref, err := s.workerPutSnapshot(ctx, in)
		if err != nil {
			return nil, asProblem(err)
		}
		return &reply[store.SnapshotRef]{Body: ref}, nil
	})
}

// inSnapshot takes the body as a stream: the framework would keep all of it in memory.
type inSnapshot struct {
	TenantPath
	body io.Reader
}

// Resolve implements huma.Resolver.
func (in *inSnapshot) Resolve(ctx huma.Context) []error {
	in.body = ctx.BodyReader()
	_ = ctx.SetReadDeadline(time.Now().Add(snapshotPatience)) // a connection without deadlines is read without one
	return nil
}

func (s *server) workerPutSnapshot(ctx context.Context, in *inSnapshot) (store.SnapshotRef, error) {
	w, err := s.worker(ctx, in.Org)
	if err == nil {
		err = w.of(ident.Tenant(in.Tenant))
	}
	if err != nil {
		return store.SnapshotRef{}, err
	}
	head, snapshot, err := wire.ReadSnapshot(in.body)
	if errors.Is(err, wire.ErrTooLarge) {
		return store.SnapshotRef{}, withStatus(err, http.StatusRequestEntityTooLarge)
	}
	if err != nil {
		return store.SnapshotRef{}, err
	}
	if string(head.Tenant) != in.Tenant {
		return store.SnapshotRef{}, beyond("store a snapshot", head.Tenant, "it is of another tenant than the address says")
	}
	return s.Store.PutSnapshot(ctx, in.Org, snapshot, head.Sealed, head.Cursor)
}

func (s *server) workerSnapshot(ctx context.Context, in *TenantPath) (*huma.StreamResponse, error) {
	w, err := s.worker(ctx, in.Org)
	if err == nil {
		err = w.of(ident.Tenant(in.Tenant))
	}
	if err != nil {
		return nil, asProblem(err)
	}
	snapshot, ref, cursor, err := s.Store.LatestSnapshot(ctx, in.Org, ident.Tenant(in.Tenant))
	if err != nil {
		return nil, asProblem(err)
	}
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		hc.SetHeader("Content-Type", wire.SnapshotType)
		if err := wire.WriteSnapshot(hc.BodyWriter(), wire.SnapshotHead{Sealed: ref.Sealed, Cursor: cursor, Ref: &ref}, snapshot); err != nil {
			s.Log.WarnContext(ctx, "a snapshot was not sent to its end", "org", in.Org, "tenant", in.Tenant, "error", err)
			panic(http.ErrAbortHandler) // the status is sent: only a broken connection tells the reader
		}
	}}, nil
}
