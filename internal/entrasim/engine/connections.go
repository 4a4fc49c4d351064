package engine

import "net/http"

// ObjectConnection is the beta resource of the same name: one remembered pair.
type ObjectConnection struct {
	ObjectID       string `json:"objectId"`
	SourceAnchor   string `json:"sourceAnchor"`
	TargetAnchor   string `json:"targetAnchor"`
	DisplayName    string `json:"displayName"`
	ObjectTypeName string `json:"objectTypeName"`
}

// ObjectConnections always refuses: the collection cannot be listed (documented 400).
func (e *Engine) ObjectConnections(tenantID, spID, jobID string) error {
	if _, err := e.Job(tenantID, spID, jobID); err != nil {
		return err
	}
	return badRequest("Listing object connections is not supported. Specify the objectId.")
}

// connection finds a pair by source id, then by target id. The caller holds j.work.
func (j *job) connection(objectID string) (source string, l *link) {
	if l := j.data.Links[objectID]; l != nil {
		return objectID, l
	}
	for _, source := range sortedKeys(j.data.Links) {
		if l := j.data.Links[source]; l.Target == objectID {
			return source, l
		}
	}
	return "", nil
}

// ObjectConnection returns the pair an object belongs to.
func (e *Engine) ObjectConnection(tenantID, spID, jobID, objectID string) (ObjectConnection, error) {
	e.mu.Lock()
	j, err := e.find(tenantID, spID, jobID)
	e.mu.Unlock()
	if err != nil {
		return ObjectConnection{}, err
	}
	j.work.Lock()
	defer j.work.Unlock()
	source, l := j.connection(objectID)
	if l == nil {
		return ObjectConnection{}, notFound("Resource", objectID)
	}
	name := l.Name
	if d, ok := e.cfg.Directory(tenantID); ok {
		if u, ok := d.User(source); ok && u.DisplayName != "" {
			name = u.DisplayName
		}
	}
	return ObjectConnection{objectID, source, l.Target, name, "User"}, nil
}

// DeleteObjectConnection forgets a pair and touches neither object. It is idempotent, and refused with 409 while
// the job is active.
func (e *Engine) DeleteObjectConnection(tenantID, spID, jobID, objectID string) error {
	e.mu.Lock()
	j, err := e.find(tenantID, spID, jobID)
	active := err == nil && j.ctl.State == stateActive
	e.mu.Unlock()
	if err != nil {
		return err
	}
	if active {
		return &Error{http.StatusConflict, codeConflict, "The synchronization job is active. Pause it before object connections are deleted."}
	}
	j.work.Lock()
	defer j.work.Unlock()
	if source, l := j.connection(objectID); l != nil {
		if l.Active {
			j.data.unhold(source, l.Target)
		}
		delete(j.data.Links, source)
		delete(j.data.Waiting, source)
	}
	return nil
}
