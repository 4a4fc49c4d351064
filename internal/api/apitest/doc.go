// Package apitest is a small finished world behind a real API: a real store in a file, real tokens, and a
// Control that does at once what workflows do over hours. Tests of api, cli and console share it.
//
// It knows nothing of how plans are computed; what it plans is a fixed picture: Annie in a, Bob and Barbara in
// b, Charlie in c, Bob already a guest in c.
package apitest
