//go:build !lean

package devserver

import (
	"fmt"
	"net"

	"go.temporal.io/server/common/cluster"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/membership/static"
	"go.temporal.io/server/common/primitives"
)

const loopback = "127.0.0.1"

// clusterName is in the database's cluster metadata; renaming it would orphan existing files.
const clusterName = "active"

// ports are those of the four services, in the order of services.
type ports struct{ frontend, history, matching, worker int }

// freePorts picks ports that nobody listens on now; frontend is kept when it was asked for. Another process can
// take one before the server binds it: the start then fails with "address already in use" and can be repeated.
func freePorts(frontend int) (ports, error) {
	taken := [4]int{}
	for i := range taken {
		l, err := net.Listen("tcp", loopback+":0")
		if err != nil {
			return ports{}, fmt.Errorf("embedded Temporal: find a free port: %w", err)
		}
		defer func() { _ = l.Close() }()
		taken[i] = l.Addr().(*net.TCPAddr).Port
	}
	if frontend == 0 {
		frontend = taken[0]
	}
	return ports{frontend: frontend, history: taken[1], matching: taken[2], worker: taken[3]}, nil
}

func hostPort(port int) string { return fmt.Sprintf("%s:%d", loopback, port) }

// staticHosts replaces membership gossip: there is exactly one host.
func (p ports) staticHosts() map[primitives.ServiceName]static.Hosts {
	return map[primitives.ServiceName]static.Hosts{
		primitives.FrontendService: static.SingleLocalHost(hostPort(p.frontend)),
		primitives.HistoryService:  static.SingleLocalHost(hostPort(p.history)),
		primitives.MatchingService: static.SingleLocalHost(hostPort(p.matching)),
		primitives.WorkerService:   static.SingleLocalHost(hostPort(p.worker)),
	}
}

// serverConfig is the static configuration over the given databases. Archival is off and there is one cluster.
func serverConfig(p ports, db databases) *config.Config {
	service := func(port int) config.Service {
		return config.Service{RPC: config.RPC{GRPCPort: port, BindOnIP: loopback}}
	}
	return &config.Config{
		Persistence: config.Persistence{
			DefaultStore:     "default",
			VisibilityStore:  "visibility",
			NumHistoryShards: historyShards,
			DataStores: map[string]config.DataStore{
				"default":    {SQL: db.execution},
				"visibility": {SQL: db.visibility},
			},
		},
		ClusterMetadata: &cluster.Config{
			FailoverVersionIncrement: 10,
			MasterClusterName:        clusterName,
			CurrentClusterName:       clusterName,
			ClusterInformation: map[string]cluster.ClusterInformation{
				clusterName: {Enabled: true, InitialFailoverVersion: 1, RPCAddress: hostPort(p.frontend)},
			},
		},
		DCRedirectionPolicy: config.DCRedirectionPolicy{Policy: "noop"},
		Services: map[string]config.Service{
			string(primitives.FrontendService): service(p.frontend),
			string(primitives.HistoryService):  service(p.history),
			string(primitives.MatchingService): service(p.matching),
			string(primitives.WorkerService):   service(p.worker),
		},
		Archival: config.Archival{
			History:    config.HistoryArchival{State: "disabled"},
			Visibility: config.VisibilityArchival{State: "disabled"},
		},
		PublicClient: config.PublicClient{HostPort: hostPort(p.frontend)},
		NamespaceDefaults: config.NamespaceDefaults{Archival: config.ArchivalNamespaceDefaults{
			History:    config.HistoryArchivalNamespaceDefaults{State: "disabled"},
			Visibility: config.VisibilityArchivalNamespaceDefaults{State: "disabled"},
		}},
	}
}
