package notify

import (
	"encoding/json"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/store"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// request is one that has names of people wherever a request can have some.
func request() store.Request {
	return store.Request{
		ID: "b-c-1", Org: "contoso", Kind: "acceptance", Share: ident.Share{Source: "b", Target: "c"}, Tenant: "c", PlanDigest: "d", Why: "not accepted yet",
		People: 12, MaxUsers: 500, Guests: 1, Approvers: 2, Approvals: []string{"hush-one"}, Status: store.Waiting,
		OpenedAt: noon.Add(-72 * time.Hour), ExpiresAt: noon.Add(240 * time.Hour),
		DecidedBy: []string{"hush-two"}, Reason: "hush-three", Workflow: "hush-four",
	}
}

func ended(status store.RequestStatus) store.Request {
	r := request()
	r.Status, r.DecidedAt = status, noon
	return r
}

func compose(o contract.Occasion, r store.Request) Message {
	return Compose("b-c-1/"+string(o)+"/mail", o, r, "https://entente.example", noon)
}

func TestWhatEachOccasionSays(t *testing.T) {
	t.Parallel()
	reduction := request()
	reduction.Kind, reduction.MaxUsers, reduction.Guests, reduction.Approvers, reduction.Why = "reduction", 0, 0, 0, "12 people would leave; the budget allows 5"
	more := request()
	more.Delta, more.People = true, 1
	for _, c := range []struct {
		o             contract.Occasion
		r             store.Request
		subject, lead string
	}{
		{contract.Asked, request(), "Entente: b would share 12 people with c: please answer", "Tenant b would like to share 12 people with tenant c. Nothing is done before an answer."},
		{contract.Asked, more, "Entente: b would share 1 person with c: please answer", "Tenant b shares people with tenant c within what was accepted, and now asks for more. Nothing is done before an answer."},
		{contract.Asked, reduction, "Entente: 12 people would leave c: please answer", "More people would leave tenant c at once than the budget allows: 12 people of the share from b. Nothing is done before an answer."},
		{contract.Reminded, request(), "Entente: still waiting: b would share 12 people with c", "Tenant b would like to share 12 people with tenant c. The request has been waiting since 27 February 2026, 12:00 UTC."},
		{contract.Escalated, request(), "Entente: nobody has answered: b would share 12 people with c", "Tenant b would like to share 12 people with tenant c. Nobody has answered since 27 February 2026, 12:00 UTC, which is why your group is told now."},
		{contract.Ended, ended(store.Approved), "Entente: approved: b would share 12 people with c", "The request was approved. There is nothing left to do."},
		{contract.Ended, ended(store.Rejected), "Entente: rejected: b would share 12 people with c", "The request was rejected. There is nothing left to do."},
		{contract.Ended, ended(store.Expired), "Entente: expired: b would share 12 people with c", "Nobody answered in time: the request has expired. It is asked again when the topology is applied again."},
		{contract.Ended, ended(store.Withdrawn), "Entente: withdrawn: b would share 12 people with c", "The request was withdrawn: an answer is no longer needed."},
	} {
		m := compose(c.o, c.r)
		require.Equal(t, c.subject, m.Subject())
		require.Equal(t, c.lead, m.Lead())
		require.Equal(t, "https://entente.example/o/contoso/requests/b-c-1", m.Link)
	}
	require.Equal(t, []Fact{
		{"Organization", "contoso"}, {"Share", "b to c"}, {"People", "12"}, {"At most", "500 people"}, {"Guests already here", "1"}, {"Why", "not accepted yet"},
		{"Approvals", "1 of 2"}, {"Asked", "27 February 2026, 12:00 UTC"}, {"Expires", "12 March 2026, 12:00 UTC"},
	}, compose(contract.Asked, request()).Facts())
	require.Equal(t, []Fact{
		{"Organization", "contoso"}, {"Share", "b to c"}, {"People", "12"}, {"Why", "12 people would leave; the budget allows 5"},
		{"Asked", "27 February 2026, 12:00 UTC"}, {"Expires", "12 March 2026, 12:00 UTC"},
	}, compose(contract.Asked, reduction).Facts())
	require.Subset(t, compose(contract.Ended, ended(store.Approved)).Facts(), []Fact{{"Outcome", "approved"}, {"Ended", "2 March 2026, 12:00 UTC"}})
}

// Nothing that a request knows about people is in any form of any message.
func TestNoNamesLeave(t *testing.T) {
	t.Parallel()
	for _, o := range []contract.Occasion{contract.Asked, contract.Reminded, contract.Escalated, contract.Ended} {
		for _, r := range []store.Request{request(), ended(store.Approved), ended(store.Rejected)} {
			m := compose(o, r)
			raw, err := mailOf(m, "entente@example.org", []string{"desk@c.example"}, "entente.example")
			require.NoError(t, err)
			card, err := cardOf(m)
			require.NoError(t, err)
			hook, err := hookOf(m)
			require.NoError(t, err)
			for _, form := range [][]byte{raw, card, hook} {
				require.NotContains(t, string(form), "hush")
				require.Contains(t, string(form), "contoso")
			}
		}
	}
}

// read takes a mail apart as a mail program does.
func read(t testing.TB, raw []byte) (h mail.Header, plain, html string) {
	t.Helper()
	m, err := mail.ReadMessage(strings.NewReader(string(raw)))
	require.NoError(t, err)
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	require.NoError(t, err)
	require.Equal(t, "multipart/alternative", kind)
	var bodies []string
	for parts := multipart.NewReader(m.Body, params["boundary"]); ; {
		p, err := parts.NextRawPart()
		if err == io.EOF {
			break
		}
		require.NoError(t, err)
		body, err := io.ReadAll(quotedprintable.NewReader(p))
		require.NoError(t, err)
		bodies = append(bodies, p.Header.Get("Content-Type"), string(body))
	}
	require.Len(t, bodies, 4)
	require.Equal(t, "text/plain; charset=utf-8", bodies[0])
	require.Equal(t, "text/html; charset=utf-8", bodies[2])
	return m.Header, bodies[1], bodies[3]
}

func TestAMail(t *testing.T) {
	t.Parallel()
	raw, err := mailOf(compose(contract.Asked, request()), "entente@example.org", []string{"a@c.example", "b@c.example"}, "entente.example")
	require.NoError(t, err)
	h, plain, html := read(t, raw)
	for key, want := range map[string]string{
		"From": "Entente <entente@example.org>", "To": "a@c.example, b@c.example", "Subject": "Entente: b would share 12 people with c: please answer",
		"Message-Id": "<b-c-1/asked/mail@entente.example>", "Auto-Submitted": "auto-generated", "Mime-Version": "1.0", "Date": "Mon, 02 Mar 2026 12:00:00 +0000",
	} {
		require.Equal(t, want, h.Get(key))
	}
	require.Contains(t, plain, "Tenant b would like to share 12 people with tenant c.")
	require.Contains(t, plain, "\r\nAt most: 500 people\r\n")
	require.Contains(t, plain, "\r\nhttps://entente.example/o/contoso/requests/b-c-1\r\n")
	require.Contains(t, html, `<a href="https://entente.example/o/contoso/requests/b-c-1">`)
	again, err := mailOf(compose(contract.Asked, request()), "entente@example.org", []string{"a@c.example", "b@c.example"}, "entente.example")
	require.NoError(t, err)
	require.Equal(t, raw, again)
}

// hostile is a request whose every text tries to be more than text.
func hostile(text string) store.Request {
	r := ended(store.RequestStatus(text))
	r.ID, r.Org, r.Why, r.Tenant, r.Share = text, text, text, ident.Tenant(text), ident.Share{Source: ident.Tenant(text), Target: ident.Tenant(text)}
	return r
}

// checkMail holds for whatever text is in a request: the headers are ours, the parts are two, lines are short.
func checkMail(t testing.TB, id, text string) {
	for _, o := range []contract.Occasion{contract.Asked, contract.Ended, contract.Occasion(text)} {
		m := Compose(id, o, hostile(text), "https://entente.example", noon)
		raw, err := mailOf(m, "entente@example.org", []string{"desk@c.example"}, "entente.example")
		require.NoError(t, err)
		h, _, html := read(t, raw)
		var names []string
		for name := range h {
			names = append(names, name)
			require.Len(t, h[name], 1)
		}
		require.ElementsMatch(t, []string{"From", "To", "Subject", "Date", "Message-Id", "Auto-Submitted", "Mime-Version", "Content-Type"}, names)
		require.NotContains(t, html, "<script")
		for line := range strings.SplitSeq(string(raw), "\r\n") {
			require.LessOrEqual(t, len(line), 998)
			require.False(t, strings.ContainsAny(line, "\r\n\x00"))
		}
		subject, err := new(mime.WordDecoder).DecodeHeader(h.Get("Subject"))
		require.NoError(t, err)
		require.Equal(t, m.Subject(), subject)
		require.LessOrEqual(t, len([]rune(subject)), maxSubject)
		require.False(t, strings.ContainsFunc(subject, unicode.IsControl))
		require.Regexp(t, `^<[A-Za-z0-9_/-]+@entente\.example>$`, h.Get("Message-Id"))
	}
}

var hostileTexts = []string{
	"x\r\nBcc: hush@example.org", "x\nSubject: y", "\r\n\r\nbody", "x\r\n.\r\nMAIL FROM:<a@b>", "--entente-", "<script>alert(1)</script>", `"><script>`,
	"é\r\nü", "\x00\x7f\u2028\u2029\u202e", "\xff\xfe", strings.Repeat("é", 500), strings.Repeat("a", 5000), "=?utf-8?q?=0d=0aBcc:x?=", "../../sign-out", "?to=https://evil.example", "",
}

func TestNoTextBecomesAHeaderOrMarkup(t *testing.T) {
	t.Parallel()
	for _, text := range hostileTexts {
		checkMail(t, text, text)
		m := compose(contract.Asked, hostile(text))
		require.True(t, strings.HasPrefix(m.Link, "https://entente.example/o/"), m.Link)
		require.Equal(t, 4, strings.Count(strings.TrimPrefix(m.Link, "https://entente.example"), "/"), m.Link)
		require.NotContains(t, m.Link, "?")
	}
}

func FuzzMail(f *testing.F) {
	for _, text := range hostileTexts {
		f.Add(text, text)
	}
	f.Fuzz(func(t *testing.T, id, text string) { checkMail(t, id, text) })
}

func TestACard(t *testing.T) {
	t.Parallel()
	r := request()
	r.Why = "[click](https://evil.example) *now*"
	raw, err := cardOf(compose(contract.Asked, r))
	require.NoError(t, err)
	var got, want any
	require.NoError(t, json.Unmarshal(raw, &got))
	require.NoError(t, json.Unmarshal([]byte(`{"type":"message","attachments":[{"contentType":"application/vnd.microsoft.card.adaptive","contentUrl":null,"content":{
		"$schema":"http://adaptivecards.io/schemas/adaptive-card.json","type":"AdaptiveCard","version":"1.4",
		"body":[{"type":"TextBlock","text":"Entente: b would share 12 people with c: please answer","weight":"Bolder","size":"Medium","wrap":true},
			{"type":"TextBlock","text":"Tenant b would like to share 12 people with tenant c. Nothing is done before an answer.","wrap":true},
			{"type":"FactSet","facts":[{"title":"Organization","value":"contoso"},{"title":"Share","value":"b to c"},{"title":"People","value":"12"},
				{"title":"At most","value":"500 people"},{"title":"Guests already here","value":"1"},{"title":"Why","value":"(click)(https: //evil.example) ·now·"},
				{"title":"Approvals","value":"1 of 2"},{"title":"Asked","value":"27 February 2026, 12:00 UTC"},{"title":"Expires","value":"12 March 2026, 12:00 UTC"}]}],
		"actions":[{"type":"Action.OpenUrl","title":"Open the request","url":"https://entente.example/o/contoso/requests/b-c-1"}]}}]}`), &want))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// The guide shows exactly what is sent.
func TestAHookIsAsDocumented(t *testing.T) {
	t.Parallel()
	r := request()
	r.OpenedAt, r.ExpiresAt, r.Approvals = noon.Add(-3*time.Hour), noon.Add(14*24*time.Hour-3*time.Hour), nil
	m := compose(contract.Asked, r)
	m.At = r.OpenedAt
	raw, err := hookOf(m)
	require.NoError(t, err)
	guide := readFile(t, "../../docs/guide-operator.md")
	_, rest, found := strings.Cut(guide, "```json\n")
	require.True(t, found)
	shown, _, _ := strings.Cut(rest, "```")
	require.JSONEq(t, shown, string(raw))
}
