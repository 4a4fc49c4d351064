package e2e

import (
	"errors"
	"time"
)

// cycle changes how long the engine waits between two cycles; with a longer wait the cycle that is due comes first.
func (s *story) cycle(args []string) error {
	if len(args) != 1 {
		return errors.New("usage: cycle DURATION")
	}
	d, err := time.ParseDuration(args[0])
	if err != nil {
		return err
	}
	if err := s.admin.SetCycle(s.ctx, d); err != nil {
		return err
	}
	const due = 2 * time.Second // cycles take a second at the beginning of a story
	if d > due {
		time.Sleep(due)
	}
	return nil
}
