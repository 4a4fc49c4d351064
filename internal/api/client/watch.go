package client

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"time"

	"entente.dev/entente/internal/api/wire"
	"entente.dev/entente/internal/problem"
)

// Event is one change; exactly one field is set.
type Event struct {
	Share   *wire.ShareStatus
	Tenant  *wire.Tenant
	Summary *Summary
	Problem *wire.Problem // the server cannot read its store at the moment; the stream goes on
}

// Summary closes a group of changes.
type Summary struct {
	InSync  bool `json:"inSync"`
	Waiting int  `json:"waiting"`
}

// Watch calls f for every change until f returns false or ctx ends. A broken stream is taken up again after
// the last event, for as long as the server answers within patience; then its problem is returned.
func (c *Client) Watch(ctx context.Context, name string, patience time.Duration, f func(Event) bool) error {
	last, broken := "", time.Time{}
	for {
		done, err := c.watchOnce(ctx, name, &last, func(e Event) bool { broken = time.Time{}; return f(e) })
		if done {
			return nil
		}
		if ctx.Err() != nil {
			return c.noAnswer(ctx, ctx.Err())
		}
		if err != nil && problem.KindOf(err) != problem.Unavailable {
			return err
		}
		if broken.IsZero() {
			broken = time.Now()
		}
		if err != nil && time.Since(broken) > patience {
			return err
		}
		select {
		case <-ctx.Done():
			return c.noAnswer(ctx, ctx.Err())
		case <-time.After(min(time.Second, patience/4+10*time.Millisecond)):
		}
	}
}

func (c *Client) watchOnce(ctx context.Context, name string, last *string, f func(Event) bool) (bool, error) {
	r, err := c.request(ctx, http.MethodGet, org(name, "events"), nil, nil)
	if err != nil {
		return false, err
	}
	r.Header.Set("Accept", "text/event-stream")
	if *last != "" {
		r.Header.Set("Last-Event-ID", *last)
	}
	answer, err := c.http.Do(r)
	if err != nil {
		return false, c.noAnswer(ctx, err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return false, c.asProblem(answer)
	}
	done, err := scan(answer.Body, last, f)
	if err != nil {
		err = c.noAnswer(ctx, err)
	}
	return done, err
}

// scan reads events as the HTML standard frames them: fields in lines, an empty line ends an event.
func scan(body io.Reader, last *string, f func(Event) bool) (bool, error) {
	lines := bufio.NewScanner(body)
	lines.Buffer(make([]byte, 64<<10), 4<<20)
	var id, kind string
	var data strings.Builder
	for lines.Scan() {
		field, value, _ := strings.Cut(lines.Text(), ":")
		value = strings.TrimPrefix(value, " ")
		switch {
		case lines.Text() == "":
			if e, ok := decode(kind, data.String()); ok {
				if id != "" {
					*last = id
				}
				if !f(e) {
					return true, nil
				}
			}
			id, kind = "", ""
			data.Reset()
		case field == "id":
			id = value
		case field == "event":
			kind = value
		case field == "data":
			data.WriteString(value)
		}
	}
	return false, lines.Err()
}

func decode(kind, data string) (Event, bool) {
	var e Event
	var into any
	switch kind {
	case "share":
		e.Share = &wire.ShareStatus{}
		into = e.Share
	case "tenant":
		e.Tenant = &wire.Tenant{}
		into = e.Tenant
	case "summary":
		e.Summary = &Summary{}
		into = e.Summary
	case "problem":
		e.Problem = &wire.Problem{}
		into = e.Problem
	default:
		return e, false // a newer server's event
	}
	return e, json.Unmarshal([]byte(data), into) == nil
}
