package policy

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
)

// Hostile policies and requests. What they may cost is counted, not timed.

// worked evaluates and returns the verdict and the work that it took.
func worked(p *Policy, r *Request) (Verdict, int) {
	e := evaluation{request: r, work: maxWork}
	v := p.evaluate(&e)
	return v, maxWork - e.work
}

// withAgent is a request with a User-Agent.
func withAgent(agent string) *Request {
	return &Request{
		Principal: Principal{Account: "111122223333", ARN: "arn:aws:iam::111122223333:user/alice"},
		Action:    "glacier:DeleteArchive",
		Resource:  "arn:aws:glacier:eu-west-1:111122223333:vaults/photos",
		Value: func(key string) ([]string, bool) {
			return []string{agent}, key == "aws:useragent"
		},
	}
}

// allow is a policy that allows everything on a condition.
func allow(condition string) string {
	return `{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {` + condition + `}}}`
}

// fill repeats s until the policy has almost the size that it may have.
func fill(s string) string { return strings.Repeat(s, (MaxSize-300)/len(s)) }

// different makes many values that are not the same, between a and b.
func different(a, b string) string {
	var s strings.Builder
	for i := 0; s.Len() < MaxSize-400; i++ {
		fmt.Fprintf(&s, `,"%s%d%s"`, a, i, b)
	}
	return s.String()
}

func TestWorkIsBounded(t *testing.T) {
	agent := strings.Repeat("a", 60<<10)
	like := func(patterns string) string { return allow(`"StringLike": {"aws:UserAgent": [` + patterns + `]}`) }
	for _, tt := range []struct {
		name   string
		policy string
		agent  string
		most   int // that a policy may cost with this request
		want   Effect
	}{
		{"stars in a row", like(`"` + fill("*") + `b"`), agent, 64 << 10, None},
		{"stars and letters", like(`"` + fill("*a") + `*b"`), agent, 128 << 10, None},
		{"stars and letters, matching", like(`"` + fill("*a") + `*"`), agent, 128 << 10, Allow},
		{"stars and letters that do not come", like(`"` + fill("a*b") + `"`), agent, 128 << 10, None},
		{"stars and many letters that almost come", like(`"*` + fill("a") + `b*"`), agent, 128 << 10, None},
		{"stars and question marks", like(`"` + fill("*?") + `"`), agent, 128 << 10, Allow},
		{"question marks", like(`"` + fill("?") + `"`), agent, 128 << 10, None},
		{"question marks that run at every place", like(`"*` + fill("?") + `b*"`), agent, maxWork + 1<<20, Deny},
		{"letters and a question mark that run at every place", like(`"*` + fill("a") + `?b*"`), agent, maxWork + 1<<20, Deny},
		{"thousands of patterns", like(`"*b"` + different("*b", "*")), agent, maxWork + 1<<20, Deny},
		{"thousands of patterns, short value", like(`"*b"` + different("*b", "*")), "curl/8.5.0", 128 << 10, None},
		{"variables that grow", like(`"` + fill(`${aws:UserAgent}`) + `"`), agent, maxWork + 1<<20, Deny},
		{"variables, short value", like(`"` + fill(`${aws:UserAgent}`) + `"`), "curl/8.5.0", 128 << 10, None},
		{"variable that is wildcards", like(`"*${aws:UserAgent}"`), strings.Repeat("*?", 30<<10), 256 << 10, Allow},
		{"long value that is no number", allow(`"NumericEquals": {"aws:UserAgent": [0` + different("", "") + `]}`), strings.Repeat("1", 60<<10), 128 << 10, None},
		{"long value that is no date", allow(`"DateEquals": {"aws:UserAgent": [0` + fill(",0") + `]}`), strings.Repeat("1", 60<<10), 128 << 10, None},
		{"long value that is no address", allow(`"NotIpAddress": {"aws:UserAgent": ["::"` + different("::", "") + `]}`), strings.Repeat(":", 60<<10), 128 << 10, Allow},
		{"colons in a value", allow(`"ArnLike": {"aws:UserAgent": "a:` + fill("*") + `:*:*:*:*x"}`), "a" + strings.Repeat(":", 60<<10), 256 << 10, None},
		{"ignoring case", allow(`"StringEqualsIgnoreCase": {"aws:UserAgent": ["a"` + different("a", "") + `]}`), agent, 128 << 10, None},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, err := Parse(Identity, tt.policy)
			if err != nil {
				t.Fatal(err)
			}
			v, n := worked(p, withAgent(tt.agent))
			if v.Effect != tt.want || n > tt.most {
				t.Errorf("%v, and work for %d, want %v for at most %d", v.Effect, n, tt.want, tt.most)
			}
			if v.Effect == Deny && v.Statement != overWork {
				t.Errorf("denied by %q", v.Statement)
			}
		})
	}
}

func TestWorkOnResourcesIsBounded(t *testing.T) {
	const colons = "arn:aws:glacier:*:"
	for _, tt := range []struct {
		name, pattern, resource string
		most                    int
	}{
		{"parts of stars", colons + fill("*:") + "x", "arn:aws:glacier:" + strings.Repeat(":", 2000), maxWork + 1<<20},
		{"blocks that almost match", colons + fill("a:a:a:b*:"), "arn:aws:glacier:" + strings.Repeat("a:", 2000), 1 << 20},
		{"a block that almost matches everywhere", colons + fill("?:") + "b*:", "arn:aws:glacier:" + strings.Repeat("a:", 12000), maxWork + 1<<20},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, err := Parse(Identity, `{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "`+tt.pattern+`"}}`)
			if err != nil {
				t.Fatal(err)
			}
			r := withAgent("")
			r.Resource = tt.resource
			if v, n := worked(p, r); v.Effect == Allow || n > tt.most {
				t.Errorf("%v, and work for %d, want at most %d", v.Effect, n, tt.most)
			}
		})
	}
}

// The ARN of a request may be long. It is split once, not for each pattern.
func TestManyResourcesAreBounded(t *testing.T) {
	r := withAgent("")
	r.Resource = strings.Repeat(":", 60_000)
	for name, patterns := range map[string]string{
		"all the same": fill(`,"arn:a:b:?*"`),
		"different":    different("arn:a:b:", "?*"),
		"of stars":     different("arn:a:b:*:", "?*:?"),
	} {
		p, err := Parse(Identity, `{"Statement": {"Effect": "Allow", "Action": "*", "Resource": [`+patterns[1:]+`]}}`)
		if err != nil {
			t.Fatal(err)
		}
		if v, n := worked(p, r); v.Effect != None || n > 256<<10 {
			t.Errorf("%s: %v, and work for %d", name, v.Effect, n)
		}
		if n := testing.AllocsPerRun(10, func() { p.Evaluate(r) }); n > 3 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

func TestManyValuesAreBounded(t *testing.T) {
	p, err := Parse(Identity, allow(`"ForAllValues:StringLike": {"aws:TagKeys": ["b"`+different("b", "")+`]}`))
	if err != nil {
		t.Fatal(err)
	}
	values := make([]string, 100_000)
	for i := range values {
		values[i] = "b" // the first pattern matches
	}
	values[len(values)-1] = "c"
	r := withAgent("")
	r.Value = func(string) ([]string, bool) { return values, true }
	if v, n := worked(p, r); v.Effect != None || n > 1<<20 {
		t.Errorf("%v, and work for %d", v.Effect, n)
	}
	for i := range values {
		values[i] = fmt.Sprint(i) // none does
	}
	p.statements[0].conditions[0].operator.set = forAny
	if v, n := worked(p, r); v.Effect != Deny || n > maxWork+1<<20 {
		t.Errorf("%v, and work for %d, want Deny", v.Effect, n)
	}
}

func TestParseIsBounded(t *testing.T) {
	for _, tt := range []struct{ name, text string }{
		{"deep lists", strings.Repeat("[", MaxSize)},
		{"deep objects", strings.Repeat(`{"a":`, MaxSize/5)},
		{"deep lists in Action", `{"Statement": {"Action": ` + strings.Repeat("[", 9000) + strings.Repeat("]", 9000) + `}}`},
		{"a giant number", allow(`"NumericEquals": {"aws:a": 1` + fill("0") + `}`)},
		{"a giant exponent", allow(`"NumericEquals": {"aws:a": 1e` + fill("9") + `}`)},
		{"a giant date", allow(`"DateEquals": {"aws:a": ` + fill("9") + `}`)},
		{"a giant prefix", allow(`"IpAddress": {"aws:a": "::/` + fill("9") + `"}`)},
		{"a mebibyte", strings.Repeat(" ", 1<<20)},
		{"many names", allow(fill(`"x":{},`) + `"Bool": {}`)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Parse(Identity, tt.text)
			if err == nil {
				t.Fatal("accepted")
			}
			if n := len(err.Error()); n > 1000 {
				t.Errorf("the error has %d bytes: %.100s", n, err)
			}
		})
	}
}

func TestOrdinaryWork(t *testing.T) {
	p, err := Parse(Resource, large())
	if err != nil {
		t.Fatal(err)
	}
	if v, n := worked(p, largeRequest()); v.Effect != Allow || n > maxWork/100 {
		t.Errorf("%+v, and work for %d: more than a hundredth of the limit", v, n)
	}
}

// A policy's Size has to stand for what it takes when it is compiled.
func TestCompiledIsSmall(t *testing.T) {
	resources := func(list string) string {
		return `{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": [` + list + `]}}`
	}
	for name, text := range map[string]string{
		"one resource many times":  resources(`"*"` + fill(`,"*"`)),
		"resources":                resources(different("arn:a:b:", "?*")[1:]),
		"colons":                   resources(`"arn:a:b:?` + fill(":") + `"`),
		"stars":                    resources(`"arn:a:b:*:*:` + fill("*?") + `"`),
		"variables":                resources(`"arn:a:b:c:d:` + fill("${a:b}") + `"`),
		"resources with variables": resources(different("arn:a:b:c:d:${a:b}", "")[1:]),
		"numbers":                  allow(`"NumericEquals": {"aws:a": [` + different("", "")[1:] + `]}`),
		"dates":                    allow(`"DateEquals": {"aws:a": [` + different("", "")[1:] + `]}`),
		"texts":                    allow(`"StringLike": {"aws:a": [` + different("", "")[1:] + `]}`),
		"statements":               `{"Statement": [{"Effect":"Deny","Action":"*","Resource":"*"}` + fill(`,{"Effect":"Deny","Action":"*","Resource":"*"}`) + `]}`,
	} {
		var before, after runtime.MemStats
		var kept [16]*Policy
		runtime.GC()
		runtime.ReadMemStats(&before)
		for i := range kept {
			p, err := Parse(Identity, text)
			if err != nil {
				t.Fatal(name, err)
			}
			kept[i] = p
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		n := (int(after.HeapAlloc) - int(before.HeapAlloc)) / len(kept)
		if n > 13*len(text) {
			t.Errorf("%s: %d bytes for a text of %d", name, n, len(text))
		}
		runtime.KeepAlive(&kept)
	}
}
