package cli_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"firn/glacier"
	"firn/internal/cli"
	"firn/internal/client"
	"firn/internal/remote"
)

// keyed gives a test a key, and nothing else that is configured.
func keyed(t *testing.T) {
	t.Helper()
	clean(t)
	t.Setenv("AWS_ACCESS_KEY_ID", "A")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "s")
	t.Setenv("AWS_MAX_ATTEMPTS", "1")
}

func TestExitCodes(t *testing.T) {
	keyed(t)
	refusal := func(code glacier.Code) error {
		return fmt.Errorf("do it: %w", &client.Error{Status: code.Status(), Refusal: glacier.Errorf(code, "no")})
	}
	for _, tt := range []struct {
		err  error
		want int
	}{
		{nil, 0},
		{errors.New("anything"), 1},
		{refusal(glacier.InvalidParameterValue), 1},
		{cli.Wrong(errors.New("flag")), 2},
		{refusal(glacier.ResourceNotFound), 4},
		{refusal(glacier.AccessDenied), 5},
		{refusal(glacier.PolicyEnforced), 5},
		{refusal(glacier.LimitExceeded), 5},
		{refusal(glacier.InvalidSignature), 5},
		{&client.Error{Status: 403}, 5},
		{refusal(glacier.Throttling), 6},
		{refusal(glacier.ServiceUnavailable), 6},
		{refusal(glacier.InsufficientCapacity), 6},
		{&client.Error{Status: 502}, 6},
		{&client.Error{Status: 404}, 1},
		{&remote.Unreachable{Endpoint: "http://h", Err: io.ErrUnexpectedEOF}, 6},
		{cli.Errorf(cli.Partly, "2 of 3: %w", refusal(glacier.AccessDenied)), 7},
		{cli.Errorf(cli.NotYet, "come back"), 8},
		{context.Canceled, 130},
	} {
		v := cli.Verb{Use: "v", Short: "s", Long: "l", Run: func(context.Context, *cli.Session, []string) error { return tt.err }}
		if _, stderr, code := run(t, v, ""); code != tt.want {
			t.Errorf("%v: exit code %d, want %d: %s", tt.err, code, tt.want, stderr)
		}
	}
}

func TestInterrupted(t *testing.T) {
	keyed(t)
	for _, tt := range []struct {
		name string
		verb cli.Verb
		err  error
		want string
	}{
		{"a verb that changes", cli.Verb{Changes: true}, context.Canceled, "interrupted: what is done is kept, and the same command goes on from there"},
		{"a verb that looks", cli.Verb{}, fmt.Errorf("list: %w", context.Canceled), "interrupted: nothing was changed"},
		{"words of the verb's", cli.Verb{Resume: "come back"}, context.Canceled, "interrupted: come back"},
		{"words of the error's", cli.Verb{}, cli.Errorf(cli.Failed, "the job goes on"), "the job goes on"},
		{"another failure meanwhile", cli.Verb{}, errors.New("disk full"), "disk full"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			tt.verb.Use, tt.verb.Run = "v", func(context.Context, *cli.Session, []string) error {
				cancel()
				return tt.err
			}
			if _, stderr, code := runIn(ctx, tt.verb, ""); code != 130 || stderr != tt.want+"\n" {
				t.Errorf("exit code %d: %s, want %s", code, stderr, tt.want)
			}
		})
	}
}

// Ids that begin with a hyphen were taken for flags by aws/aws-cli (#1319, #2486,
// #5985), uskudnik/amazon-glacier-cmd-interface (#128, #144) and
// carlossg/glacier-cli (#10).
func TestArguments(t *testing.T) {
	keyed(t)
	archive, job, lock := "-"+strings.Repeat("a", 137), "--"+strings.Repeat("b", 90), "-"+strings.Repeat("c", 23)
	for _, tt := range []struct {
		name string
		args []string
		want string
		code int
	}{
		{"ids of all lengths", []string{archive, "v", job, lock}, fmt.Sprintf("[%s v %s %s] job= long=false", archive, job, lock), 0},
		{"as a flag's value", []string{"--job", job, "v"}, "[v] job=" + job + " long=false", 0},
		{"after an equals sign", []string{"--job=" + job, "v"}, "[v] job=" + job + " long=false", 0},
		{"flags after it", []string{archive, "--job", job}, "[" + archive + "] job=" + job + " long=false", 0},
		{"with id: before it", []string{"id:" + archive, "--job", "id:" + job}, "[" + archive + "] job=" + job + " long=false", 0},
		{"after a double hyphen", []string{"--", archive, "-x"}, "[" + archive + " -x] job= long=false", 0},
		{"a flag that is as long as an id of a lock", []string{"--" + longFlag, "v"}, "[v] job= long=true", 0},
		{"one short of an id", []string{archive[:137]}, "", 2},
		{"an empty argument", []string{""}, "", 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var id string
			var long bool
			v := cli.Verb{
				Use: "v ID…", Short: "s", Long: "l", Args: cobra.MinimumNArgs(1),
				Flags: func(fs *pflag.FlagSet) {
					cli.IDVar(fs, &id, "job", "u")
					fs.BoolVar(&long, longFlag, false, "u")
				},
				Run: func(_ context.Context, s *cli.Session, args []string) error {
					for i := range args {
						args[i] = cli.ID(args[i])
					}
					_, err := fmt.Fprintf(s.Out, "%v job=%s long=%t", args, id, long)
					return err
				},
			}
			stdout, stderr, code := run(t, v, "", tt.args...)
			if code != tt.code || stdout != tt.want {
				t.Errorf("exit code %d, want %d: %s%s, want %s", code, tt.code, stdout, stderr, tt.want)
			}
		})
	}
}

const longFlag = "a-flag-of-22-characters"

func TestConfirm(t *testing.T) {
	keyed(t)
	v := cli.Verb{Use: "v", Short: "s", Long: "l", Asks: true, Run: func(ctx context.Context, s *cli.Session, _ []string) error {
		return s.Confirm(ctx, "All of it will be gone.", "photos")
	}}
	if _, stderr, code := run(t, v, "photos\n"); code != cli.Usage || !strings.Contains(stderr, "give --yes") {
		t.Errorf("nobody there: exit code %d: %s", code, stderr)
	}
	if _, stderr, code := run(t, v, "", "--yes"); code != 0 {
		t.Errorf("--yes: exit code %d: %s", code, stderr)
	}
}

func TestCompletion(t *testing.T) {
	keyed(t)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, `{"VaultList":[{"VaultName":"photos"},{"VaultName":"phones"},{"VaultName":"music"}],"Marker":null}`)
	}))
	defer s.Close()
	complete := func(use string, args ...string) []string {
		v := cli.Verb{Use: use, Args: cobra.ArbitraryArgs}
		root := &cobra.Command{Use: "firn"}
		root.AddCommand(v.Command())
		var out strings.Builder
		root.SetOut(&out)
		root.SetErr(io.Discard)
		root.SetArgs(append([]string{cobra.ShellCompNoDescRequestCmd}, args...))
		if err := root.ExecuteContext(t.Context()); err != nil {
			t.Fatal(err)
		}
		return strings.Fields(out.String())
	}
	for _, tt := range []struct {
		name string
		use  string
		args []string
		want []string
	}{
		{"the vault comes first", "show VAULT", []string{"show", "--endpoint-url", s.URL, "ph"}, []string{"photos", "phones", ":4"}},
		{"an id after it", "show VAULT ID", []string{"show", "--endpoint-url", s.URL, "photos", ""}, []string{":0"}},
		{"no more than that", "show VAULT", []string{"show", "--endpoint-url", s.URL, "photos", ""}, []string{":4"}},
		{"a file before it", "put PATH… VAULT", []string{"put", "--endpoint-url", s.URL, ""}, []string{":0"}},
		{"after one file or more", "put PATH… VAULT", []string{"put", "--endpoint-url", s.URL, "a", "b", "m"}, []string{"music", ":0"}},
		{"a folder, or the vault after folders", "put PATH… VAULT", []string{"put", "--endpoint-url", s.URL, "a", ""}, []string{"photos", "phones", "music", ":0"}},
		{"names of a vault that has none", "get VAULT PATH... DIR", []string{"get", "--endpoint-url", s.URL, "photos", ""}, []string{":6"}},
		{"names, or the folder after them", "get VAULT PATH... DIR", []string{"get", "--endpoint-url", s.URL, "photos", "a", ""}, []string{":2"}},
		{"no arguments", "list", []string{"list", "--endpoint-url", s.URL, ""}, []string{":0"}},
		{"written with dots", "put PATH... VAULT", []string{"put", "--endpoint-url", s.URL, "a", "m"}, []string{"music", ":0"}},
		{"nobody answers", "show VAULT", []string{"show", "--endpoint-url", "http://127.0.0.1:1", ""}, []string{":4"}},
		{"nobody to ask", "show VAULT", []string{"show", "--profile", "nobody", ""}, []string{":4"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, complete(tt.use, tt.args...)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestInput(t *testing.T) {
	keyed(t)
	v := cli.Verb{Use: "v FILE", Args: cobra.ExactArgs(1), Run: func(_ context.Context, s *cli.Session, args []string) error {
		data, err := s.Input(args[0], 8)
		fmt.Fprintf(s.Out, "%s", data)
		return err
	}}
	file := t.TempDir() + "/file"
	write(t, file, "12345678")
	for _, tt := range []struct {
		name, file, stdin, want string
		code                    int
	}{
		{"file", file, "", "12345678", 0},
		{"standard input", "-", "abc", "abc", 0},
		{"too long", "-", "123456789", "", 2},
		{"not there", "nowhere", "", "", 2},
	} {
		if stdout, stderr, code := run(t, v, tt.stdin, tt.file); code != tt.code || stdout != tt.want {
			t.Errorf("%s: exit code %d, want %d: %s%s", tt.name, code, tt.code, stdout, stderr)
		}
	}
}
