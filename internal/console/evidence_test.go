package console_test

import (
	"net/url"
	"testing"

	"entente.dev/entente/internal/api/apitest"
	"entente.dev/entente/internal/console"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/prospect"
)

// TestWhatWasLookedUpIsToldInThreeLanguages: no note of it falls back to English.
func TestWhatWasLookedUpIsToldInThreeLanguages(t *testing.T) {
	t.Parallel()
	b := open(t, console.Deps{})
	who := []ident.Person{{Home: "b", ID: "id-bob"}}
	e := prospect.Evidence{At: apitest.Start, Invites: "none", GuestRole: "2af84b1e-32c8-42b7-82bc-daa82404023b",
		Collisions: []prospect.Collision{{Kind: prospect.Contact, Count: 2, People: who}, {Kind: prospect.Group, Count: 1, People: who}},
		Unread:     []prospect.Unread{{What: prospect.UnreadContacts, Permission: "OrgContact.Read.All"}, {What: prospect.UnreadAll, Kind: "Unavailable"}}}
	if err := b.world.Store.PutEvidence(t.Context(), apitest.Org, "req-b-c-1", e); err != nil {
		t.Fatal(err)
	}
	b.signIn("c-admin")
	b.do("GET", question, nil)
	b.shows("2 people have the address of a mail contact", "1 person cannot come: a group of this tenant has their address", "grant OrgContact.Read.All",
		"could not be checked for the same addresses: Unavailable", "lets nobody invite guests", "see their own profile only")
	for language, words := range map[string][]string{
		"sv":      {"2 personer har samma adress som en e-postkontakt", "1 person kan inte komma in: en grupp", "bevilja OrgContact.Read.All", "kunde inte kontrolleras: Unavailable", "låter ingen bjuda in gäster"},
		"zh-Hans": {"2 人的地址与此租户的邮件联系人相同", "1 人无法进入：此租户的组已使用其地址", "授予 OrgContact.Read.All", "是否使用相同地址：Unavailable", "不允许任何人邀请来宾"},
	} {
		b.do("POST", "/language", url.Values{"lang": {language}, "to": {question}})
		b.shows(words...)
		b.hides("have the address", "could not be checked", "cannot come", "lets nobody invite", "their own profile")
	}
}
