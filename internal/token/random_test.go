package token_test

import (
	"bytes"
	"crypto/rand"
	"io"
	"strings"
	"testing"

	"firn/internal/token"
)

func TestRandomIDs(t *testing.T) {
	for _, tt := range []struct {
		name   string
		draw   func(io.Reader) string
		length int
	}{
		{"request id", token.NewRequestID, 47},
	} {
		t.Run(tt.name, func(t *testing.T) {
			seen := make(map[string]bool)
			for range 2000 {
				id := tt.draw(rand.Reader)
				if len(id) != tt.length || strings.Trim(id, alphabet) != "" || id[0] == '-' {
					t.Fatalf("%q, %d characters, want %d of base64url, and no - at the beginning", id, len(id), tt.length)
				}
				if seen[id] {
					t.Fatalf("%q twice", id)
				}
				seen[id] = true
			}
			for b := range 256 {
				source := bytes.NewReader(bytes.Repeat([]byte{byte(b)}, 35))
				if id := tt.draw(source); id[0] == '-' || len(id) != tt.length {
					t.Errorf("of bytes %#x: %q", b, id)
				}
			}
		})
	}
}

func TestRandomIDsNeedTheirBytes(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	token.NewRequestID(bytes.NewReader(make([]byte, 34)))
}
