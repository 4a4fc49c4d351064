package telemetry

// Metric is the name of a metric in the table below. Names are read by dashboards and alerts: append only.
type Metric string

// The metrics of the product.
const (
	BuildInfo        Metric = "entente_build_info"
	GraphRequests    Metric = "entente_graph_requests_total"
	GraphSeconds     Metric = "entente_graph_request_seconds"
	GraphThrottled   Metric = "entente_graph_throttled_total"
	GraphUnits       Metric = "entente_graph_resource_units_total"
	GraphBudget      Metric = "entente_graph_budget_used_ratio"
	ActivityOutcomes Metric = "entente_activity_outcomes_total"
	ActivitySeconds  Metric = "entente_activity_seconds"
	PayloadOversize  Metric = "entente_payload_oversize_total"
	ObservationAge   Metric = "entente_observation_age_seconds"
	Shares           Metric = "entente_shares"
	CoverageCells    Metric = "entente_coverage_cells"
	ApprovalsWaiting Metric = "entente_approvals_waiting"
)

// The Temporal SDK's metrics that we keep, under the names that its handler maps to. What is not here is dropped.
const (
	TemporalRequests          Metric = "temporal_request_total"
	TemporalRequestFailures   Metric = "temporal_request_failure_total"
	TemporalRequestLatency    Metric = "temporal_request_latency_seconds"
	TemporalExhausted         Metric = "temporal_request_resource_exhausted_total"
	TemporalLongFailures      Metric = "temporal_long_request_failure_total"
	TemporalWorkflowDone      Metric = "temporal_workflow_completed_total"
	TemporalWorkflowFailed    Metric = "temporal_workflow_failed_total"
	TemporalWorkflowCanceled  Metric = "temporal_workflow_canceled_total"
	TemporalWorkflowContinued Metric = "temporal_workflow_continue_as_new_total"
	TemporalTaskWait          Metric = "temporal_workflow_task_schedule_to_start_latency_seconds"
	TemporalTaskLatency       Metric = "temporal_workflow_task_execution_latency_seconds"
	TemporalTaskFailed        Metric = "temporal_workflow_task_execution_failed_total"
	TemporalReplayLatency     Metric = "temporal_workflow_task_replay_latency_seconds"
	TemporalActivityWait      Metric = "temporal_activity_schedule_to_start_latency_seconds"
	TemporalActivityLatency   Metric = "temporal_activity_execution_latency_seconds"
	TemporalActivityFailed    Metric = "temporal_activity_execution_failed_total"
	TemporalUnregistered      Metric = "temporal_unregistered_activity_invocation_total"
	TemporalPollers           Metric = "temporal_num_pollers"
	TemporalSlots             Metric = "temporal_worker_task_slots_available"
	TemporalStickySize        Metric = "temporal_sticky_cache_size"
	TemporalStickyEvicted     Metric = "temporal_sticky_cache_total_forced_eviction_total"
)

type kind string

const (
	counter   kind = "counter"
	gauge     kind = "gauge"
	histogram kind = "histogram"
)

type definition struct {
	name    Metric
	kind    kind
	help    string
	labels  []string
	buckets []float64 // histograms only; nil: callSeconds
}

// callSeconds are buckets for calls over a network: a Graph answer to the longest allowed attempt.
func callSeconds() []float64 { return []float64{.01, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300} }

// localSeconds are buckets for work inside this machine.
func localSeconds() []float64 { return []float64{.0005, .001, .005, .01, .05, .1, .5, 1, 5} }

func definitions() []definition {
	return append(ownDefinitions(), temporalDefinitions()...)
}

func ownDefinitions() []definition {
	return []definition{
		{BuildInfo, gauge, "Always 1; the labels say what runs.", []string{"version", "commit", "go"}, nil},
		{GraphRequests, counter, "Requests to Microsoft Graph, batched ones counted singly. class is the throttling class, status the HTTP status or `none` when no answer came.", []string{"tenant", "class", "status"}, nil},
		{GraphSeconds, histogram, "Time to the answer of a Graph request.", []string{"tenant", "class"}, nil},
		{GraphThrottled, counter, "Answers 429 and 503 with Retry-After.", []string{"tenant", "class"}, nil},
		{GraphUnits, counter, "Resource units that Graph charged, as its answers say.", []string{"tenant", "class"}, nil},
		{GraphBudget, gauge, "Share of the tenant's published Graph quota that is in use, 0 to 1.", []string{"tenant", "class"}, nil},
		{ActivityOutcomes, counter, "Attempts of activities. outcome is `ok` or the kind of the error.", []string{"activity", "outcome"}, nil},
		{ActivitySeconds, histogram, "Time of one attempt of an activity.", []string{"activity"}, nil},
		{PayloadOversize, counter, "Payloads over the 64 KiB ceiling that were let through. Should stay 0: report it.", nil, nil},
		{ObservationAge, gauge, "Age of the newest complete snapshot of a tenant, to the minute.", []string{"org", "tenant"}, nil},
		{Shares, gauge, "Shares by phase.", []string{"org", "phase"}, nil},
		{CoverageCells, gauge, "Cells of the coverage matrix by state: `wanted`, `covered`, and one for each representation.", []string{"org", "state"}, nil},
		{ApprovalsWaiting, gauge, "Requests in a tenant's inbox that nobody answered yet.", []string{"org", "tenant"}, nil},
	}
}

func temporalDefinitions() []definition {
	queue := []string{"task_queue"}
	workflow := []string{"task_queue", "workflow_type"}
	activity := []string{"task_queue", "activity_type"}
	return []definition{
		{TemporalRequests, counter, "SDK: calls to the Temporal frontend.", []string{"operation"}, nil},
		{TemporalRequestFailures, counter, "SDK: failed calls to the Temporal frontend.", []string{"operation", "status_code"}, nil},
		{TemporalRequestLatency, histogram, "SDK: time of calls to the Temporal frontend.", []string{"operation"}, localSeconds()},
		{TemporalExhausted, counter, "SDK: calls that Temporal refused for load.", []string{"operation", "cause"}, nil},
		{TemporalLongFailures, counter, "SDK: failed polls.", []string{"operation", "status_code"}, nil},
		{TemporalWorkflowDone, counter, "SDK: workflow runs that completed.", workflow, nil},
		{TemporalWorkflowFailed, counter, "SDK: workflow runs that failed.", workflow, nil},
		{TemporalWorkflowCanceled, counter, "SDK: workflow runs that were cancelled.", workflow, nil},
		{TemporalWorkflowContinued, counter, "SDK: workflow runs that continued as new.", workflow, nil},
		{TemporalTaskWait, histogram, "SDK: time that workflow tasks waited for a worker.", queue, localSeconds()},
		{TemporalTaskLatency, histogram, "SDK: time of workflow tasks.", queue, localSeconds()},
		{TemporalTaskFailed, counter, "SDK: workflow tasks that failed. NonDeterminismError means a release broke running workflows.", []string{"task_queue", "workflow_type", "failure_reason"}, nil},
		{TemporalReplayLatency, histogram, "SDK: time to replay a workflow.", queue, localSeconds()},
		{TemporalActivityWait, histogram, "SDK: time that activities waited for a worker. Grows when nobody serves a tenant.", queue, nil},
		{TemporalActivityLatency, histogram, "SDK: time of activity attempts.", activity, nil},
		{TemporalActivityFailed, counter, "SDK: activity attempts that failed.", activity, nil},
		{TemporalUnregistered, counter, "SDK: activities that this worker does not know. Not 0 during a mixed rollout only.", queue, nil},
		{TemporalPollers, gauge, "SDK: pollers.", []string{"task_queue", "poller_type"}, nil},
		{TemporalSlots, gauge, "SDK: free execution slots.", []string{"task_queue", "worker_type"}, nil},
		{TemporalStickySize, gauge, "SDK: cached workflows in this process.", nil, nil},
		{TemporalStickyEvicted, counter, "SDK: workflows that left the cache for lack of room.", nil, nil},
	}
}
