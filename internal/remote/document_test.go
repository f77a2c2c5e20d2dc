package remote

import (
	"testing"

	"firn/glacier"
)

func TestWhatIsNotSetIsNotSent(t *testing.T) {
	kind, start, strategy, bytes := glacier.InventoryRetrieval, "2026-01-31T00:00:00Z", glacier.BytesPerHour, int64(1<<62+1)
	for _, tt := range []struct {
		name     string
		document any
		want     string
	}{
		{"a job", glacier.JobParameters{Type: &kind}, `{"Type":"inventory-retrieval"}`},
		{"in it", glacier.JobParameters{Type: &kind, InventoryRetrievalParameters: &glacier.InventoryParameters{StartDate: &start, Limit: []byte(`"10"`)}},
			`{"InventoryRetrievalParameters":{"Limit":"10","StartDate":"2026-01-31T00:00:00Z"},"Type":"inventory-retrieval"}`},
		{"in a list, and a great number", glacier.DataRetrieval{Policy: &glacier.RetrievalRules{Rules: []glacier.RetrievalRule{{Strategy: &strategy}, {BytesPerHour: &bytes}}}},
			`{"Policy":{"Rules":[{"Strategy":"BytesPerHour"},{"BytesPerHour":4611686018427387905}]}}`},
		{"markup stays", glacier.Tags{Tags: map[string]string{"a": "<&>", "b": ""}}, `{"Tags":{"a":"<&>","b":""}}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := encode(tt.document)
			if err != nil || string(got) != tt.want {
				t.Errorf("%s, %v, want %s", got, err, tt.want)
			}
		})
	}
}
