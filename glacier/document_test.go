package glacier_test

import (
	"strings"
	"testing"
	"time"

	"firn/glacier"
)

func p[T any](v T) *T { return &v }

func at(s string) glacier.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	return glacier.Time{Time: t}
}

// The bytes of documents, as Amazon's have been seen on the wire; the first
// one is a recorded reply.
func TestDocuments(t *testing.T) {
	job, archive, hash := glacier.JobID(strings.Repeat("j", 92)), glacier.ArchiveID(strings.Repeat("a", 138)), strings.Repeat("0", 64)
	for _, test := range []struct {
		name   string
		doc    any
		length int // 0: as long as it is
		want   string
	}{
		{
			name: "ListParts",
			doc: glacier.PartList{
				ArchiveDescription: p("botoUpload2"),
				CreationDate:       at("2016-08-28T09:00:52.061Z"),
				MultipartUploadID:  "XfiA5PM122LLolN5gu___oRss20GeXhvM0ZFJiAmvBhZXRSN1Py8ZNQHxkeFk24Vm0zOjMUodpYJ02WFJ7Hp7i7EACwF",
				PartSizeInBytes:    2097152,
				Parts:              []glacier.Part{{RangeInBytes: "0-2097151", SHA256TreeHash: "560c2c9333c719cb00cfdffee3ba293db17f58743cdd1f7e4055373ae6300afa"}},
				VaultARN:           glacier.VaultARN("eu-west-1", "843392324993", "dummy_vault"),
			},
			length: 427,
			want:   `{"ArchiveDescription":"botoUpload2","CreationDate":"2016-08-28T09:00:52.061Z","Marker":null,"MultipartUploadId":"XfiA5PM122LLolN5gu___oRss20GeXhvM0ZFJiAmvBhZXRSN1Py8ZNQHxkeFk24Vm0zOjMUodpYJ02WFJ7Hp7i7EACwF","PartSizeInBytes":2097152,"Parts":[{"RangeInBytes":"0-2097151","SHA256TreeHash":"560c2c9333c719cb00cfdffee3ba293db17f58743cdd1f7e4055373ae6300afa"}],"VaultARN":"arn:aws:glacier:eu-west-1:843392324993:vaults/dummy_vault"}`,
		},
		{
			name: "a completed inventory job",
			doc: glacier.JobDescription{
				Action: glacier.ActionInventoryRetrieval, Completed: true,
				CompletionDate: p(at("2024-02-03T15:20:50.362Z")), CreationDate: at("2024-02-03T11:33:15.113Z"),
				InventoryRetrievalParameters: &glacier.InventoryDescription{Format: glacier.FormatCSV}, InventorySizeInBytes: p(int64(2006)),
				JobDescription: p("nightly list"), JobID: job, SNSTopic: p("arn:aws:sns:eu-west-1:111122223333:jobs"),
				StatusCode: glacier.Succeeded, StatusMessage: p("Succeeded"), VaultARN: glacier.VaultARN("eu-west-1", "111122223333", "photos"),
			},
			want: `{"Action":"InventoryRetrieval","ArchiveId":null,"ArchiveSHA256TreeHash":null,"ArchiveSizeInBytes":null,"Completed":true,"CompletionDate":"2024-02-03T15:20:50.362Z","CreationDate":"2024-02-03T11:33:15.113Z","InventoryRetrievalParameters":{"EndDate":null,"Format":"CSV","Limit":null,"Marker":null,"StartDate":null},"InventorySizeInBytes":2006,"JobDescription":"nightly list","JobId":"` + string(job) + `","RetrievalByteRange":null,"SHA256TreeHash":null,"SNSTopic":"arn:aws:sns:eu-west-1:111122223333:jobs","StatusCode":"Succeeded","StatusMessage":"Succeeded","Tier":null,"VaultARN":"arn:aws:glacier:eu-west-1:111122223333:vaults/photos"}`,
		},
		{
			name: "a completed archive job",
			doc: glacier.JobDescription{
				Action: glacier.ActionArchiveRetrieval, ArchiveID: &archive, ArchiveSHA256TreeHash: &hash, ArchiveSizeInBytes: p(int64(285544)),
				Completed: true, CompletionDate: p(at("2024-05-13T07:32:42.098Z")), CreationDate: at("2024-05-13T03:40:19.264Z"),
				JobID: job, RetrievalByteRange: p("0-285543"), SHA256TreeHash: &hash, StatusCode: glacier.Succeeded,
				StatusMessage: p("Succeeded"), Tier: p(glacier.Standard), VaultARN: glacier.VaultARN("us-east-1", "111122223333", "demo"),
			},
			want: `{"Action":"ArchiveRetrieval","ArchiveId":"` + string(archive) + `","ArchiveSHA256TreeHash":"` + hash + `","ArchiveSizeInBytes":285544,"Completed":true,"CompletionDate":"2024-05-13T07:32:42.098Z","CreationDate":"2024-05-13T03:40:19.264Z","InventoryRetrievalParameters":null,"InventorySizeInBytes":null,"JobDescription":null,"JobId":"` + string(job) + `","RetrievalByteRange":"0-285543","SHA256TreeHash":"` + hash + `","SNSTopic":null,"StatusCode":"Succeeded","StatusMessage":"Succeeded","Tier":"Standard","VaultARN":"arn:aws:glacier:us-east-1:111122223333:vaults/demo"}`,
		},
		{
			name: "a select job, what was submitted as it came",
			doc: glacier.JobDescription{
				Action: glacier.ActionSelect, ArchiveID: &archive, CreationDate: at("2024-05-13T03:40:19.264Z"), JobID: job,
				JobOutputPath: p("runs/" + string(job) + "/"), OutputLocation: []byte(`{ "S3": {"Prefix":"runs","BucketName":"results"} }`),
				SelectParameters: []byte(`{"ExpressionType":"SQL","Expression":"a<b","Null":null}`), StatusCode: glacier.InProgress,
				Tier: p(glacier.Standard), VaultARN: glacier.VaultARN("us-east-1", "111122223333", "demo"),
			},
			want: `{"Action":"Select","ArchiveId":"` + string(archive) + `","ArchiveSHA256TreeHash":null,"ArchiveSizeInBytes":null,"Completed":false,"CompletionDate":null,"CreationDate":"2024-05-13T03:40:19.264Z","InventoryRetrievalParameters":null,"InventorySizeInBytes":null,"JobDescription":null,"JobId":"` + string(job) + `","JobOutputPath":"runs/` + string(job) + `/","OutputLocation":{"S3":{"Prefix":"runs","BucketName":"results"}},"RetrievalByteRange":null,"SHA256TreeHash":null,"SNSTopic":null,"SelectParameters":{"ExpressionType":"SQL","Expression":"a<b","Null":null},"StatusCode":"InProgress","StatusMessage":null,"Tier":"Standard","VaultARN":"arn:aws:glacier:us-east-1:111122223333:vaults/demo"}`,
		},
		{
			name: "a vault without an inventory, its date cut to milliseconds",
			doc:  glacier.VaultDescription{CreationDate: at("2024-01-06T19:42:57.0009+01:00"), VaultARN: "a", VaultName: "v"},
			want: `{"CreationDate":"2024-01-06T18:42:57.000Z","LastInventoryDate":null,"NumberOfArchives":0,"SizeInBytes":0,"VaultARN":"a","VaultName":"v"}`,
		},
		{name: "the last page of vaults", doc: glacier.VaultList{VaultList: []glacier.VaultDescription{}}, want: `{"Marker":null,"VaultList":[]}`},
		{name: "the last page of jobs", doc: glacier.JobList{JobList: []glacier.JobDescription{}}, want: `{"JobList":[],"Marker":null}`},
		{name: "the last page of uploads", doc: glacier.UploadList{UploadsList: []glacier.UploadDescription{}}, want: `{"Marker":null,"UploadsList":[]}`},
		{name: "tags", doc: glacier.Tags{Tags: map[string]string{"b": "", "a": "1"}}, want: `{"Tags":{"a":"1","b":""}}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := glacier.Encode(test.doc)
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != test.want {
				t.Errorf("\n%s\nwant\n%s", got, test.want)
			}
			if test.length != 0 && len(got) != test.length {
				t.Errorf("%d bytes, want %d", len(got), test.length)
			}
		})
	}
}
