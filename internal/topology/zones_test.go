package topology

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

var renewZones = flag.Bool("zones", false, "write the zone table from the toolchain's time zone database")

// TestZoneTable: every zone of the table loads by its name, and knows its daylight saving.
func TestZoneTable(t *testing.T) {
	if *renewZones {
		writeZones(t)
		t.Log("written; run again without the flag")
		return
	}
	names := zoneNames()
	if len(names) < 500 {
		t.Fatalf("only %d zones", len(names))
	}
	for _, name := range names {
		if zone, err := loadZone(name); err != nil || zone.String() != name {
			t.Errorf("%s: %v, %v", name, zone, err)
		}
	}
	for _, name := range []string{"", "Europe", "Stockholm", "europe/stockholm", "UTC ", "Local", "A", "#", "\nUTC"} {
		if zone, err := loadZone(name); err == nil {
			t.Errorf("%q is %v", name, zone)
		}
	}
	stockholm, _ := loadZone("Europe/Stockholm")
	for at, want := range map[string]string{"2026-03-29T00:59:59Z": "01:59 +0100", "2026-03-29T01:00:00Z": "03:00 +0200", "2040-10-28T01:00:00Z": "02:00 +0100"} {
		moment, _ := time.Parse(time.RFC3339, at)
		if got := moment.In(stockholm).Format("15:04 -0700"); got != want {
			t.Errorf("%s in Stockholm: %s, want %s", at, got, want)
		}
	}
}

func writeZones(t *testing.T) {
	root, err := exec.CommandContext(t.Context(), "go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	archive, err := zip.OpenReader(filepath.Join(strings.TrimSpace(string(root)), "lib", "time", "zoneinfo.zip"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = archive.Close() }()
	var table bytes.Buffer
	fmt.Fprintf(&table, "# time zones of the IANA database (public domain) as %s carries them\n", runtime.Version())
	for _, file := range archive.File {
		if file.Name == "Factory" || strings.HasSuffix(file.Name, "/") {
			continue
		}
		content, err := file.Open()
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(content)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&table, "%s %s\n", file.Name, base64.StdEncoding.EncodeToString(data))
	}
	if err := os.WriteFile("zones.txt", table.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}
