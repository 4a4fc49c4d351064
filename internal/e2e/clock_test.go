package e2e

import (
	"errors"
	"time"
)

// time keeps a point in time relative to now, for topologies that name days and hours.
func (s *story) time(args []string) error {
	if len(args) != 3 {
		return errors.New("usage: time NAME DURATION LAYOUT")
	}
	after, err := time.ParseDuration(args[1])
	if err != nil {
		return err
	}
	at := time.Now().UTC().Add(after + time.Minute - time.Nanosecond).Truncate(time.Minute)
	s.ts.Setenv(args[0], at.Format(args[2]))
	return nil
}
