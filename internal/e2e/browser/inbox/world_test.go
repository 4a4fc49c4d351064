package inbox

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"entente.dev/entente/internal/api/apitest"
	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/plan"
	"entente.dev/entente/internal/store"
)

var (
	edge   = ident.Share{Source: "b", Target: "c"}
	firsts = []string{"Åsa", "Björn", "Elin", "Göran", "Ingrid", "Jamal", "Kateryna", "Linnéa", "Mehmet", "Nadia", "Olu", "伟", "芳", "Wilhelmina-Charlotta"}
	lasts  = []string{"Andersson", "Öberg", "Lindqvist", "Nguyen", "Okafor", "Petrov", "王", "李", "von und zu Hohenberg-Sternfels", "Ström"}
)

// somebody is the n-th person of b.
func somebody(n int, action plan.EffectAction, from, to, reason string) plan.Effect {
	name := firsts[n%len(firsts)] + " " + lasts[(n/3)%len(lasts)]
	return plan.Effect{
		Share: edge, Person: ident.Person{Home: "b", ID: fmt.Sprintf("id-%03d", n)}, UPN: fmt.Sprintf("person%03d@b.example", n), Name: name,
		Tenant: "c", Action: action, From: from, To: to, Reason: reason,
	}
}

// asked is a plan for 240 people of b who stand in every way there is.
func asked() *plan.SharePlan {
	p := &plan.SharePlan{Share: edge, Acceptance: plan.AcceptanceNeed{Needed: true, Delta: true, Why: "over the cap: 240 people, 180 accepted; new set: b-contractors"}}
	for n := range 240 {
		e := somebody(n, plan.KeepOne, "member", "member", "already there")
		switch {
		case n%4 == 0:
			e = somebody(n, plan.Wait, "absent", "member", "new in the target")
		case n%17 == 0:
			e = somebody(n, plan.Adopt, "guest", "member", "existing guest becomes Member if the target agrees")
			p.Counts.Converts++
		case n%23 == 0:
			e = somebody(n, plan.Restore, "softDeleted", "member", "comes back from the target's recycle bin as the same object")
		case n%31 == 0:
			e = somebody(n, plan.KeepOne, "pending", "member", "a Member already, but the invitation was never redeemed")
		case n%59 == 0:
			e = somebody(n, plan.Remove, "member", "softDeleted", "no longer in a user set of this share")
		}
		p.Effects = append(p.Effects, e)
		p.Desired.Members = append(p.Desired.Members, e.Person.ID)
		p.Counts.People++
	}
	change := func(kind plan.Kind, action, summary string) {
		p.Changes = append(p.Changes, plan.Change{ID: edge.String() + " " + string(kind), Kind: kind, Share: edge, Side: plan.Target, Tenant: "c", Action: action, Summary: summary})
	}
	change(plan.InboundPartner, "update", "partner entry for b with inbound automatic redemption")
	change(plan.Convert, "update", "11 guests become Members")
	p.Digest = ident.Digest(p)
	return p
}

// fill puts the questions there that workflows would have asked.
func fill(t *testing.T, w *apitest.World) {
	t.Helper()
	p := asked()
	ok(t, w.Store.PutSharePlan(t.Context(), apitest.Org, p))
	base := store.Request{
		Org: apitest.Org, Kind: "acceptance", Share: edge, Tenant: "c", PlanDigest: p.Digest, Why: p.Acceptance.Why, People: 60, MaxUsers: 500, Guests: p.Counts.Converts,
		Delta: true, Status: store.Waiting, OpenedAt: apitest.Start.Add(time.Hour), ExpiresAt: apitest.Start.Add(14 * 24 * time.Hour),
	}
	for _, id := range []string{"look", "keyboard", "scriptless"} {
		r := base
		r.ID, r.Workflow = id, "workflow-of-"+id
		if id == "look" {
			r.Approvers, r.Approvals = 2, []string{"dana@c.example"}
		}
		ok(t, w.Store.PutRequest(t.Context(), r))
	}
	leave := base
	leave.ID, leave.Workflow, leave.Kind, leave.Delta, leave.People, leave.Guests = "leave", "workflow-of-leave", "reduction", false, 12, 0
	leave.Why = "12 people would leave; the budget allows 5"
	ok(t, w.Store.PutRequest(t.Context(), leave))
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// decidedAsTyped: the walk by keyboard and the one without script each left exactly one person out and said why.
func decidedAsTyped(all []contract.Decision) bool {
	walks := 0
	for _, d := range all {
		if !d.Approve {
			continue
		}
		if d.By != "c-admin" || len(d.Exclusions) != 1 || d.Exclusions[0].Reason == "" || d.MaxUsers != 300 {
			return false
		}
		if strings.HasPrefix(d.Exclusions[0].Person.ID, "id-") {
			walks++
		}
	}
	return walks == 2
}
