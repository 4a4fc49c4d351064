package contract

import (
	"fmt"

	"entente.dev/entente/internal/ident"
)

// Registered workflow names.
const (
	OrganizationWorkflow = "organization"
	PreviewWorkflow      = "organization.preview"
	TenantWorkflow       = "tenant"
	ShareWorkflow        = "share"
	SetupWorkflow        = "setup"
	TeardownWorkflow     = "setup.teardown"
	AcceptanceWorkflow   = "acceptance"
	MemberTypeWorkflow   = "membertype"
	ReductionWorkflow    = "reduction"
	RestoreWorkflow      = "restore"
	ReminderWorkflow     = "reminder"
)

// Updates (imperative), signals (facts in the past) and queries (nouns).
const (
	ApplyUpdate   = "apply"
	DecideUpdate  = "decide"
	StopUpdate    = "stop"
	RestoreUpdate = "restore"
	RevertUpdate  = "revert-conversions"
	RevokeUpdate  = "revoke"

	ContinueUpdate = "continue" // a paused rollout

	TopologyApplied  = "topology-applied"
	TenantObserved   = "tenant-observed"
	ObserveRequested = "observe-requested"
	FactsChanged     = "facts-changed" // a hold, a release, an envelope: plan again
	PlanRefreshed    = "plan-refreshed"
	ReductionMoved   = "reduction-moved"
	RequestOpened    = "request-opened" // the request is in the store: people may be told of it
	RequestEnded     = "request-ended"

	StatusQuery = "status"
)

// CoreQueue carries workflows, planning and the store.
const CoreQueue = "core"

// TenantQueue carries every activity that touches one tenant. It is named by the tenant's GUID, which is no
// secret and the same in every process's configuration.
func TenantQueue(tenantID string) string { return "tenant." + tenantID }

// Workflow IDs come from the domain, so that starting twice is the same as starting once.

// OrganizationID is the ID of an organization's entity.
func OrganizationID(org string) string { return "organization/" + org }

// ReminderID is the ID of what tells people of a request.
func ReminderID(org, requestID string) string { return fmt.Sprintf("reminder/%s/%s", org, requestID) }

// TenantEntityID is the ID of a tenant's entity.
func TenantEntityID(org string, t ident.Tenant) string { return fmt.Sprintf("tenant/%s/%s", org, t) }

// ShareID is the ID of a share's entity.
func ShareID(org string, s ident.Share) string {
	return fmt.Sprintf("share/%s/%s/%s", org, s.Source, s.Target)
}

// RunID is the name of one pass of a share; its children append their noun.
func RunID(org string, s ident.Share, seq int) string {
	return fmt.Sprintf("run/%s/%s/%s/%d", org, s.Source, s.Target, seq)
}

// Phase is where a share stands. The strings are wire format.
type Phase string

// The phases.
const (
	PhaseNew        Phase = "new"
	PhaseObserving  Phase = "observing"  // waits for a complete snapshot of its tenants
	PhaseWaiting    Phase = "waiting"    // in the target's inbox
	PhaseRejected   Phase = "rejected"   // the target said no
	PhaseExpired    Phase = "expired"    // nobody answered, or the acceptance ran out
	PhaseSettingUp  Phase = "setting-up" // writes on both sides
	PhaseSyncing    Phase = "syncing"    // Microsoft's engine is at work
	PhaseConverting Phase = "converting" // existing guests become Members
	PhaseReducing   Phase = "reducing"   // people leave
	PhaseRestoring  Phase = "restoring"
	PhaseInSync     Phase = "in-sync"
	PhaseRefused    Phase = "refused" // a rule forbids what the topology asks
	PhaseBlocked    Phase = "blocked" // a problem that a person must repair; tried again by itself
	PhaseFrozen     Phase = "frozen"  // the target took its yes back: nothing new comes in
	PhasePaused     Phase = "paused"  // what is to be done waits: for the calendar, or for a person to go on
	PhaseStopping   Phase = "stopping"
	PhaseStopped    Phase = "stopped"
)
