package filter_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"firn/internal/filter"
)

func many(n int) string {
	values := make([]string, n)
	for i := range values {
		values[i] = fmt.Sprintf(`"v%d"`, i)
	}
	return "[" + strings.Join(values, ",") + "]"
}

// Most of the words are those that SNS was seen to answer with; the rest are those of Event Ruler, the library it uses.
func TestRefused(t *testing.T) {
	for _, tt := range []struct {
		name  string
		scope filter.Scope
		text  string
		want  string
	}{
		{"nothing", 0, ``, `FilterPolicy: failed to parse JSON.`},
		{"no JSON", 0, `{"key": [}`, `FilterPolicy: failed to parse JSON.`},
		{"something after it", 0, `{"key": [1]} 2`, `FilterPolicy: failed to parse JSON.`},
		{"no UTF-8", 0, "{\"key\": [\"\xff\"]}", `FilterPolicy: failed to parse JSON.`},
		{"too deep", 0, strings.Repeat(`{"a":`, 10001) + `[1]` + strings.Repeat("}", 10001), `FilterPolicy: failed to parse JSON.`},
		{"too long", 0, strings.Repeat(" ", filter.MaxSize+1), `FilterPolicy: Filter policy is too long: it has 65537 bytes, and may have 65536`},
		{"no object", 0, `["a"]`, `FilterPolicy: Filter is not an object`},
		{"key twice", 0, `{"a": ["b"], "a": ["c"]}`, "FilterPolicy: Path `a` cannot be allowed multiple times"},
		{"value that is no array", 0, `{"key_a": "value_one"}`, `FilterPolicy: "key_a" must be an object or an array`},
		{"operator that is in no array", 0, `{"key": {"suffix": "value", "prefix": "value"}}`, `FilterPolicy: "suffix" must be an object or an array`},
		{"no values", 0, `{"Amount": []}`, `FilterPolicy: Empty arrays are not allowed`},
		{"no members", 1, `{"a": {}}`, `FilterPolicy: Empty objects are not allowed`},
		{"array within", 0, `{"key": [["value"]]}`, `FilterPolicy: Match value must be String, number, true, false, or null`},
		{"nested attributes", 0, `{"object": {"key": [{"prefix": "auto-"}]}}`, `Filter policy scope MessageAttributes does not support nested filter policy`},
		{"nested attributes in $or", 0, `{"$or": [{"a": {"b": [1]}}, {"c": [1]}]}`, `Filter policy scope MessageAttributes does not support nested filter policy`},

		{"six keys", 0, `{"a": [1], "b": [1], "c": [1], "d": [1], "e": [1], "f": [1]}`, `FilterPolicy: Filter policy can not have more than 5 keys`},
		{"151 values", 0, `{"key": ` + many(151) + `}`, `FilterPolicy: Filter policy is too complex`},
		{"151 in anything-but", 0, `{"key": [{"anything-but": ` + many(151) + `}]}`, `FilterPolicy: Filter policy is too complex`},
		{"8000 in anything-but", 1, `{"a": {"b": [{"anything-but": ` + many(8000) + `}]}}`, `FilterPolicy: Filter policy is too complex`},
		{"150 in anything-but and another value", 0, `{"key": ["a", {"anything-but": ` + many(150) + `}]}`, `FilterPolicy: Filter policy is too complex`},
		{"100 times 51", 0, `{"a": ` + many(100) + `, "b": ` + many(51) + `}`, `FilterPolicy: Filter policy is too complex`},
		{"nested, 216", 1, `{"key_a": {"key_b": {"key_c": ` + many(4) + `}}, "key_d": {"key_e": ` + many(3) + `}, "key_f": ` + many(3) + `}`, `FilterPolicy: Filter policy is too complex`},
		{"$or, 152", 0, `{"source": ` + many(4) + `, "$or": [{"metricName": ` + many(6) + `}, {"metricType": ` + many(4) + `, "$or": [{"metricId": [1, 2, 3, 4]}, {"spaceId": [1, 2, 3, 4]}]}]}`, `FilterPolicy: Filter policy is too complex`},
		{"$or, nested, 160", 1, `{"$or": [{"metricName": ` + many(3) + `}, {"namespace": ` + many(2) + `}], "detail": {"scope": ` + many(2) + `, "$or": [{"source": ["a"]}, {"type": ` + many(3) + `}]}}`, `FilterPolicy: Filter policy is too complex`},
		{"many keys in $or", 0, `{"$or": [{` + keys(150) + `}, {"b": [1]}]}`, `FilterPolicy: Filter policy is too complex`},
		{"sums that would overflow", 0, `{"a": ` + many(3000) + `, "b": ` + many(3000) + `, "$or": [{"c": ` + many(1000) + `}, {"d": ` + many(1000) + `}]}`, `FilterPolicy: Filter policy is too complex`},

		{"unknown operator", 0, `{"key": [{"wrong-operator": true}]}`, `FilterPolicy: Unrecognized match type wrong-operator`},
		{"wildcard", 0, `{"key": [{"wildcard": "a*"}]}`, `FilterPolicy: Unrecognized match type wildcard`},
		{"long operator", 0, `{"key": [{"` + strings.Repeat("é", 60) + `": 1}]}`, `FilterPolicy: Unrecognized match type ` + strings.Repeat("é", 40) + `…`},
		{"two operators", 0, `{"key": [{"suffix": "value", "prefix": "value2"}]}`, `FilterPolicy: Only one key allowed in match expression`},
		{"no operator", 0, `{"key": [{}]}`, `FilterPolicy: Empty objects are not allowed`},
		{"suffix of a number", 0, `{"key": [{"suffix": 100}]}`, `FilterPolicy: suffix match pattern must be a string`},
		{"prefix of null", 0, `{"key": [{"prefix": null}]}`, `FilterPolicy: prefix match pattern must be a string`},
		{"equals-ignore-case of an array", 0, `{"key": [{"equals-ignore-case": ["a"]}]}`, `FilterPolicy: equals-ignore-case match pattern must be a string`},
		{"exists of a text", 0, `{"key": [{"exists": "no"}]}`, `FilterPolicy: exists match pattern must be either true or false.`},
		{"exists of null", 0, `{"key": [{"exists": null}]}`, `FilterPolicy: exists match pattern must be either true or false.`},

		{"anything-but of null", 0, `{"key": [{"anything-but": null}]}`, `FilterPolicy: Value of anything-but must be an array or single string/number value.`},
		{"anything-but of nothing", 0, `{"key": [{"anything-but": []}]}`, `FilterPolicy: Empty arrays are not allowed`},
		{"anything-but of true", 0, `{"key": [{"anything-but": [true]}]}`, `FilterPolicy: Inside anything but list, start|null|boolean is not supported.`},
		{"anything-but of both", 0, `{"key": [{"anything-but": ["a", 1]}]}`, `FilterPolicy: Inside anything but list, either all values are number or string, mixed type is not supported`},
		{"anything-but of an unknown operator", 0, `{"key": [{"anything-but": {"wrong-operator": null}}]}`, `FilterPolicy: Unsupported anything-but pattern: wrong-operator`},
		{"anything-but exists", 0, `{"key": [{"anything-but": {"exists": false}}]}`, `FilterPolicy: Unsupported anything-but pattern: exists`},
		{"anything-but wildcard", 0, `{"key": [{"anything-but": {"wildcard": "*"}}]}`, `FilterPolicy: Unsupported anything-but pattern: wildcard`},
		{"anything-but two operators", 0, `{"key": [{"anything-but": {"prefix": "a", "suffix": "b"}}]}`, `FilterPolicy: Only one key allowed in match expression`},
		{"anything-but prefix false", 0, `{"key": [{"anything-but": {"prefix": false}}]}`, `FilterPolicy: prefix match pattern must be a string`},
		{"anything-but empty prefix", 0, `{"key": [{"anything-but": {"prefix": ""}}]}`, `FilterPolicy: Null prefix/suffix not allowed`},

		{"numeric, no array", 0, `{"$or": [{"numeric": 123}, {"prefix": "abc"}]}`, `FilterPolicy: Value of numeric must be an array.`},
		{"numeric, empty", 0, `{"key": [{"numeric": []}]}`, `FilterPolicy: Invalid member in numeric match: ]`},
		{"numeric, unknown operator", 0, `{"key": [{"numeric": ["operator"]}]}`, `FilterPolicy: Unrecognized numeric range operator: operator`},
		{"numeric, number first", 0, `{"key": [{"numeric": [1, "<="]}]}`, `FilterPolicy: Invalid member in numeric match: 1`},
		{"numeric, text", 0, `{"key": [{"numeric": ["=", "000"]}]}`, `FilterPolicy: Value of equals must be numeric`},
		{"numeric, no value", 0, `{"key": [{"numeric": [">="]}]}`, `FilterPolicy: Value of >= must be numeric`},
		{"numeric, < first", 0, `{"key": [{"numeric": ["<", 100, ">", 10]}]}`, `FilterPolicy: Too many elements in numeric expression`},
		{"numeric, two >", 0, `{"key": [{"numeric": [">=", 1, ">", 2]}]}`, `FilterPolicy: Bad numeric range operator: >`},
		{"numeric, upside down", 0, `{"key": [{"numeric": [">", 3, "<", 1]}]}`, `FilterPolicy: Bottom must be less than top`},
		{"numeric, no second value", 0, `{"key": [{"numeric": [">", 20, "<="]}]}`, `FilterPolicy: Value of <= must be numeric`},
		{"numeric, no second operator", 0, `{"key": [{"numeric": [">", 20, 30]}]}`, `FilterPolicy: Bad value in numeric range: 30`},
		{"numeric, unknown second operator", 0, `{"key": [{"numeric": [">", 20, "test"]}]}`, `FilterPolicy: Bad numeric range operator: test`},
		{"numeric, second value a text", 0, `{"key": [{"numeric": [">", 20, "<", "30"]}]}`, `FilterPolicy: Value of < must be numeric`},
		{"numeric, three", 0, `{"key": [{"numeric": [">", 20, "<", 30, "<", 50]}]}`, `FilterPolicy: Too many terms in numeric range expression`},
		{"numeric, out of range", 0, `{"key": [{"numeric": [">", 1000000001]}]}`, `FilterPolicy: Value must be between -1.0E9 and 1.0E9, inclusive`},
		{"number out of range", 0, `{"key": [-1e10]}`, `FilterPolicy: Value must be between -1.0E9 and 1.0E9, inclusive`},
		{"number beyond a float", 0, `{"key": [1e999]}`, `FilterPolicy: Value must be between -1.0E9 and 1.0E9, inclusive`},

		{"cidr of a number", 0, `{"key": [{"cidr": 10}]}`, `FilterPolicy: prefix match pattern must be a string`},
		{"cidr without mask", 0, `{"key": [{"cidr": "10.0.0.1"}]}`, `FilterPolicy: Malformed CIDR, one '/' required`},
		{"cidr with two", 0, `{"key": [{"cidr": "10.0.0.1/8/8"}]}`, `FilterPolicy: Malformed CIDR, one '/' required`},
		{"cidr, mask no number", 0, `{"key": [{"cidr": "10.0.0.0/a"}]}`, `FilterPolicy: Malformed CIDR, mask bits must be an integer`},
		{"cidr, mask too long", 0, `{"key": [{"cidr": "10.0.0.0/33"}]}`, `FilterPolicy: Malformed CIDR, mask bits must be between 0 and 32`},
		{"cidr, no address", 0, `{"key": [{"cidr": "10.0.0/8"}]}`, `FilterPolicy: Nonstandard IP address: 10.0.0`},
		{"cidr, zone", 0, `{"key": [{"cidr": "fe80::1%eth0/8"}]}`, `FilterPolicy: Nonstandard IP address: fe80::1%eth0`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, err := filter.Parse(tt.text, tt.scope)
			var refusal *filter.Error
			if !errors.As(err, &refusal) || p != nil {
				t.Fatalf("%v, %v", p, err)
			}
			if err.Error() != tt.want {
				t.Errorf("%v\nwant %v", err, tt.want)
			}
		})
	}
}

// keys are n keys with a value each.
func keys(n int) string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf(`"k%d": [1]`, i)
	}
	return strings.Join(all, ",")
}

func TestAccepted(t *testing.T) {
	for _, tt := range []struct {
		name  string
		scope filter.Scope
		text  string
	}{
		{"150 values", 0, `{"key": ` + many(150) + `}`},
		{"150 in anything-but", 0, `{"key": [{"anything-but": ` + many(150) + `}]}`},
		{"150 numeric ranges", 0, `{"key": [` + strings.TrimSuffix(strings.Repeat(`{"numeric": [">", 1, "<", 2]},`, 150), ",") + `]}`},
		{"five keys", 0, `{"a": [1], "b": [1], "c": [1], "d": [1], "e": [1]}`},
		{"five keys, more within", 1, `{"state": ["SUCCESS"], "severity": [{"exists": true}], "message": [{"exists": true}], "finding": {"a": [1], "b": [1], "c": [1]}}`},
		{"$or, 150", 0, `{"source": ` + many(3) + `, "$or": [{"metricName": ` + many(6) + `}, {"metricType": ` + many(4) + `, "$or": [{"metricId": [1, 2, 3, 4]}, {"spaceId": [1, 2, 3, 4, 5, 6, 7]}]}]}`},
		{"largest numbers", 0, `{"key": [1e9, -1e9, 0.00001]}`},
	} {
		t.Run(tt.name, func(t *testing.T) { parse(t, tt.text, tt.scope) })
	}
}
