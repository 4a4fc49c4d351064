package wire

import (
	"time"

	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/plan"
	"entente.dev/entente/internal/prospect"
	"entente.dev/entente/internal/store"
)

// Requests are questions to tenants, newest first.
type Requests struct {
	Requests []store.Request `json:"requests"`
}

// Request is one question with what the admin must know before answering.
type Request struct {
	store.Request
	Acceptance plan.AcceptanceNeed `json:"acceptance"`
	Budget     plan.BudgetVerdict  `json:"budget"`
	Counts     plan.Counts         `json:"counts"`
	Yours      bool                `json:"yours" doc:"The caller asked for this: somebody else has to say yes"`
	Changes    []plan.Change       `json:"changes" doc:"What would be written in the target tenant"`
	Summary    Prospect            `json:"summary"`
}

// Prospect says what a yes would mean.
type Prospect struct {
	As         string               `json:"as" doc:"What those who come are in the target: member or guest"`
	Standing   prospect.Standing    `json:"standing" doc:"How many stand how in the target now"`
	Directory  *prospect.Directory  `json:"directory,omitempty" doc:"Objects of the target before and after, as far as observed"`
	Collisions []prospect.Collision `json:"collisions" doc:"People whose address is used in the target already"`
	Notes      []prospect.Note      `json:"notes" doc:"The summary in sentences; keys are stable"`
}

// People is a page of who exactly a request is about.
type People struct {
	People []store.AskedPerson `json:"people"`
	Total  int                 `json:"total" doc:"Of the whole list, whatever the filter"`
	Sums   []store.PeopleSum   `json:"sums" doc:"The whole list by what happens and how they stand"`
	Fit    int                 `json:"fit,omitempty" doc:"With rule: how many of the whole list it leaves out"`
	Next   string              `json:"next,omitempty" doc:"Pass as after for the next page"`
}

// Approve is a yes and its limits; what is left out stays as asked.
type Approve struct {
	MaxUsers        int                  `json:"maxUsers,omitempty" minimum:"0" maximum:"1000000"`
	ExistingGuests  string               `json:"existingGuests,omitempty" enum:"keep,convert" doc:"What happens to people who are already guests"`
	Exclusions      []string             `json:"exclusions,omitempty" maxItems:"10000" doc:"User principal names of people who stay out"`
	ExclusionReason string               `json:"exclusionReason,omitempty" maxLength:"1000" doc:"Why those named stay out"`
	Rules           []plan.ExclusionRule `json:"rules,omitempty" maxItems:"100" doc:"Whoever fits stays out, now and later; field is upn, mail, name, department or jobTitle, * in match stands for anything"`
	ExpiresAfter    string               `json:"expiresAfter,omitempty" maxLength:"32" example:"90d"`
	Reason          string               `json:"reason,omitempty" maxLength:"1000"`
	PlanDigest      string               `json:"planDigest,omitempty" maxLength:"128" doc:"The plan that was seen; 409 when it is another one by now"`
}

// Revoke takes a yes back.
type Revoke struct {
	Mode   string `json:"mode" enum:"freeze,drain" doc:"freeze: nothing new comes in, who is there stays; drain: everybody is taken out, then the share is taken down"`
	Reason string `json:"reason" maxLength:"1000"`
}

// Reason is why somebody does something.
type Reason struct {
	Reason string `json:"reason" maxLength:"1000"`
}

// Decided says where a request stands after an answer.
type Decided struct {
	RequestID string `json:"requestId"`
	Status    string `json:"status"`
	Missing   int    `json:"missing" doc:"Further approvers that are needed"`
}

// Hold is a target's decision about one person.
type Hold struct {
	plan.Hold
	UPN   string `json:"upn,omitempty"`
	State string `json:"state" doc:"inForce, or ending: it is over, and what it did is not undone yet"`
}

// Holds lists them.
type Holds struct {
	Holds []Hold `json:"holds"`
}

// NewHold places a hold.
type NewHold struct {
	Person string       `json:"person" maxLength:"400" doc:"User principal name at home, or HOME/OBJECT-ID"`
	Tenant ident.Tenant `json:"tenant" maxLength:"64"`
	Kind   string       `json:"kind,omitempty" enum:"keepOut,blocked" default:"keepOut"`
	Reason string       `json:"reason" maxLength:"1000"`
	Until  time.Time    `json:"until,omitzero"`
}

// Reductions lists batches of people who left, newest first.
type Reductions struct {
	Reductions []store.Reduction `json:"reductions"`
}

// Restore names what comes back: one reduction, or one person wherever they left.
type Restore struct {
	ReductionID string `json:"reductionId,omitempty" maxLength:"200"`
	User        string `json:"user,omitempty" maxLength:"400" doc:"User principal name at home"`
	Reason      string `json:"reason,omitempty" maxLength:"1000"`
	Preview     bool   `json:"preview,omitempty" doc:"Only say who can come back and who cannot; nothing is done"`
}

// Restored is what will be done.
type Restored struct {
	Restores []RestoredShare `json:"restores"`
	Lost     []Unrestorable  `json:"lost,omitempty" doc:"Who cannot come back as the same object, as far as the newest observations show"`
}

// Unrestorable is somebody who cannot come back as the same object.
type Unrestorable struct {
	ReductionID string       `json:"reductionId"`
	Share       ident.Share  `json:"share"`
	Person      ident.Person `json:"person"`
	UPN         string       `json:"upn"`
	Reason      string       `json:"reason"`
}

// RestoredShare is one share's part.
type RestoredShare struct {
	ReductionID string          `json:"reductionId"`
	Share       ident.Share     `json:"share"`
	People      []store.Removal `json:"people"`
}

// Accepted says that a command was taken over; its progress is the share's status.
type Accepted struct {
	Share ident.Share `json:"share"`
	Phase string      `json:"phase" doc:"The phase the command leads to"`
}
