package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"entente.dev/entente/internal/api"
	"entente.dev/entente/internal/api/apitest"
	"entente.dev/entente/internal/api/client"
	"entente.dev/entente/internal/api/wire"
	"entente.dev/entente/internal/authn"
	"entente.dev/entente/internal/authn/openid"
	"entente.dev/entente/internal/testkit/signintest"
)

// signedIn is the API that believes the simulator's tenants, besides its own tokens.
func signedIn(t *testing.T, tenants ...string) (*apitest.World, *signintest.World, *bytes.Buffer) {
	t.Helper()
	sim, log := signintest.Start(t), &bytes.Buffer{}
	service, err := openid.New(sim.Issuers(tenants...), openid.Options{Redirect: func() string { return "" }})
	if err != nil {
		t.Fatal(err)
	}
	w := apitest.New(t, func(d *api.Deps) {
		d.Auth, d.SignIn, d.Log = authn.Chain{d.Auth, service}, service, slog.New(slog.NewTextHandler(log, nil))
	})
	return w, sim, log
}

func as(t *testing.T, w *apitest.World, token string) *client.Client {
	t.Helper()
	c, err := client.New(w.Server.URL, token, w.Server.Client())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func status(err error) int {
	if p, ok := err.(*wire.Problem); ok {
		return p.Status
	}
	return 0
}

func TestHowToSignInIsOpenToEverybody(t *testing.T) {
	t.Parallel()
	w, sim, _ := signedIn(t, "a", "b")
	offered, err := as(t, w, "").SignIn(t.Context())
	if err != nil || len(offered.Services) != 2 || offered.Services[0].Name != "Tenant A" || !strings.HasPrefix(offered.Services[1].DeviceURL, sim.Sim.BaseURL()) {
		t.Fatalf("offered %+v, %v", offered, err)
	}
	raw, _ := json.Marshal(offered)
	if strings.Contains(string(raw), "ecret") {
		t.Errorf("tells a secret: %s", raw)
	}
	for _, path := range []string{"/v1/sign-in/", "/v1//sign-in", "/v1/sign-in/../whoami", "/v1/whoami"} {
		r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, w.Server.URL+path, nil)
		answer, err := w.Server.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode == http.StatusOK && !strings.HasSuffix(answer.Request.URL.Path, "/v1/sign-in") {
			t.Errorf("%s is open", path)
		}
	}
	if none, err := as(t, apitest.New(t), "").SignIn(t.Context()); err != nil || none.Services == nil || len(none.Services) != 0 {
		t.Errorf("without services: %+v, %v", none, err)
	}
}

func TestRolesOfTokensDecide(t *testing.T) {
	t.Parallel()
	w, sim, log := signedIn(t, "a", "b", "c")
	ctx := t.Context()
	tokens := map[string]string{
		"annie": sim.IDToken(t, "a", "annie@a.example", ""), "bob": sim.IDToken(t, "b", "bob@b.example", ""),
		"charlie": sim.IDToken(t, "c", "charlie@c.example", ""), "pipeline": sim.AppToken(t, "b", ""),
	}
	if _, err := as(t, w, tokens["pipeline"]).Apply(ctx, wire.Apply{File: "t.yaml", Text: apitest.Topology}); err != nil {
		t.Fatalf("the pipeline applies: %v", err)
	}
	for who, want := range map[string]int{"annie": 403, "bob": 403, "pipeline": 403, "charlie": 0} {
		_, err := as(t, w, tokens[who]).Approve(ctx, apitest.Org, "req-b-c-1", wire.Approve{ExistingGuests: "convert"})
		if status(err) != want {
			t.Errorf("%s approves for c: %v, want status %d", who, err, want)
		}
	}
	if d := w.Control.Decisions; len(d) != 1 || d[0].By != "charlie@c.example" {
		t.Errorf("decided %+v", d)
	}
	// Bob is an admin of B only: nothing of the share between A and C is his to see.
	requests, err := as(t, w, tokens["bob"]).Requests(ctx, apitest.Org, client.RequestFilter{})
	if err != nil || len(requests.Requests) != 4 {
		t.Errorf("B's admin sees %d requests, %v; want the four of B's shares", len(requests.Requests), err)
	}
	if _, err := as(t, w, tokens["bob"]).RequestPeople(ctx, apitest.Org, "req-a-c-1", client.Page{}); status(err) != 403 {
		t.Errorf("the names between A and C: %v", err)
	}
	if _, err := as(t, w, sim.IDToken(t, "b", "barbara@b.example", "")).WhoAmI(ctx); status(err) != 403 || !strings.Contains(err.Error(), "no role") {
		t.Errorf("somebody without a role: %v", err)
	}
	for _, secret := range []string{"annie", "charlie", "barbara", tokens["bob"][:30]} {
		if strings.Contains(log.String(), secret) {
			t.Errorf("the log holds %q", secret)
		}
	}
}

func TestRefusalsHaveTheirStatus(t *testing.T) {
	t.Parallel()
	w, sim, _ := signedIn(t, "a", "c")
	ctx := t.Context()
	good, unchecked := sim.IDToken(t, "a", "annie@a.example", ""), sim.IDToken(t, "c", "charlie@c.example", "")
	for name, token := range map[string]string{
		"nothing": "", "made up": "made-up", "oversized": strings.Repeat("x", authn.MaxToken+1), "changed": good[:len(good)-6] + "AAAAAA",
		"another tenant's": sim.IDToken(t, "b", "bob@b.example", ""), "for Graph": sim.AppToken(t, "a", "https://graph.microsoft.com"),
	} {
		_, err := as(t, w, token).WhoAmI(ctx)
		if p, ok := err.(*wire.Problem); !ok || p.Status != 401 || p.Remedy == "" {
			t.Errorf("%s: %v, want 401 with what to do", name, err)
		}
	}
	huge, _ := http.NewRequestWithContext(ctx, http.MethodGet, w.Server.URL+"/v1/whoami", nil)
	huge.Header.Set("Authorization", "Bearer "+strings.Repeat("x", 2<<20))
	if answer, err := w.Server.Client().Do(huge); err == nil {
		answer.Body.Close()
		if answer.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
			t.Errorf("a token of 2 MiB: %d", answer.StatusCode)
		}
	}
	if err := sim.Sim.Close(); err != nil {
		t.Fatal(err)
	}
	_, err := as(t, w, unchecked).WhoAmI(ctx)
	if p, ok := err.(*wire.Problem); !ok || p.Status != 503 || !strings.Contains(p.Remedy, "caFile") {
		t.Errorf("the issuer is down: %v, want 503 with what to do", err)
	}
	if who, err := as(t, w, apitest.Token("pat")).WhoAmI(ctx); err != nil || who.Name != "pat" {
		t.Errorf("a configured token meanwhile: %+v, %v", who, err)
	}
	down, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	if offered, err := as(t, w, "").SignIn(down); err != nil || len(offered.Services) != 2 {
		t.Errorf("how to sign in meanwhile: %+v, %v", offered, err)
	}
}
