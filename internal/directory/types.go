package directory

import (
	"strings"
	"time"

	"entente.dev/entente/internal/ident"
)

// UserType is Entra's userType, in its wire spelling.
type UserType string

// The two values Entra knows.
const (
	Member UserType = "Member"
	Guest  UserType = "Guest"
)

// User is one user object, live or in the recycle bin.
type User struct {
	ID                string    `json:"id"`
	UserPrincipalName string    `json:"upn"`
	DisplayName       string    `json:"name,omitempty"`
	Mail              string    `json:"mail,omitempty"`
	Department        string    `json:"department,omitempty"`
	JobTitle          string    `json:"jobTitle,omitempty"`
	UserType          UserType  `json:"type,omitempty"`
	Enabled           bool      `json:"enabled,omitempty"`
	CreationType      string    `json:"creation,omitempty"`      // "Invitation" for B2B objects
	ExternalUserState string    `json:"externalState,omitempty"` // PendingAcceptance | Accepted | ""
	ShowInAddressList *bool     `json:"listed,omitempty"`
	OnPremisesSync    bool      `json:"onPremises,omitempty"`
	DeletedAt         time.Time `json:"deletedAt,omitzero"` // zero: live
}

// External tells whether the object stands for somebody who lives elsewhere. Entra marks such objects by
// creationType Invitation and by #EXT# in the user principal name; either is enough.
func (u User) External() bool {
	return u.CreationType == "Invitation" || strings.Contains(strings.ToUpper(u.UserPrincipalName), "#EXT#")
}

// Group is one group that a user set or a share names.
type Group struct {
	ID              string   `json:"id"`
	DisplayName     string   `json:"name"`
	MailNickname    string   `json:"nickname,omitempty"`
	Description     string   `json:"description,omitempty"`
	SecurityEnabled bool     `json:"security,omitempty"`
	Dynamic         bool     `json:"dynamic,omitempty"`
	Users           []string `json:"users,omitempty"`  // direct members that are users, sorted
	Groups          []string `json:"groups,omitempty"` // direct members that are groups, sorted
	// Away are direct members in the recycle bin: Graph keeps them, and they are members again once restored.
	Away []string `json:"away,omitempty"`
}

// Partner is one partner entry of the cross-tenant access policy. Nil means inherited.
type Partner struct {
	TenantID        string `json:"tenantId"`
	InboundConsent  *bool  `json:"inboundConsent,omitempty"`
	OutboundConsent *bool  `json:"outboundConsent,omitempty"`
	SyncConfigured  bool   `json:"syncConfigured,omitempty"` // an identitySynchronization object exists
	InboundSync     bool   `json:"inboundSync,omitempty"`
	InMTO           bool   `json:"inMto,omitempty"`
	// OtherSettings: the entry carries trust or B2B settings; somebody relies on it, so it is never deleted.
	OtherSettings bool `json:"otherSettings,omitempty"`
}

// SyncApp is one cross-tenant synchronization application in its source tenant.
type SyncApp struct {
	ServicePrincipalID string    `json:"servicePrincipalId"`
	AppID              string    `json:"appId"`
	DisplayName        string    `json:"name"`
	AssignedGroups     []string  `json:"assignedGroups,omitempty"`
	Jobs               []SyncJob `json:"jobs,omitempty"`
	CompanyID          string    `json:"companyId,omitempty"` // the target tenant in the secrets; "" when none are set
	SyncAll            bool      `json:"syncAll,omitempty"`
}

// SyncJob is one Azure2Azure job with the parts of its schema that we set.
type SyncJob struct {
	ID               string `json:"id"`
	Code             string `json:"code"`  // NotConfigured | NotRun | Active | Paused | Quarantine
	State            string `json:"state"` // schedule.state: Active | Disabled | Paused
	QuarantineReason string `json:"quarantineReason,omitempty"`
	QuarantineCode   string `json:"quarantineCode,omitempty"` // the engine's code of what led there
	// QuarantinedAt is when the quarantine began; being imposed again in between does not count.
	QuarantinedAt time.Time `json:"quarantinedAt,omitzero"`
	Schema        Schema    `json:"schema"`
}

// Schema is what we set in a job's user mapping.
type Schema struct {
	UserType          string `json:"userType,omitempty"`          // the constant: Member | Guest
	UserTypeRecurring bool   `json:"userTypeRecurring,omitempty"` // flowType Always: existing guests are converted
	ShowInAddressList bool   `json:"showInAddressList,omitempty"`
	Deletes           bool   `json:"deletes,omitempty"` // flowTypes contains Delete
}

// Snapshot is what was read of one tenant. Slices are sorted by ID (partners by TenantID).
type Snapshot struct {
	Tenant   ident.Tenant `json:"tenant"`
	TenantID string       `json:"tenantId"`
	TakenAt  time.Time    `json:"takenAt"`
	Users    []User       `json:"users"`
	Deleted  []User       `json:"deleted,omitempty"`
	Groups   []Group      `json:"groups,omitempty"`
	Partners []Partner    `json:"partners,omitempty"`
	Apps     []SyncApp    `json:"apps,omitempty"`
	// RoleHolders are the object ids of users who hold a directory role here. Nobody is known to hold one while Read
	// does not list Roles.
	RoleHolders []string `json:"roleHolders,omitempty"`
	// Read lists the collections that were read to their last page.
	Read []Collection `json:"read"`
}

// Collection names one listed collection of a snapshot.
type Collection string

// The collections an observation reads.
const (
	Users    Collection = "users"
	Deleted  Collection = "deletedItems"
	Groups   Collection = "groups"
	Partners Collection = "partners"
	Apps     Collection = "syncApps"
	// Roles may be missing from a complete snapshot: reading them takes a permission that a tenant need not give.
	Roles Collection = "directoryRoles"
)

// Collections is what Seal asks for.
func Collections() []Collection { return []Collection{Users, Deleted, Groups, Partners, Apps} }
