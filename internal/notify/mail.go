package notify

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"html"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/textproto"
	"net/url"
	"regexp"
	"strings"
	"time"
)

const footer = "Whoever answers signs in first. Entente never asks for a password or a token by message."

// mailOf is the mail as it travels, with CRLF. host names us in Message-ID; the same message gives the same bytes.
func mailOf(m Message, from string, to []string, host string) ([]byte, error) {
	var b bytes.Buffer
	sum := sha256.Sum256([]byte(m.ID))
	boundary := "entente-" + hex.EncodeToString(sum[:12])
	for _, h := range [][2]string{
		{"From", "Entente <" + from + ">"}, {"To", strings.Join(to, ",\r\n ")},
		{"Subject", headerText(m.Subject())}, {"Date", m.At.UTC().Format(time.RFC1123Z)}, {"Message-ID", "<" + m.ID + "@" + host + ">"},
		{"Auto-Submitted", "auto-generated"}, {"MIME-Version", "1.0"},
		{"Content-Type", `multipart/alternative; boundary="` + boundary + `"`},
	} {
		fmt.Fprintf(&b, "%s: %s\r\n", h[0], h[1])
	}
	b.WriteString("\r\n")
	parts := multipart.NewWriter(&b)
	if err := parts.SetBoundary(boundary); err != nil {
		return nil, err
	}
	for _, part := range [][2]string{{"text/plain", plainText(m)}, {"text/html", htmlText(m)}} {
		if err := addPart(parts, part[0], part[1]); err != nil {
			return nil, err
		}
	}
	err := parts.Close()
	return b.Bytes(), err
}

func addPart(parts *multipart.Writer, kind, body string) error {
	w, err := parts.CreatePart(textproto.MIMEHeader{"Content-Type": {kind + "; charset=utf-8"}, "Content-Transfer-Encoding": {"quoted-printable"}})
	if err != nil {
		return err
	}
	q := quotedprintable.NewWriter(w)
	if _, err := q.Write([]byte(strings.ReplaceAll(body, "\n", "\r\n"))); err != nil {
		return err
	}
	return q.Close()
}

// headerText encodes what is not ASCII, and folds between encoded words.
func headerText(text string) string {
	return strings.ReplaceAll(mime.QEncoding.Encode("utf-8", text), "?= =?", "?=\r\n =?")
}

func plainText(m Message) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n", oneLine(m.Lead(), maxFact))
	for _, f := range m.Facts() {
		fmt.Fprintf(&b, "%s: %s\n", f.Name, f.Value)
	}
	fmt.Fprintf(&b, "\n%s\n\n%s\n", m.Link, footer)
	return b.String()
}

func htmlText(m Message) string {
	var b strings.Builder
	fmt.Fprintf(&b, "<!doctype html>\n<html lang=\"en\"><body>\n<p>%s</p>\n<table>\n", html.EscapeString(oneLine(m.Lead(), maxFact)))
	for _, f := range m.Facts() {
		fmt.Fprintf(&b, "<tr><th align=\"left\">%s</th><td>%s</td></tr>\n", html.EscapeString(f.Name), html.EscapeString(f.Value))
	}
	link := html.EscapeString(m.Link)
	fmt.Fprintf(&b, "</table>\n<p><a href=\"%s\">Open the request</a><br>%s</p>\n<p>%s</p>\n</body></html>\n", link, link, html.EscapeString(footer))
	return b.String()
}

var hostName = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9.-]{0,252}[A-Za-z0-9])?$`)

// hostOf is the host of the console's address, as Message-IDs and greetings may have it.
func hostOf(publicURL string) string {
	if u, err := url.Parse(publicURL); err == nil && hostName.MatchString(u.Hostname()) {
		return u.Hostname()
	}
	return "entente.invalid"
}
