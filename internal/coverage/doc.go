// Package coverage shows how the whole collaborating user set stands in every tenant: one row for each
// person, one cell for each tenant, and how many of the wanted cells are as they should be.
//
// It describes and decides nothing; what would change is the planner's. It is pure.
package coverage
