package graphapi

// Routes lists what applications may call, as "GET /users/{id}" below the version; routes for people alone are left out.
func Routes() []string {
	var out []string
	for _, r := range (&Server{}).routes() {
		if !r.person {
			out = append(out, r.method+" "+r.template)
		}
	}
	return out
}
