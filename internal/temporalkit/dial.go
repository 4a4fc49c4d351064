package temporalkit

import (
	"context"
	"crypto/tls"
	"log/slog"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"

	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/telemetry"
	"entente.dev/entente/internal/temporalkit/codec"
)

// Options says how to reach Temporal.
type Options struct {
	Address   string // host:port of the frontend
	Namespace string
	TLS       *tls.Config // nil: clear text, for loopback only
	Keys      codec.Keys  // at least one: payloads are never stored in clear
	Metrics   *telemetry.Metrics
	Logger    *slog.Logger
	Identity  string // names this process in histories; no names of people; empty: the SDK's pid@host
	// RefuseOversize makes a payload over codec.MaxPayload an error, as tests and development want it. Otherwise it
	// passes, is counted and logged: production should not stop for it.
	RefuseOversize bool
}

// Dial connects with the payload codec on. Failure messages and stack traces are encrypted like payloads.
// An unreachable server is Unavailable with what to do.
func Dial(ctx context.Context, opts Options) (client.Client, error) {
	data, err := DataConverter(opts)
	if err != nil {
		return nil, err
	}
	c, err := client.DialContext(ctx, client.Options{
		HostPort:          opts.Address,
		Namespace:         opts.Namespace,
		Identity:          opts.Identity,
		Logger:            sdklog.NewStructuredLogger(sdkLogger(opts.Logger)),
		MetricsHandler:    newMetricsHandler(opts.Metrics),
		DataConverter:     data,
		FailureConverter:  FailureConverter(data),
		ConnectionOptions: client.ConnectionOptions{TLS: opts.TLS},
	})
	if err != nil {
		p := problem.Wrap(problem.Unavailable, "connect to Temporal at "+opts.Address, err)
		p.Remedy = "check that the server runs and that the address, the namespace and the TLS settings are right"
		return nil, p
	}
	return c, nil
}

// DataConverter is the encrypting data converter that Dial uses. Tests of workflows set it on their environment.
func DataConverter(opts Options) (converter.DataConverter, error) {
	guard := codec.Refuse
	if !opts.RefuseOversize {
		log := logger(opts.Logger)
		guard = func(size int) error {
			opts.Metrics.Add(telemetry.PayloadOversize, 1)
			log.Warn("a payload is over the ceiling; it should have been a reference", "bytes", size, "ceiling", codec.MaxPayload)
			return nil
		}
	}
	c, err := codec.New(opts.Keys, guard)
	if err != nil {
		return nil, err
	}
	return converter.NewCodecDataConverter(converter.GetDefaultDataConverter(), c), nil
}

// FailureConverter encrypts the common attributes of failures with data.
func FailureConverter(data converter.DataConverter) converter.FailureConverter {
	return temporal.NewDefaultFailureConverter(temporal.DefaultFailureConverterOptions{
		DataConverter:          data,
		EncodeCommonAttributes: true,
	})
}

func logger(l *slog.Logger) *slog.Logger {
	if l == nil {
		return slog.New(slog.DiscardHandler)
	}
	return l
}

// sdkLogger marks the SDK's lines and drops its info level, which reports every poller.
func sdkLogger(l *slog.Logger) *slog.Logger {
	return slog.New(atLeast{logger(l).With("part", "temporal-sdk").Handler(), slog.LevelWarn})
}

// atLeast is a handler with a floor of its own.
type atLeast struct {
	slog.Handler
	floor slog.Level
}

func (h atLeast) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= h.floor && h.Handler.Enabled(ctx, level)
}

func (h atLeast) WithAttrs(attrs []slog.Attr) slog.Handler {
	return atLeast{h.Handler.WithAttrs(attrs), h.floor}
}

func (h atLeast) WithGroup(name string) slog.Handler {
	return atLeast{h.Handler.WithGroup(name), h.floor}
}
