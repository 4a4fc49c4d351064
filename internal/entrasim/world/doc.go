// Package world describes tenants before they live: the world file (YAML), the deterministic generator of crowds,
// and the building of directories from both. Ids derive from names, so that a world has the same ids after every
// start.
//
//	world.go  types of the file and the example of three tenants
//	parse.go  reading, with file, line and column in every error
//	build.go  directories from the description
//	crowd.go  the generator
package world
