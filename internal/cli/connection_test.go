package cli_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"firn/internal/cli"
)

// clean gives a test an environment in which nothing of the machine's is
// configured, and returns its home.
func clean(t *testing.T) string {
	t.Helper()
	for _, pair := range os.Environ() {
		if name, _, _ := strings.Cut(pair, "="); strings.HasPrefix(name, "AWS_") || strings.HasPrefix(name, "XDG_") {
			t.Setenv(name, "") // which restores it at the end
			os.Unsetenv(name)
		}
	}
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("AWS_CONFIG_FILE", filepath.Join(home, "config")) // the usual places are looked up when the program starts
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", filepath.Join(home, "credentials"))
	return home
}

// run runs a verb as the program does, and returns what it prints and its exit
// code.
func run(t *testing.T, v cli.Verb, stdin string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	return runIn(t.Context(), v, stdin, args...)
}

func runIn(ctx context.Context, v cli.Verb, stdin string, args ...string) (stdout, stderr string, code int) {
	root := &cobra.Command{Use: "firn", SilenceUsage: true, SilenceErrors: true}
	root.AddCommand(v.Command())
	name, _, _ := strings.Cut(v.Use, " ")
	root.SetArgs(cli.Arguments(root, append([]string{name}, args...)))
	var out, errs bytes.Buffer
	root.SetOut(&out)
	root.SetErr(&errs)
	root.SetIn(strings.NewReader(stdin))
	err := root.ExecuteContext(ctx)
	if err != nil {
		fmt.Fprintln(&errs, err)
	}
	return out.String(), errs.String(), cli.Code(err)
}

// where prints whom a verb would ask.
var where = cli.Verb{Use: "where", Short: "s", Long: "l", Run: func(_ context.Context, s *cli.Session, _ []string) error {
	_, err := fmt.Fprintln(s.Out, s.Endpoint, s.Region, s.Account)
	return err
}}

const configFile = `[default]
region = eu-north-1
[profile firn]
region = eu-west-1
endpoint_url = http://firn.example:9420
aws_access_key_id = AKIAFIRN
aws_secret_access_key = s
[profile services]
endpoint_url = http://all.example
services = mine
aws_access_key_id = AKIASERVICES
aws_secret_access_key = s
[profile ignoring]
ignore_configured_endpoint_urls = true
endpoint_url = http://all.example
aws_access_key_id = AKIAIGNORING
aws_secret_access_key = s
[profile amazon]
region = ap-south-1
endpoint_url = aws
aws_access_key_id = AKIAAMAZON
aws_secret_access_key = s
[profile fips]
region = us-west-2
endpoint_url = aws
use_fips_endpoint = true
aws_access_key_id = AKIAFIPS
aws_secret_access_key = s
[profile process]
credential_process = cat process.json
[profile broken]
credential_process = false
[profile role]
role_arn = arn:aws:iam::111122223333:role/archivist
source_profile = firn
region = eu-west-1
[profile half]
role_arn = arn:aws:iam::111122223333:role/r
source_profile = nobody
[services mine]
glacier =
  endpoint_url = http://glacier.example:1
`

func TestWhomToAsk(t *testing.T) {
	for _, tt := range []struct {
		name string
		env  string
		args string
		want string
		code int
	}{
		{"nothing configured", "", "", "http://127.0.0.1:9420 eu-north-1 -", 0},
		{"flags", "", "--endpoint-url http://h:1 --region r-1 --account-id 444455556666", "http://h:1 r-1 444455556666", 0},
		{"environment", "AWS_ENDPOINT_URL=http://h:2 AWS_REGION=r-2", "", "http://h:2 r-2 -", 0},
		{"older variable of the region", "AWS_DEFAULT_REGION=r-3", "", "http://127.0.0.1:9420 r-3 -", 0},
		{"the newer variable wins", "AWS_DEFAULT_REGION=r-3 AWS_REGION=r-2", "", "http://127.0.0.1:9420 r-2 -", 0},
		{"variable of the service wins", "AWS_ENDPOINT_URL=http://h:2 AWS_ENDPOINT_URL_GLACIER=http://h:3", "", "http://h:3 eu-north-1 -", 0},
		{"flags win over the environment", "AWS_ENDPOINT_URL_GLACIER=http://h:3 AWS_REGION=r-2", "--endpoint-url http://h:1 --region r-1", "http://h:1 r-1 -", 0},
		{"profile by flag", "", "--profile firn", "http://firn.example:9420 eu-west-1 -", 0},
		{"profile by environment", "AWS_PROFILE=firn", "", "http://firn.example:9420 eu-west-1 -", 0},
		{"flag of the profile wins", "AWS_PROFILE=firn", "--profile services", "http://glacier.example:1 us-east-1 -", 0},
		{"environment wins over the profile", "AWS_PROFILE=firn AWS_ENDPOINT_URL=http://h:2 AWS_REGION=r-2", "", "http://h:2 r-2 -", 0},
		{"variable of all services wins over the profile's services", "AWS_ENDPOINT_URL=http://h:2", "--profile services", "http://h:2 us-east-1 -", 0},
		{"configured endpoints are ignored", "AWS_ENDPOINT_URL=http://h:2 AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true", "--profile firn", "http://127.0.0.1:9420 eu-west-1 -", 0},
		{"a profile ignores them", "", "--profile ignoring", "http://127.0.0.1:9420 us-east-1 -", 0},
		{"the environment does not ignore what a profile would", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=false", "--profile ignoring", "http://all.example us-east-1 -", 0},
		{"but the flag is not", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true", "--endpoint-url http://h:1", "http://h:1 eu-north-1 -", 0},
		{"Amazon's own", "", "--endpoint-url aws --region eu-central-1", "https://glacier.eu-central-1.amazonaws.com eu-central-1 -", 0},
		{"Amazon's own in China", "AWS_ENDPOINT_URL_GLACIER=aws", "--region cn-north-1", "https://glacier.cn-north-1.amazonaws.com.cn cn-north-1 -", 0},
		{"Amazon's own by profile", "", "--profile amazon", "https://glacier.ap-south-1.amazonaws.com ap-south-1 -", 0},
		{"Amazon's own without a region", "", "--endpoint-url aws --profile services", "no region: Amazon's endpoint is one for each region: give --region, or set AWS_REGION", 2},
		{"for FIPS", "AWS_USE_FIPS_ENDPOINT=true", "--endpoint-url aws --region us-east-1", "https://glacier-fips.us-east-1.amazonaws.com us-east-1 -", 0},
		{"for IPv6", "AWS_USE_DUALSTACK_ENDPOINT=true", "--endpoint-url aws --region us-east-1", "https://glacier.us-east-1.api.aws us-east-1 -", 0},
		{"for both", "AWS_USE_FIPS_ENDPOINT=true AWS_USE_DUALSTACK_ENDPOINT=true", "--endpoint-url aws --region us-east-1", "https://glacier-fips.us-east-1.api.aws us-east-1 -", 0},
		{"for FIPS, by profile", "", "--profile fips", "https://glacier-fips.us-west-2.amazonaws.com us-west-2 -", 0},
		{"the environment does not want what the profile does", "AWS_USE_FIPS_ENDPOINT=false", "--profile fips", "https://glacier.us-west-2.amazonaws.com us-west-2 -", 0},
		{"for IPv6 in China", "AWS_USE_DUALSTACK_ENDPOINT=true", "--endpoint-url aws --region cn-north-1", "https://glacier.cn-north-1.api.amazonwebservices.com.cn cn-north-1 -", 0},
		{"for FIPS in GovCloud", "AWS_USE_FIPS_ENDPOINT=true", "--endpoint-url aws --region us-gov-west-1", "https://glacier.us-gov-west-1.amazonaws.com us-gov-west-1 -", 0},
		{"a region of its own for FIPS", "", "--endpoint-url aws --region us-east-1-fips", "https://glacier-fips.us-east-1.amazonaws.com us-east-1 -", 0},
		{"no region", "", "--endpoint-url aws --region US-EAST-1", `"US-EAST-1" is no region`, 2},
		{"a host for a region", "", "--endpoint-url aws --region example.org/", `"example.org/" is no region`, 2},
		{"no host for a region", "", "--endpoint-url aws --region %", "no such endpoint of Amazon in the region %: ", 2},
		{"another server for all of that", "AWS_USE_FIPS_ENDPOINT=true AWS_USE_DUALSTACK_ENDPOINT=true", "--endpoint-url http://h:1", "http://h:1 eu-north-1 -", 0},
		{"neither true nor false", "AWS_USE_FIPS_ENDPOINT=maybe", "--endpoint-url aws", "read the AWS configuration: ", 2},
		{"the region is in an endpoint for IPv6", "", "--endpoint-url https://glacier.us-west-2.api.aws --profile services", "https://glacier.us-west-2.api.aws us-west-2 -", 0},
		// cameronhunter/glacier-cli, pull request 2: whatever the region, us-east-1 was asked.
		{"the region is in the endpoint", "", "--endpoint-url https://glacier.eu-west-3.amazonaws.com --profile services", "https://glacier.eu-west-3.amazonaws.com eu-west-3 -", 0},
		{"the region is in another of Amazon's endpoints", "", "--endpoint-url https://glacier-fips.us-west-2.amazonaws.com --profile services", "https://glacier-fips.us-west-2.amazonaws.com us-west-2 -", 0},
		{"the endpoint is in another region", "", "--endpoint-url https://glacier.eu-west-3.amazonaws.com --region us-east-1", "the endpoint https://glacier.eu-west-3.amazonaws.com is in region eu-west-3, and the region is set to us-east-1", 2},
		{"no URL", "", "--endpoint-url localhost", `endpoint "localhost" is not an http or https URL`, 2},
		{"not even nearly", "", "--endpoint-url http://%", `endpoint "http://%" is not a URL`, 2},
		{"no account", "", "--account-id 123", `--account-id "123" is neither twelve digits nor -`, 2},
		{"unknown profile", "", "--profile nobody", `the AWS configuration files have no profile "nobody"`, 2},
		{"unknown profile in the environment", "AWS_PROFILE=nobody", "", `the AWS configuration files have no profile "nobody"`, 2},
		{"unknown source profile", "", "--profile half", `the AWS configuration files have no profile "nobody"`, 2},
		{"no certificates", "", "--ca-bundle nowhere.pem", "--ca-bundle: open nowhere.pem: no such file or directory", 2},
		{"a key that cannot be had", "", "--profile broken", "get the key to sign with: ", 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			home := clean(t)
			write(t, filepath.Join(home, "config"), configFile)
			t.Setenv("AWS_ACCESS_KEY_ID", "AKIAENVIRONMENT")
			t.Setenv("AWS_SECRET_ACCESS_KEY", "s")
			for pair := range strings.FieldsSeq(tt.env) {
				name, value, _ := strings.Cut(pair, "=")
				t.Setenv(name, value)
			}
			stdout, stderr, code := run(t, where, "", strings.Fields(tt.args)...)
			if code != tt.code {
				t.Fatalf("exit code %d, want %d: %s", code, tt.code, stderr)
			}
			if got := stdout + stderr; !strings.HasPrefix(got, tt.want) || code == 0 && got != tt.want+"\n" {
				t.Errorf("%s, want %s", got, tt.want)
			}
		})
	}
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// ask sends a request, so that the key is used.
var ask = cli.Verb{Use: "ask", Short: "s", Long: "l", Run: func(ctx context.Context, s *cli.Session, _ []string) error {
	_, err := s.Remote.Vault("v").Describe(ctx)
	return err
}}

func TestKeys(t *testing.T) {
	var signed string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		key, _, _ := strings.Cut(strings.TrimPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 Credential="), "/")
		signed = key + " " + r.Header.Get("X-Amz-Security-Token")
		io.WriteString(w, "{}")
	}))
	defer s.Close()
	sts := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ParseForm(); r.Form.Get("RoleArn") != "arn:aws:iam::111122223333:role/archivist" || !strings.Contains(r.Header.Get("Authorization"), "AKIAFIRN") {
			t.Errorf("STS is asked for %v", r.Form)
		}
		io.WriteString(w, `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials><AccessKeyId>ASIAROLE</AccessKeyId>`+
			`<SecretAccessKey>s</SecretAccessKey><SessionToken>role-token</SessionToken><Expiration>2999-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`)
	}))
	defer sts.Close()
	const none = "there is no key to sign with: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a --profile that has one\n"
	for _, tt := range []struct {
		name string
		env  string
		args string
		want string
	}{
		{"nothing", "", "", none},
		{"half a key", "AWS_ACCESS_KEY_ID=A", "", none},
		{"environment", "AWS_ACCESS_KEY_ID=A AWS_SECRET_ACCESS_KEY=s", "", "A "},
		{"environment, temporary", "AWS_ACCESS_KEY_ID=A AWS_SECRET_ACCESS_KEY=s AWS_SESSION_TOKEN=t", "", "A t"},
		{"profile by flag wins", "AWS_ACCESS_KEY_ID=A AWS_SECRET_ACCESS_KEY=s", "--profile firn", "AKIAFIRN "},
		{"profile by environment does not", "AWS_ACCESS_KEY_ID=A AWS_SECRET_ACCESS_KEY=s AWS_PROFILE=firn", "", "A "},
		{"profile by environment", "AWS_PROFILE=firn", "", "AKIAFIRN "},
		{"a program is asked", "", "--profile process", "AKIAPROCESS token"},
		{"a role is assumed", "AWS_ENDPOINT_URL_STS=" + sts.URL, "--profile role", "ASIAROLE role-token"},
		{"credentials file", "AWS_SHARED_CREDENTIALS_FILE=credentials", "--profile mine", "AKIAMINE "},
	} {
		t.Run(tt.name, func(t *testing.T) {
			home := clean(t)
			t.Chdir(home)
			write(t, "config", configFile)
			write(t, "credentials", "[mine]\naws_access_key_id = AKIAMINE\naws_secret_access_key = s\n")
			write(t, "process.json", `{"Version":1,"AccessKeyId":"AKIAPROCESS","SecretAccessKey":"s","SessionToken":"token"}`)
			for pair := range strings.FieldsSeq(tt.env) {
				name, value, _ := strings.Cut(pair, "=")
				t.Setenv(name, value)
			}
			signed = ""
			_, stderr, _ := run(t, ask, "", append(strings.Fields(tt.args), "--endpoint-url", s.URL)...)
			if got := signed + stderr; got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}

func TestCertificates(t *testing.T) {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "{}") }))
	defer s.Close()
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	home := clean(t)
	t.Setenv("AWS_ACCESS_KEY_ID", "A")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "s")
	trusted, other := filepath.Join(home, "trusted.pem"), filepath.Join(home, "other.pem")
	writeCert(t, trusted, s.Certificate())
	write(t, other, "nothing\n")
	for _, tt := range []struct {
		name string
		env  string
		args []string
		want int
	}{
		{"the system's", "", nil, cli.Failed},
		{"a file's", "", []string{"--ca-bundle", trusted}, 0},
		{"the environment's", trusted, nil, 0},
		{"none in the file", "", []string{"--ca-bundle", other}, cli.Usage},
		{"any", "", []string{"--no-verify-ssl"}, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.env != "" {
				t.Setenv("AWS_CA_BUNDLE", tt.env)
			}
			_, stderr, code := run(t, ask, "", append(tt.args, "--endpoint-url", s.URL)...)
			if code != tt.want || strings.Contains(stderr, "--ca-bundle or AWS_CA_BUNDLE can name") != (code == cli.Failed) {
				t.Errorf("exit code %d, want %d: %s", code, tt.want, stderr)
			}
		})
	}
}

func writeCert(t *testing.T, file string, cert *x509.Certificate) {
	t.Helper()
	write(t, file, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw})))
}
