package policy_test

import (
	"testing"

	"firn/internal/policy"
)

// conditionCase says whether a Condition element holds in a context. The pages are those of the IAM User Guide.
type conditionCase struct {
	name      string
	condition string
	context   ctx
	holds     bool
}

func runConditions(t *testing.T, page string, cases []conditionCase) {
	for _, tt := range cases {
		t.Run(page+"/"+tt.name, func(t *testing.T) {
			r := &policy.Request{Principal: caller(account + "/alice"), Action: "glacier:DeleteArchive", Resource: vault, Value: tt.context.value}
			if got := applies(t, "2012-10-17", "", "", tt.condition, r); got != tt.holds {
				t.Errorf("{%s} in %v: %v, want %v", tt.condition, tt.context, got, tt.holds)
			}
		})
	}
}

func TestStringConditions(t *testing.T) {
	tag := func(v ...string) ctx { return ctx{"glacier:resourcetag/Class": v} }
	runConditions(t, "Condition operators, String", []conditionCase{
		{"StringEquals, the same", `"StringEquals": {"glacier:ResourceTag/Class": "a"}`, tag("a"), true},
		{"StringEquals, other case", `"StringEquals": {"glacier:ResourceTag/Class": "a"}`, tag("A"), false},
		{"StringEquals, longer", `"StringEquals": {"glacier:ResourceTag/Class": "a"}`, tag("ab"), false},
		{"StringEquals, second of the values", `"StringEquals": {"glacier:ResourceTag/Class": ["a", "b"]}`, tag("b"), true},
		{"StringEquals, none of the values", `"StringEquals": {"glacier:ResourceTag/Class": ["a", "b"]}`, tag("c"), false},
		{"StringEquals, key absent", `"StringEquals": {"glacier:ResourceTag/Class": "a"}`, nil, false},
		{"StringEquals, a star is a star", `"StringEquals": {"glacier:ResourceTag/Class": "a*"}`, tag("ab"), false},
		{"StringEquals, the star itself", `"StringEquals": {"glacier:ResourceTag/Class": "a*"}`, tag("a*"), true},
		{"StringEquals, number in the policy", `"StringEquals": {"glacier:ResourceTag/Class": 7}`, tag("7"), true},
		{"StringEquals, number as it is written", `"StringEquals": {"glacier:ResourceTag/Class": 7.0}`, tag("7"), false},
		{"StringEquals, boolean in the policy", `"StringEquals": {"glacier:ResourceTag/Class": true}`, tag("true"), true},
		{"StringEquals, empty value", `"StringEquals": {"glacier:ResourceTag/Class": ""}`, tag(""), true},
		{"StringEquals, empty value is not an absent key", `"StringEquals": {"glacier:ResourceTag/Class": ""}`, nil, false},
		{"StringNotEquals, the same", `"StringNotEquals": {"glacier:ResourceTag/Class": "a"}`, tag("a"), false},
		{"StringNotEquals, another", `"StringNotEquals": {"glacier:ResourceTag/Class": "a"}`, tag("b"), true},
		{"StringNotEquals, one of the values", `"StringNotEquals": {"glacier:ResourceTag/Class": ["a", "b"]}`, tag("b"), false},
		{"StringNotEquals, none of the values", `"StringNotEquals": {"glacier:ResourceTag/Class": ["a", "b"]}`, tag("c"), true},
		{"StringNotEquals, key absent", `"StringNotEquals": {"glacier:ResourceTag/Class": "a"}`, nil, true},
		{"StringEqualsIgnoreCase, other case", `"StringEqualsIgnoreCase": {"glacier:ResourceTag/Class": "Straße"}`, tag("STRAßE"), true},
		{"StringEqualsIgnoreCase, another", `"StringEqualsIgnoreCase": {"glacier:ResourceTag/Class": "a"}`, tag("b"), false},
		{"StringEqualsIgnoreCase, key absent", `"StringEqualsIgnoreCase": {"glacier:ResourceTag/Class": "a"}`, nil, false},
		{"StringNotEqualsIgnoreCase, other case", `"StringNotEqualsIgnoreCase": {"glacier:ResourceTag/Class": "a"}`, tag("A"), false},
		{"StringNotEqualsIgnoreCase, another", `"StringNotEqualsIgnoreCase": {"glacier:ResourceTag/Class": "a"}`, tag("b"), true},
		{"StringNotEqualsIgnoreCase, key absent", `"StringNotEqualsIgnoreCase": {"glacier:ResourceTag/Class": "a"}`, nil, true},
		{"StringLike, star", `"StringLike": {"glacier:ResourceTag/Class": "a*z"}`, tag("abcz"), true},
		{"StringLike, star for nothing", `"StringLike": {"glacier:ResourceTag/Class": "a*z"}`, tag("az"), true},
		{"StringLike, question mark", `"StringLike": {"glacier:ResourceTag/Class": "a?z"}`, tag("aéz"), true},
		{"StringLike, question mark for nothing", `"StringLike": {"glacier:ResourceTag/Class": "a?z"}`, tag("az"), false},
		{"StringLike, other case", `"StringLike": {"glacier:ResourceTag/Class": "A*"}`, tag("abc"), false},
		{"StringLike, across colons and slashes", `"StringLike": {"glacier:ResourceTag/Class": "a*z"}`, tag("a:/:z"), true},
		{"StringLike, empty pattern", `"StringLike": {"glacier:ResourceTag/Class": ["true", ""]}`, tag(""), true},
		{"StringLike, star and empty value", `"StringLike": {"glacier:ResourceTag/Class": "*"}`, tag(""), true},
		{"StringLike, star and absent key", `"StringLike": {"glacier:ResourceTag/Class": "*"}`, nil, false},
		{"StringNotLike, matching", `"StringNotLike": {"glacier:ResourceTag/Class": "a*"}`, tag("abc"), false},
		{"StringNotLike, not matching", `"StringNotLike": {"glacier:ResourceTag/Class": "a*"}`, tag("xyz"), true},
		{"StringNotLike, key absent", `"StringNotLike": {"glacier:ResourceTag/Class": "a*"}`, nil, true},
	})
	runConditions(t, "Condition", []conditionCase{
		{"key in another case", `"StringEquals": {"GLACIER:resourcetag/Class": "a"}`, tag("a"), true},
		{"key of a tag in another case", `"StringEquals": {"glacier:ResourceTag/class": "a"}`, tag("a"), false},
		{"operator in another case", `"stringequals": {"glacier:ResourceTag/Class": "a"}`, tag("a"), true},
		{"no operator", ``, nil, true},
		{"operator without keys", `"StringEquals": {}`, nil, true},
		{"unknown key", `"StringEquals": {"sns:Endpoint": "a"}`, tag("a"), false},
	})
}

func TestNumericConditions(t *testing.T) {
	age := func(v ...string) ctx { return ctx{"glacier:archiveageindays": v} }
	runConditions(t, "Condition operators, Numeric", []conditionCase{
		{"NumericEquals, the same", `"NumericEquals": {"glacier:ArchiveAgeInDays": "365"}`, age("365"), true},
		{"NumericEquals, the same in other digits", `"NumericEquals": {"glacier:ArchiveAgeInDays": "365.0"}`, age("365"), true},
		{"NumericEquals, number in the policy", `"NumericEquals": {"glacier:ArchiveAgeInDays": 365}`, age("365"), true},
		{"NumericEquals, exponent", `"NumericEquals": {"glacier:ArchiveAgeInDays": 3.65e2}`, age("365"), true},
		{"NumericEquals, negative", `"NumericEquals": {"glacier:ArchiveAgeInDays": "-1"}`, age("-1"), true},
		{"NumericEquals, another", `"NumericEquals": {"glacier:ArchiveAgeInDays": "365"}`, age("366"), false},
		{"NumericEquals, second of the values", `"NumericEquals": {"glacier:ArchiveAgeInDays": ["365", 366]}`, age("366"), true},
		{"NumericEquals, no number in the request", `"NumericEquals": {"glacier:ArchiveAgeInDays": "365"}`, age("old"), false},
		{"NumericEquals, key absent", `"NumericEquals": {"glacier:ArchiveAgeInDays": "365"}`, nil, false},
		{"NumericNotEquals, the same", `"NumericNotEquals": {"glacier:ArchiveAgeInDays": "365"}`, age("365"), false},
		{"NumericNotEquals, another", `"NumericNotEquals": {"glacier:ArchiveAgeInDays": "365"}`, age("366"), true},
		{"NumericNotEquals, one of the values", `"NumericNotEquals": {"glacier:ArchiveAgeInDays": ["365", "366"]}`, age("366"), false},
		{"NumericNotEquals, no number in the request", `"NumericNotEquals": {"glacier:ArchiveAgeInDays": "365"}`, age("old"), true},
		{"NumericNotEquals, key absent", `"NumericNotEquals": {"glacier:ArchiveAgeInDays": "365"}`, nil, true},
		{"NumericLessThan, less", `"NumericLessThan": {"glacier:ArchiveAgeInDays": "365"}`, age("364"), true},
		{"NumericLessThan, equal", `"NumericLessThan": {"glacier:ArchiveAgeInDays": "365"}`, age("365"), false},
		{"NumericLessThan, not as text", `"NumericLessThan": {"glacier:ArchiveAgeInDays": "365"}`, age("1000"), false},
		{"NumericLessThan, the largest of the values", `"NumericLessThan": {"glacier:ArchiveAgeInDays": ["10", "365"]}`, age("100"), true},
		{"NumericLessThan, key absent", `"NumericLessThan": {"glacier:ArchiveAgeInDays": "365"}`, nil, false},
		{"NumericLessThanEquals, equal", `"NumericLessThanEquals": {"glacier:ArchiveAgeInDays": "365"}`, age("365"), true},
		{"NumericLessThanEquals, greater", `"NumericLessThanEquals": {"glacier:ArchiveAgeInDays": "365"}`, age("365.5"), false},
		{"NumericGreaterThan, greater", `"NumericGreaterThan": {"glacier:ArchiveAgeInDays": "365"}`, age("366"), true},
		{"NumericGreaterThan, equal", `"NumericGreaterThan": {"glacier:ArchiveAgeInDays": "365"}`, age("365"), false},
		{"NumericGreaterThanEquals, equal", `"NumericGreaterThanEquals": {"glacier:ArchiveAgeInDays": "365"}`, age("365"), true},
		{"NumericGreaterThanEquals, less", `"NumericGreaterThanEquals": {"glacier:ArchiveAgeInDays": "365"}`, age("364"), false},
	})
}

func TestDateConditions(t *testing.T) {
	now := func(v ...string) ctx { return ctx{"aws:currenttime": v} }
	runConditions(t, "Condition operators, Date and time", []conditionCase{
		{"DateEquals, the same", `"DateEquals": {"aws:CurrentTime": "2026-03-01T12:00:00Z"}`, now("2026-03-01T12:00:00Z"), true},
		{"DateEquals, the same in another zone", `"DateEquals": {"aws:CurrentTime": "2026-03-01T14:00:00+02:00"}`, now("2026-03-01T12:00:00Z"), true},
		{"DateEquals, the same in seconds since 1970", `"DateEquals": {"aws:CurrentTime": 1772366400}`, now("2026-03-01T12:00:00Z"), true},
		{"DateEquals, seconds since 1970 in the request", `"DateEquals": {"aws:EpochTime": "2026-03-01T12:00:00Z"}`, ctx{"aws:epochtime": {"1772366400"}}, true},
		{"DateEquals, to the minute", `"DateEquals": {"aws:CurrentTime": "2026-03-01T12:00Z"}`, now("2026-03-01T12:00:00Z"), true},
		{"DateEquals, to the millisecond", `"DateEquals": {"aws:CurrentTime": "2026-03-01T12:00:00.250Z"}`, now("2026-03-01T12:00:00.25Z"), true},
		{"DateEquals, day", `"DateEquals": {"aws:CurrentTime": "2026-03-01"}`, now("2026-03-01T00:00:00Z"), true},
		{"DateEquals, month", `"DateEquals": {"aws:CurrentTime": "2026-03"}`, now("2026-03-01T00:00:00Z"), true},
		{"DateEquals, year", `"DateEquals": {"aws:CurrentTime": "2026"}`, now("2026-01-01T00:00:00Z"), true},
		{"DateEquals, no date in the request", `"DateEquals": {"aws:CurrentTime": "2026"}`, now("today"), false},
		{"DateEquals, key absent", `"DateEquals": {"aws:CurrentTime": "2026"}`, nil, false},
		{"DateNotEquals, the same", `"DateNotEquals": {"aws:CurrentTime": "2026"}`, now("2026-01-01T00:00:00Z"), false},
		{"DateNotEquals, another", `"DateNotEquals": {"aws:CurrentTime": "2026"}`, now("2026-01-01T00:00:01Z"), true},
		{"DateNotEquals, key absent", `"DateNotEquals": {"aws:CurrentTime": "2026"}`, nil, true},
		{"DateLessThan, before", `"DateLessThan": {"aws:CurrentTime": "2026-03-01T12:00:00Z"}`, now("2026-03-01T11:59:59Z"), true},
		{"DateLessThan, at", `"DateLessThan": {"aws:CurrentTime": "2026-03-01T12:00:00Z"}`, now("2026-03-01T12:00:00Z"), false},
		{"DateLessThanEquals, at", `"DateLessThanEquals": {"aws:CurrentTime": "2026-03-01T12:00:00Z"}`, now("2026-03-01T12:00:00Z"), true},
		{"DateLessThanEquals, after", `"DateLessThanEquals": {"aws:CurrentTime": "2026-03-01T12:00:00Z"}`, now("2026-03-01T12:00:01Z"), false},
		{"DateGreaterThan, after", `"DateGreaterThan": {"aws:CurrentTime": "2020-01-01T00:00:01Z"}`, now("2026-03-01T12:00:00Z"), true},
		{"DateGreaterThan, at", `"DateGreaterThan": {"aws:CurrentTime": "2026-03-01T12:00:00Z"}`, now("2026-03-01T12:00:00Z"), false},
		{"DateGreaterThanEquals, at", `"DateGreaterThanEquals": {"aws:CurrentTime": "2026-03-01T12:00:00Z"}`, now("2026-03-01T12:00:00Z"), true},
		{"DateGreaterThanEquals, before", `"DateGreaterThanEquals": {"aws:CurrentTime": "2026-03-01T12:00:00Z"}`, now("2026-03-01T11:59:59Z"), false},
		{"a window is two operators", `"DateGreaterThan": {"aws:CurrentTime": "2026-03-01"}, "DateLessThan": {"aws:CurrentTime": "2026-04-01"}`, now("2026-03-15T00:00:00Z"), true},
		{"a window, outside", `"DateGreaterThan": {"aws:CurrentTime": "2026-03-01"}, "DateLessThan": {"aws:CurrentTime": "2026-04-01"}`, now("2026-05-15T00:00:00Z"), false},
	})
}

func TestOtherConditions(t *testing.T) {
	secure := func(v ...string) ctx { return ctx{"aws:securetransport": v} }
	runConditions(t, "Condition operators, Boolean", []conditionCase{
		{"Bool, true", `"Bool": {"aws:SecureTransport": "true"}`, secure("true"), true},
		{"Bool, boolean in the policy", `"Bool": {"aws:SecureTransport": true}`, secure("true"), true},
		{"Bool, false", `"Bool": {"aws:SecureTransport": "false"}`, secure("false"), true},
		{"Bool, the other", `"Bool": {"aws:SecureTransport": "false"}`, secure("true"), false},
		{"Bool, other case", `"Bool": {"aws:SecureTransport": "True"}`, secure("TRUE"), true},
		{"Bool, no boolean in the request", `"Bool": {"aws:SecureTransport": "false"}`, secure("no"), false},
		{"Bool, key absent", `"Bool": {"aws:MultiFactorAuthPresent": "false"}`, nil, false},
		{"BoolIfExists, key absent", `"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}`, nil, true},
	})
	runConditions(t, "Condition operators, Binary", []conditionCase{
		{"BinaryEquals, the same bytes", `"BinaryEquals": {"x:key": "QmluYXJ5VmFsdWVJbkJhc2U2NA=="}`, ctx{"x:key": {"BinaryValueInBase64"}}, true},
		{"BinaryEquals, other bytes", `"BinaryEquals": {"x:key": "QmluYXJ5VmFsdWVJbkJhc2U2NA=="}`, ctx{"x:key": {"binaryvalueinbase64"}}, false},
		{"BinaryEquals, bytes that are no text", `"BinaryEquals": {"x:key": "//4A"}`, ctx{"x:key": {"\xff\xfe\x00"}}, true},
		{"BinaryEquals, key absent", `"BinaryEquals": {"x:key": ""}`, nil, false},
	})
	runConditions(t, "Condition operators, Existence of keys", []conditionCase{
		{"Null true, key absent", `"Null": {"aws:TokenIssueTime": "true"}`, nil, true},
		{"Null true, key present", `"Null": {"aws:TokenIssueTime": "true"}`, ctx{"aws:tokenissuetime": {"2026-01-01T00:00:00Z"}}, false},
		{"Null false, key absent", `"Null": {"aws:TokenIssueTime": false}`, nil, false},
		{"Null false, key present", `"Null": {"aws:TokenIssueTime": false}`, ctx{"aws:tokenissuetime": {"2026-01-01T00:00:00Z"}}, true},
		{"Null false, no values", `"Null": {"aws:TagKeys": false}`, ctx{"aws:tagkeys": {}}, false},
		{"Null false, empty value", `"Null": {"glacier:ResourceTag/a": false}`, ctx{"glacier:resourcetag/a": {""}}, true},
	})
	runConditions(t, "Condition operators, IfExists", []conditionCase{
		{"StringLikeIfExists, key absent", `"StringLikeIfExists": {"ec2:InstanceType": ["t1.*", "t2.*"]}`, nil, true},
		{"StringLikeIfExists, matching", `"StringLikeIfExists": {"ec2:InstanceType": ["t1.*", "t2.*"]}`, ctx{"ec2:instancetype": {"t2.micro"}}, true},
		{"StringLikeIfExists, not matching", `"StringLikeIfExists": {"ec2:InstanceType": ["t1.*", "t2.*"]}`, ctx{"ec2:instancetype": {"m3.large"}}, false},
		{"StringNotEqualsIfExists, key absent", `"StringNotEqualsIfExists": {"glacier:ResourceTag/a": "b"}`, nil, true},
		{"StringNotEqualsIfExists, the same", `"StringNotEqualsIfExists": {"glacier:ResourceTag/a": "b"}`, ctx{"glacier:resourcetag/a": {"b"}}, false},
		{"NumericLessThanIfExists, key absent", `"NumericLessThanIfExists": {"glacier:ArchiveAgeInDays": 7}`, nil, true},
		{"NumericLessThanIfExists, greater", `"NumericLessThanIfExists": {"glacier:ArchiveAgeInDays": 7}`, ctx{"glacier:archiveageindays": {"8"}}, false},
		{"DateLessThanIfExists, key absent", `"DateLessThanIfExists": {"aws:TokenIssueTime": "2026"}`, nil, true},
		{"IpAddressIfExists, key absent", `"IpAddressIfExists": {"aws:SourceIp": "192.0.2.0/24"}`, nil, true},
		{"ArnLikeIfExists, key absent", `"ArnLikeIfExists": {"aws:SourceArn": "arn:aws:sns:*:*:x"}`, nil, true},
		{"other conditions still count", `"StringLikeIfExists": {"ec2:InstanceType": "t1.*"}, "Bool": {"aws:SecureTransport": "true"}`, secure("false"), false},
	})
}

func TestAddressConditions(t *testing.T) {
	from := func(v ...string) ctx { return ctx{"aws:sourceip": v} }
	runConditions(t, "Condition operators, IP address", []conditionCase{
		{"IpAddress, in the range", `"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}`, from("203.0.113.255"), true},
		{"IpAddress, outside", `"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}`, from("203.0.114.0"), false},
		{"IpAddress, key in another case", `"IpAddress": {"aws:sourceIP": "203.0.113.0/24"}`, from("203.0.113.1"), true},
		{"IpAddress, one address", `"IpAddress": {"aws:SourceIp": "203.0.113.7"}`, from("203.0.113.7"), true},
		{"IpAddress, one address, its neighbour", `"IpAddress": {"aws:SourceIp": "203.0.113.7"}`, from("203.0.113.8"), false},
		{"IpAddress, range by an address in it", `"IpAddress": {"aws:SourceIp": "203.0.113.77/24"}`, from("203.0.113.7"), true},
		{"IpAddress, everything", `"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}`, from("203.0.113.7"), true},
		{"IpAddress, IPv6", `"IpAddress": {"aws:SourceIp": "2001:DB8:1234:5678::/64"}`, from("2001:db8:1234:5678::1"), true},
		{"IpAddress, IPv6 outside", `"IpAddress": {"aws:SourceIp": "2001:DB8:1234:5678::/64"}`, from("2001:db8:1234:5679::1"), false},
		{"IpAddress, both families", `"IpAddress": {"aws:SourceIp": ["203.0.113.0/24", "2001:DB8:1234:5678::/64"]}`, from("2001:db8:1234:5678::1"), true},
		{"IpAddress, IPv4 in IPv6 in the request", `"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}`, from("::ffff:203.0.113.7"), true},
		{"IpAddress, IPv4 in IPv6 in the policy", `"IpAddress": {"aws:SourceIp": "::ffff:203.0.113.0/120"}`, from("203.0.113.7"), true},
		{"IpAddress, no address in the request", `"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}`, from("localhost"), false},
		{"IpAddress, key absent", `"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}`, nil, false},
		{"NotIpAddress, in the range", `"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}`, from("203.0.113.7"), false},
		{"NotIpAddress, outside", `"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}`, from("198.51.100.7"), true},
		{"NotIpAddress, in one of the ranges", `"NotIpAddress": {"aws:SourceIp": ["203.0.113.0/24", "198.51.100.0/24"]}`, from("198.51.100.7"), false},
		{"NotIpAddress, no address in the request", `"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}`, from("localhost"), true},
		{"NotIpAddress, key absent", `"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}`, nil, true},
	})
}

func TestARNConditions(t *testing.T) {
	source := func(v ...string) ctx { return ctx{"aws:sourcearn": v} }
	const finance = "arn:aws:someservice:us-east-2:999999999999:store/abc:111122223333:finance/document.txt"
	runConditions(t, "Condition operators, ARN", []conditionCase{
		{"ArnLike, the guide's example", `"ArnLike": {"aws:SourceArn": "arn:aws:someservice:*:111122223333:finance/*"}`, source(finance), false},
		{"StringLike, the guide's example", `"StringLike": {"aws:SourceArn": "arn:aws:someservice:*:111122223333:finance/*"}`, source(finance), true},
		{"ArnEquals, the same", `"ArnEquals": {"aws:SourceArn": "arn:aws:sns:eu-west-1:123456789012:t"}`, source("arn:aws:sns:eu-west-1:123456789012:t"), true},
		{"ArnEquals takes wildcards", `"ArnEquals": {"aws:SourceArn": "arn:aws:sns:*:123456789012:t?"}`, source("arn:aws:sns:eu-west-1:123456789012:t1"), true},
		{"ArnEquals, other case", `"ArnEquals": {"aws:SourceArn": "arn:aws:sns:eu-west-1:123456789012:t"}`, source("arn:aws:sns:eu-west-1:123456789012:T"), false},
		{"ArnLike, another account", `"ArnLike": {"aws:SourceArn": "arn:aws:sns:*:123456789012:*"}`, source("arn:aws:sns:eu-west-1:210987654321:t"), false},
		{"ArnLike, colons in the last part", `"ArnLike": {"aws:SourceArn": "arn:aws:sns:*:123456789012:*"}`, source("arn:aws:sns:eu-west-1:123456789012:t:sub"), true},
		{"ArnLike, everything", `"ArnLike": {"aws:SourceArn": "*"}`, source("arn:aws:sns:eu-west-1:123456789012:t"), true},
		{"ArnLike, no ARN in the request", `"ArnLike": {"aws:SourceArn": "arn:*:*:*:*:*"}`, source("arn:aws"), false},
		{"ArnLike, key absent", `"ArnLike": {"aws:SourceArn": "*"}`, nil, false},
		{"ArnNotEquals, the same", `"ArnNotEquals": {"aws:SourceArn": "arn:aws:sns:*:*:t"}`, source("arn:aws:sns:eu-west-1:123456789012:t"), false},
		{"ArnNotEquals, another", `"ArnNotEquals": {"aws:SourceArn": "arn:aws:sns:*:*:t"}`, source("arn:aws:sns:eu-west-1:123456789012:u"), true},
		{"ArnNotLike, matching", `"ArnNotLike": {"aws:SourceArn": "arn:aws:sns:*:*:t*"}`, source("arn:aws:sns:eu-west-1:123456789012:tt"), false},
		{"ArnNotLike, key absent", `"ArnNotLike": {"aws:SourceArn": "arn:aws:sns:*:*:t*"}`, nil, true},
		{"ArnLike, variable", `"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:user/${aws:username}"}`,
			ctx{"aws:principalarn": {"arn:aws:iam::111122223333:user/alice"}, "aws:username": {"alice"}}, true},
	})
}

func TestSets(t *testing.T) {
	keys := func(v ...string) ctx { return ctx{"aws:tagkeys": v} }
	const any, all = `"ForAnyValue:StringEquals": {"aws:TagKeys": ["a", "b"]}`, `"ForAllValues:StringEquals": {"aws:TagKeys": ["a", "b"]}`
	const anyNot, allNot = `"ForAnyValue:StringNotEquals": {"aws:TagKeys": ["a", "b"]}`, `"ForAllValues:StringNotEquals": {"aws:TagKeys": ["a", "b"]}`
	runConditions(t, "Multivalued context keys", []conditionCase{
		{"ForAllValues, all of them", all, keys("a", "b"), true},
		{"ForAllValues, a subset", all, keys("b"), true},
		{"ForAllValues, one too many", all, keys("a", "c"), false},
		{"ForAllValues, key absent", all, nil, true},
		{"ForAllValues, no values", all, keys(), true},
		{"ForAllValues, nothing but an empty string", all, keys(""), true},
		{"ForAllValues, an empty string among others", all, keys("", "a"), false},
		{"ForAnyValue, all of them", any, keys("a", "b"), true},
		{"ForAnyValue, one of them", any, keys("c", "b"), true},
		{"ForAnyValue, none of them", any, keys("c", "d"), false},
		{"ForAnyValue, key absent", any, nil, false},
		{"ForAnyValue, no values", any, keys(), false},
		{"ForAnyValue, nothing but an empty string", `"ForAnyValue:StringEquals": {"aws:TagKeys": ""}`, keys(""), false},
		{"ForAllValues negated, none of them", allNot, keys("c", "d"), true},
		{"ForAllValues negated, one of them", allNot, keys("c", "a"), false},
		{"ForAllValues negated, all of them", allNot, keys("a", "b"), false},
		{"ForAllValues negated, key absent", allNot, nil, true},
		{"ForAnyValue negated, all of them", anyNot, keys("a", "b"), false},
		{"ForAnyValue negated, one of them and another", anyNot, keys("a", "c"), true},
		{"ForAnyValue negated, none of them", anyNot, keys("c", "d"), true},
		{"ForAnyValue negated, key absent", anyNot, nil, false},
		{"ForAllValues with wildcards", `"ForAllValues:StringLike": {"aws:TagKeys": "key1*"}`, keys("key1", "key1:x"), true},
		{"ForAllValues with wildcards, another", `"ForAllValues:StringLike": {"aws:TagKeys": "key1*"}`, keys("key1", "key2"), false},
		{"ForAllValues with Null, key absent", all + `, "Null": {"aws:TagKeys": "false"}`, nil, false},
		{"ForAllValues with Null, key present", all + `, "Null": {"aws:TagKeys": "false"}`, keys("a"), true},
		{"ForAnyValue with numbers", `"ForAnyValue:NumericGreaterThan": {"x:n": 5}`, ctx{"x:n": {"1", "7"}}, true},
		{"ForAllValues with numbers", `"ForAllValues:NumericGreaterThan": {"x:n": 5}`, ctx{"x:n": {"1", "7"}}, false},
		{"ForAnyValue with IfExists, key absent", `"ForAnyValue:StringEqualsIfExists": {"aws:TagKeys": "a"}`, nil, true},
		{"ForAllValues with IfExists, key present", `"ForAllValues:StringEqualsIfExists": {"aws:TagKeys": "a"}`, keys("b"), false},
		{"prefix in another case", `"forallvalues:stringequals": {"aws:TagKeys": "a"}`, keys("b"), false},
		{"no set, one value matches", `"StringEquals": {"aws:TagKeys": "a"}`, keys("b", "a"), true},
		{"no set, negated, one value matches", `"StringNotEquals": {"aws:TagKeys": "a"}`, keys("b", "a"), false},
		{"no set, negated, none matches", `"StringNotEquals": {"aws:TagKeys": "a"}`, keys("b", "c"), true},
	})
	two := ctx{"aws:principaltag/department": {"hr"}, "aws:principaltag/role": {"audit"}, "aws:principalaccount": {"123456789012"}}
	const block = `"StringEqualsIgnoreCase": {"aws:PrincipalTag/department": ["finance", "HR", "legal"], "aws:PrincipalTag/role": ["audit", "security"]},
		"StringEquals": {"aws:PrincipalAccount": "123456789012"}`
	runConditions(t, "Multiple keys or values", []conditionCase{
		{"all keys of all operators", block, two, true},
		{"one operator fails", block, ctx{"aws:principaltag/department": {"hr"}, "aws:principaltag/role": {"audit"}, "aws:principalaccount": {"1"}}, false},
		{"one key fails", block, ctx{"aws:principaltag/department": {"hr"}, "aws:principaltag/role": {"dev"}, "aws:principalaccount": {"123456789012"}}, false},
		{"one key absent", block, ctx{"aws:principaltag/department": {"hr"}, "aws:principalaccount": {"123456789012"}}, false},
	})
}

func TestVariablesInConditions(t *testing.T) {
	who := func(name string, more ...string) ctx {
		return ctx{"aws:username": {name}, "glacier:resourcetag/Owner": more}
	}
	owner := func(operator, value string) string {
		return `"` + operator + `": {"glacier:ResourceTag/Owner": "` + value + `"}`
	}
	runConditions(t, "Variables and tags", []conditionCase{
		{"StringEquals, the value", owner("StringEquals", "${aws:username}"), who("alice", "alice"), true},
		{"StringEquals, another", owner("StringEquals", "${aws:username}"), who("alice", "bob"), false},
		{"name in another case", owner("StringEquals", "${AWS:UserName}"), who("alice", "alice"), true},
		{"text around it", owner("StringEquals", "u-${aws:username}-x"), who("alice", "u-alice-x"), true},
		{"two in one value", owner("StringEquals", "${aws:username}${aws:username}"), who("al", "alal"), true},
		{"StringEqualsIgnoreCase", owner("StringEqualsIgnoreCase", "${aws:username}"), who("alice", "ALICE"), true},
		{"StringNotEquals", owner("StringNotEquals", "${aws:username}"), who("alice", "alice"), false},
		{"StringLike, with a wildcard", owner("StringLike", "${aws:username}/*"), who("alice", "alice/x"), true},
		{"StringLike, a wildcard in the value is text", owner("StringLike", "${aws:username}"), who("*", "bob"), false},
		{"StringLike, a wildcard in the value matches itself", owner("StringLike", "${aws:username}"), who("*", "*"), true},
		{"a variable in the value is text", owner("StringEquals", "${aws:username}"), who("${aws:username}", "${aws:username}"), true},
		{"key absent", owner("StringLike", "*${aws:username}"), ctx{"glacier:resourcetag/Owner": {"alice"}}, false},
		{"key absent, negated", owner("StringNotLike", "*${aws:username}"), ctx{"glacier:resourcetag/Owner": {"alice"}}, true},
		{"several values", owner("StringLike", "${aws:TagKeys}"), ctx{"glacier:resourcetag/Owner": {"a"}, "aws:tagkeys": {"a", "b"}}, false},
		{"several values and a default", owner("StringLike", "${aws:TagKeys, 'a'}"), ctx{"glacier:resourcetag/Owner": {"a"}, "aws:tagkeys": {"a", "b"}}, false},
		{"value that is no text", owner("StringLike", "${aws:username}"), who("\xfe", "anything"), false},
		{"default value, key absent", owner("StringEquals", "${aws:username, 'nobody'}"), ctx{"glacier:resourcetag/Owner": {"nobody"}}, true},
		{"default value, key present", owner("StringEquals", "${aws:username, 'nobody'}"), who("alice", "nobody"), false},
		{"default value is text", owner("StringLike", "${aws:username, '*'}"), ctx{"glacier:resourcetag/Owner": {"x"}}, false},
		{"default value without a space", owner("StringEquals", "${aws:username,'a, b'}"), ctx{"glacier:resourcetag/Owner": {"a, b"}}, true},
		{"star as text", owner("StringLike", "a${*}"), who("", "ab"), false},
		{"star as text, itself", owner("StringLike", "a${*}"), who("", "a*"), true},
		{"question mark as text", owner("StringLike", "a${?}"), who("", "ab"), false},
		{"dollar as text", owner("StringEquals", "${$}{aws:username}"), who("alice", "${aws:username}"), true},
		{"tag of the principal", owner("StringEquals", "${aws:PrincipalTag/Team}"), ctx{"glacier:resourcetag/Owner": {"red"}, "aws:principaltag/Team": {"red"}}, true},
	})
}

func TestVariablesOfTheOldVersion(t *testing.T) {
	r := &policy.Request{Action: "glacier:ListJobs", Resource: vault, Value: ctx{"aws:username": {"alice"}, "x:a": {"${aws:username}"}}.value}
	if !applies(t, "2008-10-17", "", "", `"StringEquals": {"x:a": "${aws:username}"}`, r) {
		t.Error("a variable is not text in version 2008-10-17")
	}
	if !applies(t, "2008-10-17", "", "", `"StringLike": {"x:a": "${*}"}`, r) {
		t.Error("${*} is not a wildcard in braces in version 2008-10-17")
	}
}
