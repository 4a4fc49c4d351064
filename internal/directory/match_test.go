package directory

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"entente.dev/entente/internal/problem"
)

var gone = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)

func bob() User {
	return User{ID: "home-bob", UserPrincipalName: "Bob@b.example", Mail: "bob.b@b.example", UserType: Member, Enabled: true}
}

func external(id, upn, mail string) User {
	return User{ID: id, UserPrincipalName: upn, Mail: mail, UserType: Guest, Enabled: true, CreationType: "Invitation"}
}

func TestMatch(t *testing.T) {
	t.Parallel()
	byName := external("x1", "bob_b.example#EXT#@c.onmicrosoft.example", "")
	byMail := external("x2", "other_b.example#EXT#@c.onmicrosoft.example", "BOB.B@B.example")
	deleted := byName
	deleted.ID, deleted.DeletedAt = "0a000000-0000-0000-0000-000000000009", gone
	deleted.UserPrincipalName = "0a000000000000000000000000000009" + byName.UserPrincipalName
	internal := User{ID: "i1", UserPrincipalName: "robert@c.example", Mail: "bob@b.example", UserType: Member}
	tests := map[string]struct {
		users, deleted []User
		link           string
		want           string
		verdict        MatchVerdict
	}{
		"nobody":                              {verdict: NoMatch},
		"by name":                             {users: []User{byName}, want: "x1", verdict: ByUPN},
		"by mail":                             {users: []User{byMail}, want: "x2", verdict: ByMail},
		"name and mail of one object":         {users: []User{external("x3", byName.UserPrincipalName, bob().Mail)}, want: "x3", verdict: ByUPN},
		"two candidates":                      {users: []User{byName, byMail}, verdict: Ambiguous},
		"two candidates, one proven":          {users: []User{byName, byMail}, link: "x2", want: "x2", verdict: ByLink},
		"proven, whatever it is called":       {users: []User{external("x9", "renamed@c.example", "")}, link: "x9", want: "x9", verdict: ByLink},
		"proven, in the recycle bin":          {users: []User{byMail}, deleted: []User{deleted}, link: deleted.ID, want: deleted.ID, verdict: ByLink},
		"proven, but gone for good":           {users: []User{byName}, link: "x0", want: "x1", verdict: ByUPN},
		"only in the recycle bin":             {deleted: []User{deleted}, want: deleted.ID, verdict: ByUPN},
		"live before deleted":                 {users: []User{byMail}, deleted: []User{deleted}, want: "x2", verdict: ByMail},
		"an internal user has the address":    {users: []User{internal}, want: "i1", verdict: Collision},
		"an external match beats a collision": {users: []User{internal, byName}, want: "x1", verdict: ByUPN},
		"an internal user with the same name is never a match": {users: []User{{ID: "i2", UserPrincipalName: "bob@b.example"}}, want: "i2", verdict: Collision},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			slices.SortFunc(test.users, func(a, b User) int { return compareText(a.ID, b.ID) })
			got, verdict := Match(bob(), &Snapshot{Users: test.users, Deleted: test.deleted}, test.link)
			if got.ID != test.want || verdict != test.verdict || verdict.Found() != (test.verdict != NoMatch && test.verdict != Ambiguous && test.verdict != Collision) {
				t.Errorf("%q by %s, want %q by %s", got.ID, verdict, test.want, test.verdict)
			}
		})
	}
}

func compareText(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func TestAnObjectIsOnePersonsOnly(t *testing.T) {
	t.Parallel()
	x := NewIndex(&Snapshot{Users: []User{external("x1", "bob_b.example#EXT#@c", "")}})
	x.Link("home-other", "x1")
	if u, verdict := x.Match(bob()); verdict != NoMatch {
		t.Errorf("%s by %s", u.ID, verdict)
	}
}

func TestHomeAddress(t *testing.T) {
	t.Parallel()
	for upn, want := range map[string]string{
		"bob_b.example#EXT#@c.onmicrosoft.example":        "bob@b.example",
		"first_last_b.example#ext#@c.onmicrosoft.example": "first_last@b.example",
		"bob@b.example": "", "_b.example#EXT#@c": "", "bob_#EXT#@c": "", "#EXT#@c": "",
	} {
		if got, ok := HomeAddress(User{UserPrincipalName: upn}); got != want || ok != (want != "") {
			t.Errorf("%s: %q", upn, got)
		}
	}
}

func TestStands(t *testing.T) {
	t.Parallel()
	tests := map[Standing]User{
		StandsInternal: {UserPrincipalName: "a@b"}, StandsMember: {CreationType: "Invitation", UserType: Member, Enabled: true},
		StandsGuest: {CreationType: "Invitation", UserType: Guest, Enabled: true}, StandsBlocked: {CreationType: "Invitation", UserType: Member},
		StandsPending:     {CreationType: "Invitation", UserType: Guest, Enabled: true, ExternalUserState: "PendingAcceptance"},
		StandsSoftDeleted: {CreationType: "Invitation", DeletedAt: gone},
	}
	for want, user := range tests {
		if got := user.Stands(true); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	if got := tests[StandsBlocked].Stands(false); got != StandsMember {
		t.Errorf("disabled at home: %s", got)
	}
}

func TestFlattenUsers(t *testing.T) {
	t.Parallel()
	s := &Snapshot{Tenant: "b", Groups: []Group{
		{ID: "1", DisplayName: "Top", Users: []string{"u2"}, Groups: []string{"2", "3"}},
		{ID: "2", DisplayName: "top", Users: []string{"u1", "u2"}, Groups: []string{"1"}},
		{ID: "3", Groups: []string{"3"}},
		{ID: "4", Groups: []string{"5"}},
	}}
	if got, err := s.FlattenUsers("1"); err != nil || !slices.Equal(got, []string{"u1", "u2"}) {
		t.Errorf("%v %v", got, err)
	}
	if _, err := s.FlattenUsers("4"); problem.KindOf(err) != problem.Incomplete {
		t.Errorf("a nested group that was not read: %v", err)
	}
	if _, err := s.FlattenUsers("9"); problem.KindOf(err) != problem.NotFound {
		t.Errorf("no group: %v", err)
	}
	if got := s.GroupsNamed("TOP"); len(got) != 2 {
		t.Errorf("by name: %v", got)
	}
	if got := s.GroupsNamed("3"); len(got) != 1 {
		t.Errorf("by id: %v", got)
	}
}

// TestFlattenFindsEverybodyReachable compares with the definition on random graphs.
func TestFlattenFindsEverybodyReachable(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 6).Draw(t, "groups")
		s := &Snapshot{}
		reach := make([][]bool, n)
		for i := range n {
			g := Group{ID: fmt.Sprint(i), Users: []string{fmt.Sprintf("u%d", i)}}
			reach[i] = make([]bool, n)
			reach[i][i] = true
			for _, j := range rapid.SliceOfDistinct(rapid.IntRange(0, n-1), rapid.ID).Draw(t, "nested") {
				g.Groups = append(g.Groups, fmt.Sprint(j))
				reach[i][j] = true
			}
			s.Groups = append(s.Groups, g)
		}
		for k := range n {
			for i := range n {
				for j := range n {
					reach[i][j] = reach[i][j] || reach[i][k] && reach[k][j]
				}
			}
		}
		for i := range n {
			var want []string
			for j := range n {
				if reach[i][j] {
					want = append(want, fmt.Sprintf("u%d", j))
				}
			}
			if got, err := s.FlattenUsers(fmt.Sprint(i)); err != nil || !slices.Equal(got, want) {
				t.Fatalf("%v, want %v (%v)", got, want, err)
			}
		}
	})
}

// TestOnlyACompleteSnapshotSeals: every single missing collection is enough to refuse.
func TestOnlyACompleteSnapshotSeals(t *testing.T) {
	t.Parallel()
	for i := range Collections() {
		s := &Snapshot{Tenant: "b", Read: slices.Delete(Collections(), i, i+1)}
		sealed, err := Seal(s)
		var p *problem.Error
		if !errors.As(err, &p) || p.Kind != problem.Incomplete || p.Tenant != "b" || sealed.Snapshot() != nil {
			t.Errorf("without %s: %v", Collections()[i], err)
		}
	}
}

func BenchmarkMatch(b *testing.B) {
	s := &Snapshot{}
	for i := range 100_000 {
		s.Users = append(s.Users, external(fmt.Sprintf("%06d", i), fmt.Sprintf("p%d_b.example#EXT#@c", i), fmt.Sprintf("p%d@b.example", i)))
	}
	x := NewIndex(s)
	b.Run("index", func(b *testing.B) {
		for b.Loop() {
			NewIndex(s)
		}
	})
	b.Run("match", func(b *testing.B) {
		for b.Loop() {
			if _, verdict := x.Match(User{ID: "h", UserPrincipalName: "p777@b.example", Mail: "p777@b.example"}); verdict != ByUPN {
				b.Fatal(verdict)
			}
		}
	})
}
