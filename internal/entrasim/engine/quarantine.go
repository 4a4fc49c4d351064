package engine

import "time"

// Reasons of microsoft.graph.quarantineReason the engine gives.
const (
	reasonBase       = "EncounteredBaseEscrowThreshold"
	reasonTotal      = "EncounteredTotalEscrowThreshold"
	reasonProportion = "EncounteredEscrowProportionThreshold"
	reasonException  = "EncounteredQuarantineException"
	reasonDeletes    = "TooManyDeletes"
)

// Documented limits; the page says the logic may change.
const (
	quarantineFloor = 5_000
	baseLimit       = 40_000
	totalLimit      = 60_000
	proportionLimit = 40 // percent
	quarantineLife  = 28 * 24 * time.Hour
)

// quarantineReason judges failures (references apart) and successes: nothing below 5,000 failures, then more than
// 40,000 without references, 60,000 with them, or more than 40 percent of all events. Empty means healthy.
func quarantineReason(base, reference, succeeded int) string {
	total := base + reference
	switch {
	case total < quarantineFloor:
		return ""
	case base > baseLimit:
		return reasonBase
	case total >= totalLimit:
		return reasonTotal
	case total*100 > proportionLimit*(total+succeeded):
		return reasonProportion
	}
	return ""
}

// judge decides about escrow quarantine at the end of a cycle: this cycle's events for the proportion, everything
// outstanding for the absolute limits. A proportion quarantine stays until a retry succeeds or failures are few.
func (c *cycle) judge(present *Quarantine) string {
	if r := quarantineReason(c.failures, c.refFailures, c.successes); r != "" {
		return r
	}
	base, reference := c.d.outstanding()
	if r := quarantineReason(base, reference, 1<<40); r != "" {
		return r
	}
	if present != nil && present.Reason == reasonProportion && !c.retried && base+reference >= quarantineFloor {
		return reasonProportion
	}
	return ""
}

// quarantine imposes a quarantine or leaves it in effect. currentBegan is the last time it was imposed, the series
// lasts until it is lifted. After four weeks the job is disabled. The caller holds Engine.mu.
func (e *Engine) quarantine(j *job, at time.Time, reason string, cause *JobError, recipients string) {
	q := j.ctl.Status.Quarantine
	if q == nil {
		q = &Quarantine{SeriesBegan: at}
	} else {
		c := *q
		q = &c
	}
	q.Reason, q.CurrentBegan, q.Error = reason, at, cause
	q.SeriesCount++
	next := at.Add(e.CycleLength())
	if e.sw.QuarantineDecay {
		next = nextRetry(q.SeriesBegan, at)
	}
	q.NextAttempt = next
	j.ctl.Status.Quarantine = q
	if j.ctl.NotifiedFor != reason {
		j.ctl.NotifiedFor = reason
		e.notes = append(e.notes, Notification{at, j.key.Tenant, j.id, reason, recipients})
	}
	if j.ctl.State != stateActive {
		return
	}
	j.ctl.Status.Code, j.ctl.NextDue = codeQuarantined, next
	if at.Sub(q.SeriesBegan) > quarantineLife {
		j.ctl.State, j.ctl.NextDue = stateDisabled, time.Time{}
	}
}

// clearQuarantine lifts it. The caller holds Engine.mu.
func (j *job) clearQuarantine() {
	j.ctl.Status.Quarantine, j.ctl.NotifiedFor = nil, ""
}
