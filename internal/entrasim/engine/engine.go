package engine

import (
	"context"
	"encoding/binary"
	"sort"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
)

// TemplateID is the only template of cross-tenant synchronization within one cloud.
const TemplateID = "Azure2Azure"

// DefaultCycleLength is the documented, not configurable interval between two cycle starts.
const DefaultCycleLength = 40 * time.Minute

// Principal describes a service principal for the rows of the provisioning log.
type Principal struct {
	DisplayName string
	AppID       string
	RoleName    string // display name of the app role users are assigned with; empty reads msiam_access
}

// Config is what an Engine needs.
type Config struct {
	Clock       Clock         // nil: RealClock
	CycleLength time.Duration // 0: DefaultCycleLength
	Switches    *Switches     // nil: DefaultSwitches
	// Directory finds a tenant's directory; false means the tenant does not exist in this cloud. It is called
	// without any lock of the engine held.
	Directory func(tenantID string) (Directory, bool)
	// Principal is optional.
	Principal func(tenantID, servicePrincipalID string) (Principal, bool)
	// Seed makes every generated id repeatable.
	Seed uint64
	// LogRetention is 30 days unless set (7 for a free tenant); LogLimit bounds the rows a tenant keeps (0: 1,000,000).
	LogRetention time.Duration
	LogLimit     int
}

// Engine runs the synchronization jobs of every source tenant. Its methods are safe for concurrent use and
// must not be called while the caller holds a lock that a Directory method needs; RemoveServicePrincipal is
// the exception and may be called from inside a directory write.
type Engine struct {
	cfg       Config
	sw        Switches
	namespace uuid.UUID
	seq       atomic.Uint64
	wake      chan struct{}
	length    atomic.Int64 // of a cycle, nanoseconds

	tick sync.Mutex // one Tick at a time

	mu         sync.Mutex
	principals map[principalKey]*principal
	logs       map[string]*tenantLog
	notes      []Notification
}

type principalKey struct{ Tenant, ID string }

// principal is what hangs off one service principal: its secrets (one set for all jobs) and its jobs.
type principal struct {
	secrets []KeyValue
	jobs    map[string]*job
}

// New returns an engine without jobs.
func New(cfg Config) *Engine {
	if cfg.Clock == nil {
		cfg.Clock = RealClock()
	}
	if cfg.CycleLength <= 0 {
		cfg.CycleLength = DefaultCycleLength
	}
	if cfg.LogRetention <= 0 {
		cfg.LogRetention = 30 * 24 * time.Hour
	}
	if cfg.LogLimit <= 0 {
		cfg.LogLimit = 1_000_000
	}
	sw := DefaultSwitches()
	if cfg.Switches != nil {
		sw = *cfg.Switches
	}
	if cfg.Directory == nil {
		cfg.Directory = func(string) (Directory, bool) { return nil, false }
	}
	var seed [8]byte
	binary.BigEndian.PutUint64(seed[:], cfg.Seed)
	e := &Engine{
		cfg: cfg, sw: sw,
		namespace:  uuid.NewSHA1(uuid.NameSpaceOID, append([]byte("entrasim/engine/"), seed[:]...)),
		wake:       make(chan struct{}, 1),
		principals: map[principalKey]*principal{},
		logs:       map[string]*tenantLog{},
	}
	e.length.Store(int64(cfg.CycleLength))
	return e
}

// CycleLength is the interval between two cycle starts.
func (e *Engine) CycleLength() time.Duration { return time.Duration(e.length.Load()) }

// SetCycleLength changes the interval between two cycle starts, for jobs that wait for one too: none waits longer
// than the new length. It is not configurable in the service.
func (e *Engine) SetCycleLength(d time.Duration) {
	if d <= 0 {
		d = DefaultCycleLength
	}
	e.length.Store(int64(d))
	latest := e.cfg.Clock.Now().Add(d)
	e.mu.Lock()
	for _, p := range e.principals {
		for _, j := range p.jobs {
			if j.ctl.Status.Quarantine == nil && j.ctl.NextDue.After(latest) {
				j.ctl.NextDue = latest
			}
		}
	}
	e.mu.Unlock()
	e.stir()
}

// Run drives due cycles until the context ends, whatever kind of clock the engine has.
func (e *Engine) Run(ctx context.Context) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		e.Tick()
		var due <-chan struct{}
		stop := func() {}
		if next, ok := e.NextDue(); ok {
			due, stop = e.cfg.Clock.WakeAt(next)
		}
		select {
		case <-ctx.Done():
		case <-due:
		case <-e.wake:
		}
		stop()
	}
}

// Tick runs every cycle that is due at the clock's present time, each at its own due time and oldest first,
// and returns how many steps it ran. After a manual clock was moved by a day it runs the day's 36 cycles.
func (e *Engine) Tick() int {
	e.tick.Lock()
	defer e.tick.Unlock()
	now := e.cfg.Clock.Now()
	steps := 0
	for {
		j, at, ok := e.nextJob(now)
		if !ok {
			return steps
		}
		e.step(j, at)
		e.keepUp(j, now)
		steps++
	}
}

// NextDue tells when the next cycle begins, false while no job is scheduled.
func (e *Engine) NextDue() (time.Time, bool) {
	_, at, ok := e.nextJob(time.Time{})
	return at, ok
}

// nextJob picks the job that is due first, at or before the limit unless that is zero; ties go by job id.
func (e *Engine) nextJob(limit time.Time) (*job, time.Time, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	var best *job
	for _, p := range e.principals {
		for _, j := range p.jobs {
			if j.ctl.NextDue.IsZero() || (!limit.IsZero() && j.ctl.NextDue.After(limit)) {
				continue
			}
			if best == nil || j.ctl.NextDue.Before(best.ctl.NextDue) ||
				(j.ctl.NextDue.Equal(best.ctl.NextDue) && j.id < best.id) {
				best = j
			}
		}
	}
	if best == nil {
		return nil, time.Time{}, false
	}
	return best, best.ctl.NextDue, true
}

// keepUp drops the cycles a moving clock ran past while we worked: a cycle may take longer than the interval,
// and the next one then starts late instead of piling up.
func (e *Engine) keepUp(j *job, tickBegan time.Time) {
	now := e.cfg.Clock.Now()
	if !now.After(tickBegan) {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if !j.ctl.NextDue.IsZero() && j.ctl.NextDue.Before(now) {
		j.ctl.NextDue = now
	}
}

// stir makes Run look at the schedule again.
func (e *Engine) stir() {
	select {
	case e.wake <- struct{}{}:
	default:
	}
}

func (e *Engine) newID() string {
	var n [8]byte
	binary.BigEndian.PutUint64(n[:], e.seq.Add(1))
	return uuid.NewSHA1(e.namespace, n[:]).String()
}

// find returns a live job. The caller holds e.mu.
func (e *Engine) find(tenantID, spID, jobID string) (*job, error) {
	if p := e.principals[principalKey{tenantID, spID}]; p != nil {
		if j := p.jobs[jobID]; j != nil {
			return j, nil
		}
	}
	return nil, notFound("Resource", jobID)
}

func (e *Engine) principal(tenantID, spID string) *principal {
	key := principalKey{tenantID, spID}
	p := e.principals[key]
	if p == nil {
		p = &principal{jobs: map[string]*job{}}
		e.principals[key] = p
	}
	return p
}

// RemoveServicePrincipal forgets the jobs, secrets and links of a deleted service principal. Target users stay
// as they are (documented: deleting a configuration never deletes users).
func (e *Engine) RemoveServicePrincipal(tenantID, spID string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	key := principalKey{tenantID, spID}
	if p := e.principals[key]; p != nil {
		for _, j := range p.jobs {
			j.ctl.Deleted, j.ctl.NextDue = true, time.Time{}
		}
		delete(e.principals, key)
	}
}

func noDashes(id string) string { return strings.ReplaceAll(id, "-", "") }

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}
