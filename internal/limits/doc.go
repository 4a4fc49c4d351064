// Package limits keeps the calls of one tenant inside Graph's published quotas, so that a large
// organization slows down by itself instead of being throttled.
//
// A Budget belongs to one tenant and has one token bucket for each class of call. The rates start at what
// Graph publishes and follow what its answers say: x-ms-resource-unit corrects an estimate,
// x-ms-throttle-limit-percentage slows down before a refusal, a 429 stops the class for as long as the
// answer asks. The package knows no HTTP, no Graph client and no tenant's name.
//
// Sources: learn.microsoft.com/graph/throttling-limits (identity and access, reports, invitations) and
// synchronization-synchronizationjob-provisionondemand (5 calls in 10 s), checked 2026-11.
//
// Files: limits.go the budget and its buckets; quota.go the published numbers.
package limits
