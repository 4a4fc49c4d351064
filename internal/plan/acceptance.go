package plan

import (
	"fmt"
	"slices"
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
	s.out.Acceptance = s.acceptance(len(s.out.Desired.Members))
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

func (s *sharePlanner) acceptance(people int) AcceptanceNeed {
	if s.share.Policy.Acceptance.Mode == "auto" {
		return AcceptanceNeed{}
	}
	e := s.envelope
	if e == nil {
		return AcceptanceNeed{Needed: true, Why: "not accepted yet"}
	}
	var why []string
	if !e.ExpiresAt.IsZero() && !s.in.Now.Before(e.ExpiresAt) {
		why = append(why, "the acceptance has expired")
	}
	if people > e.MaxUsers {
		why = append(why, fmt.Sprintf("over the cap: %d people, %d accepted", people, e.MaxUsers))
	}
	for _, set := range s.share.Sets {
		if !slices.Contains(e.Sets, set) {
			why = append(why, "new set: "+set)
		}
	}
	if s.conversionAsked() && slices.ContainsFunc(s.out.Effects, func(e Effect) bool { return e.Action == Adopt }) {
		why = append(why, "existing guests would become Members, which was not agreed to")
	}
	if e.UserType != s.share.Policy.UserType.Value {
		why = append(why, "userType changed")
	}
	return AcceptanceNeed{Needed: len(why) > 0, Why: strings.Join(why, "; ")}
}
