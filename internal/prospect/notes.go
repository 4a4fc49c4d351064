package prospect

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Note is one sentence. Key never changes its meaning; Text is the English of it with the params put in.
type Note struct {
	Key     string            `json:"key"`
	Params  map[string]string `json:"params,omitempty"`
	Text    string            `json:"text"`
	Warning bool              `json:"warning,omitempty"`
}

// The documented ceilings of a directory: without and with a verified domain. Graph does not tell which of them, or
// which other one, a tenant has.
const (
	smallQuota = 50_000
	largeQuota = 300_000
	nearly     = 80 // percent
)

// The three roles that authorizationPolicy.guestUserRoleId knows.
const (
	guestsAsMembers = "a0b1b346-4d3e-4e8b-98f8-753987be4970"
	guestsLimited   = "10dae51f-b6af-4016-8d66-8c2a99b929b3"
	guestsOnlySelf  = "2af84b1e-32c8-42b7-82bc-daa82404023b"
)

// texts are the English sentences; {name} stands for a param.
var texts = map[string]string{
	"collision.internal": "{count} cannot come: an internal user of this tenant has their address",
	"collision.sameMail": "{count} share a mail address with somebody else of the same tenant: the engine would make one account of both",
	"collision.twin":     "{count} have the same mail address as somebody whom another tenant sends here: both would claim one account",
	"collision.contact":  "{count} have the address of a mail contact of this tenant: search shows both, and the account gets no proxy address",
	"collision.group":    "{count} cannot come: a group of this tenant has their address",

	"unread.contacts":                   "mail contacts could not be checked for the same addresses: grant {permission} to have it done",
	"unread.groups":                     "mail-enabled groups could not be checked for the same addresses: grant {permission} to have it done",
	"unread.authorizationPolicy":        "what guests may see in this tenant could not be read: grant {permission} to have it done",
	"unread.contacts.failed":            "mail contacts could not be checked for the same addresses: {kind}",
	"unread.groups.failed":              "mail-enabled groups could not be checked for the same addresses: {kind}",
	"unread.authorizationPolicy.failed": "what guests may see in this tenant could not be read: {kind}",
	"unread.all.failed":                 "mail contacts and mail-enabled groups could not be checked for the same addresses: {kind}",
	"unread.all":                        "mail contacts and mail-enabled groups were not checked for the same addresses",

	"invites.none": "this tenant lets nobody invite guests (allowInvitesFrom is none): the engine can bring nobody until that is changed",

	"directory":        "the directory would grow from {before} to {after} users, the recycle bin included; groups, devices and applications count against its quota too",
	"directory.small":  "that is {percent} % of the 50,000 objects of a tenant without a verified domain",
	"directory.large":  "that is {percent} % of the 300,000 objects of a tenant with a verified domain",
	"directory.unseen": "this tenant was not observed yet: how full its directory gets is not known",

	"permissions.member":   "Members may list all users, groups, applications and devices, read policies and roles, create groups, register applications and invite guests, unless this tenant turned that off",
	"permissions.as":       "guests of this tenant may see as much as Members",
	"permissions.limited":  "guests of this tenant see their own profile and what they know the name of, and cannot list its users",
	"permissions.onlySelf": "guests of this tenant see their own profile only",
	"permissions.unknown":  "how much guests may see in this tenant was not read",

	"licence": "each of them needs Microsoft Entra ID P1 in their home tenant; none is needed here",

	"time.none":  "the engine has nothing to bring",
	"time.cycle": "the engine needs one or two of its cycles of 40 minutes",
	"time.first": "a first cycle of this size takes {from} to {to} by Microsoft's estimate; after it, changes come with cycles of 40 minutes",
	"leaving":    "{count} would leave: soft-deleted here, and restorable for 30 days",
}

// Keys lists every key, for catalogues of translations.
func Keys() []string { return slices.Sorted(maps.Keys(texts)) }

func note(key string, params ...string) Note {
	n := Note{Key: key, Text: texts[key]}
	for i := 0; i+1 < len(params); i += 2 {
		if n.Params == nil {
			n.Params = map[string]string{}
		}
		n.Params[params[i]] = params[i+1]
		n.Text = strings.ReplaceAll(n.Text, "{"+params[i]+"}", params[i+1])
	}
	return n
}

func warning(key string, params ...string) Note {
	n := note(key, params...)
	n.Warning = true
	return n
}

// Notes puts what was counted, and what was looked up, into sentences. e is nil when nothing was looked up.
func (f Facts) Notes(e *Evidence) []Note {
	var out []Note
	for _, c := range f.Collisions(e) {
		out = append(out, warning("collision."+string(c.Kind), "count", strconv.Itoa(c.Count)))
	}
	out = append(out, unread(e)...)
	if e != nil && e.Invites == "none" {
		out = append(out, warning("invites.none"))
	}
	out = append(out, f.directory()...)
	if f.As == "member" {
		out = append(out, note("permissions.member"), guests(e))
	}
	out = append(out, note("licence"), f.time())
	if n := f.Standing.Leaving; n > 0 {
		out = append(out, note("leaving", "count", strconv.Itoa(n)))
	}
	return out
}

// Collisions are all of them, those that were looked up included.
func (f Facts) Collisions(e *Evidence) []Collision {
	out := slices.Clone(f.Collision)
	if e != nil {
		out = append(out, e.Collisions...)
	}
	return out
}

func unread(e *Evidence) []Note {
	if e == nil {
		return []Note{warning("unread.all")}
	}
	var out []Note
	for _, u := range e.Unread {
		if u.Permission == "" {
			out = append(out, warning("unread."+u.What+".failed", "kind", u.Kind))
			continue
		}
		out = append(out, warning("unread."+u.What, "permission", u.Permission))
	}
	return out
}

func (f Facts) directory() []Note {
	d := f.Directory
	if d == nil {
		return []Note{warning("directory.unseen")}
	}
	out := []Note{note("directory", "before", strconv.Itoa(d.Before), "after", strconv.Itoa(d.After))}
	ceiling, key := smallQuota, "directory.small"
	if d.Before >= smallQuota {
		ceiling, key = largeQuota, "directory.large" // it has more already, so the small one is not this tenant's
	}
	if percent := d.After * 100 / ceiling; percent >= nearly {
		out = append(out, warning(key, "percent", strconv.Itoa(percent)))
	}
	return out
}

func guests(e *Evidence) Note {
	role := ""
	if e != nil {
		role = strings.ToLower(e.GuestRole)
	}
	switch role {
	case guestsAsMembers:
		return note("permissions.as")
	case guestsLimited:
		return note("permissions.limited")
	case guestsOnlySelf:
		return note("permissions.onlySelf")
	}
	return note("permissions.unknown")
}

// time is Microsoft's estimate of a first cycle, 0.01 to 0.08 minutes for everybody in scope, or the documented
// interval where the first cycle is over.
func (f Facts) time() Note {
	s := f.Standing
	all := s.New + s.Guests + s.Members + s.Pending + s.SoftDeleted + s.Blocked
	switch {
	case s.Coming()+s.Waiting == 0:
		return note("time.none")
	case f.Running || all < 1000: // below a thousand the first cycle is documented to end within half an hour
		return note("time.cycle")
	}
	n := note("time.first", "fromMinutes", strconv.Itoa(all/100), "toMinutes", strconv.Itoa(all*8/100))
	n.Text = strings.NewReplacer("{from}", span(all/100), "{to}", span(all*8/100)).Replace(n.Text)
	return n
}

// span is minutes in words.
func span(minutes int) string {
	switch {
	case minutes < 120:
		return fmt.Sprintf("%d minutes", minutes)
	case minutes < 48*60:
		return fmt.Sprintf("%d hours", (minutes+30)/60)
	}
	return fmt.Sprintf("%d days", (minutes+12*60)/(24*60))
}
