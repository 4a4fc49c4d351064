package notify

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/smtp"
	"net/textproto"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"entente.dev/entente/internal/problem"
)

// The ways to secure the connection; config has the same words.
const (
	StartTLS = "startTLS"
	FullTLS  = "tls"
	NoTLS    = "none"
)

// SMTP is a mail server and who gets the mails.
type SMTP struct {
	Address  string // host:port
	TLS      string // StartTLS, FullTLS or NoTLS; the last on loopback only
	From     string
	To       []string
	Username string // empty: without
	Password func() (string, error)
}

const (
	opMail = "send a mail"
	// mailTimeout is for one whole conversation.
	mailTimeout = time.Minute
	// conversationMost is how much a mail server may say in one.
	conversationMost = 256 << 10
)

type mailer struct {
	SMTP
	server string // host of Address
	host   string // ours
	tls    *tls.Config
	log    *slog.Logger
}

func newMailer(s SMTP, host string, roots *tls.Config, log *slog.Logger) (*mailer, error) {
	server, _, err := net.SplitHostPort(s.Address)
	if err != nil || len(s.To) == 0 || s.From == "" {
		return nil, errors.New("a mail server, a sender and recipients are required")
	}
	if ip := net.ParseIP(server); s.TLS == NoTLS && server != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, errors.New("mail in clear text is for this machine only")
	}
	if !slices.Contains([]string{StartTLS, FullTLS, NoTLS}, s.TLS) || s.Username != "" && s.Password == nil {
		return nil, errors.New("the mail server's TLS or password is missing")
	}
	if strings.ContainsAny(s.From+strings.Join(s.To, ""), "\r\n<> ") {
		return nil, errors.New("an address is more than an address")
	}
	roots = roots.Clone()
	roots.ServerName = server
	return &mailer{SMTP: s, server: server, host: host, tls: roots, log: log}, nil
}

// Deliver sends one mail to all recipients. When the server puts one of them off, nobody gets it yet, so that a repeat
// tells nobody twice; when it refuses some for good, the others get it.
func (m *mailer) Deliver(ctx context.Context, msg Message) error {
	raw, err := mailOf(msg, m.From, m.To, m.host)
	if err != nil {
		return problem.Wrap(problem.Bug, opMail, err)
	}
	ctx, cancel := context.WithTimeout(ctx, mailTimeout)
	defer cancel()
	conn, err := m.dial(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	c, err := m.greet(ctx, conn)
	if err != nil {
		return err
	}
	return m.send(ctx, c, raw)
}

// dial does without the guard of other receivers: mail relays are inside as a rule, and only the operator names them.
func (m *mailer) dial(ctx context.Context) (net.Conn, error) {
	conn, err := (&net.Dialer{Timeout: dialTimeout}).DialContext(ctx, "tcp", m.Address)
	if err != nil {
		return nil, away("the mail server cannot be reached")
	}
	return &bounded{Conn: conn, left: conversationMost}, nil
}

// greet secures the connection and signs in.
func (m *mailer) greet(ctx context.Context, conn net.Conn) (*smtp.Client, error) {
	if m.TLS == FullTLS {
		secure := tls.Client(conn, m.tls)
		if err := secure.HandshakeContext(ctx); err != nil {
			return nil, noTLS(err)
		}
		conn = secure
	}
	c, err := smtp.NewClient(conn, m.server)
	if err != nil {
		return nil, said("the greeting", err)
	}
	if err := c.Hello(m.host); err != nil {
		return nil, said("EHLO", err)
	}
	if m.TLS == StartTLS {
		if err := m.startTLS(c); err != nil {
			return nil, err
		}
	}
	return c, m.signIn(c)
}

// startTLS never goes on in clear text because a server, or who is between, offers nothing else.
func (m *mailer) startTLS(c *smtp.Client) error {
	if ok, _ := c.Extension("STARTTLS"); !ok {
		return &problem.Error{Kind: problem.Rejected, Op: opMail, Detail: "the mail server offers no STARTTLS", Remedy: "use a server that does, or tls: tls on its port for that"}
	}
	err := c.StartTLS(m.tls)
	var refused *textproto.Error
	switch {
	case errors.As(err, &refused):
		return said("STARTTLS", err)
	case err != nil:
		return noTLS(err)
	}
	return nil
}

func (m *mailer) signIn(c *smtp.Client) error {
	if m.Username == "" {
		return nil
	}
	password, err := m.Password()
	if err != nil {
		return &problem.Error{Kind: problem.Unavailable, Op: opMail, Detail: "the password cannot be read: " + err.Error(), Remedy: "put it back where the configuration says"}
	}
	if err := c.Auth(&login{username: m.Username, password: password}); err != nil {
		return said("the sign-in", err)
	}
	return nil
}

func (m *mailer) send(ctx context.Context, c *smtp.Client, raw []byte) error {
	if err := c.Mail(m.From); err != nil {
		return said("the sender", err)
	}
	var refused error
	accepted := 0
	for _, to := range m.To {
		err := said("a recipient", c.Rcpt(to))
		if problem.KindOf(err) == problem.Unavailable {
			return err
		}
		if err == nil {
			accepted++
		} else {
			refused = err
		}
	}
	if accepted == 0 {
		return refused
	}
	w, err := c.Data()
	if err != nil {
		return said("DATA", err)
	}
	if _, err := w.Write(raw); err != nil {
		return said("the mail", err)
	}
	if err := w.Close(); err != nil {
		return said("the mail", err)
	}
	if refused != nil {
		m.log.WarnContext(ctx, "mail refused for some recipients", "refused", len(m.To)-accepted, "recipients", len(m.To), "error", refused)
	}
	_ = c.Quit() // the mail is accepted; a bad good-bye changes nothing
	return nil
}

// enhanced is the status of RFC 3463. The rest of an answer may quote addresses, and is dropped.
var enhanced = regexp.MustCompile(`^\d\.\d{1,3}\.\d{1,3}\b`)

// said classifies what the server answered at one step; nil for nil.
func said(step string, err error) error {
	if err == nil {
		return nil
	}
	var answer *textproto.Error
	if !errors.As(err, &answer) {
		return away("the connection to the mail server broke at " + step)
	}
	code := strconv.Itoa(answer.Code)
	if status := enhanced.FindString(answer.Msg); status != "" {
		code += " " + status
	}
	p := &problem.Error{Kind: problem.Unavailable, Op: opMail, Code: code, Detail: "the mail server puts off " + step}
	if answer.Code/100 == 5 {
		p.Kind, p.Detail, p.Remedy = problem.Rejected, "the mail server refuses "+step, "look at the channel's configuration, and at the server's log"
	}
	return p
}

func away(detail string) error { return problem.New(problem.Unavailable, opMail, detail) }

func noTLS(err error) error {
	var bad *tls.CertificateVerificationError
	if errors.As(err, &bad) {
		return &problem.Error{Kind: problem.Unavailable, Op: opMail, Detail: "the mail server's certificate is not trusted", Remedy: "renew it, or name its roots as the channel's caFile"}
	}
	return away("the connection to the mail server cannot be secured")
}

// bounded ends a connection that says too much: net/textproto reads lines of any length.
type bounded struct {
	net.Conn
	left int
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, io.ErrUnexpectedEOF
	}
	n, err := b.Conn.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}

// login is PLAIN, or LOGIN where a server, such as Microsoft's, offers only that.
type login struct {
	username, password string
	plain              bool
	asked              int
}

// Start implements smtp.Auth. It sends nothing over a connection in clear text, except on this machine, where the
// configuration allows one.
func (l *login) Start(server *smtp.ServerInfo) (string, []byte, error) {
	offers := func(name string) bool {
		return slices.ContainsFunc(server.Auth, func(o string) bool { return strings.EqualFold(o, name) })
	}
	switch {
	case offers("PLAIN"):
		l.plain = true
		return "PLAIN", []byte("\x00" + l.username + "\x00" + l.password), nil
	case offers("LOGIN"):
		return "LOGIN", nil, nil
	default:
		return "", nil, &textproto.Error{Code: 504, Msg: "5.7.4"} // as a server says it
	}
}

// Next implements smtp.Auth.
func (l *login) Next(_ []byte, more bool) ([]byte, error) {
	if !more {
		return nil, nil
	}
	l.asked++
	switch {
	case l.plain || l.asked > 2:
		return nil, fmt.Errorf("the mail server asks for more than it may")
	case l.asked == 1:
		return []byte(l.username), nil
	default:
		return []byte(l.password), nil
	}
}
