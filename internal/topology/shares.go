package topology

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"entente.dev/entente/internal/ident"
)

// Defaults is the policy of a share about which the file says nothing.
func Defaults() Policy {
	return Policy{
		Acceptance:     Acceptance{Mode: "manual", Approvers: 1, MaxUsers: 500, ExpiresAfter: 90 * Day, RemindAfter: 3 * Day, EscalateAfter: 7 * Day, AskFor: 14 * Day},
		UserType:       UserType{Value: "member", ExistingGuests: "ask", Drift: "repair"},
		Deprovisioning: Deprovisioning{Action: "softDelete", Grace: 24 * time.Hour, Budget: Budget{Count: 50, Percent: 10, Day: Window{150, 30}, Week: Window{500, 100}}, EngineThreshold: 500},
		Observe:        Observe{Every: 40 * time.Minute},
	}
}

// draft is a policy while it is read: windows of its budget that nobody wrote are still unknown.
type draft struct {
	Policy
	written places // where the numbers of its removals stand
	near    int    // how often a mapping was read into it
}

// standardPolicy is the draft of Defaults.
func standardPolicy() draft {
	d := draft{Policy: Defaults(), written: places{}}
	d.Deprovisioning.Budget.Day, d.Deprovisioning.Budget.Week = unwritten, unwritten
	return d
}

// with is the draft after the mapping: what it mentions wins.
func (d draft) with(m mapping) draft {
	p := &d.Policy
	acceptance := m.child("acceptance")
	acceptance.choice("mode", &p.Acceptance.Mode)
	acceptance.number("approvers", &p.Acceptance.Approvers)
	acceptance.number("maxUsers", &p.Acceptance.MaxUsers)
	acceptance.duration("expiresAfter", &p.Acceptance.ExpiresAfter)
	acceptance.number("autoBelow", &p.Acceptance.AutoBelow)
	acceptance.duration("remindAfter", &p.Acceptance.RemindAfter)
	acceptance.duration("escalateAfter", &p.Acceptance.EscalateAfter)
	acceptance.duration("askFor", &p.Acceptance.AskFor)
	userType := m.child("userType")
	userType.choice("value", &p.UserType.Value)
	userType.choice("existingGuests", &p.UserType.ExistingGuests)
	userType.choice("drift", &p.UserType.Drift)
	d.readDeprovisioning(m.child("deprovisioning"))
	return d
}

// settled is the policy that holds: windows derived where nobody wrote them, and checked.
func (d draft) settled(r *reader) Policy {
	p := d.Policy
	p.Deprovisioning.Budget = p.Deprovisioning.Budget.withWindows()
	r.checkBudget(p.Deprovisioning.Budget, d.written)
	r.checkThreshold(p.Deprovisioning, d.written)
	return p
}

// shares reads the list and writes meshes out.
func (r *reader) shares(doc mapping, t *Topology, defaults draft) []Share {
	list, _ := doc.list("shares")
	b := shareBuilder{reader: r, topology: t, byEdge: map[ident.Share]Position{}, setsOf: map[ident.Tenant][]string{}, setNames: map[string]ident.Tenant{}}
	for _, set := range t.UserSets {
		if set.Name != "" {
			b.setNames[set.Name] = set.Tenant
			b.setsOf[set.Tenant] = append(b.setsOf[set.Tenant], set.Name)
		}
	}
	for _, n := range list {
		m := r.mapping(n, shareTable)
		policy := defaults.with(m).settled(r)
		switch {
		case m.has("mesh"):
			b.mesh(m, policy)
		case m.keys != nil:
			b.edge(m, policy)
		}
	}
	slices.SortStableFunc(b.shares, func(a, c Share) int {
		switch {
		case a.Less(c.Share):
			return -1
		case c.Less(a.Share):
			return 1
		}
		return 0
	})
	return b.shares
}

type shareBuilder struct {
	reader   *reader
	topology *Topology
	shares   []Share
	byEdge   map[ident.Share]Position
	setsOf   map[ident.Tenant][]string
	setNames map[string]ident.Tenant
}

func (b *shareBuilder) mesh(m mapping, policy Policy) {
	r := b.reader
	for _, name := range []string{"from", "to", "sets"} {
		if key, ok := m.keys[name]; ok {
			r.report(key, RuleBadValue, fmt.Sprintf("a mesh has no %s: every tenant shares all its sets with every other", name), "write this edge as a share of its own")
		}
	}
	names, nodes, _ := m.texts("mesh")
	if list, ok := m.list("mesh"); ok && len(list) < 2 {
		r.report(m.place("mesh"), RuleMissingField, "a mesh needs at least two tenants", "name them: mesh: [a, b]")
	}
	var members []ident.Tenant
	for i, name := range names {
		switch tenant := ident.Tenant(name); {
		case !r.knownTenant(nodes[i], name, b.topology):
		case slices.Contains(members, tenant):
			r.report(nodes[i], RuleSelfShare, fmt.Sprintf("tenant %s is in the mesh twice and would share with itself", name), "keep one of them")
		default:
			members = append(members, tenant)
			if len(b.setsOf[tenant]) == 0 {
				b.noSets(nodes[i], tenant)
			}
		}
	}
	for _, source := range members {
		for _, target := range members {
			if source != target {
				b.add(m, ident.Share{Source: source, Target: target}, b.setsOf[source], policy)
			}
		}
	}
}

// noSets reports a source without sets, unless some set's tenant is unreadable: that one may be the missing.
func (b *shareBuilder) noSets(n ast.Node, tenant ident.Tenant) {
	if len(b.setsOf[""]) > 0 {
		return
	}
	b.reader.report(n, RuleUnknownSet, fmt.Sprintf("tenant %s contributes no user set, so there is nothing to share", tenant), "add a user set with tenant: "+string(tenant))
}

func (b *shareBuilder) edge(m mapping, policy Policy) {
	r := b.reader
	for _, name := range []string{"from", "to"} {
		if !m.has(name) {
			r.report(m.place(name), RuleMissingField, "a share has no "+name, "write from: SOURCE and to: TARGET, or mesh: [a, b]")
		}
	}
	edge := ident.Share{Source: r.tenant(m, "from", b.topology), Target: r.tenant(m, "to", b.topology)}
	if edge.Source != "" && edge.Source == edge.Target {
		r.report(m.place("to"), RuleSelfShare, fmt.Sprintf("tenant %s shares with itself", edge.Source), "a share joins two tenants")
		return
	}
	sets := b.sets(m, edge.Source)
	if edge.Source != "" && edge.Target != "" {
		b.add(m, edge, sets, policy)
	}
}

// sets reads which sets an edge carries: those it names, or all of its source.
func (b *shareBuilder) sets(m mapping, source ident.Tenant) []string {
	r := b.reader
	names, nodes, ok := m.texts("sets")
	if !ok {
		if source != "" && !m.has("sets") && len(b.setsOf[source]) == 0 {
			b.noSets(m.place("from"), source)
		}
		return b.setsOf[source]
	}
	if list, _ := m.list("sets"); len(list) == 0 {
		r.report(m.place("sets"), RuleEmptySet, "a share that carries no set", "name a set, or leave sets out to carry all of the source")
	}
	var sets []string
	for i, name := range names {
		owner, known := b.setNames[name]
		switch {
		case !known:
			r.report(nodes[i], RuleUnknownSet, fmt.Sprintf("user set %q is not in this file", name), suggestion(name, b.allSets(), "userSets"))
		case source != "" && owner != "" && owner != source:
			r.report(nodes[i], RuleForeignSet, fmt.Sprintf("user set %s belongs to tenant %s, not to the source %s", name, owner, source), suggestion(name, b.setsOf[source], "userSets"))
		case slices.Contains(sets, name):
			r.report(nodes[i], RuleDuplicateSet, fmt.Sprintf("user set %s is named twice", name), "keep one of them")
		default:
			sets = append(sets, name)
		}
	}
	slices.Sort(sets)
	return sets
}

func (b *shareBuilder) allSets() []string {
	names := make([]string, 0, len(b.topology.UserSets))
	for _, set := range b.topology.UserSets {
		if set.Name != "" {
			names = append(names, set.Name)
		}
	}
	return names
}

func (b *shareBuilder) add(m mapping, edge ident.Share, sets []string, policy Policy) {
	at := position(m.node)
	if first, twice := b.byEdge[edge]; twice {
		b.reader.reportAt(at, RuleDuplicateShare, fmt.Sprintf("share %s is also declared in line %d", edge, first.Line), "declare every edge once; a mesh holds both directions of each pair")
		return
	}
	b.byEdge[edge] = at
	b.shares = append(b.shares, Share{Share: edge, Sets: slices.Clone(sets), Policy: policy, Pos: at})
}

// rollout reads the rings: counts and percentages, each growing, up to everybody.
func (r *reader) rollout(m mapping) Rollout {
	rings, nodes, ok := m.texts("rings")
	if !ok {
		return Rollout{}
	}
	count, percent := 0, 0
	for i, ring := range rings {
		digits, isPercent := strings.CutSuffix(ring, "%")
		last := &count
		if isPercent {
			last = &percent
		}
		n, err := strconv.Atoi(digits)
		switch {
		case err != nil || n < 1 || (isPercent && n > 100):
			r.report(nodes[i], RuleBadValue, fmt.Sprintf("ring %q is neither a number of people nor a percentage", ring), "write for example [5, 25%, 100%]")
		case n <= *last || (!isPercent && percent > 0):
			r.report(nodes[i], RuleBadValue, fmt.Sprintf("ring %q does not grow", ring), "write counts first, then percentages, each larger than the one before")
		default:
			*last = n
			rings[i] = strconv.Itoa(n)
			if isPercent {
				rings[i] += "%"
			}
		}
	}
	if percent != 100 {
		r.report(m.place("rings"), RuleBadValue, "the last ring does not reach everybody", "end with 100%")
	}
	rollout := Rollout{Rings: rings, PauseAbove: 10}
	m.number("pauseAbove", &rollout.PauseAbove)
	return rollout
}
