package cli_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"firn/internal/cli"
)

// TestCatalogueToRead: who answers when nobody does.
func TestCatalogueToRead(t *testing.T) {
	var mu sync.Mutex // guards account and now
	account := "444455556666"
	answer := func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, `{"VaultName":"photos","VaultARN":"arn:aws:glacier:us-east-1:%s:vaults/photos"}`, account)
	}
	away := func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
	refuse := func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprint(w, `{"code":"ResourceNotFoundException","message":"no vault","type":"Client"}`)
	}
	now := answer
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		now(w, r)
	}))
	defer s.Close()
	reading := cli.Verb{Use: "v", Names: true, Run: func(ctx context.Context, s *cli.Session, _ []string) error {
		vault, err := s.Vault("photos")
		if err != nil {
			return err
		}
		c, err := s.CatalogueToRead(ctx, vault)
		if err != nil {
			return err
		}
		defer c.Close()
		o, _, err := c.Owner(ctx)
		fmt.Fprint(s.Out, o.Account)
		return err
	}}
	keyed(t)
	t.Setenv("AWS_MAX_ATTEMPTS", "1")
	t.Setenv("AWS_ENDPOINT_URL", s.URL)
	dir := t.TempDir()
	t.Setenv("XDG_DATA_HOME", dir)
	for _, tt := range []struct {
		name    string
		now     http.HandlerFunc
		account string
		args    []string
		want    string // account
		warning string
		code    int
	}{
		{"nobody answers, and nothing is known", away, "", nil, "", "no server answers", 6},
		{"a file, and nobody answers", away, "", []string{"--names", dir + "/mine.db"}, "", "no server answers", 6},
		{"somebody answers", answer, "444455556666", nil, "444455556666", "", 0},
		{"nobody answers, and it is known", away, "", nil, "444455556666", "; this is what is known here of vault photos of account 444455556666", 0},
		{"there is no such vault", refuse, "", nil, "", "no vault", 4},
		{"somebody answers for a file", answer, "444455556666", []string{"--names", dir + "/mine.db"}, "444455556666", "", 0},
		{"nobody answers for a file", away, "", []string{"--names", dir + "/mine.db"}, "444455556666", "; this is what is known here", 0},
		{"somebody else answers for a file", answer, "111122223333", []string{"--names", dir + "/mine.db"}, "", "holds the names of another vault", 1},
		{"somebody answers for another account", answer, "111122223333", nil, "111122223333", "", 0},
		{"nobody answers, and two are known", away, "", nil, "", "in the accounts 111122223333, 444455556666: say which with --account-id", 6},
		{"and one is named", away, "", []string{"--account-id", "111122223333"}, "111122223333", "", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			mu.Lock()
			now, account = tt.now, tt.account
			mu.Unlock()
			stdout, stderr, code := run(t, reading, "", tt.args...)
			if code != tt.code || stdout != tt.want || !strings.Contains(stderr, tt.warning) || tt.warning == "" && stderr != "" {
				t.Errorf("exit code %d, want %d: %q and %q, want %q and %q", code, tt.code, stdout, stderr, tt.want, tt.warning)
			}
		})
	}
}
