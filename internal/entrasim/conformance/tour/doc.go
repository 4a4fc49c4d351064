// Package tour drives a simulator through every route that it serves and records each answer, so that oracles can
// judge them: Microsoft's schema, the models of an SDK. It asks as a client over TLS does and keeps what came over
// the wire.
//
// Files: tour.go starts the world and says what is recorded, driver.go sends and records, signin.go signs in;
// people.go, groups.go, apps.go, policies.go, sync.go, organizations.go and refusals.go are the legs of the tour.
package tour
