package tour

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
)

func (d *driver) delta() {
	d.get("/users/microsoft.graph.delta?$select=displayName")
	d.get("/groups/microsoft.graph.delta()?$select=displayName")
	for _, path := range []string{"/users/delta?$select=displayName,department,accountEnabled,manager", "/users/delta", "/groups/delta?$select=displayName,members", "/groups/delta",
		"/users/delta?$deltatoken=latest"} {
		_, last := d.all(path)
		link := text(last, "@odata.deltaLink")
		d.do("PATCH", "/users/user000051@a.example", object{"department": path}, 204)
		d.do("PATCH", "/groups/"+d.group("Nested"), object{"description": path}, 204)
		made := d.do("POST", "/users", object{"accountEnabled": true, "displayName": "Delta", "mailNickname": "delta", "userPrincipalName": "delta@a.example",
			"passwordProfile": object{"password": "Not-a-secret-1"}}, 201)
		d.do("POST", "/groups/"+d.group("Nested")+"/members/$ref", object{"@odata.id": "https://graph.microsoft.com/v1.0/users/" + text(made, "id")}, 204)
		_, last = d.all(link)
		d.do("DELETE", "/users/"+text(made, "id"), nil, 204)
		_, last = d.all(text(last, "@odata.deltaLink"))
		d.do("DELETE", "/directory/deletedItems/"+text(made, "id"), nil, 204)
		d.all(text(last, "@odata.deltaLink"))
	}
}

// batches sends requests in one and records each item as if it had come alone.
func (d *driver) batches() {
	requests := []object{
		{"id": "1", "method": "GET", "url": "/users/annie@a.example?$select=id,mail"},
		{"id": "2", "method": "GET", "url": "/groups?$top=1"},
		{"id": "3", "method": "GET", "url": "/users/nobody@a.example"},
		{"id": "4", "method": "GET", "url": "/organization", "dependsOn": []string{"3"}},
		{"id": "5", "method": "POST", "url": "/invitations", "headers": object{"Content-Type": "application/json"},
			"body": object{"invitedUserEmailAddress": "batch@elsewhere.example", "inviteRedirectUrl": "https://x.example"}},
		{"id": "6", "method": "GET", "url": policy + "/partners"},
		{"id": "7", "method": "PATCH", "url": "/users/annie@a.example", "headers": object{"Content-Type": "application/json"}, "body": object{"city": "Lund"}},
	}
	res, raw, err := d.send("POST", "/$batch", object{"requests": requests})
	if err != nil || res.StatusCode != 200 {
		d.problem("batch: %v %s", err, raw)
		return
	}
	var out struct {
		Responses []struct {
			ID      string
			Status  int
			Headers map[string]string
			Body    json.RawMessage
		}
	}
	if err := json.Unmarshal(raw, &out); err != nil || len(out.Responses) != len(requests) {
		d.problem("batch: %v, %d answers: %s", err, len(out.Responses), raw)
	}
	for _, r := range out.Responses {
		for _, q := range requests {
			if q["id"] != r.ID {
				continue
			}
			u, err := url.Parse(d.sim.BaseURL() + "/v1.0" + q["url"].(string))
			if err != nil {
				d.problem("batch: %w", err)
				continue
			}
			d.record(q["method"].(string), u, r.Status, r.Headers["Content-Type"], r.Body)
		}
	}
}

// absoluteBatch is a batch as the SDK for Go builds it for a client with another base.
func (d *driver) absoluteBatch() {
	res, raw, err := d.send("POST", "/$batch", object{"requests": []object{{"id": "1", "method": "GET", "url": "https://graph.microsoft.com/v1.0/users?$top=1"}}})
	if err != nil || res.StatusCode != 200 || !strings.Contains(string(raw), `"status":200`) {
		d.problem("batch with an absolute address: %v %s", err, raw)
	}
}

// refusals are asked for because clients read error bodies more closely than anything else.
func (d *driver) refusals() {
	const nobody = "00000000-0000-4000-8000-00000000dead"
	for path, status := range map[string]int{
		"/nonsense": 400, "/users/" + nobody: 404, "/users/nobody@a.example": 404, "/users?$select=nonsense": 400, "/users?$filter=x": 400,
		"/users?$filter=userType ne 'Guest'": 400, "/users/$count": 400, "/users?$top=0": 400, "/users?$skiptoken=x": 400, "/users/delta?$deltatoken=x": 400,
		"/users/delta?$top=1": 400, "/groups/" + nobody + "/members": 404, "/users/user000060@a.example/manager": 404, "/servicePrincipals/" + nobody: 404,
		"/servicePrincipals/" + nobody + "/synchronization/jobs": 404, policy + "/partners/" + ids["c"]: 404, "/directory/deletedItems/" + nobody: 404,
		"/users?$nonsense=1": 400, "/me": 400, "/applicationTemplates/" + nobody: 404, "/domains/x.example": 404,
	} {
		d.do("GET", path, nil, status)
	}
	d.do("GET", "/beta"+d.job()+"/objectConnections", nil, 400)
	d.do("POST", "/users", object{"displayName": "x"}, 400)
	d.do("POST", "/groups", object{"nonsense": "x"}, 400)
	d.do("POST", "/invitations", object{}, 400)
	d.do("POST", policy+"/partners", object{"tenantId": ids["b"]}, 409)
	d.do("DELETE", policy+"/partners/"+ids["b"], nil, 400)
	d.do("PUT", "/users", nil, 405)
	var many []object
	for i := range 21 {
		many = append(many, object{"id": fmt.Sprint(i), "method": "GET", "url": "/users"})
	}
	d.do("POST", "/$batch", object{"requests": many}, 400)
	d.tokens["nobody"] = "nonsense"
	d.as("nobody", func() { d.do("GET", "/users", nil, 401) })
	d.tokens["nothing"] = ""
	d.as("nothing", func() { d.do("GET", "/users", nil, 401) })
	d.as("annie", func() { d.do("GET", "/applications", nil, 403) })
}
