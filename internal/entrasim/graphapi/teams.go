package graphapi

import (
	"encoding/base64"
	"slices"
	"strings"

	"entente.dev/entente/internal/entrasim/dir"
)

var (
	teamRead  = []string{"TeamMember.Read.All", "TeamMember.ReadWriteNonOwnerRole.All", "TeamMember.ReadWrite.All"}
	teamWrite = []string{"TeamMember.ReadWriteNonOwnerRole.All", "TeamMember.ReadWrite.All"}
	teamOwner = []string{"TeamMember.ReadWrite.All"}
)

// teamRoutes serve the members of teams (graph-setup 7.1). A Microsoft 365 group counts as a team.
func teamRoutes() []*route {
	const members = "/teams/{id}/members"
	return []*route{
		get(members, teamRead, (*call).listTeamMembers), post(members, teamWrite, (*call).addTeamMember),
		post(members+"/add", teamWrite, func(c *call) error { return c.teamBulk(c.joinTeam) }),
		post(members+"/remove", teamOwner, func(c *call) error { return c.teamBulk(c.leaveTeam) }),
		get(members+"/{ref}", teamRead, (*call).getTeamMember), patch(members+"/{ref}", teamWrite, (*call).patchTeamMember),
		del(members+"/{ref}", teamWrite, (*call).deleteTeamMember),
	}
}

const maxTeamBulk = 200

func (c *call) team() (*dir.Group, error) {
	g, ok := c.t.Group(c.params["id"])
	if !ok || !g.Unified() {
		return nil, &dir.Error{Status: 404, Code: "NotFound", Message: "No team found with Group Id " + c.params["id"]}
	}
	return g, nil
}

// membership is opaque to clients.
func membership(tenant, team, user string) string {
	return base64.StdEncoding.EncodeToString([]byte("MCMjMCMj##" + tenant + "##" + team + "##" + user))
}

func (c *call) teamMember(g *dir.Group, id string) dir.Object {
	u, ok := c.t.User(id)
	if !ok {
		return nil
	}
	roles := []any{}
	switch {
	case slices.Contains(c.t.Owners(g.ID), id):
		roles = []any{"owner"}
	case u.S[dir.UserType] == "Guest":
		roles = []any{"guest"}
	}
	o := dir.Object{"id": membership(c.t.ID, g.ID, id), "roles": roles, "displayName": u.S[dir.DisplayName], "userId": id,
		"email": nullable(u.S[dir.Mail]), "tenantId": c.t.ID, "visibleHistoryStartDateTime": "0001-01-01T00:00:00Z"}
	if !c.plain() {
		o["@odata.type"] = "#microsoft.graph.aadUserConversationMember"
	}
	return o
}

func (c *call) listTeamMembers() error {
	g, err := c.team()
	if err != nil {
		return err
	}
	ids, _, _ := c.t.Members(g.ID, 0, 1<<31-1, nil)
	out := []dir.Object{}
	for _, id := range ids {
		if o := c.teamMember(g, id); o != nil {
			out = append(out, o)
		}
	}
	return c.values("teams('"+g.ID+"')/members", out)
}

// joinTeam adds the user of one conversation member, as owner where the roles say so.
func (c *call) joinTeam(g *dir.Group, body map[string]any) (string, *dir.Error) {
	id := ""
	for k, v := range body {
		if strings.EqualFold(k, "user@odata.bind") {
			id = lastSegment(v)
		}
	}
	u, ok := c.t.User(id)
	if !ok {
		return id, &dir.Error{Status: 404, Code: "NotFound", Message: "Failed to find user '" + id + "'."}
	}
	roles, _ := body["roles"].([]any)
	owner := slices.Contains(roles, any("owner"))
	switch {
	case owner && !c.has(teamOwner...):
		return id, &dir.Error{Status: 403, Code: "Forbidden", Message: "Adding owners needs TeamMember.ReadWrite.All."}
	case owner && u.S[dir.UserType] == "Guest":
		return id, &dir.Error{Status: 400, Code: "BadRequest", Message: "A guest cannot own a team."}
	}
	if ids, _, _ := c.t.Members(g.ID, 0, 1, func(m string) bool { return m == u.ID }); len(ids) == 0 {
		if err := c.t.AddMembers(g.ID, []string{u.ID}, c.actor()); err != nil {
			return u.ID, err
		}
	}
	c.own(g, u.ID, owner)
	return u.ID, nil
}

func (c *call) own(g *dir.Group, id string, owner bool) {
	owners := slices.DeleteFunc(c.t.Owners(g.ID), func(x string) bool { return x == id })
	if owner {
		owners = append(owners, id)
	}
	c.t.SetOwners(g.ID, owners)
}

func (c *call) leaveTeam(g *dir.Group, body map[string]any) (string, *dir.Error) {
	id := ""
	for k, v := range body {
		if strings.EqualFold(k, "user@odata.bind") {
			id = lastSegment(v)
		}
	}
	c.own(g, id, false)
	return id, c.t.RemoveMember(g.ID, id, c.actor())
}

func (c *call) addTeamMember() error {
	g, err := c.team()
	if err != nil {
		return err
	}
	body, err := c.decode()
	if err != nil {
		return err
	}
	id, derr := c.joinTeam(g, body)
	if derr != nil {
		return derr
	}
	return c.entity(201, "teams('"+g.ID+"')/members/$entity", c.teamMember(g, id))
}

// teamBulk answers 200 when every item succeeded and 207 otherwise, with an outcome for each.
func (c *call) teamBulk(do func(*dir.Group, map[string]any) (string, *dir.Error)) error {
	g, err := c.team()
	if err != nil {
		return err
	}
	body, err := c.decode()
	if err != nil {
		return err
	}
	values, _ := body["values"].([]any)
	if len(values) == 0 || len(values) > maxTeamBulk {
		return &dir.Error{Status: 400, Code: "BadRequest", Message: "The number of members must be between 1 and 200."}
	}
	status, results := 200, []any{}
	for _, v := range values {
		m, _ := v.(map[string]any)
		id, derr := do(g, m)
		row := map[string]any{"@odata.type": "#microsoft.graph.aadUserConversationMemberResult", "userId": id, "error": nil}
		if derr != nil {
			status = 207
			row["error"] = map[string]any{"code": derr.Code, "message": derr.Message}
		}
		results = append(results, row)
	}
	out := map[string]any{"value": results}
	if !c.plain() {
		out["@odata.context"] = c.context("Collection(microsoft.graph.actionResultPart)")
	}
	return c.json(status, out)
}

// withTeamMember finds the member that an opaque id names.
func (c *call) withTeamMember(f func(g *dir.Group, id string) error) error {
	g, err := c.team()
	if err != nil {
		return err
	}
	raw, err := base64.StdEncoding.DecodeString(c.params["ref"])
	parts := strings.Split(string(raw), "##")
	if err != nil || len(parts) != 4 || parts[2] != g.ID {
		return &dir.Error{Status: 404, Code: "NotFound", Message: "The membership was not found."}
	}
	if ids, _, _ := c.t.Members(g.ID, 0, 1, func(m string) bool { return m == parts[3] }); len(ids) == 0 {
		return &dir.Error{Status: 404, Code: "NotFound", Message: "The membership was not found."}
	}
	return f(g, parts[3])
}

func (c *call) getTeamMember() error {
	return c.withTeamMember(func(g *dir.Group, id string) error {
		return c.entity(200, "teams('"+g.ID+"')/members/$entity", c.teamMember(g, id))
	})
}

func (c *call) patchTeamMember() error {
	return c.withTeamMember(func(g *dir.Group, id string) error {
		body, err := c.decode()
		if err != nil {
			return err
		}
		body["user@odata.bind"] = "https://graph.microsoft.com/v1.0/users/" + id
		if _, derr := c.joinTeam(g, body); derr != nil {
			return derr
		}
		return c.entity(200, "teams('"+g.ID+"')/members/$entity", c.teamMember(g, id))
	})
}

func (c *call) deleteTeamMember() error {
	return c.withTeamMember(func(g *dir.Group, id string) error {
		if slices.Contains(c.t.Owners(g.ID), id) && !c.has(teamOwner...) {
			return &dir.Error{Status: 403, Code: "Forbidden", Message: "Removing owners needs TeamMember.ReadWrite.All."}
		}
		c.own(g, id, false)
		if err := c.t.RemoveMember(g.ID, id, c.actor()); err != nil {
			return err
		}
		return c.noContent()
	})
}
