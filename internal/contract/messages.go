package contract

import (
	"slices"
	"time"

	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/plan"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/topology"
)

// TenantRef is a tenant with what is needed to reach its queue.
type TenantRef struct {
	Name     ident.Tenant `json:"name"`
	TenantID string       `json:"tenantId"`
}

// Pace is how fast a share's waiting loops look; it comes with the topology, so that a demonstration can be
// quick and production gentle.
type Pace struct {
	Every time.Duration `json:"every"` // a tenant's own observations
	Poll  time.Duration `json:"poll"`  // while something is on its way
}

// PreviewInput asks for the plan of a stored topology.
type PreviewInput struct {
	Org            string      `json:"org"`
	TopologyDigest string      `json:"topologyDigest"`
	Tenants        []TenantRef `json:"tenants"`
}

// PlanRef names a stored plan.
type PlanRef struct {
	Digest string      `json:"digest"`
	Counts plan.Counts `json:"counts"`
	Fatal  bool        `json:"fatal"` // some refusal stops the whole apply
}

// ApplyInput hands a topology over to the organization.
type ApplyInput struct {
	TopologyDigest string        `json:"topologyDigest"`
	PlanDigest     string        `json:"planDigest"`
	Tenants        []TenantRef   `json:"tenants"`
	Shares         []ident.Share `json:"shares"`
	Pace           Pace          `json:"pace"`
	By             string        `json:"by"`
	Subject        string        `json:"subject,omitempty"` // of By: who it is, whatever they are called
}

// ApplyResult says what the organization took over.
type ApplyResult struct {
	TopologyDigest string `json:"topologyDigest"`
	Tenants        int    `json:"tenants"`
	Shares         int    `json:"shares"`
}

// OrganizationState is the carried state of the organization entity.
type OrganizationState struct {
	Schema  int           `json:"schema"`
	Org     string        `json:"org"`
	Applied ApplyInput    `json:"applied"`
	Retired []ident.Share `json:"retired,omitempty"` // once applied, no longer declared; left running until stopped
	Former  []TenantRef   `json:"former,omitempty"`  // tenants that only retired shares still need
}

// TenantState is the carried state of a tenant entity.
type TenantState struct {
	Schema         int            `json:"schema"`
	Org            string         `json:"org"`
	Tenant         TenantRef      `json:"tenant"`
	TopologyDigest string         `json:"topologyDigest"`
	Shares         []ident.Share  `json:"shares"`
	Pace           Pace           `json:"pace"`
	Epoch          int            `json:"epoch,omitempty"` // when the entity first ran; a later entity of the same name projects over it
	Seq            int            `json:"seq"`             // observations made
	SnapshotID     string         `json:"snapshotId"`
	Digest         string         `json:"digest"`
	Failures       int            `json:"failures"` // in a row
	Problem        *problem.Error `json:"problem,omitempty"`
	ProjectedAt    time.Time      `json:"projectedAt,omitzero"` // when people last saw the time of an observation
	Requested      []ident.Share  `json:"requested,omitempty"`  // shares that wait for an observation
	Deep           bool           `json:"deep,omitempty"`       // the next observation reads secrets and assignments too
	Due            time.Time      `json:"due,omitzero"`         // the next observation by the clock
	NotBefore      time.Time      `json:"notBefore,omitzero"`   // however much it is asked for
}

// TopologyAppliedSignal tells tenants and shares of a new topology.
type TopologyAppliedSignal struct {
	TopologyDigest string        `json:"topologyDigest"`
	PlanDigest     string        `json:"planDigest,omitempty"`
	Shares         []ident.Share `json:"shares,omitempty"` // for tenants: the shares they belong to
	Pace           Pace          `json:"pace"`
	By             string        `json:"by"`
	Subject        string        `json:"subject,omitempty"` // of By
	// Released tells a tenant that nothing needs it any more: it ends.
	Released bool `json:"released,omitempty"`
}

// TenantObservedSignal tells a share that one of its tenants was observed.
type TenantObservedSignal struct {
	Tenant     ident.Tenant `json:"tenant"`
	SnapshotID string       `json:"snapshotId"`
	Changed    bool         `json:"changed"`
}

// ObserveRequestedSignal asks a tenant for a fresh observation.
type ObserveRequestedSignal struct {
	Share ident.Share `json:"share"`
	Deep  bool        `json:"deep,omitempty"` // read secrets and assignments too
}

// ReductionMovedSignal is what a reduction tells the share that it runs for.
type ReductionMovedSignal struct {
	ID      string         `json:"id"`
	Removed bool           `json:"removed,omitempty"` // the people left the scope group; what follows is proof
	Problem *problem.Error `json:"problem,omitempty"` // what keeps the proof from being read; nil: nothing any more
	// Agreed: the target let the people go that an over-budget reduction asked about; their grace begins.
	Agreed bool `json:"agreed,omitempty"`
}

// PlanRefreshedSignal tells a question what it is about now, and who asks.
type PlanRefreshedSignal struct {
	SharePlanRef
	Requester string `json:"requester,omitempty"` // subject
}

// ShareState is the carried state of a share entity.
type ShareState struct {
	Schema         int              `json:"schema"`
	Org            string           `json:"org"`
	Share          ident.Share      `json:"share"`
	Source         TenantRef        `json:"source"`
	Target         TenantRef        `json:"target"`
	TopologyDigest string           `json:"topologyDigest"`
	DeclaredDigest string           `json:"declaredDigest,omitempty"` // the last topology that declared it: what a stop drains by
	Pace           Pace             `json:"pace"`
	Phase          Phase            `json:"phase"`
	Detail         string           `json:"detail,omitempty"`
	Problem        *problem.Error   `json:"problem,omitempty"`
	RunSeq         int              `json:"runSeq"`
	StatusSeq      int              `json:"statusSeq"` // orders projections within a run
	RequestID      string           `json:"requestId,omitempty"`
	PlanDigest     string           `json:"planDigest,omitempty"`
	People         int              `json:"people"`
	InSync         bool             `json:"inSync"`
	WaitingSince   time.Time        `json:"waitingSince,omitzero"` // Microsoft's engine owes something since then
	LearnSince     time.Time        `json:"learnSince,omitzero"`   // provisioning rows from here on are not linked yet
	FreshAfter     time.Time        `json:"freshAfter,omitzero"`   // when the share last wrote: older snapshots do not show it yet
	Dirty          bool             `json:"dirty"`                 // a pass is due
	Failures       int              `json:"failures"`              // passes in a row that ended blocked
	AskedDigest    string           `json:"askedDigest,omitempty"` // the topology the target answered no to
	StayDigest     string           `json:"stayDigest,omitempty"`  // who may not be taken out: the answer to their reduction was no
	Requester      string           `json:"requester,omitempty"`   // subject of who applied the topology: may not answer for the target
	Stop           *StopCommand     `json:"stop,omitempty"`
	Restores       []RestoreCommand `json:"restores,omitempty"`
	Reverts        []RevertCommand  `json:"reverts,omitempty"`
	Revoke         *RevokeCommand   `json:"revoke,omitempty"`
	Accepted       bool             `json:"accepted,omitempty"` // the target accepted, or something is set up: there is something to revoke
	Job            *JobTrouble      `json:"job,omitempty"`      // what keeps the share's job from running, or kept it until a while ago
	Rollout        *RolloutState    `json:"rollout,omitempty"`
}

// RolloutState is a rollout in progress. Failed and Size are of the ring that was opened last.
type RolloutState struct {
	Opened plan.Opened `json:"opened"`
	Of     int         `json:"of"`
	More   bool        `json:"more,omitempty"`   // a later ring does more
	Size   int         `json:"size,omitempty"`   // people who came, changed or left with the ring
	Owed   int         `json:"owed,omitempty"`   // people who were missing before the ring was opened
	Failed int         `json:"failed,omitempty"` // of Size, when the rollout paused
	Paused bool        `json:"paused,omitempty"`
}

// ContinueCommand opens the next ring of a paused rollout.
type ContinueCommand struct {
	By     string `json:"by"`
	Reason string `json:"reason"`
}

// StopCommand drains and tears a share down.
type StopCommand struct {
	By     string `json:"by"`
	Reason string `json:"reason"`
}

// The ways to take a yes back.
const (
	Freeze     = "freeze" // nothing new comes in; who is there stays
	DrainShare = "drain"  // everybody is taken out, then the share is taken down
)

// RevokeCommand takes a target's yes back.
type RevokeCommand struct {
	Mode    string `json:"mode"` // freeze | drain
	By      string `json:"by"`
	Subject string `json:"subject,omitempty"`
	Reason  string `json:"reason"`
}

// RestoreCommand undoes a reduction, wholly or for some people.
type RestoreCommand struct {
	ReductionID string         `json:"reductionId"`
	People      []ident.Person `json:"people,omitempty"` // empty: all of the reduction
	By          string         `json:"by"`
	Reason      string         `json:"reason"`
}

// RevertCommand turns converted guests back into guests.
type RevertCommand struct {
	By     string `json:"by"`
	Reason string `json:"reason"`
}

// Decision answers a request.
type Decision struct {
	Approve        bool                 `json:"approve"`
	By             string               `json:"by"`
	Subject        string               `json:"subject,omitempty"` // who By is, whatever they are called; one subject counts once
	Reason         string               `json:"reason,omitempty"`
	MaxUsers       int                  `json:"maxUsers,omitempty"`       // 0: as asked
	ExistingGuests string               `json:"existingGuests,omitempty"` // keep | convert; "": as asked, keep where asked to ask
	Exclusions     []plan.Exclusion     `json:"exclusions,omitempty"`
	Rules          []plan.ExclusionRule `json:"rules,omitempty"`
	Excluded       int                  `json:"excluded,omitempty"`     // how many of those who ask, exclusions and rules leave out
	ExpiresAfter   time.Duration        `json:"expiresAfter,omitempty"` // 0: as asked
	PlanDigest     string               `json:"planDigest,omitempty"`   // what the admin saw; refused when stale
}

// DecisionResult says where the request stands after a decision.
type DecisionResult struct {
	Status  string `json:"status"`  // store.RequestStatus
	Missing int    `json:"missing"` // further approvers needed
}

// RunInput is common to the children of one pass.
type RunInput struct {
	Org    string      `json:"org"`
	Share  ident.Share `json:"share"`
	Source TenantRef   `json:"source"`
	Target TenantRef   `json:"target"`
	Seq    int         `json:"seq"`
	Pace   Pace        `json:"pace"`
}

// ID is the pass's name.
func (r RunInput) ID() string { return RunID(r.Org, r.Share, r.Seq) }

// SharePlanRef is what a workflow knows of a stored share plan: no names, no lists.
type SharePlanRef struct {
	Digest     string              `json:"digest"`
	Kinds      []plan.Kind         `json:"kinds"` // changes to be made, in order
	Counts     plan.Counts         `json:"counts"`
	Acceptance plan.AcceptanceNeed `json:"acceptance"`
	Budget     plan.BudgetVerdict  `json:"budget"`
	Policy     topology.Policy     `json:"policy"`
	Sets       []string            `json:"sets"`
	// Definitions say what defines each of the sets (plan.Definition).
	Definitions map[string]string `json:"definitions,omitempty"`
	// Terms is a digest of what a yes agrees to beside the people: another one makes every earlier yes void.
	Terms    string         `json:"terms,omitempty"`
	Desired  plan.Desired   `json:"desired"` // without Members
	Guests   int            `json:"guests"`  // existing guests in scope
	Pending  int            `json:"pending"` // effects the engine still has to bring about
	Refused  string         `json:"refused,omitempty"`
	Leaving  string         `json:"leaving,omitempty"`  // digest of who would be taken out
	Asking   string         `json:"asking,omitempty"`   // digest of who would come
	Held     string         `json:"held,omitempty"`     // a rule that holds removals back, in words
	Declared bool           `json:"declared"`           // the topology still names this share
	Deadline time.Time      `json:"deadline,omitzero"`  // when an acceptance or a hold ends: the plan is another one then
	Warnings []string       `json:"warnings,omitempty"` // rules only
	Job      JobHealth      `json:"job,omitzero"`
	Ring     plan.RingState `json:"ring,omitzero"`
	// FrozenUntil is when the calendar's freeze ends that is in force, and why it is; zero when none is.
	FrozenUntil time.Time `json:"frozenUntil,omitzero"`
	FreezeWhy   string    `json:"freezeWhy,omitempty"`
	// PauseAbove is the percentage of a ring's people that may fail before the rollout pauses.
	PauseAbove int `json:"pauseAbove,omitempty"`
}

// Has tells whether a kind of change is planned.
func (r SharePlanRef) Has(kinds ...plan.Kind) bool {
	for _, k := range r.Kinds {
		for _, want := range kinds {
			if k == want {
				return true
			}
		}
	}
	return false
}

// Without is the plan less some kinds of change, which wait.
func (r SharePlanRef) Without(kinds ...plan.Kind) SharePlanRef {
	r.Kinds = slices.DeleteFunc(slices.Clone(r.Kinds), func(k plan.Kind) bool { return slices.Contains(kinds, k) })
	return r
}

// SetupInput converges both sides of one share.
type SetupInput struct {
	Run  RunInput     `json:"run"`
	Plan SharePlanRef `json:"plan"`
}

// SetupResult names what stands now.
type SetupResult struct {
	Found plan.Found `json:"found"`
	Added int        `json:"added"`
}

// AcceptanceInput asks a target.
type AcceptanceInput struct {
	Run       RunInput     `json:"run"`
	RequestID string       `json:"requestId"`
	Plan      SharePlanRef `json:"plan"`
	Requester string       `json:"requester,omitempty"` // subject of who asks: never counts as an approver
}

// ReminderInput tells people of a question that is open. All but the first five fields are carried from run to run.
type ReminderInput struct {
	Org           string        `json:"org"`
	RequestID     string        `json:"requestId"`
	RemindAfter   time.Duration `json:"remindAfter"`
	EscalateAfter time.Duration `json:"escalateAfter"`
	Until         time.Time     `json:"until"` // when the question's time is over
	OpenedAt      time.Time     `json:"openedAt,omitzero"`
	Reminded      int           `json:"reminded,omitempty"`
	Escalated     bool          `json:"escalated,omitempty"`
}

// AcceptanceResult is the target's answer.
type AcceptanceResult struct {
	Status string `json:"status"` // approved | rejected | expired | withdrawn
	By     string `json:"by,omitempty"`
	Reason string `json:"reason,omitempty"`
}

// MemberTypeInput converts existing guests, or reverts them.
type MemberTypeInput struct {
	Run        RunInput `json:"run"`
	PlanDigest string   `json:"planDigest,omitempty"`
	Revert     bool     `json:"revert,omitempty"`
	By         string   `json:"by,omitempty"`
}

// MemberTypeResult counts conversions.
type MemberTypeResult struct {
	Converted int `json:"converted"`
	Patched   int `json:"patched"` // of them by our own write in the target
	Reverted  int `json:"reverted"`
}

// ReductionInput takes people out of a share.
type ReductionInput struct {
	Run            RunInput      `json:"run"`
	ID             string        `json:"id"`
	TopologyDigest string        `json:"topologyDigest"`
	PlanDigest     string        `json:"planDigest"`
	Plan           SharePlanRef  `json:"plan"`
	Grace          time.Duration `json:"grace"`
	Drain          bool          `json:"drain,omitempty"` // a stop: asked for by a person, so the budget does not hold it
	Reason         string        `json:"reason"`
	Requester      string        `json:"requester,omitempty"` // subject of who asks: never counts as an approver
}

// ReductionResult says how it ended.
type ReductionResult struct {
	Status  string `json:"status"` // proven | cancelled | rejected | expired
	Removed int    `json:"removed"`
	Proven  int    `json:"proven"`
}

// RestoreInput brings people of a reduction back.
type RestoreInput struct {
	Run     RunInput       `json:"run"`
	Command RestoreCommand `json:"command"`
}

// RestoreResult counts who is back under the same object id.
type RestoreResult struct {
	Restored int `json:"restored"`
	Missing  int `json:"missing"`
}

// TeardownInput removes a drained share's objects on both sides.
type TeardownInput struct {
	Run   RunInput     `json:"run"`
	Found plan.Found   `json:"found"`
	Plan  SharePlanRef `json:"plan"`
}
