// Package bench measures the product's own promises, each beside a baseline from the same run: what the same
// thing costs without us. `make bench` prints a line per figure:
//
//	figure <name>: <value> (limit <limit>; baseline <value>: <what the baseline is>)
//
// It holds no product code.
package bench
