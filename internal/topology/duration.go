package topology

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Day is the unit that Go's durations lack. Policies speak of days and mean 24 hours.
const Day = 24 * time.Hour

// longest bounds every duration of a policy: ten years is more than any promise here should last.
const longest = 3650 * Day

// ParseDuration reads Go's syntax, with days in front: "90d", "1d12h", "40m", "1s".
func ParseDuration(text string) (time.Duration, error) {
	if text == "" {
		return 0, fmt.Errorf("%q is not a duration", text)
	}
	days, rest, found := strings.Cut(text, "d")
	if !found {
		days, rest = "0", text
	}
	n, err := strconv.ParseUint(days, 10, 16)
	if err != nil || time.Duration(n)*Day > longest {
		return 0, fmt.Errorf("%q is not a duration", text)
	}
	var d time.Duration
	if rest != "" {
		if d, err = time.ParseDuration(rest); err != nil {
			return 0, fmt.Errorf("%q is not a duration", text)
		}
	}
	if total := time.Duration(n)*Day + d; d >= 0 && total <= longest {
		return total, nil
	}
	return 0, fmt.Errorf("%q is negative or longer than 3650d", text)
}

// FormatDuration is the shortest form that ParseDuration reads back.
func FormatDuration(d time.Duration) string {
	if d <= 0 {
		return "0s"
	}
	var b strings.Builder
	if days := d / Day; days > 0 {
		fmt.Fprintf(&b, "%dd", days)
		d -= days * Day
	}
	if d > 0 {
		text := d.String()
		if strings.HasSuffix(text, "m0s") {
			text = strings.TrimSuffix(text, "0s")
		}
		if strings.HasSuffix(text, "h0m") {
			text = strings.TrimSuffix(text, "0m")
		}
		b.WriteString(text)
	}
	return b.String()
}
