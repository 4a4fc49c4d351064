package graph

import (
	"fmt"
	"net/url"
	"strings"
)

// sameOrigin tells why a URL may not be called, or nil. Scheme, host and port must be the configured ones
// and the path must stay under /v1.0.
func sameOrigin(base, u *url.URL) error {
	switch {
	case u.Scheme != base.Scheme || !strings.EqualFold(hostPort(u), hostPort(base)):
		return fmt.Errorf("refused to call %s://%s: this client only calls %s://%s", u.Scheme, u.Host, base.Scheme, base.Host)
	case u.User != nil:
		return fmt.Errorf("refused a link that carries a user")
	case !strings.HasPrefix(u.Path, strings.TrimRight(base.Path, "/")+"/"):
		return fmt.Errorf("refused a link outside %s", base.Path)
	case strings.Contains(u.Path, "/../") || strings.HasSuffix(u.Path, "/.."):
		return fmt.Errorf("refused a link with a relative path")
	}
	return nil
}

func hostPort(u *url.URL) string {
	if u.Port() == "" && u.Scheme == "https" {
		return u.Hostname() + ":443"
	}
	return u.Host
}

// checkLink parses a next or delta link and checks where it leads.
func checkLink(base *url.URL, link string) (*url.URL, error) {
	u, err := url.Parse(link)
	if err != nil {
		return nil, fmt.Errorf("refused a link that is not a URL")
	}
	return u, sameOrigin(base, u)
}

// quote makes an OData string literal: single quotes around, single quotes inside doubled (OData 4.01 ABNF,
// SQUOTE-in-string). It is the only way a value gets into a filter; percent-encoding is the URL's business.
func quote(value string) string { return "'" + strings.ReplaceAll(value, "'", "''") + "'" }
