// Package wire is the HTTP API's messages, shared by the server and its client: plain structs, problems
// (RFC 9457) and nothing that needs a server or a network.
//
// JSON field names here are the public interface and are recorded in docs/reference/openapi.json.
package wire
