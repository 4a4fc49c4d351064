package signin

// appOnly runs client_credentials. It needs a concrete tenant; over an alias the service refuses.
func (s *Service) appOnly(req *tokenRequest) (any, *fault) {
	if req.authority.alias != "" {
		return nil, refuse(9001023)
	}
	tenant := req.authority.tenant
	app, f := s.application(tenant, req.client)
	if f != nil {
		return nil, f
	}
	acr, f := s.authenticate(req, app)
	if f != nil {
		return nil, f
	}
	var resource string
	if req.v2 {
		resource, f = appResource(req.form)
	} else {
		resource, f = req.form["resource"], req.form.need("resource")
	}
	if f != nil {
		return nil, f
	}
	graph, f := s.resource(resource, tenant, req.base)
	if f != nil {
		return nil, f
	}
	m, f := s.mint(grantee{tenant: tenant, app: app, acr: acr, resource: resource, graph: graph, asked: req.asked, address: req.http.RemoteAddr})
	if f != nil {
		return nil, f
	}
	return req.shape(req.answer(m, ""), m), nil
}

// application finds an enabled application in a tenant.
func (s *Service) application(tenant Tenant, client string) (Application, *fault) {
	app, ok := s.lookup(tenant, client)
	if !ok {
		return app, refuse(700016, client, tenant.DisplayName)
	}
	if app.Disabled {
		return app, refuse(7000112, app.ClientID, app.DisplayName)
	}
	return app, nil
}
