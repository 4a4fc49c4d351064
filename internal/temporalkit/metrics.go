package temporalkit

import (
	"maps"
	"time"

	"go.temporal.io/sdk/client"

	"entente.dev/entente/internal/telemetry"
)

// metricsHandler maps the SDK's metrics to our table: what the table lacks is dropped, and so is every tag that the
// table does not list, which keeps the number of series bounded.
type metricsHandler struct {
	metrics *telemetry.Metrics
	tags    map[string]string
}

func newMetricsHandler(m *telemetry.Metrics) client.MetricsHandler {
	if m == nil {
		return client.MetricsNopHandler
	}
	return metricsHandler{metrics: m}
}

func (h metricsHandler) WithTags(tags map[string]string) client.MetricsHandler {
	merged := make(map[string]string, len(h.tags)+len(tags))
	maps.Copy(merged, h.tags)
	maps.Copy(merged, tags)
	return metricsHandler{h.metrics, merged}
}

func (h metricsHandler) Counter(name string) client.MetricsCounter {
	metric := telemetry.Metric(name + "_total")
	values, ok := h.values(metric)
	return counterFunc(func(by int64) {
		if ok {
			h.metrics.Add(metric, float64(by), values...)
		}
	})
}

func (h metricsHandler) Gauge(name string) client.MetricsGauge {
	metric := telemetry.Metric(name)
	values, ok := h.values(metric)
	return gaugeFunc(func(value float64) {
		if ok {
			h.metrics.Set(metric, value, values...)
		}
	})
}

func (h metricsHandler) Timer(name string) client.MetricsTimer {
	metric := telemetry.Metric(name + "_seconds")
	values, ok := h.values(metric)
	return timerFunc(func(took time.Duration) {
		if ok {
			h.metrics.Observe(metric, took, values...)
		}
	})
}

// values are the tags that the table wants, in its order; an absent one is empty.
func (h metricsHandler) values(metric telemetry.Metric) ([]string, bool) {
	labels, ok := h.metrics.Labels(metric)
	values := make([]string, len(labels))
	for i, label := range labels {
		values[i] = h.tags[label]
	}
	return values, ok
}

type (
	counterFunc func(int64)
	gaugeFunc   func(float64)
	timerFunc   func(time.Duration)
)

func (f counterFunc) Inc(by int64)            { f(by) }
func (f gaugeFunc) Update(value float64)      { f(value) }
func (f timerFunc) Record(took time.Duration) { f(took) }
