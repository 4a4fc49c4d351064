package engine

import "time"

// link joins a source user to the target user the engine remembers for it. After deprovisioning it stays,
// inactive, because a return within 30 days restores the same object.
type link struct {
	Target  string    `json:"target"`
	Name    string    `json:"name,omitempty"`
	Active  bool      `json:"active,omitempty"`
	Off     bool      `json:"off,omitempty"`  // the source was disabled when it was last written
	Hash    uint64    `json:"hash,omitempty"` // of the mapped source values last written
	Removed time.Time `json:"removed,omitzero"`
}

// restorable is how long a soft-deleted object can come back.
const restorable = 30 * 24 * time.Hour

// data is what a job knows of both directories. It is part of a snapshot.
type data struct {
	Watermark       uint64             `json:"watermark,omitempty"` // 0: the next cycle is an initial one
	TargetWatermark uint64             `json:"targetWatermark,omitempty"`
	SyncAll         bool               `json:"syncAll,omitempty"` // as the last initial cycle found it
	Links           map[string]*link   `json:"links"`             // by source id
	Escrows         map[string]*escrow `json:"escrows"`
	Staged          map[string]bool    `json:"staged"`   // removals held back by the threshold
	Waiting         map[string]string  `json:"waiting"`  // users whose manager has no link yet
	Entitled        map[string]bool    `json:"entitled"` // as the last cycle found them
	Groups          map[string]bool    `json:"groups"`
	Synced          int64              `json:"synced,omitempty"` // users ever linked; never decreases

	holders map[string]map[string]bool // active source ids by target id, derived from Links
}

func newData() data {
	d := data{}
	d.fill()
	return d
}

// fill makes the maps that a snapshot left out and derives the index.
func (d *data) fill() {
	if d.Links == nil {
		d.Links = map[string]*link{}
	}
	if d.Escrows == nil {
		d.Escrows = map[string]*escrow{}
	}
	if d.Staged == nil {
		d.Staged = map[string]bool{}
	}
	if d.Waiting == nil {
		d.Waiting = map[string]string{}
	}
	if d.Entitled == nil {
		d.Entitled = map[string]bool{}
	}
	if d.Groups == nil {
		d.Groups = map[string]bool{}
	}
	d.holders = map[string]map[string]bool{}
	for source, l := range d.Links {
		if l.Active {
			d.hold(source, l.Target)
		}
	}
}

func (d *data) hold(source, target string) {
	if d.holders[target] == nil {
		d.holders[target] = map[string]bool{}
	}
	d.holders[target][source] = true
}

func (d *data) unhold(source, target string) {
	delete(d.holders[target], source)
	if len(d.holders[target]) == 0 {
		delete(d.holders, target)
	}
}

// join remembers the target of a source user.
func (d *data) join(source, target string) *link {
	l := d.Links[source]
	if l == nil {
		l = &link{}
		d.Links[source] = l
		d.Synced++
	}
	if l.Active {
		d.unhold(source, l.Target)
	}
	l.Target, l.Active, l.Removed = target, true, time.Time{}
	d.hold(source, target)
	return l
}

// part ends a link and keeps its target for a return.
func (d *data) part(source string, at time.Time) {
	if l := d.Links[source]; l != nil && l.Active {
		d.unhold(source, l.Target)
		l.Active, l.Hash, l.Removed = false, 0, at
	}
}

// reset applies a restart scope.
func (d *data) reset(scope resetScope) {
	if scope&resetWatermark != 0 {
		d.Watermark = 0
	}
	if scope&resetEscrows != 0 {
		d.Escrows = map[string]*escrow{}
	}
	if scope&resetConnector != 0 {
		d.Links, d.Waiting, d.Entitled, d.Groups, d.Staged = nil, nil, nil, nil, nil
		d.Synced = 0
		d.fill()
	}
}
