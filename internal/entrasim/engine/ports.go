package engine

import "time"

// Directory is what the provisioning engine needs of one tenant's directory. The simulator's state
// implements it; every method is safe for concurrent use and sees the newest state (the engine, unlike
// Graph's readers, sits behind the replication lag).
type Directory interface {
	// TenantID is the directory's GUID, Domain its initial domain (b.onmicrosoft.example).
	TenantID() string
	Domain() string

	// User returns a live user, DeletedUser one in the recycle bin.
	User(id string) (User, bool)
	DeletedUser(id string) (User, bool)
	// EachUser calls yield for every live user in a stable order until it returns false.
	EachUser(yield func(User) bool)
	// ChangedSince lists the users touched after the watermark (attributes, deletion, restore, membership of a
	// group, assignment), each once, and the watermark to ask with next time. Watermark 0 is not asked for.
	ChangedSince(watermark uint64) (ids []string, next uint64)
	// Watermark is the newest watermark.
	Watermark() uint64

	Group(id string) (Group, bool)
	// DirectMembers lists the direct *user* members of a group.
	DirectMembers(groupID string) []string
	// Assignments lists the appRoleAssignedTo rows of a service principal.
	Assignments(servicePrincipalID string) []Assignment

	// ByAlternativeSecurityID finds external users, live and soft-deleted, joined to a home user.
	ByAlternativeSecurityID(key string) []User
	// ByAddress finds live objects (users, groups, contacts) that hold an address in mail, otherMails or proxyAddresses.
	ByAddress(address string) []Holder

	// CreateExternal, Update, SoftDelete and Restore write as the engine (audit actor Microsoft.Azure.SyncFabric).
	// A *DirectoryError is a documented refusal.
	CreateExternal(u User) (id string, err error)
	Update(id string, attributes map[string]any) error
	SoftDelete(id string) error
	Restore(id string) error
	SetManager(id, managerID string) error

	// OutboundConsent and InboundConsent tell automaticUserConsentSettings of the partner entry for other
	// (null and a missing entry count as false); InboundSync tells identitySynchronization.userSyncInbound.isSyncAllowed.
	OutboundConsent(other string) bool
	InboundConsent(other string) bool
	InboundSync(other string) bool
	// InvitationsAllowed is false where authorizationPolicy.allowInvitesFrom is none.
	InvitationsAllowed() bool
	// VerifiedDomain tells whether an address' domain is verified in this tenant.
	VerifiedDomain(domain string) bool
}

// User is one user as the engine reads and writes it. Attributes holds everything else by Graph name
// (department, city, …); a missing key is null.
type User struct {
	ID, UserPrincipalName, Mail, DisplayName string
	UserType                                 string // Member | Guest
	AccountEnabled                           bool
	External                                 bool   // a B2B object: lives elsewhere
	ExternalUserState                        string // PendingAcceptance | Accepted | ""
	NetID                                    string // home users: the key behind AltSecIdFromNetId
	AlternativeSecurityID                    string // external users: the home user's key; empty while an invitation is pending
	SMSSignIn                                bool
	OnPremisesSync                           bool
	ManagerID                                string
	DeletedAt                                time.Time // zero: live
	DeletedByEngine                          bool
	DeletedBySelf                            bool // soft-deleted because the person left by self-service
	Attributes                               map[string]any
}

// Group is the part of a group that decides scope.
type Group struct {
	ID              string
	SecurityEnabled bool
}

// Assignment is one appRoleAssignedTo row.
type Assignment struct {
	PrincipalID, PrincipalType, AppRoleID string    // PrincipalType: User | Group
	CreatedAt                             time.Time // zero: long ago; matters only to OnDemandAssignmentDelay
}

// Holder is an object that holds an address.
type Holder struct {
	ID, Kind string // Kind: user | group | contact
	External bool
}

// DirectoryError is a refusal of the target directory, with the code the provisioning log shows.
type DirectoryError struct {
	Code, Reason string
}

func (e *DirectoryError) Error() string { return e.Code + ": " + e.Reason }
