package queue

import (
	"encoding/base64"
	"math"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"firn/internal/record"
	"firn/internal/token"
)

func testSealer() sealer { return newSealer(token.Key{1, 2, 3}) }

// TestHandleGolden: consumers hold handles over a restart, and so over an
// upgrade. The text was computed by another program from the description.
func TestHandleGolden(t *testing.T) {
	const want = "AZ57t1SKdXIZxcu3e9GIqVgiUx6SPR8pUP3-vgT57sOqyv6U-aAG-WY"
	h := handle{queue: 7, message: 123456789, receive: 0x0123456789abcdef}
	if got := testSealer().seal(h); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if got, ok := testSealer().open(want); got != h || !ok {
		t.Errorf("opened %+v, %t", got, ok)
	}
}

func TestHandles(t *testing.T) {
	s := testSealer()
	for range 2000 {
		h := handle{rand.Uint64N(3), rand.Uint64(), math.MaxUint64 - rand.Uint64N(3)}
		text := s.seal(h)
		if got, ok := s.open(text); got != h || !ok || text[0] != 'A' || len(text) != 55 {
			t.Fatalf("%+v is %q, which is %+v, %t", h, text, got, ok)
		}
		if got, ok := newSealer(token.Key{9}).open(text); ok {
			t.Fatalf("opened with another key: %+v", got)
		}
	}
	text := s.seal(handle{1, 2, 3})
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	for bit := range 8 * len(raw) {
		raw[bit/8] ^= 1 << (bit % 8)
		if _, ok := s.open(base64.RawURLEncoding.EncodeToString(raw)); ok {
			t.Errorf("opens with bit %d flipped", bit)
		}
		raw[bit/8] ^= 1 << (bit % 8)
	}
	for _, bad := range []string{"", text[1:], text + "A", text + "=", text[:54] + "\n", strings.Repeat("A", 55), strings.Repeat("\n", 55)} {
		if _, ok := s.open(bad); ok {
			t.Errorf("%q opens", bad)
		}
	}
}

// FuzzHandle: no text but the one that seal gives is a handle.
func FuzzHandle(f *testing.F) {
	f.Fuzz(func(t *testing.T, text string) {
		s := testSealer()
		h, ok := s.open(text)
		if !ok {
			if h != (handle{}) {
				t.Errorf("refused with %+v", h)
			}
			return
		}
		if again := s.seal(h); again != text {
			t.Errorf("%q opens as %+v, which is %q", text, h, again)
		}
	})
}

// FuzzMessage: what passes the checks can be sent, and what is refused is
// refused in the API's words.
func FuzzMessage(f *testing.F) {
	f.Fuzz(func(t *testing.T, body, name, kind, value string) {
		m := Outgoing{Body: body, Attributes: map[string]record.Attribute{name: {Type: kind, Value: value}}}
		if err := m.check(); err != nil {
			if _, ok := err.(*Error); !ok {
				t.Errorf("refused with %T", err)
			}
			return
		}
		if n := m.size(); n < len(body)+len(name)+len(kind) || n > len(body)+len(name)+len(kind)+len(value) {
			t.Errorf("its size is %d", n)
		}
		if strings.ContainsAny(body, "\x00\x01\x1f") || body == "" || kind == "" || value == "" {
			t.Error("it passed the checks")
		}
		if len(attributesMD5(m.Attributes)) != 32 {
			t.Error("it has no digest")
		}
	})
}

func TestSeeds(t *testing.T) {
	for _, name := range []string{"FuzzHandle", "FuzzMessage", "FuzzRedrive"} {
		if seeds, err := os.ReadDir("testdata/fuzz/" + name); err != nil || len(seeds) == 0 {
			t.Errorf("%s has no seeds: %v", name, err)
		}
	}
}

// FuzzRedrive: a redrive policy that is accepted names a queue and a count.
func FuzzRedrive(f *testing.F) {
	f.Fuzz(func(t *testing.T, text string) {
		p, err := parseRedrive(text)
		if err != nil {
			if _, ok := err.(*Error); !ok || p != nil {
				t.Errorf("refused with %T, %v", err, p)
			}
			return
		}
		if p.target == "" || p.most < 1 || p.most > maxReceiveCount {
			t.Errorf("%+v", p)
		}
	})
}
