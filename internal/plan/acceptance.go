package plan

import (
	"fmt"
	"strings"

	"entente.dev/entente/internal/directory"
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
		why = append(why, s.terms.whySet...)
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
	if policy.Mode != "auto" || s.envelope != nil && s.envelope.covers(policy, s.in.Now) {
		return ""
	}
	wish := "; the topology asks to answer for the target from then on"
	if policy.AutoBelow > 0 {
		wish += fmt.Sprintf(", below %d people", policy.AutoBelow)
	}
	return wish
}
