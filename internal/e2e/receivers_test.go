package e2e

import (
	"bufio"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"mime/quotedprintable"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
)

// received is what people and services were told, each message once as it came.
type received struct {
	mu     sync.Mutex
	mails  []string // "to …" and the text
	hooked []string // the body, of hooks whose signature fits
	bad    []string // what is wrong with the others
}

// hookSecret signs what the service of the story receives.
const hookSecret = "c3Rvcnkgc3Rvcnkgc3Rvcnkgc3Rvcnkgc3Rvcnk="

// receivers starts a mail server and a service of the target's, and names them in $MAIL, $HOOK, $HOOK_ADDRESS,
// $HOOK_CA and $HOOK_SECRET.
func (s *story) receivers(args []string) error {
	if len(args) != 1 || args[0] != "start" {
		return errors.New("usage: receivers start")
	}
	s.told = &received{}
	post, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	s.t.Cleanup(func() { _ = post.Close() })
	go func() {
		for {
			conn, err := post.Accept()
			if err != nil {
				return
			}
			go s.told.mail(conn)
		}
	}()
	hook := httptest.NewTLSServer(s.told)
	s.t.Cleanup(hook.Close)
	ca := filepath.Join(s.work, ".hook.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: hook.Certificate().Raw}), 0o600); err != nil {
		return err
	}
	secret := filepath.Join(s.work, ".hook.secret")
	if err := os.WriteFile(secret, []byte(hookSecret+"\n"), 0o600); err != nil {
		return err
	}
	for name, value := range map[string]string{
		"MAIL": post.Addr().String(), "HOOK": hook.URL, "HOOK_ADDRESS": strings.TrimPrefix(hook.URL, "https://"), "HOOK_CA": ca, "HOOK_SECRET": secret,
	} {
		s.ts.Setenv(name, value)
	}
	return nil
}

// mail speaks as much SMTP as a sender needs.
func (r *received) mail(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	in := bufio.NewReader(conn)
	say := func(text string) { _, _ = io.WriteString(conn, text+"\r\n") }
	say("220 mail.story ESMTP")
	to := ""
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		switch verb := strings.ToUpper(strings.Fields(line + " -")[0]); {
		case verb == "QUIT":
			say("221 bye")
			return
		case strings.HasPrefix(strings.ToUpper(line), "RCPT TO:"):
			to += strings.Trim(strings.TrimSpace(line[len("RCPT TO:"):]), "<>") + " "
			say("250 ok")
		case verb == "DATA":
			say("354 go on")
			var text strings.Builder
			for {
				line, err := in.ReadString('\n')
				if err != nil {
					return
				}
				if strings.TrimRight(line, "\r\n") == "." {
					break
				}
				text.WriteString(line)
			}
			plain, _ := io.ReadAll(quotedprintable.NewReader(strings.NewReader(text.String())))
			r.mu.Lock()
			r.mails = append(r.mails, "to "+to+"\n"+string(plain))
			r.mu.Unlock()
			to = ""
			say("250 taken")
		default:
			say("250 mail.story")
		}
	}
}

// ServeHTTP takes a hook and checks its signature as the standard says.
func (r *received) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	body, err := io.ReadAll(q.Body)
	key, _ := base64.StdEncoding.DecodeString(hookSecret)
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "%s.%s.%s", q.Header.Get("webhook-id"), q.Header.Get("webhook-timestamp"), body)
	want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil || !strings.Contains(q.Header.Get("webhook-signature"), want) {
		r.bad = append(r.bad, fmt.Sprintf("signature %q does not fit", q.Header.Get("webhook-signature")))
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	r.hooked = append(r.hooked, string(body))
}

// toldOf states how many mails or hooks say something.
func (s *story) toldOf(args []string) error {
	if len(args) != 3 || args[0] != "mail" && args[0] != "hook" || s.told == nil {
		return errors.New("usage, after receivers start: told mail|hook NUMBER|some REGEXP")
	}
	re, err := regexp.Compile("(?s)" + args[2])
	if err != nil {
		return err
	}
	s.told.mu.Lock()
	defer s.told.mu.Unlock()
	all := s.told.mails
	if args[0] == "hook" {
		all = s.told.hooked
	}
	n := 0
	for _, text := range all {
		if re.MatchString(text) {
			n++
		}
	}
	if fmt.Sprint(n) != args[1] && (args[1] != "some" || n == 0) {
		return fmt.Errorf("%d of %d fit, not %s\n%s\n%v", n, len(all), args[1], strings.Join(all, "\n--\n"), s.told.bad)
	}
	return nil
}
