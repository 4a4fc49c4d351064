package dir

import (
	"encoding/json"
	"reflect"
	"strconv"
	"time"
	"unicode/utf8"
)

func sameExtra(a, b map[string]any) bool { return reflect.DeepEqual(a, b) }

// AppendUser appends the selected properties as JSON members, without the braces.
func AppendUser(buf []byte, u *User, fields []*UserField) []byte {
	for i, f := range fields {
		if i > 0 {
			buf = append(buf, ',')
		}
		buf = append(buf, '"')
		buf = append(buf, f.Name...)
		buf = append(buf, '"', ':')
		if f.IsText {
			if s := u.S[f.Text]; s != "" {
				buf = AppendString(buf, s)
			} else {
				buf = append(buf, "null"...)
			}
			continue
		}
		buf = AppendValue(buf, f.Get(u))
	}
	return buf
}

// AppendValue appends any JSON value; the frequent kinds do not go through reflection.
func AppendValue(buf []byte, v any) []byte {
	switch x := v.(type) {
	case nil:
		return append(buf, "null"...)
	case string:
		return AppendString(buf, x)
	case bool:
		return strconv.AppendBool(buf, x)
	case time.Time:
		buf = append(buf, '"')
		buf = x.AppendFormat(buf, "2006-01-02T15:04:05Z")
		return append(buf, '"')
	case []any:
		buf = append(buf, '[')
		for i, item := range x {
			if i > 0 {
				buf = append(buf, ',')
			}
			buf = AppendValue(buf, item)
		}
		return append(buf, ']')
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return append(buf, "null"...)
	}
	return append(buf, raw...)
}

// AppendString appends a JSON string; plain ASCII is copied.
func AppendString(buf []byte, s string) []byte {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < 0x20 || c == '"' || c == '\\' || c >= utf8.RuneSelf {
			raw, _ := json.Marshal(s)
			return append(buf, raw...)
		}
	}
	buf = append(buf, '"')
	buf = append(buf, s...)
	return append(buf, '"')
}
