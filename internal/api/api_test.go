package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"entente.dev/entente/internal/api"
	"entente.dev/entente/internal/api/apitest"
	"entente.dev/entente/internal/api/wire"
	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/problem"
)

var update = flag.Bool("update", false, "rewrite golden files")

// TestOpenAPI keeps the reference document equal to what the server does.
func TestOpenAPI(t *testing.T) {
	t.Parallel()
	got, err := api.OpenAPI("1")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join("..", "..", "docs", "reference", "openapi.json")
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, append(got, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(bytes.TrimSpace(want)), string(got)); diff != "" {
		t.Errorf("the API changed; if that is meant: go test ./internal/api -update\n%s", diff)
	}
	if bytes.Contains(got, []byte("ErrorModel")) {
		t.Error("the framework's own error model is in the document")
	}
}

func TestPhasesAreTheContracts(t *testing.T) {
	t.Parallel()
	for word, phase := range map[string]contract.Phase{
		wire.PhaseWaiting: contract.PhaseWaiting, wire.PhaseRejected: contract.PhaseRejected, wire.PhaseExpired: contract.PhaseExpired,
		wire.PhaseInSync: contract.PhaseInSync, wire.PhaseRefused: contract.PhaseRefused, wire.PhaseBlocked: contract.PhaseBlocked,
		wire.PhaseStopped: contract.PhaseStopped, wire.PhaseFrozen: contract.PhaseFrozen, wire.PhasePaused: contract.PhasePaused,
	} {
		if word != string(phase) {
			t.Errorf("%q is %q in the contract", word, phase)
		}
	}
}

// send makes a raw request, as no client of ours would.
func send(t *testing.T, w *apitest.World, method, path, body string, headers ...string) (int, *wire.Problem, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, w.Server.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+apitest.Token("pat"))
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(headers); i += 2 {
		if headers[i+1] == "" {
			r.Header.Del(headers[i])
			continue
		}
		r.Header.Set(headers[i], headers[i+1])
	}
	answer, err := w.Server.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	raw, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	p := &wire.Problem{}
	if answer.StatusCode >= 400 {
		if ct := answer.Header.Get("Content-Type"); ct != "application/problem+json" {
			t.Errorf("%s %s: content type %q, want a problem\n%s", method, path, ct, raw)
		}
		if err := json.Unmarshal(raw, p); err != nil {
			t.Errorf("%s %s: %v\n%s", method, path, err, raw)
		}
	}
	return answer.StatusCode, p, string(raw)
}

func TestBadRequestsAreProblemsOfTheCaller(t *testing.T) {
	t.Parallel()
	w := apitest.New(t)
	org := "/v1/organizations/" + apitest.Org
	for name, c := range map[string]struct {
		method, path, body string
		headers            []string
		want               int
		kind               problem.Kind
	}{
		"not JSON":           {"POST", "/v1/plans", "{", nil, 400, problem.Invalid},
		"empty body":         {"POST", "/v1/plans", "", nil, 400, problem.Invalid},
		"wrong type":         {"POST", "/v1/plans", `{"topology": 7}`, nil, 422, problem.Invalid},
		"unknown field":      {"POST", "/v1/plans", `{"topology": "x", "topolgy": "y"}`, nil, 422, problem.Invalid},
		"not an object":      {"POST", "/v1/apply", `[]`, nil, 422, problem.Invalid},
		"too large":          {"POST", "/v1/plans", `{"topology":"` + strings.Repeat("x", 6<<20) + `"}`, nil, 413, problem.Invalid},
		"deeply nested":      {"POST", "/v1/plans", strings.Repeat("[", 200000), nil, 400, problem.Invalid},
		"wrong media type":   {"POST", "/v1/plans", "a: b", []string{"Content-Type", "text/yaml"}, 415, problem.Invalid},
		"binary":             {"POST", "/v1/plans", "\x00\xff\xfe", nil, 400, problem.Invalid},
		"bad limit":          {"GET", org + "/coverage?limit=many", "", nil, 422, problem.Invalid},
		"limit out of range": {"GET", org + "/coverage?limit=100000", "", nil, 422, problem.Invalid},
		"bad cursor":         {"GET", org + "/ledger?after=x", "", nil, 400, problem.Invalid},
		"bad share":          {"GET", org + "/runs?share=b", "", nil, 400, problem.Invalid},
		"no such route":      {"GET", "/v1/nothing", "", nil, 404, problem.NotFound},
		"wrong method":       {"PATCH", "/v1/plans", "{}", nil, 404, problem.NotFound},
		"unknown plan":       {"GET", org + "/plans/none", "", nil, 404, problem.NotFound},
		"unknown request":    {"GET", org + "/requests/none", "", nil, 404, problem.NotFound},
		"unknown org":        {"GET", "/v1/organizations/none/status", "", nil, 404, problem.NotFound},
		"no token":           {"GET", "/v1/organizations", "", []string{"Authorization", ""}, 401, problem.Unauthenticated},
		"wrong token":        {"GET", "/v1/organizations", "", []string{"Authorization", "Bearer nobody-knows-this-one"}, 401, problem.Unauthenticated},
		"another site":       {"POST", "/v1/plans", "{}", []string{"Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example"}, 403, problem.Forbidden},
		"another origin":     {"POST", "/v1/plans", "{}", []string{"Origin", "https://evil.example"}, 403, problem.Forbidden},
	} {
		status, p, raw := send(t, w, c.method, c.path, c.body, c.headers...)
		if status != c.want || p.Kind != string(c.kind) {
			t.Errorf("%s: got %d %s, want %d %s\n%.300s", name, status, p.Kind, c.want, c.kind, raw)
		}
		if p.Detail == "" {
			t.Errorf("%s: the problem has no detail: %.300s", name, raw)
		}
	}
}

func TestEveryFaultOfATopologyHasItsPlace(t *testing.T) {
	t.Parallel()
	w := apitest.New(t)
	text := strings.Replace(apitest.Topology, "mesh: [a, b, c]", "from: a\n    to: a", 1)
	text = strings.Replace(text, "tenant: b, from", "tenant: x, from", 1)
	for name, call := range map[string]func() error{
		"validate": func() error {
			_, err := w.Client(t, "vera").Validate(t.Context(), wire.Topology{File: "t.yaml", Text: text})
			return err
		},
		"plan": func() error {
			_, err := w.Client(t, "pat").Plan(t.Context(), wire.Topology{File: "t.yaml", Text: text})
			return err
		},
		"apply": func() error {
			_, err := w.Client(t, "pat").Apply(t.Context(), wire.Apply{File: "t.yaml", Text: text})
			return err
		},
	} {
		var p *wire.Problem
		if err := call(); !errors.As(err, &p) {
			t.Fatalf("%s: got %v, want a problem", name, err)
		}
		if p.Status != 400 || len(p.Errors) == 0 {
			t.Errorf("%s: got %d with %d faults", name, p.Status, len(p.Errors))
		}
		for _, f := range p.Errors {
			if f.File != "t.yaml" || f.Line == 0 || f.Column == 0 || f.Rule == "" || f.Message == "" {
				t.Errorf("%s: a fault without its place: %+v", name, f)
			}
		}
	}
	if len(w.Control.Applied) > 0 {
		t.Error("a faulty topology was applied")
	}
}

func TestHealth(t *testing.T) {
	t.Parallel()
	w := apitest.New(t, func(d *api.Deps) {
		d.Metrics = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("up 1\n")) })
	})
	for path, want := range map[string]string{"/livez": "ok", "/readyz": "ok", "/metrics": "up 1", "/openapi.json": `"openapi": "3.1.0"`} {
		if status, _, raw := send(t, w, "GET", path, "", "Authorization", ""); status != 200 || !strings.Contains(raw, want) {
			t.Errorf("%s: %d %q", path, status, raw)
		}
	}
	w.Control.Down = &problem.Error{Kind: problem.Unavailable, Op: "reach Temporal", Detail: "nothing listens at 127.0.0.1:7233"}
	status, p, _ := send(t, w, "GET", "/readyz", "", "Authorization", "")
	if status != 503 || !strings.Contains(p.Detail, "127.0.0.1:7233") {
		t.Errorf("while Temporal is down: %d %q, want 503 with the address", status, p.Detail)
	}
	if status, _, _ := send(t, w, "GET", "/livez", ""); status != 200 {
		t.Errorf("alive: %d, want 200: a restart would not repair Temporal", status)
	}
	status, p, _ = send(t, w, "POST", "/v1/plans", mustJSON(t, wire.Topology{Text: apitest.Topology}))
	if status != 503 || p.Kind != string(problem.Unavailable) {
		t.Errorf("plan while Temporal is down: %d %s", status, p.Kind)
	}
}

func TestPanicIsAProblem(t *testing.T) {
	t.Parallel()
	w := apitest.New(t, func(d *api.Deps) { d.Ready = func(context.Context) error { panic("boom") } })
	if status, p, raw := send(t, w, "GET", "/readyz", ""); status != 500 || p.Kind != string(problem.Bug) || strings.Contains(raw, "boom") {
		t.Errorf("got %d %s %s", status, p.Kind, raw)
	}
}

func mustJSON(t *testing.T, v any) string {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}
