package console

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"entente.dev/entente/internal/plan"
)

// draft is an answer that somebody is working on: whom they leave out. It lies in their session, so that it outlives
// paging and filtering without script, and nobody else sees it before it is sent.
type draft struct {
	Out   []string             `json:"out,omitempty"` // user principal names
	Why   string               `json:"why,omitempty"`
	Rules []plan.ExclusionRule `json:"rules,omitempty"`
}

// ruleFields are what a rule may look at.
func ruleFields() []string { return []string{"upn", "mail", "name", "department", "jobTitle"} }

func draftKey(org, request string) string { return "draft/" + org + "/" + request }

func (c *console) draft(ctx context.Context, org, request string) draft {
	var d draft
	if err := json.Unmarshal([]byte(c.sessions.GetString(ctx, draftKey(org, request))), &d); err != nil {
		return draft{}
	}
	return d
}

func (c *console) keepDraft(ctx context.Context, org, request string, d draft) error {
	raw, err := json.Marshal(d)
	if err != nil {
		return err
	}
	c.sessions.Put(ctx, draftKey(org, request), string(raw))
	return nil
}

func (d draft) leavesOut(upn string) bool {
	return slices.ContainsFunc(d.Out, func(out string) bool { return strings.EqualFold(out, upn) })
}

// leave adds people, each once.
func (d *draft) leave(upns []string, why string) {
	for _, upn := range upns {
		if !d.leavesOut(upn) {
			d.Out = append(d.Out, upn)
		}
	}
	if why != "" {
		d.Why = why
	}
}

// changeDraft leaves people out or takes them in again, and leads back to where in the list that was.
func (c *console) changeDraft(w http.ResponseWriter, r *http.Request, v visit) {
	id := r.PathValue("id")
	d := c.draft(r.Context(), v.org, id)
	wrong, place := d.change(r)
	if wrong != (fault{}) {
		c.showRequest(w, r, v, requestView{status: http.StatusBadRequest, faults: []fault{wrong}})
		return
	}
	if err := c.keepDraft(r.Context(), v.org, id, d); err != nil {
		c.fail(w, r, v, err)
		return
	}
	http.Redirect(w, r, filterOf(r.PostForm).url(requestURL(v.org, id))+place, http.StatusSeeOther)
}

// change returns what is wrong with the form, or where on the page its outcome shows.
func (d *draft) change(r *http.Request) (fault, string) {
	why := strings.TrimSpace(r.PostFormValue("exclusionReason"))
	if again := r.PostFormValue("include"); again != "" {
		d.Out = slices.DeleteFunc(d.Out, func(out string) bool { return strings.EqualFold(out, again) })
		return fault{}, "#left-out"
	}
	switch r.PostFormValue("do") {
	case "rule":
		rule := plan.ExclusionRule{Field: r.PostFormValue("ruleField"), Match: strings.TrimSpace(r.PostFormValue("ruleMatch")), Reason: strings.TrimSpace(r.PostFormValue("ruleReason"))}
		if rule.Reason == "" || rule.Check() != nil || strings.Trim(rule.Match, "* ") == "" {
			return fault{"ruleMatch", "rule-bad"}, ""
		}
		if !slices.Contains(d.Rules, rule) {
			d.Rules = append(d.Rules, rule)
		}
	case "drop-rule":
		d.Rules = slices.DeleteFunc(d.Rules, func(rule plan.ExclusionRule) bool {
			return rule.Field == r.PostFormValue("ruleField") && rule.Match == r.PostFormValue("ruleMatch")
		})
	default:
		switch {
		case len(r.PostForm["exclude"]) == 0:
			return fault{"people", "exclude-none"}, ""
		case why == "" && d.Why == "":
			return fault{"exclusionReason", "exclude-reason-needed"}, ""
		}
		d.leave(r.PostForm["exclude"], why)
	}
	return fault{}, "#left-out"
}
