package engine

import (
	"encoding/json"
	"fmt"
	"sort"
)

// snapshotVersion grows when the form changes in a way an older reader would misread.
const snapshotVersion = 1

type snapshot struct {
	Version    int                  `json:"version"`
	Seq        uint64               `json:"seq"`
	Principals []principalSnapshot  `json:"principals"`
	Logs       map[string][]*LogRow `json:"logs"`
	Notes      []Notification       `json:"notifications"`
}

type principalSnapshot struct {
	Tenant  string        `json:"tenant"`
	ID      string        `json:"id"`
	Secrets []KeyValue    `json:"secrets"`
	Jobs    []jobSnapshot `json:"jobs"`
}

type jobSnapshot struct {
	ID      string          `json:"id"`
	Schema  json.RawMessage `json:"schema"`
	Control control         `json:"control"`
	Data    json.RawMessage `json:"data"`
}

// Snapshot returns the whole state as JSON. A cycle that takes virtual time is not part of it: after a restore it
// begins anew, which repeats no write because its links are kept.
func (e *Engine) Snapshot() (json.RawMessage, error) {
	e.tick.Lock()
	defer e.tick.Unlock()
	data, err := e.snapshotData()
	if err != nil {
		return nil, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	s := snapshot{Version: snapshotVersion, Seq: e.seq.Load(), Logs: map[string][]*LogRow{}, Notes: e.notes}
	for tenant, l := range e.logs {
		s.Logs[tenant] = l.rows
	}
	for key, p := range e.principals {
		ps := principalSnapshot{Tenant: key.Tenant, ID: key.ID, Secrets: p.secrets}
		for _, id := range sortedKeys(p.jobs) {
			j := p.jobs[id]
			ctl := j.ctl
			ctl.Schema = schemaState{}
			ps.Jobs = append(ps.Jobs, jobSnapshot{id, j.ctl.Schema.Raw, ctl, data[id]})
		}
		s.Principals = append(s.Principals, ps)
	}
	sort.Slice(s.Principals, func(i, k int) bool {
		a, b := s.Principals[i], s.Principals[k]
		return a.Tenant < b.Tenant || (a.Tenant == b.Tenant && a.ID < b.ID)
	})
	return json.Marshal(s)
}

// snapshotData encodes every job's data under that job's lock, which ranks before Engine.mu.
func (e *Engine) snapshotData() (map[string]json.RawMessage, error) {
	e.mu.Lock()
	var jobs []*job
	for _, p := range e.principals {
		for _, j := range p.jobs {
			jobs = append(jobs, j)
		}
	}
	e.mu.Unlock()
	out := map[string]json.RawMessage{}
	for _, j := range jobs {
		j.work.Lock()
		raw, err := json.Marshal(&j.data)
		j.work.Unlock()
		if err != nil {
			return nil, err
		}
		out[j.id] = raw
	}
	return out, nil
}

// Restore replaces the state by a snapshot's.
func (e *Engine) Restore(raw json.RawMessage) error {
	var s snapshot
	if err := json.Unmarshal(raw, &s); err != nil {
		return fmt.Errorf("read the engine's snapshot: %w", err)
	}
	if s.Version != snapshotVersion {
		return fmt.Errorf("the engine's snapshot has version %d, not %d", s.Version, snapshotVersion)
	}
	principals := map[principalKey]*principal{}
	for _, ps := range s.Principals {
		key := principalKey{ps.Tenant, ps.ID}
		p := &principal{secrets: ps.Secrets, jobs: map[string]*job{}}
		for _, js := range ps.Jobs {
			j := &job{key: key, id: js.ID, ctl: js.Control}
			schema, err := parseSchema(js.Schema)
			if err != nil {
				return fmt.Errorf("job %s: %w", js.ID, err)
			}
			j.ctl.Schema = schema
			if len(js.Data) > 0 {
				if err := json.Unmarshal(js.Data, &j.data); err != nil {
					return fmt.Errorf("job %s: %w", js.ID, err)
				}
			}
			j.data.fill()
			p.jobs[js.ID] = j
		}
		principals[key] = p
	}
	e.tick.Lock()
	defer e.tick.Unlock()
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, p := range e.principals {
		for _, j := range p.jobs {
			j.ctl.Deleted = true
		}
	}
	e.principals, e.notes, e.logs = principals, s.Notes, map[string]*tenantLog{}
	for tenant, rows := range s.Logs {
		e.logs[tenant] = &tenantLog{rows: rows}
	}
	e.seq.Store(s.Seq)
	e.stir()
	return nil
}
