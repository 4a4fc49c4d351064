package topology

import (
	"time"

	"entente.dev/entente/internal/ident"
)

// Topology is the declared desired state after parsing, validation and expansion: meshes are written out,
// defaults are merged into every share, slices are sorted by name.
type Topology struct {
	Name     string    `json:"name"` // the organization
	Tenants  []Tenant  `json:"tenants"`
	UserSets []UserSet `json:"userSets"`
	Shares   []Share   `json:"shares"`
	// Rollout is how new shares fill. It is kept as data: the organization reads it, the planner does not.
	Rollout Rollout `json:"rollout,omitzero"`
	// Protected is never shared, converted or removed.
	Protected []Protected `json:"protected,omitempty"`
	// Freezes is when nothing but revocations runs.
	Freezes []Freeze `json:"freezes,omitempty"`
	// Budgets bound removals beside each share's own budget.
	Budgets Budgets `json:"budgets,omitzero"`
}

// Rollout is the portions in which arrivals, conversions and removals of a share proceed.
type Rollout struct {
	// Rings are counts ("5") and percentages ("25%") of the people a share carries; the last is "100%".
	Rings []string `json:"rings,omitempty"`
	// PauseAbove is the percentage of a ring's people that may fail before the rollout pauses by itself: 0 is at
	// the first one, 100 is never. It means nothing without rings.
	PauseAbove int `json:"pauseAbove,omitempty"`
}

// IsZero tells whether no rollout was declared: a share then proceeds all at once.
func (r Rollout) IsZero() bool { return len(r.Rings) == 0 }

// Position is a place in the file, counted from 1; zero when the value came from elsewhere. It is no part of
// the digest.
type Position struct {
	Line   int `json:"line"`
	Column int `json:"column"`
}

// Tenant is one Entra directory.
type Tenant struct {
	Name     ident.Tenant `json:"name"`
	TenantID string       `json:"tenantId"` // GUID, lower case
	Domain   string       `json:"domain"`   // its primary domain
	Pos      Position     `json:"-"`
}

// UserSet is the users one tenant contributes. Exactly one source is set.
type UserSet struct {
	Name   string       `json:"name"`
	Tenant ident.Tenant `json:"tenant"`
	Group  string       `json:"group,omitempty"` // display name or object id of a group; nested groups count
	Users  []string     `json:"users,omitempty"` // user principal names
	Pos    Position     `json:"-"`
}

// Share is one directed edge with its policy.
type Share struct {
	ident.Share
	Sets   []string `json:"sets"` // names of user sets of the source tenant
	Policy Policy   `json:"policy"`
	Pos    Position `json:"-"`
}

// Policy is what holds for one share after the defaults were merged.
type Policy struct {
	Acceptance     Acceptance     `json:"acceptance"`
	UserType       UserType       `json:"userType"`
	Deprovisioning Deprovisioning `json:"deprovisioning"`
	Observe        Observe        `json:"observe"`
}

// Acceptance is how the target is asked.
type Acceptance struct {
	Mode          string        `json:"mode"`                // manual | auto
	AutoBelow     int           `json:"autoBelow,omitempty"` // auto: only while the share carries fewer people; 0: any number
	Approvers     int           `json:"approvers"`           // distinct people
	MaxUsers      int           `json:"maxUsers"`
	ExpiresAfter  time.Duration `json:"expiresAfter"`  // of the envelope
	RemindAfter   time.Duration `json:"remindAfter"`   // a request that nobody answered is said again after this, and again after as long
	EscalateAfter time.Duration `json:"escalateAfter"` // and to a second group after this
	AskFor        time.Duration `json:"askFor"`        // how long a request waits before it expires
}

// UserType is what shared people are in the target.
type UserType struct {
	Value          string `json:"value"`          // member
	ExistingGuests string `json:"existingGuests"` // keep | ask | convert
	Drift          string `json:"drift"`          // repair | report: when somebody in the target makes a Member a guest or hides them
}

// Deprovisioning is what happens to people who leave.
type Deprovisioning struct {
	Action string        `json:"action"` // softDelete | keep
	Grace  time.Duration `json:"grace"`
	Budget Budget        `json:"budget"`
	// EngineThreshold is the engine's own guard: that many deletions in one cycle and it deletes nobody and
	// quarantines the job. Always more than the budget's count, so that what the budget lets through is not held
	// back a second time.
	EngineThreshold int `json:"engineThreshold"`
}

// Budget is how many removals may happen without a second look: in one run, and in the windows that end with it.
// Of a count and a percentage the smaller one holds. A window is never narrower than what lies inside of it.
type Budget struct {
	Count   int    `json:"count"`
	Percent int    `json:"percent"`      // of the people that the budget is about, rounded up: one person may always leave
	Day     Window `json:"day,omitzero"` // the last 24 hours
	Week    Window `json:"week,omitzero"`
}

// Window is a budget's bound over a rolling window of time.
type Window struct {
	Count   int `json:"count"`
	Percent int `json:"percent"` // of the same people as the budget's
}

// Budgets are bounds of removals that lie beside those of the shares. What is absent does not bound.
type Budgets struct {
	Organization *Budget        `json:"organization,omitempty"` // all shares together
	Targets      []TargetBudget `json:"targets,omitempty"`      // sorted by tenant
}

// TargetBudget bounds what all shares together remove in one target.
type TargetBudget struct {
	Tenant ident.Tenant `json:"tenant"`
	Budget
	Pos Position `json:"-"`
}

// Protected names people whom no share carries, converts or removes. Exactly one of Group and Users is set.
type Protected struct {
	Tenant ident.Tenant `json:"tenant"`          // their home
	Group  string       `json:"group,omitempty"` // display name or object id of a group; nested groups count
	Users  []string     `json:"users,omitempty"` // user principal names
	Pos    Position     `json:"-"`
}

// Freeze is a time in which nothing but revocations runs: either From and To are set, or Days or Hours or both.
type Freeze struct {
	From   string   `json:"from,omitempty"`  // first day, "2026-12-20"
	To     string   `json:"to,omitempty"`    // last day
	Days   []string `json:"days,omitempty"`  // mon … sun, in that order; empty is every day
	Hours  string   `json:"hours,omitempty"` // "22:00-06:00"; past midnight they belong to the day on which they begin
	Zone   string   `json:"zone"`            // IANA name; UTC where the file says none
	Reason string   `json:"reason,omitempty"`
}

// Observe is how often a tenant is looked at.
type Observe struct {
	Every time.Duration `json:"every"`
}
