package sqs

import (
	"encoding/base64"
	"encoding/xml"
	"maps"
	"slices"
	"strings"

	"firn/internal/record"
)

// The maps of a reply. In XML each entry is an element of its own, in the
// order of the names.
type (
	// settings are attributes that are texts.
	settings map[string]string
	// tags are tags.
	tags map[string]string
	// values are attributes of a message that are typed.
	values map[string]messageAttribute
)

// MarshalXML implements [xml.Marshaler].
func (m settings) MarshalXML(e *xml.Encoder, start xml.StartElement) error {
	return each(m, func(name, value string) error {
		return e.EncodeElement(struct{ Name, Value string }{name, value}, start)
	})
}

// MarshalXML implements [xml.Marshaler].
func (m tags) MarshalXML(e *xml.Encoder, start xml.StartElement) error {
	return each(m, func(key, value string) error {
		return e.EncodeElement(struct{ Key, Value string }{key, value}, start)
	})
}

// MarshalXML implements [xml.Marshaler].
func (m values) MarshalXML(e *xml.Encoder, start xml.StartElement) error {
	type value struct {
		DataType    string
		StringValue *string
		BinaryValue *string
	}
	return each(m, func(name string, a messageAttribute) error {
		v := value{DataType: a.DataType, StringValue: a.StringValue}
		if a.BinaryValue != nil {
			text := base64.StdEncoding.EncodeToString(*a.BinaryValue)
			v.BinaryValue = &text
		}
		return e.EncodeElement(struct {
			Name  string
			Value value
		}{name, v}, start)
	})
}

func each[V any](m map[string]V, do func(name string, value V) error) error {
	for _, name := range slices.Sorted(maps.Keys(m)) {
		if err := do(name, m[name]); err != nil {
			return err
		}
	}
	return nil
}

// A messageAttribute is what goes with a message, and is typed.
type messageAttribute struct {
	DataType    string
	StringValue *string `json:",omitempty"`
	BinaryValue *[]byte `json:",omitempty"`
}

// isBinary reports whether a type is one of bytes.
func isBinary(dataType string) bool {
	logical, _, _ := strings.Cut(dataType, ".")
	return logical == "Binary"
}

// attributesOf are the attributes of a message that came, as the rules have
// them. Which are allowed is for those to say.
func attributesOf(in map[string]messageAttribute) map[string]record.Attribute {
	if len(in) == 0 {
		return nil
	}
	out := make(map[string]record.Attribute, len(in))
	for name, a := range in {
		kept := record.Attribute{Type: a.DataType}
		switch binary := isBinary(a.DataType); {
		case binary && a.BinaryValue != nil:
			kept.Value = base64.StdEncoding.EncodeToString(*a.BinaryValue)
		case !binary && a.StringValue != nil:
			kept.Value = *a.StringValue
		}
		out[name] = kept
	}
	return out
}

// valuesOf are the attributes of a message for a reply.
func valuesOf(in map[string]record.Attribute) values {
	out := values{}
	for name, a := range in {
		v := messageAttribute{DataType: a.Type}
		if raw, err := base64.StdEncoding.DecodeString(a.Value); err == nil && isBinary(a.Type) {
			v.BinaryValue = &raw
		} else {
			v.StringValue = &a.Value
		}
		out[name] = v
	}
	return out
}
