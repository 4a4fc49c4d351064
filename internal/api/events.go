package api

import (
	"context"
	"fmt"
	"net/http"
	"reflect"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2/sse"

	"entente.dev/entente/internal/api/wire"
	"entente.dev/entente/internal/authz"
)

// Live status. An event's id is the time of the change in microseconds, so that Last-Event-ID works on any
// replica and after a restart. Events carry whole states: receiving one twice does no harm, so what changed
// within overlap of the last id is sent again.
const (
	overlap   = 5 * time.Second
	heartbeat = 15 * time.Second
	// longest is how long a stream lasts: whoever takes it up again shows the token again, so that a role that ended
	// does not live on in an open page.
	longest = time.Hour
)

type inEvents struct {
	OrgPath
	Last string `header:"Last-Event-ID" maxLength:"32"`
}

// summary is the event that follows a group of changes.
type summary struct {
	InSync  bool `json:"inSync"`
	Waiting int  `json:"waiting"`
}

func (s *server) eventRoutes() {
	op := s.describe(operation{method: http.MethodGet, path: "/v1/organizations/{org}/events", id: "events",
		summary: "Live status: one event per change of a share or a tenant"}, http.StatusOK)
	sse.Register(s.api, op, map[string]any{"share": wire.ShareStatus{}, "tenant": wire.Tenant{}, "summary": summary{}, "problem": wire.Problem{}}, s.events)
}

func (s *server) events(ctx context.Context, in *inEvents, send sse.Sender) {
	if err := s.allow(ctx, authz.Read, authz.OfOrg(in.Org)); err != nil {
		_ = send.Data(*asProblem(err)) // the stream ends here either way
		return
	}
	feed := feed{send: send, seen: map[string]any{}}
	if last, err := strconv.ParseInt(in.Last, 10, 64); err == nil {
		feed.since = time.UnixMicro(last).Add(-overlap)
	}
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	tick := time.NewTicker(s.Poll)
	defer tick.Stop()
	for quiet := time.Duration(0); ; quiet += s.Poll {
		status, err := s.readStatus(ctx, in.Org)
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			if feed.change("problem", time.Time{}, *asProblem(err)) != nil {
				return
			}
		} else if sent, err := feed.status(status); err != nil {
			return
		} else if sent {
			quiet = 0
		}
		if quiet >= heartbeat {
			if send.Comment("still here") != nil {
				return
			}
			quiet = 0
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

type feed struct {
	send  sse.Sender
	since time.Time
	seen  map[string]any
	last  int64
}

func (f *feed) status(status wire.Status) (bool, error) {
	before := f.last
	delete(f.seen, "problem")
	for _, share := range status.Shares {
		if err := f.change("share "+share.Share.String(), share.UpdatedAt, share); err != nil {
			return false, err
		}
	}
	for _, t := range status.Tenants {
		if err := f.change(fmt.Sprintf("tenant %s", t.Tenant), t.UpdatedAt, t); err != nil {
			return false, err
		}
	}
	err := f.change("summary", time.Time{}, summary{InSync: status.InSync, Waiting: status.Waiting})
	return f.last != before, err
}

// change sends a state that differs from the one sent before. What is older than the client's last event is
// remembered without being sent.
func (f *feed) change(key string, at time.Time, state any) error {
	old, known := f.seen[key]
	if known && reflect.DeepEqual(old, state) {
		return nil
	}
	f.seen[key] = state
	if !known && !at.IsZero() && at.Before(f.since) {
		return nil
	}
	if !at.IsZero() {
		f.last = max(f.last, at.UnixMicro())
	}
	return f.send(sse.Message{ID: int(f.last), Data: state})
}
