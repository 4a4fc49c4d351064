package plan

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"entente.dev/entente/internal/topology"
)

// AnswersItself tells whether the topology answers for the target: the target agreed to that, the end that it said
// has not come, the policy still asks for it, and a share with so many people (who waits and who still leaves too) is
// below both bounds.
func (e Envelope) AnswersItself(policy topology.Acceptance, people int, now time.Time) bool {
	if !e.Auto || e.Revoked != nil || policy.Mode != "auto" || e.Bounded && e.Expired(now) {
		return false
	}
	return (e.AutoBelow == 0 || people < e.AutoBelow) && (policy.AutoBelow == 0 || people < policy.AutoBelow)
}

// covers tells whether what the policy asks about answering for the target was agreed to.
func (e Envelope) covers(policy topology.Acceptance, now time.Time) bool {
	return e.Auto && !(e.Bounded && e.Expired(now)) && (e.AutoBelow == 0 || policy.AutoBelow != 0 && policy.AutoBelow <= e.AutoBelow)
}

// Expired tells whether the acceptance has run out.
func (e Envelope) Expired(now time.Time) bool {
	return !e.ExpiresAt.IsZero() && !now.Before(e.ExpiresAt)
}

// terms are what the envelope says about this plan, once it is known how many people would come.
type terms struct {
	people   int             // who would be carried if nothing held anybody back
	leaving  int             // who is carried beside them, until they are out
	auto     bool            // the topology answers for the target
	lapsed   string          // why nothing new comes at all; "" where something may
	newSets  []string        // sets that the target did not accept
	whySet   []string        // why not, of each
	accepted map[string]bool // people of the accepted sets; nil where every set is accepted
	guests   int             // who become Members only if the target agrees
}

// weigh works the terms out.
func (s *sharePlanner) weigh() {
	s.terms.people = len(s.keep)
	for id := range s.carried {
		if !s.keep[id] {
			s.terms.leaving++
		}
	}
	e := s.envelope
	if e == nil || s.draining() || s.retired() {
		return
	}
	s.terms.auto = e.AnswersItself(s.share.Policy.Acceptance, s.terms.people+s.terms.leaving, s.in.Now)
	if s.terms.auto {
		return
	}
	switch {
	case e.Revoked != nil:
		s.terms.lapsed = because(fmt.Sprintf("tenant %s took its acceptance back", s.share.Target), e.Revoked.Reason)
	case e.Expired(s.in.Now):
		s.terms.lapsed = waits + "the acceptance has expired"
	}
	for _, set := range s.share.Sets {
		if why := s.newSet(set); why != "" {
			s.terms.newSets, s.terms.whySet = append(s.terms.newSets, set), append(s.terms.whySet, why)
		}
	}
	if len(s.terms.newSets) > 0 {
		s.terms.accepted = s.acceptedPeople()
	}
}

// acceptedPeople are those of the sets that the envelope names, as they were defined then. Somebody who was restored had been accepted before.
func (s *sharePlanner) acceptedPeople() map[string]bool {
	accepted := map[string]bool{}
	for _, set := range s.share.Sets {
		if slices.Contains(s.terms.newSets, set) {
			continue
		}
		for _, id := range s.sets[set].people {
			accepted[id] = true
		}
	}
	for _, id := range s.included() {
		accepted[id] = true
	}
	return accepted
}

const waits = "waits for the target's answer: "

// outOfTerms says why somebody may not come in now; "" lets them in as long as there is room.
func (s *sharePlanner) outOfTerms(id string) string {
	if s.terms.lapsed != "" {
		return s.terms.lapsed
	}
	if s.terms.accepted == nil || s.terms.accepted[id] {
		return ""
	}
	var in []string
	for i, set := range s.terms.newSets {
		if _, named := slices.BinarySearch(s.sets[set].people, id); named {
			in = append(in, strings.Replace(s.terms.whySet[i], ": ", " ", 1))
		}
	}
	return waits + strings.Join(in, ", ")
}

// admit makes everybody wait who is outside of what the target accepted. Newcomers come in the order of their ids
// while there is room; whoever is carried stays, because an envelope never removes, and takes room until they are out.
func (s *sharePlanner) admit() {
	e := s.envelope
	if e == nil || s.terms.auto || s.draining() || s.retired() {
		return
	}
	if s.terms.lapsed == "" && s.terms.accepted == nil && s.terms.people+s.terms.leaving <= e.MaxUsers {
		return
	}
	room := e.MaxUsers - len(s.carried)
	for i := range s.out.Effects {
		effect := &s.out.Effects[i]
		id := effect.Person.ID
		if !s.keep[id] {
			continue
		}
		why := s.outOfTerms(id)
		switch {
		case s.carried[id]:
			s.stay(effect, why)
		case why != "":
			s.wait(effect, why)
		case room <= 0:
			s.wait(effect, s.noRoom())
		default:
			room--
		}
	}
}

// noRoom says why nobody else fits. Where only somebody who leaves is in the way, nobody is asked.
func (s *sharePlanner) noRoom() string {
	if s.terms.people > s.envelope.MaxUsers {
		return fmt.Sprintf("%sover the cap of %d", waits, s.envelope.MaxUsers)
	}
	return fmt.Sprintf("waits until somebody who leaves is out: the cap of %d is full", s.envelope.MaxUsers)
}

// wait holds a newcomer back. To says what they would be.
func (s *sharePlanner) wait(e *Effect, why string) {
	if e.Action == Adopt {
		s.terms.guests++
	}
	delete(s.keep, e.Person.ID)
	e.Action, e.Reason = Wait, why
}

// stay keeps a carried person as they are: nobody is converted after an acceptance ended, and whom the target deleted
// is not brought back without its yes.
func (s *sharePlanner) stay(e *Effect, why string) {
	switch {
	case why == "":
	case e.Action == Restore:
		e.Action, e.To, e.Reason = KeepOne, e.From, "stays in the recycle bin; "+why
	case e.Action == Adopt && s.terms.lapsed != "":
		s.terms.guests++
		s.out.Desired.Schema.UserTypeRecurring = false // the engine would convert them
		e.Action, e.To, e.Reason = Leave, e.From, "existing guest stays guest; "+why
	}
}
