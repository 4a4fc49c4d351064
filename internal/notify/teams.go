package notify

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"entente.dev/entente/internal/problem"
)

// teams posts an Adaptive Card to a workflow of Microsoft Teams. The workflow's URL is a credential, read every time.
type teams struct {
	url  func() (string, error)
	post *Poster
}

const opTeams = "post to Teams"

func (t *teams) Deliver(ctx context.Context, m Message) error {
	to, err := t.url()
	if err != nil {
		return &problem.Error{Kind: problem.Unavailable, Op: opTeams, Detail: "the workflow's URL cannot be read: " + err.Error(), Remedy: "put it back where the configuration says"}
	}
	body, err := cardOf(m)
	if err != nil {
		return problem.Wrap(problem.Bug, opTeams, err)
	}
	return t.post.Post(ctx, opTeams, to, http.Header{"Content-Type": {"application/json"}}, body)
}

// cardOf is the message that the workflow "post to a channel when a webhook request is received" expects: one
// attachment with a card.
func cardOf(m Message) ([]byte, error) {
	type object = map[string]any
	var facts []object
	for _, f := range m.Facts() {
		facts = append(facts, object{"title": f.Name, "value": withoutMarkup(f.Value)})
	}
	card := object{
		"$schema": "http://adaptivecards.io/schemas/adaptive-card.json", "type": "AdaptiveCard", "version": "1.4",
		"body": []object{
			{"type": "TextBlock", "text": withoutMarkup(m.Subject()), "weight": "Bolder", "size": "Medium", "wrap": true},
			{"type": "TextBlock", "text": withoutMarkup(oneLine(m.Lead(), maxFact)), "wrap": true},
			{"type": "FactSet", "facts": facts},
		},
		"actions": []object{{"type": "Action.OpenUrl", "title": "Open the request", "url": m.Link}},
	}
	return json.Marshal(object{
		"type":        "message",
		"attachments": []object{{"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": nil, "content": card}},
	})
}

// withoutMarkup takes away what cards read as Markdown: a value is never a link or a heading.
func withoutMarkup(text string) string {
	return strings.NewReplacer("[", "(", "]", ")", "*", "·", "`", "'", "<", "‹", ">", "›", "://", ": //").Replace(text)
}
