package api_test

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"entente.dev/entente/internal/api"
	"entente.dev/entente/internal/api/apitest"
)

// route is one operation of the OpenAPI document.
type route struct {
	method, path string
	body         bool
}

// routes are all operations that the server describes, so that a new one is attacked without being listed here.
func routes(tb testing.TB) []route {
	tb.Helper()
	raw, err := api.OpenAPI("1")
	if err != nil {
		tb.Fatal(err)
	}
	var doc struct {
		Paths map[string]map[string]struct {
			RequestBody *struct{} `json:"requestBody"`
		} `json:"paths"`
	}
	if err := json.Unmarshal(raw, &doc); err != nil {
		tb.Fatal(err)
	}
	var out []route
	for path, methods := range doc.Paths {
		for method, op := range methods {
			out = append(out, route{strings.ToUpper(method), path, op.RequestBody != nil})
		}
	}
	slices.SortFunc(out, func(a, b route) int { return strings.Compare(a.path+a.method, b.path+b.method) })
	return out
}

// at fills a path's parameters.
func (r route) at(id string) string {
	return strings.NewReplacer("{org}", apitest.Org, "{source}", "b", "{target}", "c", "{tenant}", "c", "{home}", "b", "{person}", "id-bob", "{id}", id).Replace(r.path)
}

// answer sends a request without a network and returns status and body.
func answer(tb testing.TB, w *apitest.World, method, path, body string, headers ...string) (int, string) {
	tb.Helper()
	r, err := http.NewRequestWithContext(tb.Context(), method, "http://entente.example"+path, strings.NewReader(body))
	if err != nil {
		return 0, "" // not a path that a client could send
	}
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	out := httptest.NewRecorder()
	w.Handler.ServeHTTP(out, r)
	raw, _ := io.ReadAll(out.Body)
	return out.Code, string(raw)
}

// TestNothingIsOpen: without a token, with a made-up one, or from another site's page, no operation answers.
func TestNothingIsOpen(t *testing.T) {
	t.Parallel()
	w := applied(t)
	closed := 0
	for _, r := range routes(t) {
		if r.path == "/v1/sign-in" || strings.HasSuffix(r.path, "/events") {
			continue
		}
		closed++
		for name, header := range map[string][]string{
			"no token": nil, "a made-up one": {"Authorization", "Bearer made-up-token-of-nobody"}, "another scheme": {"Authorization", "Basic cGF0OnBhdA=="},
			"an empty one": {"Authorization", "Bearer "}, "a cookie": {"Cookie", "token=" + apitest.Token("pat")},
			"an unsigned one": {"Authorization", "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJwYXQifQ."},
		} {
			if status, body := answer(t, w, r.method, r.at("req-b-c-1"), "{}", header...); status != 401 {
				t.Errorf("%s: %s %s answers %d: %.200s", name, r.method, r.path, status, body)
			}
		}
		if r.method == http.MethodGet {
			continue
		}
		status, _ := answer(t, w, r.method, r.at("req-b-c-1"), "{}", "Authorization", "Bearer "+apitest.Token("c-admin"), "Origin", "https://evil.example")
		if status != 403 {
			t.Errorf("from another site: %s %s answers %d", r.method, r.path, status)
		}
	}
	if closed < 20 || len(w.Control.Decisions)+len(w.Control.Stops)+len(w.Control.Revokes) > 0 {
		t.Errorf("%d operations were tried; decided %v", closed, w.Control.Decisions)
	}
}

// TestATokenOfAnotherOrganizationChangesNothing: every command, by somebody with all rights elsewhere.
func TestATokenOfAnotherOrganizationChangesNothing(t *testing.T) {
	t.Parallel()
	w := applied(t)
	for _, r := range routes(t) {
		if !strings.Contains(r.path, "{org}") || strings.HasSuffix(r.path, "/events") {
			continue
		}
		body := `{"reason":"x","mode":"freeze","person":"bob@b.example","tenant":"c","user":"barbara@b.example"}`
		status, text := answer(t, w, r.method, r.at("req-b-c-1"), body, "Authorization", "Bearer "+apitest.Token("elsewhere"))
		if status < 400 || status >= 500 {
			t.Errorf("%s %s answers %d: %.200s", r.method, r.path, status, text)
		}
		if strings.Contains(text, "bob@") || strings.Contains(text, "Annie") {
			t.Errorf("%s %s names people: %.300s", r.method, r.path, text)
		}
	}
}

// TestBodiesThatAreTooLarge: every operation that takes a body bounds it.
func TestBodiesThatAreTooLarge(t *testing.T) {
	t.Parallel()
	w := applied(t)
	huge := `{"reason":"` + strings.Repeat("x", 40<<20) + `"}`
	for _, r := range routes(t) {
		if !r.body {
			continue
		}
		status, text := answer(t, w, r.method, r.at("req-b-c-1"), huge, "Authorization", "Bearer "+apitest.Token("c-admin"))
		if status != 413 && status != 403 && status != 422 && status != 404 {
			t.Errorf("%s %s answers %d: %.200s", r.method, r.path, status, text)
		}
	}
}

// FuzzEveryCommand: whatever is sent to whatever operation, by whomever, the fault is the sender's. 5xx would be ours.
func FuzzEveryCommand(f *testing.F) {
	all := slices.DeleteFunc(routes(f), func(r route) bool { return strings.HasSuffix(r.path, "/events") })
	for i, body := range []string{
		`{}`, `null`, `[]`, `"x"`, `{"reason":"x"}`, `{"reason":null}`, `{"reason":{"a":1}}`, `{"mode":"freeze","reason":"x"}`, `{"mode":7}`,
		`{"exclusions":["bob@b.example","",null],"rules":[{"field":"upn","match":"*b*"}]}`, `{"rules":[{}]}`, `{"maxUsers":-1}`, `{"maxUsers":1e99}`,
		`{"expiresAfter":"-1d"}`, `{"expiresAfter":"99999999999999d"}`, `{"planDigest":"\u0000"}`, `{"reason":"\ud800"}`, `{"topology":"a: [b"}`, `{"topology":"\u0000"}`,
		`{"person":"b/\u0000","tenant":"c","reason":"x"}`, `{"person":"bob@b.example","tenant":"c","reason":"\u0000","until":"2999-01-01T00:00:00Z"}`,
		`{"person":"bob@b.example","tenant":"\u0000","reason":"x"}`, `{"person":"x","tenant":"c","reason":"x","until":"not a time"}`,
		`{"person":"b/id","tenant":"c","reason":"x","until":"0000-01-01T00:00:00Z"}`, `{"user":"\u0000"}`, `{"reductionId":"\u0000"}`, `{"user":"a","reductionId":"b"}`, "\xff", `{"a":`,
	} {
		for n, r := range all {
			if !r.body && i > 0 {
				continue // bodies are read by those who take one
			}
			f.Add(n, uint8(i), "req-b-c-1", body)
		}
	}
	w := apitest.New(f, func(d *api.Deps) { d.Log = slog.New(slog.DiscardHandler) })
	if status, text := answer(f, w, "POST", "/v1/apply", mustBody(f, map[string]string{"topology": apitest.Topology}), "Authorization", "Bearer "+apitest.Token("pat")); status != 202 {
		f.Fatalf("apply: %d %s", status, text)
	}
	who := []string{"pat", "c-admin", "vera", "elsewhere"}
	f.Fuzz(func(t *testing.T, n int, caller uint8, id, body string) {
		r := all[(n%len(all)+len(all))%len(all)]
		path := r.at(strings.NewReplacer("/", "", "?", "", "#", "", "%", "").Replace(id))
		query := ""
		if r.method == http.MethodGet {
			query = "?" + body
		}
		status, text := answer(t, w, r.method, path+query, body, "Authorization", "Bearer "+apitest.Token(who[int(caller)%len(who)]), "Idempotency-Key", body[:min(len(body), 7)])
		if status >= 500 {
			t.Errorf("%s %s with %q answers %d: %.400s", r.method, path, body, status, text)
		}
	})
}

func mustBody(tb testing.TB, v any) string {
	tb.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		tb.Fatal(err)
	}
	return string(raw)
}
