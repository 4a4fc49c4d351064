package plan

import (
	"fmt"
	"strings"

	"entente.dev/entente/internal/directory"
	"entente.dev/entente/internal/topology"
)

// schema is what the job must do. Existing guests are converted when the target's envelope says so and the
// policy does not forbid it; without an envelope the policy's own convert counts.
func (s *sharePlanner) schema() directory.Schema {
	wish := s.share.Policy.UserType.ExistingGuests
	convert := wish == "convert"
	if s.envelope != nil {
		convert = wish != "keep" && s.envelope.ExistingGuests == "convert"
	}
	return directory.Schema{
		UserType: string(directory.Member), UserTypeRecurring: convert, ShowInAddressList: true,
		Deletes: s.share.Policy.Deprovisioning.Action != "keep",
	}
}

// conversionAsked tells whether the topology has begun to ask for conversion since the target decided to keep its
// guests. A target that kept them although conversion was asked for is not asked again.
func (s *sharePlanner) conversionAsked() bool {
	e := s.envelope
	return e != nil && s.share.Policy.UserType.ExistingGuests == "convert" && e.ExistingGuests == "keep" && e.AskedGuests != "convert"
}

// accept works out whether the target must be asked, and whether the reduction is within its budget.
func (s *sharePlanner) accept() {
	if s.draining() {
		return // a person asked for exactly this removal
	}
	s.out.Acceptance = s.acceptance()
	removals := 0
	for _, e := range s.out.Effects {
		if e.Action == Remove {
			removals++
		}
	}
	s.out.Budget = Verdict(s.share.Policy.Deprovisioning.Budget, len(s.carried), removals)
}

// Verdict compares removals with a budget for a share that carries so many people. The smaller of count and
// percent holds; the percentage is rounded up, so that one person may always leave a share with a budget.
func Verdict(b topology.Budget, carried, removals int) BudgetVerdict {
	allowed := min(b.Count, (carried*b.Percent+99)/100)
	return BudgetVerdict{Removals: removals, Allowed: allowed, Over: removals > allowed}
}

// acceptance says why the target must be asked. What it accepted goes on meanwhile.
func (s *sharePlanner) acceptance() AcceptanceNeed {
	e := s.envelope
	switch {
	case e == nil:
		return AcceptanceNeed{Needed: true, Why: "not accepted yet" + s.answersWish()}
	case e.Revoked != nil:
		return AcceptanceNeed{Frozen: true, Why: s.terms.lapsed}
	}
	var why []string
	if !s.terms.auto {
		if e.Expired(s.in.Now) {
			why = append(why, "the acceptance has expired")
		}
		if s.terms.people > e.MaxUsers {
			why = append(why, fmt.Sprintf("over the cap: %d people, %d accepted", s.terms.people, e.MaxUsers))
		}
		for _, set := range s.terms.newSets {
			why = append(why, "new set: "+set)
		}
	}
	if s.conversionAsked() && s.terms.guests > 0 {
		why = append(why, "existing guests would become Members, which was not agreed to")
	}
	if e.UserType != s.share.Policy.UserType.Value {
		why = append(why, "userType changed")
	}
	if len(why) == 0 {
		return AcceptanceNeed{}
	}
	return AcceptanceNeed{Needed: true, Delta: true, Why: strings.Join(why, "; ") + s.answersWish(), Guests: s.terms.guests}
}

// answersWish is what a topology with mode auto asks for besides.
func (s *sharePlanner) answersWish() string {
	policy := s.share.Policy.Acceptance
	if policy.Mode != "auto" || s.envelope != nil && s.envelope.covers(policy) {
		return ""
	}
	wish := "; the topology asks to answer for the target from then on"
	if policy.AutoBelow > 0 {
		wish += fmt.Sprintf(", below %d people", policy.AutoBelow)
	}
	return wish
}
