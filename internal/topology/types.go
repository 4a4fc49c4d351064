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
}

// Rollout is the portions in which a new share fills.
type Rollout struct {
	// Rings are counts ("5") and percentages ("25%") of the people a share carries; the last is "100%".
	Rings []string `json:"rings,omitempty"`
}

// IsZero tells whether no rollout was declared: a share then fills at once.
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
}

// Deprovisioning is what happens to people who leave.
type Deprovisioning struct {
	Action string        `json:"action"` // softDelete | keep
	Grace  time.Duration `json:"grace"`
	Budget Budget        `json:"budget"`
}

// Budget is how many removals may happen in one run without a second look.
type Budget struct {
	Count   int `json:"count"`
	Percent int `json:"percent"` // of the people the share carries, rounded up: one person may always leave
}

// Observe is how often a tenant is looked at.
type Observe struct {
	Every time.Duration `json:"every"`
}
