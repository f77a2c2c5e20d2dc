package policy_test

import (
	"errors"
	"strings"
	"testing"

	"firn/internal/policy"
)

const ofUser, onVault = policy.Identity, policy.Resource

// with is a policy of one statement with one element changed, taken away (by "") or added.
func with(kind policy.Kind, name, value string) string {
	elements := [][2]string{{"Sid", `"one"`}, {"Effect", `"Allow"`}, {"Principal", `"*"`}, {"Action", `"glacier:ListJobs"`}, {"Resource", `"*"`}}
	if kind == ofUser {
		elements = append(elements[:2], elements[3:]...)
	}
	var members []string
	for _, e := range append(elements, [2]string{name, value}) {
		if e[0] == name {
			if value == "" {
				continue
			}
			e[1], value = value, ""
		}
		members = append(members, `"`+e[0]+`": `+e[1])
	}
	return `{"Version": "2012-10-17", "Statement": [{` + strings.Join(members, ", ") + `}]}`
}

func TestRefusedPolicies(t *testing.T) {
	const any = `"Effect": "Deny", "Action": "*", "Resource": "*"`
	for _, tt := range []struct {
		name string
		kind policy.Kind
		text string
		want string
	}{
		{"nothing", ofUser, ``, `the policy is not JSON: line 1, character 0: unexpected end of JSON input`},
		{"no JSON", ofUser, "{\n  Version}", `the policy is not JSON: line 2, character 3: invalid character 'V' looking for beginning of object key string`},
		{"comma at the end", ofUser, `{"Version": "2012-10-17",}`, `the policy is not JSON: line 1, character 26: invalid character '}' looking for beginning of object key string`},
		{"something after it", ofUser, `{"Statement": []} {}`, `the policy is not JSON: line 1, character 19: invalid character '{' after top-level value`},
		{"no UTF-8", ofUser, "{\"Id\": \"\xff\"}", `the policy is not UTF-8`},
		{"too long", ofUser, strings.Repeat(" ", policy.MaxSize+1), `the policy has 20481 bytes, and may have 20480`},
		{"too deep", ofUser, strings.Repeat("[", 17) + strings.Repeat("]", 17), `the policy is nested deeper than 16`},
		{"a list", ofUser, `[]`, `a policy is a JSON object, not a list`},
		{"a string", ofUser, `"Allow"`, `a policy is a JSON object, not a string`},
		{"null", ofUser, `null`, `a policy is a JSON object, not null`},
		{"no statement", ofUser, `{"Version": "2012-10-17"}`, `the element Statement is missing`},
		{"no statements", ofUser, `{"Statement": []}`, `Statement: must not be empty`},
		{"statement of another type", ofUser, `{"Statement": "Allow"}`, `statement 1: must be an object, not a string`},
		{"second statement of another type", ofUser, `{"Statement": [{` + any + `}, 7]}`, `statement 2: must be an object, not a number`},
		{"unknown element", ofUser, `{"Statement": [], "Comment": ""}`, `there is no element "Comment"`},
		{"element in another case", ofUser, `{"statement": []}`, `there is no element "statement"`},
		{"element twice", ofUser, `{"Statement": [], "Statement": []}`, `"Statement" appears twice in the same object`},
		{"element of a statement twice", ofUser, `{"Statement": [{` + any + `, "Effect": "Allow"}]}`, `"Effect" appears twice in the same object`},
		{"version that does not exist", ofUser, `{"Version": "2012-10-18", "Statement": []}`, `Version: "2012-10-18" is not a version: use 2012-10-17 or 2008-10-17`},
		{"version of another type", ofUser, `{"Version": 2012, "Statement": []}`, `Version: must be a string, not a number`},
		{"id of another type", ofUser, `{"Id": {}, "Statement": []}`, `Id: must be a string, not an object`},
		{"the same Sid twice", ofUser, `{"Statement": [{"Sid": "a", ` + any + `}, {"Sid": "a", ` + any + `}]}`, `statement 2 (a): Sid: another statement has the same`},

		{"unknown element of a statement", ofUser, with(ofUser, "Permit", `true`), `statement 1 (one): there is no element "Permit"`},
		{"Sid of another type", ofUser, with(ofUser, "Sid", `1`), `statement 1: Sid: must be a string, not a number`},
		{"Sid with other characters", ofUser, with(ofUser, "Sid", `"a b"`), `statement 1: Sid: "a b" may have letters and digits only`},
		{"no Effect", ofUser, with(ofUser, "Effect", ""), `statement 1 (one): the element Effect is missing`},
		{"Effect in another case", ofUser, with(ofUser, "Effect", `"allow"`), `statement 1 (one): Effect: must be Allow or Deny, not "allow"`},
		{"Effect of another type", ofUser, with(ofUser, "Effect", `["Allow"]`), `statement 1 (one): Effect: must be Allow or Deny, not a list`},
		{"no Action", ofUser, with(ofUser, "Action", ""), `statement 1 (one): the element Action is missing`},
		{"Action and NotAction", ofUser, with(ofUser, "NotAction", `"*"`), `statement 1 (one): has both Action and NotAction, and may have one`},
		{"no Resource", ofUser, with(ofUser, "Resource", ""), `statement 1 (one): the element Resource is missing`},
		{"Resource and NotResource", ofUser, with(ofUser, "NotResource", `"*"`), `statement 1 (one): has both Resource and NotResource, and may have one`},

		{"Principal of a user's policy", ofUser, with(ofUser, "Principal", `"*"`), `statement 1 (one): Principal: the policy of a user must not have it`},
		{"NotPrincipal of a user's policy", ofUser, with(ofUser, "NotPrincipal", `"*"`), `statement 1 (one): NotPrincipal: the policy of a user must not have it`},
		{"no Principal", onVault, with(onVault, "Principal", ""), `statement 1 (one): the element Principal is missing`},
		{"Principal and NotPrincipal", onVault, with(onVault, "NotPrincipal", `"*"`), `statement 1 (one): has both Principal and NotPrincipal, and may have one`},
		{"Principal without a kind", onVault, with(onVault, "Principal", `"111122223333"`), `statement 1 (one): Principal: must be "*" or an object such as {"AWS": "111122223333"}`},
		{"empty Principal", onVault, with(onVault, "Principal", `{}`), `statement 1 (one): Principal: must not be empty`},
		{"empty list of principals", onVault, with(onVault, "Principal", `{"AWS": []}`), `statement 1 (one): Principal: AWS: must not be empty`},
		{"principal of another type", onVault, with(onVault, "Principal", `{"AWS": 111122223333}`), `statement 1 (one): Principal: AWS: must be a string or a list of strings, not a number`},
		{"unknown kind of principal", onVault, with(onVault, "Principal", `{"Google": "x"}`), `statement 1 (one): Principal: there is no kind of principal "Google"`},
		{"account of eleven digits", onVault, with(onVault, "Principal", `{"AWS": "11112222333"}`), `statement 1 (one): Principal: "11112222333" is neither an account nor the ARN of a principal`},
		{"account with hyphens", onVault, with(onVault, "Principal", `{"AWS": "1111-2222-3333"}`), `statement 1 (one): Principal: "1111-2222-3333" is neither an account nor the ARN of a principal`},
		{"principal with a wildcard", onVault, with(onVault, "Principal", `{"AWS": "arn:aws:iam::111122223333:user/*"}`), `statement 1 (one): Principal: "arn:aws:iam::111122223333:user/*" has a wildcard: only "*" alone, for everybody, may have one`},
		{"principal of another service", onVault, with(onVault, "Principal", `{"AWS": "arn:aws:s3::111122223333:user/a"}`), `statement 1 (one): Principal: "arn:aws:s3::111122223333:user/a" is neither an account nor the ARN of a principal`},
		{"principal of another partition", onVault, with(onVault, "Principal", `{"AWS": "arn:aws-eu:iam::111122223333:root"}`), `statement 1 (one): Principal: "arn:aws-eu:iam::111122223333:root" has no partition that exists`},
		{"principal without an account", onVault, with(onVault, "Principal", `{"AWS": "arn:aws:iam::1:root"}`), `statement 1 (one): Principal: "arn:aws:iam::1:root" has no account of 12 digits`},
		{"principal that is nothing", onVault, with(onVault, "Principal", `{"AWS": "arn:aws:iam::111122223333:alice"}`), `statement 1 (one): Principal: "arn:aws:iam::111122223333:alice" is neither an account nor the ARN of a principal`},

		{"empty Action", ofUser, with(ofUser, "Action", `[]`), `statement 1 (one): Action: must not be empty`},
		{"action of another type", ofUser, with(ofUser, "Action", `[1]`), `statement 1 (one): Action: must be a string or a list of strings, not of a number`},
		{"action without a vendor", ofUser, with(ofUser, "Action", `"ListJobs"`), `statement 1 (one): Action: "ListJobs" is not of the form vendor:name`},
		{"action without a name", ofUser, with(ofUser, "Action", `"glacier:"`), `statement 1 (one): Action: "glacier:" is not of the form vendor:name`},
		{"action with part of a vendor", ofUser, with(ofUser, "Action", `"gl*:ListJobs"`), `statement 1 (one): Action: "gl*:ListJobs" must name its vendor without wildcards`},
		{"action with a variable", ofUser, with(ofUser, "Action", `"glacier:${aws:username}"`), `statement 1 (one): Action: "glacier:${aws:username}" has characters that no action has`},
		{"action of another service on a vault", onVault, with(onVault, "Action", `"s3:GetObject"`), `statement 1 (one): Action: "s3:GetObject" is not an action of glacier`},
		{"action that does not exist on a vault", onVault, with(onVault, "Action", `["glacier:ListJobs", "glacier:ListJob"]`), `statement 1 (one): Action: "glacier:ListJob" is not an action of glacier`},
		{"actions that do not exist on a vault", onVault, with(onVault, "Action", `"glacier:Kill*"`), `statement 1 (one): Action: "glacier:Kill*" is not an action of glacier`},

		{"empty Resource", ofUser, with(ofUser, "Resource", `[]`), `statement 1 (one): Resource: must not be empty`},
		{"resource that is no ARN", ofUser, with(ofUser, "Resource", `"photos"`), `statement 1 (one): Resource: "photos" is neither * nor an ARN`},
		{"empty resource", ofUser, with(ofUser, "Resource", `""`), `statement 1 (one): Resource: "" is neither * nor an ARN`},
		{"resource without a service", ofUser, with(ofUser, "Resource", `"arn:aws"`), `statement 1 (one): Resource: "arn:aws" names no service`},
		{"resource with a wildcard for the service", ofUser, with(ofUser, "Resource", `"arn:aws:*:*:*:*"`), `statement 1 (one): Resource: "arn:aws:*:*:*:*" has a wildcard in the name of the service`},
		{"resource with too few parts", ofUser, with(ofUser, "Resource", `"arn:aws:glacier:eu-west-1:vaults/a"`), `statement 1 (one): Resource: "arn:aws:glacier:eu-west-1:vaults/a" has 5 of an ARN's 6 parts`},
		{"resource with too few parts and a star in the middle", ofUser, with(ofUser, "Resource", `"arn:aws:glacier:eu*1:vaults/a"`), `statement 1 (one): Resource: "arn:aws:glacier:eu*1:vaults/a" has 5 of an ARN's 6 parts`},
		{"variable for the account", ofUser, with(ofUser, "Resource", `"arn:aws:glacier:*:${aws:userid}:vaults/a"`), `statement 1 (one): Resource: "arn:aws:glacier:*:${aws:userid}:vaults/a" has a variable before the fifth colon`},
		{"variable for everything", ofUser, with(ofUser, "Resource", `"${aws:userid}"`), `statement 1 (one): Resource: "${aws:userid}" is neither * nor an ARN`},
		{"variable without a brace", ofUser, with(ofUser, "Resource", `"arn:aws:glacier:::vaults/${aws:userid"`), `statement 1 (one): Resource: the variable ${aws:userid lacks its }`},
		{"empty variable", ofUser, with(ofUser, "Resource", `"arn:aws:glacier:::vaults/${}"`), `statement 1 (one): Resource: a variable is empty`},
		{"variable with a space", ofUser, with(ofUser, "Resource", `"arn:aws:glacier:::vaults/${ aws:userid}"`), `statement 1 (one): Resource: the variable ${ aws:userid} has a space in its name`},
		{"variable without a vendor", ofUser, with(ofUser, "Resource", `"arn:aws:glacier:::vaults/${userid}"`), `statement 1 (one): Resource: the variable ${userid} is not of the form ${vendor:name}`},
		{"default value without quotes", ofUser, with(ofUser, "Resource", `"arn:aws:glacier:::vaults/${aws:userid, x}"`), `statement 1 (one): Resource: the default value of ${aws:userid} must stand between single quotes`},
		{"default value with one quote", ofUser, with(ofUser, "Resource", `"arn:aws:glacier:::vaults/${aws:userid, 'x}"`), `statement 1 (one): Resource: the default value of ${aws:userid} must stand between single quotes`},

		{"Condition of another type", ofUser, with(ofUser, "Condition", `[]`), `statement 1 (one): Condition: must be an object, not a list`},
		{"unknown operator", ofUser, with(ofUser, "Condition", `{"StringIs": {"aws:a": "b"}}`), `statement 1 (one): Condition: there is no operator "StringIs"`},
		{"unknown relation", ofUser, with(ofUser, "Condition", `{"NumericLike": {"aws:a": "1"}}`), `statement 1 (one): Condition: there is no operator "NumericLike"`},
		{"unknown set", ofUser, with(ofUser, "Condition", `{"ForNoValue:StringEquals": {"aws:a": "b"}}`), `statement 1 (one): Condition: there is no operator "ForNoValue:StringEquals"`},
		{"NullIfExists", ofUser, with(ofUser, "Condition", `{"NullIfExists": {"aws:a": "true"}}`), `statement 1 (one): Condition: "NullIfExists": Null takes no IfExists`},
		{"Null of a set", ofUser, with(ofUser, "Condition", `{"ForAnyValue:Null": {"aws:a": "true"}}`), `statement 1 (one): Condition: "ForAnyValue:Null": Null takes no set operator`},
		{"operator in two cases", ofUser, with(ofUser, "Condition", `{"Bool": {}, "bool": {}}`), `statement 1 (one): Condition: bool: appears twice, in different case`},
		{"operator of another type", ofUser, with(ofUser, "Condition", `{"Bool": "aws:a"}`), `statement 1 (one): Condition: Bool: must be an object, not a string`},
		{"key in two cases", ofUser, with(ofUser, "Condition", `{"Bool": {"aws:A": "true", "AWS:a": "true"}}`), `statement 1 (one): Condition: Bool: the key "AWS:a" appears twice, in different case`},
		{"key without a vendor", ofUser, with(ofUser, "Condition", `{"Bool": {"a": "true"}}`), `statement 1 (one): Condition: Bool: "a" is not a condition key: those are of the form vendor:name`},
		{"key of another service on a vault", onVault, with(onVault, "Condition", `{"Bool": {"s3:a": "true"}}`), `statement 1 (one): Condition: Bool: "s3:a" is not a condition key of a vault: those begin with aws: or glacier:`},
		{"no values", ofUser, with(ofUser, "Condition", `{"Bool": {"aws:a": []}}`), `statement 1 (one): Condition: Bool: aws:a: must not be empty`},
		{"null for a value", ofUser, with(ofUser, "Condition", `{"Bool": {"aws:a": null}}`), `statement 1 (one): Condition: Bool: aws:a: must be a string, a number, a boolean or a list of them, not null`},
		{"a list in a list", ofUser, with(ofUser, "Condition", `{"Bool": {"aws:a": [["true"]]}}`), `statement 1 (one): Condition: Bool: aws:a: must be a string, a number, a boolean or a list of them, not a list`},
		{"no boolean", ofUser, with(ofUser, "Condition", `{"Bool": {"aws:a": "yes"}}`), `statement 1 (one): Condition: Bool: aws:a: "yes" is neither true nor false`},
		{"no boolean for Null", ofUser, with(ofUser, "Condition", `{"Null": {"aws:a": 1}}`), `statement 1 (one): Condition: Null: aws:a: "1" is neither true nor false`},
		{"no number", ofUser, with(ofUser, "Condition", `{"NumericEquals": {"aws:a": "0x10"}}`), `statement 1 (one): Condition: NumericEquals: aws:a: "0x10" is not a number`},
		{"empty number", ofUser, with(ofUser, "Condition", `{"NumericEquals": {"aws:a": ""}}`), `statement 1 (one): Condition: NumericEquals: aws:a: "" is not a number`},
		{"infinite number", ofUser, with(ofUser, "Condition", `{"NumericEquals": {"aws:a": 1e999}}`), `statement 1 (one): Condition: NumericEquals: aws:a: "1e999" is not a number`},
		{"word for a number", ofUser, with(ofUser, "Condition", `{"NumericEquals": {"aws:a": "NaN"}}`), `statement 1 (one): Condition: NumericEquals: aws:a: "NaN" is not a number`},
		{"no date", ofUser, with(ofUser, "Condition", `{"DateLessThan": {"aws:a": "2026-02-30"}}`), `statement 1 (one): Condition: DateLessThan: aws:a: "2026-02-30" is neither a date, such as 2026-01-31T00:00:00Z, nor seconds since 1970`},
		{"date without a zone", ofUser, with(ofUser, "Condition", `{"DateLessThan": {"aws:a": "2026-01-30T10:00:00"}}`), `statement 1 (one): Condition: DateLessThan: aws:a: "2026-01-30T10:00:00" is neither a date, such as 2026-01-31T00:00:00Z, nor seconds since 1970`},
		{"date with a wildcard", ofUser, with(ofUser, "Condition", `{"DateLessThan": {"aws:a": "2026-*"}}`), `statement 1 (one): Condition: DateLessThan: aws:a: "2026-*" is neither a date, such as 2026-01-31T00:00:00Z, nor seconds since 1970`},
		{"far date", ofUser, with(ofUser, "Condition", `{"DateLessThan": {"aws:a": 99999999999999}}`), `statement 1 (one): Condition: DateLessThan: aws:a: "99999999999999" is neither a date, such as 2026-01-31T00:00:00Z, nor seconds since 1970`},
		{"no base64", ofUser, with(ofUser, "Condition", `{"BinaryEquals": {"aws:a": "a"}}`), `statement 1 (one): Condition: BinaryEquals: aws:a: "a" is not base64`},
		{"no address", ofUser, with(ofUser, "Condition", `{"IpAddress": {"aws:SourceIp": "192.0.2.0/33"}}`), `statement 1 (one): Condition: IpAddress: aws:SourceIp: "192.0.2.0/33" is neither an IP address nor a range such as 192.0.2.0/24`},
		{"address with a wildcard", ofUser, with(ofUser, "Condition", `{"IpAddress": {"aws:SourceIp": "192.0.2.*"}}`), `statement 1 (one): Condition: IpAddress: aws:SourceIp: "192.0.2.*" is neither an IP address nor a range such as 192.0.2.0/24`},
		{"address with a zone", ofUser, with(ofUser, "Condition", `{"IpAddress": {"aws:SourceIp": "fe80::1%eth0"}}`), `statement 1 (one): Condition: IpAddress: aws:SourceIp: "fe80::1%eth0" is neither an IP address nor a range such as 192.0.2.0/24`},
		{"variable for a number", ofUser, with(ofUser, "Condition", `{"NumericEquals": {"aws:a": "${aws:b}"}}`), `statement 1 (one): Condition: NumericEquals: aws:a: "${aws:b}": only the String and Arn operators take variables`},
		{"no ARN", ofUser, with(ofUser, "Condition", `{"ArnLike": {"aws:a": "arn:aws:sns:*"}}`), `statement 1 (one): Condition: ArnLike: aws:a: "arn:aws:sns:*" has 4 of an ARN's 6 parts`},
		{"broken variable", ofUser, with(ofUser, "Condition", `{"StringLike": {"aws:a": "${aws:b"}}`), `statement 1 (one): Condition: StringLike: aws:a: the variable ${aws:b lacks its }`},
		{"a long value is cut", ofUser, with(ofUser, "Effect", `"`+strings.Repeat("é", 41)+`"`), `statement 1 (one): Effect: must be Allow or Deny, not "` + strings.Repeat("é", 40) + `…"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, err := policy.Parse(tt.kind, tt.text)
			if err == nil {
				t.Fatalf("accepted: %s", tt.text)
			}
			var refused *policy.SyntaxError
			if !errors.As(err, &refused) || p != nil {
				t.Errorf("policy %v, error %T", p, err)
			}
			if err.Error() != tt.want {
				t.Errorf("got  %s\nwant %s", err, tt.want)
			}
		})
	}
}

func TestAcceptedPolicies(t *testing.T) {
	for _, tt := range []struct {
		name string
		kind policy.Kind
		text string
	}{
		{"one statement without a list", ofUser, `{"Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}}`},
		{"no version", ofUser, `{"Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]}`},
		{"the old version", ofUser, `{"Version": "2008-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]}`},
		{"the old version with what would be a broken variable", ofUser, `{"Version": "2008-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "arn:aws:s3:::${a"}]}`},
		{"id and version at the end", onVault, `{"Statement": [{"Resource": "*", "Action": "*", "Principal": "*", "Effect": "Deny"}], "Id": "an id", "Version": "2012-10-17"}`},
		{"space around everything", ofUser, "\r\n\t{ \"Statement\" : [ { \"Effect\" : \"Deny\" , \"Action\" : [ \"*\" ] , \"Resource\" : [ \"*\" ] } ] } \n"},
		{"escapes in names", ofUser, `{"\u0053tatement": [{"Effect": "D\u0065ny", "Action": "*", "Resource": "*"}]}`},
		{"the size that it may have", ofUser, `{"Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}}` + strings.Repeat(" ", policy.MaxSize-66)},
		{"Sid of a vault's with other characters", onVault, with(onVault, "Sid", `"grant-all: to you"`)},
		{"empty Sid", ofUser, with(ofUser, "Sid", `""`)},
		{"the same Sid twice on a vault", onVault, `{"Statement": [{"Sid": "a", "Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"},
			{"Sid": "a", "Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}]}`},
		{"empty Condition", ofUser, with(ofUser, "Condition", `{}`)},
		{"values of several types", ofUser, with(ofUser, "Condition", `{"StringEquals": {"aws:a": ["a", 1, true, -1.5e3]}}`)},
		{"several booleans", ofUser, with(ofUser, "Condition", `{"Bool": {"aws:a": ["true", false]}}`)},
		{"action of a service that we do not know", ofUser, with(ofUser, "Action", `"execute-api:Invoke"`)},
		{"action that Glacier does not have, of a user", ofUser, with(ofUser, "Action", `"glacier:Thaw"`)},
		{"all actions of all vendors on a vault", onVault, with(onVault, "Action", `"*:*"`)},
		{"action for the account on a vault", onVault, with(onVault, "Action", `"glacier:CreateVault"`)},
		{"name without a vendor on a vault", onVault, with(onVault, "Action", `"*:ListJobs"`)},
		{"ARN with a star for the rest", ofUser, with(ofUser, "Resource", `"arn:aws:glacier:*"`)},
		{"ARN of a principal in another partition", onVault, with(onVault, "Principal", `{"AWS": ["arn:aws-cn:iam::111122223333:root", "arn:aws-us-gov:iam::111122223333:user/a/b"]}`)},
		{"braces that are no variable", ofUser, with(ofUser, "Resource", `"arn:aws:s3:::{a}$b"`)},
		{"key with an empty tag", onVault, with(onVault, "Condition", `{"StringEquals": {"glacier:ResourceTag/": "a"}}`)},
		{"key of a tag with a slash and colon", onVault, with(onVault, "Condition", `{"StringEquals": {"glacier:ResourceTag/a/b:c": "a"}}`)},
	} {
		t.Run(tt.name, func(t *testing.T) { mustParse(t, tt.kind, tt.text) })
	}
}
