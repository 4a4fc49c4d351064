package dir

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

type fixedClock struct{}

func (fixedClock) Now() time.Time { return time.Unix(1_700_000_000, 0) }

func TestOrderedPagesAreTheSortedWhole(t *testing.T) {
	d := NewTenant("0a000000-0000-4000-8000-00000000000a", "a", "A", "a.example", fixedClock{})
	for i := range 500 {
		u := &User{ID: fmt.Sprint(i), AccountEnabled: i%3 > 0}
		u.S[UPN], u.S[DisplayName] = fmt.Sprintf("u%d@a.example", i), fmt.Sprint(i*7919%97)
		d.Seed(u)
	}
	compare := func(a, b *User) int { return strings.Compare(a.S[DisplayName], b.S[DisplayName]) }
	for name, keep := range map[string]func(*User) bool{"all": nil, "enabled": func(u *User) bool { return u.AccountEnabled }} {
		want, _ := d.Users(0, 1<<31-1, keep)
		slices.SortStableFunc(want, compare)
		var got []*User
		for cursor, first := 0, true; first || cursor > 0; first = false {
			page, next, matched := d.OrderedUsers(cursor, 33, keep, compare)
			if matched != len(want) {
				t.Fatalf("%s: %d matched, want %d", name, matched, len(want))
			}
			got, cursor = append(got, page...), next
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: pages differ from the sorted whole", name)
		}
	}
	if page, next, _ := d.OrderedUsers(9999, 5, nil, compare); page != nil || next != 0 {
		t.Error("a cursor behind the end")
	}
}
