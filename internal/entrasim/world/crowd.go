package world

import (
	"math/rand/v2"
	"strconv"
	"strings"

	"entente.dev/entente/internal/entrasim/dir"
)

var (
	given       = strings.Fields("Alice Bo Clara David Elin Fatima Gustav Hanna Ivan Jing Karin Lars Mei Nils Olga Per Qing Rosa Sven Tove Ulf Vera Wei Xin Yrsa Zara")
	family      = strings.Fields("Ahl Berg Chen Dahl Ek Falk Gran Holm Idris Jansson Kim Lind Möller Nord Olsen Patel Quist Ros Sand Tran Uhr Vik Wang Xu Yang Zetter")
	departments = strings.Split("Sales,Research,Finance,Legal,Operations,Support,Design,Human Resources", ",")
	jobs        = strings.Split("Engineer,Analyst,Manager,Clerk,Director,Technician,Consultant", ",")
	cities      = strings.Fields("Stockholm Göteborg Malmö Uppsala Oslo Helsinki Shanghai London")
)

// crowd seeds n generated users named user000001@domain and so on. The texts that repeat are shared strings.
func crowd(t *dir.Tenant, g Generator) {
	r := rand.New(rand.NewPCG(g.Seed, 0x9e3779b97f4a7c15))
	t.Reserve(g.Users + 64)
	created := t.Now().AddDate(-1, 0, 0).Unix()
	id := make([]byte, 36)
	for i := range g.Users {
		u := &dir.User{ID: string(stableID(id, r)), AccountEnabled: true, Created: created + int64(i%86400)}
		first, last := given[r.IntN(len(given))], family[r.IntN(len(family))]
		alias := "user" + pad(i+1)
		u.S[dir.DisplayName], u.S[dir.GivenName], u.S[dir.Surname] = first+" "+last, first, last
		u.S[dir.Department], u.S[dir.JobTitle] = departments[r.IntN(len(departments))], jobs[r.IntN(len(jobs))]
		u.S[dir.City], u.S[dir.Country], u.S[dir.CompanyName] = cities[r.IntN(len(cities))], "Sweden", t.DisplayName
		u.S[dir.UsageLocation], u.S[dir.PreferredLanguage] = "SE", "sv-SE"
		u.S[dir.MailNickname], u.S[dir.UserType] = alias, "Member"
		if (i+1)*g.Guests/g.Users > i*g.Guests/g.Users { // scattered evenly
			u.External, u.S[dir.UserType], u.S[dir.CreationType] = true, "Guest", "Invitation"
			u.S[dir.Mail] = alias + "@elsewhere.example"
			u.S[dir.UPN] = dir.ExternalUPN(u.S[dir.Mail], t.InitialDomain)
			u.S[dir.ExternalUserState], u.StateChanged = "Accepted", created
		} else {
			upn := alias + "@" + t.Domain
			u.S[dir.UPN], u.S[dir.Mail] = upn, upn
			u.S[dir.NetID] = u.ID
		}
		t.Seed(u)
	}
}

func pad(n int) string {
	s := strconv.Itoa(n)
	if len(s) < 6 {
		s = "000000"[len(s):] + s
	}
	return s
}

// stableID writes a version 4 GUID drawn from the seeded source.
func stableID(buf []byte, r *rand.Rand) []byte {
	const hex = "0123456789abcdef"
	hi, lo := r.Uint64(), r.Uint64()
	for i := range 36 {
		switch i {
		case 8, 13, 18, 23:
			buf[i] = '-'
			continue
		case 14:
			buf[i] = '4'
			continue
		case 19:
			buf[i] = hex[8+lo&3]
		default:
			if i < 18 {
				buf[i] = hex[hi&15]
				hi >>= 4
			} else {
				buf[i] = hex[lo&15]
			}
		}
		lo = lo>>4 | lo<<60
	}
	return buf
}
