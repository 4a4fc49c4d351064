package console_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"entente.dev/entente/internal/api/apitest"
	"entente.dev/entente/internal/console"
	"entente.dev/entente/internal/directory"
	"entente.dev/entente/internal/store"
)

const question = base + "/requests/req-b-c-1"

// watch lets tenant b be observed, so that rules can look at departments.
func watch(t *testing.T, w *apitest.World) {
	t.Helper()
	home := &directory.Snapshot{Tenant: "b", TenantID: "0b", TakenAt: apitest.Start, Read: directory.Collections(), Users: []directory.User{
		{ID: "id-barbara", UserPrincipalName: "barbara@b.example", DisplayName: "Barbara", UserType: "Member", Enabled: true, Department: "Legal"},
		{ID: "id-bob", UserPrincipalName: "bob@b.example", DisplayName: "Bob", UserType: "Member", Enabled: true, Department: "Sales"},
	}}
	if _, err := w.Store.PutSnapshot(t.Context(), apitest.Org, home, true, store.Cursor{}); err != nil {
		t.Fatal(err)
	}
}

func TestWhomAnAdminLeavesOutIsRememberedUntilTheAnswer(t *testing.T) {
	t.Parallel()
	b := open(t, console.Deps{})
	watch(t, b.world)
	b.signIn("c-admin")
	b.do("POST", question+"/draft", url.Values{"do": {"exclude"}, "exclude": {"bob@b.example"}})
	b.shows("Leaving people out needs a reason", `aria-invalid="true"`)
	b.do("POST", question+"/draft", url.Values{"do": {"exclude"}, "exclude": {"bob@b.example"}, "exclusionReason": {"left in May"}, "search": {"bob"}})
	b.shows("Left out by you", "left in May", "Take bob@b.example in again", `value="bob"`)
	b.do("GET", base+"/inbox", nil)
	b.do("GET", question, nil)
	b.shows("Left out by you")
	b.do("GET", question+"?ruleField=department&ruleMatch=sal*", nil)
	b.shows("The rule fits 1 person of those who ask.", "Bob")
	b.do("GET", question+"?ruleField=department&ruleMatch=*", nil)
	b.shows("leaves everybody out")
	b.do("POST", question+"/draft", url.Values{"do": {"rule"}, "ruleField": {"department"}, "ruleMatch": {"sal*"}})
	b.shows("The rule needs a text to fit, and a reason.", `value="sal*"`)
	b.do("POST", question+"/draft", url.Values{"do": {"rule"}, "ruleField": {"department"}, "ruleMatch": {"*"}, "ruleReason": {"all"}})
	b.shows("The rule needs a text to fit, and a reason.")
	b.do("POST", question+"/draft", url.Values{"do": {"rule"}, "ruleField": {"department"}, "ruleMatch": {"sal*"}, "ruleReason": {"no sales"}})
	b.shows("Department fits sal*", "no sales")
	b.do("POST", question+"/draft", url.Values{"do": {"rule"}, "ruleField": {"upn"}, "ruleMatch": {"x*"}, "ruleReason": {"typed wrong"}})
	b.do("POST", question+"/draft", url.Values{"do": {"drop-rule"}, "ruleField": {"upn"}, "ruleMatch": {"x*"}})
	b.hides("typed wrong")
	b.do("POST", question+"/draft", url.Values{"do": {"exclude"}, "exclude": {"barbara@b.example"}})
	b.do("POST", question+"/draft", url.Values{"include": {"BARBARA@b.example"}})
	b.do("POST", question+"/approve", url.Values{"maxUsers": {"0"}, "expiresAfter": {"soon"}})
	b.shows("The cap is not a number", `href="#maxUsers"`, "The time is not a duration", `href="#expiresAfter"`, "autofocus")
	b.do("POST", question+"/approve", url.Values{"reason": {"welcome"}})
	b.shows("What happens next", "Approved.", "by c-admin", "welcome", base+"/shares/b/c")
	b.hides("Left out by you", `id="answer"`)
	d := b.world.Control.Decisions[0]
	if len(d.Exclusions) != 1 || d.Exclusions[0].Person.ID != "id-bob" || d.Exclusions[0].Reason != "left in May" || d.Excluded != 1 ||
		len(d.Rules) != 1 || d.Rules[0].Match != "sal*" || d.Rules[0].Reason != "no sales" {
		t.Errorf("decided %+v", d)
	}
}

func TestADraftIsNobodyElses(t *testing.T) {
	t.Parallel()
	b := open(t, console.Deps{})
	b.signIn("c-admin")
	b.do("POST", question+"/draft", url.Values{"do": {"exclude"}, "exclude": {"bob@b.example"}, "exclusionReason": {"left in May"}})
	b.do("POST", "/sign-out", nil)
	b.signIn("c-admin")
	b.do("GET", question, nil)
	b.hides("left in May")
}

func TestFiltersStandInTheAddress(t *testing.T) {
	t.Parallel()
	b := open(t, console.Deps{})
	b.signIn("c-admin")
	b.do("GET", question+"?search=BOB", nil)
	b.shows("1 of 2 people", "bob@b.example", "guest becomes Member", "Show everybody")
	b.hides("barbara@b.example")
	b.do("GET", question+"?action=create&from=absent", nil)
	b.shows("1 of 2 people", "barbara@b.example")
	b.do("GET", question+"?search=nobody", nil)
	b.shows("Nobody fits these filters.")
}

func TestAStaleAnswerShowsWhatIsDifferent(t *testing.T) {
	t.Parallel()
	b := open(t, console.Deps{})
	b.signIn("c-admin")
	ctx, db := t.Context(), b.world.Store
	r, err := db.Request(ctx, apitest.Org, "req-b-c-1")
	if err != nil {
		t.Fatal(err)
	}
	before, err := db.SharePlan(ctx, apitest.Org, r.PlanDigest)
	if err != nil {
		t.Fatal(err)
	}
	now := *before
	now.Digest, now.Effects = "later", before.Effects[:1:1]
	late := before.Effects[0]
	late.UPN, late.Person.ID = "late@b.example", "id-late"
	now.Effects = append(now.Effects, late)
	r.PlanDigest = now.Digest
	if err := db.PutSharePlan(ctx, apitest.Org, &now); err != nil {
		t.Fatal(err)
	}
	if err := db.PutRequest(ctx, r); err != nil {
		t.Fatal(err)
	}
	if answer := b.do("POST", question+"/approve", url.Values{"plan": {before.Digest}}); answer.StatusCode != 409 {
		t.Errorf("a stale answer: %d", answer.StatusCode)
	}
	b.shows("has changed since you looked", "1 person asks only now:", "late@b.example", "1 person asks no longer:", "bob@b.example", "Look at the request again", `href="`+question+`"`)
	b.hides("/approve")
	b.do("GET", question, nil)
	b.shows("late@b.example", `value="later"`)
}

func TestTwoApprovers(t *testing.T) {
	t.Parallel()
	b := open(t, console.Deps{})
	r, err := b.world.Store.Request(t.Context(), apitest.Org, "req-b-c-1")
	if err != nil {
		t.Fatal(err)
	}
	r.Approvers, r.Approvals = 2, []string{"dana"}
	put := func() {
		t.Helper()
		if err := b.world.Store.PutRequest(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	put()
	b.signIn("c-admin")
	b.shows("1 of 2 approvals")
	b.do("GET", question, nil)
	b.shows("1 of 2: dana", `id="answer"`)
	b.hides("Your yes is recorded")
	r.Approvals = []string{"c-admin"}
	put()
	b.do("GET", question, nil)
	b.shows("Your yes is recorded: 1 of 2", "Somebody else has to agree too")
	b.hides(`id="answer"`, "/reject")
}

func TestALinkLeadsToExactlyThatRequestAfterTheSignIn(t *testing.T) {
	t.Parallel()
	b := open(t, console.Deps{})
	to := question + "?search=bob&from=guest"
	answer := b.do("GET", to, nil)
	if got := answer.Request.URL.Query().Get("to"); got != to {
		t.Fatalf("the sign-in leads to %q", got)
	}
	b.shows(`name="to" value="` + strings.ReplaceAll(to, "&", "&amp;") + `"`)
	answer = b.do("POST", "/sign-in", url.Values{"token": {apitest.Token("c-admin")}, "to": {to}})
	if answer.Request.URL.RequestURI() != to {
		t.Errorf("came to %s", answer.Request.URL)
	}
	b.shows("bob@b.example")
}

func TestHoldsAndRevocation(t *testing.T) {
	t.Parallel()
	b := open(t, console.Deps{})
	b.signIn("c-admin")
	b.do("POST", base+"/holds/new", url.Values{"person": {"bob@b.example"}, "tenant": {"c"}, "reason": {"lost"}, "until": {"tomorrow"}})
	b.shows("The day is not a date.")
	b.do("POST", base+"/holds/new", url.Values{"person": {"nobody@b.example"}, "tenant": {"c"}, "reason": {"lost"}})
	b.shows("nobody", `value="lost"`)
	b.do("POST", base+"/holds/new", url.Values{"person": {"bob@b.example"}, "tenant": {"c"}, "kind": {"blocked"}, "reason": {"lost laptop"}, "until": {"2026-03-31"}})
	b.shows("bob@b.example", "sign-in blocked", "lost laptop", "1 April 2026, 00:00", "Release bob@b.example")
	b.do("POST", base+"/holds/release", url.Values{"person": {"bob@b.example"}, "tenant": {"c"}})
	b.hides("Release bob@b.example")

	b.do("GET", base+"/shares/b/c", nil)
	b.hides("Take the yes back") // there is none yet
	b.do("POST", question+"/approve", url.Values{})
	b.do("GET", base+"/shares/b/c", nil)
	b.shows("Take the yes back")
	b.do("POST", base+"/shares/b/c/revoke", url.Values{"mode": {"drain"}, "revokeReason": {"the contract ended"}})
	b.shows("Tick that you know what it takes away.")
	b.do("POST", base+"/shares/b/c/revoke", url.Values{"mode": {"freeze"}, "revokeReason": {"the contract ended"}})
	b.shows("frozen")
	if got := b.world.Control.Revokes; len(got) != 1 || got[0].Mode != "freeze" || got[0].Reason != "the contract ended" {
		t.Errorf("revoked %+v", got)
	}
	b.do("POST", base+"/shares/b/c/stop", url.Values{"stopReason": {"over"}, "stopSure": {"yes"}})
	b.shows("stopped")
	b.hides("Take the yes back", "Stop the share")
}

// TestWritesFromElsewhereAreRefused tries every form of the console from another site's page.
func TestWritesFromElsewhereAreRefused(t *testing.T) {
	t.Parallel()
	b := open(t, console.Deps{})
	b.signIn("c-admin")
	for _, path := range []string{
		"/sign-in", "/sign-out", "/language", question + "/approve", question + "/reject", question + "/draft", base + "/shares/b/c/stop",
		base + "/shares/b/c/revoke", base + "/holds/new", base + "/holds/release", base + "/restore",
	} {
		for _, header := range [][]string{{"Origin", "https://evil.example"}, {"Origin", "null"}, {"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}} {
			if answer := b.do("POST", path, url.Values{"rejectReason": {"x"}}, header...); answer.StatusCode != 403 {
				t.Errorf("%s with %v: %d", path, header, answer.StatusCode)
			}
		}
	}
	if b.do("GET", base+"/inbox", nil); len(b.world.Control.Decisions) != 0 {
		t.Error("something was decided")
	}
	b.shows("c-admin")
}

// TestAPlantedSessionIsNotAdopted: a cookie from before the sign-in is worth nothing after it, also one that this
// server gave out itself.
func TestAPlantedSessionIsNotAdopted(t *testing.T) {
	t.Parallel()
	b := open(t, console.Deps{})
	here, err := url.Parse(b.world.Server.URL)
	if err != nil {
		t.Fatal(err)
	}
	session := func() string {
		for _, c := range b.http.Jar.Cookies(here) {
			if c.Name == "entente" {
				return c.Value
			}
		}
		return ""
	}
	b.signIn("b-admin") // the attacker's own session
	own := session()
	for _, planted := range []string{own, "made-up-by-somebody"} {
		b.http.Jar.SetCookies(here, []*http.Cookie{{Name: "entente", Value: planted, Path: "/"}})
		b.do("POST", "/sign-in", url.Values{"token": {apitest.Token("c-admin")}, "to": {base + "/inbox"}})
		b.shows("c-admin, tenant-admin of c")
		if now := session(); now == planted || now == "" {
			t.Errorf("the session after the sign-in is %q", now)
		}
		b.http.Jar.SetCookies(here, []*http.Cookie{{Name: "entente", Value: planted, Path: "/"}})
		b.do("GET", base+"/inbox", nil)
		b.hides("c-admin")
	}
}
