package dir

import (
	"container/heap"
	"slices"
)

type placed struct {
	user *User
	slot int
}

// worst is a heap with the last of the kept users on top.
type worst struct {
	list  []placed
	after func(a, b placed) bool
}

func (w *worst) Len() int           { return len(w.list) }
func (w *worst) Less(i, j int) bool { return w.after(w.list[i], w.list[j]) }
func (w *worst) Swap(i, j int)      { w.list[i], w.list[j] = w.list[j], w.list[i] }
func (w *worst) Push(x any)         { w.list = append(w.list, x.(placed)) }
func (w *worst) Pop() any {
	last := w.list[len(w.list)-1]
	w.list = w.list[:len(w.list)-1]
	return last
}

// OrderedUsers is one page of live users in an order; equals keep the order of creation. The cursor is 0 at first
// and then what next was: it names the last user of the page before, so a page costs one pass over the directory at
// any place, and no sort of the whole. matched counts all that keep accepts.
func (t *Tenant) OrderedUsers(cursor, n int, keep func(*User) bool, compare func(a, b *User) int) (page []*User, next, matched int) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	order := func(a, b placed) int {
		if c := compare(a.user, b.user); c != 0 {
			return c
		}
		return a.slot - b.slot
	}
	var last *placed
	if slot := cursor - 1; slot >= 0 && slot < len(t.users.slots) && t.users.slots[slot].cur != nil {
		last = &placed{t.users.slots[slot].cur, slot}
	} else if cursor > 0 {
		return nil, 0, 0 // the user is gone for good
	}
	kept := &worst{after: func(a, b placed) bool { return order(a, b) > 0 }}
	for i := range t.users.slots {
		u := t.seen(&t.users.slots[i])
		if u == nil || u.Deleted != 0 || keep != nil && !keep(u) {
			continue
		}
		matched++
		p := placed{u, i}
		if last != nil && order(p, *last) <= 0 {
			continue
		}
		if len(kept.list) <= n {
			heap.Push(kept, p)
		} else if order(p, kept.list[0]) < 0 {
			kept.list[0] = p
			heap.Fix(kept, 0)
		}
	}
	slices.SortFunc(kept.list, order)
	for i, p := range kept.list {
		if i == n {
			return page, kept.list[n-1].slot + 1, matched
		}
		page = append(page, p.user)
	}
	return page, 0, matched
}
