package storetest

import (
	"fmt"
	"slices"
	"testing"

	"entente.dev/entente/internal/directory"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/plan"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/prospect"
	"entente.dev/entente/internal/store"
)

// Asking is a plan of the share b→c for n people: every tenth is a guest there already, every hundredth is in the
// way of an internal user.
func Asking(n int, digest string) *plan.SharePlan {
	p := &plan.SharePlan{Share: bc, Digest: digest, Counts: plan.Counts{People: n}}
	for i := range n {
		e := plan.Effect{Share: bc, Person: who(fmt.Sprintf("id-%07d", i)), UPN: fmt.Sprintf("Person%07d@b.example", i), Name: fmt.Sprintf("Person %d", i),
			Tenant: "c", Action: plan.Create, From: "absent", To: "member", Reason: "new in the target"}
		switch {
		case i%100 == 7:
			e.Action, e.To, e.Reason = plan.Skip, "absent", "an internal user has this address"
			p.Warnings = append(p.Warnings, plan.Warning{Rule: "collision", Share: &bc, Tenant: "c", Detail: "rename one of both", Person: &e.Person})
		case i%10 == 3:
			e.Action, e.From, e.ObjectID = plan.Adopt, "guest", fmt.Sprint("object-", i)
		}
		p.Effects = append(p.Effects, e)
	}
	return p
}

func people(t *testing.T, s store.Store, digest string, f store.PeopleFilter) store.PeoplePage {
	t.Helper()
	return value[store.PeoplePage](t)(s.RequestPeople(t.Context(), org, "r", digest, f))
}

func requestPeople(t *testing.T, d Database) {
	s, ctx := open(t, d), t.Context()
	_, err := s.RequestPeople(ctx, org, "r", "d", store.PeopleFilter{})
	is(t, err, problem.NotFound)
	p := Asking(1203, "d")
	mail := map[ident.Person]string{p.Effects[0].Person: "Zero@b.example"}
	for range 2 {
		ok(t, s.PutRequestPeople(ctx, org, "r", p, mail))
	}
	page := people(t, s, "d", store.PeopleFilter{})
	same(t, page.Total, 1203)
	same(t, page.Sums, []store.PeopleSum{{Action: plan.Adopt, From: "guest", People: 120}, {Action: plan.Create, From: "absent", People: 1071},
		{Action: plan.Skip, From: "absent", People: 12}})
	for i, got := range page.People {
		want := store.AskedPerson{Effect: p.Effects[i], Ordinal: i + 1}
		if i == 0 {
			want.Mail = "Zero@b.example"
		}
		if want.Action == plan.Skip {
			want.Note = "rename one of both"
		}
		same(t, got, want)
	}
	_, err = s.RequestPeople(ctx, org, "r", "another", store.PeopleFilter{})
	is(t, err, problem.NotFound)
	is(t, s.PutRequestPeople(ctx, org, "r", nil, nil), problem.Invalid)
	is(t, s.PutRequestPeople(ctx, org, "", p, nil), problem.Invalid)
	ok(t, s.PutRequestPeople(ctx, org, "nobody", Asking(0, "empty"), nil))
	same(t, value[store.PeoplePage](t)(s.RequestPeople(ctx, org, "nobody", "empty", store.PeopleFilter{})), store.PeoplePage{})
}

// requestPeopleReplaced: a list lives while a request reads it.
func requestPeopleReplaced(t *testing.T, d Database) {
	s, ctx := open(t, d), t.Context()
	one, two := Asking(700, "one"), Asking(510, "two")
	ok(t, s.PutRequestPeople(ctx, org, "r", one, nil))
	ok(t, s.PutRequestPeople(ctx, org, "other", one, nil))
	ok(t, s.PutRequestPeople(ctx, org, "r", two, nil))
	_, err := s.RequestPeople(ctx, org, "r", "one", store.PeopleFilter{})
	is(t, err, problem.NotFound)
	same(t, people(t, s, "two", store.PeopleFilter{Limit: 1}).Total, 510)
	kept := value[store.PeoplePage](t)(s.RequestPeople(ctx, org, "other", "one", store.PeopleFilter{}))
	same(t, len(kept.People), 700)
	ok(t, s.PutRequestPeople(ctx, org, "other", two, nil))
	// Nobody reads one any more; that it is gone shows in a changed document of the same digest being taken.
	ok(t, s.PutRequestPeople(ctx, org, "other", Asking(3, "one"), nil))
	same(t, value[store.PeoplePage](t)(s.RequestPeople(ctx, org, "other", "one", store.PeopleFilter{})).Total, 3)
	same(t, people(t, s, "two", store.PeopleFilter{}).Total, 510)
}

func requestPeopleSearch(t *testing.T, d Database) {
	s, ctx := open(t, d), t.Context()
	p := &plan.SharePlan{Share: bc, Digest: "d"}
	mail := map[ident.Person]string{}
	for i, name := range []string{"Åsa Öberg", "张伟", "100% Real", "under_score", `back\slash`, "O'Neil?", "plain\x00nul"} {
		p.Effects = append(p.Effects, plan.Effect{Share: bc, Person: who(fmt.Sprint(i)), UPN: fmt.Sprintf("Person%d@B.example", i), Name: name, Tenant: "c",
			Action: []plan.EffectAction{plan.Create, plan.Adopt}[i%2], From: []string{"absent", "guest", "pending"}[i%3]})
		mail[who(fmt.Sprint(i))] = fmt.Sprintf("Alias%d@x.example", i)
	}
	ok(t, s.PutRequestPeople(ctx, org, "r", p, mail))
	for filter, want := range map[store.PeopleFilter][]string{
		{}: {"0", "1", "2", "3", "4", "5", "6"}, {Search: "person3@b"}: {"3"}, {Search: "ALIAS4"}: {"4"}, {Search: "åsa ö"}: {"0"}, {Search: "ÖBERG"}: {"0"},
		{Search: "伟"}: {"1"}, {Search: "%"}: {"2"}, {Search: "_"}: {"3"}, {Search: `\`}: {"4"}, {Search: "'"}: {"5"}, {Search: "?"}: {"5"},
		{Search: "plainnul"}: {"6"}, {Search: "nobody"}: nil, {Search: "$1"}: nil, {Action: plan.Adopt}: {"1", "3", "5"}, {From: "pending"}: {"2", "5"},
		{Action: plan.Adopt, From: "pending"}: {"5"}, {Search: "person", Action: plan.Create, From: "absent"}: {"0", "6"}, {Action: "none"}: nil,
	} {
		var got []string
		for _, person := range people(t, s, "d", filter).People {
			got = append(got, person.Person.ID)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%+v: got %v, want %v", filter, got, want)
		}
	}
	is(t, func() error {
		_, err := s.RequestPeople(ctx, org, "r", "d", store.PeopleFilter{Search: "a\x00"})
		return err
	}(), problem.Invalid)
}

func requestPeoplePages(t *testing.T, d Database) {
	s := open(t, d)
	ok(t, s.PutRequestPeople(t.Context(), org, "r", Asking(120, "d"), nil))
	for _, filter := range []store.PeopleFilter{{}, {Search: "person1"}, {From: "guest"}} {
		all := people(t, s, "d", filter).People
		for limit := 1; limit <= 121; limit += 17 {
			var got []store.AskedPerson
			for f := filter; ; {
				f.Limit = limit
				page := people(t, s, "d", f)
				same(t, page.Total, 120)
				if len(page.People) == 0 {
					break
				}
				got, f.After = append(got, page.People...), page.People[len(page.People)-1].Ordinal
			}
			same(t, got, all)
		}
	}
}

// requestPeopleParallel: processes that list the same plan for several requests at once store it once, and whole.
func requestPeopleParallel(t *testing.T, d Database) {
	s := open(t, d)
	parallel(t, 8, func(i int) error {
		return s.PutRequestPeople(t.Context(), org, fmt.Sprint("r", i%4), Asking(450, fmt.Sprint("d", i%2)), nil)
	})
	for i := range 4 {
		page, err := s.RequestPeople(t.Context(), org, fmt.Sprint("r", i), fmt.Sprint("d", i%2), store.PeopleFilter{})
		ok(t, err)
		same(t, len(page.People), 450)
	}
}

// requestTwins: the same mail address from two sources in one target is told; elsewhere, or of somebody who stays
// out, it is not.
func requestTwins(t *testing.T, d Database) {
	s, ctx := open(t, d), t.Context()
	list := func(request string, share ident.Share, action plan.EffectAction, mails ...string) {
		t.Helper()
		p := &plan.SharePlan{Share: share, Digest: request}
		mail := map[ident.Person]string{}
		for i, m := range mails {
			person := ident.Person{Home: share.Source, ID: fmt.Sprint(i)}
			p.Effects = append(p.Effects, plan.Effect{Share: share, Person: person, UPN: fmt.Sprint(i), Tenant: share.Target, Action: action})
			mail[person] = m
		}
		ok(t, s.PutRequestPeople(ctx, org, request, p, mail))
	}
	list("mine", bc, plan.Create, "both@x.example", "mine@x.example", "", "Elsewhere@x.example", "out@x.example")
	list("theirs", ident.Share{Source: "a", Target: "c"}, plan.Create, "BOTH@x.example", "theirs@x.example", "")
	list("elsewhere", ident.Share{Source: "a", Target: "d"}, plan.Create, "elsewhere@x.example")
	list("out", ident.Share{Source: "d", Target: "c"}, plan.HeldOut, "out@x.example")
	for request, want := range map[string][]ident.Person{"mine": {who("0")}, "theirs": {{Home: "a", ID: "0"}}, "elsewhere": nil, "out": nil} {
		got := value[prospect.Collision](t)(s.RequestTwins(ctx, org, request))
		same(t, got, prospect.Collision{Kind: prospect.Twin, Count: len(want), People: want})
	}
	_, err := s.RequestTwins(ctx, org, "none")
	is(t, err, problem.NotFound)
}

func requestFacts(t *testing.T, d Database) {
	s, ctx := open(t, d), t.Context()
	facts := prospect.Facts{As: "member", Standing: prospect.Standing{New: 3}, Directory: &prospect.Directory{Users: 5, Before: 5, After: 8}}
	is(t, s.PutRequestFacts(ctx, org, "r", "d", facts), problem.NotFound)
	ok(t, s.PutRequestPeople(ctx, org, "r", Asking(3, "d"), nil))
	_, err := s.RequestFacts(ctx, org, "r", "d")
	is(t, err, problem.NotFound)
	for range 2 {
		ok(t, s.PutRequestFacts(ctx, org, "r", "d", facts))
	}
	same(t, value[prospect.Facts](t)(s.RequestFacts(ctx, org, "r", "d")), facts)
	ok(t, s.PutRequestFacts(ctx, org, "r", "older", prospect.Facts{}))
	ok(t, s.PutRequestPeople(ctx, org, "r", Asking(3, "d"), nil))
	same(t, value[prospect.Facts](t)(s.RequestFacts(ctx, org, "r", "d")), facts)
	ok(t, s.PutRequestPeople(ctx, org, "r", Asking(4, "newer"), nil))
	_, err = s.RequestFacts(ctx, org, "r", "d")
	is(t, err, problem.NotFound)

	_, err = s.Evidence(ctx, org, "r")
	is(t, err, problem.NotFound)
	evidence := prospect.Evidence{At: day, GuestRole: "role", Unread: []prospect.Unread{{What: "contacts", Permission: "OrgContact.Read.All"}}}
	for range 2 {
		ok(t, s.PutEvidence(ctx, org, "r", evidence))
	}
	same(t, value[prospect.Evidence](t)(s.Evidence(ctx, org, "r")), evidence)
}

func describe(t *testing.T, d Database) {
	s, ctx := open(t, d), t.Context()
	r := request("r", bc, 0)
	is(t, store.Describe(ctx, s, r), problem.NotFound)
	p := Asking(200, r.PlanDigest)
	ok(t, s.PutSharePlan(ctx, org, p))
	ok(t, store.Describe(ctx, s, r))
	facts := value[prospect.Facts](t)(s.RequestFacts(ctx, org, "r", r.PlanDigest))
	same(t, facts.Standing, prospect.Standing{New: 178, Guests: 20, Converts: 20, Skipped: 2})
	same(t, facts.Directory, (*prospect.Directory)(nil))
	target := &directory.Snapshot{Tenant: "c", TakenAt: day, Read: directory.Collections(), Users: []directory.User{{ID: "1"}, {ID: "2"}}, Deleted: []directory.User{{ID: "3"}}}
	value[store.SnapshotRef](t)(s.PutSnapshot(ctx, org, target, true, store.Cursor{}))
	ok(t, store.Describe(ctx, s, r))
	facts = value[prospect.Facts](t)(s.RequestFacts(ctx, org, "r", r.PlanDigest))
	same(t, facts.Directory, &prospect.Directory{Users: 2, Deleted: 1, Before: 3, After: 181})
	same(t, people(t, s, r.PlanDigest, store.PeopleFilter{Search: "person0000103"}).People[0].From, "guest")
}

func requestAskers(t *testing.T, d Database) {
	s, ctx := open(t, d), t.Context()
	_, err := s.Askers(ctx, org, "r", "", 0)
	is(t, err, problem.NotFound)
	const many = 20_050 // more than one part
	p := Asking(many, "d")
	p.Effects[1].Action, p.Effects[2].Action, p.Effects[4].Action = plan.Wait, plan.KeepOne, plan.Remove
	first := p.Effects[0].Person
	ok(t, s.PutRequestPeople(ctx, org, "r", p, map[ident.Person]string{first: "Zero@b.example"}))
	var got []prospect.Asker
	page := value[store.AskersPage](t)(s.Askers(ctx, org, "r", "", 0))
	for got = page.Askers; page.Next > 0; got = append(got, page.Askers...) {
		same(t, page.Digest, "d")
		page = value[store.AskersPage](t)(s.Askers(ctx, org, "r", "d", page.Next))
	}
	var want []prospect.Asker
	for _, e := range p.Effects {
		switch e.Action {
		case plan.Create, plan.Adopt, plan.Wait:
			want = append(want, prospect.NewAsker("r", e.Person, e.UPN))
		}
	}
	want[0] = prospect.NewAsker("r", first, p.Effects[0].UPN, "zero@B.example")
	same(t, len(want), many-201-2) // 201 are in the way of an internal user
	same(t, got, want)
	ok(t, s.PutRequestPeople(ctx, org, "r", Asking(3, "newer"), nil))
	_, err = s.Askers(ctx, org, "r", "d", 5)
	is(t, err, problem.NotFound)
	same(t, value[store.AskersPage](t)(s.Askers(ctx, org, "r", "", 0)).Digest, "newer")
}
