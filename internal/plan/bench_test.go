package plan

import (
	"fmt"
	"testing"

	"entente.dev/entente/internal/directory"
	"entente.dev/entente/internal/ident"
)

// BenchmarkCompute plans three tenants of which one shares a large set with both others.
func BenchmarkCompute(b *testing.B) {
	for _, people := range []int{1_000, 100_000} {
		b.Run(fmt.Sprint(people), func(b *testing.B) {
			w := emptyWorld(b, threeTenants)
			for _, tenant := range []ident.Tenant{"a", "b", "c"} {
				w.user(tenant, "one")
				w.group(tenant, "g-"+string(tenant), "Collaboration", "one")
			}
			var ids []string
			for i := range people {
				name := fmt.Sprintf("p%06d", i)
				w.user("b", name)
				ids = append(ids, "b-"+name)
				w.external("c", "b", name, directory.Member)
			}
			w.edit("b", "g-b", func(g *directory.Group) { g.Users = ids })
			in := w.in(b)
			for b.Loop() {
				if p := Compute(in); p.Counts.People != 2*people+4 {
					b.Fatal(p.Counts)
				}
			}
		})
	}
}
