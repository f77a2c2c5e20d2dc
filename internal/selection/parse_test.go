package selection

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firn/glacier"
	"firn/internal/bucket"
	"firn/internal/csv"
	"firn/internal/scan"
)

const (
	someQuery = `{"Expression":"SELECT * FROM archive","ExpressionType":"SQL"}`
	somePlace = `{"S3":{"BucketName":"results","Prefix":"runs"}}`
)

// with is the query with more members, at with more of the place's.
func with(more string) string { return strings.TrimSuffix(someQuery, "}") + "," + more + "}" }
func at(more string) string   { return strings.TrimSuffix(somePlace, "}}") + "," + more + "}}" }

// csvIn is the query with members of InputSerialization.csv, csvOut of the
// other.
func csvIn(more string) string  { return with(`"InputSerialization":{"csv":{` + more + `}}`) }
func csvOut(more string) string { return with(`"OutputSerialization":{"csv":{` + more + `}}`) }

func grant(grantee, permission string) string {
	return at(`"AccessControlList":[{"Grantee":` + grantee + `,"Permission":` + permission + `}]`)
}

func TestRefusedRequests(t *testing.T) {
	const (
		missing = glacier.MissingParameterValue
		bad     = glacier.InvalidParameterValue
		broken  = glacier.Serialization
	)
	long := func(n int) string { return strings.Repeat("x", n) }
	for _, tt := range []struct {
		name, parameters, location string
		code                       glacier.Code
		message                    string
	}{
		{"no parameters", "", somePlace, missing, "Required parameter missing: selectParameters"},
		{"null parameters", "null", somePlace, missing, "Required parameter missing: selectParameters"},
		{"parameters that are no object", `"SELECT"`, somePlace, broken, "Invalid JSON: SelectParameters could not be parsed."},
		{"no expression", `{"ExpressionType":"SQL"}`, somePlace, missing, "Required parameter missing: expression"},
		{"empty expression", `{"Expression":"","ExpressionType":"SQL"}`, somePlace, missing, "Required parameter missing: expression"},
		{"expression by another case", `{"expression":"SELECT * FROM archive","ExpressionType":"SQL"}`, somePlace, missing, "Required parameter missing: expression"},
		{"no type of expression", `{"Expression":"SELECT * FROM archive"}`, somePlace, missing, "Required parameter missing: expressionType"},
		{"other type of expression", `{"Expression":"x","ExpressionType":"sql"}`, somePlace, bad, "Invalid ExpressionType: sql. It must be SQL."},
		{"expression too long", `{"Expression":"` + long(131073) + `","ExpressionType":"SQL"}`, somePlace, bad, "Invalid Expression: it has 131073 bytes, and 131072 are allowed."},
		{"documents too long", with(`"x":"` + long(224<<10) + `"`), somePlace, bad, tooLong().Message},
		{"documents too long in a string", `{"Expression":"SELECT '` + strings.Repeat(`\"`, 60<<10) + `' FROM archive","ExpressionType":"SQL"}`, somePlace, bad, tooLong().Message},
		{"half of a surrogate pair in the expression", `{"Expression":"SELECT '\ud800' FROM archive","ExpressionType":"SQL"}`, somePlace, bad, "Invalid Expression: it must not have the character U+FFFD, or half of a surrogate pair."},
		{"parameters that are not UTF-8", with("\"x\":\"\xff\""), somePlace, bad, "Invalid SelectParameters: it is not UTF-8."},
		{"member of another type", csvIn(`"Comments":1`), somePlace, broken, "Invalid JSON: SelectParameters could not be parsed."},

		{"csv and json", with(`"InputSerialization":{"csv":{},"json":{}}`), somePlace, bad, "Invalid InputSerialization: csv and json must not be given together."},
		{"unknown compression", with(`"InputSerialization":{"CompressionType":"BZIP2"}`), somePlace, bad, "Invalid CompressionType: BZIP2. It must be NONE, GZIP or ZSTD."},
		{"unknown type of JSON", with(`"InputSerialization":{"json":{"Type":"DOCUMENT"}}`), somePlace, bad, "Invalid Type: DOCUMENT. It must be LINES."},
		{"unknown header info", csvIn(`"FileHeaderInfo":"SKIP"`), somePlace, bad, "Invalid FileHeaderInfo: SKIP. It must be USE, IGNORE or NONE."},
		{"unknown quoting", csvOut(`"QuoteFields":"NEVER"`), somePlace, bad, "Invalid QuoteFields: NEVER. It must be ALWAYS or ASNEEDED."},
		{"two characters as delimiter", csvIn(`"FieldDelimiter":"||"`), somePlace, bad, "Invalid FieldDelimiter: ||. It must be one ASCII character."},
		{"delimiter that is not ASCII", csvOut(`"FieldDelimiter":"§"`), somePlace, bad, "Invalid FieldDelimiter: §. It must be one ASCII character."},
		{"NUL as quote", csvIn(`"QuoteCharacter":"\u0000"`), somePlace, bad, "Invalid QuoteCharacter: \x00. It must be one ASCII character."},
		{"delimiter that is the quote", csvIn(`"FieldDelimiter":"\""`), somePlace, bad, `Invalid InputSerialization: the quote character must not be '"', which has another meaning.`},
		{"record delimiter of two others", csvIn(`"RecordDelimiter":";;"`), somePlace, bad, `Invalid InputSerialization: the record delimiter must be one character, or "\r\n".`},
		{"output that cannot be read back", csvOut(`"RecordDelimiter":","`), somePlace, bad, "Invalid OutputSerialization: the field delimiter must not be ',', which has another meaning."},

		{"no location", someQuery, "", missing, "Required parameter missing: outputLocation"},
		{"location that is no object", someQuery, "[]", broken, "Invalid JSON: OutputLocation could not be parsed."},
		{"no S3", someQuery, "{}", missing, "Required parameter missing: s3"},
		{"no bucket", someQuery, `{"S3":{"Prefix":"x"}}`, missing, "Required parameter missing: bucketName"},
		{"bucket with capitals", someQuery, `{"S3":{"BucketName":"Results","Prefix":"x"}}`, bad, "Invalid BucketName: Results. A bucket's name has 3 to 63 lower-case letters, digits, dots and hyphens."},
		{"no prefix", someQuery, `{"S3":{"BucketName":"results"}}`, missing, "Required parameter missing: prefix"},
		{"prefix too long", someQuery, `{"S3":{"BucketName":"results","Prefix":"` + long(513) + `"}}`, bad, "Invalid Prefix: it has 513 bytes, and 512 are allowed."},
		{"prefix with a line feed", someQuery, `{"S3":{"BucketName":"results","Prefix":"a\nb"}}`, bad, `Invalid Prefix: "a\nb". It must not have control characters or line separators.`},
		{"prefix with a line separator", someQuery, `{"S3":{"BucketName":"results","Prefix":"a\u2028b"}}`, bad, `Invalid Prefix: "a\u2028b". It must not have control characters or line separators.`},
		{"prefix with a paragraph separator", someQuery, `{"S3":{"BucketName":"results","Prefix":"a\u2029b"}}`, bad, `Invalid Prefix: "a\u2029b". It must not have control characters or line separators.`},
		{"prefix that begins with a space", someQuery, `{"S3":{"BucketName":"results","Prefix":" a"}}`, bad, `Invalid Prefix: " a". It must not begin or end with a space.`},
		{"prefix that ends with a space", someQuery, `{"S3":{"BucketName":"results","Prefix":"a\u00a0"}}`, bad, `Invalid Prefix: "a\u00a0". It must not begin or end with a space.`},
		{"half of a surrogate pair in the prefix", someQuery, `{"S3":{"BucketName":"results","Prefix":"a\udfff"}}`, bad, `Invalid Prefix: "a�". It must not have the character U+FFFD, or half of a surrogate pair.`},
		{"unknown canned ACL", someQuery, at(`"CannedACL":"Private"`), bad, "Invalid CannedACL: Private. It must be one of private, public-read, public-read-write, aws-exec-read, authenticated-read, bucket-owner-read, bucket-owner-full-control."},
		{"unknown storage class", someQuery, at(`"StorageClass":"GLACIER"`), bad, "Invalid StorageClass: GLACIER. It must be one of STANDARD, REDUCED_REDUNDANCY, STANDARD_IA."},
		{"canned ACL and grants", someQuery, at(`"CannedACL":"private","AccessControlList":[{}]`), bad, "CannedACL and AccessControlList must not be given together."},
		{"too many grants", someQuery, at(`"AccessControlList":[` + strings.Repeat("{},", 100) + "{}]"), bad, "Invalid AccessControlList: it has 101 grants, and 100 are allowed."},
		{"grant to nobody", someQuery, at(`"AccessControlList":[{"Permission":"READ"}]`), missing, "Required parameter missing: grantee"},
		{"grant in a null", someQuery, at(`"AccessControlList":[null]`), missing, "Required parameter missing: grantee"},
		{"grantee by another case", someQuery, at(`"AccessControlList":[{"grantee":{"Type":"Group","URI":"x"},"Permission":"READ"}]`), missing, "Required parameter missing: grantee"},
		{"grantee without a type", someQuery, grant(`{"ID":"x"}`, `"READ"`), missing, "Required parameter missing: type"},
		{"grantee of an unknown type", someQuery, grant(`{"Type":"User"}`, `"READ"`), bad, "Invalid Type: User. It must be one of AmazonCustomerByEmail, CanonicalUser, Group."},
		{"user without an id", someQuery, grant(`{"Type":"CanonicalUser","URI":"x"}`, `"READ"`), missing, "Required parameter missing: id"},
		{"customer without an address", someQuery, grant(`{"Type":"AmazonCustomerByEmail","ID":"x"}`, `"READ"`), missing, "Required parameter missing: emailAddress"},
		{"group without a URI", someQuery, grant(`{"Type":"Group","ID":"x"}`, `"READ"`), missing, "Required parameter missing: uri"},
		{"grantee too long", someQuery, grant(`{"Type":"Group","URI":"`+long(4097)+`"}`, `"READ"`), bad, "Invalid Grantee: its uri has more than 4096 bytes."},
		{"grant of nothing", someQuery, grant(`{"Type":"Group","URI":"x"}`, `null`), missing, "Required parameter missing: permission"},
		{"grant of something unknown", someQuery, grant(`{"Type":"Group","URI":"x"}`, `"EXECUTE"`), bad, "Invalid Permission: EXECUTE. It must be one of FULL_CONTROL, WRITE, WRITE_ACP, READ, READ_ACP."},
		{"encryption without a type", someQuery, at(`"Encryption":{"KMSKeyId":"x"}`), missing, "Required parameter missing: encryptionType"},
		{"encryption by its other name", someQuery, at(`"Encryption":{"Encryption":"AES256"}`), missing, "Required parameter missing: encryptionType"},
		{"unknown encryption", someQuery, at(`"Encryption":{"EncryptionType":"ROT13"}`), bad, "Invalid EncryptionType: ROT13. It must be one of aws:kms, AES256."},
		{"key without KMS", someQuery, at(`"Encryption":{"EncryptionType":"AES256","KMSKeyId":"x"}`), bad, "KMSKeyId must not be given with EncryptionType AES256."},
		{"context without KMS", someQuery, at(`"Encryption":{"EncryptionType":"AES256","KMSContext":"{}"}`), bad, "KMSContext must not be given with EncryptionType AES256."},
		{"context that is no JSON", someQuery, at(`"Encryption":{"EncryptionType":"aws:kms","KMSContext":"x"}`), bad, "Invalid KMSContext: x. It must be a JSON object of strings."},
		{"context that is null", someQuery, at(`"Encryption":{"EncryptionType":"aws:kms","KMSContext":"null"}`), bad, "Invalid KMSContext: null. It must be a JSON object of strings."},
		{"key too long", someQuery, at(`"Encryption":{"EncryptionType":"aws:kms","KMSKeyId":"` + long(4097) + `"}`), bad, "Invalid Encryption: a value has more than 4096 bytes."},
		{"too many tags", someQuery, at(`"Tagging":{"a":"","b":"","c":"","d":"","e":"","f":"","g":"","h":"","i":"","j":"","k":""}`), bad, "Invalid Tagging: it has 11 tags, and 10 are allowed."},
		{"tag without a key", someQuery, at(`"Tagging":{"":"x"}`), bad, "Invalid Tagging: . A key has 1 to 128 characters, a value at most 256."},
		{"tag with a long value", someQuery, at(`"Tagging":{"a":"` + long(257) + `"}`), bad, "Invalid Tagging: a. A key has 1 to 128 characters, a value at most 256."},
		{"metadata too long", someQuery, at(`"UserMetadata":{"a":"` + long(2048) + `"}`), bad, "Invalid UserMetadata: it has 2049 bytes, and 2048 are allowed."},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Parse(json.RawMessage(tt.parameters), json.RawMessage(tt.location))
			refused(t, err, tt.code, tt.message)
		})
	}
}

func refused(t *testing.T, err error, code glacier.Code, message string) {
	t.Helper()
	e, ok := errors.AsType[*glacier.Error](err)
	if !ok || e.Code != code || e.Message != message {
		t.Errorf("refused with %v\nwant %s: %s", err, code, message)
	}
}

// TestQueriesThatCannotRun: what the engine says, the client hears.
func TestQueriesThatCannotRun(t *testing.T) {
	for _, tt := range []struct {
		name, expression, in string
		code                 glacier.Code
	}{
		{"no SQL", "SELECT FROM", `{}`, glacier.InvalidParameterValue},
		{"aggregate", "SELECT SUM(_1) FROM archive GROUP BY _1", `{}`, glacier.InvalidParameterValue},
	} {
		t.Run(tt.name, func(t *testing.T) {
			doc, err := json.Marshal(map[string]any{"Expression": tt.expression, "ExpressionType": "SQL", "InputSerialization": json.RawMessage(tt.in)})
			if err != nil {
				t.Fatal(err)
			}
			_, err = Parse(doc, json.RawMessage(somePlace))
			e, ok := errors.AsType[*glacier.Error](err)
			if !ok || e.Code != tt.code || !strings.HasSuffix(e.Message, ".") {
				t.Errorf("%v, want %s", err, tt.code)
			}
		})
	}
}

func TestInputs(t *testing.T) {
	plain := scan.Input{CSV: defaultDialect()}
	asCSV := scan.Input{CSV: defaultDialect(), Form: scan.CSV}
	for _, tt := range []struct {
		name, doc string
		want      scan.Input
	}{
		{"nothing said", `{}`, plain},
		{"nulls", `{"csv":null,"json":null,"CompressionType":null}`, plain},
		{"the guide's spelling of csv, which nobody sends", `{"CSV":{"FileHeaderInfo":"USE"}}`, plain},
		{"csv", `{"csv":{}}`, asCSV},
		{"empty strings", `{"csv":{"Comments":"","FieldDelimiter":"","FileHeaderInfo":"","RecordDelimiter":""},"CompressionType":""}`, asCSV},
		{"everything", `{"csv":{"Comments":"#","FieldDelimiter":"\t","FileHeaderInfo":"Use","QuoteCharacter":"'","QuoteEscapeCharacter":"\\","RecordDelimiter":"\r\n"},"CompressionType":"gzip"}`,
			scan.Input{Compression: scan.Gzip, Form: scan.CSV, Header: scan.HeaderUse, CSV: csv.Dialect{Field: '\t', Quote: '\'', Escape: '\\', Comment: '#', Record: "\r\n"}}},
		{"a quote of its own, which is doubled", `{"csv":{"QuoteCharacter":"'"}}`,
			scan.Input{Form: scan.CSV, CSV: csv.Dialect{Field: ',', Quote: '\'', Escape: '\'', Comment: '#', Record: "\n"}}},
		{"the comment's character as a delimiter", `{"csv":{"FieldDelimiter":"#"}}`,
			scan.Input{Form: scan.CSV, CSV: csv.Dialect{Field: '#', Quote: '"', Escape: '"', Record: "\n"}}},
		{"header ignored", `{"csv":{"FileHeaderInfo":"IGNORE"}}`, scan.Input{Form: scan.CSV, Header: scan.HeaderIgnore, CSV: defaultDialect()}},
		{"JSON", `{"json":{}}`, scan.Input{Form: scan.JSONLines, CSV: defaultDialect()}},
		{"JSON lines, Zstandard", `{"json":{"Type":"Lines"},"CompressionType":"ZSTD"}`, scan.Input{Form: scan.JSONLines, Compression: scan.Zstd, CSV: defaultDialect()}},
		{"no compression", `{"CompressionType":"None"}`, scan.Input{Compression: scan.Uncompressed, CSV: defaultDialect()}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var s glacier.InputSerialization
			if err := glacier.Decode([]byte(tt.doc), &s); err != nil {
				t.Fatal(err)
			}
			got, err := parseInput(&s)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestOutputs(t *testing.T) {
	plain := csv.Format{Field: ',', Quote: '"', Escape: '"', Record: "\n"}
	for _, tt := range []struct {
		name, doc string
		want      csv.Format
	}{
		{"nothing said", `{}`, plain},
		{"csv", `{"csv":{"QuoteFields":"AsNeeded"}}`, plain},
		{"another quote, which is its own escape", `{"csv":{"QuoteCharacter":"'"}}`, csv.Format{Field: ',', Quote: '\'', Escape: '\'', Record: "\n"}},
		{"everything", `{"csv":{"FieldDelimiter":";","QuoteCharacter":"'","QuoteEscapeCharacter":"\\","QuoteFields":"always","RecordDelimiter":"\r\n"}}`,
			csv.Format{Field: ';', Quote: '\'', Escape: '\\', Record: "\r\n", Always: true}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var s glacier.OutputSerialization
			if err := glacier.Decode([]byte(tt.doc), &s); err != nil {
				t.Fatal(err)
			}
			got, err := parseOutput(&s)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestLocations(t *testing.T) {
	for _, tt := range []struct {
		name, doc string
		want      Location
	}{
		{"bucket and prefix", somePlace, Location{Bucket: "results", Prefix: "runs"}},
		{"everything with a canned ACL",
			at(`"CannedACL":"private","StorageClass":"STANDARD_IA","Encryption":{"EncryptionType":"aws:kms","KMSKeyId":"k","KMSContext":"{\"a\":\"b\"}"},"Tagging":{"t":"v"},"UserMetadata":{"m":"w"}`),
			Location{Bucket: "results", Prefix: "runs", Options: bucket.Options{
				CannedACL: "private", StorageClass: "STANDARD_IA", Encryption: "aws:kms", KMSKey: "k", KMSContext: `{"a":"b"}`,
				Tags: map[string]string{"t": "v"}, Metadata: map[string]string{"m": "w"},
			}}},
		{"grants, of which only what their type goes by is taken",
			at(`"AccessControlList":[{"Grantee":{"Type":"CanonicalUser","ID":"1","URI":"x","DisplayName":"n"},"Permission":"READ"},{"Grantee":{"Type":"AmazonCustomerByEmail","EmailAddress":"a@b","ID":"x"},"Permission":"FULL_CONTROL"},{"Grantee":{"Type":"Group","URI":"http://g"},"Permission":"READ_ACP"}]`),
			Location{Bucket: "results", Prefix: "runs", Options: bucket.Options{Grants: []bucket.Grant{
				{Permission: "READ", Type: "CanonicalUser", ID: "1"},
				{Permission: "FULL_CONTROL", Type: "AmazonCustomerByEmail", Email: "a@b"},
				{Permission: "READ_ACP", Type: "Group", URI: "http://g"},
			}}}},
		{"longest prefix", `{"S3":{"BucketName":"results","Prefix":"` + strings.Repeat("x", 512) + `"}}`, Location{Bucket: "results", Prefix: strings.Repeat("x", 512)}},
		{"most tags and metadata", at(`"Tagging":{"0":"","1":"","2":"","3":"","4":"","5":"","6":"","7":"","8":"","9":""},"UserMetadata":{"m":"` + strings.Repeat("x", 2047) + `"}`),
			Location{Bucket: "results", Prefix: "runs", Options: bucket.Options{
				Tags:     map[string]string{"0": "", "1": "", "2": "", "3": "", "4": "", "5": "", "6": "", "7": "", "8": "", "9": ""},
				Metadata: map[string]string{"m": strings.Repeat("x", 2047)},
			}}},
		{"empty choices", at(`"CannedACL":"","StorageClass":"","AccessControlList":[],"Encryption":null,"Tagging":null`), Location{Bucket: "results", Prefix: "runs"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ParseLocation(json.RawMessage(tt.doc))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(&tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestUnderstood: what is kept of a request is what was understood of it, and is
// understood the same.
func TestUnderstood(t *testing.T) {
	nested := strings.Repeat("[", 5000) + strings.Repeat("]", 5000)
	for _, tt := range []struct{ name, parameters, location, wantParameters, wantLocation string }{
		{"nothing else", someQuery, somePlace, someQuery, somePlace},
		{"white space and order", ` { "ExpressionType" : "SQL" , "Expression":"SELECT * FROM archive"} `, somePlace, someQuery, somePlace},
		{"members that nobody knows, nested deeply", with(`"X":` + nested), at(`"X":` + nested), someQuery, somePlace},
		{"a member that nobody knows, with half of a surrogate pair", with(`"X":"\ud800"`), at(`"\ud800":1`), someQuery, somePlace},
		{"nulls", with(`"InputSerialization":null,"OutputSerialization":{"csv":null}`), at(`"Tagging":null`), with(`"OutputSerialization":{}`), somePlace},
		{"what is empty, but there", with(`"InputSerialization":{"csv":{"Comments":""}}`), at(`"AccessControlList":[],"Tagging":{}`),
			with(`"InputSerialization":{"csv":{"Comments":""}}`), `{"S3":{"AccessControlList":[],"BucketName":"results","Prefix":"runs","Tagging":{}}}`},
		{"a grant", someQuery, grant(`{"Type":"Group","URI":"http://<g>","X":1}`, `"READ"`), someQuery,
			`{"S3":{"AccessControlList":[{"Grantee":{"Type":"Group","URI":"http://<g>"},"Permission":"READ"}],"BucketName":"results","Prefix":"runs"}}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			parameters, location := json.RawMessage(tt.parameters), json.RawMessage(tt.location)
			for range 2 {
				r, err := Parse(parameters, location)
				if err != nil {
					t.Fatal(err)
				}
				parameters, location = r.SelectParameters, r.OutputLocation
				if string(parameters) != tt.wantParameters || string(location) != tt.wantLocation {
					t.Errorf("kept %s and %s\nwant %s and %s", parameters, location, tt.wantParameters, tt.wantLocation)
				}
			}
		})
	}
}

func TestPaths(t *testing.T) {
	for _, tt := range []struct{ prefix, want string }{
		{"runs", "runs/job/"}, {"runs/", "runs/job/"}, {"runs//", "runs/job/"}, {"a/b", "a/b/job/"}, {"/runs", "/runs/job/"}, {"/", "job/"},
	} {
		if got := (&Location{Prefix: tt.prefix}).Path("job"); got != tt.want {
			t.Errorf("path of %q is %q, want %q", tt.prefix, got, tt.want)
		}
	}
}

func TestBucketNames(t *testing.T) {
	for _, name := range []string{"abc", "a.b-c", "123", "1.2.3", strings.Repeat("x", 63)} {
		if !ValidBucket(name) {
			t.Errorf("%q is refused", name)
		}
	}
	for _, name := range []string{"", "ab", strings.Repeat("x", 64), "Abc", "a_b", "-ab", "ab-", ".ab", "ab.", "a..b", "192.168.0.1", "a/b", "äöü"} {
		if ValidBucket(name) {
			t.Errorf("%q is taken", name)
		}
	}
}

// FuzzParse: whatever a client sends is taken or refused in words of the API,
// and what is taken has a path.
func FuzzParse(f *testing.F) {
	f.Add(someQuery, somePlace)
	f.Fuzz(func(t *testing.T, parameters, location string) {
		r, err := Parse(json.RawMessage(parameters), json.RawMessage(location))
		if err != nil {
			if _, ok := errors.AsType[*glacier.Error](err); !ok {
				t.Fatalf("%T: %v", err, err)
			}
			return
		}
		again, err := Parse(r.SelectParameters, r.OutputLocation)
		if err != nil || string(again.SelectParameters) != string(r.SelectParameters) || string(again.OutputLocation) != string(r.OutputLocation) {
			t.Errorf("%s and %s are not understood again: %v", r.SelectParameters, r.OutputLocation, err)
		}
		if path := r.Location.Path("job"); !strings.HasSuffix(path, "job/") || len(path) > maxPrefix+5 {
			t.Errorf("path %q", path)
		}
	})
}

// defaultDialect is the dialect of a request that says nothing of it.
func defaultDialect() csv.Dialect {
	d := csv.Default()
	d.Comment = '#'
	return d
}
