package e2e

import (
	"fmt"
	"hash/fnv"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// programs is the directory of the built programs. Without ENTENTE_BIN they are built into a place that stays, so
// that nothing is linked again that has not changed.
func programs(t *testing.T) string {
	t.Helper()
	if dir := os.Getenv("ENTENTE_BIN"); dir != "" {
		return dir
	}
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	checkout := fnv.New64a()
	_, _ = checkout.Write([]byte(root))
	dir := filepath.Join(cache, "entente-e2e", fmt.Sprintf("%x", checkout.Sum64()))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	build := exec.CommandContext(t.Context(), "go", "build", "-ldflags=-s -w", "-o", dir+string(filepath.Separator), "./cmd/...")
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the programs: %v\n%s", err, out)
	}
	return dir
}
