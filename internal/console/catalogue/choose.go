package catalogue

import (
	"golang.org/x/text/language"
)

// Choose is the language that somebody asked for by name, else the best of what their browser accepts, else English.
func Choose(asked, accepts string) Language {
	for _, l := range Languages() {
		if asked == string(l) {
			return l
		}
	}
	tags, _, err := language.ParseAcceptLanguage(accepts)
	if err != nil || len(tags) == 0 {
		return English
	}
	supported := make([]language.Tag, 0, len(Languages()))
	for _, l := range Languages() {
		supported = append(supported, language.Make(string(l)))
	}
	_, index, confidence := language.NewMatcher(supported).Match(tags...)
	if confidence == language.No {
		return English
	}
	return Languages()[index]
}
