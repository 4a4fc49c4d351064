package apitest

import (
	"entente.dev/entente/internal/coverage"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/plan"
	"entente.dev/entente/internal/topology"
)

type somebody struct {
	person    ident.Person
	upn, name string
}

var (
	annie   = somebody{ident.Person{Home: "a", ID: "id-annie"}, "annie@a.example", "Annie"}
	barbara = somebody{ident.Person{Home: "b", ID: "id-barbara"}, "barbara@b.example", "Barbara"}
	bob     = somebody{ident.Person{Home: "b", ID: "id-bob"}, "bob@b.example", "Bob"}
	charlie = somebody{ident.Person{Home: "c", ID: "id-charlie"}, "charlie@c.example", "Charlie"}
	people  = []somebody{annie, barbara, bob, charlie} // by user principal name
)

// picture is the plan of a topology before anything was done, or after everything was.
func picture(t *topology.Topology, done, fatal bool) *plan.Plan {
	p := &plan.Plan{Topology: t.Digest(), Name: t.Name, Refusals: []plan.Refusal{}, Warnings: []plan.Warning{}}
	for _, share := range t.Shares {
		s := sharePicture(share.Share, done)
		p.Shares = append(p.Shares, s)
		p.Counts.Shares++
		p.Counts.Changes += s.Counts.Changes
		p.Counts.People += s.Counts.People
		p.Counts.Creates += s.Counts.Creates
		p.Counts.Converts += s.Counts.Converts
	}
	if fatal {
		p.Counts.Refusals = 1
		p.Refusals = append(p.Refusals, plan.Refusal{
			Rule: "group-not-found", Fatal: true, Tenant: "b", UserSet: "b-people", Pos: topology.Position{Line: 10, Column: 5},
			Detail: `no group is called "Collaboration"`, Remedy: "create the group, or name another one",
		})
	}
	p.Warnings = append(p.Warnings, plan.Warning{Rule: "one-way", Tenant: "a", Detail: "mail is not shared"})
	p.Digest = ident.Digest(p)
	return p
}

func sharePicture(s ident.Share, done bool) plan.SharePlan {
	p := plan.SharePlan{Share: s, Acceptance: plan.AcceptanceNeed{Needed: !done, Why: "not accepted yet"}}
	if done {
		p.Acceptance.Why = ""
	}
	for _, who := range people {
		if who.person.Home == s.Source {
			e := effect(s, who, done)
			p.Effects = append(p.Effects, e)
			p.Counts.People++
			p.Desired.Members = append(p.Desired.Members, who.person.ID)
			switch e.Action {
			case plan.Create:
				p.Counts.Creates++
			case plan.Adopt:
				p.Counts.Converts++
			}
		}
	}
	if !done {
		p.Changes = steps(s)
	}
	p.Counts.Shares, p.Counts.Changes = 1, len(p.Changes)
	p.Digest = ident.Digest(p)
	return p
}

func effect(s ident.Share, who somebody, done bool) plan.Effect {
	e := plan.Effect{Share: s, Person: who.person, UPN: who.upn, Name: who.name, Tenant: s.Target, Action: plan.Create, From: "absent", To: "member"}
	switch {
	case done:
		e.Action, e.From = plan.KeepOne, "member"
	case who == bob && s.Target == "c":
		e.Action, e.From, e.ObjectID, e.Reason = plan.Adopt, "guest", "bob-in-c", "invited by hand; converted if c agrees"
	}
	return e
}

func steps(s ident.Share) []plan.Change {
	change := func(kind plan.Kind, side plan.Side, tenant ident.Tenant, action, summary string) plan.Change {
		return plan.Change{ID: s.String() + " " + string(kind), Kind: kind, Share: s, Side: side, Tenant: tenant, Action: action, Summary: summary}
	}
	return []plan.Change{
		change(plan.InboundPartner, plan.Target, s.Target, "create", "partner entry with inbound automatic redemption"),
		change(plan.InboundSync, plan.Target, s.Target, "create", "inbound sync allowed"),
		change(plan.OutboundPartner, plan.Source, s.Source, "create", "partner entry with outbound automatic redemption"),
		change(plan.Application, plan.Source, s.Source, "create", "sync application"),
		change(plan.ScopeAdd, plan.Source, s.Source, "add", "people into the scope group"),
		change(plan.StartJob, plan.Source, s.Source, "start", "the job"),
	}
}

// matrix is the coverage that belongs to the picture.
func matrix(done bool) coverage.Coverage {
	c := coverage.Coverage{Tenants: []ident.Tenant{"a", "b", "c"}}
	for _, who := range people {
		row := coverage.Row{Person: who.person, UPN: who.upn, Name: who.name}
		for _, t := range c.Tenants {
			cell := coverage.Cell{Tenant: t, Wanted: true, Representation: coverage.Absent}
			switch {
			case t == who.person.Home:
				cell.Representation = coverage.Internal
				c.Totals.Internal++
			case done:
				cell.Representation = coverage.Member
				c.Totals.Members++
			case who == bob && t == "c":
				cell.Representation, cell.Why = coverage.Guest, "invited by hand"
				c.Totals.Guests++
			default:
				c.Totals.Absent++
			}
			if cell.Representation == coverage.Internal || cell.Representation == coverage.Member {
				c.Totals.Covered++
			}
			c.Totals.Wanted++
			row.Cells = append(row.Cells, cell)
		}
		c.Rows = append(c.Rows, row)
	}
	c.Totals.People = len(people)
	return c
}
