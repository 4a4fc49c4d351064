package tour

func (d *driver) groups() {
	made := d.do("POST", "/groups", object{"displayName": "Tour", "mailEnabled": false, "mailNickname": "tour", "securityEnabled": true, "description": "x"}, 201)
	id := text(made, "id")
	unified := text(d.do("POST", "/groups", object{"displayName": "Tour unified", "mailEnabled": true, "mailNickname": "tour2", "securityEnabled": false, "groupTypes": []string{"Unified"}}, 201), "id")
	d.do("PATCH", "/groups/"+id, object{"description": "y"}, 204)
	for _, path := range []string{"/groups", "/groups/" + id, "/groups/" + id + "?$select=id,displayName,groupTypes,securityEnabled,visibility", "/groups/" + id + "?" + every("group"),
		"/groups?$filter=displayName eq 'Tour'", "/groups?$select=id,displayName&$top=1", "/groups?$orderby=displayName", "/groups?" + every("group"), "/directoryObjects/" + id} {
		d.get(path)
	}
	d.with("ConsistencyLevel", "eventual", func() {
		d.get("/groups/$count")
		d.get("/groups?$count=true")
	})
	d.do("POST", "/groups/"+id+"/owners/$ref", object{"@odata.id": "https://graph.microsoft.com/v1.0/users/" + d.user("annie@a.example")}, 204)
	d.do("POST", "/groups/"+id+"/owners/$ref", object{"@odata.id": "https://graph.microsoft.com/v1.0/users/" + d.user("user000020@a.example")}, 204)
	d.get("/groups/" + id + "/owners")
	d.get("/groups/" + id + "/owners/$ref")
	d.get("/groups/" + id + "/owners/" + d.user("annie@a.example") + "/$ref")
	d.do("DELETE", "/groups/"+id+"/owners/"+d.user("user000020@a.example")+"/$ref", nil, 204)
	d.do("DELETE", "/groups/"+id, nil, 204)
	d.do("DELETE", "/groups/"+unified, nil, 204)
	d.get("/directory/deletedItems/microsoft.graph.group")
	d.get("/directory/deletedItems/" + unified)
	d.do("POST", "/directory/deletedItems/"+unified+"/restore", nil, 200)
}

func (d *driver) user(upn string) string { return text(d.get("/users/"+upn+"?$select=id"), "id") }

func (d *driver) group(name string) string {
	return d.first("/groups?$select=id&$filter=displayName eq '"+name+"'", "id")
}

func (d *driver) membership() {
	id, nested := d.group("Collaboration"), d.group("Nested")
	extra := d.user("user000030@a.example")
	d.do("POST", "/groups/"+id+"/members/$ref", object{"@odata.id": "https://graph.microsoft.com/v1.0/directoryObjects/" + extra}, 204)
	d.do("PATCH", "/groups/"+nested, object{"members@odata.bind": []string{"https://graph.microsoft.com/v1.0/directoryObjects/" + extra}}, 204)
	for _, group := range []string{id, nested} {
		for _, rest := range []string{"/members", "/members?$select=id,displayName", "/members?$top=1", "/transitiveMembers", "/memberOf", "/transitiveMemberOf", "/appRoleAssignments"} {
			d.get("/groups/" + group + rest)
		}
	}
	d.with("ConsistencyLevel", "eventual", func() {
		for _, rest := range []string{"/members", "/transitiveMembers"} {
			d.get("/groups/" + nested + rest + "/microsoft.graph.user?$count=true&$select=id,mail")
			d.get("/groups/" + nested + rest + "/microsoft.graph.group?$count=true")
		}
		d.get("/groups/" + nested + "/members/$count")
	})
	d.get("/groups/" + id + "/members/$ref")
	d.get("/groups/" + id + "/members/" + extra + "/$ref")
	for _, at := range []string{"/groups/" + id, "/users/" + extra, "/directoryObjects/" + extra, "/servicePrincipals/" + d.first("/servicePrincipals?$select=id", "id")} {
		for _, name := range []string{"MemberGroups", "MemberObjects"} {
			d.do("POST", at+"/get"+name, object{"securityEnabledOnly": true}, 200)
			d.do("POST", at+"/check"+name, object{"groupIds": []string{id}, "ids": []string{id}}, 200)
		}
	}
	d.get("/users/" + extra + "?$expand=memberOf")
	d.get("/users?$top=3&$expand=transitiveMemberOf")
	d.do("DELETE", "/groups/"+id+"/members/"+extra+"/$ref", nil, 204)
	d.do("DELETE", "/groups/"+nested+"/members/"+extra, nil, 204)
}
