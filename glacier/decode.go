package glacier

import (
	"bytes"
	"cmp"
	"encoding/json"
	"reflect"
	"strings"
)

// Decode fills the struct that v points to from a JSON object. Unlike
// encoding/json, which takes "archiveid" for "ArchiveId", it knows members by
// their exact names, as Glacier does. Members that it does not know are ignored,
// and null is as good as absent.
func Decode(doc []byte, v any) error {
	return decodeObject(doc, reflect.ValueOf(v).Elem())
}

func decodeObject(raw []byte, v reflect.Value) error {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(raw, &members); err != nil {
		return err
	}
	for f, field := range v.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		raw, ok := members[cmp.Or(name, f.Name)]
		if !ok || bytes.Equal(raw, []byte("null")) {
			continue
		}
		if err := decodeMember(raw, field); err != nil {
			return err
		}
	}
	return nil
}

// decodeMember fills one field. What it points to, or is a list of, may be
// objects again.
func decodeMember(raw []byte, field reflect.Value) error {
	switch t := field.Type(); {
	case t.Kind() == reflect.Pointer && t.Elem().Kind() == reflect.Struct:
		field.Set(reflect.New(t.Elem()))
		return decodeObject(raw, field.Elem())
	case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Struct:
		var list []json.RawMessage
		if err := json.Unmarshal(raw, &list); err != nil {
			return err
		}
		field.Set(reflect.MakeSlice(t, len(list), len(list)))
		for i, raw := range list {
			if err := decodeObject(raw, field.Index(i)); err != nil {
				return err
			}
		}
		return nil
	}
	return json.Unmarshal(raw, field.Addr().Interface())
}
