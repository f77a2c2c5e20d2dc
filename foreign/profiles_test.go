package foreign

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

// A listener tells whom a request was sent to, with which key and for which
// region.
type listener struct {
	mu    sync.Mutex
	heard string
}

var credential = regexp.MustCompile(`Credential=([^/]*)/\d+/([^/]*)/`)

// listen listens under a name, and returns its URL.
func (l *listener) listen(t *testing.T, name string) string {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		m := credential.FindStringSubmatch(r.Header.Get("Authorization"))
		if m == nil {
			m = []string{"", "nobody", "nowhere"}
		}
		l.mu.Lock()
		l.heard = fmt.Sprintf("%s, by %s, for %s", name, m[1], m[2])
		l.mu.Unlock()
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, `{"Marker":null,"VaultList":[]}`)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// ask runs a program and returns what was heard of it, or that it failed.
func (l *listener) ask(env []string, program string, args ...string) string {
	l.mu.Lock()
	l.heard = ""
	l.mu.Unlock()
	cmd := exec.Command(program, args...)
	cmd.Env = env
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	err := cmd.Run()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.heard == "" && err != nil {
		return "nobody"
	}
	return l.heard
}

// TestProfiles: whatever is configured, firn's client asks whom the AWS CLI
// asks, with the same key and for the same region. AWS_REGION is left out, which
// the first version of the CLI does not know.
func TestProfiles(t *testing.T) {
	if testing.Short() {
		t.Skip("-short")
	}
	dir := t.TempDir()
	firn := filepath.Join(dir, "firn")
	if out, err := exec.Command("go", "build", "-o", firn, "firn/cmd/firn").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	var l listener
	all, service, variable, serviceVariable, flag := l.listen(t, "all"), l.listen(t, "service"), l.listen(t, "variable"), l.listen(t, "service variable"), l.listen(t, "flag")
	config := filepath.Join(dir, "config")
	if err := os.WriteFile(config, []byte(strings.NewReplacer("ALL", all, "SERVICE", service).Replace(`
[profile plain]
endpoint_url = ALL
region = eu-west-1
aws_access_key_id = AKIAPLAIN
aws_secret_access_key = s
[profile services]
endpoint_url = ALL
services = mine
region = eu-west-2
aws_access_key_id = AKIAMINE
aws_secret_access_key = s
[services mine]
glacier =
  endpoint_url = SERVICE
`)), 0o600); err != nil {
		t.Fatal(err)
	}
	set := []string{
		"HOME=" + dir, "PATH=" + os.Getenv("PATH"), "AWS_CONFIG_FILE=" + config,
		"AWS_SHARED_CREDENTIALS_FILE=" + filepath.Join(dir, "none"), "AWS_EC2_METADATA_DISABLED=true",
	}
	if l.ask(set, "aws", "glacier", "list-vaults", "--account-id", "-", "--profile", "plain") == "nobody" {
		t.Skip("the AWS CLI here, or none, does not know endpoint_url")
	}
	key := "AWS_ACCESS_KEY_ID=AKIAENVIRONMENT AWS_SECRET_ACCESS_KEY=s "
	for _, tt := range []struct{ env, args string }{
		{"", "--profile services"},
		{"AWS_DEFAULT_PROFILE=services", ""},
		{key, "--profile plain"},
		{key + "AWS_PROFILE=plain", ""},
		{key + "AWS_ENDPOINT_URL=" + variable + " AWS_DEFAULT_REGION=r-1", ""},
		{"AWS_ENDPOINT_URL=" + variable, "--profile services"},
		{"AWS_ENDPOINT_URL=" + variable + " AWS_ENDPOINT_URL_GLACIER=" + serviceVariable, "--profile plain"},
		{"AWS_ENDPOINT_URL_GLACIER=" + serviceVariable, "--profile plain --region r-2 --endpoint-url " + flag},
		{"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true", "--profile services --endpoint-url " + flag},
	} {
		env := append(slices.Clip(set), strings.Fields(tt.env)...)
		ours := l.ask(env, firn, append([]string{"vault", "list"}, strings.Fields(tt.args)...)...)
		theirs := l.ask(env, "aws", append([]string{"glacier", "list-vaults", "--account-id", "-"}, strings.Fields(tt.args)...)...)
		if ours != theirs {
			t.Errorf("%s %s: firn asks %s, the AWS CLI %s", tt.env, tt.args, ours, theirs)
		}
		t.Logf("%s %s: %s", tt.env, tt.args, ours)
	}
}

// TestAmazon: the word for Amazon's endpoint means the one that the AWS CLI asks. Nobody
// is asked: a proxy hears whom it would be, and refuses.
func TestAmazon(t *testing.T) {
	if testing.Short() {
		t.Skip("-short")
	}
	if _, err := exec.LookPath("aws"); err != nil {
		t.Skip("there is no AWS CLI")
	}
	dir := t.TempDir()
	firn := filepath.Join(dir, "firn")
	if out, err := exec.Command("go", "build", "-o", firn, "firn/cmd/firn").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	var l listener
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		l.mu.Lock()
		l.heard = r.Method + " " + r.Host
		l.mu.Unlock()
		http.Error(w, "nobody is asked", http.StatusForbidden)
	}))
	t.Cleanup(proxy.Close)
	config := filepath.Join(dir, "config")
	const key = "aws_access_key_id = A\naws_secret_access_key = s\n"
	if err := os.WriteFile(config, []byte("[profile fips]\nuse_fips_endpoint = true\n"+key+"[profile six]\nuse_dualstack_endpoint = true\n"+key), 0o600); err != nil {
		t.Fatal(err)
	}
	set := []string{
		"HOME=" + dir, "PATH=" + os.Getenv("PATH"), "AWS_CONFIG_FILE=" + config, "AWS_SHARED_CREDENTIALS_FILE=" + filepath.Join(dir, "none"),
		"AWS_EC2_METADATA_DISABLED=true", "AWS_ACCESS_KEY_ID=A", "AWS_SECRET_ACCESS_KEY=s", "AWS_MAX_ATTEMPTS=1", "HTTPS_PROXY=" + proxy.URL,
	}
	for _, tt := range []struct{ env, args string }{
		{"", "--region us-east-1"},
		{"", "--region eu-central-2 --profile fips"},
		{"", "--region eu-central-2 --profile six"},
		{"AWS_USE_FIPS_ENDPOINT=false", "--region us-east-1 --profile fips"},
		{"AWS_USE_FIPS_ENDPOINT=true AWS_USE_DUALSTACK_ENDPOINT=true", "--region ca-central-1"},
		{"AWS_USE_DUALSTACK_ENDPOINT=true", "--region cn-northwest-1"},
		{"AWS_USE_FIPS_ENDPOINT=true", "--region us-gov-east-1"},
		{"", "--region us-iso-east-1"},
		{"", "--region fips-us-west-1"},
	} {
		env := append(slices.Clip(set), strings.Fields(tt.env)...)
		ours := l.ask(env, firn, append([]string{"vault", "list", "--endpoint-url", "aws"}, strings.Fields(tt.args)...)...)
		theirs := l.ask(env, "aws", append([]string{"glacier", "list-vaults", "--account-id", "-"}, strings.Fields(tt.args)...)...)
		if ours != theirs || !strings.HasPrefix(ours, "CONNECT ") {
			t.Errorf("%s %s: firn asks %s, the AWS CLI %s", tt.env, tt.args, ours, theirs)
		}
		t.Logf("%s %s: %s", tt.env, tt.args, ours)
	}
}
