package prospect

import (
	"strings"
	"time"

	"entente.dev/entente/internal/directory"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/plan"
)

// Most is how many people a list of collisions names; its count tells of all.
const Most = 50

// Facts are what can be counted when a question is opened.
type Facts struct {
	As        string      `json:"as"` // userType of those who come: member | guest
	Standing  Standing    `json:"standing"`
	Collision []Collision `json:"collisions"`
	Directory *Directory  `json:"directory,omitempty"` // nil: the target was not observed
	Running   bool        `json:"running,omitempty"`   // the share carries people already: its first cycle is over

	Acceptance plan.AcceptanceNeed `json:"acceptance"`
	Budget     plan.BudgetVerdict  `json:"budget"`
	Counts     plan.Counts         `json:"counts"`
	Changes    []plan.Change       `json:"changes"` // what would be written in the target, without lists of people
}

// Standing counts people by how they stand in the target now. Of those who are New … Blocked, Waiting are held back
// until the answer; the others are outside of it.
type Standing struct {
	New         int `json:"new"`
	Guests      int `json:"guests"`
	Members     int `json:"members"`
	Pending     int `json:"pending"`     // invited, never redeemed
	SoftDeleted int `json:"softDeleted"` // come back from the recycle bin
	Blocked     int `json:"blocked"`
	Waiting     int `json:"waiting"`
	Converts    int `json:"converts"` // guests who would become Members
	KeptOut     int `json:"keptOut"`  // by a hold or an exclusion
	Skipped     int `json:"skipped"`  // the engine cannot bring them
	Leaving     int `json:"leaving"`
}

// Kind is what uses somebody's address in the target already. The strings are wire format.
type Kind string

// The kinds.
const (
	Internal Kind = "internal" // an internal user of the target
	Twin     Kind = "twin"     // somebody whom another source sends there
	SameMail Kind = "sameMail" // somebody else of the same source
	Contact  Kind = "contact"  // a mail contact
	Group    Kind = "group"    // a mail-enabled group
)

// Collision is one kind of address trouble with the first people it is about.
type Collision struct {
	Kind   Kind           `json:"kind"`
	Count  int            `json:"count"`
	People []ident.Person `json:"people"`
}

// Directory is how many objects the target has, as far as observed: users and its recycle bin. Every other kind of
// object counts against the quota too, so the true number is higher.
type Directory struct {
	Users   int `json:"users"`
	Deleted int `json:"deleted"`
	Before  int `json:"before"`
	After   int `json:"after"`
}

// Evidence is what was looked up in the target for one question alone.
type Evidence struct {
	At         time.Time   `json:"at,omitzero"`
	Collisions []Collision `json:"collisions,omitempty"` // contacts and groups
	GuestRole  string      `json:"guestRole,omitempty"`  // authorizationPolicy.guestUserRoleId
	Invites    string      `json:"invites,omitempty"`    // authorizationPolicy.allowInvitesFrom
	Plan       string      `json:"plan,omitempty"`       // digest of the plan that named who asked
	Unread     []Unread    `json:"unread,omitempty"`
}

// What may be unread. The strings are wire format.
const (
	UnreadContacts = "contacts"
	UnreadGroups   = "groups"
	UnreadPolicy   = "authorizationPolicy"
	UnreadAll      = "all" // the look-up did not happen
)

// Unread is what could not be read: for want of a permission, or of whatever else Kind says.
type Unread struct {
	What       string `json:"what"` // contacts | groups | authorizationPolicy | all
	Permission string `json:"permission,omitempty"`
	Kind       string `json:"kind,omitempty"` // of the problem
}

// Input is what Compute counts. Target is nil when the target was not observed.
type Input struct {
	Plan   *plan.SharePlan
	Target *directory.Snapshot
	Twins  Collision // of kind Twin
}

// Compute counts a share's plan.
func Compute(in Input) Facts {
	p := in.Plan
	f := Facts{
		As: strings.ToLower(p.Desired.Schema.UserType), Collision: []Collision{},
		Acceptance: p.Acceptance, Budget: p.Budget, Counts: p.Counts, Changes: []plan.Change{},
	}
	for _, c := range p.Changes {
		if c.Tenant == p.Share.Target {
			c.People = nil
			f.Changes = append(f.Changes, c)
		}
	}
	if f.As == "" {
		f.As = "member"
	}
	for _, e := range p.Effects {
		f.Standing.count(e)
		f.Running = f.Running || e.Action == plan.KeepOne && p.Desired.Found.JobID != ""
	}
	f.Standing.Converts += p.Acceptance.Guests // the plan leaves them guests until the answer
	for _, c := range []Collision{warned(p, "collision", Internal), warned(p, "same-mail", SameMail), in.Twins} {
		if c.Count > 0 {
			f.Collision = append(f.Collision, c)
		}
	}
	if in.Target != nil {
		d := Directory{Users: len(in.Target.Users), Deleted: len(in.Target.Deleted)}
		d.Before = d.Users + d.Deleted
		d.After = d.Before + f.Standing.New
		f.Directory = &d
	}
	return f
}

func (s *Standing) count(e plan.Effect) {
	switch e.Action {
	case plan.HeldOut:
		s.KeptOut++
		return
	case plan.Skip:
		s.Skipped++
		return
	case plan.Remove:
		s.Leaving++
		return
	case plan.Wait:
		if e.Ring == 0 { // nobody is asked for whom a ring holds back
			s.Waiting++
		}
	case plan.Adopt:
		s.Converts++
	}
	switch directory.Standing(e.From) {
	case directory.StandsAbsent:
		s.New++
	case directory.StandsGuest:
		s.Guests++
	case directory.StandsMember:
		s.Members++
	case directory.StandsPending:
		s.Pending++
	case directory.StandsSoftDeleted:
		s.SoftDeleted++
	case directory.StandsBlocked:
		s.Blocked++
	}
}

// Coming is how many the engine has work with.
func (s Standing) Coming() int { return s.New + s.SoftDeleted + s.Converts }

// warned are the people about whom a plan warns by one rule.
func warned(p *plan.SharePlan, rule string, kind Kind) Collision {
	c := Collision{Kind: kind}
	for _, w := range p.Warnings {
		if w.Rule == rule && w.Person != nil {
			c.Add(*w.Person)
		}
	}
	return c
}

// Add counts one more person, and names them while there is room.
func (c *Collision) Add(p ident.Person) {
	c.Count++
	if len(c.People) < Most {
		c.People = append(c.People, p)
	}
}
