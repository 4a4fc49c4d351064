package signin

import (
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
)

// maxForm bounds a request body; an assertion with a certificate chain stays far below it.
const maxForm = 256 << 10

// form holds the fields of a request, each once.
type form map[string]string

// readForm parses a form-encoded body. It is stricter than net/http (a body of another type is refused) and more
// tolerant (a raw semicolon is a character, since secrets contain them). Fields of the query are not
// fields of the body: tools put correlation ids there.
func readForm(r *http.Request) (form, *fault) {
	if ct := r.Header.Get("Content-Type"); ct != "" {
		media, _, err := mime.ParseMediaType(ct)
		if err != nil && media == "" || media != "application/x-www-form-urlencoded" {
			return nil, refuse(9002313)
		}
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxForm+1))
	if err != nil || len(body) > maxForm {
		return nil, refuse(9002313)
	}
	return parseForm(string(body))
}

// parseForm splits a form-encoded text. The same field twice with the same value is tolerated.
func parseForm(text string) (form, *fault) {
	out := form{}
	for pair := range strings.SplitSeq(text, "&") {
		if strings.TrimSpace(pair) == "" {
			continue
		}
		key, value, found := strings.Cut(pair, "=")
		key, err := url.QueryUnescape(key)
		if err != nil || !found && strings.ContainsAny(key, "{<") {
			return nil, refuse(9002313)
		}
		if value, err = url.QueryUnescape(value); err != nil {
			return nil, refuse(9002313)
		}
		if old, ok := out[key]; ok && old != value {
			return nil, refuse(9000411, key)
		}
		out[key] = value
	}
	return out, nil
}

// need refuses when one of the fields is missing or blank, and names the first.
func (f form) need(names ...string) *fault {
	for _, name := range names {
		if strings.TrimSpace(f[name]) == "" {
			return refuse(900144, name)
		}
	}
	return nil
}
