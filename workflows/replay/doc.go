// Package replay holds histories that running workflows have left, and replays them with today's code: a change of the
// order of commands would stop every workflow of that kind at the next release.
//
// The fixtures in testdata come from the released commit, decoded and without any person's name. After a release, on
// its commit:
//
//	go test ./workflows/replay -run TestRecord -record
//
// runs the main job on an embedded server against simulated tenants and writes the longest histories of each workflow.
// A fixture is never edited: when replay fails, the workflow needs a patch (versions.go beside it), not the fixture.
package replay
