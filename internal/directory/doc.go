// Package directory is what we observe in one tenant: users, the recycle bin, groups, partner
// configurations and cross-tenant sync applications, and when that picture may be believed.
//
// A Snapshot is what was read; only Seal turns it into a Complete one, and only a Complete snapshot can be
// evidence that somebody is absent. The planner's removals take a Complete, so that a removal from a
// partial read does not compile. The package is pure and knows neither Graph nor our store.
package directory
