// Package entrasim is a world of simulated Microsoft Entra tenants over HTTPS: sign-in and Microsoft Graph on one
// TLS listener, and an admin endpoint of its own on another. It is written from Microsoft's pages and knows nothing
// of our Graph client. Nothing that it says is evidence about a live tenant.
//
// This package composes the rooms below it:
//
//	world     what the world file says        dir       state of one directory
//	graphapi  Microsoft Graph                 signin    sign-in and token checks
//	engine    provisioning engine             odata     query options and the schema
//	faults, throttle, clock, journal          simclient client of the admin endpoint; simcli the command line
//
// Files: entrasim.go starts and stops; adapter_engine.go and adapter_signin.go are the directory as the engine and
// sign-in see it; admin.go, edit.go, snapshot.go, state.go and switches.go are the admin endpoint.
//
// Tests named TestRuntimeNN_ show an item of the runtime sheet each; the rules of the set-up sheet are the subtests of
// TestSetup, by ids that do not change.
package entrasim
