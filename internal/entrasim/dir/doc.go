// Package dir is the state of one simulated tenant's directory: users, groups, recycle bin, applications,
// service principals, assignments, access policies, the
// change log behind delta queries, audit rows and the replication lag that Graph's readers sit behind.
//
// It knows nothing of HTTP. Records are immutable once stored: a write stores a new one, so that a page can be
// collected under a short lock and encoded without one, and so that a lagging reader can be given the one before.
//
//	user.go     compact user record and its property table
//	json.go     hand-written encoding of users
//	tenant.go   the tenant: construction, lag, change log
//	users.go    create, update, delete, restore, lookups, paging
//	group.go    groups and memberships; groupbin.go the Microsoft 365 groups in the recycle bin
//	object.go   collections of everything that is few (applications, assignments, …)
//	app.go      applications, service principals, permissions, secrets
//	policy.go   cross-tenant access policy
//	guest.go    B2B objects
//	audit.go    directory audit rows
package dir
