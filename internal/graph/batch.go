package graph

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	abs "github.com/microsoft/kiota-abstractions-go"
	"github.com/microsoftgraph/msgraph-sdk-go/models"

	"entente.dev/entente/internal/limits"
	"entente.dev/entente/internal/problem"
)

// batchSize is Graph's limit for $batch and for members@odata.bind.
const batchSize = 20

// ItemOutcome is what became of one id. Err is nil on success, which includes that the member was already
// there or already gone; otherwise it is a *problem.Error. Items with a retryable or Ambiguous error are the
// only ones to send again.
type ItemOutcome struct {
	ID  string
	Err error
}

type batchItem struct {
	ID      string            `json:"id"`
	Method  string            `json:"method"`
	URL     string            `json:"url"`
	Headers map[string]string `json:"headers,omitempty"`
	Body    any               `json:"body,omitempty"`
}

type batchAnswer struct {
	Responses []struct {
		ID      json.RawMessage   `json:"id"`
		Status  int               `json:"status"`
		Headers map[string]string `json:"headers"`
		Body    json.RawMessage   `json:"body"`
	} `json:"responses"`
}

// AddMembers adds users to a group, 20 to a request, and tells for each id what became of it, in the order
// given. It is safe to repeat. The error is the first outcome that makes going on pointless (throttled,
// unavailable, a permission or the credential): the outcomes of what was tried come with it, and the rest of
// the list was not tried.
//
// PATCH /groups/{id} members@odata.bind, all or nothing and one write for 20; where that is refused,
// POST /groups/{id}/members/$ref for each in one $batch · GroupMember.ReadWrite.All ·
// learn.microsoft.com/graph/api/group-post-members and /graph/json-batching, checked 2026-11.
func (c *Client) AddMembers(ctx context.Context, groupID string, ids []string) ([]ItemOutcome, error) {
	var outcomes []ItemOutcome
	for chunk := range slices.Chunk(ids, batchSize) {
		if err := ctx.Err(); err != nil {
			return outcomes, err
		}
		err := c.bindMembers(ctx, groupID, chunk)
		switch problem.KindOf(err) {
		case problem.Rejected, problem.NotFound, problem.Conflict:
			done := c.batchMembers(ctx, opAddMember, groupID, chunk)
			outcomes = append(outcomes, done...)
			if err := firstStop(done); err != nil {
				return outcomes, err
			}
			continue
		}
		for _, id := range chunk {
			outcomes = append(outcomes, ItemOutcome{id, err})
		}
		if stop(err) {
			return outcomes, err
		}
	}
	return outcomes, nil
}

// RemoveMembers takes direct members out of a group, 20 to a request, like AddMembers.
//
// DELETE /groups/{id}/members/{id}/$ref in $batch · GroupMember.ReadWrite.All ·
// learn.microsoft.com/graph/api/group-delete-members, checked 2026-11. The $ref matters: without it the call
// is one on the user itself.
func (c *Client) RemoveMembers(ctx context.Context, groupID string, ids []string) ([]ItemOutcome, error) {
	var outcomes []ItemOutcome
	for chunk := range slices.Chunk(ids, batchSize) {
		if err := ctx.Err(); err != nil {
			return outcomes, err
		}
		done := c.batchMembers(ctx, opRemoveMember, groupID, chunk)
		outcomes = append(outcomes, done...)
		if err := firstStop(done); err != nil {
			return outcomes, err
		}
	}
	return outcomes, nil
}

func firstStop(outcomes []ItemOutcome) error {
	for _, o := range outcomes {
		if stop(o.Err) {
			return o.Err
		}
	}
	return nil
}

// stop tells whether going on with the next chunk would only fail the same way.
func stop(err error) bool {
	switch problem.KindOf(err) {
	case problem.Unauthenticated, problem.Forbidden, problem.Throttled, problem.Unavailable:
		return true
	case problem.Bug:
		return err != nil
	}
	return false
}

// bindMembers adds up to 20 members at once. Graph refuses the whole request when one of them is already a
// member or does not exist.
func (c *Client) bindMembers(ctx context.Context, groupID string, ids []string) error {
	r := c.begin(ctx, opAddMembers)
	references := make([]string, len(ids))
	for i, id := range ids {
		references[i] = c.reference(id)
	}
	body := models.NewGroup()
	body.SetAdditionalData(map[string]any{"members@odata.bind": references})
	return r.do(c.sdk.Groups().ByGroupId(groupID).ToPatchRequestInformation(r.ctx, body, nil))
}

func (c *Client) reference(id string) string { return c.base.String() + "/directoryObjects/" + id }

// batchMembers sends one $batch and judges each item by itself.
func (c *Client) batchMembers(ctx context.Context, op Operation, groupID string, ids []string) []ItemOutcome {
	items := make([]batchItem, len(ids))
	for i, id := range ids {
		items[i] = batchItem{ID: strconv.Itoa(i + 1), Method: op.Method}
		if op.Method == http.MethodPost {
			items[i].URL = "/groups/" + groupID + "/members/$ref"
			items[i].Headers = map[string]string{"Content-Type": "application/json"}
			items[i].Body = map[string]string{"@odata.id": c.reference(id)}
		} else {
			items[i].URL = "/groups/" + groupID + "/members/" + id + "/$ref"
		}
	}
	whole := op
	whole.Method, whole.Route, whole.Cost, whole.Writes = http.MethodPost, "/$batch", op.Cost*len(ids), op.Writes*len(ids)
	r := c.begin(ctx, whole)
	outcomes := make([]ItemOutcome, len(ids))
	body, err := r.send(r.raw(abs.POST, "/$batch", map[string]string{}, map[string]any{"requests": items}))
	var answer batchAnswer
	if err == nil {
		err = r.decode(body, &answer)
	}
	for i, id := range ids {
		outcomes[i] = ItemOutcome{id, err}
	}
	if err != nil {
		return outcomes
	}
	return c.judge(r, op, answer, outcomes)
}

// judge fills the outcomes from the answers, whose order is Graph's own. An item without an answer may have
// been done: Ambiguous.
func (c *Client) judge(r request, op Operation, answer batchAnswer, outcomes []ItemOutcome) []ItemOutcome {
	for i := range outcomes {
		outcomes[i].Err = r.problem(problem.Ambiguous, "the batch has no answer for this item", "the membership is read again")
	}
	longest := time.Duration(0)
	for _, resp := range answer.Responses {
		i, err := strconv.Atoi(strings.Trim(string(resp.ID), `"`))
		if err != nil || i < 1 || i > len(outcomes) {
			continue
		}
		outcomes[i-1].Err = nil
		if resp.Status >= 200 && resp.Status < 300 || alreadySo(op, resp.Status, resp.Body) {
			continue
		}
		header := http.Header{}
		for name, value := range resp.Headers {
			header.Set(name, value)
		}
		found := Classify(op, resp.Status, header, resp.Body)
		found.Tenant = c.tenant
		outcomes[i-1].Err = found
		longest = max(longest, found.RetryAfter)
		if found.Kind == problem.Throttled {
			c.limits.Observe(limits.Identity, limits.Observation{Throttled: true, RetryAfter: found.RetryAfter})
		}
	}
	// Items are throttled one by one, and all wait for the longest time that any of them was told.
	for _, o := range outcomes {
		var found *problem.Error
		if errors.As(o.Err, &found) && found.Kind == problem.Throttled {
			found.RetryAfter = longest
		}
	}
	return outcomes
}

// alreadySo: adding who is a member is a 400 with "already exist", and removing who is none is a 404; both
// are what was asked for.
func alreadySo(op Operation, status int, body []byte) bool {
	if op.Method == http.MethodDelete {
		return status == http.StatusNotFound
	}
	return status == http.StatusBadRequest && strings.Contains(strings.ToLower(readErrorBody(body).Message), "already exist")
}

func compare(a, b string) int { return strings.Compare(a, b) }
