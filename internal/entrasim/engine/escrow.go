package engine

import "time"

// escrow is an object whose export failed and that waits for its next try.
type escrow struct {
	First     time.Time `json:"first"`
	Next      time.Time `json:"next"`
	Code      string    `json:"code"`
	Reference bool      `json:"reference,omitempty"`
}

// escrowLife is how long failures are retried.
const escrowLife = 28 * 24 * time.Hour

// transientCodes are retried with the next cycle, that is in 40 minutes.
var transientCodes = map[string]bool{"InternalServerError": true, "InternalError": true, "Timeout": true,
	"WebExceptionProtocolError": true, "TooManyRequests": true}

// nextRetry is the first of first+6h, +12h, +24h, +48h, … after now: the documented schedule.
func nextRetry(first, now time.Time) time.Time {
	for _, h := range []time.Duration{6 * time.Hour, 12 * time.Hour} {
		if t := first.Add(h); t.After(now) {
			return t
		}
	}
	const day = 24 * time.Hour
	n := now.Sub(first)/day + 1
	return first.Add(n * day)
}

// hold puts a failed object into escrow or reschedules it.
func (c *cycle) hold(id, code string, reference bool) {
	x := c.d.Escrows[id]
	if x == nil {
		x = &escrow{First: c.at}
		c.d.Escrows[id] = x
	}
	x.Code, x.Reference = code, reference
	x.Next = nextRetry(x.First, c.at)
	if transientCodes[code] {
		x.Next = c.at
	}
}

// release forgets a failure after a success; a retry that succeeds lifts quarantine.
func (c *cycle) release(id string) {
	if _, ok := c.d.Escrows[id]; ok {
		delete(c.d.Escrows, id)
		c.retried = true
	}
}

// dueEscrows lists what is to be retried now and drops what is older than 28 days.
func (c *cycle) dueEscrows() (due []string) {
	for _, id := range sortedKeys(c.d.Escrows) {
		x := c.d.Escrows[id]
		switch {
		case c.at.Sub(x.First) > escrowLife:
			delete(c.d.Escrows, id)
			c.expired = true
		case !x.Next.After(c.at):
			due = append(due, id)
		}
	}
	return due
}

func (d *data) outstanding() (base, reference int) {
	for _, x := range d.Escrows {
		if x.Reference {
			reference++
		} else {
			base++
		}
	}
	return base, reference
}
