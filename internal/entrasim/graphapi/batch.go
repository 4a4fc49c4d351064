package graphapi

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"

	"entente.dev/entente/internal/entrasim/dir"
)

const maxBatch = 20

type batchItem struct {
	ID        any               `json:"id"` // string, or a number from some clients
	Method    string            `json:"method"`
	URL       string            `json:"url"`
	Headers   map[string]string `json:"headers"`
	Body      json.RawMessage   `json:"body"`
	DependsOn []any             `json:"dependsOn"`
}

func (i batchItem) id() string {
	if i.ID == nil {
		return ""
	}
	return fmt.Sprint(i.ID)
}

// batch serves POST /$batch: the outer answer is 200 when the body can be read; each item is judged, throttled and
// logged on its own, and one whose dependency failed is 424 (json-batching page).
func (c *call) batch() error {
	var body struct {
		Requests []batchItem `json:"requests"`
	}
	if err := json.Unmarshal(c.body, &body); err != nil || body.Requests == nil {
		return &dir.Error{Status: 400, Code: "BadRequest", Message: "Invalid batch payload format."}
	}
	if len(body.Requests) > maxBatch {
		return &dir.Error{Status: 400, Code: "BadRequest", Message: fmt.Sprintf("The number of requests in a batch exceeds the limit of %d.", maxBatch)}
	}
	index := map[string]int{}
	for i, item := range body.Requests {
		key := strings.ToLower(item.id())
		if _, twice := index[key]; twice || key == "" || item.Method == "" || item.URL == "" {
			return &dir.Error{Status: 400, Code: "BadRequest", Message: "Invalid batch payload format: every request needs a unique id, a method and a url."}
		}
		index[key] = i
	}
	for _, item := range body.Requests {
		for _, d := range item.DependsOn {
			if _, ok := index[strings.ToLower(fmt.Sprint(d))]; !ok {
				return &dir.Error{Status: 400, Code: "BadRequest", Message: "Invalid batch payload format: dependsOn names an unknown request."}
			}
		}
	}
	status := make([]int, len(body.Requests))
	responses := make([]map[string]any, 0, len(body.Requests))
	var run func(i int, path map[int]bool)
	run = func(i int, path map[int]bool) {
		if status[i] != 0 {
			return
		}
		path[i] = true
		for _, d := range body.Requests[i].DependsOn {
			j := index[strings.ToLower(fmt.Sprint(d))]
			if !path[j] {
				run(j, path)
			}
			if status[j] == 0 || status[j] >= 400 {
				status[i] = http.StatusFailedDependency
			}
		}
		delete(path, i)
		answer := c.item(body.Requests[i], status[i] == http.StatusFailedDependency)
		status[i] = answer["status"].(int)
		responses = append(responses, answer)
	}
	for i := range body.Requests {
		run(i, map[int]bool{})
	}
	if c.s.Switches.BatchShuffle.Load() {
		rand.Shuffle(len(responses), func(i, j int) { responses[i], responses[j] = responses[j], responses[i] })
	}
	return c.json(200, map[string]any{"responses": responses})
}

// itemPath is the path of an item with its version. URLs are relative to the batch's version; the batch builder of
// Microsoft's SDK for Go leaves them absolute when the client's base is not the public cloud's, and OData allows that.
func (c *call) itemPath(url string) string {
	if _, rest, ok := strings.Cut(url, "://"); ok {
		_, path, _ := strings.Cut(rest, "/")
		return "/" + path
	}
	return "/" + c.version + "/" + strings.TrimLeft(url, "/")
}

// item carries out one request of a batch.
func (c *call) item(b batchItem, failed bool) map[string]any {
	sub := &call{s: c.s, r: c.r, t: c.t, claims: c.claims, method: strings.ToUpper(b.Method), base: c.base, began: time.Now(),
		requestID: dir.NewID(), clientRequestID: c.clientRequestID, header: http.Header{}, out: response{status: 200, header: http.Header{}}}
	for k, v := range b.Headers {
		sub.header.Set(k, v)
	}
	if raw := strings.TrimSpace(string(b.Body)); raw != "" && raw != "null" {
		sub.body = b.Body
	}
	path, query, _ := strings.Cut(c.itemPath(b.URL), "?")
	err := sub.locate(path, query)
	switch {
	case failed:
		sub.fail(&dir.Error{Status: http.StatusFailedDependency, Code: "FailedDependency", Message: "A request that this one depends on failed."})
	case err == nil && sub.template() == "/$batch":
		err = &dir.Error{Status: 400, Code: "BadRequest", Message: "A batch cannot contain a batch."}
		fallthrough
	case err != nil:
		sub.fail(err)
	default:
		if fired, err := sub.apply(sub); err != nil {
			sub.fail(&dir.Error{Status: 503, Code: "ServiceUnavailable", Message: "The request failed on purpose (" + fired + ")."})
		}
	}
	c.s.note(sub, "batch", "")
	return sub.batchAnswer(b.id())
}

func (c *call) apply(sub *call) (string, error) { return c.s.apply(sub) }

func (c *call) batchAnswer(id string) map[string]any {
	headers := map[string]string{}
	for k := range c.out.header {
		headers[k] = c.out.header.Get(k)
	}
	out := map[string]any{"id": id, "status": c.out.status, "headers": headers}
	if len(c.out.body) > 0 {
		if headers["Content-Type"] == "" {
			headers["Content-Type"] = "application/json"
		}
		if json.Valid(c.out.body) {
			out["body"] = json.RawMessage(c.out.body)
		} else {
			out["body"] = string(c.out.body)
		}
	}
	return out
}
