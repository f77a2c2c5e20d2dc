package awsapi

import (
	"bytes"
	"cmp"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
)

const (
	xmlType  = "text/xml"
	jsonType = "application/x-amz-json-1.0"
	// targetHeader names the action in the JSON protocol.
	targetHeader = "X-Amz-Target"
)

func (c *Call) contentType() string {
	if c.JSON {
		return jsonType
	}
	return xmlType
}

// Members is a list as most of the APIs write it.
type Members[T any] struct {
	Member []T `xml:"member"`
}

// MarshalJSON makes it a list and nothing else.
func (m Members[T]) MarshalJSON() ([]byte, error) {
	if m.Member == nil {
		return []byte("[]"), nil
	}
	return json.Marshal(m.Member)
}

// Entries is a map as SNS writes it, in the order of the keys.
type Entries map[string]string

// MarshalXML implements [xml.Marshaler].
func (m Entries) MarshalXML(e *xml.Encoder, start xml.StartElement) error {
	type entry struct {
		Key   string `xml:"key"`
		Value string `xml:"value"`
	}
	var list struct {
		Entry []entry `xml:"entry"`
	}
	for _, key := range slices.Sorted(maps.Keys(m)) {
		list.Entry = append(list.Entry, entry{key, m[key]})
	}
	return e.EncodeElement(list, start)
}

type metadata struct {
	RequestID string `xml:"RequestId"`
}

// encode makes the document of a reply. result is nil if there is nothing to
// say.
func (c *Call) encode(result any) ([]byte, error) {
	if !c.JSON {
		return c.encodeXML(result)
	}
	if result == nil {
		return []byte("{}"), nil
	}
	document, err := json.Marshal(result)
	if err != nil {
		return nil, fmt.Errorf("encode the reply: %w", err)
	}
	return document, nil
}

func (c *Call) encodeXML(result any) ([]byte, error) {
	var b bytes.Buffer
	enc := xml.NewEncoder(&b)
	whole := element(c.Action.Name + "Response")
	whole.Attr = []xml.Attr{{Name: xml.Name{Local: "xmlns"}, Value: c.h.api.Namespace}}
	err := enc.EncodeToken(whole)
	if err == nil && result != nil {
		err = enc.EncodeElement(result, element(c.Action.Name+"Result"))
	}
	if err == nil {
		err = enc.EncodeElement(metadata{c.RequestID}, element("ResponseMetadata"))
	}
	if err == nil {
		err = enc.EncodeToken(whole.End())
	}
	if err := errors.Join(err, enc.Close()); err != nil {
		return nil, fmt.Errorf("encode the reply: %w", err)
	}
	return b.Bytes(), nil
}

func element(name string) xml.StartElement { return xml.StartElement{Name: xml.Name{Local: name}} }

// A refusal is an error on the wire in the Query protocol.
type refusal struct {
	XMLName xml.Name `xml:"ErrorResponse"`
	Space   string   `xml:"xmlns,attr"`
	Error   struct {
		Type    string
		Code    Code
		Message string
	}
	RequestID string `xml:"RequestId"`
}

// encodeError makes the document of an error. It is made of strings, which can
// always be encoded.
func (c *Call) encodeError(e *Error) (document []byte) {
	var err error
	if c.JSON {
		document, err = json.Marshal(struct {
			Type    string `json:"__type"`
			Message string `json:"message"`
		}{cmp.Or(e.Type, string(e.Code)), e.Message})
	} else {
		r := refusal{Space: c.h.api.Namespace, RequestID: c.RequestID}
		r.Error.Type, r.Error.Code, r.Error.Message = e.fault(), e.Code, e.Message
		document, err = xml.Marshal(r)
	}
	if err != nil {
		c.logFailure(err)
	}
	return document
}

// Decode reads the result of an action from its reply's document, which is
// XML.
func Decode(document []byte, action string, result any) error {
	dec := xml.NewDecoder(bytes.NewReader(document))
	for {
		t, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return fmt.Errorf("the reply has no %sResult", action)
		}
		if err != nil {
			return fmt.Errorf("read the reply: %w", err)
		}
		if start, ok := t.(xml.StartElement); ok && start.Name.Local == action+"Result" {
			return dec.DecodeElement(result, &start)
		}
	}
}
