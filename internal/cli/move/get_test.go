package move

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestIsAmazon: an endpoint is Amazon's by its host.
func TestIsAmazon(t *testing.T) {
	for endpoint, want := range map[string]bool{
		"https://glacier.eu-west-1.amazonaws.com":             true,
		"https://glacier.cn-north-1.amazonaws.com.cn/":        true,
		"https://vpce-1.glacier.us-east-1.vpce.amazonaws.com": true,
		"https://GLACIER.eu-west-1.AMAZONAWS.COM:443":         true,
		"https://glacier.eu-west-1.amazonaws.com.":            true,
		"http://127.0.0.1:9420":                               false,
		"https://my.amazonaws.com.example.org":                false,
		"https://example.org/glacier.amazonaws.com":           false,
		"https://notamazonaws.com":                            false,
		"://":                                                 false,
	} {
		if got := isAmazon(endpoint); got != want {
			t.Errorf("%s: %v", endpoint, got)
		}
	}
}

// TestOutermost: paths that are left of those that lie in each other.
func TestOutermost(t *testing.T) {
	for name, row := range map[string]struct{ paths, want []string }{
		"apart":            {[]string{"a", "b", "ab"}, []string{"a", "b", "ab"}},
		"below":            {[]string{"a/b", "a", "a/b/c"}, []string{"a"}},
		"everything":       {[]string{"a", ".", "b"}, []string{"."}},
		"twice":            {[]string{"a", "./a", "a/"}, []string{"a"}},
		"everything twice": {[]string{".", "/"}, []string{"."}},
		"ids":              {[]string{"id:X", ".", "id:Y", "id:X"}, []string{"id:X", ".", "id:Y"}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(row.want, outermost(row.paths)); diff != "" {
				t.Error(diff)
			}
		})
	}
}
