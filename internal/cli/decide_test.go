package cli_test

import (
	"testing"
	"time"

	"entente.dev/entente/internal/api/apitest"
	"entente.dev/entente/internal/directory"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/plan"
	"entente.dev/entente/internal/prospect"
	"entente.dev/entente/internal/store"
)

// TestWhatATenantAdminDecides is the admin's side: who is left out and why, an older plan, holds, taking a yes back.
func TestWhatATenantAdminDecides(t *testing.T) {
	b := newBench(t)
	b.want(0, "apply -f three.yaml --yes")
	b.who = "c-admin"
	b.want(0, "inbox --search BARB", "barbara@b.example", "Microsoft Entra ID P1", "Members may list all users", "… and 1 more")
	evidence := prospect.Evidence{At: time.Now(), Collisions: []prospect.Collision{{Kind: prospect.Contact, Count: 2}, {Kind: prospect.Group, Count: 1}},
		Unread: []prospect.Unread{{What: prospect.UnreadPolicy, Kind: "Rejected"}}}
	if err := b.world.Store.PutEvidence(t.Context(), apitest.Org, "req-b-c-1", evidence); err != nil {
		t.Fatal(err)
	}
	b.want(0, "inbox", "! 2 have the address of a mail contact of this tenant", "! 1 cannot come: a group of this tenant has their address", "could not be read: Rejected")
	older := plan.SharePlan{Share: ident.Share{Source: "b", Target: "c"}, Digest: "older", Effects: []plan.Effect{
		{Person: ident.Person{Home: "b", ID: "id-bob"}, UPN: "bob@b.example", Action: plan.Create, From: "absent", To: "member"},
		{Person: ident.Person{Home: "b", ID: "id-bert"}, UPN: "bert@b.example", Action: plan.Create, From: "absent", To: "member"},
	}}
	if err := b.world.Store.PutSharePlan(t.Context(), apitest.Org, &older); err != nil {
		t.Fatal(err)
	}
	b.want(1, "approve req-b-c-1 --plan older", "since then: 1 more, 1 fewer, 1 otherwise", "+ barbara@b.example", "- bert@b.example",
		"~ bob@b.example  convert: guest to member; before: create: absent to member", "look at the request again")
	b.want(1, "approve req-b-c-1 --exclude-rule department", "write field:match")
	b.want(1, "approve req-b-c-1 --exclude-rule shoe:*size", "body.rules[0]")
	b.want(1, "approve req-b-c-1 --exclude-rule mail:*@old.example", "not observed yet")
	home := directory.Snapshot{Tenant: "b", TenantID: "0b", TakenAt: time.Now(), Read: directory.Collections(), Users: []directory.User{
		{ID: "id-barbara", UserPrincipalName: "barbara@b.example", Mail: "barbara@old.example"}, {ID: "id-bob", UserPrincipalName: "bob@b.example"},
	}}
	if _, err := b.world.Store.PutSnapshot(t.Context(), apitest.Org, &home, true, store.Cursor{}); err != nil {
		t.Fatal(err)
	}
	b.want(0, "approve req-b-c-1 --exclude-rule mail:*@old.example --exclude-reason moved", "approved")
	if d := b.world.Control.Decisions[0]; d.Excluded != 1 || len(d.Rules) != 1 || d.Rules[0] != (plan.ExclusionRule{Field: "mail", Match: "*@old.example", Reason: "moved"}) {
		t.Errorf("decided %+v", d)
	}
	b.want(0, "hold bob@b.example --in c --block --until 30d --reason leave", "blocked")
	b.want(1, "hold bob@b.example --in c --until soon --reason leave", "write a date")
	b.want(1, "hold bob@b.example --in c --until 2001-01-01 --reason leave", "over already")
	b.want(0, "holds", "blocked", "in force")
	b.want(0, "release bob@b.example --in c", "released")
	b.want(0, "holds", "ending")
	b.want(0, "hold bob@b.example --tenant c --kind blocked --for 12s --reason leave", "blocked")
	b.want(0, "revoke b c --freeze --reason audit --wait", "b→c: frozen")
	b.want(0, "revoke b/c --drain --reason over", "stopping")
	if got := b.world.Control.Revokes; len(got) != 2 || got[0].Subject != "token/c-admin" {
		t.Errorf("taken back: %+v", got)
	}
	b.who = "pat"
	b.want(1, "revoke b c --freeze --reason x", "only an admin of tenant c")
}
