package plan

import (
	"strings"

	"entente.dev/entente/internal/directory"
	"entente.dev/entente/internal/ident"
)

// AppName is the display name of a share's application, and with it our marker: who created something is not
// visible later, its name is. It carries the target's tenant id, so that listing is enough to find it.
func AppName(org string, share ident.Share, targetTenantID string) string {
	return appPrefix(org) + string(share.Source) + "-" + string(share.Target) + " " + targetTenantID
}

func appPrefix(org string) string { return "Entente " + org + " " }

// GroupName is the display name of a share's scope group in the source.
func GroupName(org string, share ident.Share) string {
	return "Entente scope " + org + " " + string(share.Source) + "-" + string(share.Target)
}

// GroupNickname is its mail nickname: letters, digits and hyphens, at most 64 characters as Graph allows.
func GroupNickname(org string, share ident.Share) string {
	name := "entente-" + org + "-" + string(share.Source) + "-" + string(share.Target)
	clean := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '-':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		}
		return '-'
	}, name)
	if len(clean) > 64 {
		clean = clean[:51] + "-" + ident.Short(ident.Digest(name))
	}
	return clean
}

// ourApps finds the share's applications: by the marker, or by our ledger when somebody renamed one.
func (s *sharePlanner) ourApps() []directory.SyncApp {
	var ours []directory.SyncApp
	for _, app := range s.source.Apps {
		recorded := s.in.Owned[app.ServicePrincipalID] && strings.EqualFold(app.CompanyID, s.out.Desired.TargetTenantID)
		if app.DisplayName == s.out.Desired.AppName || recorded {
			ours = append(ours, app)
		}
	}
	return ours
}

// ourGroups finds the share's scope groups in the same way.
func (s *sharePlanner) ourGroups() []directory.Group { return s.groupsOf(s.source, s.share.Share) }
