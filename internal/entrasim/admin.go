package entrasim

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"entente.dev/entente/internal/entrasim/faults"
	"entente.dev/entente/internal/entrasim/journal"
	"entente.dev/entente/internal/entrasim/simclient"
)

// adminHandler serves the admin endpoint. It is for loopback only and asks for no credentials.
func (s *Server) adminHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /info", func(w http.ResponseWriter, _ *http.Request) { reply(w, s.info()) })
	mux.HandleFunc("GET /clock", func(w http.ResponseWriter, _ *http.Request) { reply(w, s.clockState()) })
	mux.HandleFunc("POST /clock", s.setClock)
	mux.HandleFunc("GET /state/{tenant}", s.serveState)
	mux.HandleFunc("POST /edit", s.serveEdit)
	mux.HandleFunc("GET /requests", s.serveRequests)
	mux.HandleFunc("GET /counts", func(w http.ResponseWriter, _ *http.Request) {
		counts, seq := s.log.Counts()
		reply(w, simclient.Counts{Graph: counts, Seq: seq})
	})
	mux.HandleFunc("GET /faults", func(w http.ResponseWriter, _ *http.Request) { reply(w, s.faults.List()) })
	mux.HandleFunc("POST /faults", s.setFault)
	mux.HandleFunc("DELETE /faults/{$}", func(w http.ResponseWriter, _ *http.Request) { s.faults.Clear(""); reply(w, struct{}{}) })
	mux.HandleFunc("DELETE /faults/{id}", func(w http.ResponseWriter, r *http.Request) {
		s.found(w, s.faults.Clear(r.PathValue("id")), "no such fault")
	})
	mux.HandleFunc("POST /faults/{id}/release", func(w http.ResponseWriter, r *http.Request) {
		s.found(w, s.faults.Release(r.PathValue("id")), "no such fault")
	})
	mux.HandleFunc("GET /snapshot", s.serveSnapshot)
	mux.HandleFunc("PUT /snapshot", s.serveRestore)
	mux.HandleFunc("GET /switches", func(w http.ResponseWriter, _ *http.Request) { reply(w, s.listSwitches()) })
	mux.HandleFunc("POST /switches", s.serveSwitch)
	return mux
}

func reply(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

func refuse(w http.ResponseWriter, status int, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"error": message})
}

func (s *Server) found(w http.ResponseWriter, ok bool, message string) {
	if !ok {
		refuse(w, http.StatusNotFound, message)
		return
	}
	reply(w, struct{}{})
}

func read(w http.ResponseWriter, r *http.Request, into any) bool {
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, 8<<20))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		refuse(w, http.StatusBadRequest, err.Error())
		return false
	}
	return true
}

func (s *Server) info() simclient.Info {
	out := simclient.Info{BaseURL: s.base, AdminURL: s.admin, CAFile: s.caFile}
	for _, t := range s.realm.Tenants() {
		x := simclient.TenantInfo{Name: t.Name, ID: t.ID, Domain: t.Domain, InitialDomain: t.InitialDomain, DisplayName: t.DisplayName, Users: t.CountUsers()}
		for _, d := range s.opts.World.Tenants {
			if d.Name != t.Name {
				continue
			}
			for _, a := range d.Apps {
				app := simclient.AppInfo{ClientID: a.ClientID, DisplayName: a.DisplayName, Permissions: a.Permissions}
				if secrets := t.Secrets(a.ClientID); len(secrets) > 0 {
					app.Secret = secrets[0].Text
				}
				x.Apps = append(x.Apps, app)
			}
		}
		out.Tenants = append(out.Tenants, x)
	}
	return out
}

func (s *Server) clockState() simclient.ClockState {
	return simclient.ClockState{Now: s.clock.Now(), Factor: s.clock.Factor()}
}

func (s *Server) setClock(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Advance string   `json:"advance"`
		Factor  *float64 `json:"factor"`
	}
	if !read(w, r, &in) {
		return
	}
	if in.Factor != nil {
		s.clock.SetFactor(*in.Factor)
	}
	if in.Advance != "" {
		d, err := time.ParseDuration(in.Advance)
		if err != nil || d < 0 {
			refuse(w, http.StatusBadRequest, "advance needs a duration such as 40m")
			return
		}
		s.clock.Advance(d)
		s.expire()
		s.engine.Tick()
	}
	reply(w, s.clockState())
}

func (s *Server) setFault(w http.ResponseWriter, r *http.Request) {
	var rule faults.Rule
	if !read(w, r, &rule) {
		return
	}
	rule, err := s.faults.Put(rule)
	if err != nil {
		refuse(w, http.StatusBadRequest, err.Error())
		return
	}
	reply(w, rule)
}

func (s *Server) serveRequests(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	since, _ := strconv.ParseUint(q.Get("since"), 10, 64)
	limit, _ := strconv.Atoi(q.Get("limit"))
	wait, _ := time.ParseDuration(q.Get("wait"))
	deadline := time.After(wait)
	for {
		added := s.log.Added()
		entries := s.log.Since(since, limit)
		if len(entries) > 0 || wait <= 0 {
			if entries == nil {
				entries = []journal.Entry{}
			}
			reply(w, entries)
			return
		}
		select {
		case <-added:
		case <-deadline:
			wait = 0
		case <-r.Context().Done():
			return
		}
	}
}
