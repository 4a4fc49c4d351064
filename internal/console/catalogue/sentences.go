package catalogue

import (
	"regexp"
	"strconv"
	"strings"
)

// sentence is an English sentence of a plan or a pass; its groups are the text's arguments.
type sentence struct {
	pattern *regexp.Regexp
	key     string
}

// Sentences recognizes the English of plans and passes and says it in a language. What it does not recognize
// stays English.
type Sentences []sentence

// NewSentences reads them from the catalogue: the English text of every key of these families is the pattern. Those
// that only plans and passes write are recognized too when an argument varies.
func NewSentences(c Catalogue) Sentences {
	var out Sentences
	for _, e := range reasonTexts() {
		pattern := regexp.QuoteMeta(e.en)
		for i := range 3 {
			pattern = strings.Replace(pattern, regexp.QuoteMeta("{"+strconv.Itoa(i)+"}"), "([^;]+?)", 1)
		}
		out = append(out, sentence{regexp.MustCompile("^" + pattern + "$"), c[e.key].key})
	}
	return out
}

// Say translates a text of several sentences parted by semicolons. ok is false when a part is not known: the whole
// is better read in one language.
func (s Sentences) Say(p Printer, text string) (said string, ok bool) {
	if whole, ok := s.one(p, text); ok {
		return whole, true
	}
	parts := strings.Split(text, "; ")
	for i, part := range parts {
		if parts[i], ok = s.one(p, part); !ok {
			return text, false
		}
	}
	return strings.Join(parts, separator(p.Lang)), true
}

func separator(l Language) string {
	if l == Chinese {
		return "；"
	}
	return "; "
}

func (s Sentences) one(p Printer, part string) (string, bool) {
	for _, known := range s {
		found := known.pattern.FindStringSubmatch(part)
		if found == nil {
			continue
		}
		args := make([]any, 0, len(found)-1)
		for _, arg := range found[1:] {
			if n, err := strconv.Atoi(arg); err == nil {
				args = append(args, n)
				continue
			}
			args = append(args, arg)
		}
		return p.T(known.key, args...), true
	}
	return part, false
}
