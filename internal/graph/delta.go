package graph

import (
	"context"
	"strings"

	"github.com/microsoftgraph/msgraph-sdk-go/groups"
	"github.com/microsoftgraph/msgraph-sdk-go/users"

	ours "entente.dev/entente/internal/directory"
	"entente.dev/entente/internal/problem"
)

// Fields is the set of properties that an answer carried. In a delta, a property that is missing did not
// change or was never set; one that is null was cleared.
type Fields uint16

// The tracked properties of users and groups.
const (
	FieldUPN Fields = 1 << iota
	FieldDisplayName
	FieldMail
	FieldUserType
	FieldEnabled
	FieldCreationType
	FieldExternalState
	FieldListed
	FieldOnPremises
	FieldNickname
	FieldDescription
	FieldSecurity
	FieldGroupTypes
	FieldDepartment // of a user
	FieldJobTitle
)

// Has tells whether all of the given fields were present.
func (f Fields) Has(field Fields) bool { return f&field == field }

// Why an object left a delta.
const (
	RemovedChanged = "changed" // soft-deleted, restorable
	RemovedDeleted = "deleted" // gone for good
)

// UserChange is one item of a user delta. Items may repeat and come in any order; the last one wins.
type UserChange struct {
	ours.User
	Removed string // "", RemovedChanged or RemovedDeleted
	Present Fields
}

// Merge applies the change to what was known: present properties replace, missing ones stay.
func (ch UserChange) Merge(known ours.User) ours.User {
	if known.ID != ch.ID {
		known = ours.User{}
	}
	u := ch.User
	keep(ch.Present, FieldUPN, &u.UserPrincipalName, known.UserPrincipalName)
	keep(ch.Present, FieldDisplayName, &u.DisplayName, known.DisplayName)
	keep(ch.Present, FieldMail, &u.Mail, known.Mail)
	keep(ch.Present, FieldDepartment, &u.Department, known.Department)
	keep(ch.Present, FieldJobTitle, &u.JobTitle, known.JobTitle)
	keep(ch.Present, FieldUserType, &u.UserType, known.UserType)
	keep(ch.Present, FieldEnabled, &u.Enabled, known.Enabled)
	keep(ch.Present, FieldCreationType, &u.CreationType, known.CreationType)
	keep(ch.Present, FieldExternalState, &u.ExternalUserState, known.ExternalUserState)
	keep(ch.Present, FieldListed, &u.ShowInAddressList, known.ShowInAddressList)
	keep(ch.Present, FieldOnPremises, &u.OnPremisesSync, known.OnPremisesSync)
	return u
}

func keep[T any](present, field Fields, value *T, known T) {
	if !present.Has(field) {
		*value = known
	}
}

// UsersDelta reads all users when link is "", otherwise what changed since that link, and returns the link
// for the next time. DeltaReset means that the link is gone: start again with "". A failed call leaves
// nothing to continue from: what yield saw must be discarded.
//
// GET /users/delta · User.Read.All · identity 1 RU a page · learn.microsoft.com/graph/api/user-delta, checked 2026-11.
// Links live seven days. Page size cannot be chosen. A soft-deleted user comes as "changed".
func (c *Client) UsersDelta(ctx context.Context, link string, yield func(UserChange) error) (string, error) {
	r := c.begin(ctx, opUsersDelta)
	info, err := c.sdk.Users().Delta().ToGetRequestInformation(r.ctx, &users.DeltaRequestBuilderGetRequestConfiguration{
		QueryParameters: &users.DeltaRequestBuilderGetQueryParameters{Select: userSelect},
	})
	if link != "" {
		if info, err = r.link(link); err != nil {
			return "", r.problem(problem.Rejected, err.Error(), "forget the stored link and read everything")
		}
	}
	next, err := pages(r, func(items []wireUser) error {
		for i := range items {
			ch, err := r.userChange(&items[i])
			if err == nil {
				err = yield(ch)
			}
			if err != nil {
				return err
			}
		}
		return nil
	}, info, err)
	return r.deltaLink(next, err)
}

// deltaLink insists on a link: a delta without one cannot be continued, so its round is not complete.
func (r request) deltaLink(link string, err error) (string, error) {
	if err != nil {
		return "", err
	}
	if link == "" {
		return "", r.problem(problem.Incomplete, "the last page has no delta link", "everything is read again")
	}
	if _, err := checkLink(r.client.base, link); err != nil {
		return "", r.problem(problem.Rejected, err.Error(), "the answer did not come from the configured Graph; check the proxy and the base URL")
	}
	return link, nil
}

func (r request) userChange(w *wireUser) (UserChange, error) {
	if w.ID == "" {
		return UserChange{}, r.bug("a changed user without an id", nil)
	}
	ch := UserChange{User: w.user()}
	for field, set := range map[Fields]bool{
		FieldUPN: w.UPN.Set, FieldDisplayName: w.DisplayName.Set, FieldMail: w.Mail.Set, FieldUserType: w.UserType.Set,
		FieldEnabled: w.Enabled.Set, FieldCreationType: w.CreationType.Set, FieldExternalState: w.ExternalUserState.Set,
		FieldListed: w.ShowInAddressList.Set, FieldOnPremises: w.OnPremisesSync.Set, FieldDepartment: w.Department.Set, FieldJobTitle: w.JobTitle.Set,
	} {
		if set {
			ch.Present |= field
		}
	}
	if w.Removed != nil {
		ch.Removed = removed(w.Removed.Reason)
	}
	return ch, nil
}

// removed keeps the two documented reasons and reads any other as the restorable one, which is the careful
// reading: nothing is taken for gone for good.
func removed(reason string) string {
	if strings.EqualFold(reason, RemovedDeleted) {
		return RemovedDeleted
	}
	return RemovedChanged
}

// maxDeltaGroups is how many ids a groups delta may name (learn.microsoft.com/graph/api/group-delta).
const maxDeltaGroups = 50

// GroupChange is one item of a groups delta. A large group comes in several items with different members.
type GroupChange struct {
	ours.Group          // without members
	Removed    string   // "", RemovedChanged or RemovedDeleted
	Present    Fields   // of the group's own properties
	Added      []Member // members that joined
	Left       []string // ids of members that left; soft-deleted users do not appear here
}

// GroupsDelta follows at most 50 groups and their direct members, as UsersDelta follows users; the ids are
// only read when link is "". The caller has to drop soft-deleted users from memberships itself: Graph keeps
// them as members until they are gone for good.
//
// GET /groups/delta · GroupMember.Read.All · identity 1 RU a page · learn.microsoft.com/graph/api/group-delta, checked 2026-11.
func (c *Client) GroupsDelta(ctx context.Context, link string, ids []string, yield func(GroupChange) error) (string, error) {
	r := c.begin(ctx, opGroupsDelta)
	if link == "" && (len(ids) == 0 || len(ids) > maxDeltaGroups) {
		return "", r.problem(problem.Invalid, "a groups delta follows 1 to 50 groups", "split the groups")
	}
	terms := make([]string, len(ids))
	for i, id := range ids {
		terms[i] = "id eq " + quote(id)
	}
	info, err := c.sdk.Groups().Delta().ToGetRequestInformation(r.ctx, &groups.DeltaRequestBuilderGetRequestConfiguration{
		QueryParameters: &groups.DeltaRequestBuilderGetQueryParameters{Select: append([]string{"members"}, groupSelect...), Filter: ptr(strings.Join(terms, " or "))},
	})
	if link != "" {
		if info, err = r.link(link); err != nil {
			return "", r.problem(problem.Rejected, err.Error(), "forget the stored link and read everything")
		}
	}
	next, err := pages(r, func(items []wireGroup) error {
		for i := range items {
			ch, err := r.groupChange(&items[i])
			if err == nil {
				err = yield(ch)
			}
			if err != nil {
				return err
			}
		}
		return nil
	}, info, err)
	return r.deltaLink(next, err)
}

func (r request) groupChange(w *wireGroup) (GroupChange, error) {
	if w.ID == "" {
		return GroupChange{}, r.bug("a changed group without an id", nil)
	}
	ch := GroupChange{Group: w.group()}
	for field, set := range map[Fields]bool{
		FieldDisplayName: w.DisplayName.Set, FieldNickname: w.Nickname.Set, FieldDescription: w.Description.Set,
		FieldSecurity: w.Security.Set, FieldGroupTypes: w.GroupTypes.Set,
	} {
		if set {
			ch.Present |= field
		}
	}
	for _, m := range w.Members {
		if m.Removed != nil {
			ch.Left = append(ch.Left, m.ID)
		} else {
			ch.Added = append(ch.Added, Member{ID: m.ID, Type: m.Type})
		}
	}
	if w.Removed != nil {
		ch.Removed = removed(w.Removed.Reason)
	}
	return ch, nil
}
