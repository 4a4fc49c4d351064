// Package csdl reads Microsoft's schema of Graph v1.0 (the CSDL document behind $metadata) and holds JSON answers
// against it: which properties a type has, which may be null, what a value of each primitive type looks like, which
// members an enumeration has. It knows nothing of the simulator, so that it can be an oracle for it.
//
// Files: model.go is the schema as read, parse.go reads it, path.go finds the type of what a request answers,
// context.go reads @odata.context, value.go and primitive.go hold values against types, extras.go lists what the
// service returns although the schema does not have it, answer.go judges a whole answer.
package csdl
