package console

import (
	"net/http"

	"entente.dev/entente/internal/api/client"
	"entente.dev/entente/internal/api/wire"
	"entente.dev/entente/internal/authn"
	"entente.dev/entente/internal/store"
)

// rows is how many rows a page of a table has.
const rows = 100

// start leads to the only organization, or lists them.
func (c *console) start(w http.ResponseWriter, r *http.Request, v visit) {
	orgs, err := v.api.Organizations(r.Context())
	if err != nil {
		c.fail(w, r, v, err)
		return
	}
	if len(orgs) == 1 {
		to := orgURL(orgs[0], "")
		if v.who.Role == authn.TenantAdmin {
			to += "/inbox" // what a tenant admin comes for
		}
		http.Redirect(w, r, to, http.StatusSeeOther)
		return
	}
	c.show(w, r, http.StatusOK, v, t(r.Context(), "organizations"), organizationsPage(orgs))
}

type overviewData struct {
	status   wire.Status
	coverage wire.Coverage
	person   string
}

func (c *console) overview(w http.ResponseWriter, r *http.Request, v visit) {
	v.page, v.events = "overview", true
	var d overviewData
	var err error
	if d.status, err = v.api.Status(r.Context(), v.org); err != nil {
		c.fail(w, r, v, err)
		return
	}
	d.person = r.URL.Query().Get("person")
	d.coverage, err = v.api.Coverage(r.Context(), v.org, d.person, client.Page{After: r.URL.Query().Get("after"), Limit: rows})
	if err != nil {
		c.fail(w, r, v, err)
		return
	}
	c.show(w, r, http.StatusOK, v, t(r.Context(), "overview"), overviewPage(v, d))
}

func (c *console) inbox(w http.ResponseWriter, r *http.Request, v visit) {
	v.page, v.events = "inbox", true
	f := client.RequestFilter{}
	if own := v.who.Decides(v.org); len(own) == 1 && len(v.who.More) == 0 {
		f.Tenant = string(own[0])
	}
	all, err := v.api.Requests(r.Context(), v.org, f)
	if err != nil {
		c.fail(w, r, v, err)
		return
	}
	var waiting, answered []store.Request
	for _, q := range all.Requests {
		if q.Status == store.Waiting {
			waiting = append(waiting, q)
		} else {
			answered = append(answered, q)
		}
	}
	c.show(w, r, http.StatusOK, v, t(r.Context(), "inbox"), inboxPage(v, waiting, answered, r.URL.Query().Get("answers") == "all"))
}

func (c *console) reductions(w http.ResponseWriter, r *http.Request, v visit) {
	v.page, v.events = "reductions", true
	all, err := v.api.Reductions(r.Context(), v.org)
	if err != nil {
		c.fail(w, r, v, err)
		return
	}
	c.show(w, r, http.StatusOK, v, t(r.Context(), "reductions"), reductionsPage(v, all.Reductions))
}
