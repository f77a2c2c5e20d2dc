package cli_test

import (
	"testing"

	"firn/internal/cli"
)

// TestIsAmazon: an endpoint is Amazon's by its host.
func TestIsAmazon(t *testing.T) {
	for endpoint, want := range map[string]bool{
		"https://glacier.eu-west-1.amazonaws.com":             true,
		"https://glacier.cn-north-1.amazonaws.com.cn/":        true,
		"https://vpce-1.glacier.us-east-1.vpce.amazonaws.com": true,
		"https://GLACIER.eu-west-1.AMAZONAWS.COM:443":         true,
		"https://glacier.eu-west-1.amazonaws.com.":            true,
		"https://glacier.us-east-1.api.aws":                   true,
		"http://127.0.0.1:9420":                               false,
		"https://my.amazonaws.com.example.org":                false,
		"https://example.org/glacier.amazonaws.com":           false,
		"https://notamazonaws.com":                            false,
		"://":                                                 false,
	} {
		if got := cli.IsAmazon(endpoint); got != want {
			t.Errorf("%s: %v", endpoint, got)
		}
	}
}
