package telemetry

import (
	"fmt"
	"net/http"
	"runtime"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Build says what runs.
type Build struct {
	Version string
	Commit  string
}

// Metrics holds every metric of the table, and the Go runtime's and the process's own. It is safe for concurrent
// use. Using a metric with the wrong kind or number of labels panics: a programming error that every test meets.
type Metrics struct {
	registry   *prometheus.Registry
	counters   map[Metric]*prometheus.CounterVec
	gauges     map[Metric]*prometheus.GaugeVec
	histograms map[Metric]*prometheus.HistogramVec
	labels     map[Metric][]string
}

// NewMetrics registers the whole table in a registry of its own.
func NewMetrics(build Build) *Metrics {
	m := &Metrics{
		registry:   prometheus.NewRegistry(),
		counters:   map[Metric]*prometheus.CounterVec{},
		gauges:     map[Metric]*prometheus.GaugeVec{},
		histograms: map[Metric]*prometheus.HistogramVec{},
		labels:     map[Metric][]string{},
	}
	m.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	for _, d := range definitions() {
		m.register(d)
	}
	m.Set(BuildInfo, 1, build.Version, build.Commit, runtime.Version())
	return m
}

func (m *Metrics) register(d definition) {
	m.labels[d.name] = d.labels
	switch d.kind {
	case counter:
		m.counters[d.name] = prometheus.NewCounterVec(prometheus.CounterOpts{Name: string(d.name), Help: d.help}, d.labels)
		m.registry.MustRegister(m.counters[d.name])
	case gauge:
		m.gauges[d.name] = prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: string(d.name), Help: d.help}, d.labels)
		m.registry.MustRegister(m.gauges[d.name])
	case histogram:
		buckets := d.buckets
		if buckets == nil {
			buckets = callSeconds()
		}
		m.histograms[d.name] = prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: string(d.name), Help: d.help, Buckets: buckets}, d.labels)
		m.registry.MustRegister(m.histograms[d.name])
	}
}

// Add counts. labels are values in the order of the table. A nil Metrics counts nothing.
func (m *Metrics) Add(name Metric, by float64, labels ...string) {
	if m == nil {
		return
	}
	vec, ok := m.counters[name]
	mustBe(ok, name, counter)
	vec.WithLabelValues(labels...).Add(by)
}

// Set sets a gauge.
func (m *Metrics) Set(name Metric, value float64, labels ...string) {
	if m == nil {
		return
	}
	vec, ok := m.gauges[name]
	mustBe(ok, name, gauge)
	vec.WithLabelValues(labels...).Set(value)
}

// Reset forgets all values of a gauge, before a whole set of them is set anew.
func (m *Metrics) Reset(name Metric) {
	if m == nil {
		return
	}
	vec, ok := m.gauges[name]
	mustBe(ok, name, gauge)
	vec.Reset()
}

// Observe records a duration.
func (m *Metrics) Observe(name Metric, took time.Duration, labels ...string) {
	if m == nil {
		return
	}
	vec, ok := m.histograms[name]
	mustBe(ok, name, histogram)
	vec.WithLabelValues(labels...).Observe(took.Seconds())
}

// Labels are a metric's label names, and whether the table has that metric.
func (m *Metrics) Labels(name Metric) ([]string, bool) {
	if m == nil {
		return nil, false
	}
	labels, ok := m.labels[name]
	return labels, ok
}

// Handler serves the Prometheus text format. It needs no authentication and should not be public.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

func mustBe(ok bool, name Metric, k kind) {
	if !ok {
		panic(fmt.Sprintf("telemetry: %s is not a %s of the table", name, k))
	}
}
