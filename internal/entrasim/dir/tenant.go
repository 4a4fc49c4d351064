package dir

import (
	"crypto/sha256"
	"hash/fnv"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
)

// Clock tells virtual time.
type Clock interface{ Now() time.Time }

// Actor is who writes: a row of the audit log names it.
type Actor struct {
	App, AppID, ServicePrincipalID string
	User                           string // user principal name of a person
	Engine                         bool   // the provisioning engine
}

// EngineActor is the documented audit actor of the provisioning engine in the target.
var EngineActor = Actor{App: "Microsoft.Azure.SyncFabric", Engine: true}

// Tenant is the state of one directory. Every exported method is safe for concurrent use.
type Tenant struct {
	ID, Name, DisplayName, Domain, InitialDomain string

	clock Clock
	lag   atomic.Int64 // maximal replication lag, nanoseconds of wall time
	spLag atomic.Int64 // delay of a new service principal
	flap  atomic.Bool  // within the lag, every read asks another replica
	old   atomic.Int64 // readers at present that see every record as it was before its last write

	assignmentLimit, quota atomic.Int64

	mu     sync.RWMutex
	users  userTable
	groups groupTable
	// dynamic has the rules of dynamic groups by slot.
	dynamic map[int]rule
	// memberOf lists the groups of a principal by id.
	memberOf map[string]map[string]struct{}

	Applications, ServicePrincipals, Assignments, Contacts, Grants, Bin, Roles, Documents *Collection
	secrets                                                                               map[string][]Secret // by appId
	spReady                                                                               map[string]time.Time

	policy policyState
	audit  auditLog
	log    changeLog
}

// NewTenant makes an empty directory.
func NewTenant(id, name, displayName, domain string, clock Clock) *Tenant {
	t := &Tenant{ID: id, Name: name, DisplayName: displayName, Domain: domain, clock: clock,
		InitialDomain: InitialDomain(name), memberOf: map[string]map[string]struct{}{},
		secrets: map[string][]Secret{}, spReady: map[string]time.Time{}}
	t.assignmentLimit.Store(AssignmentLimit)
	t.users.init()
	t.groups.byID = map[string]int{}
	for _, c := range []**Collection{&t.Applications, &t.ServicePrincipals, &t.Assignments, &t.Contacts, &t.Grants, &t.Bin, &t.Roles, &t.Documents} {
		*c = newCollection(t)
	}
	t.policy.init(t)
	t.addGraphServicePrincipal()
	return t
}

// InitialDomain is the domain every tenant is born with.
func InitialDomain(name string) string { return strings.ToLower(name) + ".onmicrosoft.example" }

// StableID derives a GUID from text, so that the same world has the same ids after every start.
func StableID(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	id, _ := uuid.FromBytes(sum[:16])
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80
	return id.String()
}

// NewID is a fresh object id.
func NewID() string { return uuid.NewString() }

// Now is the virtual time.
func (t *Tenant) Now() time.Time { return t.clock.Now() }

// SetLag sets how stale a read may be and how long a new service principal stays invisible (wall time).
func (t *Tenant) SetLag(read, servicePrincipal time.Duration) {
	t.lag.Store(int64(read))
	t.spLag.Store(int64(servicePrincipal))
}

// AssignmentLimit is how many app role assignments one principal may hold (service limits).
const AssignmentLimit = 1500

// SetAssignmentLimit changes AssignmentLimit for this tenant; 0 is no limit.
func (t *Tenant) SetAssignmentLimit(n int) { t.assignmentLimit.Store(int64(n)) }

// MaxAssignments tells what SetAssignmentLimit set.
func (t *Tenant) MaxAssignments() int { return int(t.assignmentLimit.Load()) }

// Quota tells what SetQuota set.
func (t *Tenant) Quota() int { return int(t.quota.Load()) }

// SetQuota limits the number of users; 0 is no limit.
func (t *Tenant) SetQuota(n int) { t.quota.Store(int64(n)) }

// SetFlapping makes a lagging read ask a replica at random, so that a value seen once may be gone at the next read.
func (t *Tenant) SetFlapping(on bool) { t.flap.Store(on) }

// Flapping tells what SetFlapping set.
func (t *Tenant) Flapping() bool { return t.flap.Load() }

// Stale runs a read against a replica that has not seen anybody's last write. Reads beside it may see the same.
func (t *Tenant) Stale(read func()) {
	t.old.Add(1)
	defer t.old.Add(-1)
	read()
}

// stale tells whether a write made at the given wall time is not yet replicated to the readers. Each write gets
// its own delay between nothing and the maximum, the same at every read unless replicas flap.
func (t *Tenant) stale(id string, at int64) bool {
	if at != 0 && t.old.Load() > 0 {
		return true
	}
	lag := t.lag.Load()
	if lag == 0 || at == 0 {
		return false
	}
	if t.flap.Load() {
		return time.Now().UnixNano()-at < lag && rand.IntN(2) == 0
	}
	h := fnv.New32a()
	_, _ = h.Write([]byte(id))
	mine := lag / 2
	mine += int64(h.Sum32()^uint32(at)) % (lag/2 + 1)
	return time.Now().UnixNano()-at < mine
}

// Kinds of change-log entries.
const (
	ChangeUser uint8 = iota
	ChangeGroup
	ChangeMember // ID is the group, Other the member
	ChangeAssignment
)

// Change is one entry of the change log.
type Change struct {
	ID, Other string
	Mask      uint64 // properties touched
	At        int64  // wall time, for the lag of delta readers
	Kind      uint8
	Gone      bool // permanently deleted, or membership removed
}

// changeLog is append-only; an entry's sequence number is its position plus one.
type changeLog struct{ entries []Change }

func (t *Tenant) record(c Change) {
	c.At = time.Now().UnixNano()
	t.log.entries = append(t.log.entries, c)
}

// Seq is the newest sequence number.
func (t *Tenant) Seq() uint64 {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return uint64(len(t.log.entries))
}

// VisibleSeq is the newest sequence number that replicated readers see: delta must not run ahead of reads.
func (t *Tenant) VisibleSeq() uint64 {
	t.mu.RLock()
	defer t.mu.RUnlock()
	n := len(t.log.entries)
	lag := t.lag.Load()
	if lag == 0 {
		return uint64(n)
	}
	border := time.Now().UnixNano() - lag
	for n > 0 && t.log.entries[n-1].At > border {
		n--
	}
	return uint64(n)
}

// Changes copies the entries after a sequence number up to another.
func (t *Tenant) Changes(after, upTo uint64) []Change {
	t.mu.RLock()
	defer t.mu.RUnlock()
	upTo = min(upTo, uint64(len(t.log.entries)))
	if after >= upTo {
		return nil
	}
	return append([]Change(nil), t.log.entries[after:upTo]...)
}

// Verified tells whether a domain is verified in this tenant.
func (t *Tenant) Verified(domain string) bool {
	return strings.EqualFold(domain, t.Domain) || strings.EqualFold(domain, t.InitialDomain)
}

// Lag tells what SetLag set.
func (t *Tenant) Lag() (read, servicePrincipal time.Duration) {
	return time.Duration(t.lag.Load()), time.Duration(t.spLag.Load())
}
