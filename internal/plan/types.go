package plan

import (
	"time"

	"entente.dev/entente/internal/directory"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/topology"
)

// Input is everything a plan depends on. Nothing else may influence it: not the clock, not map order.
type Input struct {
	Topology *topology.Topology
	// Snapshots holds one complete snapshot per tenant. A share with a missing one is refused, not planned.
	Snapshots map[ident.Tenant]directory.Complete
	// Links are pairs that a provisioning log proved: this person is that object there.
	Links []Link
	// Envelopes are what targets accepted.
	Envelopes map[ident.Share]Envelope
	Holds     []Hold
	// Inclusions keep people in a share although their set no longer names them: an undone reduction.
	Inclusions []Inclusion
	// Rings is how many rings of the topology's rollout are open for a share; a share that is not named has them all.
	Rings map[ident.Share]Opened
	// Removed are the removals of the last seven days, and those of a rollout since it began.
	Removed []Removed
	// Owned lists what our ledger says we made: application, group and partner-entry ids.
	Owned map[string]bool
	// Only limits the plan to some shares; empty plans all.
	Only []ident.Share
	// Draining shares are being stopped: nobody is wanted, every member of the scope group leaves, no budget and
	// no empty-set rule holds, because a person asked for exactly this.
	Draining []ident.Share
	// Retired shares are those that no topology declares any more and nobody has stopped: each wants exactly whom it
	// carries. What the target decided about a person counts all the same. They are among the topology's shares here,
	// with the policy that they had.
	Retired []ident.Share
	// Now is the caller's time, for expiries.
	Now time.Time
}

// Link is a proven representation.
type Link struct {
	Person   ident.Person `json:"person"`
	Tenant   ident.Tenant `json:"tenant"`
	ObjectID string       `json:"objectId"`
}

// Envelope is what a target accepted for a share.
type Envelope struct {
	RequestID string      `json:"requestId"`
	Share     ident.Share `json:"share"`
	Sets      []string    `json:"sets"`
	// Definitions say what defined each of the sets then (Definition); a set that is not named may be defined by
	// anything.
	Definitions    map[string]string `json:"definitions,omitempty"`
	MaxUsers       int               `json:"maxUsers"`
	UserType       string            `json:"userType"`
	ExistingGuests string            `json:"existingGuests"`        // keep | convert: what the admin agreed to
	AskedGuests    string            `json:"askedGuests,omitempty"` // what the topology had asked for then: ask, convert or keep
	// Bounded: the target itself said when its yes ends, so that it ends then in any mode.
	Bounded bool `json:"bounded,omitempty"`
	// Auto: from now on the topology answers for the target, while the share carries fewer than AutoBelow people
	// (0: any number) and its policy still says so.
	Auto       bool            `json:"auto,omitempty"`
	AutoBelow  int             `json:"autoBelow,omitempty"`
	Exclusions []Exclusion     `json:"exclusions,omitempty"`
	Rules      []ExclusionRule `json:"rules,omitempty"`
	ExpiresAt  time.Time       `json:"expiresAt"`
	PlanDigest string          `json:"planDigest"`
	AcceptedBy []string        `json:"acceptedBy"`
	AcceptedAt time.Time       `json:"acceptedAt"`
	// Revoked: the target took its yes back. Nothing new comes in; who leaves still leaves.
	Revoked *Revocation `json:"revoked,omitempty"`
}

// Exclusion leaves one person out of what was accepted.
type Exclusion struct {
	Person ident.Person `json:"person"`
	Reason string       `json:"reason,omitempty"`
}

// ExclusionRule leaves out whoever fits, now and later.
type ExclusionRule struct {
	Field  string `json:"field"` // upn | mail | name | department | jobTitle
	Match  string `json:"match"` // * stands for anything; letters' case does not count
	Reason string `json:"reason,omitempty"`
}

// Revocation is a yes taken back.
type Revocation struct {
	By     string    `json:"by"`
	Reason string    `json:"reason"`
	At     time.Time `json:"at"`
}

// Hold is a target's decision about one person. keepOut takes the person out of the share's scope for that target.
// blocked leaves the account and keeps its sign-in off, whatever Microsoft's engine makes of it.
type Hold struct {
	Person ident.Person `json:"person"`
	Tenant ident.Tenant `json:"tenant"` // the target that decided
	Kind   string       `json:"kind"`   // keepOut | blocked
	Reason string       `json:"reason"`
	By     string       `json:"by"`
	At     time.Time    `json:"at,omitzero"`
	Until  time.Time    `json:"until,omitzero"`
	// Ended: it was released or ran out, and what it did (a sign-in turned off) is not undone yet.
	Ended time.Time `json:"ended,omitzero"`
}

// Inclusion keeps a restored person in a share until the set names them again, or until it ends.
type Inclusion struct {
	Share  ident.Share  `json:"share"`
	Person ident.Person `json:"person"`
	Reason string       `json:"reason"`
	Until  time.Time    `json:"until,omitzero"`
}

// Opened is how far the rollout of a share is.
type Opened struct {
	Rings int       `json:"rings"`
	Since time.Time `json:"since,omitzero"` // when the first one was opened: removals since then are part of it
}

// Removed is one person whom a share announced to take out, is taking out or has taken out. Whoever came back in time
// or was restored is none, and whom a stop took out is none: a person asked for that.
type Removed struct {
	Share  ident.Share  `json:"share"`
	Person ident.Person `json:"person"`
	At     time.Time    `json:"at"`
	Open   bool         `json:"open,omitempty"` // not proven yet
}

// Plan is pure data: what would change where, for whom, and what is refused. Digest binds an approval to it.
type Plan struct {
	Digest   string      `json:"digest"`
	Topology string      `json:"topology"` // digest of the topology
	Name     string      `json:"name"`
	Shares   []SharePlan `json:"shares"`
	Refusals []Refusal   `json:"refusals"`
	Warnings []Warning   `json:"warnings"`
	Counts   Counts      `json:"counts"`
}

// SharePlan is the plan of one share. Its own digest is what a target's envelope refers to.
type SharePlan struct {
	Share    ident.Share `json:"share"`
	Digest   string      `json:"digest"`
	Terms    string      `json:"terms,omitempty"` // digest of what a yes agrees to beside the people
	Desired  Desired     `json:"desired"`
	Changes  []Change    `json:"changes"` // in dependency order
	Effects  []Effect    `json:"effects"` // sorted by person
	Refusals []Refusal   `json:"refusals"`
	Warnings []Warning   `json:"warnings"`
	Counts   Counts      `json:"counts"`
	// Acceptance says whether the target must be asked before anything is written there, and why.
	Acceptance AcceptanceNeed `json:"acceptance"`
	// Budget says how many removals may flow without an approval.
	Budget BudgetVerdict `json:"budget"`
	// Ring says how much of the share the open rings of its rollout let through. It is no part of the digest.
	Ring RingState `json:"ring,omitzero"`
}

// RingState is where a share is in its rollout.
type RingState struct {
	Open        int  `json:"open,omitempty"` // rings that are open
	Of          int  `json:"of,omitempty"`   // rings there are; 0: everything at once
	Arrivals    int  `json:"arrivals,omitempty"`
	Conversions int  `json:"conversions,omitempty"`
	Removals    int  `json:"removals,omitempty"`
	More        bool `json:"more,omitempty"` // a later ring does more
}

// Desired is the state the share's set-up must reach; the set-up workflow converges to it.
type Desired struct {
	SourceTenantID string           `json:"sourceTenantId"`
	TargetTenantID string           `json:"targetTenantId"`
	AppName        string           `json:"appName"`   // display name of the application: our marker
	GroupName      string           `json:"groupName"` // display name of the scope group
	GroupNickname  string           `json:"groupNickname"`
	Schema         directory.Schema `json:"schema"`
	DeleteLimit    int              `json:"deleteLimit"` // the native deletion threshold
	// Members are the object ids, in the source, that the scope group must hold; sorted.
	Members []string `json:"members"`
	// Found are the ids that the plan saw; empty ids are to be created.
	Found Found `json:"found"`
}

// Found are ids of existing objects of the share.
type Found struct {
	ServicePrincipalID string `json:"servicePrincipalId,omitempty"`
	AppID              string `json:"appId,omitempty"`
	JobID              string `json:"jobId,omitempty"`
	ScopeGroupID       string `json:"scopeGroupId,omitempty"`
}

// Side is where a change is written.
type Side string

// The two sides of a share.
const (
	Source Side = "source"
	Target Side = "target"
)

// Kind is what a change does. The strings are wire format: append only.
type Kind string

// The kinds in dependency order (design: the share in Graph terms).
const (
	InboundPartner  Kind = "target.inbound-partner"  // partner entry for the source, inbound automatic redemption
	InboundSync     Kind = "target.inbound-sync"     // identitySynchronization: isSyncAllowed
	OutboundPartner Kind = "source.outbound-partner" // partner entry for the target, outbound automatic redemption
	Application     Kind = "source.application"
	Job             Kind = "source.job"
	Secrets         Kind = "source.secrets"
	JobSchema       Kind = "source.schema"
	ScopeGroup      Kind = "source.scope-group"
	Assignment      Kind = "source.assignment"
	ScopeAdd        Kind = "source.scope-add"    // people come into the scope group
	ScopeRemove     Kind = "source.scope-remove" // people leave the scope group
	StartJob        Kind = "source.start-job"
	Convert         Kind = "target.convert" // existing guests become Members
	Undelete        Kind = "target.restore" // people come back from the target's recycle bin
	Block           Kind = "target.block"   // the sign-in of held people is turned off
	Unblock         Kind = "target.unblock" // and on again, where a hold of ours had turned it off
)

// Change is one ordered step.
type Change struct {
	ID        string       `json:"id"` // share and kind; stable between plans
	Kind      Kind         `json:"kind"`
	Share     ident.Share  `json:"share"`
	Side      Side         `json:"side"`
	Tenant    ident.Tenant `json:"tenant"` // where it is written
	Action    string       `json:"action"` // create | update | add | remove | start
	Summary   string       `json:"summary"`
	Before    string       `json:"before,omitempty"`
	After     string       `json:"after,omitempty"`
	People    []string     `json:"people,omitempty"` // object ids in Tenant
	DependsOn []string     `json:"dependsOn,omitempty"`
}

// Effect is what the plan means for one person in one target.
type Effect struct {
	Share    ident.Share  `json:"share"`
	Person   ident.Person `json:"person"`
	UPN      string       `json:"upn"`
	Name     string       `json:"name"`
	Tenant   ident.Tenant `json:"tenant"` // the target
	Action   EffectAction `json:"action"`
	From     string       `json:"from"` // representation before: coverage words
	To       string       `json:"to"`
	ObjectID string       `json:"objectId,omitempty"` // the object in the target, where there is one
	Reason   string       `json:"reason"`
	// Ring: this person comes, becomes a Member or leaves with that ring of the rollout, counted from 1, and nobody is
	// asked for it. 0: no ring holds them back.
	Ring int `json:"ring,omitempty"`
}

// EffectAction is what happens to one person. The strings are wire format: append only.
type EffectAction string

// The actions.
const (
	Create  EffectAction = "create"      // a Member appears
	Adopt   EffectAction = "convert"     // an existing guest becomes Member: its own, approved change
	KeepOne EffectAction = "keep"        // nothing changes
	Leave   EffectAction = "leave-guest" // an existing guest stays guest
	Restore EffectAction = "restore"     // comes back from the recycle bin, same object id
	Remove  EffectAction = "remove"      // soft-deleted in the target
	Skip    EffectAction = "skip"        // the engine would skip this person; Reason says why
	HeldOut EffectAction = "held"        // a hold or an exclusion keeps the person out
	Wait    EffectAction = "wait"        // would come, but waits for the target's answer, or for a ring where Ring is set
	TurnOff EffectAction = "block"       // a hold turns the sign-in off in the target
	TurnOn  EffectAction = "unblock"     // the hold is over: sign-in as before
)

// Refusal is a change that is not planned because a rule forbids it. Fatal ones stop the whole apply.
type Refusal struct {
	Rule    string            `json:"rule"` // stable name: empty-set, group-not-found, not-ours, …
	Fatal   bool              `json:"fatal"`
	Share   *ident.Share      `json:"share,omitempty"`
	Tenant  ident.Tenant      `json:"tenant,omitempty"`
	UserSet string            `json:"userSet,omitempty"`
	Pos     topology.Position `json:"pos,omitzero"`
	Detail  string            `json:"detail"`
	Remedy  string            `json:"remedy"`
}

// Warning is something a person should know; nothing stops.
type Warning struct {
	Rule   string       `json:"rule"`
	Share  *ident.Share `json:"share,omitempty"`
	Tenant ident.Tenant `json:"tenant,omitempty"`
	Detail string       `json:"detail"`
	// Person is whom the warning is about; Detail names nobody.
	Person *ident.Person `json:"person,omitempty"`
}

// Counts sums a plan up.
type Counts struct {
	Shares   int `json:"shares"`
	Changes  int `json:"changes"`
	People   int `json:"people"` // people the shares carry, counted per share
	Creates  int `json:"creates"`
	Converts int `json:"converts"`
	Restores int `json:"restores"`
	Removals int `json:"removals"`
	Waiting  int `json:"waiting,omitempty"` // people held back until the target answers, or until who leaves makes room
	Ringed   int `json:"ringed,omitempty"`  // people held back until a later ring
	Refusals int `json:"refusals"`
}

// AcceptanceNeed is why a target has to be asked. Where it accepted before, what is inside of that flows all the same;
// the changes and effects of the plan are only those.
type AcceptanceNeed struct {
	Needed bool   `json:"needed"`
	Why    string `json:"why,omitempty"`    // not accepted yet; over the cap: …; new set: …; set … is now group …; the acceptance has expired
	Delta  bool   `json:"delta,omitempty"`  // it accepted before: only what is outside of that waits
	Guests int    `json:"guests,omitempty"` // with Delta: existing guests who become Members only if it agrees
	Frozen bool   `json:"frozen,omitempty"` // it took its yes back: nothing new comes, and it is not asked by itself
}

// BudgetVerdict compares a reduction with the budgets of its share, of its target and of the organization, in one run,
// in 24 hours and in 7 days.
type BudgetVerdict struct {
	Removals int    `json:"removals"`
	Allowed  int    `json:"allowed"`       // by all of them, after what was removed before
	Over     bool   `json:"over"`          // a person must look: a bound is exceeded, or a user set shrank suddenly
	Why      string `json:"why,omitempty"` // which bounds, or which set
}
