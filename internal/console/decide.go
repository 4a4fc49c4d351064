package console

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"entente.dev/entente/internal/api/client"
	"entente.dev/entente/internal/api/wire"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/topology"
)

// command is the context of a form's command. The form carries its key, so that sending it twice is one
// command.
func command(r *http.Request) context.Context {
	return client.WithKey(r.Context(), r.PostFormValue("key"))
}

func (c *console) approve(w http.ResponseWriter, r *http.Request, v visit) {
	id := r.PathValue("id")
	d := c.draft(r.Context(), v.org, id)
	d.leave(r.PostForm["exclude"], strings.TrimSpace(r.PostFormValue("exclusionReason"))) // ticked just now
	in, wrong := approval(r, d)
	if len(wrong) > 0 {
		c.showRequest(w, r, v, requestView{status: http.StatusBadRequest, faults: wrong})
		return
	}
	if len(d.Out) > 0 {
		if err := c.keepDraft(r.Context(), v.org, id, d); err != nil {
			c.fail(w, r, v, err)
			return
		}
	}
	_, err := v.api.Approve(command(r), v.org, id, in)
	c.decided(w, r, v, err)
}

// approval is a yes as the form and the draft have it, or everything that is wrong with them.
func approval(r *http.Request, d draft) (wire.Approve, []fault) {
	in := wire.Approve{
		ExistingGuests: r.PostFormValue("existingGuests"), ExpiresAfter: strings.TrimSpace(r.PostFormValue("expiresAfter")),
		Reason: r.PostFormValue("reason"), PlanDigest: r.PostFormValue("plan"),
		Exclusions: d.Out, ExclusionReason: d.Why, Rules: d.Rules,
	}
	var wrong []fault
	if len(d.Out) > 0 && d.Why == "" {
		wrong = append(wrong, fault{"exclusionReason", "exclude-reason-needed"})
	}
	if text := strings.TrimSpace(r.PostFormValue("maxUsers")); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			wrong = append(wrong, fault{"maxUsers", "bad-cap"})
		}
		in.MaxUsers = n
	}
	if in.ExpiresAfter != "" {
		if after, err := topology.ParseDuration(in.ExpiresAfter); err != nil || after <= 0 {
			wrong = append(wrong, fault{"expiresAfter", "bad-expires"})
		}
	}
	return in, wrong
}

func (c *console) reject(w http.ResponseWriter, r *http.Request, v visit) {
	if strings.TrimSpace(r.PostFormValue("rejectReason")) == "" {
		c.showRequest(w, r, v, requestView{status: http.StatusBadRequest, faults: []fault{{"rejectReason", "bad-reason"}}})
		return
	}
	_, err := v.api.Reject(command(r), v.org, r.PathValue("id"), r.PostFormValue("rejectReason"))
	c.decided(w, r, v, err)
}

// decided leads back to the request, which says what happens next, or shows it again with what was wrong. After a
// stale answer the page offers no second one: the visitor has to look at what is different first.
func (c *console) decided(w http.ResponseWriter, r *http.Request, v visit, err error) {
	if err == nil {
		c.sessions.Remove(r.Context(), draftKey(v.org, r.PathValue("id")))
		http.Redirect(w, r, requestURL(v.org, r.PathValue("id"))+"#next", http.StatusSeeOther)
		return
	}
	switch kind := problem.KindOf(err); kind {
	case problem.Stale:
		v.page = "inbox"
		c.show(w, r, http.StatusConflict, v, t(r.Context(), "stale"), stalePage(v, r.PathValue("id"), asProblem(err), len(c.draft(r.Context(), v.org, r.PathValue("id")).Out) > 0))
	case problem.Invalid, problem.Conflict, problem.GuardTripped, problem.Forbidden:
		p := asProblem(err)
		c.showRequest(w, r, v, requestView{status: p.Status, problem: p})
	default:
		c.fail(w, r, v, err)
	}
}

func (c *console) restore(w http.ResponseWriter, r *http.Request, v visit) {
	_, err := v.api.Restore(command(r), v.org, wire.Restore{ReductionID: r.PostFormValue("reduction"), Reason: r.PostFormValue("reason")})
	if err != nil {
		c.fail(w, r, v, err)
		return
	}
	http.Redirect(w, r, orgURL(v.org, "/reductions"), http.StatusSeeOther)
}
