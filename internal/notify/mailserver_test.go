package notify

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// post is a mail server of RFC 5321 on loopback, with STARTTLS, PLAIN and LOGIN. It keeps what it accepts and fails
// where it is told to.
type post struct {
	tls      *tls.Config
	caFile   string
	address  string
	implicit bool              // TLS from the first byte
	offers   string            // what EHLO offers beside STARTTLS
	noTLS    bool              // offers no STARTTLS
	answers  map[string]string // by command, such as "RCPT TO:<a@b>": instead of 250; "" hangs up

	mu    sync.Mutex
	mails []mailed
	heard []string // commands, those in clear text marked
}

type mailed struct {
	from string
	to   []string
	user string
	raw  []byte
}

func startPost(t *testing.T, change func(*post)) *post {
	t.Helper()
	p := &post{answers: map[string]string{}, offers: "AUTH PLAIN LOGIN"}
	cert, roots := selfSigned(t)
	p.tls, p.caFile = &tls.Config{Certificates: []tls.Certificate{cert}}, roots
	if change != nil {
		change(p)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	p.address = l.Addr().String()
	var open sync.WaitGroup
	ctx, stop := context.WithCancel(context.Background())
	open.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			context.AfterFunc(ctx, func() { _ = conn.Close() })
			open.Go(func() { p.serve(conn) })
		}
	})
	t.Cleanup(func() {
		stop()
		_ = l.Close()
		open.Wait()
	})
	return p
}

func selfSigned(t *testing.T) (tls.Certificate, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "mail"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "roots.pem")
	require.NoError(t, os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, path
}

// session is one conversation.
type session struct {
	*post
	conn   net.Conn
	r      *bufio.Reader
	secure bool
	mail   mailed
}

func (p *post) serve(conn net.Conn) {
	s := &session{post: p, conn: conn, secure: p.implicit}
	if p.implicit {
		s.conn = tls.Server(conn, p.tls)
	}
	defer s.conn.Close()
	s.r = bufio.NewReader(s.conn)
	if !s.say("greeting", "220 mail ready") {
		return
	}
	for {
		line, err := s.r.ReadString('\n')
		if err != nil {
			return
		}
		if !s.command(strings.TrimSuffix(line, "\r\n")) {
			return
		}
	}
}

// say answers a command, with what the test wants where it wants something; false hangs up.
func (s *session) say(command, usual string) bool {
	text, ok := s.answers[command]
	if !ok {
		text = usual
	}
	if text == "" {
		return false
	}
	_, err := io.WriteString(s.conn, text+"\r\n")
	return err == nil
}

func (s *session) command(line string) bool {
	where := " (clear)"
	if s.secure {
		where = ""
	}
	verb, arg, _ := strings.Cut(line, " ")
	s.mu.Lock()
	s.heard = append(s.heard, verb+where)
	s.mu.Unlock()
	switch {
	case verb == "EHLO":
		offers := s.offers
		if !s.secure && !s.noTLS {
			offers = "STARTTLS"
		}
		return s.say("EHLO", "250-mail\r\n250 "+offers)
	case verb == "STARTTLS":
		if !s.say("STARTTLS", "220 go") || s.answers["STARTTLS"] != "" {
			return s.answers["STARTTLS"] != ""
		}
		s.conn = tls.Server(s.conn, s.tls)
		s.r, s.secure = bufio.NewReader(s.conn), true
		return true
	case verb == "AUTH":
		return s.auth(arg)
	case verb == "MAIL":
		s.mail.from = arg
		return s.say(line, "250 ok")
	case verb == "RCPT":
		if s.answers[line] == "" {
			s.mail.to = append(s.mail.to, arg)
		}
		return s.say(line, "250 ok")
	case verb == "DATA":
		return s.data()
	case verb == "QUIT":
		_ = s.say("QUIT", "221 bye")
		return false
	default:
		return s.say(line, "500 what")
	}
}

func (s *session) auth(arg string) bool {
	kind, first, _ := strings.Cut(arg, " ")
	if kind == "PLAIN" {
		raw, _ := base64.StdEncoding.DecodeString(first)
		s.mail.user = "PLAIN " + string(bytes.ReplaceAll(raw, []byte{0}, []byte("|")))
		return s.say("AUTH", "235 ok")
	}
	s.mail.user = "LOGIN"
	for _, ask := range []string{"Username:", "Password:"} {
		_, _ = io.WriteString(s.conn, "334 "+base64.StdEncoding.EncodeToString([]byte(ask))+"\r\n")
		line, err := s.r.ReadString('\n')
		if err != nil {
			return false
		}
		raw, _ := base64.StdEncoding.DecodeString(strings.TrimSpace(line))
		s.mail.user += "|" + string(raw)
	}
	return s.say("AUTH", "235 ok")
}

func (s *session) data() bool {
	if !s.say("DATA", "354 go on") || s.answers["DATA"] != "" {
		return s.answers["DATA"] != ""
	}
	var raw bytes.Buffer
	for {
		line, err := s.r.ReadString('\n')
		if err != nil {
			return false
		}
		if line == ".\r\n" {
			break
		}
		raw.WriteString(strings.TrimPrefix(line, "."))
	}
	s.mail.raw = raw.Bytes()
	if answer, told := s.answers["."]; !told || strings.HasPrefix(answer, "2") || answer == "" { // accepted, the answer may be lost
		s.mu.Lock()
		s.mails = append(s.mails, s.mail)
		s.mu.Unlock()
	}
	return s.say(".", "250 queued")
}

func (p *post) all() ([]mailed, []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]mailed(nil), p.mails...), append([]string(nil), p.heard...)
}
