package iam

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"time"
)

// namespace is that of every element of a reply.
const namespace = "https://iam.amazonaws.com/doc/2010-05-08/"

// Members is a list as the API writes it.
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

// Truncation says whether a list goes on, and with which marker.
type Truncation struct {
	IsTruncated bool
	Marker      string `xml:",omitempty" json:",omitempty"`
}

// when is a time as the API writes it, to the second.
func when(t time.Time) time.Time { return t.UTC().Truncate(time.Second) }

type metadata struct {
	RequestID string `xml:"RequestId"`
}

// encode makes the document of a reply. result is nil if there is nothing to
// say.
func encode(action string, result any, requestID string) ([]byte, error) {
	var b bytes.Buffer
	enc := xml.NewEncoder(&b)
	whole := element(action + "Response")
	whole.Attr = []xml.Attr{{Name: xml.Name{Local: "xmlns"}, Value: namespace}}
	err := enc.EncodeToken(whole)
	if err == nil && result != nil {
		err = enc.EncodeElement(result, element(action+"Result"))
	}
	if err == nil {
		err = enc.EncodeElement(metadata{requestID}, element("ResponseMetadata"))
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

// A refusal is an error on the wire.
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

// refuse makes the document of an error. Whatever is not the API's own is an
// internal failure: logged here, and told to the client only by its request
// id.
func (c *call) refuse(err error) (status int, document []byte) {
	e := refusalOf(err)
	if e == nil {
		c.logFailure(err)
		e = refuse(ServiceFailure, "The request processing has failed because of an unknown error. Request id: %s", c.requestID)
	}
	r := refusal{Space: namespace, RequestID: c.requestID}
	r.Error.Type, r.Error.Code, r.Error.Message = e.Code.fault(), e.Code, e.Message
	document, err = xml.Marshal(r)
	if err != nil {
		c.logFailure(err)
	}
	return e.Status, document
}

// logFailure logs a failure that is not the client's. What fails after the
// client has gone away fails for that reason, and nobody need know.
func (c *call) logFailure(err error) {
	log := c.h.cfg.Log.Error
	if c.ctx.Err() != nil {
		log = c.h.cfg.Log.Debug
	}
	name := ""
	if c.action != nil {
		name = c.action.name
	}
	log("request failed", "request", c.requestID, "operation", name, "err", err)
}

// Decode reads the result of an action from its reply's document.
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
