package filter_test

import (
	"testing"
	"unicode/utf8"

	"firn/internal/filter"
)

func FuzzMatch(f *testing.F) {
	f.Fuzz(func(t *testing.T, policy, body, kind, value string) {
		for _, scope := range []filter.Scope{filter.MessageAttributes, filter.MessageBody} {
			p, err := filter.Parse(policy, scope)
			if err != nil {
				if !utf8.ValidString(err.Error()) {
					t.Errorf("%q", err.Error())
				}
				continue
			}
			attributes := map[string]filter.Attribute{"a": {Type: kind, Value: value}, "a.b": {Type: "Number", Value: value}}
			first := p.Match(filter.NewMessage(attributes), body)
			if again := p.Match(filter.NewMessage(attributes), body); first != again {
				t.Errorf("%v and then %v", first, again)
			}
		}
	})
}
