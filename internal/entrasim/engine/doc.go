// Package engine is the provisioning engine of the simulated Entra: it runs cross-tenant synchronization jobs of
// source tenants against target directories, on a clock that tests can drive.
//
// It owns jobs, secrets, schemas, cycles, links between source and target users, escrows, quarantine, on-demand
// provisioning and the provisioning log. It knows directories only through the Directory port, and nothing of
// HTTP, tokens, permissions or rate limits: its methods take and return what the wire carries, and refuse with
// *Error.
//
// The behaviour follows Microsoft's pages on cross-tenant synchronization; where they are silent or contradict
// each other, a field of Switches decides, and Switches.List names the page.
//
// A job has two halves. control is what Graph calls read and write, under Engine.mu, so that they never wait for
// a cycle; data is what cycles work on, under the job's work lock, which ranks before Engine.mu. Directory methods
// are called with the work lock held and Engine.mu free.
//
//	engine.go          Config, New, Run, Tick, the schedule
//	clock.go           Clock; real, accelerated and manual clocks
//	wire.go, errors.go job resource and refusals as Graph shows them
//	job.go             create, read, start, pause, restart, delete
//	secrets.go         secrets, settings read out of them, validateCredentials, policies
//	schema.go          schema: parse, validate, replace; schema_default.go the template's
//	expression.go      mapping expressions and functions
//	parse_expression.go the parseExpression action
//	operators.go       scoping filters and operators
//	scope.go           assignments, eligibility, the scoping verdict
//	mapping.go         source attributes to target attributes
//	data.go            what a job remembers: links, watermark, staged removals
//	cycle.go           a cycle from plan to watermark; outcome.go shows it on the job
//	process.go         one user: resolve its target, remove it
//	export.go          create, update, restore, manager references
//	escrow.go          retries; quarantine.go thresholds and decay
//	rows.go, log.go    log rows and the log
//	ondemand.go        provisionOnDemand; connections.go objectConnections (beta)
//	snapshot.go        the whole state as JSON
//	switches.go        what the pages leave open
package engine
