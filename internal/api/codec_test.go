package api_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"entente.dev/entente/internal/api"
	"entente.dev/entente/internal/api/apitest"
	"entente.dev/entente/internal/api/wire"
)

type reversing struct{}

func (reversing) DecodeJSON(raw []byte) ([]byte, error) {
	if len(raw) == 0 {
		return nil, errors.New("nothing")
	}
	return append([]byte("clear "), raw...), nil
}

func TestHistoriesAreForWhoMaySeeEverybody(t *testing.T) {
	t.Parallel()
	const ui = "https://temporal.example"
	w := apitest.New(t, func(d *api.Deps) { d.Codec, d.CodecOrigin = reversing{}, ui })
	if _, err := w.Client(t, "pat").Apply(t.Context(), wire.Apply{File: file.File, Text: file.Text}); err != nil {
		t.Fatal(err)
	}
	ask := func(method, who, origin, body string) (int, string, string) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), method, w.Server.URL+"/v1/codec/decode", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		if who != "" {
			r.Header.Set("Authorization", "Bearer "+apitest.Token(who))
		}
		if origin != "" {
			r.Header.Set("Origin", origin)
			r.Header.Set("Sec-Fetch-Site", "cross-site")
		}
		answer, err := w.Server.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		raw := make([]byte, 100)
		n, _ := answer.Body.Read(raw)
		return answer.StatusCode, answer.Header.Get("Access-Control-Allow-Origin"), string(raw[:n])
	}
	for _, c := range []struct {
		method, who, origin, body string
		status                    int
		allowed                   string
	}{
		{"POST", "pat", ui, "x", 200, ui}, {"POST", "vera", ui, "x", 200, ui}, {"POST", "pat", "", "x", 200, ""},
		{"OPTIONS", "", ui, "", 204, ui}, {"OPTIONS", "", "https://elsewhere.example", "", 403, ""}, {"OPTIONS", "", "null", "", 403, ""},
		{"POST", "pat", "https://elsewhere.example", "x", 403, ""}, {"POST", "", ui, "x", 401, ui}, {"POST", "a-admin", ui, "x", 403, ui},
		{"POST", "worker-c", ui, "x", 403, ui}, {"POST", "elsewhere", ui, "x", 403, ui}, {"POST", "pat", ui, "", 400, ui}, {"GET", "pat", ui, "", 405, ui},
		{"POST", "pat", ui, strings.Repeat("x", 33<<20), 413, ui},
	} {
		status, allowed, raw := ask(c.method, c.who, c.origin, c.body)
		if status != c.status || allowed != c.allowed || (status == 200) != strings.HasPrefix(raw, "clear ") {
			t.Errorf("%s by %q from %q: %d, origin %q, %s", c.method, c.who, c.origin, status, allowed, raw)
		}
	}
	off := apitest.New(t, func(d *api.Deps) { d.Codec = reversing{} })
	if status, _, raw := send(t, off, "POST", "/v1/codec/decode", "x"); status != http.StatusNotFound {
		t.Errorf("without an origin it answers %d %s", status, raw)
	}
}
