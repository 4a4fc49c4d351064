// Package graphwrite changes tenants. Every activity is one kind of write in one tenant and safe to repeat:
// it reads first, writes exactly what differs, and checks by itself, a second time after the planner, that what
// it touches is ours.
//
//	policies.go  partner entries and inbound sync    apps.go  application, job, settings, schema
//	groups.go    scope group and its members         users.go conversions and restores in the target
//	deletes.go   what the engine leaves behind, and what it holds back
//	blocks.go    sign-ins off and on                 ledger.go what we made and what we did
package graphwrite

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/directory"
	"entente.dev/entente/internal/graph"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/plan"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/store"
)

// Graph is what this room reads and writes of one tenant.
type Graph interface {
	Policies
	Applications
	Groups
	People
}

// Policies are the partner entries of the cross-tenant access policy.
type Policies interface {
	Partner(ctx context.Context, tenantID string) (directory.Partner, error)
	CreatePartner(ctx context.Context, tenantID string, p graph.PartnerPatch) error
	PatchPartner(ctx context.Context, tenantID string, p graph.PartnerPatch) error
	DeletePartner(ctx context.Context, tenantID string) error
	CreateIdentitySync(ctx context.Context, tenantID string, allowed bool) error
	PatchIdentitySync(ctx context.Context, tenantID string, allowed bool) error
	DeleteIdentitySync(ctx context.Context, tenantID string) error
}

// Applications are synchronization applications with their jobs.
type Applications interface {
	InstantiateSyncApp(ctx context.Context, displayName string) (graph.Instantiated, error)
	SyncAppsNamed(ctx context.Context, displayName string) ([]directory.SyncApp, error)
	ServicePrincipal(ctx context.Context, id string) (graph.ServicePrincipal, error)
	DeleteServicePrincipal(ctx context.Context, id string) error
	ApplicationByAppID(ctx context.Context, appID string) (string, error)
	DeleteApplication(ctx context.Context, objectID string) error
	AssignedTo(ctx context.Context, sp string) ([]graph.Assignment, error)
	AssignGroup(ctx context.Context, sp, roleID, groupID string) error
	ValidateCredentials(ctx context.Context, sp, targetTenantID string) error
	Jobs(ctx context.Context, sp string) ([]directory.SyncJob, error)
	CreateJob(ctx context.Context, sp string) (directory.SyncJob, error)
	JobStatus(ctx context.Context, sp, job string) (graph.JobStatus, error)
	ProvisioningLog(ctx context.Context, q graph.ProvisioningQuery) ([]graph.ProvisioningRow, error)
	PutSecrets(ctx context.Context, sp string, s graph.SyncSecrets) error
	Schema(ctx context.Context, sp, job string) (json.RawMessage, error)
	PutSchema(ctx context.Context, sp, job string, schema json.RawMessage) error
	StartJob(ctx context.Context, sp, job string) error
	RestartJob(ctx context.Context, sp, job, scope string) error
	DeleteJob(ctx context.Context, sp, job string) error
}

// Groups are the scope groups.
type Groups interface {
	Group(ctx context.Context, id string) (directory.Group, error)
	GroupsByNickname(ctx context.Context, nickname string) ([]directory.Group, error)
	CreateGroup(ctx context.Context, g graph.NewGroup) (directory.Group, error)
	DeleteGroup(ctx context.Context, id string) error
	AddMembers(ctx context.Context, groupID string, ids []string) ([]graph.ItemOutcome, error)
	RemoveMembers(ctx context.Context, groupID string, ids []string) ([]graph.ItemOutcome, error)
}

// People are users of a target.
type People interface {
	User(ctx context.Context, id string) (directory.User, error)
	UpdateUser(ctx context.Context, id string, p graph.UserPatch) error
	DeletedUser(ctx context.Context, id string) (directory.User, error)
	RestoreUser(ctx context.Context, id string) error
	DeleteUser(ctx context.Context, id string) error
}

// Clients hands out the client of a tenant that this process serves; problem.Invalid for any other.
type Clients interface {
	Writer(tenantID string) (Graph, error)
}

// Store is what writes are planned from and recorded in: no more than this room uses, because the worker of one
// tenant asks our API for it (store/remote), which gives it nothing else.
type Store interface {
	store.Reductions
	store.Appender
	SharePlan(ctx context.Context, org, digest string) (*plan.SharePlan, error)
	PutOwned(ctx context.Context, org string, o store.Owned) error
	DropOwned(ctx context.Context, org, id string) error
	Owned(ctx context.Context, org string) ([]store.Owned, error)
	Holds(ctx context.Context, org string) ([]plan.Hold, error)
	Door(ctx context.Context, org string, share ident.Share, now time.Time) (store.Door, error)
	DropHold(ctx context.Context, org string, person ident.Person, tenant ident.Tenant) error
	PutConversions(ctx context.Context, org string, c []store.Conversion) error
	Conversions(ctx context.Context, org string) ([]store.Conversion, error)
}

// Activities are the writing activities; New wires them.
type Activities struct {
	clients Clients
	store   Store
	now     func() time.Time
	attempt func(context.Context) (id string, number int32)

	mu       sync.Mutex
	partners map[string]*sync.Mutex // two shares write the two halves of one partner entry
}

// New returns the activities. now is the wall clock.
func New(clients Clients, s Store, now func() time.Time) *Activities {
	return &Activities{clients: clients, store: s, now: now, attempt: attemptOf, partners: map[string]*sync.Mutex{}}
}

// entry returns the lock of one partner entry. It spares this process a lost update; between processes the next
// plan sees the difference and writes again.
func (a *Activities) entry(tenantID, partnerID string) *sync.Mutex {
	a.mu.Lock()
	defer a.mu.Unlock()
	key := tenantID + "/" + partnerID
	if a.partners[key] == nil {
		a.partners[key] = &sync.Mutex{}
	}
	return a.partners[key]
}

// repeatable lets Temporal repeat a write whose answer was lost: all but creates may simply be made again.
func repeatable(err error) error {
	if err == nil || problem.KindOf(err) != problem.Ambiguous {
		return err
	}
	p := *problem.Of(err)
	p.Kind = problem.Unavailable
	return &p
}

// notOurs refuses a write to something that does not carry our marker.
func notOurs(op string, in contract.WriteIn, id string) error {
	p := problem.New(problem.Rejected, op, "object "+id+" does not carry Entente's marker for this share")
	p.Tenant = string(in.Tenant.Name)
	p.Remedy = "somebody renamed or replaced it; run entente plan to see what stands"
	return p
}

func missing(err error) bool { return err != nil && problem.KindOf(err) == problem.NotFound }
