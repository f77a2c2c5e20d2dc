package audit

import (
	"testing"

	"firn/internal/disk"
)

// BenchmarkLatest reads a page's share of a log in which nothing matches, so that all of it is taken apart.
func BenchmarkLatest(b *testing.B) {
	l := open(b, Config{FS: disk.OS(b.TempDir())})
	for l.cur == nil || l.cur.end < 2*tailBytes {
		e := *samples()["CreateVault"]
		e.Name, e.Account, e.Identity.AccountID = "CreateVault", mine, mine
		if err := l.Append(&e, false); err != nil {
			b.Fatal(err)
		}
	}
	for _, row := range []struct {
		name string
		q    Query
	}{
		{"newest 50", Query{Account: mine}},
		{"text that is nowhere", Query{Account: mine, Text: "nowhere"}},
		{"another account", Query{Account: theirs}},
	} {
		b.Run(row.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := l.Latest(b.Context(), row.q); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
