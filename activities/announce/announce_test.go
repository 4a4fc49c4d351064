package announce_test

import (
	"context"
	"encoding/pem"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"entente.dev/entente/activities/announce"
	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/notify"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/store"
	"entente.dev/entente/internal/store/sqlite"
)

const org = "contoso"

// world is a store, a receiver of webhooks and the activities between them.
type world struct {
	*announce.Activities
	t      *testing.T
	store  store.Store
	answer int
	mu     sync.Mutex
	got    []string // webhook-id and type
	now    time.Time
}

func start(t *testing.T, wrap func(announce.Store) announce.Store) *world {
	t.Helper()
	s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "entente.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	w := &world{t: t, store: s, answer: http.StatusNoContent, now: time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)}
	receiver := httptest.NewTLSServer(http.HandlerFunc(w.receive))
	t.Cleanup(receiver.Close)
	roots := filepath.Join(t.TempDir(), "roots.pem")
	require.NoError(t, os.WriteFile(roots, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: receiver.Certificate().Raw}), 0o600))
	secret := func() (string, error) { return "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", nil }
	hook := func(name string, escalation bool, occasions ...contract.Occasion) notify.Channel {
		return notify.Channel{Name: name, Kind: notify.KindWebhook, Tenants: []string{"c"}, Occasions: occasions, Escalation: escalation, CAFile: roots,
			WebhookURL: receiver.URL, Signatures: notify.Signatures{secret}}
	}
	channels, err := notify.New(notify.Options{
		PublicURL: "https://entente.example", AllowPrivate: []string{strings.TrimPrefix(receiver.URL, "https://")}, Now: func() time.Time { return w.now },
		Channels: []notify.Channel{
			hook("second", true, contract.Reminded, contract.Ended), hook("first", false, contract.Asked, contract.Reminded, contract.Ended), hook("desk", false, contract.Ended),
		},
	})
	require.NoError(t, err)
	var seen announce.Store = s
	if wrap != nil {
		seen = wrap(s)
	}
	w.Activities = announce.New(seen, channels, func() time.Time { return w.now })
	return w
}

func (w *world) receive(rw http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	w.mu.Lock()
	defer w.mu.Unlock()
	kind := string(body)
	kind = kind[strings.Index(kind, `"type":"`)+8:]
	w.got = append(w.got, r.Header.Get("Webhook-Id")+" "+kind[:strings.Index(kind, `"`)])
	rw.WriteHeader(w.answer)
}

func (w *world) received() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]string(nil), w.got...)
}

func (w *world) answers(status int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.answer = status
}

func (w *world) put(status store.RequestStatus) {
	w.t.Helper()
	r := store.Request{ID: "b-c-1", Org: org, Kind: "acceptance", Share: ident.Share{Source: "b", Target: "c"}, Tenant: "c", People: 3, Status: status, OpenedAt: w.now}
	if status != store.Waiting {
		r.DecidedAt, r.DecidedBy, r.Reason = w.now, []string{"hush"}, "hush"
	}
	require.NoError(w.t, w.store.PutRequest(w.t.Context(), r))
}

func (w *world) notified() []store.Entry {
	w.t.Helper()
	all, err := w.store.LedgerEntries(w.t.Context(), org, 0, 0)
	require.NoError(w.t, err)
	return all
}

func occasion(o contract.Occasion, seq int) contract.AnnounceIn {
	return contract.AnnounceIn{Org: org, RequestID: "b-c-1", Occasion: o, Seq: seq}
}

// to is a delivery as the workflow makes it.
func to(channel string, o contract.Occasion, seq int) contract.DeliverIn {
	in := contract.DeliverIn{AnnounceIn: occasion(o, seq), Channel: channel}
	in.ID = ident.Digest(in)
	return in
}

func (w *world) channels(o contract.Occasion, seq int) string {
	w.t.Helper()
	out, err := w.ListChannels(w.t.Context(), occasion(o, seq))
	require.NoError(w.t, err)
	return strings.Join(out.Channels, " ")
}

func TestADeliveryIsMadeOnce(t *testing.T) {
	t.Parallel()
	w := start(t, nil)
	w.put(store.Waiting)
	in := to("first", contract.Asked, 0)
	w.answers(http.StatusServiceUnavailable)
	require.Equal(t, problem.Unavailable, problem.KindOf(w.Deliver(t.Context(), in)))
	require.Empty(t, w.notified(), "what failed is not in the ledger")
	w.answers(http.StatusOK)
	for range 3 {
		require.NoError(t, w.Deliver(t.Context(), in))
	}
	require.Equal(t, []string{in.ID + " request.asked", in.ID + " request.asked"}, w.received())
	entries := w.notified()
	require.Len(t, entries, 1)
	e := entries[0]
	require.Equal(t, store.Entry{
		Org: org, Seq: 1, At: w.now, Actor: "entente", Verb: "notify", Object: "b-c-1", Tenant: "c", Share: &ident.Share{Source: "b", Target: "c"},
		Key: "notify/" + in.ID, Data: map[string]string{"channel": "first", "occasion": "asked"}, Hash: e.Hash,
	}, e)
	require.NoError(t, w.Deliver(t.Context(), to("first", contract.Reminded, 1)))
	require.NoError(t, w.Deliver(t.Context(), to("first", contract.Reminded, 2)))
	require.NoError(t, w.Deliver(t.Context(), to("first", contract.Reminded, 2)))
	require.Len(t, w.received(), 4)
	require.Equal(t, map[string]string{"channel": "first", "occasion": "reminded", "seq": "2"}, w.notified()[2].Data)
}

// forgetful loses the answer of an append, as a process that dies then does.
type forgetful struct {
	announce.Store
	lose int
}

func (f *forgetful) Append(ctx context.Context, e store.Entry) (store.Entry, error) {
	if f.lose--; f.lose >= 0 {
		return store.Entry{}, problem.Wrap(problem.Unavailable, "append", errors.New("gone"))
	}
	return f.Store.Append(ctx, e)
}

func TestARepeatAfterALostEntryHasTheSameIdentifier(t *testing.T) {
	t.Parallel()
	w := start(t, func(s announce.Store) announce.Store { return &forgetful{s, 1} })
	w.put(store.Waiting)
	in := to("first", contract.Asked, 0)
	require.Equal(t, problem.Unavailable, problem.KindOf(w.Deliver(t.Context(), in)))
	require.NoError(t, w.Deliver(t.Context(), in))
	require.NoError(t, w.Deliver(t.Context(), in))
	require.Equal(t, []string{in.ID + " request.asked", in.ID + " request.asked"}, w.received())
	require.Len(t, w.notified(), 1)
}

func TestARequestThatIsNotStoredYetIsAskedForAgain(t *testing.T) {
	t.Parallel()
	w := start(t, nil)
	_, err := w.ListChannels(t.Context(), occasion(contract.Asked, 0))
	require.Equal(t, problem.Unavailable, problem.KindOf(err))
	require.Equal(t, problem.Unavailable, problem.KindOf(w.Deliver(t.Context(), to("first", contract.Asked, 0))))
	w.put(store.Waiting)
	require.Equal(t, problem.Unavailable, problem.KindOf(w.Deliver(t.Context(), to("first", contract.Ended, 0))), "its end is not stored yet")
	require.Empty(t, w.received())
}

func TestNothingIsAskedOfWhoHasAnswered(t *testing.T) {
	t.Parallel()
	for _, status := range []store.RequestStatus{store.Approved, store.Rejected, store.Expired, store.Withdrawn} {
		w := start(t, nil)
		w.put(status)
		for _, o := range []contract.Occasion{contract.Asked, contract.Reminded, contract.Escalated} {
			require.NoError(t, w.Deliver(t.Context(), to("first", o, 1)))
		}
		require.Empty(t, w.received())
		require.Empty(t, w.notified())
		require.NoError(t, w.Deliver(t.Context(), to("first", contract.Ended, 0)))
		require.Len(t, w.received(), 1)
		require.NotContains(t, w.notified()[0].Data, "hush")
	}
}

func TestTheSecondGroupHearsTheRestOfWhatItWasToldOf(t *testing.T) {
	t.Parallel()
	w := start(t, nil)
	w.put(store.Waiting)
	require.Equal(t, "first", w.channels(contract.Asked, 0))
	require.Equal(t, "first", w.channels(contract.Reminded, 1))
	require.Equal(t, "second", w.channels(contract.Escalated, 0))
	require.Equal(t, "desk first", w.channels(contract.Ended, 0))
	for range 2 {
		require.NoError(t, w.Deliver(t.Context(), to("second", contract.Escalated, 0)))
	}
	require.Len(t, w.received(), 1)
	require.Equal(t, "first second", w.channels(contract.Reminded, 2))
	require.Equal(t, "desk first second", w.channels(contract.Ended, 0))
	w.put(store.Approved)
	require.NoError(t, w.Deliver(t.Context(), to("second", contract.Ended, 0)))
	require.Len(t, w.received(), 2)
}

func TestWithoutConfigurationNobodyIsTold(t *testing.T) {
	t.Parallel()
	w := start(t, nil)
	w.put(store.Waiting)
	none, err := notify.New(notify.Options{})
	require.NoError(t, err)
	out, err := announce.New(w.store, none, time.Now).ListChannels(t.Context(), occasion(contract.Asked, 0))
	require.NoError(t, err)
	require.Empty(t, out.Channels)
	other := store.Request{ID: "c-d-1", Org: org, Tenant: "d", Status: store.Waiting}
	require.NoError(t, w.store.PutRequest(t.Context(), other))
	out, err = w.ListChannels(t.Context(), contract.AnnounceIn{Org: org, RequestID: "c-d-1", Occasion: contract.Asked})
	require.NoError(t, err)
	require.Empty(t, out.Channels, "channels are c's")
}

func TestWhatCannotBeAnnouncedIsSaid(t *testing.T) {
	t.Parallel()
	w := start(t, nil)
	w.put(store.Waiting)
	for _, in := range []contract.DeliverIn{
		{}, {AnnounceIn: occasion("shouted", 0), Channel: "first", ID: "x"}, {AnnounceIn: occasion(contract.Asked, 0), Channel: "first"}, {AnnounceIn: occasion(contract.Asked, 0), ID: "x"},
		{AnnounceIn: contract.AnnounceIn{Org: org, Occasion: contract.Asked}, Channel: "first", ID: "x"},
	} {
		require.Equal(t, problem.Invalid, problem.KindOf(w.Deliver(t.Context(), in)), "%+v", in)
	}
	require.Equal(t, problem.Rejected, problem.KindOf(w.Deliver(t.Context(), to("gone", contract.Asked, 0))))
	first := to("first", contract.Asked, 0)
	require.NoError(t, w.Deliver(t.Context(), first))
	second := to("second", contract.Asked, 0)
	second.ID = first.ID
	require.Equal(t, problem.Bug, problem.KindOf(w.Deliver(t.Context(), second)), "an identifier of another delivery is no repeat of it")
}
