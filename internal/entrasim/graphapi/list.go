package graphapi

// Routes lists what is served, as "GET /users/{id}" below the version.
func Routes() []string {
	var out []string
	for _, r := range (&Server{}).routes() {
		out = append(out, r.method+" "+r.template)
	}
	return out
}
