// Package store keeps what is finished: topologies, sealed snapshots, plans, decisions, projections and the
// ledger. What is in flight belongs to Temporal.
//
// One small interface per aggregate; sqlite and postgres implement all of them and pass the same
// storetest suite. Every write is safe to repeat. Projections carry (run, seq) and never go backwards: a
// write with an older or equal pair changes nothing and is no error. Missing things are problem.NotFound,
// an unreachable database is problem.Unavailable with its address.
package store

import (
	"context"
	"time"

	"entente.dev/entente/internal/coverage"
	"entente.dev/entente/internal/directory"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/ledger"
	"entente.dev/entente/internal/plan"
	"entente.dev/entente/internal/problem"
)

// Store is all aggregates of one database. Close flushes and closes it.
type Store interface {
	Topologies
	Snapshots
	Plans
	Requests
	RequestPeople
	Facts
	Projections
	Reductions
	Ledger
	LedgerTree
	// Door says who may come in by a share at a moment.
	Door(ctx context.Context, org string, share ident.Share, now time.Time) (Door, error)
	// Ping tells whether the database answers; problem.Unavailable otherwise.
	Ping(ctx context.Context) error
	Close() error
}

// Revision is one stored topology.
type Revision struct {
	Org      string    `json:"org"`
	Seq      int       `json:"seq"` // 1, 2, … per organization
	Digest   string    `json:"digest"`
	File     string    `json:"file"`   // as the author named it, for positions in messages
	Source   []byte    `json:"source"` // the YAML as it came
	Author   string    `json:"author"`
	StoredAt time.Time `json:"storedAt"`
}

// Topologies keeps every revision of every organization's topology.
type Topologies interface {
	// PutTopology stores a revision; the same digest as the newest one returns that one. Seq is assigned.
	PutTopology(ctx context.Context, r Revision) (Revision, error)
	Topology(ctx context.Context, org, digest string) (Revision, error)
	LatestTopology(ctx context.Context, org string) (Revision, error)
	Organizations(ctx context.Context) ([]string, error)
}

// SnapshotRef names a stored snapshot.
type SnapshotRef struct {
	ID      string       `json:"id"`
	Org     string       `json:"org"`
	Tenant  ident.Tenant `json:"tenant"`
	Digest  string       `json:"digest"`
	TakenAt time.Time    `json:"takenAt"`
	Users   int          `json:"users"`
	Sealed  bool         `json:"sealed"` // complete: may be evidence of absence
}

// Cursor is where the next incremental observation of a tenant continues.
type Cursor struct {
	UsersLink  string            `json:"usersLink"`
	GroupsLink string            `json:"groupsLink"`
	Groups     map[string]string `json:"groups,omitempty"` // wanted group name → object id
	Extra      map[string]string `json:"extra,omitempty"`
}

// Snapshots keeps the newest observations of each tenant. Bodies are compressed; the newest five stay.
type Snapshots interface {
	// PutSnapshot stores an observation with its cursor. An unchanged digest only moves TakenAt and the cursor
	// of the newest one and returns its ref.
	PutSnapshot(ctx context.Context, org string, s *directory.Snapshot, sealed bool, c Cursor) (SnapshotRef, error)
	Snapshot(ctx context.Context, id string) (*directory.Snapshot, SnapshotRef, error)
	LatestSnapshot(ctx context.Context, org string, tenant ident.Tenant) (*directory.Snapshot, SnapshotRef, Cursor, error)
	LatestSnapshotRef(ctx context.Context, org string, tenant ident.Tenant) (SnapshotRef, error)
}

// Plans keeps plans by digest.
type Plans interface {
	PutPlan(ctx context.Context, org string, p *plan.Plan) error
	Plan(ctx context.Context, org, digest string) (*plan.Plan, error)
	PutSharePlan(ctx context.Context, org string, p *plan.SharePlan) error
	SharePlan(ctx context.Context, org, digest string) (*plan.SharePlan, error)
}

// RequestStatus is where a request to a target stands. Strings are wire format.
type RequestStatus string

// The statuses; all but Waiting are final.
const (
	Waiting   RequestStatus = "waiting"
	Approved  RequestStatus = "approved"
	Rejected  RequestStatus = "rejected"
	Expired   RequestStatus = "expired"
	Withdrawn RequestStatus = "withdrawn"
)

// Request asks a target to take people in, or a guard's owner to let a reduction pass.
type Request struct {
	ID         string        `json:"id"`
	Org        string        `json:"org"`
	Kind       string        `json:"kind"` // acceptance | reduction
	Share      ident.Share   `json:"share"`
	Tenant     ident.Tenant  `json:"tenant"` // whose admin decides
	PlanDigest string        `json:"planDigest"`
	Why        string        `json:"why"`
	People     int           `json:"people"`
	MaxUsers   int           `json:"maxUsers"`
	Guests     int           `json:"guests"`              // existing guests that would be converted
	Delta      bool          `json:"delta,omitempty"`     // what the target accepted before goes on; this is about the rest
	Approvers  int           `json:"approvers,omitempty"` // how many different people must agree
	Approvals  []string      `json:"approvals,omitempty"` // who has agreed so far
	Status     RequestStatus `json:"status"`
	Workflow   string        `json:"workflow"` // the workflow that waits for the answer
	OpenedAt   time.Time     `json:"openedAt"`
	ExpiresAt  time.Time     `json:"expiresAt"`
	DecidedAt  time.Time     `json:"decidedAt,omitzero"`
	DecidedBy  []string      `json:"decidedBy,omitempty"`
	Requester  string        `json:"requester,omitempty"` // subject of who asks; never told
	Reason     string        `json:"reason,omitempty"`
}

// RequestFilter narrows a list; zero fields do not.
type RequestFilter struct {
	Org    string
	Tenant ident.Tenant
	Status RequestStatus
	Kind   string
	Share  *ident.Share
}

// Requests keeps every question and its answer.
type Requests interface {
	// PutRequest inserts or replaces by ID; a request with a final status is never changed again.
	PutRequest(ctx context.Context, r Request) error
	Request(ctx context.Context, org, id string) (Request, error)
	ListRequests(ctx context.Context, f RequestFilter) ([]Request, error) // newest first
	PutEnvelope(ctx context.Context, org string, e plan.Envelope) error
	DropEnvelope(ctx context.Context, org string, share ident.Share) error
	Envelopes(ctx context.Context, org string) ([]plan.Envelope, error)
}

// Owned is one object that we made.
type Owned struct {
	ID     string       `json:"id"`
	Kind   string       `json:"kind"` // application | servicePrincipal | group | partner | identitySync | job
	Tenant ident.Tenant `json:"tenant"`
	Share  ident.Share  `json:"share"`
	At     time.Time    `json:"at"`
}

// Conversion is one existing guest that became Member, with its reverse.
type Conversion struct {
	Share    ident.Share  `json:"share"`
	Person   ident.Person `json:"person"`
	Tenant   ident.Tenant `json:"tenant"`
	ObjectID string       `json:"objectId"`
	From     string       `json:"from"` // Guest
	To       string       `json:"to"`   // Member
	At       time.Time    `json:"at"`
	Reverted time.Time    `json:"reverted,omitzero"`
}

// Facts keeps what the planner needs beside snapshots: proven links, ownership, holds, inclusions.
type Facts interface {
	PutLinks(ctx context.Context, org string, links []plan.Link) error
	Links(ctx context.Context, org string) ([]plan.Link, error)
	PutOwned(ctx context.Context, org string, o Owned) error
	DropOwned(ctx context.Context, org, id string) error
	Owned(ctx context.Context, org string) ([]Owned, error)
	// PutHold places a hold; a person has one in force in a tenant. A block that another kind of hold replaces has
	// ended, like one with Ended set: it stays in the list until DropHold, because its sign-in is still off.
	PutHold(ctx context.Context, org string, h plan.Hold) error
	// PutNewHold places a hold where it takes no decision's place: problem.Conflict when the person has one in force in
	// the tenant, or one that is over and not undone yet. The same decision again changes nothing and is no error.
	PutNewHold(ctx context.Context, org string, h plan.Hold) error
	// EndHold ends a hold in force and returns it; problem.NotFound where there is none. A block stays as an ended one.
	EndHold(ctx context.Context, org string, person ident.Person, tenant ident.Tenant, at time.Time) (plan.Hold, error)
	// DropHold forgets holds of a person that are over: ended, or run out. One in force stays.
	DropHold(ctx context.Context, org string, person ident.Person, tenant ident.Tenant) error
	Holds(ctx context.Context, org string) ([]plan.Hold, error)
	PutInclusions(ctx context.Context, org string, in []plan.Inclusion) error
	DropInclusion(ctx context.Context, org string, share ident.Share, person ident.Person) error
	Inclusions(ctx context.Context, org string) ([]plan.Inclusion, error)
	PutConversions(ctx context.Context, org string, c []Conversion) error
	Conversions(ctx context.Context, org string) ([]Conversion, error)
}

// Stamp orders projections of one thing.
type Stamp struct {
	Run int `json:"run"`
	Seq int `json:"seq"`
}

// ShareStatus is the projection of one share.
type ShareStatus struct {
	Org        string         `json:"org"`
	Share      ident.Share    `json:"share"`
	Stamp      Stamp          `json:"stamp"`
	Phase      string         `json:"phase"` // contract.Phase
	Detail     string         `json:"detail"`
	Problem    *problem.Error `json:"problem,omitempty"`
	RequestID  string         `json:"requestId,omitempty"`
	PlanDigest string         `json:"planDigest,omitempty"`
	People     int            `json:"people"`
	InSync     bool           `json:"inSync"`
	UpdatedAt  time.Time      `json:"updatedAt"`
}

// TenantStatus is the projection of one tenant.
type TenantStatus struct {
	Org        string         `json:"org"`
	Tenant     ident.Tenant   `json:"tenant"`
	Stamp      Stamp          `json:"stamp"`
	Problem    *problem.Error `json:"problem,omitempty"`
	SnapshotID string         `json:"snapshotId,omitempty"`
	ObservedAt time.Time      `json:"observedAt,omitzero"`
	UpdatedAt  time.Time      `json:"updatedAt"`
}

// Run is one pass of one share.
type Run struct {
	Org        string      `json:"org"`
	Share      ident.Share `json:"share"`
	Seq        int         `json:"seq"`
	Trigger    string      `json:"trigger"`
	Phase      string      `json:"phase"`
	PlanDigest string      `json:"planDigest,omitempty"`
	Changes    int         `json:"changes"`
	Outcome    string      `json:"outcome,omitempty"` // done | nothing | refused | failed | waiting
	Detail     string      `json:"detail,omitempty"`
	StartedAt  time.Time   `json:"startedAt"`
	EndedAt    time.Time   `json:"endedAt,omitzero"`
}

// CoverageFilter narrows a coverage list; zero fields do not.
type CoverageFilter struct {
	Person string // substring of a user principal name or display name
	After  string // cursor: the last row's UPN
	Limit  int    // 0: all
}

// Projections keeps what pages and lists read.
type Projections interface {
	PutShareStatus(ctx context.Context, s ShareStatus) error
	ShareStatuses(ctx context.Context, org string) ([]ShareStatus, error) // sorted by share
	ShareStatus(ctx context.Context, org string, share ident.Share) (ShareStatus, error)
	PutTenantStatus(ctx context.Context, s TenantStatus) error
	TenantStatuses(ctx context.Context, org string) ([]TenantStatus, error)
	PutRun(ctx context.Context, r Run) error
	Runs(ctx context.Context, org string, share *ident.Share, limit int) ([]Run, error) // newest first
	// PutCoverage replaces an organization's matrix.
	PutCoverage(ctx context.Context, org string, c coverage.Coverage, at time.Time) error
	// Coverage returns the totals and the rows that the filter lets through, ordered by user principal name.
	Coverage(ctx context.Context, org string, f CoverageFilter) (coverage.Coverage, time.Time, error)
}

// RemovalState is where one person's removal stands. Strings are wire format.
type RemovalState string

// The states in order.
const (
	Announced RemovalState = "announced" // in grace
	Removed   RemovalState = "removed"   // left the scope group; the engine has not acted yet
	Proven    RemovalState = "proven"    // recycle bin and provisioning log agree
	Returned  RemovalState = "returned"  // came back in time, or was restored
	Lost      RemovalState = "lost"      // was to be restored and cannot come back as the same object: Missing says why
)

// Why Microsoft's engine leaves an account in the target.
const (
	DisabledFirst = "disabled at home before leaving"
	PurgedAtHome  = "purged at home"
)

// Removal is one person of a reduction.
type Removal struct {
	Person   ident.Person `json:"person"`
	UPN      string       `json:"upn"`
	ObjectID string       `json:"objectId"` // in the target
	State    RemovalState `json:"state"`
	Missing  string       `json:"missing,omitempty"` // what the proof still lacks
	LogID    string       `json:"logId,omitempty"`   // the provisioning row that proves it
	At       time.Time    `json:"at,omitzero"`
	// Abandoned is why Microsoft's engine leaves the account in the target.
	Abandoned string `json:"abandoned,omitempty"`
	// Brought is the key of the ledger's entry that makes the account ours to delete; only the core writes it.
	Brought string `json:"brought,omitempty"`
	// Deleted is the key of the ledger's entry of our own deletion, where the engine did not act.
	Deleted string `json:"deleted,omitempty"`
	// Kept is why we leave an abandoned account too.
	Kept string `json:"kept,omitempty"`
}

// Staged is a deletion that Microsoft's engine holds back (TooManyDeletes) and that no reduction approved.
type Staged struct {
	Person ident.Person `json:"person"`
	UPN    string       `json:"upn,omitempty"` // for who reads it; never stored
}

// Reduction is one batch of people who leave one share.
type Reduction struct {
	ID        string      `json:"id"`
	Org       string      `json:"org"`
	Share     ident.Share `json:"share"`
	Status    string      `json:"status"` // grace | waiting | removing | proving | proven | restored | cancelled
	Reason    string      `json:"reason"`
	Drain     bool        `json:"drain,omitempty"` // a stop: no budget counts it
	Removals  []Removal   `json:"removals"`
	Staged    []Staged    `json:"staged,omitempty"` // what keeps the engine's held back deletions from being released
	OpenedAt  time.Time   `json:"openedAt"`
	UpdatedAt time.Time   `json:"updatedAt"`
	Stamp     Stamp       `json:"stamp"`
}

// Reductions keeps every batch, for proof and for undo.
type Reductions interface {
	PutReduction(ctx context.Context, r Reduction) error
	Reduction(ctx context.Context, org, id string) (Reduction, error)
	ListReductions(ctx context.Context, org string) ([]Reduction, error) // newest first
}

// Entry is one row of the ledger.
type Entry = ledger.Entry

// Checkpoint is a signed tree of an organization's ledger.
type Checkpoint struct {
	Size int64     `json:"size"` // entries
	At   time.Time `json:"at"`   // when it was signed, by our clock
	Note string    `json:"note"`
}

// Appender adds to the ledger and cannot read it.
type Appender interface {
	// Append assigns Seq, Previous and Hash. The same Key again returns the stored entry. Appends of parallel
	// callers share transactions. When ctx ends first, the entry may still be stored.
	Append(ctx context.Context, e Entry) (Entry, error)
	// AppendAll appends in the order given: all of them, or none.
	AppendAll(ctx context.Context, entries []Entry) ([]Entry, error)
}

// Ledger is append-only, and hash-chained per organization.
type Ledger interface {
	Appender
	LedgerEntries(ctx context.Context, org string, after int64, limit int) ([]Entry, error)
	// LedgerEntry returns the entry of a key, problem.NotFound when there is none: whether something happened already.
	LedgerEntry(ctx context.Context, org, key string) (Entry, error)
	// LedgerAbout returns the newest entries of a subject (ledger.Entry.Subjects), oldest first; limit 0 is all.
	LedgerAbout(ctx context.Context, org, subject string, limit int) ([]Entry, error)
	// VerifyLedger recomputes chain and tree, compares them with the stored checkpoints' trees, and names the first
	// entry that does not fit. It has no key: whether a checkpoint is signed is for who has one.
	VerifyLedger(ctx context.Context, org string) (entries int64, err error)
}

// LedgerTree is what proofs of a ledger are made of.
type LedgerTree interface {
	// LedgerRows returns entries as they are stored, without looking at them.
	LedgerRows(ctx context.Context, org string, after int64, limit int) ([]ledger.Row, error)
	LedgerTree(ctx context.Context, org string) (ledger.Tree, error)
	// LedgerProof proves that the tree of old entries is the beginning of that of size entries.
	LedgerProof(ctx context.Context, org string, size, old int64) (ledger.Proof, error)
	// PutCheckpoint stores a checkpoint; one of the same size that is there already stays.
	PutCheckpoint(ctx context.Context, org string, c Checkpoint) error
	// Checkpoints returns those of more than after entries, smallest first; limit 0 is all.
	Checkpoints(ctx context.Context, org string, after int64, limit int) ([]Checkpoint, error)
	// NewestCheckpoint is problem.NotFound before the first.
	NewestCheckpoint(ctx context.Context, org string) (Checkpoint, error)
}
