package directory

import (
	"slices"
	"strings"
)

// MatchVerdict says how a home user was found in a target, or why not.
type MatchVerdict string

// The verdicts. Only the first three come with a representation.
const (
	ByLink    MatchVerdict = "link" // proven by a provisioning log
	ByUPN     MatchVerdict = "upn"  // the only external object whose name decodes to the home address
	ByMail    MatchVerdict = "mail" // the only external object with the home mail address
	NoMatch   MatchVerdict = "none"
	Ambiguous MatchVerdict = "ambiguous" // two or more candidates: never guessed
	Collision MatchVerdict = "collision" // an internal user of the target has the address; the engine refuses
)

// Found tells whether a representation came with the verdict.
func (v MatchVerdict) Found() bool { return v == ByLink || v == ByUPN || v == ByMail }

// Index answers, for one snapshot, who somebody from elsewhere is there. It is built once and makes each
// answer cheap. The engine itself matches by a key that no API shows (alternativeSecurityIdentifier), so
// addresses are the nearest evidence before a provisioning log proves a pair.
type Index struct {
	snapshot *Snapshot
	byHome   map[string][]User   // decoded home address → external objects
	byMail   map[string][]User   // mail → external objects
	internal map[string]User     // addresses of internal users
	links    map[string][]string // home object id → object ids here
	claimed  map[string]string   // object id here → home object id
}

// NewIndex reads a snapshot once. Later changes of the snapshot are not seen.
func NewIndex(s *Snapshot) *Index {
	x := &Index{
		snapshot: s, byHome: map[string][]User{}, byMail: map[string][]User{}, internal: map[string]User{},
		links: map[string][]string{}, claimed: map[string]string{},
	}
	for _, u := range s.Users {
		x.add(u)
	}
	for _, u := range s.Deleted {
		if u.External() {
			x.add(u) // an internal user in the recycle bin stands in nobody's way
		}
	}
	return x
}

func (x *Index) add(u User) {
	mail := fold(u.Mail)
	if !u.External() {
		x.internal[fold(u.UserPrincipalName)] = u
		if mail != "" {
			x.internal[mail] = u
		}
		return
	}
	if home, ok := HomeAddress(u); ok {
		x.byHome[home] = append(x.byHome[home], u)
	}
	if mail != "" {
		x.byMail[mail] = append(x.byMail[mail], u)
	}
}

// Link records a proven pair. It makes the object that person's and nobody else's.
func (x *Index) Link(homeID, objectID string) {
	if !slices.Contains(x.links[homeID], objectID) {
		x.links[homeID] = append(x.links[homeID], objectID)
	}
	x.claimed[objectID] = homeID
}

// Linked tells whether an object is somebody's proven representation.
func (x *Index) Linked(objectID string) bool { return x.claimed[objectID] != "" }

// Match finds the representation of a home user: the proven one, live before deleted; else the one external
// object with the home address, again live before deleted. With Collision the user returned is the internal
// one that stands in the way.
func (x *Index) Match(home User) (User, MatchVerdict) {
	if u, verdict := x.linked(home.ID); verdict != NoMatch {
		return u, verdict
	}
	byHome := x.byHome[fold(home.UserPrincipalName)]
	mail := fold(home.Mail)
	candidates := map[string]User{}
	for _, u := range slices.Concat(byHome, x.byMail[mail]) {
		if owner := x.claimed[u.ID]; owner == "" || owner == home.ID {
			candidates[u.ID] = u
		}
	}
	for _, deleted := range []bool{false, true} {
		var match User
		count := 0
		for _, u := range candidates {
			if u.DeletedAt.IsZero() != deleted {
				match, count = u, count+1
			}
		}
		if count > 1 {
			return User{}, Ambiguous
		}
		if count == 1 {
			return match, verdictOf(match, byHome)
		}
	}
	for _, address := range []string{fold(home.UserPrincipalName), mail} {
		if u, ok := x.internal[address]; ok && address != "" {
			return u, Collision
		}
	}
	return User{}, NoMatch
}

// Candidates are all objects, live or in the recycle bin, that could be a home user's: the proven ones and those with
// the home address. Match picks one of them or none; what must not be touched by mistake is looked for among all.
func (x *Index) Candidates(home User) []string {
	ids := slices.Clone(x.links[home.ID])
	for _, u := range slices.Concat(x.byHome[fold(home.UserPrincipalName)], x.byMail[fold(home.Mail)]) {
		if owner := x.claimed[u.ID]; owner == "" || owner == home.ID {
			ids = append(ids, u.ID)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

func verdictOf(match User, byHome []User) MatchVerdict {
	if slices.ContainsFunc(byHome, func(u User) bool { return u.ID == match.ID }) {
		return ByUPN
	}
	return ByMail
}

// linked follows proven pairs. A pair whose object is gone for good proves nothing any more.
func (x *Index) linked(homeID string) (User, MatchVerdict) {
	for _, find := range []func(string) (User, bool){x.snapshot.User, x.snapshot.DeletedUser} {
		var match User
		count := 0
		for _, id := range x.links[homeID] {
			if u, ok := find(id); ok {
				match, count = u, count+1
			}
		}
		if count > 1 {
			return User{}, Ambiguous
		}
		if count == 1 {
			return match, ByLink
		}
	}
	return User{}, NoMatch
}

// Match is Index.Match for a single question; link is the proven object id, "" when there is none.
func Match(home User, target *Snapshot, link string) (User, MatchVerdict) {
	x := NewIndex(target)
	if link != "" {
		x.Link(home.ID, link)
	}
	return x.Match(home)
}

// HomeAddress decodes the home address from an external object's name: alias_domain#EXT#@target. The last
// underscore separates, because domains have none. In the recycle bin Entra puts the object id, without
// hyphens, in front of the name.
func HomeAddress(u User) (string, bool) {
	name := u.UserPrincipalName
	if !u.DeletedAt.IsZero() {
		if rest, ok := strings.CutPrefix(fold(name), strings.ReplaceAll(fold(u.ID), "-", "")); ok {
			name = rest
		}
	}
	local, _, ok := strings.Cut(fold(name), "#ext#")
	if !ok {
		return "", false
	}
	at := strings.LastIndexByte(local, '_')
	if at <= 0 || at == len(local)-1 {
		return "", false
	}
	return local[:at] + "@" + local[at+1:], true
}

func fold(s string) string { return strings.ToLower(s) }
