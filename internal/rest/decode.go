package rest

import (
	"bytes"
	"cmp"
	"encoding/json"
	"reflect"

	"firn/glacier"
)

// decode parses the request's document into a struct. Members it does not know
// are ignored, and null is as good as absent. Nothing at all is as good as an
// object without members.
func (c *call) decode(v any) error {
	if c.blank() {
		return nil
	}
	return decode(c.doc, v)
}

func decode(doc []byte, v any) error {
	if err := decodeObject(doc, reflect.ValueOf(v).Elem()); err != nil {
		return glacier.Errorf(glacier.Serialization, "Invalid JSON: the request body could not be parsed.")
	}
	return nil
}

// decodeObject fills a struct from a JSON object. Unlike encoding/json, which
// takes "archiveid" for "ArchiveId", it knows members by their exact names, as
// Glacier does.
func decodeObject(raw []byte, v reflect.Value) error {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(raw, &members); err != nil {
		return err
	}
	for f, field := range v.Fields() {
		raw, ok := members[cmp.Or(f.Tag.Get("json"), f.Name)]
		if !ok || bytes.Equal(raw, []byte("null")) {
			continue
		}
		if err := decodeMember(raw, field); err != nil {
			return err
		}
	}
	return nil
}

// decodeMember fills one field. What it points to may be an object again.
func decodeMember(raw []byte, field reflect.Value) error {
	if t := field.Type(); t.Kind() == reflect.Pointer && t.Elem().Kind() == reflect.Struct {
		field.Set(reflect.New(t.Elem()))
		return decodeObject(raw, field.Elem())
	}
	return json.Unmarshal(raw, field.Addr().Interface())
}
