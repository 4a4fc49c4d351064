// Package graphread reads tenants: the one observation of a tenant that all of its shares plan on, the look-ups
// before a create, and the evidence that removals, returns and conversions have really happened.
//
//	observe.go  one observation      users.go, groups.go, apps.go  its parts
//	find.go     look before create   evidence.go  recycle bin, provisioning log, user types
//	addresses.go  what a target should know before it says yes
package graphread

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"entente.dev/entente/internal/directory"
	"entente.dev/entente/internal/graph"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/plan"
	"entente.dev/entente/internal/prospect"
	"entente.dev/entente/internal/store"
)

// Graph is what this room reads of one tenant.
type Graph interface {
	UsersDelta(ctx context.Context, link string, yield func(graph.UserChange) error) (string, error)
	GroupsDelta(ctx context.Context, link string, ids []string, yield func(graph.GroupChange) error) (string, error)
	GroupsByName(ctx context.Context, displayName string) ([]directory.Group, error)
	GroupsByNickname(ctx context.Context, nickname string) ([]directory.Group, error)
	Group(ctx context.Context, id string) (directory.Group, error)
	DeletedUsers(ctx context.Context, yield func(directory.User) error) error
	User(ctx context.Context, id string) (directory.User, error)
	DeletedUser(ctx context.Context, id string) (directory.User, error)
	Partners(ctx context.Context) ([]directory.Partner, error)
	SyncApps(ctx context.Context) ([]directory.SyncApp, error)
	SyncAppsNamed(ctx context.Context, displayName string) ([]directory.SyncApp, error)
	Jobs(ctx context.Context, sp string) ([]directory.SyncJob, error)
	JobStatus(ctx context.Context, sp, job string) (graph.JobStatus, error)
	Schema(ctx context.Context, sp, job string) (json.RawMessage, error)
	Secrets(ctx context.Context, sp string) (map[string]string, error)
	AssignedTo(ctx context.Context, sp string) ([]graph.Assignment, error)
	ProvisioningLog(ctx context.Context, q graph.ProvisioningQuery) ([]graph.ProvisioningRow, error)
	ContactAddresses(ctx context.Context, yield func(graph.Addressed) error) error
	GroupAddresses(ctx context.Context, yield func(graph.Addressed) error) error
	Authorization(ctx context.Context) (graph.Authorization, error)
}

// Clients hands out the client of a tenant that this process serves; problem.Invalid for any other.
type Clients interface {
	Reader(tenantID string) (Graph, error)
}

// Store is what observations and evidence are kept in: no more than this room uses, because the worker of one tenant
// asks our API for it (store/remote), which gives it nothing else.
type Store interface {
	store.Reductions
	store.Appender
	Topology(ctx context.Context, org, digest string) (store.Revision, error)
	LatestSnapshot(ctx context.Context, org string, tenant ident.Tenant) (*directory.Snapshot, store.SnapshotRef, store.Cursor, error)
	PutSnapshot(ctx context.Context, org string, s *directory.Snapshot, sealed bool, c store.Cursor) (store.SnapshotRef, error)
	SharePlan(ctx context.Context, org, digest string) (*plan.SharePlan, error)
	PutLinks(ctx context.Context, org string, links []plan.Link) error
	Askers(ctx context.Context, org, request, digest string, after int) (store.AskersPage, error)
	PutEvidence(ctx context.Context, org, request string, e prospect.Evidence) error
}

// Activities are the reading activities; New wires them.
type Activities struct {
	clients Clients
	store   Store
	now     func() time.Time

	mu   sync.Mutex
	busy map[string]*sync.Mutex // one observation of a tenant at a time in this process
}

// New returns the activities. now is the wall clock.
func New(clients Clients, s Store, now func() time.Time) *Activities {
	return &Activities{clients: clients, store: s, now: now, busy: map[string]*sync.Mutex{}}
}

// only returns the lock of one tenant's observations.
func (a *Activities) only(key string) *sync.Mutex {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.busy[key] == nil {
		a.busy[key] = &sync.Mutex{}
	}
	return a.busy[key]
}
