package plan

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"time"

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

// BenchmarkReduction plans ten tenants of 50,000 people, each of which shares all of them with the next, when a tenth
// has left its group: 50,000 of 500,000 leave. The baseline is the same world when nobody has left.
func BenchmarkReduction(b *testing.B) {
	const leave = 5_000
	for b.Loop() {
		baseline, _ := planned(b, tenTenants(b, 0), 0)
		took, peak := planned(b, tenTenants(b, leave), 10*leave)
		fmt.Printf("figure plan a reduction of 50,000 of 500,000 in 10 tenants: %.2f s (limit 10; baseline %.2f: nobody leaves), %.0f MiB with the snapshots (limit 1536)\n",
			took.Seconds(), baseline.Seconds(), peak)
		if took > 10*time.Second || peak > 1536 {
			b.Errorf("over its limit: %s, %.0f MiB", took, peak)
		}
	}
}

// tenTenants is what planning reads of that world; so many have left each group.
func tenTenants(b *testing.B, left int) Input {
	b.Helper()
	const tenants, people = 10, 50_000
	var file, sets, shares strings.Builder
	file.WriteString("apiVersion: entente/v1\nkind: Topology\nmetadata: { name: ten }\ntenants:\n")
	for i := range tenants {
		fmt.Fprintf(&file, "  - { name: t%d, tenantId: 0a000000-0000-0000-0000-00000000000%d, domain: t%d.example }\n", i, i, i)
		fmt.Fprintf(&sets, "  - { name: s%d, tenant: t%d, from: { group: Collaboration } }\n", i, i)
		fmt.Fprintf(&shares, "  - { from: t%d, to: t%d }\n", i, (i+1)%tenants)
	}
	w := emptyWorld(b, file.String()+"userSets:\n"+sets.String()+"shares:\n"+shares.String())
	for i := range tenants {
		home, target := ident.Tenant(fmt.Sprintf("t%d", i)), ident.Tenant(fmt.Sprintf("t%d", (i+1)%tenants))
		var ids []string
		for n := range people {
			name := fmt.Sprintf("p%06d", n)
			w.user(home, name)
			w.external(target, home, name, directory.Member)
			ids = append(ids, string(home)+"-"+name)
		}
		w.group(home, "g-"+string(home), "Collaboration")
		w.edit(home, "g-"+string(home), func(g *directory.Group) { g.Users = ids[left:] })
		edge := ident.Share{Source: home, Target: target}
		w.group(home, "scope-"+string(home), GroupName("ten", edge))
		w.edit(home, "scope-"+string(home), func(g *directory.Group) {
			g.Users, g.SecurityEnabled, g.MailNickname = ids, true, GroupNickname("ten", edge)
		})
	}
	return w.in(b)
}

// planned computes and returns how long it took and how many MiB the process held at most, its input included.
func planned(b *testing.B, in Input, removals int) (time.Duration, float64) {
	b.Helper()
	debug.FreeOSMemory() // what built the world is not planning's
	done, ended := make(chan struct{}), make(chan struct{})
	peak := uint64(0)
	go func() {
		defer close(ended)
		for {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			peak = max(peak, m.Sys-m.HeapReleased)
			select {
			case <-done:
				return
			case <-time.After(50 * time.Millisecond):
			}
		}
	}()
	began := time.Now()
	p := Compute(in)
	took := time.Since(began)
	close(done)
	<-ended
	if p.Counts.Removals != removals {
		b.Fatalf("%+v %v", p.Counts, p.Refusals)
	}
	return took, float64(peak) / (1 << 20)
}
