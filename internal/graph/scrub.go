package graph

import (
	"regexp"
	"strings"
)

const maxDetail = 300

var (
	scrubAddress = regexp.MustCompile(`[^\s'"<>(),;:=]+(@|%40|#EXT#)[^\s'"<>(),;]*`)
	scrubQuoted  = regexp.MustCompile(`'[^']*'|"[^"]*"|‘[^’]*’|“[^”]*”`)
	guid         = regexp.MustCompile(`^[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$`)
)

// keptWords are what may stay in quotes: names of the schema, never of people.
var keptWords = map[string]bool{
	"tenantId": true, "userType": true, "showInAddressList": true, "accountEnabled": true, "members": true,
	"mailNickname": true, "displayName": true, "principalId": true, "resourceId": true, "appRoleId": true,
	"User": true, "Group": true, "Member": true, "Guest": true, "resetScope": true, "templateId": true,
	"applicationTemplateId": true, "references": true, "identitySynchronization": true,
}

// Scrub removes from a service's message what may belong to a person: addresses, user principal names and
// everything in quotes that is not a GUID or a word of the schema. It also bounds its length.
func Scrub(message string) string {
	message = strings.Join(strings.Fields(message), " ")
	message = scrubQuoted.ReplaceAllStringFunc(message, func(q string) string {
		inner := strings.Trim(q, `'"‘’“”`)
		if guid.MatchString(inner) || keptWords[inner] {
			return q
		}
		return "'…'"
	})
	message = scrubAddress.ReplaceAllString(message, "…")
	if runes := []rune(message); len(runes) > maxDetail {
		message = string(runes[:maxDetail]) + "…"
	}
	return message
}
