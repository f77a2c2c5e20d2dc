package transfer_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"firn/firntest"
	"firn/glacier"
	"firn/internal/files"
	"firn/internal/transfer"
	"firn/treehash"
)

// swallow serves a vault that takes everything and keeps nothing, and gives nothing but zeros.
func swallow(t testing.TB) (url string) {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		switch kind := kindOf(r); kind {
		case "PUT upload", "DELETE upload":
			w.WriteHeader(http.StatusNoContent)
		case "POST multipart-uploads":
			w.Header().Set(glacier.HeaderUploadID, "upload")
			w.WriteHeader(http.StatusCreated)
		case "POST upload", "POST archives":
			w.Header().Set(glacier.HeaderArchiveID, "archive")
			w.WriteHeader(http.StatusCreated)
		case "GET output":
			var first, last int64
			fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-%d", &first, &last)
			w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", first, last, int64(large)))
			w.Header().Set("Content-Length", fmt.Sprint(last-first+1))
			w.WriteHeader(http.StatusPartialContent)
			io.CopyN(w, zeros{}, last-first+1)
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// BenchmarkUpload uploads 1 GiB; BenchmarkReadAndHash is what cannot be saved: reading it, and its two hashes.
func BenchmarkUpload(b *testing.B) {
	path := bigFile(b)
	for _, to := range []string{"swallow", "firn"} {
		b.Run(to, func(b *testing.B) {
			s := &firntest.Server{Region: "us-east-1"}
			if to == "swallow" {
				s.URL = swallow(b)
			} else {
				s = firntest.Start(b)
			}
			v := connect(b, s.URL, s)
			if to == "firn" {
				if err := v.Create(context.Background()); err != nil {
					b.Fatal(err)
				}
			}
			u := &transfer.Uploader{Vault: v, Slots: transfer.NewSlots(4)}
			b.SetBytes(1 << 30)
			for b.Loop() {
				file, err := files.Stat(path)
				if err != nil {
					b.Fatal(err)
				}
				source, err := files.Open(file)
				if err != nil {
					b.Fatal(err)
				}
				if _, err := u.Upload(context.Background(), transfer.Item{Content: source, Size: file.Size, Changed: source.Changed}); err != nil {
					b.Fatal(err)
				}
				source.Close()
			}
		})
	}
}

func BenchmarkReadAndHash(b *testing.B) {
	path := bigFile(b)
	b.SetBytes(1 << 30)
	for b.Loop() {
		f, err := os.Open(path)
		if err != nil {
			b.Fatal(err)
		}
		if _, _, _, err := treehash.SumReader(f); err != nil {
			b.Fatal(err)
		}
		f.Close()
	}
}

// bigFile is a file of 1 GiB.
func bigFile(b *testing.B) string {
	b.Helper()
	path := filepath.Join(b.TempDir(), "big")
	f, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	block := content(16 * mib)
	for range 64 {
		if _, err := f.Write(block); err != nil {
			b.Fatal(err)
		}
	}
	return path
}
