// Package authz is the one place that says who may do what. Default: no.
//
// Allow is a pure function over (who, verb, object); a test walks every combination and prints how many
// there are. Nothing else in the product decides about access: the API asks Allow before every effect and
// for every item of a list.
package authz
