package console

import (
	"bytes"
	"encoding/json"
)

// indent lays a JSON document out for reading. What is none stays as it is.
func indent(text string) string {
	var b bytes.Buffer
	if json.Indent(&b, []byte(text), "", "  ") != nil {
		return text
	}
	return b.String()
}
