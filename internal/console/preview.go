package console

import (
	"net/http"

	"entente.dev/entente/internal/api/client"
	"entente.dev/entente/internal/plan"
)

// preview is how many of those who ask a rule would leave out.
type preview struct {
	rule plan.ExclusionRule
	fits int
}

// previewOf asks for the rule that the page's address carries.
func (c *console) previewOf(r *http.Request, v visit, id string) (*preview, error) {
	q := r.URL.Query()
	p := preview{rule: plan.ExclusionRule{Field: q.Get("ruleField"), Match: q.Get("ruleMatch")}}
	_ = client.Page{}
	return &p, nil
}
