package record

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/plan"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/store"
)

// OpenRequest opens a request; one that is there already stays as it is, because its workflow may have written to it
// meanwhile. With Refresh it is what that workflow uses: what an open request says is replaced, approvals included.
func (a *Activities) OpenRequest(ctx context.Context, in contract.OpenRequestIn) error {
	old, err := a.store.Request(ctx, in.Request.Org, in.Request.ID)
	switch {
	case problem.KindOf(err) == problem.NotFound && err != nil:
		err = a.store.PutRequest(ctx, in.Request)
	case err == nil && in.Refresh:
		in.Request.OpenedAt, in.Request.ExpiresAt = old.OpenedAt, old.ExpiresAt
		err = a.store.PutRequest(ctx, in.Request)
	}
	if err != nil {
		return err
	}
	r := in.Request
	if err := a.describe(ctx, r.Org, r.ID); err != nil {
		return err
	}
	return a.append(ctx, store.Entry{
		Org: r.Org, Actor: "entente", Verb: "ask", Object: r.ID, Tenant: r.Tenant, Share: &r.Share, Key: "ask/" + r.ID + "/" + r.PlanDigest,
		Data: map[string]string{"kind": r.Kind, "plan": r.PlanDigest, "why": r.Why},
	})
}

// NoteApproval shows that somebody has agreed while others are missing. How many have by now tells a repeat: names
// do not, two people may share one.
func (a *Activities) NoteApproval(ctx context.Context, in contract.NoteApprovalIn) error {
	r, err := a.store.Request(ctx, in.Org, in.ID)
	if err != nil {
		return err
	}
	d := in.Decision
	if r.Status == store.Waiting && len(r.Approvals) < max(r.Approvers, 1)-in.Missing {
		r.Approvals = append(slices.Clone(r.Approvals), d.By)
		if err := a.store.PutRequest(ctx, r); err != nil {
			return err
		}
	}
	subject := cmp.Or(d.Subject, d.By)
	return a.append(ctx, store.Entry{
		Org: in.Org, Actor: d.By, Verb: "approve-partly", Object: in.ID, Tenant: r.Tenant, Share: &r.Share,
		Key:  "approve-partly/" + in.ID + "/" + subject + "/" + d.PlanDigest,
		Data: map[string]string{"plan": d.PlanDigest, "reason": d.Reason, "subject": subject},
	})
}

// CloseRequest records the one outcome of a request and, on a yes, the envelope.
func (a *Activities) CloseRequest(ctx context.Context, in contract.CloseRequestIn) error {
	r, err := a.store.Request(ctx, in.Org, in.ID)
	if err != nil {
		return err
	}
	if r.Status != store.Waiting && r.Status != in.Status {
		p := problem.New(problem.Conflict, "close a request", "it is already "+string(r.Status))
		return p
	}
	if in.Envelope != nil && r.Status == store.Waiting { // otherwise it is stored already, and may be revoked by now
		if err := a.accept(ctx, r, *in.Envelope); err != nil {
			return err
		}
	}
	r.Status, r.DecidedBy, r.Reason, r.DecidedAt = in.Status, in.By, in.Reason, in.At
	if in.Status == store.Approved {
		r.Approvals = in.By
	}
	if err := a.store.PutRequest(ctx, r); err != nil {
		return err
	}
	data := map[string]string{"plan": r.PlanDigest, "reason": in.Reason, "by": strings.Join(in.By, ", "), "subjects": strings.Join(in.Subjects, ", ")}
	if in.Status == store.Approved && in.Envelope != nil {
		e, known, err := a.envelope(ctx, in.Org, r.Share)
		if err != nil {
			return err
		}
		if known && e.RequestID == in.Envelope.RequestID { // a repeat may come after the next yes
			maps.Copy(data, terms(e))
		}
	}
	return a.append(ctx, store.Entry{
		Org: in.Org, Actor: last(in.By), Verb: string(in.Status), Object: in.ID, Tenant: r.Tenant, Share: &r.Share, Key: "close/" + in.ID, Data: data,
	})
}

// terms are what was accepted, as the ledger keeps it: without a name.
func terms(e plan.Envelope) map[string]string {
	out := map[string]string{
		"maxUsers": strconv.Itoa(e.MaxUsers), "userType": e.UserType, "existingGuests": e.ExistingGuests, "sets": strings.Join(e.Sets, ", "),
		"exclusions": strconv.Itoa(len(e.Exclusions)), "rules": strconv.Itoa(len(e.Rules)), "auto": strconv.FormatBool(e.Auto),
		"envelope": store.EnvelopeDigest(e),
	}
	if !e.ExpiresAt.IsZero() {
		out["expiresAt"] = e.ExpiresAt.UTC().Format(time.RFC3339)
	}
	if e.Auto && e.AutoBelow > 0 {
		out["autoBelow"] = strconv.Itoa(e.AutoBelow)
	}
	return out
}

// accept stores what a target said yes to. A yes to a rest of people takes nothing back that was decided about the
// others: whom the target had left out stays out.
func (a *Activities) accept(ctx context.Context, r store.Request, e plan.Envelope) error {
	e.PlanDigest = r.PlanDigest
	if r.Delta {
		old, _, err := a.envelope(ctx, r.Org, r.Share)
		if err != nil {
			return err
		}
		e.Exclusions = union(old.Exclusions, e.Exclusions)
		e.Rules = union(old.Rules, e.Rules)
		e.ExistingGuests = cmp.Or(e.ExistingGuests, old.ExistingGuests)
	}
	e.ExistingGuests = cmp.Or(e.ExistingGuests, "keep")
	return a.store.PutEnvelope(ctx, r.Org, e)
}

// union is what is in either, once each, in order.
func union[T comparable](a, b []T) []T {
	var out []T
	for _, x := range slices.Concat(a, b) {
		if !slices.Contains(out, x) {
			out = append(out, x)
		}
	}
	return out
}

// envelope is what a target accepted for a share.
func (a *Activities) envelope(ctx context.Context, org string, share ident.Share) (e plan.Envelope, known bool, err error) {
	envelopes, err := a.store.Envelopes(ctx, org)
	for _, e := range envelopes {
		if e.Share == share {
			return e, true, err
		}
	}
	return plan.Envelope{}, false, err
}

// RevokeEnvelope takes a target's yes back: what was accepted stays readable, and nothing new comes in on it. A share
// that runs on no yes of its own is frozen as well.
func (a *Activities) RevokeEnvelope(ctx context.Context, in contract.RevokeIn) error {
	e, known, err := a.envelope(ctx, in.Org, in.Share)
	if err != nil {
		return err
	}
	if !known {
		e = plan.Envelope{Share: in.Share, ExistingGuests: "keep"}
	}
	c := in.Command
	e.Revoked = &plan.Revocation{By: c.By, Reason: c.Reason, At: in.At}
	if err := a.store.PutEnvelope(ctx, in.Org, e); err != nil {
		return err
	}
	return a.append(ctx, store.Entry{
		Org: in.Org, Actor: c.By, Verb: "revoke", Object: in.Share.String(), Tenant: in.Share.Target, Share: &in.Share,
		Key:  "revoke/" + in.Share.String() + "/" + in.Run,
		Data: map[string]string{"mode": c.Mode, "reason": c.Reason, "subject": cmp.Or(c.Subject, c.By), "request": e.RequestID},
	})
}

func last(by []string) string {
	if len(by) == 0 {
		return "entente"
	}
	return by[len(by)-1]
}
