package filter_test

import (
	"testing"

	"firn/internal/filter"
)

const completion = `{"Action": "ArchiveRetrieval", "ArchiveId": "NkbByEejwEggmBz2fTHgJrg0XBoDfjP4q6iu87-TjhqG6eGoOY9Z8i1_AUyUsuhPAdTqLHy8pTl5nfCFJmDl2yEZONi5L26Omw12vcs01MNGntHEQL8MBfGlqrEXAMPLEArchiveId",
	"Completed": true, "CompletionDate": "2012-05-15T17:21:39.339Z", "JobId": "HkF9p6o7yjhFx", "StatusCode": "Succeeded", "Tier": "Bulk", "ArchiveSizeInBytes": 16777216, "OutputLocation": {"S3": {"Tags": ["a", "b"]}}}`

func BenchmarkMatch(b *testing.B) {
	attributes := map[string]filter.Attribute{"store": {Type: "String", Value: "fans"}, "price_usd": {Type: "Number", Value: "122"}}
	for _, bb := range []struct {
		name  string
		scope filter.Scope
		text  string
	}{
		{"attributes", filter.MessageAttributes, `{"store": [{"prefix": "a"}, "fans"], "price_usd": [{"numeric": [">", 0, "<=", 150]}]}`},
		{"body", filter.MessageBody, `{"StatusCode": ["Succeeded"], "Action": [{"prefix": "Archive"}], "ArchiveSizeInBytes": [{"numeric": [">", 1048576]}]}`},
	} {
		b.Run(bb.name, func(b *testing.B) {
			p := parse(b, bb.text, bb.scope)
			b.ReportAllocs()
			for b.Loop() {
				if !p.Match(filter.NewMessage(attributes), completion) {
					b.Fatal("does not match")
				}
			}
		})
	}
}

func BenchmarkHostile(b *testing.B) {
	for name, h := range hostile() {
		b.Run(name, func(b *testing.B) {
			p := parse(b, h[0], filter.MessageBody)
			for b.Loop() {
				p.Match(filter.NewMessage(nil), h[1])
			}
		})
	}
}
