// Package catalogue is every text of the console in its three languages: English, Swedish and Simplified Chinese.
// It also writes numbers, times and durations as each language does, and chooses a language for a visitor.
//
// It refuses to know pages, requests and the API. Words that come over the wire (phases, actions, rules) have keys
// of their own, "phase.in-sync"; what it does not know stays as it came, and the page marks it as English.
//
//	catalogue.go  Printer: texts with their arguments and plural forms
//	format.go     numbers, times, durations
//	choose.go     which language for whom
//	sentences.go  English sentences of plans and passes that are known
//	*_texts.go    the texts, one entry a line with all languages: tables, so their functions are long
package catalogue
