package topology

import "encoding/json"

// SchemaJSON is a JSON Schema (2020-12) of the language, for editors. It is made from the same table that
// Parse reads. It knows forms, not relations: that a tenant exists is Parse's to say.
func SchemaJSON() []byte {
	root := tableSchema(documentTable)
	root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	root["title"] = "Entente topology"
	raw, err := json.MarshalIndent(root, "", "  ")
	if err != nil {
		panic("topology: the schema has no JSON form: " + err.Error()) // a programming error
	}
	return append(raw, '\n')
}

func tableSchema(t *table) map[string]any {
	properties, required := map[string]any{}, []string{}
	for _, f := range t.fields {
		properties[f.name] = fieldSchema(f)
		if f.required {
			required = append(required, f.name)
		}
	}
	schema := map[string]any{"type": "object", "additionalProperties": false, "properties": properties, "description": t.doc}
	if len(required) > 0 {
		schema["required"] = required
	}
	switch t {
	case fromTable:
		schema["minProperties"], schema["maxProperties"] = 1, 1
	case protectedTable:
		schema["oneOf"] = []any{
			map[string]any{"required": []string{"group"}},
			map[string]any{"required": []string{"users"}},
		}
	case freezeTable:
		schema["oneOf"] = []any{
			map[string]any{"required": []string{"from", "to"}},
			map[string]any{"anyOf": []any{
				map[string]any{"required": []string{"days"}},
				map[string]any{"required": []string{"hours"}},
			}},
		}
	case shareTable:
		schema["oneOf"] = []any{
			map[string]any{"required": []string{"mesh"}},
			map[string]any{"required": []string{"from", "to"}},
		}
	}
	return schema
}

func fieldSchema(f field) map[string]any {
	schema := map[string]any{}
	switch f.kind {
	case object:
		return tableSchema(f.child)
	case objects:
		schema["type"], schema["items"] = "array", tableSchema(f.child)
	case number:
		schema["type"], schema["minimum"], schema["maximum"] = "integer", f.min, f.max
	case texts:
		item := map[string]any{"type": "string", "minLength": 1}
		if len(f.values) > 0 {
			item["enum"] = f.values
		}
		schema["type"], schema["items"], schema["minItems"] = "array", item, 1
	case duration:
		schema["type"], schema["pattern"] = "string", `^([0-9]+d)?([0-9.]+(h|m|s|ms|us|ns))*$`
		schema["minLength"] = 1
	case ringsOfSet:
		schema["type"] = "array"
		schema["items"] = map[string]any{"anyOf": []any{
			map[string]any{"type": "integer", "minimum": 1},
			map[string]any{"type": "string", "pattern": `^[0-9]+%?$`},
		}}
	default:
		schema["type"], schema["minLength"] = "string", 1
		if pattern := f.pattern + f.shape; pattern != "" {
			schema["pattern"] = pattern
		}
		if len(f.values) > 0 {
			schema["enum"] = f.values
		}
	}
	if f.doc != "" {
		schema["description"] = f.doc
	}
	if f.standard != "" {
		schema["default"] = defaultValue(f)
	}
	return schema
}

func defaultValue(f field) any {
	if f.kind == number {
		return json.Number(f.standard)
	}
	return f.standard
}
