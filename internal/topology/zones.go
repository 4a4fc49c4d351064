package topology

import (
	_ "embed"
	"encoding/base64"
	"fmt"
	"strings"
	"time"
)

// zoneTable is the IANA time zone database: a zone in a line, its name and its TZif file in base64. It is our own
// copy because time.LoadLocation prefers the files of the machine, and a freeze must end at the same moment
// everywhere. Its first line says where it comes from. Renewed with: go test -run TestZoneTable -zones.
//
//go:embed zones.txt
var zoneTable string

// utc is the zone of a freeze that names none.
const utc = "UTC"

// loadZone finds a time zone by its IANA name.
func loadZone(name string) (*time.Location, error) {
	_, rest, found := strings.Cut(zoneTable, "\n"+name+" ")
	if !found || name == "" || name == "#" || strings.ContainsAny(name, " \n") {
		return nil, fmt.Errorf("no time zone %q", name)
	}
	line, _, _ := strings.Cut(rest, "\n")
	data, err := base64.StdEncoding.DecodeString(line)
	if err != nil {
		return nil, fmt.Errorf("time zone %s: %w", name, err)
	}
	return time.LoadLocationFromTZData(name, data)
}

// zoneNames lists every zone, for suggestions.
func zoneNames() []string {
	var names []string
	for line := range strings.Lines(zoneTable) {
		if name, _, _ := strings.Cut(line, " "); name != "#" {
			names = append(names, name)
		}
	}
	return names
}
