package migrate_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"firn/glacier"
	"firn/internal/client"
	"firn/internal/migrate"
	"firn/internal/remote"
	"firn/internal/sigv4"
)

// BenchmarkList reads an inventory of b.N archives. It tells how much memory was
// in use at its end.
func BenchmarkList(b *testing.B) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodPost:
			w.Header().Set(glacier.HeaderJobID, "j")
			w.WriteHeader(http.StatusAccepted)
		case strings.HasSuffix(r.URL.Path, "/output"):
			w.Header().Set("Content-Length", fmt.Sprint(len(inventoryHead)+b.N*inventoryRow(io.Discard, 0)+len("]}")))
			for i := range b.N {
				inventoryRow(w, i)
			}
			io.WriteString(w, "]}")
		case strings.HasSuffix(r.URL.Path, "/j"):
			io.WriteString(w, `{"Completed":true,"StatusCode":"Succeeded","CreationDate":"2026-01-01T00:00:00.000Z"}`)
		default:
			io.WriteString(w, `{"JobList":[],"Marker":null}`)
		}
	}))
	defer server.Close()
	c, err := client.New(client.Config{Endpoint: server.URL, Region: "us-east-1", Key: sigv4.Credentials{AccessKeyID: "A", SecretAccessKey: "s"}})
	if err != nil {
		b.Fatal(err)
	}
	state, err := migrate.OpenState(b.Context(), filepath.Join(b.TempDir(), "state.db"))
	if err != nil {
		b.Fatal(err)
	}
	defer state.Close()
	if err := state.Bind(migrate.Bond{Source: "a", Target: "b"}); err != nil {
		b.Fatal(err)
	}
	v := remote.New(remote.Config{Client: c}).Vault(vault)
	b.ResetTimer()
	if err := migrate.New(migrate.Config{Source: v, Target: v, State: state}).List(b.Context()); err != nil {
		b.Fatal(err)
	}
	b.StopTimer()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	b.ReportMetric(float64(m.Sys)/(1<<20), "MiB")
}

const inventoryHead = `{"VaultARN":"arn","InventoryDate":"2026-01-01T00:00:00Z","ArchiveList":`

// inventoryRow writes a row, of the same length each time, and returns that. The
// first has the head before it.
func inventoryRow(w io.Writer, i int) int {
	before := ","
	if i == 0 {
		io.WriteString(w, inventoryHead)
		before = "["
	}
	n, _ := fmt.Fprintf(w, before+`{"ArchiveId":"%0138d","ArchiveDescription":"photos/2019/IMG_%08d.jpg","CreationDate":"2014-03-20T17:03:43Z","Size":%08d,"SHA256TreeHash":"%064x"}`,
		i, i, 10_000_000+i, i)
	return n
}
