package graphapi

import (
	"slices"
	"strings"
	"time"

	"entente.dev/entente/internal/entrasim/dir"
)

// passwordRoutes add and remove client secrets of applications and service principals.
func passwordRoutes() []*route {
	var out []*route
	for _, set := range []string{"/applications", "/servicePrincipals"} {
		col := func(c *call) *dir.Collection {
			if set == "/applications" {
				return c.t.Applications
			}
			return c.t.ServicePrincipals
		}
		out = append(out,
			post(set+"/{id}/addPassword", appsWrite, func(c *call) error { return c.addPassword(col(c)) }),
			post(set+"/{id}/removePassword", appsWrite, func(c *call) error { return c.removePassword(col(c)) }))
	}
	return out
}

// addPassword makes a client secret; its text is shown this once.
func (c *call) addPassword(col *dir.Collection) error {
	o, err := c.resolve(col)
	if err != nil {
		return err
	}
	if err := c.owned(o); err != nil {
		return err
	}
	m, err := c.decode()
	if err != nil {
		return err
	}
	asked, _ := m["passwordCredential"].(map[string]any)
	secret := dir.Secret{KeyID: dir.NewID(), Text: "sim~" + strings.ReplaceAll(dir.NewID()+dir.NewID(), "-", "")[:36], Start: c.s.Now(), End: c.s.Now().AddDate(2, 0, 0)}
	for name, at := range map[string]*time.Time{"startDateTime": &secret.Start, "endDateTime": &secret.End} {
		text, given := asked[name].(string)
		if !given {
			continue
		}
		if *at, err = time.Parse(time.RFC3339, text); err != nil {
			return dir.BadRequest("Invalid value specified for property '%s' of resource 'PasswordCredential'.", name)
		}
	}
	appID := o.Text("appId")
	c.t.SetSecrets(appID, append(c.t.Secrets(appID), secret))
	shown := dir.Object{"customKeyIdentifier": nil, "displayName": asked["displayName"], "keyId": secret.KeyID,
		"secretText": nil, "hint": secret.Text[:3], "startDateTime": secret.Start.UTC(), "endDateTime": secret.End.UTC()}
	held, _ := o["passwordCredentials"].([]any)
	if derr := col.Update(o.ID(), dir.Object{"passwordCredentials": append(slices.Clone(held), map[string]any(shown))}); derr != nil {
		return derr
	}
	return c.entity(200, "microsoft.graph.passwordCredential", dir.Merge(shown, dir.Object{"secretText": secret.Text}))
}

func (c *call) removePassword(col *dir.Collection) error {
	o, err := c.resolve(col)
	if err != nil {
		return err
	}
	if err := c.owned(o); err != nil {
		return err
	}
	m, err := c.decode()
	if err != nil {
		return err
	}
	key, _ := m["keyId"].(string)
	isKey := func(id string) bool { return key != "" && strings.EqualFold(id, key) }
	appID := o.Text("appId")
	secrets := c.t.Secrets(appID)
	left := slices.DeleteFunc(slices.Clone(secrets), func(s dir.Secret) bool { return isKey(s.KeyID) })
	if len(left) == len(secrets) {
		return dir.BadRequest("No password credential found with keyId.")
	}
	c.t.SetSecrets(appID, left)
	held, _ := o["passwordCredentials"].([]any)
	held = slices.DeleteFunc(slices.Clone(held), func(v any) bool {
		p, _ := v.(map[string]any)
		id, _ := p["keyId"].(string)
		return isKey(id)
	})
	if derr := col.Update(o.ID(), dir.Object{"passwordCredentials": held}); derr != nil {
		return derr
	}
	return c.noContent()
}
