// Package telemetry is how a process of ours tells about itself: its log and its metrics.
//
// Every metric is defined once, in the table of metrics.go; docs/reference/metrics.md is generated from it. Label
// values are bounded by construction: tenants, classes, kinds, phases and registered names, never people.
//
// Attributes that may hold people's names or credentials are redacted in the log whatever their level.
//
//	metrics.go   the table
//	registry.go  counting, and the HTTP handler
//	reference.go the generated page
//	log.go       slog
package telemetry
