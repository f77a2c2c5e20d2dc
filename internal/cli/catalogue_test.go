package cli_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"firn/internal/cli"
)

func TestCatalogue(t *testing.T) {
	arn := "arn:aws:glacier:us-east-1:444455556666:vaults/photos"
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/1") {
			t.Errorf("asked for %s, although the account is known", r.URL)
		}
		fmt.Fprintf(w, `{"VaultName":"photos","VaultARN":%q}`, arn)
	}))
	defer s.Close()
	v := cli.Verb{Use: "v", Names: true, Run: func(ctx context.Context, s *cli.Session, _ []string) error {
		vault, err := s.Vault("photos")
		if err != nil {
			return err
		}
		c, err := s.Catalogue(ctx, vault)
		if err != nil {
			return err
		}
		defer c.Close()
		o, _, err := c.Owner(ctx)
		if err == nil {
			_, err = io.WriteString(s.Out, string(o.Account)+" "+c.File())
		}
		return err
	}}
	keyed(t)
	dir := t.TempDir()
	t.Setenv("XDG_DATA_HOME", filepath.Join(dir, "xdg"))
	t.Setenv("AWS_ENDPOINT_URL", s.URL)
	for _, tt := range []struct {
		name, env string
		args      []string
		want      string // account and file
		code      int
	}{
		{"the user's folder", "", nil, "444455556666 " + dir + "/xdg/firn/names/", 0},
		{"a known account", "", []string{"--account-id", "111122223333"}, "111122223333 " + dir + "/xdg/firn/names/", 0},
		{"a folder of the environment's", dir + "/env", nil, "444455556666 " + dir + "/env/firn/names/", 0},
		{"a file", dir + "/env", []string{"--names", dir + "/mine.db"}, "444455556666 " + dir + "/mine.db", 0},
		{"a file of another vault", dir + "/mine.db", []string{"--account-id", "111122223333"}, "", 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Setenv("FIRN_NAMES", tt.env)
			stdout, stderr, code := run(t, v, "", tt.args...)
			if code != tt.code || !strings.HasPrefix(stdout, tt.want) {
				t.Errorf("exit code %d, want %d: %s%s, want %s", code, tt.code, stdout, stderr, tt.want)
			}
		})
	}
	arn = "vault"
	if _, stderr, code := run(t, v, ""); code != 1 || !strings.Contains(stderr, "give --account-id") {
		t.Errorf("no account in the ARN: exit code %d: %s", code, stderr)
	}
}
