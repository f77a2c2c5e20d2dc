package topic

import (
	"encoding/json"
	"testing"
)

// An envelope may have to stand in XML, and says the same there.
func TestQuote(t *testing.T) {
	for text, want := range map[string]string{
		"a<b>&\"c\"":        `"a<b>&\"c\""`,
		"\x01\n":            `"\u0001\n"`,
		"a\ufffeb\uffff":    `"a\ufffeb\uffff"`,
		`a\ufffe`:           `"a\\ufffe"`,
		"\U0001f9ca \ufffd": "\"\U0001f9ca \ufffd\"",
	} {
		got := quote(text)
		var back string
		if err := json.Unmarshal(got, &back); string(got) != want || back != text || err != nil {
			t.Errorf("quote(%q) = %s, which is %q, %v; want %s", text, got, back, err, want)
		}
	}
}
