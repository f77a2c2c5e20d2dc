package treehash_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"firn/treehash"
)

const mib = 1 << 20

// naive is the definition of the tree hash, level by level, without any of the package's code.
func naive(data []byte) treehash.Hash {
	if len(data) == 0 {
		return sha256.Sum256(nil)
	}
	var level []treehash.Hash
	for ; len(data) > mib; data = data[mib:] {
		level = append(level, sha256.Sum256(data[:mib]))
	}
	return naiveRoot(append(level, sha256.Sum256(data)))
}

func naiveRoot(level []treehash.Hash) treehash.Hash {
	for len(level) > 1 {
		var above []treehash.Hash
		for ; len(level) > 1; level = level[2:] {
			above = append(above, sha256.Sum256(append(level[0][:], level[1][:]...)))
		}
		level = append(above, level...)
	}
	return level[0]
}

// pattern returns n bytes that differ from leaf to leaf, so that leaves put in the wrong order are noticed.
func pattern(n int) []byte {
	data := make([]byte, n)
	for o := range data {
		data[o] = byte(o + o/mib)
	}
	return data
}

// vectors are tree hashes that were computed apart from this package.
var vectors = []struct {
	name string
	data func(int) []byte
	size int
	want string
}{
	{"empty", pattern, 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
	{"one byte, a", func(n int) []byte { return bytes.Repeat([]byte("a"), n) }, 1, "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"},
	{"zeros, a leaf less one", zeros, mib - 1, "ca7ed0c4a8e67cbdc461c4cb0d286d2fabbd9f0c41a7f42b665f72ebaa8aec56"},
	{"zeros, a leaf", zeros, mib, "30e14955ebf1352266dc2ff8067e68104607e750abb9d3b36582b8af909fcb58"},
	{"zeros, a leaf and one", zeros, mib + 1, "28638dab8d5e1754a4ecb38b0ebe6df66c844f94aed142d4d0283d208bb786cd"},
	{"zeros, 2 MiB", zeros, 2 * mib, "861890b487038d840e9d71d43bbc0fd4571453fb9d9b1f370caa3582a29b0ec7"},
	{"zeros, 3 MiB", zeros, 3 * mib, "ca6cc129a4514ec765de86a4e7a49adf44842c9cac213c383ebe4071271bdf21"},
	{"zeros, 3.5 MiB", zeros, 3_670_016, "69fa92ad252e24a084b9a1ca9483ede8f493cbb8ffbca27afa03199ef8d2da89"},
	{"zeros, 4 MiB", zeros, 4 * mib, "27b557ba335a688f779a95e258a886ffa3b39b13533d6f9dcaa0497a2ed1fe18"},
	{"zeros, 5 MiB", zeros, 5 * mib, "3de9bfb690ff216d907474b4aa56a6f77a8c846a08b26885d4ab2282092a757e"},
	{"zeros, 6.5 MiB", zeros, 6_815_744, "7fce0b2525bccf5bd8ed75ec7b7eb52de9b5c0aac4cf60f485aed45a934e9cf5"},
	{"zeros, 7 MiB", zeros, 7 * mib, "091961d52b7a7681230b75c5652a1750690133b6762b02f012513265e80dde30"},
	{"zeros, 8 MiB", zeros, 8 * mib, "0b338127d84703658c14afde2ff57e928f124414760906c556de546a9c713e41"},
	{"zeros, 9 MiB and one", zeros, 9_437_185, "b1449b3994eb215b479da76955e046e9c9799218cb54f7283acbfb18ed02dacc"},
	{"pattern, 6.5 MiB", pattern, 6_815_744, "15b6ea3b6f4ef6ce5165aa138f32fef764f1f6fc71175b58bc85e929b0d1d8b5"},
	{"pattern, 8 MiB", pattern, 8 * mib, "7079a3934c39a847883fdc1e529daf5155e343f7f0f755ad5fb88891efccd70b"},
	{"pattern, 16 MiB", pattern, 16 * mib, "6b4a733d4942eef441039fdbf2566cb7430b6d914b2563322c04e958a37a3219"},
}

func zeros(n int) []byte { return make([]byte, n) }

func TestVectors(t *testing.T) {
	for _, v := range vectors {
		t.Run(v.name, func(t *testing.T) {
			data := v.data(v.size)
			if got := naive(data).String(); got != v.want {
				t.Errorf("level by level: %s, want %s", got, v.want)
			}
			if got := treehash.Sum(data).String(); got != v.want {
				t.Errorf("Sum = %s, want %s", got, v.want)
			}
			tree, linear, n, err := treehash.SumReader(bytes.NewReader(data))
			if err != nil || n != int64(v.size) || tree.String() != v.want || linear != sha256.Sum256(data) {
				t.Errorf("SumReader = %v, %v, %d, %v, want tree hash %s", tree, linear, n, err, v.want)
			}
		})
	}
}

func TestSumReaderReaders(t *testing.T) {
	data := pattern(2*mib + 3)
	broken := errors.New("broken")
	t.Run("short reads", func(t *testing.T) {
		tree, _, n, err := treehash.SumReader(iotest.HalfReader(bytes.NewReader(data)))
		if err != nil || n != int64(len(data)) || tree != naive(data) {
			t.Errorf("SumReader = %v, %d, %v, want %v", tree, n, err, naive(data))
		}
	})
	t.Run("end together with data", func(t *testing.T) {
		tree, _, n, err := treehash.SumReader(iotest.DataErrReader(bytes.NewReader(data)))
		if err != nil || n != int64(len(data)) || tree != naive(data) {
			t.Errorf("SumReader = %v, %d, %v, want %v", tree, n, err, naive(data))
		}
	})
	t.Run("error after a leaf and a bit", func(t *testing.T) {
		r := io.MultiReader(bytes.NewReader(data[:mib+5]), iotest.ErrReader(broken))
		tree, linear, n, err := treehash.SumReader(r)
		if !errors.Is(err, broken) || n != mib+5 || tree != (treehash.Hash{}) || linear != (treehash.Hash{}) {
			t.Errorf("SumReader = %v, %v, %d, %v, want no hashes, %d, %v", tree, linear, n, err, mib+5, broken)
		}
	})
	t.Run("error that looks like a torn read", func(t *testing.T) {
		_, _, _, err := treehash.SumReader(io.MultiReader(bytes.NewReader(data[:5]), iotest.ErrReader(io.ErrUnexpectedEOF)))
		if !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("err = %v, want %v", err, io.ErrUnexpectedEOF)
		}
	})
}

func TestParseHash(t *testing.T) {
	const lower = "ca7ed0c4a8e67cbdc461c4cb0d286d2fabbd9f0c41a7f42b665f72ebaa8aec56"
	for _, tt := range []struct {
		name, in string
		ok       bool
	}{
		{"lower case", lower, true},
		{"upper case", strings.ToUpper(lower), true},
		{"mixed case", strings.ToUpper(lower[:31]) + lower[31:], true},
		{"empty", "", false},
		{"a digit short", lower[:63], false},
		{"a digit long", lower + "0", false},
		{"an MD5", lower[:32], false},
		{"not hexadecimal", lower[:63] + "g", false},
		{"space at the end", lower[:63] + " ", false},
		{"prefix", "0x" + lower[:62], false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h, err := treehash.ParseHash(tt.in)
			if (err == nil) != tt.ok {
				t.Fatalf("ParseHash(%q) fails with %v, want ok %t", tt.in, err, tt.ok)
			}
			if tt.ok && h.String() != lower {
				t.Errorf("ParseHash(%q) = %s, want %s", tt.in, h, lower)
			}
		})
	}
}
