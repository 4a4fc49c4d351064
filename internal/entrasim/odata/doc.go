// Package odata reads the query options of Graph calls and answers which properties an entity type has.
//
// It knows grammar and types, never a directory: $filter is parsed here and compiled against a resolver that
// the caller supplies. The type table is read off the v1.0 metadata document (structural properties only).
//
//	schema.go   property tables of the served types
//	filter.go   lexer and parser of $filter
//	compile.go  filter to predicate, with the advanced-query gate
//	query.go    query options, $select and $orderby
package odata
