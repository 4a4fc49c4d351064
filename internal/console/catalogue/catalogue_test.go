package catalogue

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
)

func everyText() []text {
	return slices.Concat(frameTexts(), requestTexts(), peopleTexts(), shareTexts(), wordTexts(), reasonTexts(), noteTexts())
}

// glue has no words.
var glue = []string{"list-separator", "colon", "approvals-some"}

var placeholder = regexp.MustCompile(`\{[0-9a-zA-Z]+\}`)

// arguments are the placeholders of a form, sorted, each once.
func arguments(form string) string {
	found := placeholder.FindAllString(form, -1)
	slices.Sort(found)
	return strings.Join(slices.Compact(found), "")
}

func TestEveryTextIsInEveryLanguage(t *testing.T) {
	t.Parallel()
	for _, e := range everyText() {
		for _, l := range Languages() {
			s := e.in(l)
			if strings.TrimSpace(s) == "" || strings.TrimSpace(s) != s && !slices.Contains(glue, e.key) {
				t.Errorf("%s in %s is %q", e.key, l, s)
			}
			for _, form := range strings.Split(s, "|") {
				if arguments(form) != arguments(e.en) {
					t.Errorf("%s in %s has the placeholders %s, English %s", e.key, l, arguments(form), arguments(e.en))
				}
			}
			plural := strings.Count(s, "|")
			if want := strings.Count(e.en, "|"); plural > 1 || l == Chinese && plural != 0 || l == Swedish && plural != want {
				t.Errorf("%s in %s has %d bars, English %d", e.key, l, plural, want)
			}
		}
		if strings.IndexFunc(e.zh, func(r rune) bool { return unicode.Is(unicode.Han, r) }) < 0 && e.zh != e.en && placeholder.ReplaceAllString(e.zh, "") != "，" &&
			!slices.Contains(glue, e.key) {
			t.Errorf("%s has no Chinese: %q", e.key, e.zh)
		}
	}
}

func TestKeysAreThereOnce(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, e := range everyText() {
		if seen[e.key] {
			t.Errorf("%q is there twice", e.key)
		}
		seen[e.key] = true
	}
	if len(seen) != len(New()) {
		t.Errorf("the catalogue has %d of %d texts", len(New()), len(seen))
	}
}

func TestTextsFollowTheNumber(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 9, 7, 5, 0, 0, time.FixedZone("", 3600))
	for _, c := range []struct {
		lang Language
		got  func(Printer) string
		want string
	}{
		{English, func(p Printer) string { return p.T("ask-in", 1, "b", "c") }, "1 person from b asks to come into c"},
		{English, func(p Printer) string { return p.T("ask-in", 12345, "b", "c") }, "12,345 people from b ask to come into c"},
		{Swedish, func(p Printer) string { return p.T("ask-in", 1, "b", "c") }, "1 person från b vill in i c"},
		{Swedish, func(p Printer) string { return p.T("ask-in", 0, "b", "c") }, "0 personer från b vill in i c"},
		{Swedish, func(p Printer) string { return p.Number(1234567) }, "1\u00a0234\u00a0567"},
		{Chinese, func(p Printer) string { return p.T("ask-in", 1, "b", "c") }, "b 的 1 人请求进入 c"},
		{English, func(p Printer) string { return p.Number(-1200) }, "−1,200"},
		{English, func(p Printer) string { return p.Time(at) }, "9 March 2026, 06:05\u00a0UTC"},
		{Swedish, func(p Printer) string { return p.Time(at) }, "9 mars 2026 kl.\u00a006:05\u00a0UTC"},
		{Chinese, func(p Printer) string { return p.Time(at) }, "2026年3月9日 06:05 (UTC)"},
		{Swedish, func(p Printer) string { return p.Time(time.Time{}) }, "inte än"},
		{Swedish, func(p Printer) string {
			return p.Named("note.time.first", map[string]string{"fromMinutes": "40", "toMinutes": "3000"})
		}, "en första cykel av den här storleken tar 40 minuter till 2 dagar enligt Microsofts uppskattning; därefter kommer ändringar med cykler på 40 minuter"},
		{Chinese, func(p Printer) string { return p.Named("note.collision.internal", map[string]string{"count": "1200"}) }, "1,200 人无法进入：此租户的内部用户已使用其地址"},
		{English, func(p Printer) string { return p.Duration(time.Second) }, "1 minute"},
		{Pseudo, func(p Printer) string { return p.T("expires", 3*time.Hour) }, "⟦Answer by 3 hours⟧"},
		{Swedish, func(p Printer) string { return p.T("no-such-key") }, "no-such-key"},
		{English, func(p Printer) string { return p.T("role-of", "{1}", "b") }, "{1} of b"},
		{English, func(p Printer) string { return p.Named("note.collision.group", map[string]string{"count": "1"}) }, "1 person cannot come: a group of this tenant has their address"},
	} {
		if got := c.got(New().In(c.lang)); got != c.want {
			t.Errorf("in %s: %q, want %q", c.lang, got, c.want)
		}
	}
}

func TestTheLanguageIsChosen(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		asked, accepts string
		want           Language
	}{
		{"", "", English},
		{"sv", "zh-CN", Swedish},
		{"zh-Hans", "en", Chinese},
		{"de", "sv-SE,sv;q=0.9,en;q=0.8", Swedish},
		{"en-x-pseudo", "", English},
		{"", "zh-CN,zh;q=0.9,en;q=0.8", Chinese},
		{"", "fr-FR,fr;q=0.9", English},
		{"", "de, sv;q=0.7, en;q=0.5", Swedish},
		{"", "en-GB,sv;q=0.1", English},
		{"", ";;;q=x", English},
		{`"><script>`, "sv", Swedish},
	} {
		if got := Choose(c.asked, c.accepts); got != c.want {
			t.Errorf("asked %q, accepts %q: %s, want %s", c.asked, c.accepts, got, c.want)
		}
	}
}

func TestKnownSentencesAreSaidInTheLanguage(t *testing.T) {
	t.Parallel()
	c := New()
	known := NewSentences(c)
	for _, e := range []struct {
		lang       Language
		text, want string
		ok         bool
	}{
		{Swedish, "over the cap: 1200 people, 500 accepted; new set: b-people", "över taket: 1\u00a0200 personer, 500 godkända; ny användaruppsättning: b-people", true},
		{Swedish, "set b-people is now group Contractors; userType changed", "användaruppsättningen b-people är nu gruppen Contractors; userType har ändrats", true},
		{Chinese, "not accepted yet", "尚未接受", true},
		{Chinese, "the acceptance has expired; userType changed", "此前的接受已过期；userType 已更改", true},
		{Chinese, "1200 people would leave; the budget allows 5", "1,200 人将离开；预算允许 5 人", true},
		{Swedish, "waits for tenant c", "väntar på klientorganisation c", true},
		{Swedish, "not accepted yet; something else", "not accepted yet; something else", false},
		{English, "not accepted yet", "not accepted yet", true},
	} {
		if got, ok := known.Say(c.In(e.lang), e.text); got != e.want || ok != e.ok {
			t.Errorf("%q in %s: %q %v, want %q", e.text, e.lang, got, ok, e.want)
		}
	}
}
