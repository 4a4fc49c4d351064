package engine

import (
	"sort"
	"time"
)

// cycle is one iteration of a job, or one on-demand call. It works on the job's data under the job's work lock.
type cycle struct {
	e         *Engine
	j         *job
	d         *data
	at        time.Time // virtual time of the present step
	began     time.Time
	id        string
	initial   bool
	onDemand  bool
	force     bool // staged deletes are approved
	src, tgt  Directory
	principal Principal
	schema    schemaState
	cfg       settings
	syncAll   bool
	ent       entitlement
	fatal     *policyFailure // nothing can be processed at all
	policy    *policyFailure // exports fail

	ids       []string
	must      map[string]bool // to be processed although unchanged: escrows, staged removals, leavers
	done      int
	ends      time.Time // with CycleDuration: when the cycle is through
	next      uint64    // watermark to keep
	targetNxt uint64

	removals []removal
	touched  []string // exported users, for the reference pass
	rows     []*LogRow

	failures, refFailures, successes            int
	entitledCount, exports, exported, refDeltas int64
	retried, expired, tooMany                   bool
}

// step runs a job's next step at its due time: a whole cycle, or a slice of one that takes virtual time.
func (e *Engine) step(j *job, at time.Time) {
	j.work.Lock()
	defer j.work.Unlock()
	e.mu.Lock()
	reset := j.ctl.Reset
	e.mu.Unlock()
	if reset != 0 {
		j.run = nil // a restart begins anew; what the old run did is in the links
	}
	c := j.run
	if c == nil {
		if c = e.begin(j, at, false); c == nil {
			return
		}
		c.plan()
		c.stretch()
	}
	c.at = at
	if c.ends.After(at) {
		c.slice()
		return
	}
	c.process(len(c.ids))
	j.run = nil
	c.finish()
}

// begin takes over what the Graph side left: reset scope, schema, secrets. It returns nil when the job is gone.
func (e *Engine) begin(j *job, at time.Time, onDemand bool) *cycle {
	c := &cycle{e: e, j: j, d: &j.data, at: at, began: at, onDemand: onDemand, must: map[string]bool{}}
	e.mu.Lock()
	p := e.principals[j.key]
	if j.ctl.Deleted || p == nil || (!onDemand && j.ctl.State != stateActive) {
		j.ctl.NextDue, j.ctl.Status.Progress = time.Time{}, []Progress{}
		e.mu.Unlock()
		return nil
	}
	c.schema = j.ctl.Schema
	c.cfg = e.sw.settings(p.secrets)
	if !onDemand {
		j.data.reset(j.ctl.Reset)
		c.force = j.ctl.Reset&forceDeletes != 0
		j.ctl.Reset = 0
		j.ctl.NextDue = at.Add(e.CycleLength())
	}
	e.mu.Unlock()
	c.id = e.newID()
	c.initial = !onDemand && j.data.Watermark == 0
	c.connect()
	return c
}

// connect finds both directories and checks the policies between them.
func (c *cycle) connect() {
	var ok bool
	if c.src, ok = c.e.cfg.Directory(c.j.key.Tenant); !ok {
		c.fatal = &policyFailure{codeExternalTenant, "The source tenant does not exist."}
		return
	}
	if c.cfg.Company == "" {
		c.fatal = &policyFailure{codeMissingSecrets, "The secret CompanyId is not set."}
		return
	}
	if c.tgt, ok = c.e.cfg.Directory(c.cfg.Company); !ok {
		c.fatal = &policyFailure{codeExternalTenant, "The target tenant is not known to the authority of the current cloud."}
		return
	}
	if c.e.cfg.Principal != nil {
		c.principal, _ = c.e.cfg.Principal(c.j.key.Tenant, c.j.key.ID)
	}
	if c.principal.RoleName == "" {
		c.principal.RoleName = "msiam_access"
	}
	c.policy = checkPolicy(c.src, c.tgt)
	c.syncAll = c.cfg.SyncAll || (!c.initial && c.d.SyncAll) // sync-all to assigned waits for a restart
	c.ent = c.e.entitled(c.src, c.j.key.ID)
}

// plan decides whom the cycle looks at, in the order of their ids.
func (c *cycle) plan() {
	if c.fatal != nil || !c.schema.User.Enabled {
		return
	}
	set := map[string]bool{}
	for id := range c.d.Staged {
		set[id], c.must[id] = true, true
	}
	for _, id := range c.dueEscrows() {
		set[id], c.must[id] = true, true
	}
	if c.initial {
		c.planInitial(set)
	} else {
		c.planIncremental(set)
	}
	c.ids = sortedKeys(set)
}

func (c *cycle) planInitial(set map[string]bool) {
	c.next, c.targetNxt = c.src.Watermark(), c.tgt.Watermark()
	for id := range c.d.Escrows {
		set[id] = true
	}
	for id, l := range c.d.Links {
		if l.Active {
			set[id] = true
		}
	}
	if !c.syncAll {
		for id := range c.ent.role {
			set[id] = true
		}
		return
	}
	c.src.EachUser(func(u User) bool {
		set[u.ID] = true
		return true
	})
}

func (c *cycle) planIncremental(set map[string]bool) {
	if c.e.sw.MemberReentryNeedsRestart {
		c.ent.withoutUnnoticed(c.d.Groups, c.d.Entitled)
	}
	changed, next := c.src.ChangedSince(c.d.Watermark)
	c.next = next
	for _, id := range changed {
		l := c.d.Links[id]
		if _, assigned := c.ent.role[id]; assigned || c.syncAll || (l != nil && l.Active) {
			set[id] = true
		}
	}
	if !c.syncAll {
		for id, role := range c.ent.role {
			if role && !c.d.Entitled[id] {
				set[id] = true
			}
		}
		for id := range c.d.Entitled {
			if !c.ent.role[id] {
				set[id] = true
			}
		}
	}
	c.planLeavers(set)
}

// planLeavers finds synced users who left the target by self-service: the one target-side event with a documented
// effect on the next cycle.
func (c *cycle) planLeavers(set map[string]bool) {
	c.targetNxt = c.tgt.Watermark()
	if !c.e.sw.LeaversReturn || c.d.TargetWatermark == 0 || c.targetNxt == c.d.TargetWatermark {
		return
	}
	var changed []string
	changed, c.targetNxt = c.tgt.ChangedSince(c.d.TargetWatermark)
	for _, id := range changed {
		if len(c.d.holders[id]) == 0 {
			continue
		}
		if t, ok := c.tgt.DeletedUser(id); ok && t.DeletedBySelf {
			for source := range c.d.holders[id] {
				set[source], c.must[source] = true, true
			}
		}
	}
}

// stretch gives an initial cycle its documented length: an object to create takes about twice one to match.
func (c *cycle) stretch() {
	if !c.e.sw.CycleDuration || !c.initial || len(c.ids) == 0 {
		return
	}
	var total time.Duration
	for _, id := range c.ids {
		total += c.e.sw.CreateDuration
		l := c.d.Links[id]
		if l != nil && l.Active {
			total += c.e.sw.MatchDuration - c.e.sw.CreateDuration
		} else if u, ok := c.src.User(id); ok && len(c.tgt.ByAlternativeSecurityID(altSecID(&u))) > 0 {
			total += c.e.sw.MatchDuration - c.e.sw.CreateDuration
		}
	}
	c.ends = c.began.Add(total)
	c.j.run = c
}

// pageSize is how many objects one unit of progress stands for.
const pageSize = 100

// slice processes the share of the cycle that the elapsed time allows, and asks to be called again.
func (c *cycle) slice() {
	length := c.ends.Sub(c.began)
	c.process(int(float64(len(c.ids)) * float64(c.at.Sub(c.began)) / float64(length)))
	c.flush()
	next := c.at.Add(max(length/100, time.Second))
	if next.After(c.ends) {
		next = c.ends
	}
	c.e.mu.Lock()
	defer c.e.mu.Unlock()
	if c.j.ctl.Deleted {
		c.j.run = nil
		return
	}
	c.j.ctl.NextDue = next
	c.j.ctl.Status.Progress = []Progress{{CompletedUnits: pages(c.done), TotalUnits: pages(len(c.ids)),
		ProgressObservationDateTime: c.at, Units: "Pages"}}
}

func pages(n int) int64 { return int64((n + pageSize - 1) / pageSize) }

// process works through the plan up to an index.
func (c *cycle) process(upto int) {
	for ; c.done < upto; c.done++ {
		c.one(c.ids[c.done])
		if len(c.rows) >= 5_000 {
			c.flush()
		}
	}
}

func (c *cycle) flush() {
	c.e.record(c.j.key.Tenant, c.rows)
	c.rows = nil
}

// finish runs what needs all objects (removals under the threshold, references), keeps the watermark and shows
// the outcome.
func (c *cycle) finish() {
	c.settleRemovals()
	c.references()
	c.flush()
	if c.fatal == nil && c.policy == nil && c.schema.User.Enabled {
		c.keep()
	}
	c.conclude()
}

// keep persists the watermark and what the next cycle compares with. After a cycle whose exports all failed on a
// policy nothing is kept, so that the work is found again once the policy is back.
func (c *cycle) keep() {
	d := c.d
	d.Watermark, d.TargetWatermark = max(c.next, 1), c.targetNxt
	if c.initial {
		d.SyncAll = c.cfg.SyncAll
	}
	d.SyncAll = d.SyncAll || c.cfg.SyncAll
	d.Entitled, d.Groups = map[string]bool{}, map[string]bool{}
	for id, role := range c.ent.role {
		if role {
			d.Entitled[id] = true
		}
	}
	for id := range c.ent.groups {
		d.Groups[id] = true
	}
}

// settleRemovals executes deletions (and disables), or stages all of them when they exceed the threshold.
func (c *cycle) settleRemovals() {
	sort.SliceStable(c.removals, func(i, k int) bool { return c.removals[i].id < c.removals[k].id })
	counted := len(c.removals)
	if c.fatal == nil && c.policy == nil {
		c.d.Staged = map[string]bool{}
	}
	if c.cfg.ThresholdEnabled && !c.force && counted > 0 && c.policy == nil &&
		(counted > c.cfg.Threshold || (c.e.sw.ThresholdInclusive && counted == c.cfg.Threshold)) {
		c.tooMany = true
		for _, r := range c.removals {
			c.d.Staged[r.id] = true
			c.stage(r)
		}
		return
	}
	for _, r := range c.removals {
		r.run()
	}
}
