package dir

import "fmt"

// Error is a refusal in Graph's words.
type Error struct {
	Status  int
	Code    string
	Message string
	Details []Detail
}

// Detail is one row of error.details.
type Detail struct{ Code, Message, Target string }

func (e *Error) Error() string { return fmt.Sprintf("%d %s: %s", e.Status, e.Code, e.Message) }

// BadRequest is 400 Request_BadRequest.
func BadRequest(format string, args ...any) *Error {
	return &Error{Status: 400, Code: "Request_BadRequest", Message: fmt.Sprintf(format, args...)}
}

// NotFound is the directory's 404 for an object reference (recalled wording; the code is documented).
func NotFound(id string) *Error {
	return &Error{Status: 404, Code: "Request_ResourceNotFound", Message: "Resource '" + id +
		"' does not exist or one of its queried reference-property objects are not present."}
}

// Conflict is the documented 409 for a second object with the same key.
func Conflict(property string) *Error {
	return &Error{Status: 409, Code: "Request_MultipleObjectsWithSameKeyValue",
		Message: "Another object with the same value for property " + property + " already exists.",
		Details: []Detail{{Code: "ConflictingObjects", Message: "Another object with the same value for property " + property + " already exists.", Target: property}}}
}
