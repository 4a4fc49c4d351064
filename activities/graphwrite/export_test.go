package graphwrite

import "context"

// At makes everything from here on this attempt at this activity.
func (a *Activities) At(id string, number int32) {
	a.attempt = func(context.Context) (string, int32) { return id, number }
}
