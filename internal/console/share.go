package console

import (
	"net/http"
	"strings"

	"entente.dev/entente/internal/api/wire"
	"entente.dev/entente/internal/authz"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/problem"
)

type shareData struct {
	wire.Share
	stops   bool // the visitor may stop it
	revokes bool // the visitor may take the target's yes back
	faults  []fault
	problem *wire.Problem
}

func shareOf(r *http.Request) ident.Share {
	return ident.Share{Source: ident.Tenant(r.PathValue("source")), Target: ident.Tenant(r.PathValue("target"))}
}

func (c *console) share(w http.ResponseWriter, r *http.Request, v visit) {
	v.events = true
	c.showShare(w, r, v, http.StatusOK, shareData{})
}

func (c *console) showShare(w http.ResponseWriter, r *http.Request, v visit, status int, d shareData) {
	v.page = "overview"
	share := shareOf(r)
	var err error
	if d.Share, err = v.api.Share(r.Context(), v.org, share); err != nil {
		c.fail(w, r, v, err)
		return
	}
	over := d.Phase == "stopping" || d.Phase == wire.PhaseStopped
	d.stops = !over && v.may(authz.Stop, authz.OfShare(authz.Share, v.org, share))
	d.revokes = !over && v.may(authz.Revoke, authz.OfShare(authz.Share, v.org, share))
	if d.revokes && d.Phase == wire.PhaseWaiting && d.RequestID != "" {
		q, err := v.api.Request(r.Context(), v.org, d.RequestID)
		if err != nil {
			c.fail(w, r, v, err)
			return
		}
		d.revokes = q.Delta // otherwise there is no yes yet
	}
	c.show(w, r, status, v, t(r.Context(), "share-of", share), sharePage(v, d))
}

func (c *console) stop(w http.ResponseWriter, r *http.Request, v visit) {
	reason := strings.TrimSpace(r.PostFormValue("stopReason"))
	var wrong []fault
	if reason == "" {
		wrong = append(wrong, fault{"stopReason", "stop-bad"})
	}
	if r.PostFormValue("stopSure") == "" {
		wrong = append(wrong, fault{"stopSure", "sure-needed"})
	}
	if len(wrong) > 0 {
		c.showShare(w, r, v, http.StatusBadRequest, shareData{faults: wrong})
		return
	}
	_, err := v.api.Stop(command(r), v.org, shareOf(r), reason)
	c.commanded(w, r, v, err)
}

// revoke takes the target's yes back.
func (c *console) revoke(w http.ResponseWriter, r *http.Request, v visit) {
	in := wire.Revoke{Mode: r.PostFormValue("mode"), Reason: strings.TrimSpace(r.PostFormValue("revokeReason"))}
	var wrong []fault
	if in.Mode == "" || in.Reason == "" {
		wrong = append(wrong, fault{"revokeReason", "revoke-bad"})
	}
	if in.Mode == "drain" && r.PostFormValue("revokeSure") == "" {
		wrong = append(wrong, fault{"revokeSure", "sure-needed"})
	}
	if len(wrong) > 0 {
		c.showShare(w, r, v, http.StatusBadRequest, shareData{faults: wrong})
		return
	}
	_, err := v.api.Revoke(command(r), v.org, shareOf(r), in)
	c.commanded(w, r, v, err)
}

// commanded leads back to the share, or shows it again with what was wrong.
func (c *console) commanded(w http.ResponseWriter, r *http.Request, v visit, err error) {
	if err == nil {
		http.Redirect(w, r, shareURL(v.org, shareOf(r)), http.StatusSeeOther)
		return
	}
	switch problem.KindOf(err) {
	case problem.Invalid, problem.Conflict, problem.Stale, problem.GuardTripped:
		p := asProblem(err)
		c.showShare(w, r, v, p.Status, shareData{problem: p})
	default:
		c.fail(w, r, v, err)
	}
}
