package transfer_test

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"firn/firntest"
	"firn/internal/names"
	"firn/internal/transfer"
)

// BenchmarkUploadSmall stores files of 4 KiB, each with its name.
func BenchmarkUploadSmall(b *testing.B) {
	for _, parallel := range []int{1, 4, 16} {
		b.Run(fmt.Sprint(parallel), func(b *testing.B) {
			s := firntest.Start(b)
			v := connect(b, s.URL, s)
			if err := v.Create(context.Background()); err != nil {
				b.Fatal(err)
			}
			c, err := names.Open(context.Background(), filepath.Join(b.TempDir(), "names"))
			if err != nil {
				b.Fatal(err)
			}
			defer c.Close()
			u := &transfer.Uploader{Vault: v, Work: c, Slots: transfer.NewSlots(parallel)}
			data := content(4096)
			var next atomic.Int64
			var crew sync.WaitGroup
			b.ResetTimer()
			for range parallel {
				crew.Go(func() {
					for n := next.Add(1); n <= int64(b.N); n = next.Add(1) {
						name := fmt.Sprintf("file %d", n)
						_, err := u.Upload(context.Background(), transfer.Item{
							Key: name, Content: bytes.NewReader(data), Size: 4096,
							Events: transfer.Events{Keep: func(ctx context.Context, a names.Archive) error {
								return c.Add(ctx, a, names.File{Path: name, Archive: a.ID, Size: a.Size})
							}},
						})
						if err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			crew.Wait()
		})
	}
}
