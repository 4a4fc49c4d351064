// Package journal is the simulator's request log: what was asked, by whom, and what came of it. Tests read it to
// state facts such as "no write to an unowned object, ever". It never holds a secret or a token.
package journal

import (
	"sync"
	"time"
)

// Entry is one request, a Graph call, one item of a batch, or a sign-in attempt.
type Entry struct {
	Seq     uint64    `json:"seq"`
	Time    time.Time `json:"time"`
	Kind    string    `json:"kind"`   // graph | batch | signin
	Tenant  string    `json:"tenant"` // name in the world file
	App     string    `json:"app"`    // client id
	Remote  string    `json:"remote"` // address and port of who asked
	Method  string    `json:"method"`
	Route   string    `json:"route"` // template, empty when unknown
	Path    string    `json:"path"`  // with the query
	Status  int       `json:"status"`
	Write   bool      `json:"write"`
	Targets []string  `json:"targets,omitempty"` // object ids of the path and the body's references
	Unknown bool      `json:"unknown,omitempty"` // a route or option that the simulator does not serve
	Fault   string    `json:"fault,omitempty"`   // id of the fault rule that fired
	Note    string    `json:"note,omitempty"`    // error code, or a sign-in's outcome
	Millis  float64   `json:"millis"`
}

// Journal keeps the newest entries and counts all of them.
type Journal struct {
	mu      sync.Mutex
	entries []Entry
	seq     uint64
	counts  map[string]int
	added   chan struct{}
}

const keep = 200_000

// New makes an empty journal.
func New() *Journal { return &Journal{counts: map[string]int{}, added: make(chan struct{})} }

// Add numbers and stores an entry.
func (j *Journal) Add(e Entry) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.seq++
	e.Seq = j.seq
	j.entries = append(j.entries, e)
	if len(j.entries) > keep+keep/4 {
		j.entries = append([]Entry(nil), j.entries[len(j.entries)-keep:]...)
	}
	if e.Kind == "graph" {
		j.counts[e.Tenant]++
	}
	close(j.added)
	j.added = make(chan struct{})
}

// Since lists up to limit entries after a sequence number, oldest first; limit 0 means all.
func (j *Journal) Since(seq uint64, limit int) []Entry {
	j.mu.Lock()
	defer j.mu.Unlock()
	first := j.seq - uint64(len(j.entries))
	start := 0
	if seq > first {
		start = min(int(seq-first), len(j.entries))
	}
	out := j.entries[start:]
	if limit > 0 && len(out) > limit {
		out = out[:limit]
	}
	return append([]Entry(nil), out...)
}

// Added is closed when the next entry arrives.
func (j *Journal) Added() <-chan struct{} {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.added
}

// Counts is the number of Graph requests per tenant, a batch counting once, and the newest sequence number.
func (j *Journal) Counts() (map[string]int, uint64) {
	j.mu.Lock()
	defer j.mu.Unlock()
	out := make(map[string]int, len(j.counts))
	for k, v := range j.counts {
		out[k] = v
	}
	return out, j.seq
}
