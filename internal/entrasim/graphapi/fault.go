package graphapi

import (
	"encoding/json"
	"slices"
	"sync"
	"time"

	"entente.dev/entente/internal/entrasim/dir"
	"entente.dev/entente/internal/entrasim/faults"
)

// apply runs faults, permission, throttle and handler; the answer is in c.out afterwards.
func (s *Server) apply(c *call) (fired string, err error) {
	fire, ok := s.Faults.Next(faults.Request{Method: c.method, Route: c.template(), Path: c.path, Tenant: c.t.Name,
		TenantID: c.t.ID, App: c.claims.AppID, Write: c.isWrite()})
	if !ok {
		c.serve()
		return "", nil
	}
	e := fire.Effect
	switch e.Kind {
	case faults.Status, faults.NoMessageBody, faults.ContentType, faults.ExpiredToken, faults.DeltaReset:
		c.spoil(e)
	case faults.Delay:
		select {
		case <-time.After(time.Duration(e.Millis) * time.Millisecond):
		case <-c.r.Context().Done():
		}
		c.serve()
	case faults.Drop:
		return fire.ID, errAborted
	case faults.ApplyThenDrop:
		c.serve()
		return fire.ID, errAborted
	case faults.Truncate:
		c.serve()
		c.truncate = true
	case faults.Stale:
		c.t.Stale(c.serve)
	case faults.Duplicate, faults.Reorder:
		c.serve()
		c.mix(e.Kind, fire.ID)
	case faults.Hold:
		after := e.When == "after"
		if after {
			c.serve()
		}
		select {
		case <-fire.Released:
		case <-c.r.Context().Done():
			fire.Done()
			return fire.ID, errAborted
		}
		fire.Done()
		if !after {
			c.serve()
		}
	}
	return fire.ID, nil
}

// spoil answers with a fault's status instead of carrying the call out.
func (c *call) spoil(e faults.Effect) {
	status := e.Status
	if status == 0 {
		status = 503
	}
	if e.RetryAfter != "" {
		c.out.header.Set("Retry-After", e.RetryAfter)
	}
	code := e.Code
	if code == "" {
		code = map[int]string{401: "InvalidAuthenticationToken", 403: "Authorization_RequestDenied", 404: "Request_ResourceNotFound",
			429: "TooManyRequests", 500: "InternalServerError", 502: "BadGateway", 503: "ServiceUnavailable", 504: "GatewayTimeout"}[status]
	}
	switch e.Kind {
	case faults.ExpiredToken:
		c.out.header.Set("WWW-Authenticate", `Bearer realm="", authorization_uri="`+c.base+`/common/oauth2/authorize", client_id="`+dir.GraphAppID+`"`)
		c.fail(&dir.Error{Status: 401, Code: "InvalidAuthenticationToken", Message: "Lifetime validation failed, the token is expired."})
	case faults.DeltaReset:
		c.fail(c.gone())
	case faults.NoMessageBody:
		c.json(status, map[string]any{"error": map[string]any{"code": code}})
	case faults.ContentType:
		c.out.status, c.out.body = status, []byte("<html><body><h1>Our services aren't available right now</h1></body></html>")
		c.out.header.Set("Content-Type", "text/html")
	default:
		message := e.Message
		if message == "" {
			message = "The request failed on purpose."
		}
		c.fail(&dir.Error{Status: status, Code: code, Message: message})
	}
}

// carries holds, by fault rule, the items that one page handed on to the next.
type carries struct {
	mu    sync.Mutex
	items map[string][]json.RawMessage
}

// swap takes what the page before left and leaves something for the next.
func (c *carries) swap(id string, items []json.RawMessage) []json.RawMessage {
	c.mu.Lock()
	defer c.mu.Unlock()
	before := c.items[id]
	if c.items == nil {
		c.items = map[string][]json.RawMessage{}
	}
	c.items[id] = items
	return before
}

// mix spoils a page of a collection: duplicate repeats its last item at the head of the next page, reorder turns the
// page around and moves its first item to the next. Nothing is lost: the last page gets what is left.
func (c *call) mix(kind, rule string) {
	var page map[string]json.RawMessage
	var items []json.RawMessage
	if c.out.status != 200 || json.Unmarshal(c.out.body, &page) != nil || json.Unmarshal(page["value"], &items) != nil {
		return
	}
	more := page["@odata.nextLink"] != nil
	var hand []json.RawMessage
	switch {
	case kind == faults.Duplicate && more && len(items) > 0:
		hand = items[len(items)-1:]
	case kind == faults.Reorder && more && len(items) > 0:
		hand, items = slices.Clone(items[:1]), items[1:]
	}
	before := c.s.carry.swap(rule, hand)
	items = slices.Concat(before, items)
	if kind == faults.Reorder {
		slices.Reverse(items)
	}
	page["value"] = marshal(items)
	if items == nil {
		page["value"] = json.RawMessage("[]")
	}
	_ = c.json(200, page)
}
