package plan

import (
	"fmt"
	"slices"
	"strings"

	"entente.dev/entente/internal/directory"
	"entente.dev/entente/internal/ident"
)

// Kinds lists every kind of change in dependency order.
func Kinds() []Kind {
	return []Kind{
		InboundPartner, InboundSync, OutboundPartner, Application, Job, Secrets, JobSchema, ScopeGroup, Assignment,
		ScopeAdd, ScopeRemove, StartJob, Convert, Undelete, Block, Unblock,
	}
}

// before is what each kind waits for. The target's doors come first, because a job's credentials are only
// valid when both policies stand; people come before the start, so that the first cycle already sees them.
func before(k Kind) []Kind {
	switch k {
	case InboundSync:
		return []Kind{InboundPartner}
	case OutboundPartner:
		return []Kind{InboundSync}
	case Application:
		return []Kind{OutboundPartner}
	case Job:
		return []Kind{Application}
	case Secrets:
		return []Kind{Job}
	case JobSchema:
		return []Kind{Secrets}
	case Assignment:
		return []Kind{Application, ScopeGroup}
	case ScopeAdd, ScopeRemove:
		return []Kind{ScopeGroup}
	case StartJob:
		return []Kind{JobSchema, Assignment, ScopeAdd, ScopeRemove}
	case Convert, Undelete:
		return []Kind{StartJob}
	}
	return nil
}

// ChangeID names a change for approvals and progress; it is the same in every plan.
func ChangeID(share ident.Share, kind Kind) string {
	return string(share.Source) + "/" + string(share.Target) + "/" + string(kind)
}

// setUp lists the changes, in order, where what was observed differs from what is desired.
func (s *sharePlanner) setUp() {
	if s.draining() {
		s.scopeMembers() // people first; the teardown takes down what stands when they are out
		return
	}
	if s.retired() {
		s.keepUp()
		return
	}
	s.converge()
	s.representations()
	s.signInChanges()
	slices.SortStableFunc(s.out.Changes, func(a, b Change) int { return slices.Index(Kinds(), a.Kind) - slices.Index(Kinds(), b.Kind) })
	planned := map[Kind]bool{}
	for _, c := range s.out.Changes {
		planned[c.Kind] = true
	}
	for i := range s.out.Changes {
		s.out.Changes[i].DependsOn = s.dependencies(s.out.Changes[i].Kind, planned)
	}
}

// converge brings the set-up to what is desired. When the acceptance has lapsed nothing new is set up; what stands is
// kept as it is meant to be, so that people can still leave. A target that took its acceptance back keeps its own
// doors as it likes.
func (s *sharePlanner) converge() {
	stands := s.app != nil && s.job != nil && s.group != nil && s.app.CompanyID != ""
	if s.terms.lapsed != "" && !stands {
		s.scopeMembers()
		return
	}
	s.partners()
	s.application()
	s.scope()
	s.start()
	if s.envelope == nil || s.envelope.Revoked == nil {
		return
	}
	s.out.Changes = slices.DeleteFunc(s.out.Changes, func(c Change) bool {
		if c.Side == Target {
			s.warn("door-closed", s.share.Target, "closed to the source after the target took its acceptance back; Entente leaves that, and the engine can take nobody out either: "+c.Before)
		}
		return c.Side == Target || c.Action == "create"
	})
}

// representations are the changes of accounts that the target already has.
func (s *sharePlanner) representations() {
	var adopt, undelete []string
	for _, e := range s.out.Effects {
		switch {
		case e.Action == Adopt && s.converts:
			adopt = append(adopt, e.ObjectID)
		case e.Action == Restore && s.carried[e.Person.ID]:
			undelete = append(undelete, e.ObjectID)
		}
	}
	if len(adopt) > 0 {
		s.change(Convert, "update", fmt.Sprintf("make %s Members", persons(len(adopt), "existing guest")), "guest", "member", adopt)
	}
	if len(undelete) > 0 {
		s.change(Undelete, "update", fmt.Sprintf("restore %s from the recycle bin", persons(len(undelete), "person")), "softDeleted", "member", undelete)
	}
}

// dependencies looks through kinds that need no change.
func (s *sharePlanner) dependencies(kind Kind, planned map[Kind]bool) []string {
	found := map[Kind]bool{}
	queue := before(kind)
	for len(queue) > 0 {
		k := queue[0]
		queue = queue[1:]
		if planned[k] {
			found[k] = true
		} else {
			queue = append(queue, before(k)...)
		}
	}
	var ids []string
	for _, k := range Kinds() {
		if found[k] {
			ids = append(ids, ChangeID(s.share.Share, k))
		}
	}
	return ids
}

func (s *sharePlanner) change(kind Kind, action, summary, from, to string, people []string) {
	c := Change{ID: ChangeID(s.share.Share, kind), Kind: kind, Share: s.share.Share, Side: Source, Tenant: s.share.Source, Action: action, Summary: summary, Before: from, After: to}
	if strings.HasPrefix(string(kind), "target.") {
		c.Side, c.Tenant = Target, s.share.Target
	}
	if len(people) > 0 {
		c.People = slices.Clone(people)
		slices.Sort(c.People)
		c.People = slices.Compact(c.People)
	}
	s.out.Changes = append(s.out.Changes, c)
}

func (s *sharePlanner) partners() {
	d := s.out.Desired
	inbound, found := s.target.Partner(d.SourceTenantID)
	if !isTrue(inbound.InboundConsent) {
		s.change(InboundPartner, createOrUpdate(found), fmt.Sprintf("let people of %s in without a prompt (inbound automatic redemption)", s.share.Source),
			"inboundAllowed="+word(inbound.InboundConsent), "inboundAllowed=true", nil)
	}
	if !inbound.InboundSync {
		s.change(InboundSync, createOrUpdate(inbound.SyncConfigured), fmt.Sprintf("allow %s to synchronize users in", s.share.Source),
			"isSyncAllowed=false", "isSyncAllowed=true", nil)
	}
	outbound, found := s.source.Partner(d.TargetTenantID)
	if !isTrue(outbound.OutboundConsent) {
		s.change(OutboundPartner, createOrUpdate(found), fmt.Sprintf("let people go to %s without a prompt (outbound automatic redemption)", s.share.Target),
			"outboundAllowed="+word(outbound.OutboundConsent), "outboundAllowed=true", nil)
	}
}

func (s *sharePlanner) application() {
	d := s.out.Desired
	var app directory.SyncApp
	var job directory.SyncJob
	if s.app != nil {
		app = *s.app
	} else {
		s.change(Application, "create", "create the synchronization application", "", d.AppName, nil)
	}
	if s.job != nil {
		job = *s.job
	} else {
		s.change(Job, "create", "create the Azure2Azure job", "", "Azure2Azure", nil)
	}
	if !strings.EqualFold(app.CompanyID, d.TargetTenantID) || app.SyncAll {
		s.change(Secrets, createOrUpdate(app.CompanyID != ""), fmt.Sprintf("point the job at %s, assigned people only", s.share.Target),
			secrets(app.CompanyID, app.SyncAll), secrets(d.TargetTenantID, false), nil)
	}
	if job.Schema != d.Schema {
		s.change(JobSchema, createOrUpdate(s.job != nil), "set userType, address list and deletions in the job's mapping", mappings(job.Schema), mappings(d.Schema), nil)
	}
}

func (s *sharePlanner) scope() {
	if s.group == nil {
		s.change(ScopeGroup, "create", "create the scope group", "", s.out.Desired.GroupName, nil)
	}
	if s.app == nil || s.group == nil || !slices.Contains(s.app.AssignedGroups, s.group.ID) {
		s.change(Assignment, "create", "assign the scope group to the application", "", s.out.Desired.GroupName, nil)
	}
	if s.app != nil {
		for _, id := range s.app.AssignedGroups {
			if s.group == nil || id != s.group.ID {
				s.warn("foreign-assignment", s.share.Source, fmt.Sprintf("group %s is assigned to our application too: its members go to the target without having been accepted", id))
			}
		}
	}
	s.scopeMembers()
}

// scopeMembers brings the scope group to exactly the wanted people.
func (s *sharePlanner) scopeMembers() {
	var come, leave []string
	for _, id := range s.out.Desired.Members {
		if !s.carried[id] {
			come = append(come, id)
		}
	}
	for id := range s.carried {
		if !s.keep[id] {
			leave = append(leave, id)
		}
	}
	if len(come) > 0 {
		s.change(ScopeAdd, "add", fmt.Sprintf("add %s to the scope group", persons(len(come), "person")), "", "", come)
	}
	if len(leave) > 0 {
		s.change(ScopeRemove, "remove", fmt.Sprintf("take %s out of the scope group", persons(len(leave), "person")), "", "", leave)
	}
}

// start is planned for a job that does not run. Starting a running one again can halt the service, and
// starting a quarantined one hides why it is there.
func (s *sharePlanner) start() {
	switch {
	case s.job == nil:
		s.change(StartJob, "start", "start the job", "", "Active", nil)
	case s.job.Code == "Quarantine":
		s.warn("quarantine", s.share.Source, "the job is in quarantine: "+s.job.QuarantineReason)
	case s.job.Code == "Paused" || s.job.State != "Active":
		s.change(StartJob, "start", "start the job", s.job.Code+"/"+s.job.State, "Active", nil)
	}
}

func createOrUpdate(found bool) string {
	if found {
		return "update"
	}
	return "create"
}

func isTrue(b *bool) bool { return b != nil && *b }

func word(b *bool) string {
	switch {
	case b == nil:
		return "inherited"
	case *b:
		return "true"
	}
	return "false"
}

func secrets(company string, all bool) string {
	if company == "" {
		return ""
	}
	return fmt.Sprintf("CompanyId=%s SyncAll=%t", company, all)
}

func mappings(s directory.Schema) string {
	if s == (directory.Schema{}) {
		return ""
	}
	return fmt.Sprintf("userType=%s recurring=%t showInAddressList=%t deletes=%t", s.UserType, s.UserTypeRecurring, s.ShowInAddressList, s.Deletes)
}

func persons(n int, noun string) string {
	switch {
	case n == 1:
		return "1 " + noun
	case noun == "person":
		return fmt.Sprintf("%d people", n)
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
