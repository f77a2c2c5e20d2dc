package server

import (
	"net/http"
	"testing"

	"firn/glacier"
	"firn/internal/client"
	"firn/treehash"
)

// Whoever may do everything in Glacier may not say where an archive comes from,
// whole or in parts, and is told in the usual words. With the right he may.
func TestImportTakesARightOfItsOwn(t *testing.T) {
	s := &siege{house: newHouse(t, nil)}
	s.must(client.Request{Method: "PUT", Path: "/-/vaults/worm"})
	s.user(testAccount, "AmazonGlacierFullAccess")
	tree := treehash.Sum([]byte("x")).String()
	whole := func() client.Request {
		return client.Request{Method: "POST", Path: "/-/vaults/worm/archives", Body: client.Bytes([]byte("x")), Header: http.Header{
			glacier.HeaderTreeHash: {tree}, glacier.HeaderImportID: {"-old"},
		}}
	}
	parts := client.Request{Method: "POST", Path: "/-/vaults/worm/multipart-uploads", Header: http.Header{
		glacier.HeaderPartSize: {"1048576"}, glacier.HeaderImportDate: {"2014-03-20T17:03:43Z"},
	}}
	for name, q := range map[string]client.Request{"whole": whole(), "in parts, and a date alone": parts} {
		got := s.call(q)
		const want = "User: arn:aws:iam::111122223333:user/mallory is not authorized to perform: firn:ImportArchive on resource: " +
			wormARN + " because no identity-based policy allows the firn:ImportArchive action"
		if got.code != glacier.AccessDenied || got.message != want {
			t.Errorf("%s: %d %s", name, got.status, got.message)
		}
	}
	own := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"firn:ImportArchive","Resource":"` + wormARN + `"}]}`
	if err := s.srv.Access().PutPolicy(t.Context(), testAccount, "mallory", "own", own); err != nil {
		t.Fatal(err)
	}
	if got := s.must(whole()); got.header.Get(glacier.HeaderArchiveID) != "-old" {
		t.Errorf("with the right: %v", got.header)
	}
}
