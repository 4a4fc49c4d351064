package notify

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/problem"
)

func mailTo(p *post, how string) Channel {
	return Channel{Name: "mail", Kind: KindSMTP, CAFile: p.caFile, SMTP: SMTP{
		Address: p.address, TLS: how, From: "entente@example.org", To: []string{"one@c.example", "two@c.example"}, Username: "robot", Password: text("hush"),
	}}
}

func deliver(t *testing.T, c Channel) error {
	t.Helper()
	cs := channels(t, nil, c)
	return cs.Deliver(t.Context(), "mail", cs.Message("b-c-1/asked/mail", contract.Asked, request()))
}

func TestMailTravelsSecured(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		how, user string
		change    func(*post)
		heard     string
	}{
		"STARTTLS":       {StartTLS, "PLAIN |robot|hush", nil, "EHLO (clear) STARTTLS (clear) EHLO AUTH MAIL RCPT RCPT DATA QUIT"},
		"TLS":            {FullTLS, "PLAIN |robot|hush", func(p *post) { p.implicit = true }, "EHLO AUTH MAIL RCPT RCPT DATA QUIT"},
		"only LOGIN":     {StartTLS, "LOGIN|robot|hush", func(p *post) { p.offers = "AUTH LOGIN XOAUTH2" }, "EHLO (clear) STARTTLS (clear) EHLO AUTH MAIL RCPT RCPT DATA QUIT"},
		"none, loopback": {NoTLS, "PLAIN |robot|hush", func(p *post) { p.noTLS = true }, "EHLO (clear) AUTH (clear) MAIL (clear) RCPT (clear) RCPT (clear) DATA (clear) QUIT (clear)"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := startPost(t, c.change)
			require.NoError(t, deliver(t, mailTo(p, c.how)))
			mails, heard := p.all()
			require.Equal(t, c.heard, strings.Join(heard, " "))
			require.Len(t, mails, 1)
			require.Equal(t, []string{"FROM:<entente@example.org>", "TO:<one@c.example>", "TO:<two@c.example>"}, append([]string{strings.Fields(mails[0].from)[0]}, mails[0].to...))
			require.Equal(t, c.user, mails[0].user)
			h, plain, _ := read(t, mails[0].raw)
			require.Equal(t, "<b-c-1/asked/mail@entente.example>", h.Get("Message-Id"))
			require.Contains(t, plain, "https://entente.example/o/contoso/requests/b-c-1")
		})
	}
}

// Nothing is said to a server that cannot be trusted, the password least of all.
func TestMailIsNotSentInTheClear(t *testing.T) {
	t.Parallel()
	stripped := startPost(t, func(p *post) { p.noTLS = true })
	err := deliver(t, mailTo(stripped, StartTLS))
	require.Equal(t, problem.Rejected, problem.KindOf(err))
	require.ErrorContains(t, err, "offers no STARTTLS")
	stranger := startPost(t, nil)
	c := mailTo(stranger, StartTLS)
	c.CAFile = ""
	err = deliver(t, c)
	require.Equal(t, problem.Unavailable, problem.KindOf(err))
	require.ErrorContains(t, err, "certificate is not trusted")
	for _, p := range []*post{stripped, stranger} {
		mails, heard := p.all()
		require.Empty(t, mails)
		require.NotContains(t, strings.Join(heard, " "), "AUTH")
	}
	c.SMTP.TLS, c.SMTP.Address = NoTLS, "mail.example:25"
	_, err = New(Options{PublicURL: "https://entente.example", Channels: []Channel{c}})
	require.ErrorContains(t, err, "this machine only")
}

func TestMailServersAnswersAreClassified(t *testing.T) {
	t.Parallel()
	const one, two = "RCPT TO:<one@c.example>", "RCPT TO:<two@c.example>"
	for name, c := range map[string]struct {
		answers map[string]string
		kind    problem.Kind // "" is delivered
		detail  string
		mails   int
	}{
		"busy":                    {map[string]string{"greeting": "421 4.3.2 busy"}, problem.Unavailable, "421 4.3.2: the mail server puts off the greeting", 0},
		"closed":                  {map[string]string{"greeting": "554 no service"}, problem.Rejected, "554: the mail server refuses the greeting", 0},
		"hangs up":                {map[string]string{"EHLO": ""}, problem.Unavailable, "broke at EHLO", 0},
		"no TLS now":              {map[string]string{"STARTTLS": "454 not now"}, problem.Unavailable, "puts off STARTTLS", 0},
		"wrong password":          {map[string]string{"AUTH": "535 5.7.8 robot hush"}, problem.Rejected, "535 5.7.8: the mail server refuses the sign-in", 0},
		"sign-in later":           {map[string]string{"AUTH": "454 4.7.0 later"}, problem.Unavailable, "454 4.7.0", 0},
		"sender refused":          {map[string]string{"MAIL FROM:<entente@example.org>": "550 5.7.1 hush"}, problem.Rejected, "refuses the sender", 0},
		"one later":               {map[string]string{two: "451 4.7.1 greylisted two@c.example hush"}, problem.Unavailable, "451 4.7.1: the mail server puts off a recipient", 0},
		"one refused, one later":  {map[string]string{one: "550 5.1.1 hush", two: "450 later"}, problem.Unavailable, "puts off a recipient", 0},
		"one refused":             {map[string]string{one: "550 5.1.1 hush"}, "", "", 1},
		"all refused":             {map[string]string{one: "550 5.1.1 hush", two: "550 5.1.1 hush"}, problem.Rejected, "550 5.1.1: the mail server refuses a recipient", 0},
		"no data now":             {map[string]string{"DATA": "451 later"}, problem.Unavailable, "puts off DATA", 0},
		"full":                    {map[string]string{".": "452 4.2.2 full"}, problem.Unavailable, "452 4.2.2", 0},
		"content refused":         {map[string]string{".": "554 5.6.0 hush"}, problem.Rejected, "554 5.6.0", 0},
		"accepted, answer lost":   {map[string]string{".": ""}, problem.Unavailable, "broke at the mail", 1},
		"accepted, bad good-bye":  {map[string]string{"QUIT": "421 whatever"}, "", "", 1},
		"talks without an end":    {map[string]string{"greeting": "220 " + strings.Repeat("x", 4<<20)}, problem.Unavailable, "broke at the greeting", 0},
		"another language":        {map[string]string{"greeting": "HTTP/1.1 400 Bad Request"}, problem.Unavailable, "broke at the greeting", 0},
		"answers with many lines": {map[string]string{"EHLO": strings.Repeat("250-x\r\n", 1<<20) + "250 x"}, problem.Unavailable, "broke at EHLO", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := startPost(t, func(p *post) {
				p.answers = c.answers
				if from, ok := c.answers["MAIL FROM:<entente@example.org>"]; ok {
					p.answers["MAIL FROM:<entente@example.org> BODY=8BITMIME"] = from
				}
			})
			err := deliver(t, mailTo(p, StartTLS))
			mails, _ := p.all()
			require.Len(t, mails, c.mails)
			if c.kind == "" {
				require.NoError(t, err)
				return
			}
			require.Equal(t, c.kind, problem.KindOf(err), "%v", err)
			require.ErrorContains(t, err, c.detail)
			for _, secret := range []string{"hush", "@", "127.0.0.1"} {
				require.NotContains(t, err.Error(), secret)
			}
		})
	}
	gone := startPost(t, nil)
	c := mailTo(gone, StartTLS)
	c.SMTP.Address = "127.0.0.1:1"
	require.Equal(t, problem.Unavailable, problem.KindOf(deliver(t, c)))
	c = mailTo(gone, StartTLS)
	gone.offers = "SIZE 10"
	require.ErrorContains(t, deliver(t, c), "504 5.7.4: the mail server refuses the sign-in")
}

func TestSomeRefusedRecipientsAreLoggedWithoutTheirAddresses(t *testing.T) {
	t.Parallel()
	p := startPost(t, func(p *post) { p.answers["RCPT TO:<one@c.example>"] = "550 5.1.1 hush one@c.example" })
	var log bytes.Buffer
	cs, err := New(Options{PublicURL: "https://entente.example", Channels: []Channel{mailTo(p, StartTLS)}, Log: slog.New(slog.NewTextHandler(&log, nil))})
	require.NoError(t, err)
	require.NoError(t, cs.Deliver(t.Context(), "mail", cs.Message("id", contract.Asked, request())))
	require.Contains(t, log.String(), "channel=mail refused=1 recipients=2")
	require.NotContains(t, log.String(), "hush")
	require.NotContains(t, log.String(), "@")
}

func TestASilentMailServerDoesNotHoldUs(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	p := startPost(t, nil)
	c := mailTo(p, NoTLS)
	c.SMTP.Address = l.Addr().String()
	cs := channels(t, nil, c)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	began := time.Now()
	require.Equal(t, problem.Unavailable, problem.KindOf(cs.Deliver(ctx, "mail", cs.Message("id", contract.Asked, request()))))
	require.Less(t, time.Since(began), 5*time.Second)
}

func TestAnAddressIsOnlyAnAddress(t *testing.T) {
	t.Parallel()
	p := startPost(t, nil)
	for _, bad := range []string{"a@c.example\r\nBcc: x@y.example", "a@c.example>\r\nRCPT TO:<x@y.example", "A <a@c.example>", "a b@c.example", ""} {
		c := mailTo(p, StartTLS)
		c.SMTP.From = bad
		_, err := New(Options{PublicURL: "https://entente.example", Channels: []Channel{c}})
		require.Error(t, err, bad)
		if bad == "" {
			continue
		}
		c = mailTo(p, StartTLS)
		c.SMTP.To = append(c.SMTP.To, bad)
		_, err = New(Options{PublicURL: "https://entente.example", Channels: []Channel{c}})
		require.Error(t, err, bad)
	}
}
