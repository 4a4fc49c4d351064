package contract

import (
	"time"

	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/plan"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/store"
)

// Registered activity names: <room>.<verb>-<object>.
const (
	ObserveTenant   = "graphread.observe-tenant"
	FindApplication = "graphread.find-application"
	FindGroup       = "graphread.find-group"
	FindJob         = "graphread.find-job"
	CheckRemovals   = "graphread.check-removals"
	CheckLog        = "graphread.check-provisioning-log"
	LearnLinks      = "graphread.learn-links"
	CheckAddresses  = "graphread.check-addresses"
	CheckGuests     = "graphread.check-guests"
	CheckReturned   = "graphread.check-returned"
	CheckRestorable = "graphread.check-restorable"
	CheckEngine     = "graphread.check-engine"

	EnsurePartner      = "graphwrite.ensure-partner"
	EnsureInboundSync  = "graphwrite.ensure-inbound-sync"
	CreateApplication  = "graphwrite.create-application"
	CreateGroup        = "graphwrite.create-group"
	CreateJob          = "graphwrite.create-job"
	CheckConnection    = "graphwrite.check-connection"
	PutSecrets         = "graphwrite.put-secrets"
	EnsureSchema       = "graphwrite.ensure-schema"
	AssignGroup        = "graphwrite.assign-group"
	AddScopeMembers    = "graphwrite.add-scope-members"
	RemoveScopeMembers = "graphwrite.remove-scope-members"
	ReturnScopeMembers = "graphwrite.return-scope-members"
	StartJob           = "graphwrite.start-job"
	RestartJob         = "graphwrite.restart-job"
	ConvertGuests      = "graphwrite.convert-guests"
	UndeletePeople     = "graphwrite.undelete-people"
	UndeletePlanned    = "graphwrite.undelete-planned"
	BlockPlanned       = "graphwrite.block-planned"
	UnblockPlanned     = "graphwrite.unblock-planned"
	DeleteBrought      = "graphwrite.delete-brought"
	ReleaseDeletes     = "graphwrite.release-staged-deletes"
	DeleteJob          = "graphwrite.delete-job"
	DeleteApplication  = "graphwrite.delete-application"
	DeleteGroup        = "graphwrite.delete-group"
	DeleteInboundSync  = "graphwrite.delete-inbound-sync"
	ReleasePartner     = "graphwrite.release-partner"

	PlanTopology    = "planning.plan-topology"
	PlanShare       = "planning.plan-share"
	ProjectCoverage = "planning.project-coverage"

	PutShareStatus    = "record.put-share-status"
	PutTenantStatus   = "record.put-tenant-status"
	PutRun            = "record.put-run"
	OpenRequest       = "record.open-request"
	CloseRequest      = "record.close-request"
	OpenReduction     = "record.open-reduction"
	SetReduction      = "record.set-reduction"
	ConfirmReduction  = "record.confirm-reduction"
	ProveBrought      = "record.prove-brought"
	KeepRestored      = "record.keep-restored"
	RecordConversions = "record.record-conversions"
	DropShare         = "record.drop-share"
	RevokeEnvelope    = "record.revoke-envelope"
	NoteApproval      = "record.note-approval"
	NoteUnchecked     = "record.note-unchecked"

	ListChannels = "announce.list-channels"
	Deliver      = "announce.deliver"
)

// Occasion is why people are told of a request. The strings are wire format.
type Occasion string

// The occasions, in the order in which they may come.
const (
	Asked     Occasion = "asked"
	Reminded  Occasion = "reminded"
	Escalated Occasion = "escalated"
	Ended     Occasion = "ended" // answered, expired or withdrawn
)

// AnnounceIn is one occasion of one request. Seq counts reminders.
type AnnounceIn struct {
	Org       string   `json:"org"`
	RequestID string   `json:"requestId"`
	Occasion  Occasion `json:"occasion"`
	Seq       int      `json:"seq,omitempty"`
}

// ChannelsOut names the configured channels that an occasion goes to; none is no error.
type ChannelsOut struct {
	Channels []string `json:"channels,omitempty"`
}

// DeliverIn delivers to one channel, so that a repeat after one channel's failure tells no other channel twice. ID is
// the same for every repeat: receivers see it and can tell.
type DeliverIn struct {
	AnnounceIn
	Channel string `json:"channel"`
	ID      string `json:"id"`
}

// RevokeIn takes a target's yes back.
type RevokeIn struct {
	Org     string        `json:"org"`
	Share   ident.Share   `json:"share"`
	Command RevokeCommand `json:"command"`
	At      time.Time     `json:"at"`
	Run     string        `json:"run"`
}

// CheckAddressesIn looks in the target whether its contacts and groups use the addresses of the people who ask.
type CheckAddressesIn struct {
	Org        string      `json:"org"`
	RequestID  string      `json:"requestId"`
	Share      ident.Share `json:"share"`
	Tenant     TenantRef   `json:"tenant"`     // the target; the task queue is this tenant's
	PlanDigest string      `json:"planDigest"` // that it was begun for; whose people are read is the request's newest
}

// NoteUncheckedIn tells that nobody could look, and the kind of problem that was.
type NoteUncheckedIn struct {
	Org       string       `json:"org"`
	RequestID string       `json:"requestId"`
	Kind      problem.Kind `json:"kind"`
}

// NoteApprovalIn shows that some, but not enough, have agreed.
type NoteApprovalIn struct {
	Org      string   `json:"org"`
	ID       string   `json:"id"`
	Decision Decision `json:"decision"`
	Missing  int      `json:"missing"`
}

// ObserveIn asks for one observation of one tenant. Groups and applications of interest come from the
// topology.
type ObserveIn struct {
	Org            string    `json:"org"`
	Tenant         TenantRef `json:"tenant"`
	TopologyDigest string    `json:"topologyDigest"`
	Deep           bool      `json:"deep,omitempty"` // read secrets and assignments again, not only what changes by itself
	// At is when the observation was ordered, by Temporal's clock: what the snapshot is compared with (FreshAfter) is
	// of the same clock, so that a worker whose own runs ahead or behind neither shows an old picture as new nor
	// holds a share up.
	At time.Time `json:"at,omitzero"`
	// Shares are the tenant's shares, those included that no topology declares any more: until they are stopped
	// their objects are looked at.
	Shares []ident.Share `json:"shares,omitempty"`
}

// ObserveOut names the stored snapshot.
type ObserveOut struct {
	SnapshotID string `json:"snapshotId"`
	Digest     string `json:"digest"`
	Changed    bool   `json:"changed"`
	Users      int    `json:"users"`
}

// PlanTopologyIn plans all shares of a stored topology on the newest snapshots.
type PlanTopologyIn struct {
	Org            string `json:"org"`
	TopologyDigest string `json:"topologyDigest"`
}

// PlanShareIn plans one share.
type PlanShareIn struct {
	Org            string      `json:"org"`
	TopologyDigest string      `json:"topologyDigest"`
	Share          ident.Share `json:"share"`
	Drain          bool        `json:"drain,omitempty"` // plan to take everybody out: a stop
	// After is when the share last wrote. Snapshots taken before do not show it: a plan on them would do it again.
	After time.Time `json:"after,omitzero"`
	// Rollout is how many rings of the topology's rollout are open for the share, and since when; nil is all of them.
	Rollout *plan.Opened `json:"rollout,omitempty"`
}

// CoverageIn projects the matrix.
type CoverageIn struct {
	Org            string `json:"org"`
	TopologyDigest string `json:"topologyDigest"`
}

// WriteIn is common to every write: whose, where, for which change.
type WriteIn struct {
	Org    string      `json:"org"`
	Share  ident.Share `json:"share"`
	Tenant TenantRef   `json:"tenant"` // where it is written; the task queue is this tenant's
	Run    string      `json:"run"`    // for the ledger
	// TargetTenantID is the share's target: a part of the application's marker.
	TargetTenantID string `json:"targetTenantId"`
}

// PartnerIn ensures one direction of automatic redemption in a partner entry.
type PartnerIn struct {
	WriteIn
	PartnerTenantID string `json:"partnerTenantId"`
	Inbound         bool   `json:"inbound"` // else outbound
}

// NameIn finds or creates an object by its marker.
type NameIn struct {
	WriteIn
	Name     string `json:"name"`
	Nickname string `json:"nickname,omitempty"`
}

// FoundOut is what a look-up saw. More than one match of a marker is an error, not a choice.
type FoundOut struct {
	Exists bool   `json:"exists"`
	ID     string `json:"id,omitempty"` // service principal, group or job
	AppID  string `json:"appId,omitempty"`
	State  string `json:"state,omitempty"` // a job's status code
}

// JobIn names a job; JobID may be empty where the call finds or creates it.
type JobIn struct {
	WriteIn
	ServicePrincipalID string       `json:"servicePrincipalId"`
	JobID              string       `json:"jobId,omitempty"`
	Desired            plan.Desired `json:"desired"`         // without Members
	Scope              string       `json:"scope,omitempty"` // restart: resetScope
}

// LearnIn reads the provisioning log of a share's job for who became which object.
type LearnIn struct {
	WriteIn
	JobID string    `json:"jobId"`
	Since time.Time `json:"since"`
}

// AssignIn assigns the scope group to the application.
type AssignIn struct {
	WriteIn
	ServicePrincipalID string `json:"servicePrincipalId"`
	GroupID            string `json:"groupId"`
}

// ScopeIn adds what a stored share plan lists to the scope group.
type ScopeIn struct {
	WriteIn
	GroupID    string `json:"groupId"`
	PlanDigest string `json:"planDigest"`
}

// BatchOut counts the items of a batch write.
type BatchOut struct {
	Done   int `json:"done"`
	Failed int `json:"failed"`
}

// ReductionRef names a stored reduction.
type ReductionRef struct {
	WriteIn
	ID      string         `json:"id"`
	GroupID string         `json:"groupId,omitempty"`
	JobID   string         `json:"jobId,omitempty"`
	People  []ident.Person `json:"people,omitempty"` // empty: all; only ever the few that a person named
	Final   bool           `json:"final,omitempty"`  // a restore: who is not back by now is lost
}

// EngineIn looks at what Microsoft's engine makes of a reduction. Late: it had its time, so that an account that is
// still live is looked into. Limit is how many deletions a cycle may make.
type EngineIn struct {
	ReductionRef
	ServicePrincipalID string `json:"servicePrincipalId"`
	Limit              int    `json:"limit,omitempty"`
	Late               bool   `json:"late,omitempty"`
}

// EngineOut counts. Digest names the deletions that the engine holds back, however they are ordered.
type EngineOut struct {
	Abandoned  int    `json:"abandoned,omitempty"` // accounts that the engine leaves in the target
	TooMany    bool   `json:"tooMany,omitempty"`   // the job stands still: TooManyDeletes
	Staged     int    `json:"staged,omitempty"`    // held back; 0 while the log does not show all of them
	Unapproved int    `json:"unapproved,omitempty"`
	Digest     string `json:"digest,omitempty"`
}

// ReleaseIn lets the engine make the deletions it holds back, if they are still exactly those of Digest and all of
// them are approved removals.
type ReleaseIn struct {
	EngineIn
	Digest string `json:"digest"`
}

// BroughtIn asks whose the abandoned accounts of a reduction are. The plan is the newest: whom it wants stays.
type BroughtIn struct {
	ReductionRef
	TopologyDigest string `json:"topologyDigest"`
	PlanDigest     string `json:"planDigest"`
}

// RemovalsOut counts a reduction's people by what was seen.
type RemovalsOut struct {
	Total    int `json:"total"`
	Proven   int `json:"proven"`
	InBin    int `json:"inBin"`
	Live     int `json:"live"`
	Gone     int `json:"gone"`
	Returned int `json:"returned"`
	Lost     int `json:"lost,omitempty"` // cannot come back as the same object
}

// GuestsIn asks about, or converts, the guests that a share plan names; Revert turns recorded ones back.
type GuestsIn struct {
	WriteIn
	PlanDigest string `json:"planDigest,omitempty"`
	Revert     bool   `json:"revert,omitempty"`
}

// GuestsOut counts.
type GuestsOut struct {
	Total  int `json:"total"`
	Guests int `json:"guests"` // still guests
	Done   int `json:"done"`
}

// OpenRequestIn opens a request, or with Refresh replaces what an open one says.
type OpenRequestIn struct {
	Request store.Request `json:"request"`
	Refresh bool          `json:"refresh,omitempty"`
}

// CloseRequestIn records the answer and, on approval of an acceptance, the envelope.
type CloseRequestIn struct {
	Org      string              `json:"org"`
	ID       string              `json:"id"`
	Status   store.RequestStatus `json:"status"`
	By       []string            `json:"by,omitempty"`
	Subjects []string            `json:"subjects,omitempty"` // who By are, in the same order
	Reason   string              `json:"reason,omitempty"`
	At       time.Time           `json:"at"`
	Envelope *plan.Envelope      `json:"envelope,omitempty"`
}

// OpenReductionIn stores who leaves, read from the share plan.
type OpenReductionIn struct {
	ReductionInput
	Status string `json:"status"`
}

// SetReductionIn moves a reduction's status forward.
type SetReductionIn struct {
	Org    string `json:"org"`
	ID     string `json:"id"`
	Status string `json:"status"`
}

// KeepRestoredIn stores inclusions for restored people.
type KeepRestoredIn struct {
	Org     string         `json:"org"`
	Share   ident.Share    `json:"share"`
	Command RestoreCommand `json:"command"`
	Until   time.Time      `json:"until"`
}

// DropShareIn forgets envelope and ownership of a stopped share.
type DropShareIn struct {
	Org    string      `json:"org"`
	Share  ident.Share `json:"share"`
	By     string      `json:"by"`
	Reason string      `json:"reason"`
	Run    string      `json:"run,omitempty"`
}
