package remote

import (
	"bytes"
	"encoding/json"

	"firn/glacier"
)

// encode makes a document without the members that are null. SDKs do not send
// what is not set, so nobody knows what Amazon would make of a null.
func encode(document any) ([]byte, error) {
	body, err := glacier.Encode(document)
	if err != nil {
		return nil, err
	}
	var members map[string]any
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if err := d.Decode(&members); err != nil {
		return nil, err
	}
	return glacier.Encode(present(members))
}

// present takes the nulls out of an object and of those in it.
func present(value any) any {
	switch v := value.(type) {
	case map[string]any:
		for name, member := range v {
			if member == nil {
				delete(v, name)
				continue
			}
			v[name] = present(member)
		}
	case []any:
		for i := range v {
			v[i] = present(v[i])
		}
	}
	return value
}
