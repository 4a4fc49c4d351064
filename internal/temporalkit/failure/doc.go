// Package failure carries problem.Error through Temporal and back: one direction for workers, one for whoever
// reads a result.
//
// It is pure, so workflow code may use it: no clock, no I/O, the same answer at every replay. The kind travels as
// the application error's type, the whole problem as its only detail (encrypted by the payload codec).
package failure
