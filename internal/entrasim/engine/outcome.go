package engine

import "time"

// conclude shows a cycle's outcome on the job: counters, quarantine or its end, the next due time.
func (c *cycle) conclude() {
	x := c.execution()
	c.e.mu.Lock()
	defer c.e.mu.Unlock()
	j := c.j
	if j.ctl.Deleted {
		return
	}
	s := &j.ctl.Status
	s.Progress = []Progress{}
	s.LastExecution = x
	s.SynchronizedEntryCountByType = []KeyCount{}
	if c.d.Synced > 0 {
		s.SynchronizedEntryCountByType = []KeyCount{{"User", c.d.Synced}}
	}
	if j.ctl.StopAfterRun {
		j.ctl.StopAfterRun, j.ctl.NextDue = false, time.Time{}
	} else if j.ctl.State == stateActive && j.ctl.Reset == 0 {
		j.ctl.NextDue = c.began.Add(c.e.CycleLength())
		if j.ctl.NextDue.Before(c.at) {
			j.ctl.NextDue = c.at
		}
	}
	if cause := c.broken(); cause != nil {
		s.CountSuccessiveCompleteFailures++
		c.e.quarantine(j, c.at, reasonException, cause, c.cfg.Recipients)
		return
	}
	s.CountSuccessiveCompleteFailures = 0
	s.LastSuccessfulExecution = x
	if c.exported > 0 {
		s.LastSuccessfulExecutionWithExports = x
	}
	if c.steady(s); c.prune(j) || c.held(j) {
		return
	}
	j.clearQuarantine()
	if j.ctl.State == stateActive {
		s.Code = codeActive
	}
	if c.expired && c.e.sw.EscrowExpiryDisablesJob {
		j.ctl.State, j.ctl.NextDue = stateDisabled, time.Time{}
	}
}

// broken is the error that quarantines at once: missing credentials, an unknown tenant, a policy.
func (c *cycle) broken() *JobError {
	p := c.fatal
	if p == nil {
		p = c.policy
	}
	if p == nil {
		return nil
	}
	return &JobError{Code: p.code, Message: p.message, TenantActionable: true}
}

func (c *cycle) steady(s *Status) {
	if s.SteadyStateFirstAchievedTime.IsZero() {
		s.SteadyStateFirstAchievedTime = c.at
	}
	s.SteadyStateLastAchievedTime = c.at
}

// prune is the path of an initial cycle that reached a threshold: errors are dropped, the cycle ran to its end,
// the job waits paused.
func (c *cycle) prune(j *job) bool {
	if !c.initial || !c.e.sw.PruneInitialEscrows || c.judge(nil) == "" {
		return false
	}
	c.d.Escrows = map[string]*escrow{}
	j.clearQuarantine()
	j.ctl.Status.EscrowsPruned, j.ctl.Status.Code = true, codePaused
	j.ctl.State, j.ctl.NextDue = statePaused, time.Time{}
	return true
}

// held tells whether the cycle ended in quarantine.
func (c *cycle) held(j *job) bool {
	reason, cause := "", &JobError{TenantActionable: true}
	switch {
	case c.tooMany:
		reason, cause.Code, cause.Message = reasonDeletes, reasonDeletes,
			"The number of deletions exceeds the accidental deletion threshold."
	default:
		reason = c.judge(j.ctl.Status.Quarantine)
		cause.Code, cause.Message = reason, "Too many of the provisioning operations failed."
	}
	if reason == "" {
		return false
	}
	c.e.quarantine(j, c.at, reason, cause, c.cfg.Recipients)
	return true
}

func (c *cycle) execution() *Execution {
	base, reference := c.d.outstanding()
	id := c.id
	x := &Execution{
		ActivityIdentifier: &id, TimeBegan: c.began, TimeEnded: c.at, State: "Succeeded",
		CountEntitled: c.entitledCount, CountEntitledForProvisioning: c.entitledCount,
		CountEscrowed: int64(base + reference), CountEscrowedRaw: int64(base + reference),
		CountExports: c.exports, CountExported: c.exported,
		CountImported: int64(len(c.ids)), CountImportedReferenceDeltas: c.refDeltas,
		Error: &JobError{Code: "None"},
	}
	if !c.initial {
		x.CountImportedDeltas = int64(len(c.ids))
	}
	if cause := c.broken(); cause != nil {
		x.State, x.Error = "Failed", cause
	} else if c.failures+c.refFailures > 0 {
		x.State = "EntryLevelErrors"
	}
	return x
}
