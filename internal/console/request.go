package console

import (
	"net/http"
	"net/url"
	"slices"

	"entente.dev/entente/internal/api/client"
	"entente.dev/entente/internal/api/wire"
	"entente.dev/entente/internal/store"
)

// peopleShown is how many people a page of a request has: few enough that the answer below is not far away.
const peopleShown = 25

// peopleFilter narrows the people of a request; it stands in the page's address.
type peopleFilter struct{ search, action, from, after string }

func filterOf(q url.Values) peopleFilter {
	return peopleFilter{search: q.Get("search"), action: q.Get("action"), from: q.Get("from"), after: q.Get("after")}
}

func (f peopleFilter) url(base string) string {
	return withQuery(base, "search", f.search, "action", f.action, "from", f.from, "after", f.after)
}

// page is another page of the same list.
func (f peopleFilter) page(after string) peopleFilter {
	f.after = after
	return f
}

func (f peopleFilter) narrow() bool { return f.search != "" || f.action != "" || f.from != "" }

// fault is something in a form that has to be put right; text is a key of the catalogue.
type fault struct{ field, text string }

// requestView is how a request's page is shown: as it is, or again after a form that was not accepted.
type requestView struct {
	status  int
	problem *wire.Problem
	faults  []fault
}

type requestData struct {
	request wire.Request
	people  wire.People
	filter  peopleFilter
	draft   draft
	form    url.Values // what was filled in, when the page is shown again
	faults  []fault
	problem *wire.Problem
	stand   stand
	preview *preview
}

// stand is what the visitor may do with a request.
type stand string

const (
	decides  stand = "decides"
	agreed   stand = "decide-agreed"    // has said yes; somebody else has to
	asked    stand = "decide-asked"     // asks for it: somebody else has to answer
	notTheir stand = "decide-not-yours" // belongs to another tenant's admins
	closed   stand = ""                 // nothing is left to decide
)

func (c *console) request(w http.ResponseWriter, r *http.Request, v visit) {
	c.showRequest(w, r, v, requestView{status: http.StatusOK})
}

func (c *console) showRequest(w http.ResponseWriter, r *http.Request, v visit, view requestView) {
	v.page = "inbox"
	d, err := c.look(r, v)
	if err != nil {
		c.fail(w, r, v, err)
		return
	}
	d.problem, d.faults = view.problem, view.faults
	c.show(w, r, view.status, v, asks(r.Context(), d.request.Request), requestPage(v, d))
}

// look reads what a request's page shows.
func (c *console) look(r *http.Request, v visit) (requestData, error) {
	q := r.URL.Query()
	d := requestData{filter: filterOf(q), draft: c.draft(r.Context(), v.org, r.PathValue("id")), form: url.Values{}}
	if r.Method == http.MethodPost {
		d.filter, d.form = filterOf(r.PostForm), r.PostForm
	}
	var err error
	if d.request, err = v.api.Request(r.Context(), v.org, r.PathValue("id")); err != nil {
		return d, err
	}
	where := client.PeopleFilter{Search: d.filter.search, Action: d.filter.action, From: d.filter.from}
	if d.people, err = v.api.RequestPeopleWhere(r.Context(), v.org, d.request.ID, where, client.Page{After: d.filter.after, Limit: peopleShown}); err != nil {
		return d, err
	}
	d.stand = v.stands(d.request)
	if d.stand == decides && q.Has("ruleMatch") {
		d.form = q
		d.preview, err = previewOf(r, v, d.request.ID)
	}
	return d, err
}

func (v visit) stands(q wire.Request) stand {
	switch {
	case q.Status != store.Waiting:
		return closed
	case !slices.Contains(v.who.Decides(v.org), q.Tenant):
		return notTheir
	case slices.Contains(q.Approvals, v.who.Name):
		return agreed
	case q.Yours:
		return asked
	default:
		return decides
	}
}

// ticks: people can be left out by ticking them.
func (d requestData) ticks() bool { return d.stand == decides && !leaves(d.request.Request) }

func (d requestData) wrong(field string) bool {
	return slices.ContainsFunc(d.faults, func(f fault) bool { return f.field == field })
}

// ruleOpen: the form of a rule is in use.
func (d requestData) ruleOpen() bool { return d.preview != nil || d.wrong("ruleMatch") }
