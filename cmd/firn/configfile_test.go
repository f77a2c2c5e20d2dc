package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firn/glacier"
	"firn/internal/server"
)

// bucketsOf reads the buckets of a configuration file.
func bucketsOf(t *testing.T, text string) (map[string]server.Bucket, error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "firn.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return readConfigFile(serveCommand().Flags(), file)
}

func TestAccountsOfABucket(t *testing.T) {
	for _, tt := range []struct {
		name, setting string
		want          []glacier.AccountID
	}{
		{"not said", "region: eu-west-1", nil},
		{"one", "accounts: 011122223333", []glacier.AccountID{"011122223333"}},
		{"a list", "accounts: [011122223333, 444455556666]", []glacier.AccountID{"011122223333", "444455556666"}},
		{"an empty list, which is nobody", "accounts: []", []glacier.AccountID{}},
		{"nothing, which is no account", "accounts: null", []glacier.AccountID{""}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := bucketsOf(t, "buckets: {results: {"+tt.setting+"}}")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got["results"].Accounts); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestSettingsOfABucket(t *testing.T) {
	got, err := bucketsOf(t, "buckets: {results: {access-key: AKIAEXAMPLE, secret-key: one, session-token: two}}")
	if b := got["results"]; err != nil || b.AccessKey != "AKIAEXAMPLE" || b.SecretKey != "one" || b.SessionToken != "two" {
		t.Errorf("%+v, %v", b, err)
	}
	got, err = bucketsOf(t, "buckets: {results: {timeout: 5m}}")
	if b := got["results"]; err != nil || b.Timeout != 5*time.Minute {
		t.Errorf("%v, %v", b.Timeout, err)
	}
	_, err = bucketsOf(t, "buckets: {results: {secret-key: one, secret-key-file: missing}}")
	if err == nil || !strings.Contains(err.Error(), "buckets: results: secret-key and secret-key-file must not be given together") {
		t.Error(err)
	}
}
