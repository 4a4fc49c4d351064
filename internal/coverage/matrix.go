package coverage

import (
	"cmp"
	"slices"
	"strings"

	"entente.dev/entente/internal/directory"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/plan"
	"entente.dev/entente/internal/topology"
)

// Matrix works out the coverage of a topology from complete snapshots: "absent" is a claim that a partial
// one cannot make. A tenant without a snapshot has cells that say so. Links are proven pairs; holds are
// those in force (one that ended counts no longer), and so are inclusions, which the caller knows because this package
// has no clock: a restored person counts as wanted although no set names them. Rows are sorted by UPN.
func Matrix(t *topology.Topology, snapshots map[ident.Tenant]directory.Complete, links []plan.Link, holds []plan.Hold, inclusions ...plan.Inclusion) Coverage {
	m := newMatrix(t, snapshots, links, holds)
	m.included(inclusions)
	m.scopes()
	m.collaborating()
	m.left(links)
	slices.SortFunc(m.rows, func(a, b Row) int {
		return cmp.Or(cmp.Compare(strings.ToLower(a.UPN), strings.ToLower(b.UPN)), cmp.Compare(a.Person.Home, b.Person.Home), cmp.Compare(a.Person.ID, b.Person.ID))
	})
	c := Coverage{Tenants: m.tenants, Rows: m.rows}
	for _, row := range c.Rows {
		c.Totals.add(row)
	}
	return c
}

type place struct {
	person ident.Person
	tenant ident.Tenant
}

type matrix struct {
	topology  *topology.Topology
	tenants   []ident.Tenant
	snapshots map[ident.Tenant]*directory.Snapshot
	indexes   map[ident.Tenant]*directory.Index
	holds     map[place]plan.Hold
	protected map[ident.Tenant]map[string]string // object id → why
	wanted    map[place]bool
	carried   map[place]bool // in the scope group of a declared share
	seen      map[ident.Person]bool
	restored  []ident.Person
	rows      []Row
}

func newMatrix(t *topology.Topology, snapshots map[ident.Tenant]directory.Complete, links []plan.Link, holds []plan.Hold) *matrix {
	m := &matrix{
		topology: t, tenants: []ident.Tenant{}, snapshots: map[ident.Tenant]*directory.Snapshot{}, indexes: map[ident.Tenant]*directory.Index{},
		holds: map[place]plan.Hold{}, protected: map[ident.Tenant]map[string]string{}, wanted: map[place]bool{}, carried: map[place]bool{}, seen: map[ident.Person]bool{}, rows: []Row{},
	}
	for _, tenant := range t.Tenants {
		m.tenants = append(m.tenants, tenant.Name)
		if s := snapshots[tenant.Name].Snapshot(); s != nil {
			m.snapshots[tenant.Name], m.indexes[tenant.Name] = s, directory.NewIndex(s)
			m.protected[tenant.Name], _ = plan.Guarded(t, s)
		}
	}
	for _, l := range links {
		if x := m.indexes[l.Tenant]; x != nil && l.Tenant != l.Person.Home {
			x.Link(l.Person.ID, l.ObjectID)
		}
	}
	for _, h := range holds {
		if !h.Ended.IsZero() {
			continue
		}
		at := place{h.Person, h.Tenant}
		if known, twice := m.holds[at]; !twice || h.Kind < known.Kind { // "blocked" before "keepOut"
			m.holds[at] = h
		}
	}
	return m
}

// collaborating makes the rows of everybody in a user set. External users in a set are somebody else's
// people and have their row, if any, under their own home.
func (m *matrix) collaborating() {
	people := map[string][]ident.Person{}
	for _, set := range m.topology.UserSets {
		home := m.snapshots[set.Tenant]
		if home == nil {
			continue
		}
		ids, _ := plan.People(set, home)
		for _, id := range ids {
			people[set.Name] = append(people[set.Name], ident.Person{Home: set.Tenant, ID: id})
		}
	}
	for _, share := range m.topology.Shares {
		for _, name := range share.Sets {
			for _, p := range people[name] {
				m.wanted[place{p, share.Target}] = true
			}
		}
	}
	for _, set := range m.topology.UserSets {
		for _, p := range people[set.Name] {
			if user, ok := m.snapshots[p.Home].User(p.ID); ok && !user.External() {
				m.row(p, user, false)
			}
		}
	}
	for _, p := range m.restored {
		if home := m.snapshots[p.Home]; home != nil {
			if user, ok := home.User(p.ID); ok && !user.External() {
				m.row(p, user, false)
			}
		}
	}
}

// included makes the rows of restored people: wanted at home and in the targets of their shares.
func (m *matrix) included(inclusions []plan.Inclusion) {
	for _, in := range inclusions {
		m.wanted[place{in.Person, in.Share.Target}] = true
		m.restored = append(m.restored, in.Person)
	}
}

func (m *matrix) row(p ident.Person, user directory.User, left bool) {
	if m.seen[p] {
		return
	}
	m.seen[p] = true
	row := Row{Person: p, UPN: user.UserPrincipalName, Name: user.DisplayName, Left: left, Cells: make([]Cell, len(m.tenants))}
	for i, tenant := range m.tenants {
		if tenant == p.Home {
			row.Cells[i] = m.home(p, left)
		} else {
			row.Cells[i] = m.cell(p, user, tenant, left)
		}
	}
	m.rows = append(m.rows, row)
}

// home is the cell in the person's own tenant.
func (m *matrix) home(p ident.Person, left bool) Cell {
	c := Cell{Tenant: p.Home, Representation: Absent, Wanted: !left}
	home := m.snapshots[p.Home]
	if home == nil {
		c.Why = "not observed completely"
		return c
	}
	user, ok := home.User(p.ID)
	if !ok {
		if user, ok = home.DeletedUser(p.ID); !ok {
			c.Why = "no longer at home"
			return c
		}
	}
	c.ObjectID, c.Representation = user.ID, Representation(user.Stands(true))
	if !user.Enabled && user.DeletedAt.IsZero() {
		c.Why = "disabled at home"
	}
	return c
}

// cell is the person in another tenant.
func (m *matrix) cell(p ident.Person, user directory.User, tenant ident.Tenant, left bool) Cell {
	c := Cell{Tenant: tenant, Representation: Absent, Wanted: !left && m.wanted[place{p, tenant}]}
	index := m.indexes[tenant]
	if index == nil {
		c.Why = "not observed completely"
		return c
	}
	object, verdict := index.Match(user)
	if verdict.Found() {
		c.ObjectID, c.Representation = object.ID, Representation(object.Stands(user.Enabled))
	}
	c.Why = why(c, verdict, user)
	if !c.Wanted && verdict.Found() && object.DeletedAt.IsZero() {
		c.Why = m.going(place{p, tenant}, left, c.Why)
	}
	if hold, held := m.holds[place{p, tenant}]; held {
		return heldCell(c, hold, object)
	}
	if why := m.protection(p, user, tenant); why != "" && (c.Wanted || m.carried[place{p, tenant}]) {
		c.Wanted, c.Why = false, why
		return c
	}
	if c.Representation == Absent && !user.Enabled {
		c.Wanted = false // the engine does not create disabled users
	}
	return c
}

// why explains a wanted cell that is not a Member, in words for the operator.
func why(c Cell, verdict directory.MatchVerdict, user directory.User) string {
	switch {
	case !c.Wanted && c.Representation == Absent:
		return ""
	case verdict == directory.Ambiguous:
		return "more than one external user could be this person"
	case verdict == directory.Collision:
		return "an internal user has this address"
	case c.Representation == Absent && !user.Enabled:
		return "disabled at home, so the engine does not create it"
	case c.Representation == Absent:
		return "not created yet"
	case c.Representation == Guest:
		return "invited before; stays guest until converted"
	case c.Representation == Pending:
		return "invited, not redeemed"
	case c.Representation == Blocked:
		return "sign-in is blocked in the target"
	case c.Representation == Internal:
		return "an internal account of the target stands for this person"
	}
	return ""
}

func (t *Totals) add(row Row) {
	if row.Left {
		t.Left++
		for _, c := range row.Cells {
			if c.Representation == SoftDeleted {
				t.SoftDeleted++
			}
		}
		return
	}
	t.People++
	for _, c := range row.Cells {
		t.Cells++
		stands := c.Representation == Member
		if c.Tenant == row.Person.Home {
			stands = c.Representation == Internal
		}
		if c.Wanted {
			t.Wanted++
			if stands {
				t.Covered++
			}
		}
		switch c.Representation {
		case Internal:
			t.Internal++
		case Member:
			t.Members++
		case Guest:
			t.Guests++
		case Pending:
			t.Pending++
		case SoftDeleted:
			t.SoftDeleted++
		case Blocked:
			t.Blocked++
		default:
			t.Absent++
		}
	}
}
