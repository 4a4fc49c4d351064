package console

import (
	"net/http"

	"entente.dev/entente/internal/api/client"
	"entente.dev/entente/internal/api/wire"
	"entente.dev/entente/internal/problem"
)

// preview is how many of those who ask a rule would leave out, and the first of them; or why nobody knows.
type preview struct {
	fits    int
	first   []string
	problem *wire.Problem
}

// previewed is how many people a preview names.
const previewed = 10

// previewOf asks about the rule that the page's address carries.
func previewOf(r *http.Request, v visit, id string) (*preview, error) {
	q := r.URL.Query()
	rule := client.PeopleFilter{Rule: q.Get("ruleField") + ":" + q.Get("ruleMatch")}
	found, err := v.api.RequestPeopleWhere(r.Context(), v.org, id, rule, client.Page{Limit: previewed})
	switch problem.KindOf(err) {
	case problem.Invalid, problem.Conflict:
		return &preview{problem: asProblem(err)}, nil
	}
	p := &preview{fits: found.Fit}
	for _, person := range found.People {
		p.first = append(p.first, nameOr(person.Name, person.UPN))
	}
	return p, err
}
