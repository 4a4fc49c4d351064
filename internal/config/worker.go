package config

import (
	"os"
	"strings"
)

func (s *source) core() Core {
	return Core{URL: s.publicURL("coreUrl"), CAFile: s.file("coreCaFile"), Token: s.secret("workerToken", true)}
}

// foreign tells whether a path belongs to a tenant that another process serves: its credential is not this one's to
// open, and need not be on this machine.
func (s *source) foreign(path string) bool {
	return s.elsewhere != "" && strings.HasPrefix(path, s.elsewhere)
}

// worker are the rules for a process that serves tenants only.
func (s *source) worker(c *Config) {
	if c.Role != RoleWorker {
		for path, set := range map[string]bool{"coreUrl": c.Core.URL != "", "workerToken": !c.Core.Token.IsZero()} {
			if set {
				s.report(s.placeOf(path), path+" belongs to role worker, and the role is "+c.Role, "remove it, or start with --role worker")
			}
		}
		return
	}
	if len(c.Tenants) == 0 && !c.Demo.On {
		s.report(s.placeOf("role"), "a worker serves the queues of tenants, and there are none", "add tenants with their credentials; the core's own queue is served by role all")
	}
	if !c.Isolated() {
		if c.Core.URL != "" {
			s.report(s.placeOf("coreUrl"), "a worker either has the database or asks the core", "remove databaseUrl, so that this process needs no credential but its tenants', or coreUrl")
		}
		return
	}
	if !s.has("coreUrl") {
		s.report(s.placeOf("role"), "a worker without a database reads and records through the core's API, and nothing says where that is", "set coreUrl, or databaseUrl")
	}
	if !s.has("workerToken") {
		s.report(s.placeOf("role"), "a worker without a database has no token for the core's API", "set workerToken: {file: /path}; at the core: auth.tokens with role: worker and this tenant")
	}
	if _, err := os.Stat(c.KeysFile); c.KeysFile != "" && err != nil {
		s.report(s.placeOf("keysFile"), "keysFile: "+c.KeysFile+" cannot be read", "copy payload.keys of the core here, mode 0600: who runs workflows and who runs activities share the keys")
	}
}
