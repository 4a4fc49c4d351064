package console

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"entente.dev/entente/internal/api/wire"
	"entente.dev/entente/internal/authz"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/problem"
)

type holdsData struct {
	holds   []wire.Hold
	tenants []ident.Tenant // where the visitor may place a hold
	form    url.Values
	faults  []fault
	problem *wire.Problem
}

func (c *console) holds(w http.ResponseWriter, r *http.Request, v visit) {
	c.showHolds(w, r, v, http.StatusOK, holdsData{form: r.URL.Query()})
}

func (c *console) showHolds(w http.ResponseWriter, r *http.Request, v visit, status int, d holdsData) {
	v.page = "holds"
	all, err := v.api.Holds(r.Context(), v.org)
	if err != nil {
		c.fail(w, r, v, err)
		return
	}
	d.holds = all.Holds
	where, err := v.api.Status(r.Context(), v.org)
	if err != nil {
		c.fail(w, r, v, err)
		return
	}
	for _, tenant := range where.Tenants {
		if v.may(authz.Hold, authz.OfTenant(v.org, tenant.Tenant)) {
			d.tenants = append(d.tenants, tenant.Tenant)
		}
	}
	c.show(w, r, status, v, t(r.Context(), "holds"), holdsPage(v, d))
}

func (c *console) hold(w http.ResponseWriter, r *http.Request, v visit) {
	in := wire.NewHold{
		Person: strings.TrimSpace(r.PostFormValue("person")), Tenant: ident.Tenant(r.PostFormValue("tenant")),
		Kind: r.PostFormValue("kind"), Reason: strings.TrimSpace(r.PostFormValue("reason")),
	}
	wrong := fault{}
	if in.Person == "" || in.Reason == "" {
		wrong = fault{"person", "hold-bad"}
	}
	if text := r.PostFormValue("until"); text != "" {
		until, err := time.Parse(time.DateOnly, text)
		if err != nil {
			wrong = fault{"until", "hold-bad-until"}
		}
		in.Until = until.AddDate(0, 0, 1) // the day itself is part of it
	}
	if wrong != (fault{}) {
		c.showHolds(w, r, v, http.StatusBadRequest, holdsData{form: r.PostForm, faults: []fault{wrong}})
		return
	}
	_, err := v.api.Hold(command(r), v.org, in)
	c.held(w, r, v, err)
}

func (c *console) release(w http.ResponseWriter, r *http.Request, v visit) {
	_, err := v.api.Release(command(r), v.org, r.PostFormValue("person"), ident.Tenant(r.PostFormValue("tenant")))
	c.held(w, r, v, err)
}

func (c *console) held(w http.ResponseWriter, r *http.Request, v visit, err error) {
	if err == nil {
		http.Redirect(w, r, orgURL(v.org, "/holds"), http.StatusSeeOther)
		return
	}
	switch problem.KindOf(err) {
	case problem.Invalid, problem.Conflict, problem.NotFound:
		p := asProblem(err)
		c.showHolds(w, r, v, p.Status, holdsData{form: r.PostForm, problem: p})
	default:
		c.fail(w, r, v, err)
	}
}
