// Package plan computes what a topology would change: pure data, from pure data.
//
// Compute compares what is declared with sealed snapshots and answers, for each share, with ordered changes,
// one effect for each person, refusals, warnings and a digest that an approval is bound to. The same input
// gives the same bytes, whatever the order of its lists.
//
// Removals come out of complete snapshots only: that is the type of Input.Snapshots. The package does
// nothing, knows no clock (Input.Now is the caller's) and writes nobody's name into refusals or warnings.
//
//	types.go       the data
//	compute.go     all shares, the whole plan
//	share.go       one share, from finding its objects to its digest
//	names.go       our markers
//	resolve.go     user sets to people
//	protected.go   whom nobody shares, converts or removes
//	people.go      one person: effect, in or out
//	leave.go       people who leave the scope group
//	rings.go       the rollout: who comes, becomes a Member and leaves with which ring
//	envelope.go    what the target accepted: who may come in now, who waits
//	exclusions.go  whom its acceptance leaves out, by name or by rule
//	holds.go       its decisions about one person; sign-ins turned off and on
//	config.go      set-up changes and their order
//	acceptance.go  must the target be asked
//	budget.go      is the reduction within the budgets of its share, its target and the organization
package plan
