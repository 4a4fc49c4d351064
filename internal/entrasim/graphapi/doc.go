// Package graphapi serves the Microsoft Graph surface of the simulator over the state in dir, the provisioning
// engine and the token checks of signin. It reads requests, checks permissions, answers in Graph's shapes and
// refuses what it does not serve in Graph's words; it keeps no state of its own but the request log.
//
//	server.go   the pipeline: body, ids, token, permission, throttle, faults, log
//	call.go     one call: query options, answers, errors
//	route.go    paths to routes; routes.go lists them with their permissions
//	collection.go paging, $filter, $orderby, $search over any record
//	users.go group.go delta.go bin.go app.go policy.go mto.go sync.go log.go invite.go misc.go batch.go
package graphapi
