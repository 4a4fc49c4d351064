package catalogue

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Language is a BCP 47 tag, as it stands in the page's lang attribute.
type Language string

// The languages. Pseudo puts marks around every text of the catalogue: whatever has none did not go through it.
const (
	English Language = "en"
	Swedish Language = "sv"
	Chinese Language = "zh-Hans"
	Pseudo  Language = "en-x-pseudo"
)

// Languages are those that visitors choose from, in the order of the switch.
func Languages() []Language { return []Language{English, Swedish, Chinese} }

// Name is what a language calls itself.
func (l Language) Name() string {
	switch l {
	case Swedish:
		return "Svenska"
	case Chinese:
		return "简体中文"
	default:
		return "English"
	}
}

// text is one entry. {0}, {1} stand for the arguments. Where the number of things changes the words, the form for
// one and the form for others are parted by a bar; the first argument is that number. Chinese has one form.
type text struct{ key, en, sv, zh string }

func (e text) in(l Language) string {
	switch l {
	case Swedish:
		return e.sv
	case Chinese:
		return e.zh
	default:
		return e.en
	}
}

// Marks around every text in Pseudo.
const (
	MarkOpen  = "⟦"
	MarkClose = "⟧"
)

// Catalogue is all texts, by key.
type Catalogue map[string]text

// New reads the entries.
func New() Catalogue {
	c := Catalogue{}
	for _, part := range [][]text{frameTexts(), requestTexts(), peopleTexts(), shareTexts(), wordTexts(), reasonTexts(), noteTexts()} {
		for _, e := range part {
			c[e.key] = e
		}
	}
	return c
}

// Printer writes in one language.
type Printer struct {
	all  Catalogue
	Lang Language
}

// In is a printer for a language.
func (c Catalogue) In(l Language) Printer { return Printer{all: c, Lang: l} }

// Has tells whether there is such a text.
func (p Printer) Has(key string) bool {
	_, ok := p.all[key]
	return ok
}

// T is a text with its arguments filled in. A key that is missing shows itself; a test looks for every key that the
// pages use.
func (p Printer) T(key string, args ...any) string {
	entry, ok := p.all[key]
	if !ok {
		return key
	}
	pairs := make([]string, 0, 2*len(args))
	for i, arg := range args {
		pairs = append(pairs, "{"+strconv.Itoa(i)+"}", p.show(arg))
	}
	one := len(args) > 0 && args[0] == any(1)
	return p.fill(entry, one, pairs)
}

// Named is a text whose arguments have names. Numbers are written as the language does, those called …Minutes as a
// duration; "count" chooses the form.
func (p Printer) Named(key string, params map[string]string) string {
	entry, ok := p.all[key]
	if !ok {
		return key
	}
	var pairs []string
	for name, value := range params {
		if n, err := strconv.Atoi(value); err == nil {
			value = p.Number(n)
			if strings.HasSuffix(name, "Minutes") {
				value = p.Duration(time.Duration(n) * time.Minute)
			}
		}
		pairs = append(pairs, "{"+name+"}", value)
	}
	return p.fill(entry, params["count"] == "1", pairs)
}

func (p Printer) fill(e text, one bool, pairs []string) string {
	out := strings.NewReplacer(pairs...).Replace(form(e.in(p.Lang), one))
	if p.Lang == Pseudo {
		return MarkOpen + out + MarkClose
	}
	return out
}

// form chooses between the form for one and the form for others.
func form(s string, one bool) string {
	first, others, plural := strings.Cut(s, "|")
	if !plural || one {
		return first
	}
	return others
}

func (p Printer) show(arg any) string {
	switch a := arg.(type) {
	case int:
		return p.Number(a)
	case time.Time:
		return p.Time(a)
	case time.Duration:
		return p.Duration(a)
	default:
		return fmt.Sprint(a)
	}
}
