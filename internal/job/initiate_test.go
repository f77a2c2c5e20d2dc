package job

import (
	"strings"
	"testing"
	"time"

	"firn/glacier"
	"firn/internal/store"
)

func TestInitiateJobRefusals(t *testing.T) {
	h := newHouse(t)
	a := h.store(photos, "", pattern(3*mib+5), mib)
	foreign := h.small(other, "foreign")
	deleted := h.small(photos, "deleted")
	h.delete(deleted)
	pinned := h.small(photos, "deleted while pinned")
	h.begin(retrieval(pinned, ""))
	h.delete(pinned)
	_, foreignMarker := h.marker(other)
	long := strings.Repeat("x", 1025)

	const (
		missing = glacier.MissingParameterValue
		invalid = glacier.InvalidParameterValue
		absent  = glacier.ResourceNotFound
	)
	span := func(s string) string { return retrieval(a, `,"RetrievalByteRange":"`+s+`"`) }
	inventory := func(more string) string { return `{"Type":"inventory-retrieval"` + more + `}` }
	ranged := func(more string) string { return inventory(`,"InventoryRetrievalParameters":{` + more + `}`) }
	for _, tt := range []struct {
		name, parameters string
		code             glacier.Code
		message          string
	}{
		{"no body", `null`, missing, "Required parameter missing: Job Parameters"},
		{"no members", `{}`, missing, "Required parameter missing: type"},
		{"no type", `{"ArchiveId":"x","Tier":"Bulk"}`, missing, "Required parameter missing: type"},
		{"null type", `{"Type":null}`, missing, "Required parameter missing: type"},
		{"unknown type", `{"Type":"retrieval"}`, invalid, "Invalid job type: retrieval"},
		{"type in the wrong case", `{"Type":"Archive-Retrieval","ArchiveId":"x"}`, invalid, "Invalid job type: Archive-Retrieval"},

		{"no archive id", `{"Type":"archive-retrieval"}`, missing, "Required parameter missing: archiveId"},
		{"null archive id", `{"Type":"archive-retrieval","ArchiveId":null}`, missing, "Required parameter missing: archiveId"},
		{"unknown archive", `{"Type":"archive-retrieval","ArchiveId":"nonsense"}`, absent, "The archive ID was not found: nonsense"},
		{"deleted archive", retrieval(deleted, ""), absent, "The archive ID was not found: " + string(deleted.Public)},
		{"deleted archive that a job pins", retrieval(pinned, ""), absent, "The archive ID was not found: " + string(pinned.Public)},
		{"archive of another vault", retrieval(foreign, ""), invalid, "Invalid vault name: " + string(arn)},
		{"unknown tier", retrieval(a, `,"Tier":"Instant"`), invalid, "Invalid tier: Instant"},
		{"tier in the wrong case", retrieval(a, `,"Tier":"bulk"`), invalid, "Invalid tier: bulk"},
		{"range that is not one", span("all"), invalid, "Invalid retrieval byte range: all. It must be two byte offsets, as in 0-1048575."},
		{"range without an end", span("0-"), invalid, "Invalid retrieval byte range: 0-. It must be two byte offsets, as in 0-1048575."},
		{"range with a sign", span("+0-1048575"), invalid, "Invalid retrieval byte range: +0-1048575. It must be two byte offsets, as in 0-1048575."},
		{"range in words of HTTP", span("bytes=0-1048575"), invalid, "Invalid retrieval byte range: bytes=0-1048575. It must be two byte offsets, as in 0-1048575."},
		{"two ranges", span("0-1-2"), invalid, "Invalid retrieval byte range: 0-1-2. It must be two byte offsets, as in 0-1048575."},
		{"range backwards", span("1048576-1048575"), invalid, "Invalid retrieval byte range: 1048576-1048575. It ends before it begins."},
		{"range past the end", span("0-3145733"), invalid, "Invalid retrieval byte range: 0-3145733. The archive has 3145733 bytes."},
		{"range of whole leaves past the end", span("0-4194303"), invalid, "Invalid retrieval byte range: 0-4194303. The archive has 3145733 bytes."},
		{"range with numbers beyond reason", span("0-99999999999999999999"), invalid, "Invalid retrieval byte range: 0-99999999999999999999. The archive has 3145733 bytes."},
		{"range that begins inside a leaf", span("1-1048575"), invalid, "Invalid retrieval byte range: 1-1048575. It must begin at a multiple of 1 MiB, and end before one or at the archive's end."},
		{"range that ends inside a leaf", span("0-1048574"), invalid, "Invalid retrieval byte range: 0-1048574. It must begin at a multiple of 1 MiB, and end before one or at the archive's end."},
		{"range that ends inside the last leaf", span("0-3145731"), invalid, "Invalid retrieval byte range: 0-3145731. It must begin at a multiple of 1 MiB, and end before one or at the archive's end."},

		{"inventory with an archive id", inventory(`,"ArchiveId":"x"`), invalid, "ArchiveId must not be given for an inventory-retrieval job."},
		{"inventory with a byte range", inventory(`,"RetrievalByteRange":"0-1048575"`), invalid, "RetrievalByteRange must not be given for an inventory-retrieval job."},
		{"unknown format", inventory(`,"Format":"XML"`), invalid, "Invalid format: XML"},
		{"format in the wrong case", inventory(`,"Format":"csv"`), invalid, "Invalid format: csv"},
		{"start that is no date", ranged(`"StartDate":"yesterday"`), invalid, "Invalid StartDate: yesterday"},
		{"end that is no date", ranged(`"EndDate":"2013-13-01"`), invalid, "Invalid EndDate: 2013-13-01"},
		{"limit of zero", ranged(`"Limit":"0"`), invalid, "Invalid limit: 0"},
		{"limit of zero as a number", ranged(`"Limit":0`), invalid, "Invalid limit: 0"},
		{"negative limit", ranged(`"Limit":"-1"`), invalid, "Invalid limit: -1"},
		{"limit that is no number", ranged(`"Limit":"many"`), invalid, "Invalid limit: many"},
		{"limit that is no integer", ranged(`"Limit":1.5`), invalid, "Invalid limit: 1.5"},
		{"limit that is an object", ranged(`"Limit":{}`), invalid, "Invalid limit: {}"},
		{"limit of zeros", ranged(`"Limit":"000"`), invalid, "Invalid limit: 000"},
		{"limit with a sign", ranged(`"Limit":"+1"`), invalid, "Invalid limit: +1"},
		{"limit that is a number with an exponent", ranged(`"Limit":1e3`), invalid, "Invalid limit: 1e3"},
		{"limit beyond reason", ranged(`"Limit":"` + strings.Repeat("9", 101) + `"`), invalid, "Invalid limit: " + strings.Repeat("9", 101)},
		{"marker that was never given out", ranged(`"Marker":"nonsense"`), invalid, "Invalid marker: nonsense"},
		{"marker of another vault", ranged(`"Marker":"` + foreignMarker + `"`), invalid, "Invalid marker: " + foreignMarker},

		{"description too long", inventory(`,"Description":"` + long + `"`), invalid, "Invalid job description. It must be at most 1024 bytes, each from 0x20 to 0x7E."},
		{"description with a newline", retrieval(a, `,"Description":"a\nb"`), invalid, "Invalid job description. It must be at most 1024 bytes, each from 0x20 to 0x7E."},
		{"description with an umlaut", retrieval(a, `,"Description":"ä"`), invalid, "Invalid job description. It must be at most 1024 bytes, each from 0x20 to 0x7E."},
		{"topic of another region", inventory(`,"SNSTopic":"arn:aws:sns:us-east-1:111122223333:jobs"`), invalid, "SNS topics must be in the local AWS region: arn:aws:sns:us-east-1:111122223333:jobs"},
		{"topic that is no ARN", inventory(`,"SNSTopic":"jobs"`), invalid, "Invalid SNS topic ARN: jobs"},
		{"topic that is a queue", inventory(`,"SNSTopic":"arn:aws:sqs:eu-west-1:111122223333:jobs"`), invalid, "Invalid SNS topic ARN: arn:aws:sqs:eu-west-1:111122223333:jobs"},
		{"topic without an account", inventory(`,"SNSTopic":"arn:aws:sns:eu-west-1::jobs"`), invalid, "Invalid SNS topic ARN: arn:aws:sns:eu-west-1::jobs"},
		{"topic with a bad name", inventory(`,"SNSTopic":"arn:aws:sns:eu-west-1:111122223333:jobs/1"`), invalid, "Invalid SNS topic ARN: arn:aws:sns:eu-west-1:111122223333:jobs/1"},
		{"topic without a name", inventory(`,"SNSTopic":"arn:aws:sns:eu-west-1:111122223333:"`), invalid, "Invalid SNS topic ARN: arn:aws:sns:eu-west-1:111122223333:"},
		{"subscription", inventory(`,"SNSTopic":"arn:aws:sns:eu-west-1:111122223333:jobs:1"`), invalid, "Invalid SNS topic ARN: arn:aws:sns:eu-west-1:111122223333:jobs:1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before := len(h.memStore.log(0))
			_, err := h.InitiateJob(t.Context(), owner, owner, photos, parameters(t, tt.parameters))
			refused(t, err, tt.code, tt.message)
			if after := len(h.memStore.log(0)); after != before {
				t.Error("a refused request left a record")
			}
		})
	}
}

// marker runs a ranged inventory of two archives and returns the marker.
func (h *house) marker(name glacier.VaultName) (glacier.JobID, string) {
	h.t.Helper()
	for _, text := range []string{"one", "two"} {
		h.small(name, text)
	}
	s := h.service()
	b, err := s.InitiateJob(h.t.Context(), owner, owner, name, parameters(h.t, `{"Type":"inventory-retrieval","InventoryRetrievalParameters":{"Limit":1}}`))
	if err != nil {
		h.t.Fatal(err)
	}
	s.Start(h.t.Context())
	defer s.Close()
	for {
		changed := h.change()
		d, err := s.DescribeJob(h.t.Context(), owner, name, b.ID)
		if err != nil {
			h.t.Fatal(err)
		}
		if m := d.InventoryRetrievalParameters.Marker; m != nil {
			return b.ID, *m
		}
		<-changed
	}
}

func TestMissingVault(t *testing.T) {
	h := newHouse(t)
	const none = glacier.VaultName("none")
	absent := "Vault not found for ARN: arn:aws:glacier:eu-west-1:111122223333:vaults/none"
	_, err := h.InitiateJob(t.Context(), owner, owner, none, parameters(t, `{"Type":"inventory-retrieval"}`))
	refused(t, err, glacier.ResourceNotFound, absent)
	_, err = h.InitiateJob(t.Context(), owner, owner, none, parameters(t, `{"Type":"archive-retrieval","ArchiveId":"x"}`))
	refused(t, err, glacier.ResourceNotFound, absent)
	_, err = h.InitiateJob(t.Context(), owner, owner, none, parameters(t, `{"Type":"inventory-retrieval","Format":"XML"}`))
	refused(t, err, glacier.InvalidParameterValue, "Invalid format: XML")
	_, err = h.DescribeJob(t.Context(), owner, none, "x")
	refused(t, err, glacier.ResourceNotFound, absent)
	_, err = h.ListJobs(t.Context(), owner, none, Listing{})
	refused(t, err, glacier.ResourceNotFound, absent)
	_, err = h.Output(t.Context(), owner, none, "x")
	refused(t, err, glacier.ResourceNotFound, absent)
	_, err = h.Output(t.Context(), owner, "a:b", "x")
	refused(t, err, glacier.ResourceNotFound, "Vault not found for ARN: a:b")
}

func TestNoSpace(t *testing.T) {
	h := newHouse(t)
	h.failOnce("update", store.ErrFull)
	_, err := h.InitiateJob(t.Context(), owner, owner, photos, parameters(t, `{"Type":"inventory-retrieval"}`))
	refused(t, err, glacier.ServiceUnavailable, "There is no space left to store this request. Retrievals and deletions continue to work.")
}

func TestAccepted(t *testing.T) {
	h := newHouse(t)
	a := h.store(photos, "", pattern(3*mib+5), mib)
	for _, tt := range []struct{ name, parameters string }{
		{"everything null", retrieval(a, `,"Description":null,"SNSTopic":null,"Tier":null,"RetrievalByteRange":null,"Format":null,"InventoryRetrievalParameters":null,"SelectParameters":null,"OutputLocation":null`)},
		{"everything empty", retrieval(a, `,"Description":"","SNSTopic":"","Tier":"","RetrievalByteRange":"","Format":""`)},
		{"members of other types", retrieval(a, `,"Format":"XML","InventoryRetrievalParameters":{"Limit":"no"},"Whatever":1`)},
		{"range to the end", retrieval(a, `,"RetrievalByteRange":"2097152-3145732"`)},
		{"range with zeros in front", retrieval(a, `,"RetrievalByteRange":"00-01048575"`)},
		{"longest description", retrieval(a, `,"Description":"`+strings.Repeat("~", 1024)+`"`)},
		{"topic of another partition", retrieval(a, `,"SNSTopic":"arn:aws-cn:sns:eu-west-1:999999999999:Jobs_1-x"`)},
		{"FIFO topic", retrieval(a, `,"SNSTopic":"arn:aws:sns:eu-west-1:999999999999:jobs.fifo"`)},
		{"inventory with everything null", `{"Type":"inventory-retrieval","ArchiveId":null,"RetrievalByteRange":null,"Format":null,"InventoryRetrievalParameters":{"StartDate":null,"EndDate":null,"Limit":null,"Marker":null}}`},
		{"inventory with everything empty", `{"Type":"inventory-retrieval","ArchiveId":"","InventoryRetrievalParameters":{"StartDate":"","EndDate":"","Limit":"","Marker":""}}`},
		{"inventory with a tier nobody knows", `{"Type":"inventory-retrieval","Tier":"Instant"}`},
		{"same again", `{"Type":"inventory-retrieval","Tier":"Instant"}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b, err := h.InitiateJob(t.Context(), owner, owner, photos, parameters(t, tt.parameters))
			if err != nil {
				t.Fatal(err)
			}
			if len(b.ID) != 92 || b.OutputPath != "" {
				t.Errorf("job id of %d characters, output path %q", len(b.ID), b.OutputPath)
			}
		})
	}
	list, err := h.ListJobs(t.Context(), owner, photos, Listing{})
	if err != nil || len(list.JobList) != 12 {
		t.Errorf("%d jobs, %v, want 12: InitiateJob is not idempotent", len(list.JobList), err)
	}
}

func TestDates(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"2013-12-04T21:25:42Z", "2013-12-04T21:25:42.000Z"},
		{"2013-12-04T21:25:42z", "2013-12-04T21:25:42.000Z"},
		{"2013-12-04t21:25:42Z", "2013-12-04T21:25:42.000Z"},
		{"2013-12-04T21:25:42.999Z", "2013-12-04T21:25:42.999Z"},
		{"2013-12-04T21:25:42.9999Z", "2013-12-04T21:25:42.999Z"},
		{"2013-12-04T21:25:42,5+01:00", "2013-12-04T20:25:42.500Z"},
		{"2013-12-04T21:25:42", "2013-12-04T21:25:42.000Z"},
		{"2013-12-04T21:25:42+01:00", "2013-12-04T20:25:42.000Z"},
		{"2013-12-04T21:25:42-0530", "2013-12-05T02:55:42.000Z"},
		{"2013-12-04T21:25:42+09", "2013-12-04T12:25:42.000Z"},
		{"2013-12-04T21:25Z", "2013-12-04T21:25:00.000Z"},
		{"2013-12-04T21:25", "2013-12-04T21:25:00.000Z"},
		{"2013-12-04", "2013-12-04T00:00:00.000Z"},
		{"20131204T212542Z", "2013-12-04T21:25:42.000Z"},
		{"20131204T212542.123Z", "2013-12-04T21:25:42.123Z"},
		{"20131204T212542+0100", "2013-12-04T20:25:42.000Z"},
		{"20131204T2125Z", "2013-12-04T21:25:00.000Z"},
		{"20131204", "2013-12-04T00:00:00.000Z"},
		{"0000-01-01T00:00:00Z", "0000-01-01T00:00:00.000Z"},
		{"9999-12-31T23:59:59Z", "9999-12-31T23:59:59.000Z"},

		{"9999-12-31T23:59:59-01:00", ""},
		{"0000-01-01T00:00:00+01:00", ""},
		{"2013-02-30", ""},
		{"2013-12-04 21:25:42", ""},
		{"2013-12-04T25:00:00Z", ""},
		{"2013-12-04T21:25:42ZZ", ""},
		{"2013-12", ""},
		{"1386192342", ""},
		{" 2013-12-04", ""},
		{"Wed, 04 Dec 2013 21:25:42 GMT", ""},
	} {
		t.Run(tt.in, func(t *testing.T) {
			got, err := parseDate("StartDate", tt.in)
			if tt.want == "" {
				refused(t, err, glacier.InvalidParameterValue, "Invalid StartDate: "+tt.in)
			} else if err != nil || got != tt.want {
				t.Errorf("%q, %v, want %q", got, err, tt.want)
			}
		})
	}
}

func TestConfigContradictions(t *testing.T) {
	st := newMemStore(t)
	below, above := -1, MaxExpeditedLimit+1
	for _, tt := range []struct {
		name string
		cfg  Config
	}{
		{"no store", Config{}},
		{"delay of a tier that does not exist", Config{Store: st, Delays: map[string]time.Duration{"Fast": 1}}},
		{"negative delay", Config{Store: st, Delays: map[string]time.Duration{"Bulk": -1}}},
		{"negative interval", Config{Store: st, InventoryInterval: -1}},
		{"negative number of workers", Config{Store: st, Workers: -1}},
		{"negative number of buffers", Config{Store: st, OutputBuffers: -1}},
		{"negative free retrieval", Config{Store: st, FreeRetrieval: -1}},
		{"negative number of Expedited retrievals", Config{Store: st, ExpeditedLimit: &below}},
		{"more Expedited retrievals than are remembered", Config{Store: st, ExpeditedLimit: &above}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := New(tt.cfg); err == nil {
				t.Error("New took it")
			}
		})
	}
}
