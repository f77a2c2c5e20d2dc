package cli_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"firn/internal/cli"
)

// Another place has its own server, key, region and account, and the first keeps
// its own.
func TestElsewhere(t *testing.T) {
	home := clean(t)
	write(t, filepath.Join(home, "config"), "[profile other]\naws_access_key_id = AKIAOTHER\naws_secret_access_key = s\nregion = r-8\n")
	t.Setenv("AWS_ACCESS_KEY_ID", "AKIAHERE")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "s")
	asked := map[string]string{}
	serve := func(name string) string {
		server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			asked[name] = r.URL.Path + " " + r.Header.Get("Authorization")
		}))
		t.Cleanup(server.Close)
		return server.URL
	}
	here, there := serve("here"), serve("there")
	v := cli.Verb{Use: "v", Short: "s", Long: "l", Run: func(ctx context.Context, s *cli.Session, _ []string) error {
		other, err := s.Elsewhere(ctx, cli.Elsewhere{Endpoint: there, Profile: "other", Region: "r-9", Account: "444455556666"})
		if err != nil {
			return err
		}
		if other.Endpoint != there || other.Region != "r-9" || other.Account != "444455556666" || s.Endpoint != here || s.Region != "r-1" {
			t.Errorf("elsewhere is %s %s %s, here %s %s", other.Endpoint, other.Region, other.Account, s.Endpoint, s.Region)
		}
		_, _ = other.Remote.Vault("v").Describe(ctx) // what comes back is nothing
		_, _ = s.Remote.Vault("v").Describe(ctx)
		_, err = s.Elsewhere(ctx, cli.Elsewhere{Profile: "nobody"})
		return err
	}}
	_, stderr, code := run(t, v, "", "--endpoint-url", here, "--region", "r-1")
	if code != 2 || !strings.Contains(stderr, `no profile "nobody"`) {
		t.Errorf("exit code %d: %s", code, stderr)
	}
	for name, want := range map[string][]string{"here": {"/-/vaults/v ", "=AKIAHERE/", "/r-1/glacier/"}, "there": {"/444455556666/vaults/v ", "=AKIAOTHER/", "/r-9/glacier/"}} {
		for _, part := range want {
			if !strings.Contains(asked[name], part) {
				t.Errorf("%s was asked %q, without %s", name, asked[name], part)
			}
		}
	}
}
