package console

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"entente.dev/entente/internal/api/client"
	"entente.dev/entente/internal/api/wire"
	"entente.dev/entente/internal/problem"
)

// command is the context of a form's command. The form carries its key, so that sending it twice is one
// command.
func command(r *http.Request) context.Context {
	return client.WithKey(r.Context(), r.PostFormValue("key"))
}

func (c *console) approve(w http.ResponseWriter, r *http.Request, v visit) {
	in := wire.Approve{
		ExistingGuests: r.PostFormValue("existingGuests"), ExpiresAfter: strings.TrimSpace(r.PostFormValue("expiresAfter")),
		Reason: r.PostFormValue("reason"), PlanDigest: r.PostFormValue("plan"), Exclusions: r.PostForm["exclude"],
	}
	if text := strings.TrimSpace(r.PostFormValue("maxUsers")); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			c.showRequest(w, r, v, http.StatusBadRequest, &wire.Problem{Detail: t("bad-cap"), Remedy: t("bad-cap-remedy")})
			return
		}
		in.MaxUsers = n
	}
	_, err := v.api.Approve(command(r), v.org, r.PathValue("id"), in)
	c.decided(w, r, v, err)
}

func (c *console) reject(w http.ResponseWriter, r *http.Request, v visit) {
	_, err := v.api.Reject(command(r), v.org, r.PathValue("id"), r.PostFormValue("reason"))
	c.decided(w, r, v, err)
}

// decided leads back to the request, or shows it again with what was wrong.
func (c *console) decided(w http.ResponseWriter, r *http.Request, v visit, err error) {
	if err == nil {
		http.Redirect(w, r, requestURL(v.org, r.PathValue("id")), http.StatusSeeOther)
		return
	}
	switch kind := problem.KindOf(err); kind {
	case problem.Invalid, problem.Conflict, problem.Stale, problem.GuardTripped:
		p := asProblem(err)
		c.showRequest(w, r, v, p.Status, p)
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
	http.Redirect(w, r, "/o/"+v.org+"/reductions", http.StatusSeeOther)
}
