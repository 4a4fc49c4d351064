//go:build !lean

package devserver

import (
	"time"

	"go.temporal.io/server/common/dynamicconfig"
)

// historyShards cannot change once a database has been created with it: workflows are spread over shards by hash.
// Four let four workflows make progress at once, which SQLite's single writer does not outrun.
const historyShards = 4

// taskWorkers replaces pools of 512 goroutines a queue, sized for clusters.
const taskWorkers = 16

// retention is how long Temporal keeps closed workflows. Anything older is in our own store.
const retention = 7 * 24 * time.Hour

// tuning is the server's dynamic configuration for one small machine: little memory and no work when idle.
// Keys that are absent keep the server's defaults.
func tuning() dynamicconfig.StaticClient {
	return dynamicconfig.StaticClient{
		// Nothing leaves the machine.
		dynamicconfig.EnableServerVersionCheck.Key(): false,

		// One partition: more only spread load over hosts that we do not have.
		dynamicconfig.MatchingNumTaskqueueReadPartitions.Key():  1,
		dynamicconfig.MatchingNumTaskqueueWritePartitions.Key(): 1,

		// Caches in bytes that fit a laptop; defaults are 1 GB of mutable state and 128 MB of events.
		dynamicconfig.HistoryCacheSizeBasedLimit.Key():        true,
		dynamicconfig.HistoryCacheHostLevelMaxSizeBytes.Key(): 48 << 20,
		dynamicconfig.EventsHostLevelCacheMaxSizeBytes.Key():  8 << 20,
		dynamicconfig.EventsCacheMaxSizeBytes.Key():           1 << 20,

		// Goroutine pools.
		dynamicconfig.TimerProcessorSchedulerWorkerCount.Key():                  taskWorkers,
		dynamicconfig.MemoryTimerProcessorSchedulerWorkerCount.Key():            taskWorkers,
		dynamicconfig.TransferProcessorSchedulerWorkerCount.Key():               taskWorkers,
		dynamicconfig.VisibilityProcessorSchedulerWorkerCount.Key():             taskWorkers,
		dynamicconfig.ArchivalProcessorSchedulerWorkerCount.Key():               1,
		dynamicconfig.ReplicationProcessorSchedulerWorkerCount.Key():            1,
		dynamicconfig.ReplicationLowPriorityProcessorSchedulerWorkerCount.Key(): 1,
		dynamicconfig.WorkerScannerMaxConcurrentWorkflowTaskPollers.Key():       2,
		dynamicconfig.WorkerScannerMaxConcurrentActivityTaskPollers.Key():       2,
		dynamicconfig.WorkerScannerMaxConcurrentActivityExecutionSize.Key():     2,
		dynamicconfig.WorkerScannerMaxConcurrentWorkflowTaskExecutionSize.Key(): 4,

		// The SDK's workflow cache is one for the whole process, our own workers included.
		dynamicconfig.WorkerStickyCacheSize.Key(): 1000,

		// Features that we do not use and that keep workers or tables busy.
		dynamicconfig.WorkerPerNamespaceWorkerCount.Key():         0,
		dynamicconfig.BuildIdScavengerEnabled.Key():               false,
		dynamicconfig.ExecutionsScannerEnabled.Key():              false,
		dynamicconfig.PersistenceHealthSignalMetricsEnabled.Key(): false,

		// Limits of a shared cluster; here there is one user and a burst is a rollout.
		dynamicconfig.FrontendMaxNamespaceRPSPerInstance.Key(): 20000,
		dynamicconfig.FrontendRPS.Key():                        20000,
	}
}
