package rest

import "firn/glacier"

// decode parses the request's document into a struct. Nothing at all is as good
// as an object without members.
func (c *call) decode(v any) error {
	if c.blank() {
		return nil
	}
	return decode(c.doc, v)
}

func decode(doc []byte, v any) error {
	if glacier.Decode(doc, v) != nil {
		return glacier.Errorf(glacier.Serialization, "Invalid JSON: the request body could not be parsed.")
	}
	return nil
}
