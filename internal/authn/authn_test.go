package authn

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http/httptest"
	"strings"
	"testing"

	"entente.dev/entente/internal/problem"
)

const secret = "platform-secret-0123456789"

func hexOf(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

func TestTokensFindTheirPrincipal(t *testing.T) {
	t.Parallel()
	tokens, err := NewTokens([]Token{
		{Name: "pat", Role: Platform, Secret: secret},
		{Name: "carol", Role: TenantAdmin, Tenant: "c", SHA256: hexOf("carol-secret-0123456789")},
	})
	if err != nil {
		t.Fatal(err)
	}
	for header, want := range map[string]string{
		"Bearer " + secret:               "pat",
		"bearer carol-secret-0123456789": "carol",
		"Bearer wrong":                   "",
		"Basic " + secret:                "",
		"Bearer ":                        "",
		"":                               "",
	} {
		r := httptest.NewRequest("GET", "/v1/organizations", nil)
		r.Header.Set("Authorization", header)
		who, err := tokens.Authenticate(r)
		if who.Name != want {
			t.Errorf("%q: got %q, want %q", header, who.Name, want)
		}
		if want == "" && problem.KindOf(err) != problem.Unauthenticated {
			t.Errorf("%q: got %v, want Unauthenticated", header, err)
		}
		if err != nil && strings.Contains(err.Error(), "secret-0123") {
			t.Errorf("the error repeats the token: %v", err)
		}
	}
}

func TestWrongConfigurationIsRefused(t *testing.T) {
	t.Parallel()
	good := Token{Name: "pat", Role: Platform, Secret: secret}
	for name, tokens := range map[string][]Token{
		"no name":                {{Role: Platform, Secret: secret}},
		"unknown role":           {{Name: "x", Role: "root", Secret: secret}},
		"admin without tenant":   {{Name: "x", Role: TenantAdmin, Secret: secret}},
		"platform with a tenant": {{Name: "x", Role: Platform, Tenant: "a", Secret: secret}},
		"no secret":              {{Name: "x", Role: Platform}},
		"short secret":           {{Name: "x", Role: Platform, Secret: "short"}},
		"bad digest":             {{Name: "x", Role: Platform, SHA256: "zz"}},
		"the same name twice":    {good, {Name: "pat", Role: Viewer, Secret: secret + "2"}},
		"the same secret twice":  {good, {Name: "x", Role: Viewer, SHA256: hexOf(secret)}},
	} {
		if _, err := NewTokens(tokens); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
}
