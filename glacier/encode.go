package glacier

import (
	"bytes"
	"encoding/json"
)

// Encode makes a document as it stands on the wire: compact JSON, its members
// in the order of v's fields, nothing escaped that need not be, and no line feed
// at the end.
func Encode(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
