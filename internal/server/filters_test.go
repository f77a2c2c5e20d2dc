package server

import (
	"fmt"
	"strings"
	"testing"

	"firn/internal/filter"
	"firn/internal/record"
)

func TestFiltersBounded(t *testing.T) {
	f := &filters{}
	match := f.matcher(map[string]record.Attribute{"a": {Type: "Number", Value: "7"}})
	long := strings.Repeat(" ", filter.MaxSize-100)
	largest := 0
	for i := range 2 * maxFilters / filter.MaxSize {
		ok, err := match(fmt.Sprintf(`{"a": [%d]}%s`, i, long), "MessageAttributes", "")
		if err != nil || ok != (i == 7) {
			t.Fatalf("%d: %v, %v", i, ok, err)
		}
		if largest = max(largest, f.size); f.size > maxFilters {
			t.Fatalf("%d bytes remembered", f.size)
		}
	}
	if largest < maxFilters/2 {
		t.Errorf("only %d bytes remembered", largest)
	}
	if _, err := match(`{`, "MessageBody", ""); err == nil {
		t.Error("no policy is one")
	}
}
