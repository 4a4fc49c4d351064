package catalogue

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Number groups thousands: 1,234 in English and Chinese, 1 234 with a space that does not break in Swedish.
func (p Printer) Number(n int) string {
	sign, digits := "", strconv.Itoa(n)
	if n < 0 {
		sign, digits = "−", digits[1:]
	}
	separator := ","
	if p.Lang == Swedish {
		separator = "\u00a0"
	}
	var groups []string
	for len(digits) > 3 {
		groups = append([]string{digits[len(digits)-3:]}, groups...)
		digits = digits[:len(digits)-3]
	}
	return sign + strings.Join(append([]string{digits}, groups...), separator)
}

func swedishMonths() []string {
	return []string{"januari", "februari", "mars", "april", "maj", "juni", "juli", "augusti", "september", "oktober", "november", "december"}
}

// Date is a day in UTC.
func (p Printer) Date(at time.Time) string {
	at = at.UTC()
	switch p.Lang {
	case Swedish:
		return fmt.Sprintf("%d %s %d", at.Day(), swedishMonths()[at.Month()-1], at.Year())
	case Chinese:
		return fmt.Sprintf("%d年%d月%d日", at.Year(), at.Month(), at.Day())
	default:
		return at.Format("2 January 2006")
	}
}

// Time is a moment in UTC, to the minute; the zero time never was.
func (p Printer) Time(at time.Time) string {
	if at.IsZero() {
		return p.T("never")
	}
	clock := at.UTC().Format("15:04")
	switch p.Lang {
	case Swedish:
		return p.Date(at) + " kl.\u00a0" + clock + "\u00a0UTC"
	case Chinese:
		return p.Date(at) + " " + clock + " (UTC)"
	default:
		return p.Date(at) + ", " + clock + "\u00a0UTC"
	}
}

// Duration is rounded to what a person plans with: days, hours or minutes; at least a minute.
func (p Printer) Duration(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d >= 2*day:
		return p.unit("days", d, day)
	case d >= 2*time.Hour:
		return p.unit("hours", d, time.Hour)
	default:
		return p.unit("minutes", max(d, time.Minute), time.Minute)
	}
}

func (p Printer) unit(key string, d, unit time.Duration) string {
	plain := Printer{all: p.all, Lang: p.Lang}
	if p.Lang == Pseudo { // it stands in a text that is marked already
		plain.Lang = English
	}
	return plain.T(key, int(d.Round(unit)/unit))
}
