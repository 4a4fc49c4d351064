//go:build !lean

package devserver

import (
	"context"
	"log/slog"

	"go.temporal.io/server/common/log"
	"go.temporal.io/server/common/log/tag"
)

// serverLogger gives the server's warnings and errors to slog. Its info level is a running commentary on
// lifecycles that no operator of ours acts on, so it is dropped.
type serverLogger struct{ out *slog.Logger }

var _ log.Logger = serverLogger{}

func newServerLogger(out *slog.Logger) serverLogger {
	if out == nil {
		out = discard()
	}
	return serverLogger{out.With("part", "temporal")}
}

func (l serverLogger) Debug(string, ...tag.Tag) {}
func (l serverLogger) Info(string, ...tag.Tag)  {}

func (l serverLogger) Warn(msg string, tags ...tag.Tag)   { l.emit(slog.LevelWarn, msg, tags) }
func (l serverLogger) Error(msg string, tags ...tag.Tag)  { l.emit(slog.LevelError, msg, tags) }
func (l serverLogger) DPanic(msg string, tags ...tag.Tag) { l.emit(slog.LevelError, msg, tags) }

func (l serverLogger) Panic(msg string, tags ...tag.Tag) {
	l.emit(slog.LevelError, msg, tags)
	panic("embedded Temporal: " + msg)
}

// Fatal panics instead of exiting, so that the cause and the stack reach the log and deferred clean-up runs.
func (l serverLogger) Fatal(msg string, tags ...tag.Tag) { l.Panic(msg, tags...) }

func (l serverLogger) emit(level slog.Level, msg string, tags []tag.Tag) {
	attrs := make([]slog.Attr, 0, len(tags))
	for _, t := range tags {
		attrs = append(attrs, slog.Any(t.Key(), t.Value()))
	}
	l.out.LogAttrs(context.Background(), level, msg, attrs...)
}

func discard() *slog.Logger { return slog.New(slog.DiscardHandler) }
