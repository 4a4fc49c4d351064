// Package temporalkit is how our processes use Temporal: dialling with the payload codec always on, running workers
// for one core queue and some tenants, and what every activity gets without asking (errors of the taxonomy,
// heartbeats, metrics).
//
// It refuses to know our workflows and activities: callers register those on the queues that they name.
//
//	dial.go         Dial
//	workers.go      Workers: start, stop, fatal errors
//	interceptor.go  errors and outcomes at the edge of activities and workflows
//	heartbeat.go    heartbeats that keep the cursor
//	metrics.go      the SDK's metrics into our table
//	codec/          encryption and its keys
//	failure/        problem.Error through Temporal, for workflow code too
package temporalkit
