package prospect

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"entente.dev/entente/internal/directory"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/plan"
)

func effects(n int, action plan.EffectAction, from string) []plan.Effect {
	out := make([]plan.Effect, n)
	for i := range out {
		out[i] = plan.Effect{Action: action, From: from}
	}
	return out
}

func join(lists ...[]plan.Effect) (out []plan.Effect) {
	for _, l := range lists {
		out = append(out, l...)
	}
	return out
}

func TestStandings(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		effects []plan.Effect
		want    Standing
	}{
		"nobody": {},
		"every way to come": {join(effects(1, plan.Create, "absent"), effects(2, plan.Adopt, "guest"), effects(3, plan.Leave, "guest"), effects(4, plan.KeepOne, "member"),
			effects(5, plan.KeepOne, "pending"), effects(6, plan.Restore, "softDeleted"), effects(7, plan.TurnOff, "blocked")),
			Standing{New: 1, Guests: 5, Converts: 2, Members: 4, Pending: 5, SoftDeleted: 6, Blocked: 7}},
		"those outside are not among those who come": {join(effects(1, plan.HeldOut, "guest"), effects(2, plan.Skip, "absent"), effects(3, plan.Remove, "member")),
			Standing{KeptOut: 1, Skipped: 2, Leaving: 3}},
		"who waits stands somewhere too":                  {join(effects(2, plan.Wait, "absent"), effects(1, plan.Wait, "guest")), Standing{New: 2, Guests: 1, Waiting: 3}},
		"whom a ring holds back comes without a question": {[]plan.Effect{{Action: plan.Wait, From: "absent", Ring: 2}}, Standing{New: 1}},
	} {
		if diff := cmp.Diff(c.want, Compute(Input{Plan: &plan.SharePlan{Effects: c.effects}}).Standing); diff != "" {
			t.Errorf("%s -want +got\n%s", name, diff)
		}
	}
}

func TestCollisionsNameTheFirstAndCountAll(t *testing.T) {
	t.Parallel()
	p := &plan.SharePlan{}
	for i := range Most + 3 {
		p.Warnings = append(p.Warnings, plan.Warning{Rule: "collision", Person: &ident.Person{Home: "b", ID: string(rune('a' + i))}})
	}
	p.Warnings = append(p.Warnings, plan.Warning{Rule: "same-mail", Person: &ident.Person{Home: "b", ID: "x"}}, plan.Warning{Rule: "collision"}, plan.Warning{Rule: "one-way", Person: &ident.Person{}})
	f := Compute(Input{Plan: p, Twins: Collision{Kind: Twin}})
	if len(f.Collision) != 2 || f.Collision[0].Count != Most+3 || len(f.Collision[0].People) != Most || f.Collision[1].Kind != SameMail || f.Collision[1].Count != 1 {
		t.Errorf("got %+v", f.Collision)
	}
	all := f.Collisions(&Evidence{Collisions: []Collision{{Kind: Group, Count: 1}}})
	if len(all) != 3 || all[2].Kind != Group || len(f.Collision) != 2 {
		t.Errorf("with evidence: %+v", all)
	}
}

func TestChangesAreTheTargetsWithoutPeople(t *testing.T) {
	t.Parallel()
	p := &plan.SharePlan{Share: ident.Share{Source: "b", Target: "c"}, Changes: []plan.Change{
		{Kind: plan.Convert, Tenant: "c", People: []string{"x"}}, {Kind: plan.Application, Tenant: "b"},
	}}
	if f := Compute(Input{Plan: p}); len(f.Changes) != 1 || f.Changes[0].People != nil || p.Changes[0].People == nil {
		t.Errorf("got %+v", f.Changes)
	}
}

// TestGuestsWhoWouldBecomeMembersOnlyByThisYes: a plan that goes on without the answer leaves them guests.
func TestGuestsWhoWouldBecomeMembersOnlyByThisYes(t *testing.T) {
	t.Parallel()
	p := &plan.SharePlan{Effects: effects(2, plan.Leave, "guest"), Acceptance: plan.AcceptanceNeed{Needed: true, Delta: true, Guests: 2}}
	if s := Compute(Input{Plan: p}).Standing; s != (Standing{Guests: 2, Converts: 2}) {
		t.Errorf("got %+v", s)
	}
}

func TestNotes(t *testing.T) {
	t.Parallel()
	target := func(users, deleted int) *directory.Snapshot {
		return &directory.Snapshot{Users: make([]directory.User, users), Deleted: make([]directory.User, deleted)}
	}
	many := &plan.SharePlan{Effects: effects(100_000, plan.Create, "absent")}
	running := &plan.SharePlan{Effects: join(effects(1, plan.KeepOne, "member"), effects(5000, plan.Create, "absent"))}
	running.Desired.Found.JobID = "job"
	guests := &plan.SharePlan{Effects: effects(1, plan.Create, "absent")}
	guests.Desired.Schema.UserType = "Guest"
	for name, c := range map[string]struct {
		in       Input
		evidence *Evidence
		want     []string // key, or key=text
		warnings int
	}{
		"nothing known": {in: Input{Plan: &plan.SharePlan{}}, warnings: 2,
			want: []string{"unread.all", "directory.unseen", "permissions.member", "permissions.unknown", "licence", "time.none"}},
		"first cycle of many": {in: Input{Plan: many, Target: target(900, 100)}, evidence: &Evidence{}, warnings: 1, want: []string{
			"directory=from 1000 to 101000 users", "directory.small=202 %", "permissions.member", "permissions.unknown", "licence", "time.first=takes 17 hours to 6 days"}},
		"below the share of a quota": {in: Input{Plan: guests, Target: target(39_998, 0)}, evidence: &Evidence{}, want: []string{"directory", "licence", "time.cycle"}},
		"at the share of a quota":    {in: Input{Plan: guests, Target: target(39_999, 0)}, evidence: &Evidence{}, warnings: 1, want: []string{"directory", "directory.small=80 %", "licence", "time.cycle"}},
		"a large tenant":             {in: Input{Plan: guests, Target: target(239_999, 0)}, evidence: &Evidence{}, warnings: 1, want: []string{"directory", "directory.large=80 %", "licence", "time.cycle"}},
		"not that large":             {in: Input{Plan: guests, Target: target(60_000, 0)}, evidence: &Evidence{}, want: []string{"directory", "licence", "time.cycle"}},
		"a share that runs": {in: Input{Plan: running, Target: target(1, 0)}, evidence: &Evidence{GuestRole: strings.ToUpper(guestsOnlySelf)}, want: []string{
			"directory", "permissions.member", "permissions.onlySelf", "licence", "time.cycle"}},
		"looked up": {in: Input{Plan: &plan.SharePlan{Effects: effects(2, plan.Remove, "member")}, Target: target(1, 0)}, warnings: 3,
			evidence: &Evidence{GuestRole: guestsAsMembers, Collisions: []Collision{{Kind: Contact, Count: 3}, {Kind: Group, Count: 2}}, Unread: []Unread{{What: "groups", Permission: "GroupMember.Read.All"}}},
			want: []string{"collision.contact=3 have the address", "collision.group=2 cannot come", "unread.groups=grant GroupMember.Read.All", "directory", "permissions.member", "permissions.as",
				"licence", "time.none", "leaving=2 would leave"}},
		"not looked up": {in: Input{Plan: &plan.SharePlan{}, Target: target(1, 0)}, warnings: 3,
			evidence: &Evidence{Invites: "none", Unread: []Unread{{What: UnreadAll, Kind: "Unavailable"}, {What: UnreadPolicy, Kind: "Rejected"}}}, want: []string{
				"unread.all.failed=checked for the same addresses: Unavailable", "unread.authorizationPolicy.failed=could not be read: Rejected",
				"invites.none=nobody", "directory", "permissions.member", "permissions.unknown", "licence", "time.none"}},
		"limited guests": {in: Input{Plan: &plan.SharePlan{}, Target: target(1, 0)}, evidence: &Evidence{GuestRole: guestsLimited}, want: []string{
			"directory", "permissions.member", "permissions.limited", "licence", "time.none"}},
	} {
		got := Compute(c.in).Notes(c.evidence)
		warnings := 0
		for i, n := range got {
			if n.Warning {
				warnings++
			}
			if strings.Contains(n.Text, "{") || n.Text == "" {
				t.Errorf("%s: %s says %q", name, n.Key, n.Text)
			}
			key, text, _ := strings.Cut(append(c.want, make([]string, len(got))...)[i], "=")
			if n.Key != key || !strings.Contains(n.Text, text) {
				t.Errorf("%s: note %d is %s %q, want %s %q", name, i, n.Key, n.Text, key, text)
			}
		}
		if len(got) != len(c.want) || warnings != c.warnings {
			t.Errorf("%s: %d notes with %d warnings, want %d with %d", name, len(got), warnings, len(c.want), c.warnings)
		}
	}
}

// Every kind of collision and everything that may be unread has its sentence.
func TestEverySentenceIsThere(t *testing.T) {
	t.Parallel()
	keys := strings.Join(Keys(), " ")
	for _, k := range []Kind{Internal, Twin, SameMail, Contact, Group} {
		if !strings.Contains(keys, "collision."+string(k)) {
			t.Errorf("no sentence for %s", k)
		}
	}
	for _, what := range []string{UnreadContacts, UnreadGroups, UnreadPolicy, UnreadAll} {
		for _, n := range unread(&Evidence{Unread: []Unread{{What: what, Permission: "P"}, {What: what, Kind: "K"}}}) {
			if n.Text == "" || !slices.Contains(Keys(), n.Key) {
				t.Errorf("no sentence for %s", n.Key)
			}
		}
	}
}

func TestPeopleAreFoundByWhatTheirAddressesAre(t *testing.T) {
	t.Parallel()
	who := func(id string) ident.Person { return ident.Person{Home: "b", ID: id} }
	m := NewMatcher("r")
	m.Add(NewAsker("r", who("twice"), "Same@x.example", "same@x.example", ""), NewAsker("r", who("upn"), "upn@x.example", "mail@x.example"))
	m.Add(NewAsker("r", who("other"), "same@x.example"), NewAsker("r", who("nobody")), NewAsker("another request", who("alien"), "alien@x.example"))
	f, g := m.Find(Contact), m.Find(Group)
	f.Used("MAIL@x.example", "upn@x.example")
	f.Used("same@X.example", "alien@x.example", "")
	want := Collision{Kind: Contact, Count: 3, People: []ident.Person{who("twice"), who("upn"), who("other")}}
	if diff := cmp.Diff(want, f.Collision()); diff != "" || m.Len() != 5 || g.Collision().Count != 0 {
		t.Errorf("of %d: -want +got\n%s", m.Len(), diff)
	}
	if a := NewAsker("r", who("twice"), "Same@x.example", "same@x.example"); len(a.Marks) != 1 || strings.Contains(string(a.Marks[0]), "@") {
		t.Errorf("marked as %v", a.Marks)
	}
}
