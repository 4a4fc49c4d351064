package console_test

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"golang.org/x/net/html"

	"entente.dev/entente/internal/api/apitest"
	"entente.dev/entente/internal/console"
	"entente.dev/entente/internal/console/catalogue"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/plan"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/prospect"
)

// read joins the files that match, without tests and what is generated.
func read(t *testing.T, patterns ...string) string {
	t.Helper()
	var all strings.Builder
	for _, pattern := range patterns {
		names, err := filepath.Glob(pattern)
		if err != nil || len(names) == 0 {
			t.Fatalf("%s: %v, %v", pattern, names, err)
		}
		for _, name := range names {
			if strings.HasSuffix(name, "_test.go") || strings.HasSuffix(name, "_templ.go") {
				continue
			}
			raw, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			all.Write(raw)
		}
	}
	return all.String()
}

// TestEveryTextIsInTheCatalogue looks for every key that code and markup use, and for texts that nothing uses.
func TestEveryTextIsInTheCatalogue(t *testing.T) {
	t.Parallel()
	texts := catalogue.New()
	source := read(t, "*.go", "*.templ")
	used := regexp.MustCompile(`\bt\((?:ctx|r\.Context\(\)), "([^"]+)"[,)]`)
	found := used.FindAllStringSubmatch(source, -1)
	if len(found) < 100 {
		t.Fatalf("found only %d uses", len(found))
	}
	for _, m := range found {
		if _, ok := texts[m[1]]; !ok {
			t.Errorf("%q is used, but the catalogue lacks it", m[1])
		}
	}
	own := read(t, "catalogue/catalogue.go", "catalogue/format.go")
	for key := range texts {
		if !strings.Contains(key, ".") && !strings.Contains(source+own, `"`+key+`"`) && !strings.HasPrefix(key, "change-") {
			t.Errorf("nothing uses %q", key)
		}
	}
}

// Words that come over the wire are looked for where they are declared.
func TestEveryWireWordHasATextInTheCatalogue(t *testing.T) {
	t.Parallel()
	texts := catalogue.New()
	for _, c := range []struct{ family, file, declared string }{
		{"phase", "../contract/names.go", `Phase\w+\s+(?:Phase\s+)?= "([^"]+)"`},
		{"effect", "../plan/types.go", `\sEffectAction = "([^"]+)"`},
		{"change", "../plan/types.go", `\sKind = "([^"]+)"`},
		{"status", "../store/store.go", `\sRequestStatus = "([^"]+)"`},
		{"removal", "../store/store.go", `\sRemovalState = "([^"]+)"`},
		{"kind", "../problem/problem.go", `\sKind = "([^"]+)"`},
		{"as", "../coverage/types.go", `\sRepresentation = "([^"]+)"`},
		{"role", "../authn/authn.go", `\sRole = "([^"]+)"`},
	} {
		found := regexp.MustCompile(c.declared).FindAllStringSubmatch(read(t, c.file), -1)
		if len(found) == 0 {
			t.Errorf("%s declares nothing of %s", c.file, c.family)
		}
		for _, m := range found {
			if _, ok := texts[c.family+"."+m[1]]; !ok {
				t.Errorf("the catalogue lacks %s.%s", c.family, m[1])
			}
		}
	}
	for _, key := range prospect.Keys() {
		if _, ok := texts["note."+key]; !ok {
			t.Errorf("the catalogue lacks note.%s", key)
		}
	}
}

// TestNoPageHasALiteralText renders every page in a language that marks what went through the catalogue. Names and
// addresses stand in elements that are not to be translated, free English in elements that say so.
func TestNoPageHasALiteralText(t *testing.T) {
	t.Parallel()
	b := open(t, console.InLanguage(console.Deps{}, catalogue.Pseudo))
	wordless := func(what string) {
		t.Helper()
		root, err := html.Parse(strings.NewReader(b.page))
		if err != nil {
			t.Fatal(err)
		}
		literals(root, func(text string) { t.Errorf("%s: %q did not go through the catalogue", what, text) })
	}
	b.do("GET", "/sign-in", nil)
	wordless("signing in")
	b.do("POST", "/sign-in", url.Values{"token": {"made-up"}})
	wordless("a wrong token")
	b.signIn("c-admin")
	walk := func() {
		t.Helper()
		for _, path := range []string{"", "/inbox", "/holds", "/reductions", "/shares/b/c", "/requests/req-b-c-1", "/requests/req-a-c-1", "/requests/none", "/shares/a/b"} {
			b.do("GET", base+path, nil)
			wordless(path)
		}
	}
	walk()
	request := base + "/requests/req-b-c-1"
	b.do("POST", request+"/draft", url.Values{"do": {"exclude"}})
	wordless("nobody ticked")
	b.do("POST", request+"/draft", url.Values{"do": {"exclude"}, "exclude": {"bob@b.example"}, "exclusionReason": {"left"}})
	wordless("somebody left out")
	b.do("POST", request+"/draft", url.Values{"do": {"rule"}, "ruleField": {"upn"}, "ruleMatch": {"bar*"}, "ruleReason": {"no"}})
	wordless("a rule")
	b.do("GET", request+"?ruleField=upn&ruleMatch=bar*", nil)
	wordless("a preview")
	b.do("POST", request+"/approve", url.Values{"plan": {"older"}, "exclusionReason": {"left"}})
	wordless("a stale answer")
	b.do("POST", request+"/approve", url.Values{"maxUsers": {"x"}})
	wordless("a wrong cap")
	b.do("POST", base+"/holds/new", url.Values{"person": {"bob@b.example"}, "tenant": {"c"}, "kind": {"blocked"}, "reason": {"lost laptop"}})
	b.do("POST", base+"/holds/new", url.Values{"tenant": {"c"}})
	wordless("a wrong hold")
	b.do("POST", base+"/shares/b/c/stop", nil)
	wordless("a wrong stop")
	b.do("POST", base+"/requests/req-a-c-1/reject", url.Values{"rejectReason": {"not now"}})
	wordless("rejected")
	b.world.Control.Leave(t.Context())
	b.world.Control.Trouble(t.Context(), "b", &problem.Error{Kind: problem.Forbidden, Op: "observe", Tenant: "b", Code: "Authorization_RequestDenied", Detail: "no permission", Remedy: "grant it"})
	walk()
	b.do("POST", "/sign-out", nil)
	b.signIn("pat")
	walk()
}

// literals reports every text outside of marks that has a letter in it.
func literals(n *html.Node, report func(string)) {
	if n.Type == html.ElementNode {
		if n.Data == "script" || n.Data == "style" || n.Data == "time" {
			return
		}
		for _, a := range n.Attr {
			switch a.Key {
			case "aria-label", "title", "placeholder", "alt", "data-label", "data-text":
				unmarked(a.Val, report)
			case "translate":
				return
			case "lang":
				if n.Data != "html" {
					return
				}
			}
		}
	}
	if n.Type == html.TextNode {
		unmarked(n.Data, report)
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		literals(c, report)
	}
}

func unmarked(text string, report func(string)) {
	depth := 0
	rest := strings.Map(func(r rune) rune {
		switch {
		case string(r) == catalogue.MarkOpen:
			depth++
		case string(r) == catalogue.MarkClose:
			depth--
		case depth == 0 && unicode.IsLetter(r):
			return r
		}
		return -1
	}, text)
	if rest != "" {
		report(strings.TrimSpace(text))
	}
}

func TestVisitorsReadTheirLanguage(t *testing.T) {
	t.Parallel()
	b := open(t, console.Deps{})
	b.signIn("c-admin")
	if answer := b.do("GET", base+"/inbox", nil, "Accept-Language", "sv-SE,sv;q=0.9"); answer.Header.Get("Content-Language") != "sv" {
		t.Errorf("asked for Swedish, got %s", answer.Header.Get("Content-Language"))
	}
	b.shows(`<html lang="sv">`, "2 personer från b vill in i c", "16 januari 2026")
	b.do("POST", "/language", url.Values{"lang": {"zh-Hans"}, "to": {base + "/requests/req-b-c-1?search=bob"}}, "Accept-Language", "sv")
	b.shows(`<html lang="zh-Hans">`, "b 的 2 人请求进入 c", "2026年1月16日", "来宾", "成员", `value="bob"`)
	b.do("GET", base+"/inbox", nil, "Accept-Language", "sv")
	b.shows(`<html lang="zh-Hans">`)
	if answer := b.do("POST", "/language", url.Values{"lang": {"en"}, "to": {"https://evil.example"}}); strings.Contains(answer.Request.URL.String(), "evil") {
		t.Errorf("led to %s", answer.Request.URL)
	}
	b.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	cookie := b.do("POST", "/language", url.Values{"lang": {"<sv>"}}).Cookies()[0]
	if cookie.Value != "en" || !cookie.HttpOnly || cookie.SameSite != http.SameSiteLaxMode {
		t.Errorf("the cookie is %v", cookie)
	}
}

func TestAnUnknownReasonStaysEnglishAndSaysSo(t *testing.T) {
	t.Parallel()
	b := open(t, console.Deps{})
	ctx := t.Context()
	p := &plan.SharePlan{Share: edge, Digest: "unknown-reason", Effects: []plan.Effect{
		{Share: edge, Person: ident.Person{Home: "b", ID: "x"}, UPN: "x@b.example", Tenant: "c", Action: plan.Skip, From: "absent", To: "absent", Reason: "the moon is full"},
	}}
	if err := b.world.Store.PutSharePlan(ctx, apitest.Org, p); err != nil {
		t.Fatal(err)
	}
	r, err := b.world.Client(t, "c-admin").Request(ctx, apitest.Org, "req-b-c-1")
	if err != nil {
		t.Fatal(err)
	}
	q := r.Request
	q.ID, q.PlanDigest, q.Why = "odd", p.Digest, "because of the moon"
	if err := b.world.Store.PutRequest(ctx, q); err != nil {
		t.Fatal(err)
	}
	b.signIn("c-admin")
	b.do("GET", base+"/requests/odd", nil, "Accept-Language", "sv")
	b.shows(`<span lang="en">the moon is full</span>`, `<span lang="en">because of the moon</span>`, "hoppas över")
}
