package awsapi

import (
	"encoding/json"
	"fmt"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// callOf is a call of an action with parameters.
func callOf(t *testing.T, action string, form url.Values) *Call {
	h := New(toyAPI(), Config{})
	c := h.newCall(t.Context())
	c.Action, c.form = h.actions[action], form
	return c
}

func TestDecode(t *testing.T) {
	note := "x"
	empty := ""
	for _, tt := range []struct {
		name, form string
		want       toyInput
	}{
		{"nothing", "", toyInput{}},
		{"scalars", "Name=n&Note=x&Yes=true&Count=-3&Bytes=9223372036854775807", toyInput{toyName: toyName{"n"}, Note: &note, Yes: true, Count: -3, Bytes: 1<<63 - 1}},
		{"empty, not absent", "Note=", toyInput{Note: &empty}},
		{"a flat list, in the order of its numbers", "QueueName.10=c&QueueName.2=b&QueueName.1=a", toyInput{Queues: []string{"a", "b", "c"}}},
		{"a list of structs", "Tags.member.1.Key=k&Tags.member.1.Value=v&Tags.member.3.Value=w&Tags.member.3.Id=i", toyInput{Tags: []toyTag{{"k", "v", ""}, {"", "w", "i"}}}},
		{"an empty list", "Tags=", toyInput{}},
		{"a map", "Things.entry.1.key=a&Things.entry.1.value=b&Things.entry.2.key=c", toyInput{Things: map[string]string{"a": "b", "c": ""}}},
		{"a flat map", "Attribute.1.Name=a&Attribute.1.Value=b", toyInput{Options: map[string]string{"a": "b"}}},
		{"a map of structs", "MessageAttributes.entry.1.Name=a&MessageAttributes.entry.1.Value.DataType=String&MessageAttributes.entry.1.Value.StringValue=s" +
			"&MessageAttributes.entry.2.Name=b&MessageAttributes.entry.2.Value.DataType=Binary&MessageAttributes.entry.2.Value.BinaryValue=AP8%3D",
			toyInput{Message: map[string]toyValue{"a": {DataType: "String", StringValue: "s"}, "b": {DataType: "Binary", BinaryValue: []byte{0, 255}}}}},
		{"unknown", "Else=1&Name.Else=1&Tags.entry.1.Key=x&a.b.c.d.e.f.g.h.i.j.k=1&.=&..=", toyInput{}},
	} {
		form, err := url.ParseQuery(tt.form)
		if err != nil {
			t.Fatal(err)
		}
		var in toyInput
		err = callOf(t, "Look", form).Decode(&in)
		if diff := cmp.Diff(tt.want, in, cmp.AllowUnexported(toyInput{})); diff != "" || err != nil {
			t.Errorf("%s: %v, %s", tt.name, err, diff)
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	var long strings.Builder
	for i := range 257 {
		fmt.Fprintf(&long, "&QueueName.%d=q", i+1)
	}
	for _, tt := range []struct{ name, form, want string }{
		{"twice", "Name=a&Name=b", "The parameter Name was given more than once."},
		{"no bool", "Yes=1", "Value at 'Yes' is not what it has to be."},
		{"no number", "Count=three", "Value at 'Count' is not what it has to be."},
		{"a number that is too large", "Bytes=9223372036854775808", "Value at 'Bytes' is not what it has to be."},
		{"no base64", "MessageAttributes.entry.1.Name=a&MessageAttributes.entry.1.Value.BinaryValue=*", "Value at 'Message.1.Value.BinaryValue' is not what it has to be."},
		{"no UTF-8", "Name=%ff", "Value at 'Name' is not what it has to be."},
		{"no UTF-8 in a key", "Things.entry.1.key=%ff", "Value at 'Things.1.key' is not what it has to be."},
		{"a member without a number", "QueueName.x=a", "The members of 'Queues' are not numbered from 1 to at most 256."},
		{"member 0", "QueueName.0=a", "The members of 'Queues' are not numbered from 1 to at most 256."},
		{"member 01", "QueueName.01=a&QueueName.1=a", "The members of 'Queues' are not numbered from 1 to at most 256."},
		{"too many members", long.String(), "The members of 'Queues' are not numbered from 1 to at most 256."},
		{"an entry without a number", "Things.entry.key=a", "The entries of 'Things' are not numbered from 1 to at most 256."},
		{"an entry without a key", "Things.entry.1.value=a", "'Things.1' has no key."},
		{"a key twice", "Things.entry.1.key=a&Things.entry.2.key=a", `'Things' has "a" more than once.`},
	} {
		form, err := url.ParseQuery(tt.form)
		if err != nil {
			t.Fatal(err)
		}
		err = callOf(t, "Look", form).Decode(&toyInput{})
		if e, ok := err.(*Error); !ok || e.Message != tt.want || e.Code != "InvalidToy" || e.Status != 400 {
			t.Errorf("%s: %v, want %s", tt.name, err, tt.want)
		}
	}
}

func TestDecodeCannot(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a parameter became a float")
		}
	}()
	callOf(t, "Look", url.Values{"F": {"1"}}).Decode(&struct{ F float64 }{})
}

// FuzzDecode: whatever a form says, what is read is what it says, within the
// limits, or there is a refusal.
func FuzzDecode(f *testing.F) {
	f.Fuzz(func(t *testing.T, text string) {
		form, err := url.ParseQuery(text)
		if err != nil || strings.Count(text, "&") >= maxParameters {
			return
		}
		var in toyInput
		c := callOf(t, "Make", form)
		if err := c.Decode(&in); err != nil {
			if e := c.Word(err); e.Message == "" || e.Status != 400 || ReadError(e.Status, c.encodeError(e)) == nil {
				t.Fatalf("%+v", e)
			}
			return
		}
		if in.Name != form.Get("Name") || in.Note != nil && *in.Note != form.Get("Note") {
			t.Errorf("%+v", in)
		}
		for _, n := range []int{len(in.Queues), len(in.Tags), len(in.Things), len(in.Options), len(in.Message)} {
			if n > maxMembers {
				t.Errorf("a list of %d", n)
			}
		}
		for name, value := range c.Asked {
			if name == "secret" && value != Hidden {
				t.Errorf("the trail has %s", value)
			}
		}
	})
}

// named is a document with the members only that have the names of parameters.
func named(t *testing.T, text string) []byte {
	var all map[string]json.RawMessage
	if err := json.Unmarshal([]byte(text), &all); err != nil {
		t.Fatal(err)
	}
	known := map[string]json.RawMessage{}
	for _, f := range fieldsOf(reflect.ValueOf(&toyInput{}).Elem()) {
		if raw, ok := all[f.name]; ok {
			known[f.name] = raw
		}
	}
	doc, err := json.Marshal(known)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// FuzzDecodeJSON: what a document says under the very names of parameters is
// read as encoding/json reads it, or refused.
func FuzzDecodeJSON(f *testing.F) {
	f.Fuzz(func(t *testing.T, text string) {
		c := callOf(t, "Make", nil)
		c.JSON, c.doc = true, []byte(text)
		var in, want toyInput
		if err := c.Decode(&in); err != nil {
			if e := c.Word(err); e.Message == "" || e.Status != 400 || !json.Valid(c.encodeError(e)) {
				t.Fatalf("%+v", e)
			}
			return
		}
		if err := json.Unmarshal(named(t, text), &want); err != nil || !reflect.DeepEqual(in, want) {
			t.Errorf("%v, %+v, want %+v", err, in, want)
		}
	})
}
