package plan

import (
	"maps"
	"slices"
)

// retired tells whether no topology declares the share any more and nobody has stopped it.
func (s *sharePlanner) retired() bool {
	return slices.Contains(s.in.Retired, s.share.Share) && !s.draining()
}

// remaining are whom a retired share wants: exactly those whom it carries, whatever became of its sets.
func (s *sharePlanner) remaining() []string { return slices.Sorted(maps.Keys(s.carried)) }

// leaveAsIs makes nothing new of anybody in a retired share: nobody is created, converted or brought back. Only what
// the target decided about a person happens.
func (s *sharePlanner) leaveAsIs() {
	if !s.retired() {
		return
	}
	for i := range s.out.Effects {
		switch e := &s.out.Effects[i]; e.Action {
		case Create, Adopt, Restore:
			e.Action, e.To, e.Reason = KeepOne, e.From, "stays as it is: no topology declares this share any more"
		}
	}
}

// keepUp lists what a retired share changes: who leaves, and whose sign-in changes. Nothing is set up.
func (s *sharePlanner) keepUp() {
	s.scopeMembers()
	s.signInChanges()
}
