package filter_test

import (
	"fmt"
	"strings"
	"testing"

	"firn/internal/filter"
)

type attributes map[string]filter.Attribute

func str(s string) filter.Attribute  { return filter.Attribute{Type: "String", Value: s} }
func num(s string) filter.Attribute  { return filter.Attribute{Type: "Number", Value: s} }
func list(s string) filter.Attribute { return filter.Attribute{Type: "String.Array", Value: s} }

func parse(t testing.TB, text string, scope filter.Scope) *filter.Policy {
	t.Helper()
	p, err := filter.Parse(text, scope)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return p
}

// The messages of the SNS Developer Guide, page by page, and what the guide leaves open.
func TestAttributes(t *testing.T) {
	interests := func(a filter.Attribute) attributes { return attributes{"customer_interests": a} }
	price := func(a filter.Attribute) attributes { return attributes{"price_usd": a} }
	sports := list(`["rugby", "tennis"]`)
	const rugbyTennis = `{"customer_interests": ["rugby", "tennis"]}`
	const butRugby = `{"customer_interests": [{"anything-but": ["rugby", "tennis"]}]}`
	const standardOr = `{"source": ["aws.cloudwatch"], "$or": [{"metricName": ["CPUUtilization"]}, {"namespace": ["AWS/EC2"]}]}`
	for _, tt := range []struct {
		name, policy string
		attributes   attributes
		want         bool
	}{
		// String value matching.
		{"exact, first value", rugbyTennis, interests(str("rugby")), true},
		{"exact, second value", rugbyTennis, interests(str("tennis")), true},
		{"exact, array", rugbyTennis, interests(sports), true},
		{"exact, another value", rugbyTennis, interests(str("baseball")), false},
		{"exact, array of others", rugbyTennis, interests(list(`["baseball"]`)), false},
		{"exact, in another case", rugbyTennis, interests(str("Rugby")), false},
		{"exact, absent", rugbyTennis, attributes{"store": str("rugby")}, false},
		{"anything-but, another value", butRugby, interests(str("baseball")), true},
		{"anything-but, array with another", butRugby, interests(list(`["rugby", "baseball"]`)), true},
		{"anything-but, array without another", butRugby, interests(list(`["rugby"]`)), false},
		{"anything-but, one of them", butRugby, interests(str("rugby")), false},
		{"anything-but, absent", butRugby, attributes{"store": str("fans")}, false},
		{"anything-but or absent", `{"customer_interests": [{"anything-but": ["rugby"]}, {"exists": false}]}`, attributes{"store": str("fans")}, true},
		{"anything-but, one value", `{"event": [{"anything-but": "order_cancelled"}]}`, attributes{"event": str("order_placed")}, true},
		{"anything-but prefix, without it", `{"event": [{"anything-but": {"prefix": "order-"}}]}`, attributes{"event": str("data-entry")}, true},
		{"anything-but prefix, with it", `{"event": [{"anything-but": {"prefix": "order-"}}]}`, attributes{"event": str("order-placed")}, false},
		{"anything-but prefix, a number", `{"event": [{"anything-but": {"prefix": "1"}}]}`, attributes{"event": num("100")}, true},
		{"anything-but suffix, without it", `{"event": [{"anything-but": {"suffix": "ball"}}]}`, attributes{"event": str("rugby")}, true},
		{"anything-but suffix, with it", `{"event": [{"anything-but": {"suffix": "ball"}}]}`, attributes{"event": str("baseball")}, false},
		{"equals-ignore-case", `{"customer_interests": [{"equals-ignore-case": "tennis"}]}`, interests(str("TENnis")), true},
		{"equals-ignore-case, another", `{"customer_interests": [{"equals-ignore-case": "tennis"}]}`, interests(str("TENnis ")), false},
		{"cidr, within", `{"source_ip": [{"cidr": "10.0.0.0/24"}]}`, attributes{"source_ip": str("10.0.0.255")}, true},
		{"cidr, outside", `{"source_ip": [{"cidr": "10.0.0.0/24"}]}`, attributes{"source_ip": str("10.1.1.0")}, false},
		{"cidr, no address", `{"source_ip": [{"cidr": "10.0.0.0/24"}]}`, attributes{"source_ip": str("10.0.0.256")}, false},
		{"cidr, bits of the host set", `{"source_ip": [{"cidr": "10.0.0.9/24"}]}`, attributes{"source_ip": str("10.0.0.1")}, true},
		{"cidr, version 6", `{"source_ip": [{"cidr": "2001:db8::/32"}]}`, attributes{"source_ip": str("2001:db8::7")}, true},
		{"cidr, another version", `{"source_ip": [{"cidr": "::/0"}]}`, attributes{"source_ip": str("10.0.0.1")}, false},
		{"prefix", `{"customer_interests": [{"prefix": "bas"}]}`, interests(str("baseball")), true},
		{"prefix, array", `{"customer_interests": [{"prefix": "bas"}]}`, interests(list(`["rugby", "basketball"]`)), true},
		{"prefix, elsewhere", `{"customer_interests": [{"prefix": "bas"}]}`, interests(str("rugby-bas")), false},
		{"suffix", `{"customer_interests": [{"suffix": "ball"}]}`, interests(str("baseball")), true},
		{"suffix, elsewhere", `{"customer_interests": [{"suffix": "ball"}]}`, interests(str("ballet")), false},

		// Numeric value matching.
		{"numeric =", `{"price_usd": [{"numeric": ["=", 301.5]}]}`, price(num("301.5")), true},
		{"numeric =, with an exponent", `{"price_usd": [{"numeric": ["=", 301.5]}]}`, price(num("3.015e2")), true},
		{"numeric =, another", `{"price_usd": [{"numeric": ["=", 301.5]}]}`, price(num("301.50001")), false},
		{"numeric =, same to five digits", `{"price_usd": [{"numeric": ["=", 301.5]}]}`, price(num("301.500001")), true},
		{"numeric <", `{"price_usd": [{"numeric": ["<", 0]}]}`, price(num("-0.00001")), true},
		{"numeric <, equal", `{"price_usd": [{"numeric": ["<", 0]}]}`, price(num("0")), false},
		{"numeric >, a part more", `{"price_usd": [{"numeric": [">", 0]}]}`, price(num("0.00001")), true},
		{"numeric >, equal", `{"price_usd": [{"numeric": [">", 0]}]}`, price(num("0.0")), false},
		{"range, upper end", `{"price_usd": [{"numeric": [">", 0, "<=", 150]}]}`, price(num("150")), true},
		{"range, lower end", `{"price_usd": [{"numeric": [">", 0, "<=", 150]}]}`, price(num("0")), false},
		{"range, above", `{"price_usd": [{"numeric": [">=", 0, "<", 150]}]}`, price(num("150")), false},
		{"numeric, largest", `{"price_usd": [{"numeric": [">=", 1000000000]}]}`, price(num("1e9")), true},
		{"numeric, beyond the range", `{"price_usd": [{"numeric": [">", 0]}]}`, price(num("1000000001")), false},
		{"numeric, a text", `{"price_usd": [{"numeric": [">", 0]}]}`, price(str("5")), false},
		{"numeric, no number", `{"price_usd": [{"numeric": [">", 0]}]}`, price(num("five")), false},
		{"plain number", `{"price_usd": [100]}`, price(num("1e2")), true},
		{"plain number, a text", `{"price_usd": [100]}`, price(str("100")), false},
		{"plain text, a number", `{"price_usd": ["100"]}`, price(num("100")), false},
		{"anything-but numbers, another", `{"price": [{"anything-but": [100, 500]}]}`, attributes{"price": num("100.1")}, true},
		{"anything-but numbers, array with another", `{"price": [{"anything-but": [100, 500]}]}`, attributes{"price": {Type: "Number.Array", Value: "[100, 50]"}}, true},
		{"anything-but numbers, one of them", `{"price": [{"anything-but": [100, 500]}]}`, attributes{"price": num("100")}, false},

		// Key matching.
		{"exists", `{"store": [{"exists": true}]}`, attributes{"store": str("fans")}, true},
		{"exists, absent", `{"store": [{"exists": true}]}`, interests(sports), false},
		{"exists, empty", `{"store": [{"exists": true}]}`, attributes{"store": list("[]")}, false},
		{"exists, null", `{"store": [{"exists": true}]}`, attributes{"store": list("[null]")}, false},
		{"does not exist", `{"store": [{"exists": false}]}`, interests(sports), true},
		{"does not exist, present", `{"store": [{"exists": false}]}`, attributes{"store": str("fans")}, false},
		{"does not exist, no attributes", `{"store": [{"exists": false}]}`, nil, false},
		{"does not exist, empty text", `{"store": [{"exists": false}]}`, attributes{"store": str("")}, false},

		// AND/OR logic.
		{"and, both", `{"customer_interests": ["rugby"], "price_usd": [{"numeric": [">", 100]}]}`, attributes{"customer_interests": str("rugby"), "price_usd": num("101")}, true},
		{"and, one of them", `{"customer_interests": ["rugby"], "price_usd": [{"numeric": [">", 100]}]}`, attributes{"customer_interests": str("rugby"), "price_usd": num("100")}, false},
		{"$or, first branch", standardOr, attributes{"source": str("aws.cloudwatch"), "metricName": str("CPUUtilization")}, true},
		{"$or, second branch", standardOr, attributes{"source": str("aws.cloudwatch"), "namespace": str("AWS/EC2")}, true},
		{"$or, neither", standardOr, attributes{"source": str("aws.cloudwatch"), "namespace": str("AWS/ES")}, false},
		{"$or, but not the rest", standardOr, attributes{"namespace": str("AWS/EC2")}, false},
		{"$or within $or", `{"source": ["a"], "$or": [{"m": ["b"]}, {"t": ["c"], "$or": [{"i": [1]}, {"s": [2]}]}]}`, attributes{"source": str("a"), "t": str("c"), "s": num("2")}, true},
		{"$or within $or, half", `{"source": ["a"], "$or": [{"m": ["b"]}, {"t": ["c"], "$or": [{"i": [1]}, {"s": [2]}]}]}`, attributes{"source": str("a"), "s": num("2")}, false},
		{"$or of one object is a name", `{"$or": [{"prefix": "a"}]}`, attributes{"$or": str("abc")}, true},
		{"$or of operators is a name", `{"$or": [{"prefix": "x"}, {"suffix": "c"}]}`, attributes{"$or": str("abc")}, true},

		// Filter policy constraints, and what is left open.
		{"no keys", `{}`, nil, true},
		{"binary is ignored", `{"store": [{"exists": true}]}`, attributes{"store": {Type: "Binary", Value: "AAAA"}}, false},
		{"type with a suffix", `{"store": ["fans"]}`, attributes{"store": {Type: "String.name", Value: "fans"}}, true},
		{"number with a suffix", `{"store": [7]}`, attributes{"store": {Type: "Number.int", Value: "7"}}, true},
		{"array of no JSON", `{"store": ["fans"]}`, attributes{"store": list(`['fans']`)}, false},
		{"array that is an object", `{"store": [{"exists": true}]}`, attributes{"store": list(`{"a": 1}`)}, false},
		{"array and something after it", `{"store": ["fans"]}`, attributes{"store": list(`["fans"] ["a"]`)}, false},
		{"true in an array", `{"store": [true]}`, attributes{"store": list(`[true]`)}, true},
		{"true as a text", `{"store": [true]}`, attributes{"store": str("true")}, false},
		{"null in an array", `{"store": [null]}`, attributes{"store": list(`[null]`)}, true},
		{"null, absent", `{"store": [null, {"anything-but": "a"}]}`, attributes{"other": str("a")}, false},
		{"a dot in a name", `{"a.b": ["c"]}`, attributes{"a.b": str("c")}, true},
		{"wide letters", `{"store": ["Gletscher ❄"]}`, attributes{"store": str("Gletscher ❄")}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := parse(t, tt.policy, filter.MessageAttributes).Match(filter.NewMessage(tt.attributes), ""); got != tt.want {
				t.Errorf("%s with %v: %v", tt.policy, tt.attributes, got)
			}
		})
	}
}

// "Introducing payload-based message filtering for Amazon SNS" has the events of S3.
func TestBody(t *testing.T) {
	const records = `{"Records": {"s3": {"object": {"key": [{"prefix": "auto-"}]}}, "eventName": [{"prefix": "ObjectCreated:"}]}}`
	const dotted = `{"object.nested.test": ["v"]}`
	const or = `{"$or": [{"f1": ["v1", "v2"]}, {"f2": ["v3"]}], "f3": {"f4": ["v5"], "$or": [{"f5": ["v6"]}, {"f6": ["v7"]}]}}`
	for _, tt := range []struct {
		name, policy, body string
		want               bool
	}{
		{"text", `{"store": ["fans"]}`, `{"store": "fans", "other": 1}`, true},
		{"text, another", `{"store": ["fans"]}`, `{"store": "Fans"}`, false},
		{"text in an array", `{"store": ["fans"]}`, `{"store": ["a", "fans"]}`, true},
		{"text in an array of arrays", `{"store": ["fans"]}`, `{"store": [["a"], [["fans"]]]}`, true},
		{"text, a number", `{"store": ["7"]}`, `{"store": 7}`, false},
		{"number", `{"store": [7]}`, `{"store": 7.000000}`, true},
		{"true", `{"store": [true]}`, `{"store": true}`, true},
		{"true, false", `{"store": [true]}`, `{"store": false}`, false},
		{"true, as a text", `{"store": [true]}`, `{"store": "true"}`, false},
		{"null", `{"store": [null]}`, `{"store": null}`, true},
		{"null, absent", `{"store": [null]}`, `{"other": null}`, false},
		{"numeric", `{"store": [{"numeric": [">", 0, "<=", 150]}]}`, `{"store": 1.5e2}`, true},
		{"numeric, beyond the range", `{"store": [{"numeric": [">", 0]}]}`, `{"store": 1e400}`, false},
		{"anything-but, null", `{"store": [{"anything-but": "a"}]}`, `{"store": null}`, true},

		{"no JSON", `{"store": [{"exists": false}]}`, `Regular string message`, false},
		{"JSON, but a text", `{"store": [{"exists": false}]}`, `"Regular string message"`, false},
		{"JSON, but an array", `{"store": ["fans"]}`, `[{"store": "fans"}]`, false},
		{"two objects", `{"store": ["fans"]}`, `{"store": "fans"} {}`, false},
		{"nothing", `{"store": [{"exists": false}]}`, ``, false},
		{"no members", `{"store": [{"exists": false}]}`, `{}`, false},
		{"no keys", `{}`, `Regular string message`, true},

		{"exists", `{"a": {"b": [{"exists": true}]}}`, `{"a": {"b": 0}}`, true},
		{"exists, null", `{"a": {"b": [{"exists": true}]}}`, `{"a": {"b": null}}`, false},
		{"exists, empty", `{"a": {"b": [{"exists": true}]}}`, `{"a": {"b": ""}}`, false},
		{"exists, not a leaf", `{"a": [{"exists": true}]}`, `{"a": {"b": 0}}`, false},
		{"does not exist", `{"a": {"b": [{"exists": false}]}}`, `{"a": {"c": 0}}`, true},
		{"does not exist, nor its parent", `{"a": {"b": [{"exists": false}]}}`, `{"c": 0}`, true},
		{"does not exist, its parent is a text", `{"a": {"b": [{"exists": false}]}}`, `{"a": "c"}`, true},
		{"does not exist, empty array", `{"a": [{"exists": false}]}`, `{"a": []}`, true},

		{"nested", `{"f1": {"f2": ["v1"]}}`, `{"f1": {"f2": "v1"}}`, true},
		{"nested, array", `{"f1": {"f2": ["v1"]}}`, `{"f1": {"f2": ["v0", "v1"]}}`, true},
		{"nested, elsewhere", `{"f1": {"f2": ["v1"]}}`, `{"f1": {"f4": "v1"}, "f2": "v1"}`, false},
		{"nested, a text instead", `{"f1": {"f2": ["v1"]}}`, `{"f1": ["v1"]}`, false},
		{"nested in arrays of arrays", `{"f1": {"f2": {"f3": ["v1"]}}}`, `{"f1": [{"f2": [[{"f3": "v2"}, {"f3": "v1"}]]}]}`, true},
		{"record", records, `{"Records": [{"eventName": "ObjectCreated:Put", "s3": {"object": {"key": "auto-1.xml", "size": 17}}}]}`, true},
		{"record, another event", records, `{"Records": [{"eventName": "ObjectRemoved:Delete", "s3": {"object": {"key": "auto-1.xml"}}}]}`, false},
		{"record, another key", records, `{"Records": [{"eventName": "ObjectCreated:Put", "s3": {"object": {"key": "home-1.xml"}}}]}`, false},
		{"records, one of them", records, `{"Records": [{"eventName": "ObjectCreated:Put", "s3": {"object": [[{"key": "auto-1"}]]}}, {"eventName": "ObjectRemoved:Delete", "s3": {"object": {"key": "home-1"}}}]}`, true},
		{"records, half and half", records, `{"Records": [{"eventName": "ObjectCreated:Put", "s3": {"object": {"key": "home-1"}}}, {"eventName": "ObjectRemoved:Delete", "s3": {"object": {"key": "auto-1"}}}]}`, false},
		{"records, none", records, `{"Records": []}`, false},

		{"dots, objects", dotted, `{"object": {"nested": {"test": "v"}}}`, true},
		{"dots, one name", dotted, `{"object.nested.test": "v"}`, true},
		{"dots, name first", dotted, `{"object.nested": {"test": "v"}}`, true},
		{"dots, name last", dotted, `{"object": {"nested.test": "v"}}`, true},
		{"dots, both, second", dotted, `{"object": {"nested": {"test": "w"}}, "object.nested": {"test": "v"}}`, true},
		{"dots, both, whole", dotted, `{"object": {"nested": {"test": "w"}}, "object.nested.test": "v"}`, true},
		{"dots, another", dotted, `{"object": {"nested": {"test": "w"}}}`, false},
		{"objects in the policy, dot in the body", `{"a": {"b": ["v"]}}`, `{"a.b": "v"}`, true},

		{"$or, first and first", or, `{"f1": "v2", "f3": {"f4": "v5", "f5": "v6"}}`, true},
		{"$or, second and second", or, `{"f2": "v3", "f3": {"f4": "v5", "f6": "v7"}}`, true},
		{"$or, inner fails", or, `{"f1": "v1", "f3": {"f4": "v5", "f6": "v6"}}`, false},
		{"$or, outer fails", or, `{"f1": "v3", "f3": {"f4": "v5", "f6": "v7"}}`, false},
		{"$or, rest fails", or, `{"f1": "v1", "f3": {"f6": "v7"}}`, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := parse(t, tt.policy, filter.MessageBody).Match(filter.NewMessage(nil), tt.body); got != tt.want {
				t.Errorf("%s with %s: %v", tt.policy, tt.body, got)
			}
		})
	}
}

// hostile are policies and bodies that are as dear to match as they get: within the limits, and never matching; they pass if that is
// too dear to find out.
func hostile() map[string][2]string {
	var wide, branches, nest strings.Builder
	for i := range 70 {
		fmt.Fprintf(&wide, `, "r.k%d": [{"exists": false}]`, i)
		fmt.Fprintf(&branches, `{"r.z": [%d]},`, i)
	}
	for range 9000 {
		nest.WriteString(`{"a":[`)
	}
	policy := `{"$or": [{"r.x": [0]` + wide.String() + `, "$or": [` + branches.String() + `{"r.z": [70]}]}, {"r.y": [0]}]}`
	deepPath := strings.TrimSuffix(strings.Repeat("a.", 30000), ".")
	return map[string][2]string{
		"many objects, too dear": {policy, `{"r": [` + strings.Repeat(`{"x":0},`, 30000) + `{}]}`},
		"many numbers, too dear": {`{"r": [` + strings.TrimSuffix(strings.Repeat("1,", 150), ",") + `]}`, `{"r": [` + strings.Repeat("2,", 120000) + `2]}`},
		"one long number":        {`{"r": [` + strings.TrimSuffix(strings.Repeat("1,", 150), ",") + `]}`, `{"r": ` + strings.Repeat("9", 200000) + `}`},
		"many arrays, too dear":  {policy, `{"r": [` + strings.Repeat(`{"x":[0,0],"z":[[],[]]},`, 10000) + `{}]}`},
		"deep body":              {`{"` + deepPath + `": [1]}`, nest.String() + strings.Repeat("]}", 9000)},
		"deep array":             {`{"r": [1]}`, `{"r": ` + strings.Repeat("[", 9000) + strings.Repeat("]", 9000) + `}`},
		"deeper than allowed":    {`{"r": [{"exists": false}]}`, `{"s": ` + strings.Repeat("[", 100000) + strings.Repeat("]", 100000) + `}`},
	}
}

func TestHostile(t *testing.T) {
	for name, h := range hostile() {
		t.Run(name, func(t *testing.T) {
			got := parse(t, h[0], filter.MessageBody).Match(filter.NewMessage(nil), h[1])
			if want := strings.HasSuffix(name, "too dear"); got != want {
				t.Errorf("passes: %v", got)
			}
		})
	}
}
