package csdl

import (
	"encoding/base64"
	"encoding/json"
	"math/big"
	"regexp"
)

var patterns = map[string]*regexp.Regexp{
	"Edm.Guid":           regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`),
	"Edm.DateTimeOffset": regexp.MustCompile(`^\d{4}-(0[1-9]|1[0-2])-([0-2]\d|3[01])T([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,12})?)?(Z|[+-]\d\d:\d\d)$`),
	"Edm.Date":           regexp.MustCompile(`^\d{4}-\d\d-\d\d$`),
	"Edm.TimeOfDay":      regexp.MustCompile(`^\d\d:\d\d(:\d\d(\.\d+)?)?$`),
	"Edm.Duration":       regexp.MustCompile(`^-?P(\d+D)?(T(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?$`),
}

var ranges = map[string][2]string{
	"Edm.Byte": {"0", "255"}, "Edm.SByte": {"-128", "127"}, "Edm.Int16": {"-32768", "32767"},
	"Edm.Int32": {"-2147483648", "2147483647"}, "Edm.Int64": {"-9223372036854775808", "9223372036854775807"},
}

// primitive tells whether a JSON value (numbers as json.Number) is one of a primitive type.
func primitive(typeName string, v any) bool {
	if limits, ok := ranges[typeName]; ok {
		n, isNumber := v.(json.Number)
		if !isNumber {
			return false
		}
		x, whole := new(big.Int).SetString(n.String(), 10)
		low, _ := new(big.Int).SetString(limits[0], 10)
		high, _ := new(big.Int).SetString(limits[1], 10)
		return whole && x.Cmp(low) >= 0 && x.Cmp(high) <= 0
	}
	switch typeName {
	case "Edm.Boolean":
		_, ok := v.(bool)
		return ok
	case "Edm.Double", "Edm.Single", "Edm.Decimal":
		_, number := v.(json.Number)
		return number || v == "NaN" || v == "INF" || v == "-INF"
	}
	s, ok := v.(string)
	if !ok {
		return false
	}
	switch typeName {
	case "Edm.String":
		return true
	case "Edm.Binary":
		_, err := base64.StdEncoding.DecodeString(s)
		_, err2 := base64.RawURLEncoding.DecodeString(s)
		return err == nil || err2 == nil
	}
	pattern, known := patterns[typeName]
	return known && s != "P" && pattern.MatchString(s)
}
