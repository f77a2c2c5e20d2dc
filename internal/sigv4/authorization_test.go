package sigv4_test

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firn/internal/sigv4"
)

func TestParseAuthorization(t *testing.T) {
	want := sigv4.Authorization{
		AccessKeyID:   "AKIDEXAMPLE",
		Scope:         sigv4.Scope{Date: "20260301", Region: "us-east-1", Service: "glacier"},
		SignedHeaders: []string{"host", "x-amz-date"},
		Signature:     "ab01",
	}
	const credential, headers, signature = "Credential=AKIDEXAMPLE/20260301/us-east-1/glacier/aws4_request", "SignedHeaders=host;x-amz-date", "Signature=ab01"
	for _, tt := range []struct{ name, header string }{
		{"as the SDKs write it", "AWS4-HMAC-SHA256 " + credential + ", " + headers + ", " + signature},
		{"as the guide writes it", "AWS4-HMAC-SHA256 " + credential + "," + headers + "," + signature},
		{"spaces alone", "AWS4-HMAC-SHA256 " + credential + " " + headers + " " + signature},
		{"spaces and tabs everywhere", "  AWS4-HMAC-SHA256   " + credential + " ,\t" + headers + "  ,  " + signature + " , "},
		{"another order", "AWS4-HMAC-SHA256 " + signature + ", " + headers + ", " + credential},
		{"parameter that is not known", "AWS4-HMAC-SHA256 " + credential + ", " + headers + ", Extra=1, " + signature},
		{"upper case", "AWS4-HMAC-SHA256 " + credential + ", SignedHeaders=Host;X-Amz-Date, Signature=AB01"},
		{"signed headers out of order and twice", "AWS4-HMAC-SHA256 " + credential + ", SignedHeaders=x-amz-date;host;host, " + signature},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := sigv4.ParseAuthorization(tt.header)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func FuzzParseAuthorization(f *testing.F) {
	f.Fuzz(func(t *testing.T, header string) {
		auth, err := sigv4.ParseAuthorization(header)
		if err != nil {
			var refusal *sigv4.Error
			if !errors.As(err, &refusal) || refusal.Message == "" || errors.Unwrap(err) != refusal.Kind {
				t.Fatalf("error of no kind: %#v", err)
			}
			if cmp.Diff(sigv4.Authorization{}, auth) != "" {
				t.Fatalf("%+v beside error %v", auth, err)
			}
			return
		}
		if auth.Signature == "" || len(auth.SignedHeaders) == 0 {
			t.Fatalf("parts are missing: %+v", auth)
		}
		if !slices.IsSorted(auth.SignedHeaders) || len(slices.Compact(slices.Clone(auth.SignedHeaders))) != len(auth.SignedHeaders) {
			t.Fatalf("signed headers not sorted or not single: %q", auth.SignedHeaders)
		}
		// Written anew it means the same.
		again := "AWS4-HMAC-SHA256 Credential=" + auth.AccessKeyID + "/" + auth.Scope.String() +
			", SignedHeaders=" + strings.Join(auth.SignedHeaders, ";") + ", Signature=" + auth.Signature
		same, err := sigv4.ParseAuthorization(again)
		if err != nil {
			if strings.Join(auth.SignedHeaders, ";") == "" {
				return // one signed header without a name
			}
			t.Fatalf("%q from %q: %v", again, header, err)
		}
		if diff := cmp.Diff(auth, same); diff != "" {
			t.Fatalf("written anew (-first +second):\n%s", diff)
		}
	})
}

// TestSeeds: without its seeds the fuzz test would test nothing in a plain run.
func TestSeeds(t *testing.T) {
	seeds, err := os.ReadDir("testdata/fuzz/FuzzParseAuthorization")
	if err != nil || len(seeds) < 5 {
		t.Errorf("%d seeds, %v", len(seeds), err)
	}
}
