package config

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
)

// hidden is what a secret shows, whatever is asked of it.
const hidden = "***"

// Secret is a reference to a secret, read when it is used. It prints as ***.
type Secret struct {
	file  string
	env   string
	value string // given directly, by a variable or a flag
}

// FromFile refers to a file.
func FromFile(path string) Secret { return Secret{file: path} }

// FromValue holds the secret itself; for values that the program made.
func FromValue(value string) Secret { return Secret{value: value} }

// IsZero tells whether no secret was configured.
func (s Secret) IsZero() bool { return s == Secret{} }

// Source says where it comes from, for messages; never the secret.
func (s Secret) Source() string {
	switch {
	case s.file != "":
		return "file " + s.file
	case s.env != "":
		return "variable " + s.env
	default:
		return "a value"
	}
}

// Read returns the secret as it is now, without white space around it. A file that others can read is refused.
func (s Secret) Read() (string, error) {
	value := s.value
	switch {
	case s.file != "":
		if err := checkPermissions(s.file); err != nil {
			return "", err
		}
		raw, err := os.ReadFile(s.file)
		if err != nil {
			return "", err
		}
		value = string(raw)
	case s.env != "":
		value = os.Getenv(s.env)
	}
	value = strings.TrimSpace(value)
	if value == "" {
		return "", fmt.Errorf("the secret in %s is empty", s.Source())
	}
	return value, nil
}

// checkPermissions refuses files that others can read and that the group can write. The group may read, because
// platforms mount secrets for a group.
func checkPermissions(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if info.IsDir() {
		return fmt.Errorf("%s is a directory", path)
	}
	if loose := info.Mode().Perm() & 0o027; loose != 0 {
		return &permissionError{path: path, mode: info.Mode().Perm()}
	}
	return nil
}

type permissionError struct {
	path string
	mode os.FileMode
}

func (e *permissionError) Error() string {
	return fmt.Sprintf("%s has mode %#o: others can read or change it", e.path, e.mode)
}

// remedyFor says what to do about a secret that cannot be read.
func remedyFor(err error) string {
	var loose *permissionError
	if errors.As(err, &loose) {
		return "run: chmod 600 " + loose.path
	}
	return "give a file with one line that only this user can read, or a variable that is set"
}

// String is ***.
func (Secret) String() string { return hidden }

// GoString is ***.
func (Secret) GoString() string { return hidden }

// MarshalText is ***, for JSON and YAML.
func (Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// LogValue is ***.
func (Secret) LogValue() slog.Value { return slog.StringValue(hidden) }
