package graphapi

import (
	"strings"
	"time"
	"unicode/utf8"

	"entente.dev/entente/internal/entrasim/odata"
)

// compareValues orders two property values: null first, texts without regard to case, as the directory sorts.
func compareValues(x, y any) int {
	switch {
	case x == nil && y == nil:
		return 0
	case x == nil:
		return -1
	case y == nil:
		return 1
	}
	if sx, ok := x.(string); ok {
		if sy, ok := y.(string); ok {
			return compareFold(sx, sy)
		}
	}
	if tx, ok := x.(time.Time); ok {
		if ty, ok := y.(time.Time); ok {
			return tx.Compare(ty)
		}
	}
	if n := odata.Compare(x, y, true); n != 2 {
		return n
	}
	return 0
}

// compareFold compares without regard to case; plain ASCII, the usual case, needs no copies.
func compareFold(a, b string) int {
	for i := range min(len(a), len(b)) {
		x, y := a[i], b[i]
		if x >= utf8.RuneSelf || y >= utf8.RuneSelf {
			return strings.Compare(strings.ToLower(a[i:]), strings.ToLower(b[i:]))
		}
		if 'A' <= x && x <= 'Z' {
			x += 'a' - 'A'
		}
		if 'A' <= y && y <= 'Z' {
			y += 'a' - 'A'
		}
		if x != y {
			if x < y {
				return -1
			}
			return 1
		}
	}
	return len(a) - len(b)
}
