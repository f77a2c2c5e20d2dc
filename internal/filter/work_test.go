package filter

import (
	"fmt"
	"strings"
	"testing"
)

// numbers are n numbers with commas between them.
func numbers(first, n int) string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprint(first + i)
	}
	return strings.Join(all, ",")
}

func mustParse(t *testing.T, text string) *Policy {
	t.Helper()
	p, err := Parse(text, MessageBody)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// A body as long as a message may be, against the dearest of each kind: the work ends, and what it ends for passes.
func TestWorkEnds(t *testing.T) {
	elements := `{"r": [` + strings.Repeat("1,", 129000) + `1]}`
	long := strings.Repeat("é", 30000)
	for _, tt := range []struct{ name, policy, body string }{
		{"anything-but with many numbers", `{"r": [{"anything-but": [1,` + numbers(2, 149) + `]}]}`, elements},
		{"anything-but whose last member is it", `{"r": [{"anything-but": [` + numbers(2, 149) + `,1]}]}`, elements},
		{"many numbers", `{"r": [` + numbers(2, 150) + `]}`, elements},
		{"long texts", `{"r": [{"equals-ignore-case": "` + long + `a"}]}`, `{"r": [` + strings.Repeat(`"`+long+`b",`, 4) + `0]}`},
		{"numbers that are slow to parse", `{"r": [7]}`, `{"r": [` + strings.Repeat("2.0000000000000000000001e300,", 9000) + `0]}`},
		{"long path", `{"` + strings.Repeat("a.", 30000) + `a": [1]}`, `{"a": {"b": 1}}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, m := mustParse(t, tt.policy), NewMessage(nil)
			passes := false
			for range 200 {
				passes = p.Match(m, tt.body)
			}
			if !passes || !m.exhausted() {
				t.Errorf("%v with %d work left", passes, m.work)
			}
			if m.decodes != 1 {
				t.Errorf("decoded %d times", m.decodes)
			}
		})
	}
}

func TestWorkCounted(t *testing.T) {
	base := func(policy, body string) int {
		m := NewMessage(nil)
		mustParse(t, policy).Match(m, body)
		return maxWork - m.work
	}
	for _, tt := range []struct {
		name, less, more string // policies
		body             string
		want             int // what more costs more
	}{
		{"member of anything-but", `{"r": [{"anything-but": [1, 2]}]}`, `{"r": [{"anything-but": [1, 2, 3]}]}`, `{"r": [9]}`, 1},
		{"members of anything-but, for each value", `{"r": [{"anything-but": [9]}, 9.5]}`, `{"r": [{"anything-but": [8, 9]}, 9.5]}`, `{"r": [9, 9, 9]}`, 3},
		{"number is parsed once", `{"r": [1]}`, `{"r": [1, 2, 3, 4]}`, `{"r": 9}`, 3},
		{"bytes of a text", `{"r": ["a"]}`, `{"r": ["` + strings.Repeat("a", 3200) + `"]}`, `{"r": "` + strings.Repeat("b", 3200) + `"}`, 100},
		{"bytes without regard to case", `{"r": ["a"]}`, `{"r": [{"equals-ignore-case": "` + strings.Repeat("a", 100) + `"}]}`, `{"r": "` + strings.Repeat("b", 3200) + `"}`, 201},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := base(tt.more, tt.body) - base(tt.less, tt.body); got != tt.want {
				t.Errorf("costs %d more, want %d", got, tt.want)
			}
		})
	}
}

func TestMessageShared(t *testing.T) {
	m := NewMessage(map[string]Attribute{"a": {Type: "String.Array", Value: `["x"]`}})
	attributes, err := Parse(`{"a": ["x"]}`, MessageAttributes)
	if err != nil {
		t.Fatal(err)
	}
	body := mustParse(t, `{"r": ["x"]}`)
	for range 200 {
		if !attributes.Match(m, "") || !body.Match(m, `{"r": "x"}`) || body.Match(m, `{"r": "y"}`) || body.Match(m, `no JSON`) {
			t.Fatal("wrong")
		}
	}
	if m.decodes != 4 {
		t.Errorf("decoded %d times: not each once", m.decodes)
	}
}
