// Package topology is the language in which an organization declares who shares whom with whom.
//
// Parse reads one file, reports every problem of it at once with its place and its remedy, and returns the
// expanded form: meshes written out, defaults merged into every share, slices sorted. Print writes that form
// back, so that parse after print is the identity, and Digest names its content.
//
// The package knows no directory: whether a group exists is the planner's question. It is pure.
//
//	types.go     the expanded topology
//	fields.go    the grammar as one table: parser, suggestions and editor schema all read it
//	reader.go    YAML nodes to checked values, with positions
//	parse.go     the document, tenants and user sets
//	shares.go    shares, meshes, policies
//	budgets.go   budgets of removals, their windows, the engine's threshold
//	protected.go people who are never touched
//	freezes.go   times in which nothing but revocations runs
//	zones.go     time zones, from a table of our own (zones.txt)
//	nodes.go     YAML nodes: places, scalars, near words
//	problems.go  what is reported
//	duration.go  "90d"
//	print.go     canonical YAML
//	schema.go    JSON Schema for editors
//	reference.go the reference page
//	lookup.go    finding things
package topology
