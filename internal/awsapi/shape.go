package awsapi

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"

	"firn/glacier"
)

// Decode reads the parameters into the struct that in points to, and notes
// them for the trail. Parameters that the struct has no field for are passed
// over; those that the action needs must be there; none may be there twice.
//
// A field has its parameter's name, or a tag json that has it. It may be a
// string, a bool, an int, an int64, a []byte (base64 on the wire), a struct, or
// a list or a map of strings or structs; a pointer tells an absent one from an
// empty one. An embedded struct's fields count as the outer one's. In the Query
// protocol a list is Name.member.1 and a map is Name.entry.1.key and .value,
// unless a tag says otherwise:
//
//	Tags       []tag             // Tags.member.1.Key
//	Queues     []string          `param:"QueueName"`            // QueueName.1
//	Attributes map[string]string                                // Attributes.entry.1.key, Attributes.entry.1.value
//	Settings   map[string]string `param:"Attribute Name Value"` // Attribute.1.Name, Attribute.1.Value
//
// In the JSON protocol the tag param has no meaning.
func (c *Call) Decode(in any) error {
	v := reflect.ValueOf(in).Elem()
	if c.JSON {
		return c.decodeJSON(v)
	}
	root := grow(c.form)
	c.Asked = map[string]string{}
	for _, f := range fieldsOf(v) {
		c.note(f.name, root.below[f.top()])
	}
	for _, f := range fieldsOf(v) {
		if err := c.decodeField(root, f, f.name); err != nil {
			return err
		}
	}
	for name := range strings.FieldsSeq(c.Action.Needs) {
		if !given(root, v, name) {
			return c.missing(name)
		}
	}
	return nil
}

// given reports whether the parameter of a field is there.
func given(root *node, v reflect.Value, name string) bool {
	for _, f := range fieldsOf(v) {
		if f.name == name {
			return root.below[f.top()] != nil
		}
	}
	return false
}

// A field is one of a struct that parameters are read into.
type field struct {
	name       string
	path       string // of its parameter
	key, value string // of a map's entries
	v          reflect.Value
}

// top is the first part of the parameter's name.
func (f field) top() string {
	top, _, _ := strings.Cut(f.path, ".")
	return top
}

// fieldsOf are the fields of a struct, with those of structs embedded in it.
func fieldsOf(v reflect.Value) []field {
	var list []field
	for i := range v.NumField() {
		t := v.Type().Field(i)
		if t.Anonymous {
			list = append(list, fieldsOf(v.Field(i))...)
			continue
		}
		name, _, _ := strings.Cut(t.Tag.Get("json"), ",")
		name = cmp.Or(name, t.Name)
		f := field{name: name, path: name, v: v.Field(i)}
		tag := strings.Fields(t.Tag.Get("param"))
		switch kind := t.Type.Kind(); {
		case len(tag) == 3:
			f.path, f.key, f.value = tag[0], tag[1], tag[2]
		case len(tag) == 1:
			f.path = tag[0]
		case kind == reflect.Map:
			f.path, f.key, f.value = name+".entry", "key", "value"
		case kind == reflect.Slice && t.Type.Elem().Kind() != reflect.Uint8:
			f.path = name + ".member"
		}
		list = append(list, f)
	}
	return list
}

// decodeField reads a field from what is below n. path is its name in
// messages.
func (c *Call) decodeField(n *node, f field, path string) error {
	n = n.at(f.path)
	if n == nil {
		return nil
	}
	if f.v.Kind() == reflect.Map {
		return c.decodeMap(n, f, path)
	}
	return c.decodeValue(n, f.v, path)
}

func (c *Call) decodeValue(n *node, v reflect.Value, path string) error {
	switch {
	case v.Kind() == reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		return c.decodeValue(n, v.Elem(), path)
	case v.Kind() == reflect.Struct:
		for _, f := range fieldsOf(v) {
			if err := c.decodeField(n, f, path+"."+f.name); err != nil {
				return err
			}
		}
		return nil
	case v.Kind() == reflect.Slice && v.Type().Elem().Kind() != reflect.Uint8:
		return c.decodeList(n, v, path)
	case len(n.values) == 0:
		return nil // something is below it, that it has no place for
	case len(n.values) > 1:
		return c.malformed("The parameter %s was given more than once.", path)
	}
	if !setText(v, n.values[0]) {
		return c.malformed("Value at '%s' is not what it has to be.", path)
	}
	return nil
}

func (c *Call) decodeList(n *node, v reflect.Value, path string) error {
	list, ok := n.members()
	if !ok {
		return c.malformed("The members of '%s' are not numbered from 1 to at most %d.", path, maxMembers)
	}
	v.Set(reflect.MakeSlice(v.Type(), len(list), len(list)))
	for i, m := range list {
		if err := c.decodeValue(m.node, v.Index(i), path+"."+strconv.Itoa(m.number)); err != nil {
			return err
		}
	}
	return nil
}

func (c *Call) decodeMap(n *node, f field, path string) error {
	list, ok := n.members()
	if !ok {
		return c.malformed("The entries of '%s' are not numbered from 1 to at most %d.", path, maxMembers)
	}
	f.v.Set(reflect.MakeMapWithSize(f.v.Type(), len(list)))
	for _, m := range list {
		at := path + "." + strconv.Itoa(m.number)
		key, value := reflect.New(f.v.Type().Key()).Elem(), reflect.New(f.v.Type().Elem()).Elem()
		name := m.node.at(f.key)
		if name == nil {
			return c.malformed("'%s' has no %s.", at, f.key)
		}
		if err := c.decodeValue(name, key, at+"."+f.key); err != nil {
			return err
		}
		if what := m.node.at(f.value); what != nil {
			if err := c.decodeValue(what, value, at+"."+f.value); err != nil {
				return err
			}
		}
		if f.v.MapIndex(key).IsValid() {
			return c.malformed("'%s' has %q more than once.", path, key)
		}
		f.v.SetMapIndex(key, value)
	}
	return nil
}

// setText gives a value what a text says, and reports whether it says such a
// thing.
func setText(v reflect.Value, text string) bool {
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
		return utf8.ValidString(text)
	case reflect.Bool:
		v.SetBool(strings.EqualFold(text, "true"))
		return strings.EqualFold(text, "true") || strings.EqualFold(text, "false")
	case reflect.Int, reflect.Int64:
		n, err := strconv.ParseInt(text, 10, v.Type().Bits())
		v.SetInt(n)
		return err == nil
	case reflect.Slice:
		b, err := base64.StdEncoding.DecodeString(text)
		v.SetBytes(b)
		return err == nil
	}
	panic("awsapi: a parameter cannot be of kind " + v.Kind().String())
}

// decodeJSON is Decode in the JSON protocol. The parameters are read one by one,
// from what the trail is told: a document read as a whole would take queueurl for
// QueueUrl too.
func (c *Call) decodeJSON(v reflect.Value) error {
	refuse := func() error {
		e := Errorf(http.StatusBadRequest, c.h.api.Malformed, "The request is not a JSON document of the form that %s has.", c.Action.Name)
		e.Type = string(glacier.Serialization)
		return e
	}
	var top map[string]json.RawMessage
	if err := json.Unmarshal(c.doc, &top); err != nil {
		return refuse()
	}
	c.Asked = map[string]string{}
	for _, f := range fieldsOf(v) {
		raw, ok := top[f.name]
		if !ok {
			continue
		}
		text := string(raw)
		_ = json.Unmarshal(raw, &text) // what is no string stays as it is
		c.say(f.name, text)
		if err := json.Unmarshal(raw, f.v.Addr().Interface()); err != nil {
			return refuse()
		}
	}
	for name := range strings.FieldsSeq(c.Action.Needs) {
		if raw, ok := top[name]; !ok || string(raw) == "null" {
			return c.missing(name)
		}
	}
	return nil
}

// note notes a parameter for the trail, and what is below it.
func (c *Call) note(name string, n *node) {
	if n == nil {
		return
	}
	if len(n.values) > 0 {
		c.say(name, n.values[0])
	}
	for part, below := range n.below {
		c.note(name+"."+part, below)
	}
}

// say notes a parameter for the trail, unless it is none of its business.
func (c *Call) say(name, value string) {
	top, _, _ := strings.Cut(name, ".")
	for hidden := range strings.FieldsSeq(c.Action.Hides) {
		if hidden == top {
			c.Asked[Camel(top)] = Hidden
			return
		}
	}
	c.Asked[Camel(name)] = value
}

// Camel is a parameter's name in messages and in the trail.
func Camel(name string) string {
	if name == "" {
		return ""
	}
	return strings.ToLower(name[:1]) + name[1:]
}
