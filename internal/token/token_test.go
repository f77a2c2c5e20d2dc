package token_test

import (
	"encoding/base64"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"firn/internal/token"
)

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

// kinds are all kinds with the length that Glacier's ids of the kind have.
var kinds = []struct {
	kind   token.Kind
	name   string
	length int
}{
	{token.Archive, "archive", 138},
	{token.Upload, "upload", 92},
	{token.Job, "job", 92},
	{token.InventoryMarker, "inventory marker", 135},
	{token.PartsMarker, "parts marker", 50},
	{token.PageMarker, "page marker", 50},
}

// testKey is the key 00 01 02 … 1f.
func testKey() token.Key {
	var key token.Key
	for i := range key {
		key[i] = byte(i)
	}
	return key
}

// randomID returns an id with small, large and random numbers.
func randomID(random *rand.Rand, kind token.Kind) token.ID {
	number := func() uint64 {
		switch random.IntN(4) {
		case 0:
			return uint64(random.IntN(3))
		case 1:
			return math.MaxUint64 - uint64(random.IntN(3))
		}
		return random.Uint64()
	}
	return token.ID{Kind: kind, Vault: number(), Number: number(), Random: number()}
}

// TestGolden: the texts were computed by another program from the description in the package comment. They must never change,
// because customers have stored such ids. The last needs a second tag, because with the first it would begin with "-".
func TestGolden(t *testing.T) {
	id := func(kind token.Kind) token.ID {
		return token.ID{Kind: kind, Vault: 7, Number: 123456789, Random: 0x0123456789abcdef}
	}
	for _, tt := range []struct {
		name string
		id   token.ID
		text string
	}{
		{"archive", id(token.Archive), "mFYiRYQFWI0z7TqIC1ocnA0ttzglVHk38ovsxe8fJPo_Mjnk1TZ8xp75BQZxdHQN_0uGgtHk4wBxBNMotEELrUoT0HOYMLbwOrYCT6kyvYO5yJnCd6hE6R7elBjqKYRH8SHdKnL_Eg"},
		{"upload", id(token.Upload), "TdnsFpPbjVfjwK-ZxlrVyCT2kU2fz0w6qnBskrsnygu9MnOlcma9jqNsRhIvy7XkM-Rq1Ped3dazyIRUvKR0gQuENUb4"},
		{"job", id(token.Job), "1HCZbWr_ixenJxSaPgOOWPJGMcn4eqI5Da50R7NHCjJ6Cq1LrK67jNWASpl7kGPZzbAm6uoa-yNHw_3hddm1qTFyQ8IA"},
		{"inventory marker", id(token.InventoryMarker), "R16hJwbqVgFqd8lLz3NcXwyAHEVmaqBndI78hzR0yhx2yQl80EjpmKpA5k1cwEG31zHfSgOg8rNVszPhgJUUn9yHabZ8PbYyVehObGi088ImjGwnEZjKoIqrqBCHiPifvwfdx7c"},
		{"parts marker", id(token.PartsMarker), "CCaGe7fXZ8owWfwF9ObwPDt2G4fYQsuLJLOPWLyIODuZZdemkw"},
		{"page marker", id(token.PageMarker), "M_N_PlGZqMS2oeWLcD1c27t_FWXh3aYkgSD7R6CDyR8W_r3FpA"},
		{"second tag", token.ID{Kind: token.Archive, Vault: 1, Number: 13}, "WeQ1LfuoDPvkBYju1oNdVoIorHBtcYlr6Cbje9ApW3j-Uv7BtSOuS0dgMtNbhtyubD_1cd0xAFOp8pDFuSOfDBSzKkdzjt0lorgaLZhHyZB7jtG1VmrbMLi3D-64aLfvvWLbQOoz5w"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := testKey().Seal(tt.id); got != tt.text {
				t.Errorf("Seal = %s, want %s", got, tt.text)
			}
			if got, ok := testKey().Open(tt.id.Kind, tt.text); !ok || got != tt.id {
				t.Errorf("Open = %+v, %t, want %+v", got, ok, tt.id)
			}
		})
	}
}

func TestSealOpen(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			first := make(map[byte]bool)
			for range 5000 {
				id := randomID(random, k.kind)
				text := testKey().Seal(id)
				if len(text) != k.length || strings.Trim(text, alphabet) != "" {
					t.Fatalf("%+v is %q, %d characters, want %d of base64url", id, text, len(text), k.length)
				}
				if text[0] == '-' {
					t.Fatalf("%+v is %s", id, text)
				}
				first[text[0]] = true
				if got, ok := testKey().Open(k.kind, text); !ok || got != id {
					t.Fatalf("Open(%s) = %+v, %t, want %+v", text, got, ok, id)
				}
				if again := testKey().Seal(id); again != text {
					t.Fatalf("%+v is first %s, then %s", id, text, again)
				}
			}
			if len(first) != len(alphabet)-1 {
				t.Errorf("ids begin with %d different characters, want %d", len(first), len(alphabet)-1)
			}
		})
	}
}

// TestNeighboursLookRandom: ids made one after the other have nothing in common to look at.
func TestNeighboursLookRandom(t *testing.T) {
	for _, k := range kinds {
		a := testKey().Seal(token.ID{Kind: k.kind, Vault: 1, Number: 1000})
		b := testKey().Seal(token.ID{Kind: k.kind, Vault: 1, Number: 1001})
		same := 0
		for i := range a {
			if a[i] == b[i] {
				same++
			}
		}
		// By chance one in 64; 10 of 50 does not happen by chance.
		if same >= 10 {
			t.Errorf("%s: %d characters of two neighbours are the same:\n%s\n%s", k.name, same, a, b)
		}
	}
}

func TestOpenRefusesEveryFlippedBit(t *testing.T) {
	for _, k := range kinds {
		text := testKey().Seal(token.ID{Kind: k.kind, Vault: 3, Number: 4, Random: 5})
		raw, err := base64.RawURLEncoding.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		for bit := range len(raw) * 8 {
			raw[bit/8] ^= 1 << (bit % 8)
			if id, ok := testKey().Open(k.kind, base64.RawURLEncoding.EncodeToString(raw)); ok {
				t.Errorf("%s with bit %d flipped opens as %+v", k.name, bit, id)
			}
			raw[bit/8] ^= 1 << (bit % 8)
		}
	}
}

// TestOpenRefusesEveryOtherCharacter: this includes the characters that differ only in the bits that base64 has left over at
// the end, and the line ends that Go's decoder skips.
func TestOpenRefusesEveryOtherCharacter(t *testing.T) {
	for _, k := range kinds {
		text := testKey().Seal(token.ID{Kind: k.kind, Vault: 3, Number: 4, Random: 5})
		for at := range len(text) {
			for c := range 256 {
				if byte(c) == text[at] {
					continue
				}
				if _, ok := testKey().Open(k.kind, text[:at]+string([]byte{byte(c)})+text[at+1:]); ok {
					t.Errorf("%s opens with %q at %d", k.name, byte(c), at)
				}
			}
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	for _, k := range kinds {
		text := testKey().Seal(token.ID{Kind: k.kind, Vault: 3, Number: 4, Random: 5})
		for _, tt := range []struct{ name, text string }{
			{"empty", ""},
			{"a character short", text[:len(text)-1]},
			{"a character long", text + "A"},
			{"padded", text + "="},
			{"line end after", text + "\n"},
			{"line end in place of the last", text[:len(text)-1] + "\n"},
			{"all A", strings.Repeat("A", k.length)},
			{"all _", strings.Repeat("_", k.length)},
			{"all -", strings.Repeat("-", k.length)},
			{"line ends", strings.Repeat("\n", k.length)},
		} {
			if id, ok := testKey().Open(k.kind, tt.text); ok || id != (token.ID{}) {
				t.Errorf("%s, %s: Open(%q) = %+v, %t", k.name, tt.name, tt.text, id, ok)
			}
		}
		other := testKey()
		other[31] ^= 1
		if _, ok := other.Open(k.kind, text); ok {
			t.Errorf("%s opens with another key", k.name)
		}
		for kind := range 256 {
			if _, ok := testKey().Open(token.Kind(kind), text); ok && token.Kind(kind) != k.kind {
				t.Errorf("%s opens as kind %d", k.name, kind)
			}
		}
	}
}

func TestSealPanicsOnUnknownKind(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	testKey().Seal(token.ID{Kind: 0})
}

func TestKeyIsNotPrinted(t *testing.T) {
	key := testKey()
	for _, format := range []string{"%v", "%+v", "%#v", "%s"} {
		if got := fmt.Sprintf(format, key); got != "(id key)" {
			t.Errorf("%s prints %q", format, got)
		}
	}
}

// FuzzOpen: no text but the one that Seal gives is an id.
func FuzzOpen(f *testing.F) {
	f.Fuzz(func(t *testing.T, kind byte, text string) {
		id, ok := testKey().Open(token.Kind(kind), text)
		if !ok {
			if id != (token.ID{}) {
				t.Errorf("refused with %+v", id)
			}
			return
		}
		if again := testKey().Seal(id); again != text || id.Kind != token.Kind(kind) {
			t.Errorf("%q opens as %+v, which is %q", text, id, again)
		}
	})
}

// TestSeeds: without its seeds the fuzz test would test nothing in a plain run; one of each kind opens.
func TestSeeds(t *testing.T) {
	const dir = "testdata/fuzz/FuzzOpen"
	seeds, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	opens := make(map[token.Kind]bool)
	for _, seed := range seeds {
		content, err := os.ReadFile(dir + "/" + seed.Name())
		if err != nil {
			t.Fatal(err)
		}
		var kind token.Kind
		var text string
		if _, err := fmt.Sscanf(string(content), "go test fuzz v1\nbyte('\\x%02x')\nstring(%q)\n", &kind, &text); err != nil {
			continue
		}
		if _, ok := testKey().Open(kind, text); ok {
			opens[kind] = true
		}
	}
	if len(opens) != len(kinds) {
		t.Errorf("seeds of %d kinds open, want %d", len(opens), len(kinds))
	}
}

func BenchmarkSeal(b *testing.B) {
	key := testKey()
	for b.Loop() {
		key.Seal(token.ID{Kind: token.Archive, Vault: 1, Number: 2, Random: 3})
	}
}

func BenchmarkOpen(b *testing.B) {
	key := testKey()
	text := key.Seal(token.ID{Kind: token.Archive, Vault: 1, Number: 2, Random: 3})
	for b.Loop() {
		if _, ok := key.Open(token.Archive, text); !ok {
			b.Fatal("does not open")
		}
	}
}
