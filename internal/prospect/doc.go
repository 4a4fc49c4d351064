// Package prospect says what a yes to a request would mean for the target: who comes as what, who stands in the way,
// how full the directory gets, what Members may see, what it costs and how long it takes.
//
// It counts and words what others observed; it reads nothing, and knows neither stores nor requests. Every sentence has
// a stable key and its values apart, so that a console can say it in its reader's language.
//
//	prospect.go  what is counted        notes.go  what is said of it
//	marks.go     how addresses are compared by somebody who must not learn them
package prospect
