package conformance

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"entente.dev/entente/internal/entrasim"
	"entente.dev/entente/internal/entrasim/world"
)

// fuzzed is a small running world and a client with a token.
func fuzzed(f *testing.F) *benchClient {
	f.Helper()
	return startBench(f, entrasim.Options{World: world.ThreeTenants(30), ManualClock: true, PrincipalDelay: -1, NoThrottle: true})
}

// sound sends a request and demands an answer of Graph's: never a 5xx, and JSON with a code when it is a refusal.
func (c *benchClient) sound(t *testing.T, method, path, body string) []byte {
	t.Helper()
	var in io.Reader
	if body != "" {
		in = strings.NewReader(body)
	}
	req, err := http.NewRequestWithContext(t.Context(), method, c.base+path, in)
	if err != nil {
		t.Skip() // no URL
	}
	req.Header.Set("Authorization", "Bearer "+c.token)
	req.Header.Set("ConsistencyLevel", "eventual")
	req.Header.Set("Content-Type", "application/json")
	res, err := c.http.Do(req)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode >= 500 {
		t.Fatalf("%s %s %q: %d %v %s", method, path, body, res.StatusCode, err, raw)
	}
	var out struct {
		Error struct{ Code string }
	}
	if err := json.Unmarshal(raw, &out); len(raw) > 0 && err != nil && !strings.HasPrefix(res.Header.Get("Content-Type"), "text/plain") {
		t.Fatalf("%s %s %q: %d is not JSON: %s", method, path, body, res.StatusCode, raw)
	}
	if res.StatusCode >= 400 && out.Error.Code == "" {
		t.Fatalf("%s %s %q: %d without a code: %s", method, path, body, res.StatusCode, raw)
	}
	return raw
}

func FuzzQueryOptions(f *testing.F) {
	for _, seed := range [][2]string{
		{"userType eq 'Guest'", ""}, {"startsWith(displayName, 'A') and not (mail eq null)", "displayName desc"}, {"id in ('a','b')", ""},
		{"assignedLicenses/any(x:x/skuId eq 0a000000-0000-4000-8000-00000000000a)", ""}, {"createdDateTime ge 2024-01-01T00:00:00Z", "createdDateTime"},
		{"((((", "'"}, {"a/b/c eq 1.5e9", ","}, {"proxyAddresses/any(p:startsWith(p,'smtp'))", ""}, {"accountEnabled ne true or x", "x y z"},
		{"signInActivity/lastSignInDateTime le -1", ""}, {"endsWith(mail,'\u0000')", "displayName,mail"}, {"groupTypes/$count ne 0", ""}, {" ", " "}, {"displayName eq null", "mail desc"},
	} {
		f.Add(seed[0], seed[1])
	}
	c := fuzzed(f)
	f.Fuzz(func(t *testing.T, filter, order string) {
		for _, path := range []string{"/users", "/groups", "/servicePrincipals", "/auditLogs/directoryAudits", "/policies/crossTenantAccessPolicy/partners", "/users/delta"} {
			c.sound(t, "GET", "/v1.0"+path+"?$count=true&$filter="+url.QueryEscape(filter), "")
		}
		c.sound(t, "GET", "/v1.0/users?$count=true&$orderby="+url.QueryEscape(order)+"&$search="+url.QueryEscape(filter), "")
		c.sound(t, "GET", "/v1.0/groups?$select="+url.QueryEscape(order)+"&$expand="+url.QueryEscape(filter)+"&$top="+url.QueryEscape(order), "")
	})
}

func FuzzBatch(f *testing.F) {
	for _, seed := range []string{
		`{"requests":[{"id":"1","method":"GET","url":"/users"},{"id":2,"method":"PATCH","url":"users/annie@a.example","body":{"city":"x"},"dependsOn":["1"]}]}`,
		`{"requests":[{"id":"1","method":"GET","url":"/$batch"},{"id":"1","method":"","url":""}]}`, `{"requests":{}}`, `{"requests":[null]}`, `[]`, ``, `{"requests":[{"id":{},"method":[],"url":1}]}`,
		`{"requests":[{"id":"a","method":"GET","url":"/users","dependsOn":["b"]},{"id":"b","method":"GET","url":"/users","dependsOn":["a"]}]}`,
		`{"requests":[{"id":"1","method":"POST","url":"/groups","headers":{"Content-Type":"application/json","\u0000":"\n"},"body":"bm90IGpzb24="}]}`,
		`{"requests":[{"id":"1","method":"GET","url":"https://x/v1.0/users?$filter=%zz#"}]}`, `{"requests":[{"id":"1","method":"DELETE","url":"/../../users('')/"}]}`,
		`{"requests":[{"id":"1","method":"POST","url":"/users","body":{"accountEnabled":"x","passwordProfile":[]}}]}`,
	} {
		f.Add(seed)
	}
	c := fuzzed(f)
	f.Fuzz(func(t *testing.T, body string) {
		raw := c.sound(t, "POST", "/v1.0/$batch", body)
		var out struct {
			Responses []struct{ Status int }
		}
		_ = json.Unmarshal(raw, &out) // a refusal has none
		for _, r := range out.Responses {
			if r.Status >= 500 {
				t.Fatalf("%q: an item answers %d: %s", body, r.Status, raw)
			}
		}
	})
}

func FuzzTokens(f *testing.F) {
	c := fuzzed(f)
	for _, path := range []string{"/users?$top=5", "/users/delta", "/groups/delta?$select=members", "/users/delta?$deltatoken=latest", "/users?$orderby=displayName&$top=3"} {
		var page map[string]any
		if err := json.Unmarshal(c.raw(f, path), &page); err != nil {
			f.Fatal(err)
		}
		for _, name := range []string{"@odata.nextLink", "@odata.deltaLink"} {
			link, _ := page[name].(string)
			if _, token, ok := strings.Cut(link, "token="); ok {
				f.Add(token)
				if text, err := base64.RawURLEncoding.DecodeString(token); err == nil {
					f.Add(string(text))
				}
			}
		}
	}
	for _, seed := range []string{"", "x", "latest", `{"k":"users","p":-9223372036854775808}`, `{"k":"users","s":18446744073709551615,"u":18446744073709551615,"d":true}`, `{"k":"groups","p":999999999,"f":true}`, "RFNwdAoAAQ", "RFNwdAoAAQY6LTE"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, token string) {
		for _, text := range []string{token, base64.RawURLEncoding.EncodeToString([]byte(token)), "RFNwdAoAAQ" + base64.RawURLEncoding.EncodeToString([]byte(token))} {
			text = url.QueryEscape(text)
			for _, path := range []string{"/users?$skiptoken=", "/users?$orderby=displayName&$skiptoken=", "/groups?$skiptoken=", "/users/delta?$skiptoken=", "/users/delta?$deltatoken=",
				"/groups/delta?$skiptoken=", "/groups/delta?$deltatoken=", "/auditLogs/directoryAudits?$skiptoken=", "/servicePrincipals?$skiptoken="} {
				c.sound(t, "GET", "/v1.0"+path+text, "")
			}
		}
	})
}
