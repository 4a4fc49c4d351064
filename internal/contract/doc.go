// Package contract is everything that crosses Temporal: registered names, workflow IDs, task queues, and the
// messages of workflows, activities, updates, signals and queries.
//
// Names and JSON field names here are wire format: they are in the histories of running workflows. Fields are
// added, never renamed or reused. Messages carry references, digests and counts; snapshots, plans and lists of
// people stay in the store (ceiling: 64 KiB a payload).
package contract
