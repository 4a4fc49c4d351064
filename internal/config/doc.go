// Package config is the configuration of one entented process: where its data, Temporal and its listener are, which
// tenants it serves and with which credential. What should be shared with whom is the topology, elsewhere.
//
// Sources, later ones win: defaults, the YAML file, environment variables, flags. Then everything is validated, and
// every mistake is reported at once with its place (file:line:column, variable or flag), what is wrong and what would
// be right. Secrets are never in the file: it says which file or variable holds them, and a Secret prints as ***.
//
// All settings are rows of one table, from which the flags, the variables and docs/reference/config.md follow.
//
//	settings.go  the table
//	config.go    the Config that the rest of the program sees
//	load.go      sources, in order
//	yaml.go      the file, flattened to paths with positions
//	build.go     validation, from paths to Config
//	secret.go    Secret and its permission checks
//	reference.go the generated page
package config
