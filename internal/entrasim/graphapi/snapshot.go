package graphapi

import (
	"encoding/json"
	"time"
)

// realmState is the multitenant organizations as a snapshot holds them.
type realmState struct {
	Orgs   []orgState
	Joins  map[string]joinState
	Shells []shellState
}

type orgState struct {
	ID, Name, Description string
	Created               time.Time
	Members               []memberState
}

type memberState struct {
	TenantID, Name, Role, State, AddedBy, DesiredState, DesiredRole string
	Added, Joined, Due                                              time.Time
}

type joinState struct {
	AddedBy, State, Role, Status, Details string
	Due                                   time.Time
}

type shellState struct {
	Tenant, Partner string
	Due             time.Time
}

// Snapshot returns the multitenant organizations as JSON; everything else of Graph's state is the directories'.
func (s *Server) Snapshot() (json.RawMessage, error) {
	r, unlock := s.lockRealm()
	defer unlock()
	out := realmState{Joins: map[string]joinState{}}
	for _, o := range r.orgs {
		x := orgState{ID: o.id, Name: o.name, Description: o.description, Created: o.created}
		for _, id := range o.order {
			m := o.members[id]
			x.Members = append(x.Members, memberState{m.tenantID, m.name, m.role, m.state, m.addedBy, m.desiredState, m.desiredRole, m.added, m.joined, m.due})
		}
		out.Orgs = append(out.Orgs, x)
	}
	for tenant, j := range r.joins {
		out.Joins[tenant] = joinState{j.addedBy, j.state, j.role, j.status, j.details, j.due}
	}
	for pair, due := range r.shells {
		out.Shells = append(out.Shells, shellState{pair[0], pair[1], due})
	}
	return json.Marshal(out)
}

// Restore replaces the multitenant organizations.
func (s *Server) Restore(raw json.RawMessage) error {
	var in realmState
	if err := json.Unmarshal(raw, &in); err != nil {
		return err
	}
	s.mto.mu.Lock()
	defer s.mto.mu.Unlock()
	r, fresh := s.mto, newRealm()
	r.orgs, r.of, r.joins, r.shells = fresh.orgs, fresh.of, fresh.joins, fresh.shells
	for _, x := range in.Orgs {
		o := &org{id: x.ID, name: x.Name, description: x.Description, created: x.Created, members: map[string]*orgMember{}}
		for _, m := range x.Members {
			o.order = append(o.order, m.TenantID)
			o.members[m.TenantID] = &orgMember{tenantID: m.TenantID, name: m.Name, role: m.Role, state: m.State, addedBy: m.AddedBy, added: m.Added,
				joined: m.Joined, desiredState: m.DesiredState, desiredRole: m.DesiredRole, due: m.Due}
			if m.State == "active" {
				r.of[m.TenantID] = o.id
			}
		}
		r.orgs[o.id] = o
	}
	for tenant, j := range in.Joins {
		r.joins[tenant] = &joinRequest{j.AddedBy, j.State, j.Role, j.Status, j.Details, j.Due}
	}
	for _, x := range in.Shells {
		r.shells[[2]string{x.Tenant, x.Partner}] = x.Due
	}
	r.plan()
	return nil
}
