package entrasim

import (
	"encoding/json"
	"net/http"
	"strings"

	"entente.dev/entente/internal/entrasim/dir"
	"entente.dev/entente/internal/entrasim/engine"
	"entente.dev/entente/internal/entrasim/simclient"
)

func (s *Server) serveState(w http.ResponseWriter, r *http.Request) {
	t, ok := s.realm.Tenant(r.PathValue("tenant"))
	if !ok {
		refuse(w, http.StatusNotFound, "no such tenant")
		return
	}
	reply(w, s.state(t, r.URL.Query().Get("crowd") == "true"))
}

// state dumps a tenant without replication lag. Members of the generated crowd are left out unless asked for.
func (s *Server) state(t *dir.Tenant, crowd bool) simclient.State {
	out := simclient.State{Tenant: t.Name}
	for cursor := 0; ; {
		page, next := t.NewestUsers(cursor, 1000)
		for _, u := range page {
			if crowd || u.External || !strings.HasPrefix(u.S[dir.UPN], "user0") {
				out.Users = append(out.Users, s.userState(u))
			}
		}
		if next == 0 {
			break
		}
		cursor = next
	}
	for _, u := range t.DeletedUsers() {
		out.Deleted = append(out.Deleted, s.userState(u))
	}
	groups, _ := t.Groups(0, 1<<30, nil)
	for _, g := range groups {
		x := simclient.GroupState{ID: g.ID, Name: g.Props.Text("displayName"), Members: []string{}}
		ids, _, _ := t.Members(g.ID, 0, 1<<30, nil)
		for _, id := range ids {
			name := id
			if u, ok := t.Newest(id); ok {
				name = u.S[dir.UPN]
			}
			x.Members = append(x.Members, name)
		}
		out.Groups = append(out.Groups, x)
	}
	configs, syncs := t.Partners()
	for i, c := range configs {
		out.Partners = append(out.Partners, dir.Merge(c, dir.Object{"identitySynchronization": syncs[i]}))
	}
	for _, a := range t.Applications.List(nil) {
		out.Apps = append(out.Apps, map[string]any{"id": a.ID(), "appId": a["appId"], "displayName": a["displayName"], "applicationTemplateId": a["applicationTemplateId"]})
	}
	for _, sp := range t.ServicePrincipals.List(nil) {
		if sp["appId"] != dir.GraphAppID {
			out.Principals = append(out.Principals, s.principalState(t, sp))
		}
	}
	return out
}

func (s *Server) principalState(t *dir.Tenant, sp dir.Object) simclient.PrincipalState {
	p := simclient.PrincipalState{ID: sp.ID(), AppID: sp.Text("appId"), DisplayName: sp.Text("displayName"),
		TemplateID: sp.Text("applicationTemplateId"), Assigned: []string{}, Secrets: map[string]string{}, Jobs: []map[string]any{}, Permissions: t.Permissions(sp.ID())}
	for _, a := range t.AssignedTo(sp.ID()) {
		p.Assigned = append(p.Assigned, a.Text("principalId"))
	}
	for _, kv := range s.engine.Secrets(t.ID, sp.ID()) {
		p.Secrets[kv.Key] = kv.Value
	}
	for _, j := range s.engine.Jobs(t.ID, sp.ID()) {
		raw, _ := json.Marshal(j)
		var m map[string]any
		_ = json.Unmarshal(raw, &m)
		p.Jobs = append(p.Jobs, m)
	}
	return p
}

func (s *Server) userState(u *dir.User) simclient.UserState {
	out := simclient.UserState{ID: u.ID, UPN: u.S[dir.UPN], DisplayName: u.S[dir.DisplayName], Mail: u.S[dir.Mail], UserType: u.S[dir.UserType],
		ExternalUserState: u.S[dir.ExternalUserState], External: u.External, Enabled: u.AccountEnabled, ShowInAddressList: u.ShowInAddressList > 0,
		Manager: u.S[dir.ManagerID], Attributes: engineUser(u).Attributes}
	if alt := u.S[dir.AltSecID]; alt != "" {
		for _, t := range s.realm.Tenants() {
			if h, ok := t.ByNetID(alt); ok {
				out.Home = h.S[dir.UPN]
			}
		}
	}
	return out
}

// seedJobs creates the synchronizations of the world file, with everything that an admin would have set up.
func (s *Server) seedJobs() error {
	for _, t := range s.realm.Tenants() {
		for _, j := range s.realm.Jobs[t.ID] {
			if err := s.seedJob(t, j.Target, j.DisplayName, append(j.Groups, j.Users...), j.Started); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Server) seedJob(t *dir.Tenant, target, name string, assigned []string, started bool) error {
	other, _ := s.realm.Tenant(target)
	if name == "" {
		name = "Sync to " + other.Name
	}
	sp, role := s.graph.SeedSyncApp(t, name)
	for _, who := range assigned {
		id, err := principalIn(t, who)
		if err != nil {
			return err
		}
		if _, derr := t.Assign(sp, id, role, dir.Actor{App: "world file"}); derr != nil {
			return derr
		}
	}
	job, err := s.engine.CreateJob(t.ID, sp, engine.TemplateID)
	if err != nil {
		return err
	}
	err = s.engine.SetSecrets(t.ID, sp, []engine.KeyValue{{Key: "AuthenticationType", Value: "SyncPolicy"}, {Key: "CompanyId", Value: other.ID},
		{Key: "SyncAll", Value: "false"}, {Key: "SyncNotificationSettings", Value: `{"Enabled":false,"DeleteThresholdEnabled":false}`}})
	if err != nil || !started {
		return err
	}
	return s.engine.Start(t.ID, sp, job.ID)
}
