package plan

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"entente.dev/entente/internal/directory"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/topology"
)

// nativeDeleteLimit is the engine's own default threshold of deletions in one cycle, for a share without a policy: zero
// would switch the engine's guard off.
const nativeDeleteLimit = 500

// sharePlanner works out one share. Its fields fill from top to bottom.
type sharePlanner struct {
	*computation
	share          topology.Share
	source, target *directory.Snapshot
	index          *directory.Index // of the target
	envelope       *Envelope
	out            *SharePlan

	app   *directory.SyncApp
	job   *directory.SyncJob
	group *directory.Group

	carried      map[string]bool   // in the scope group now
	keep         map[string]bool   // to be in the scope group
	outside      map[string]string // people the target keeps out: id → why
	blocked      map[string]Hold   // holds in force that keep a sign-in off
	released     map[string]bool   // whose block is over
	terms        terms             // of the envelope
	off, on      []string          // target object ids whose sign-in changes
	converts     bool              // existing guests are to become Members
	rings        rings             // of the rollout
	remains      int               // protected people whom the share carries
	noRemovals   string            // why nobody is removed: a set, or who is protected, is not known
	fatalRefused bool
}

// draining tells whether the share is being stopped.
func (s *sharePlanner) draining() bool { return slices.Contains(s.in.Draining, s.share.Share) }

// share plans one share. Its budget's verdict and its digest come when all shares are planned.
func (c *computation) share(share topology.Share) (SharePlan, tally) {
	source, _ := c.in.Topology.TenantByName(share.Source)
	target, _ := c.in.Topology.TenantByName(share.Target)
	s := &sharePlanner{computation: c, share: share, carried: map[string]bool{}, keep: map[string]bool{}, outside: map[string]string{}}
	s.out = &SharePlan{
		Share: share.Share, Changes: []Change{}, Effects: []Effect{}, Refusals: []Refusal{}, Warnings: []Warning{},
		Desired: Desired{
			SourceTenantID: source.TenantID, TargetTenantID: target.TenantID,
			AppName:       AppName(c.in.Topology.Name, share.Share, target.TenantID),
			GroupName:     GroupName(c.in.Topology.Name, share.Share),
			GroupNickname: GroupNickname(c.in.Topology.Name, share.Share),
			DeleteLimit:   cmp.Or(share.Policy.Deprovisioning.EngineThreshold, nativeDeleteLimit),
			Members:       []string{},
		},
	}
	if e, ok := c.in.Envelopes[share.Share]; ok {
		s.envelope = &e
	}
	s.out.Terms = s.termsDigest()
	s.out.Desired.Schema = s.schema()
	s.converts = s.out.Desired.Schema.UserTypeRecurring && !s.retired()
	s.rings = c.rings(share.Share)
	if s.observed(source, target) && s.findObjects() {
		s.people()
		s.setUp()
	} else {
		s.weigh()
	}
	s.sum()
	return *s.out, s.tally()
}

// observed finds the two snapshots and makes sure that they are of the tenants that the topology means.
func (s *sharePlanner) observed(tenants ...topology.Tenant) bool {
	ok := true
	for _, t := range tenants {
		snapshot := s.in.Snapshots[t.Name].Snapshot()
		switch {
		case snapshot == nil:
			s.refuse(Refusal{Rule: "no-snapshot", Tenant: t.Name, Detail: fmt.Sprintf("tenant %s was not observed completely", t.Name),
				Remedy: "check the tenant's credential and permissions; the share is planned after the next complete observation"})
			ok = false
		case !strings.EqualFold(snapshot.TenantID, t.TenantID):
			s.refuse(Refusal{Rule: "wrong-tenant", Fatal: true, Tenant: t.Name, Pos: t.Pos,
				Detail: fmt.Sprintf("the credential of tenant %s opens tenant %s, the topology says %s", t.Name, snapshot.TenantID, t.TenantID),
				Remedy: "correct tenantId in the topology, or the tenant's credential"})
			ok = false
		}
	}
	s.source, s.target = s.in.Snapshots[s.share.Source].Snapshot(), s.in.Snapshots[s.share.Target].Snapshot()
	s.index = s.targets[s.share.Target]
	return ok
}

// carriesNobody tells whether nobody is lost or stranded when the share stops here.
func (s *sharePlanner) carriesNobody() bool {
	return len(s.carried) == 0 && (s.group == nil || len(s.group.Away) == 0)
}

// findObjects finds the share's application, job and scope group. More than one of ours means that a create
// was repeated: which one is right is a person's decision.
func (s *sharePlanner) findObjects() bool {
	apps, groups := s.ourApps(), s.ourGroups()
	if len(apps) > 1 {
		s.refuse(Refusal{Rule: "duplicate-application", Fatal: true, Tenant: s.share.Source,
			Detail: "more than one application is this share's: " + joinIDs(apps, func(a directory.SyncApp) string { return a.ServicePrincipalID }),
			Remedy: "delete all but the one whose job runs"})
	}
	if len(groups) > 1 {
		s.refuse(Refusal{Rule: "duplicate-group", Fatal: true, Tenant: s.share.Source,
			Detail: "more than one group is this share's scope group: " + joinIDs(groups, func(g directory.Group) string { return g.ID }),
			Remedy: "delete all but the one that is assigned to the application"})
	}
	if len(apps) == 1 {
		s.app = &apps[0]
		s.out.Desired.Found.ServicePrincipalID, s.out.Desired.Found.AppID = s.app.ServicePrincipalID, s.app.AppID
		s.findJob()
	}
	if len(groups) == 1 {
		s.group = &groups[0]
		s.out.Desired.Found.ScopeGroupID = s.group.ID
		for _, id := range s.group.Users {
			s.carried[id] = true
		}
		s.judgeGroup()
	}
	s.otherSyncs(apps)
	return len(apps) <= 1 && len(groups) <= 1
}

func (s *sharePlanner) findJob() {
	jobs := slices.Clone(s.app.Jobs)
	slices.SortFunc(jobs, func(a, b directory.SyncJob) int { return strings.Compare(a.ID, b.ID) })
	if len(jobs) > 1 {
		s.warn("duplicate-job", s.share.Source, "the application has more than one job; only the first is used: "+joinIDs(jobs, func(j directory.SyncJob) string { return j.ID }))
	}
	if len(jobs) > 0 {
		s.job = &jobs[0]
		s.out.Desired.Found.JobID = s.job.ID
	}
}

func (s *sharePlanner) judgeGroup() {
	if s.group.Dynamic {
		s.refuse(Refusal{Rule: "scope-group-dynamic", Fatal: true, Tenant: s.share.Source,
			Detail: fmt.Sprintf("the scope group %s has a membership rule, so nobody can be added or removed", s.group.ID),
			Remedy: "make its membership assigned"})
	}
	if n := len(s.group.Away); n > 0 {
		s.warn("deleted-at-home", s.share.Source, persons(n, "person")+" in the scope group deleted at home: the engine deletes them in the target without asking, outside of the budget")
	}
	if !s.group.SecurityEnabled {
		s.warn("group-not-security", s.share.Source, fmt.Sprintf("the scope group %s is no security group; the engine ignores it", s.group.ID))
	}
}

// otherSyncs warns of somebody else's synchronization to the same target: two configurations for one pair
// disagree about who is in scope, and the Microsoft 365 admin center makes its own (MTO_Sync_…).
func (s *sharePlanner) otherSyncs(ours []directory.SyncApp) {
	target := s.out.Desired.TargetTenantID
	for _, app := range s.source.Apps {
		if slices.ContainsFunc(ours, func(o directory.SyncApp) bool { return o.ServicePrincipalID == app.ServicePrincipalID }) {
			continue
		}
		if strings.EqualFold(app.CompanyID, target) || strings.EqualFold(app.DisplayName, "MTO_Sync_"+target) {
			s.warn("other-sync", s.share.Source, fmt.Sprintf("application %s synchronizes to the same target and is not ours; Entente leaves it alone", app.ServicePrincipalID))
		}
	}
}

// tally is what the share adds to the sums of budgets. A stop adds nothing: a person asked for it.
func (s *sharePlanner) tally() tally {
	leaving := map[string]bool{}
	for _, e := range s.out.Effects {
		if e.Action == Remove && !s.draining() {
			leaving[e.Person.ID] = true
		}
	}
	t := s.count(s.share.Share, s.carried, leaving)
	t.shrunk = s.shrunk()
	return t
}

// sum puts everything in order and counts it.
func (s *sharePlanner) sum() {
	out := s.out
	if s.fatalRefused {
		out.Changes = []Change{}
	}
	if !s.draining() && !s.retired() { // a person asked for exactly that, or nobody asks for anything
		out.Acceptance = s.acceptance()
	}
	sortRefusals(out.Refusals)
	sortWarnings(out.Warnings)
	out.Warnings = slices.CompactFunc(out.Warnings, func(a, b Warning) bool { return compareWarnings(a, b) == 0 })
	slices.SortFunc(out.Effects, func(a, b Effect) int { return strings.Compare(a.Person.ID, b.Person.ID) })
	out.Counts = Counts{Shares: 1, Changes: len(out.Changes), People: len(out.Desired.Members), Refusals: len(out.Refusals)}
	for _, e := range out.Effects {
		switch e.Action {
		case Create:
			out.Counts.Creates++
		case Adopt:
			out.Counts.Converts++
		case Restore:
			out.Counts.Restores++
		case Remove:
			out.Counts.Removals++
		case Wait:
			if e.Ring == 0 {
				out.Counts.Waiting++
			} else {
				out.Counts.Ringed++
			}
		}
	}
	s.ringState()
}

// digest binds everything but the need for acceptance and what is left of budgets, because those depend on the time. A
// bound that is exceeded counts: whoever looks at the plan must see that one.
func (p *SharePlan) digest() string {
	type over struct {
		Removals int    `json:"removals"`
		Why      string `json:"why,omitempty"`
	}
	return ident.Digest(struct {
		Share    ident.Share
		Terms    string
		Desired  Desired
		Changes  []Change
		Effects  []Effect
		Refusals []Refusal
		Warnings []Warning
		Budget   over
	}{p.Share, p.Terms, p.Desired, p.Changes, p.Effects, p.Refusals, p.Warnings, over{p.Budget.Removals, p.Budget.Why}})
}
