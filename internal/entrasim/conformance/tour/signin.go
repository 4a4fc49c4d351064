package tour

import (
	"encoding/json"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
)

func (d *driver) appToken(tenant string) (string, error) {
	return d.token(tenant, url.Values{"grant_type": {"client_credentials"}, "client_id": {clientID}, "client_secret": {clientSecret},
		"scope": {"https://graph.microsoft.com/.default"}})
}

func (d *driver) token(tenant string, form url.Values) (string, error) {
	res, err := d.http.PostForm(d.sim.BaseURL()+"/"+ids[tenant]+"/oauth2/v2.0/token", form)
	if err != nil {
		return "", err
	}
	defer func() { _ = res.Body.Close() }()
	var out struct {
		AccessToken string `json:"access_token"`
		Description string `json:"error_description"`
	}
	if err := json.NewDecoder(res.Body).Decode(&out); err != nil || out.AccessToken == "" {
		return "", fmt.Errorf("no token for tenant %s: %d %s %v", tenant, res.StatusCode, out.Description, err)
	}
	return out.AccessToken, nil
}

var signinForm = regexp.MustCompile(`<form id="signin" method="post" action="([^"]+)"`)

// personToken signs a person in with a code.
func (d *driver) personToken(tenant, upn string) (string, error) {
	ask := url.Values{"client_id": {clientID}, "response_type": {"code"}, "redirect_uri": {"http://localhost"},
		"scope": {"openid User.Read"}, "state": {"s"}}
	res, err := d.http.Get(d.sim.BaseURL() + "/" + ids[tenant] + "/oauth2/v2.0/authorize?" + ask.Encode())
	if err != nil {
		return "", err
	}
	page, err := io.ReadAll(res.Body)
	_ = res.Body.Close()
	match := signinForm.FindSubmatch(page)
	if err != nil || match == nil {
		return "", fmt.Errorf("no sign-in form: %d %v", res.StatusCode, err)
	}
	req, err := http.NewRequestWithContext(d.ctx, http.MethodPost, d.sim.BaseURL()+html.UnescapeString(string(match[1])), nil)
	if err != nil {
		return "", err
	}
	res, err = d.http.PostForm(req.URL.String(), url.Values{"login": {upn}, "passwd": {"Pass-" + upn}})
	if err != nil {
		return "", err
	}
	_ = res.Body.Close()
	to, err := res.Location()
	if err != nil {
		return "", fmt.Errorf("no redirect after sign-in: %d %w", res.StatusCode, err)
	}
	return d.token(tenant, url.Values{"grant_type": {"authorization_code"}, "client_id": {clientID}, "client_secret": {clientSecret},
		"code": {to.Query().Get("code")}, "redirect_uri": {"http://localhost"}})
}
