package entrasim

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// snapshotVersion grows when the form changes in a way that an older reader would misread.
const snapshotVersion = 1

// snapshot is the state of a world: directories, policies, organizations, jobs with what they remember, and the
// clock. Faults, switches, the request log, signing keys and replication that is under way are not part of it.
type snapshot struct {
	Version int
	Now     time.Time
	Tenants map[string]json.RawMessage // by id
	Graph   json.RawMessage
	Engine  json.RawMessage
}

// serveSnapshot answers GET /snapshot. The cycle that runs at present is waited for.
func (s *Server) serveSnapshot(w http.ResponseWriter, _ *http.Request) {
	out := snapshot{Version: snapshotVersion, Tenants: map[string]json.RawMessage{}}
	var err error
	if out.Engine, err = s.engine.Snapshot(); err == nil {
		out.Graph, err = s.graph.Snapshot()
	}
	for _, t := range s.realm.Tenants() {
		if err == nil {
			out.Tenants[t.ID], err = t.Snapshot()
		}
	}
	if err != nil {
		refuse(w, http.StatusInternalServerError, err.Error())
		return
	}
	out.Now = s.clock.Now()
	reply(w, out)
}

// serveRestore answers PUT /snapshot: the world must have the tenants of the snapshot. Faults are cleared.
func (s *Server) serveRestore(w http.ResponseWriter, r *http.Request) {
	var in snapshot
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		refuse(w, http.StatusBadRequest, "read the snapshot: "+err.Error())
		return
	}
	if err := s.restore(in); err != nil {
		refuse(w, http.StatusBadRequest, err.Error())
		return
	}
	reply(w, struct{}{})
}

func (s *Server) restore(in snapshot) error {
	if in.Version != snapshotVersion {
		return fmt.Errorf("the snapshot has version %d, not %d", in.Version, snapshotVersion)
	}
	for _, t := range s.realm.Tenants() {
		if in.Tenants[t.ID] == nil {
			return fmt.Errorf("the snapshot has no tenant %s (%s)", t.Name, t.ID)
		}
	}
	if len(in.Tenants) != len(s.realm.Tenants()) {
		return fmt.Errorf("the snapshot has %d tenants, this world %d", len(in.Tenants), len(s.realm.Tenants()))
	}
	s.faults.Clear("")
	s.clock.Set(in.Now)
	for _, t := range s.realm.Tenants() {
		if err := t.Restore(in.Tenants[t.ID]); err != nil {
			return err
		}
	}
	if err := s.graph.Restore(in.Graph); err != nil {
		return err
	}
	return s.engine.Restore(in.Engine)
}
