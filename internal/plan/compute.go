package plan

import (
	"fmt"
	"slices"
	"strings"

	"entente.dev/entente/internal/directory"
	"entente.dev/entente/internal/ident"
)

// Compute plans every share of the topology, or those of Input.Only, sorted by edge. It never fails: what it
// cannot plan it refuses, with the reason.
func Compute(in Input) Plan {
	c := newComputation(in)
	p := Plan{Topology: in.Topology.Digest(), Name: in.Topology.Name, Shares: []SharePlan{}, Refusals: []Refusal{}, Warnings: []Warning{}}
	var tallies []tally
	for _, share := range in.Topology.Shares {
		if !c.plans(share.Share) {
			continue
		}
		s, t := c.share(share)
		p.Shares, tallies = append(p.Shares, s), append(tallies, t)
	}
	c.verdicts(p.Shares, tallies)
	if len(in.Only) == 0 {
		p.Warnings = append(p.Warnings, c.undeclared()...)
	}
	p.Warnings = append(p.Warnings, c.rolesUnread()...)
	digests := make([]string, len(p.Shares))
	for i := range p.Shares {
		s := &p.Shares[i]
		s.Digest = s.digest()
		digests[i] = s.Digest
		p.Refusals = append(p.Refusals, s.Refusals...)
		p.Warnings = append(p.Warnings, s.Warnings...)
		p.Counts = p.Counts.plus(s.Counts)
	}
	p.Digest = ident.Digest(struct {
		Topology, Name string
		Shares         []string
	}{p.Topology, p.Name, digests})
	return p
}

// Fatal lists the refusals that stop the whole apply.
func (p *Plan) Fatal() []Refusal {
	var fatal []Refusal
	for _, r := range p.Refusals {
		if r.Fatal {
			fatal = append(fatal, r)
		}
	}
	return fatal
}

// Empty tells whether there is nothing to do.
func (p *Plan) Empty() bool { return p.Counts.Changes == 0 }

// Share finds the plan of one share.
func (p *Plan) Share(edge ident.Share) (*SharePlan, bool) {
	for i := range p.Shares {
		if p.Shares[i].Share == edge {
			return &p.Shares[i], true
		}
	}
	return nil, false
}

func (c Counts) plus(o Counts) Counts {
	return Counts{
		Shares: c.Shares + o.Shares, Changes: c.Changes + o.Changes, People: c.People + o.People,
		Creates: c.Creates + o.Creates, Converts: c.Converts + o.Converts, Restores: c.Restores + o.Restores,
		Removals: c.Removals + o.Removals, Waiting: c.Waiting + o.Waiting, Ringed: c.Ringed + o.Ringed, Refusals: c.Refusals + o.Refusals,
	}
}

// computation is what all shares of one plan have in common, looked up once.
type computation struct {
	in      Input
	targets map[ident.Tenant]*directory.Index
	sets    map[string]resolved
	guarded map[ident.Tenant]guard
	removed map[ident.Share][]Removed
}

// plans tells whether a share is to be planned.
func (c *computation) plans(share ident.Share) bool {
	return len(c.in.Only) == 0 || slices.Contains(c.in.Only, share)
}

type resolved struct {
	people   []string
	refusals []Refusal
}

func newComputation(in Input) *computation {
	c := &computation{in: in, targets: map[ident.Tenant]*directory.Index{}, sets: map[string]resolved{}, guarded: map[ident.Tenant]guard{}, removed: removedBy(in.Removed)}
	for _, t := range in.Topology.Tenants {
		if s := in.Snapshots[t.Name].Snapshot(); s != nil {
			c.targets[t.Name] = directory.NewIndex(s)
			why, refusals := Guarded(in.Topology, s)
			c.guarded[t.Name] = guard{why, refusals}
		}
	}
	for _, l := range in.Links {
		if x := c.targets[l.Tenant]; x != nil && l.Tenant != l.Person.Home {
			x.Link(l.Person.ID, l.ObjectID)
		}
	}
	for _, set := range in.Topology.UserSets {
		if s := in.Snapshots[set.Tenant].Snapshot(); s != nil {
			people, refusals := People(set, s)
			c.sets[set.Name] = resolved{people, refusals}
		}
	}
	return c
}

// undeclared warns of applications that carry our marker for a share the topology does not name: nothing
// plans for them any more, and their people stay.
func (c *computation) undeclared() []Warning {
	known := map[string]bool{}
	for _, share := range c.in.Topology.Shares {
		target, _ := c.in.Topology.TenantByName(share.Target)
		known[AppName(c.in.Topology.Name, share.Share, target.TenantID)] = true
	}
	var warnings []Warning
	for _, t := range c.in.Topology.Tenants {
		s := c.in.Snapshots[t.Name].Snapshot()
		if s == nil {
			continue
		}
		for _, app := range s.Apps {
			if strings.HasPrefix(app.DisplayName, appPrefix(c.in.Topology.Name)) && !known[app.DisplayName] {
				warnings = append(warnings, Warning{
					Rule: "undeclared-share", Tenant: t.Name,
					Detail: fmt.Sprintf("application %s is ours, but the topology names no such share; stop it to take its people out", app.ServicePrincipalID),
				})
			}
		}
	}
	return warnings
}
