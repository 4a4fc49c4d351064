package notify

import (
	"context"
	"encoding/json"
	"time"

	"entente.dev/entente/internal/problem"
)

// webhook posts JSON for machines, signed.
type webhook struct {
	url  string
	sign Signatures
	post *Poster
	now  func() time.Time
}

const opWebhook = "post to a webhook"

// hookVersion changes when a field changes its meaning; fields are added without.
const hookVersion = 1

// hookBody is wire format, documented in the guide for operators.
type hookBody struct {
	Version   int       `json:"version"`
	Type      string    `json:"type"` // request.asked, request.reminded, request.escalated, request.ended
	Timestamp time.Time `json:"timestamp"`
	Data      hookData  `json:"data"`
}

type hookData struct {
	ID        string    `json:"id"`
	Org       string    `json:"org"`
	Kind      string    `json:"kind"`
	Tenant    string    `json:"tenant"`
	Source    string    `json:"source"`
	Target    string    `json:"target"`
	Status    string    `json:"status"`
	Why       string    `json:"why"`
	People    int       `json:"people"`
	MaxUsers  int       `json:"maxUsers"`
	Guests    int       `json:"guests"`
	Approvers int       `json:"approvers"`
	Approvals int       `json:"approvals"`
	OpenedAt  time.Time `json:"openedAt"`
	ExpiresAt time.Time `json:"expiresAt,omitzero"`
	DecidedAt time.Time `json:"decidedAt,omitzero"`
	Link      string    `json:"link"`
}

func (w *webhook) Deliver(ctx context.Context, m Message) error {
	body, err := hookOf(m)
	if err != nil {
		return problem.Wrap(problem.Bug, opWebhook, err)
	}
	header, err := w.sign.Header(opWebhook, m.ID, w.now(), body)
	if err != nil {
		return err
	}
	return w.post.Post(ctx, opWebhook, w.url, header, body)
}

func hookOf(m Message) ([]byte, error) {
	r := m.Request
	return json.Marshal(hookBody{
		Version: hookVersion, Type: "request." + string(m.Occasion), Timestamp: m.At.UTC(),
		Data: hookData{
			ID: r.ID, Org: r.Org, Kind: r.Kind, Tenant: string(r.Tenant), Source: string(r.Share.Source), Target: string(r.Share.Target),
			Status: string(r.Status), Why: r.Why, People: r.People, MaxUsers: r.MaxUsers, Guests: r.Guests,
			Approvers: max(r.Approvers, 1), Approvals: len(r.Approvals),
			OpenedAt: r.OpenedAt.UTC(), ExpiresAt: r.ExpiresAt.UTC(), DecidedAt: r.DecidedAt.UTC(), Link: m.Link,
		},
	})
}
