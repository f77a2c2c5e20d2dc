package sqs_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// installed lists the programs of a name on the path: of those that are there
// twice, one may be old and speak the Query protocol, and one new and speak the
// JSON protocol.
func installed(t *testing.T, name string) (programs []string) {
	t.Helper()
	seen := map[string]bool{}
	for _, dir := range filepath.SplitList(os.Getenv("PATH")) {
		path, err := exec.LookPath(filepath.Join(dir, name))
		if err != nil {
			continue
		}
		if real, err := filepath.EvalSymlinks(path); err == nil && !seen[real] {
			seen[real] = true
			programs = append(programs, path)
		}
	}
	if len(programs) == 0 {
		t.Skipf("LEFT OUT: %s is not installed", name)
	}
	return programs
}

// run runs a program of other people's as alice's root.
func (h *house) run(program string, args ...string) (out string, err error) {
	cmd := exec.CommandContext(h.t.Context(), program, args...)
	home := h.t.TempDir()
	for _, e := range os.Environ() {
		if !strings.HasPrefix(e, "AWS_") {
			cmd.Env = append(cmd.Env, e)
		}
	}
	cmd.Env = append(cmd.Env,
		"AWS_ACCESS_KEY_ID="+h.root.key.AccessKeyID, "AWS_SECRET_ACCESS_KEY="+h.root.key.SecretAccessKey,
		"AWS_DEFAULT_REGION="+region, "AWS_EC2_METADATA_DISABLED=true", "AWS_PAGER=", "AWS_MAX_ATTEMPTS=1",
		"AWS_CONFIG_FILE="+filepath.Join(home, "none"), "AWS_SHARED_CREDENTIALS_FILE="+filepath.Join(home, "none"),
		"ENDPOINT="+h.url, "PYTHONDONTWRITEBYTECODE=1",
	)
	text, err := cmd.CombinedOutput()
	return strings.TrimSpace(string(text)), err
}

// TestBoto holds a session with every boto3 that is installed.
func TestBoto(t *testing.T) {
	if testing.Short() {
		t.Skip("LEFT OUT: it takes seconds")
	}
	sessions := 0
	for i, python := range installed(t, "python3") {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			h := build(t)
			if out, err := h.run(python, "-c", "import boto3"); err != nil {
				t.Skipf("LEFT OUT: no boto3: %s", out)
			}
			sessions++
			out, err := h.run(python, "testdata/session.py", fmt.Sprint(i))
			if err != nil || !strings.HasSuffix(out, "done") {
				t.Errorf("%v:\n%s", err, out)
			}
			t.Log(out)
			if h.log.Len() > 0 {
				t.Errorf("log: %s", h.log)
			}
		})
	}
	if sessions == 0 {
		t.Skip("LEFT OUT: boto3 is not installed")
	}
}

// TestAWS holds a session with the AWS CLI; in the long run with every one that
// is installed.
func TestAWS(t *testing.T) {
	if testing.Short() {
		t.Skip("LEFT OUT: it takes seconds")
	}
	programs := installed(t, "aws")
	if os.Getenv("FIRN_LONG") == "" {
		programs = programs[:1]
	}
	for i, program := range programs {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			h := build(t)
			if out, err := h.run(program, "--version"); err != nil {
				t.Skipf("LEFT OUT: it does not start: %s", out)
			}
			url := h.queueURL("cli")
			handle := ""
			for _, step := range []struct {
				args []string
				want string // in the output; "!" before it is a refusal
			}{
				{[]string{"create-queue", "--queue-name", "cli", "--attributes", "DelaySeconds=0", "--tags", "a=b"}, url},
				{[]string{"list-queues", "--query", "QueueUrls[0]"}, url},
				{[]string{"get-queue-url", "--queue-name", "cli"}, url},
				{[]string{"list-queue-tags", "--queue-url", url}, "b"},
				{[]string{"get-queue-url", "--queue-name", "none"}, "!AWS.SimpleQueueService.NonExistentQueue"},
				{[]string{"send-message", "--queue-url", url, "--message-body", "hello", "--message-attributes", `{"n":{"DataType":"Number","StringValue":"1"}}`}, "5d41402abc4b2a76b9719d911017c592"},
				{[]string{"get-queue-attributes", "--queue-url", url, "--attribute-names", "ApproximateNumberOfMessages", "--query", "Attributes"}, "1"},
				{[]string{"receive-message", "--queue-url", url, "--wait-time-seconds", "5", "--query", "Messages[0].ReceiptHandle"}, "HANDLE"},
				{[]string{"change-message-visibility", "--queue-url", url, "--receipt-handle", "HANDLE", "--visibility-timeout", "60"}, ""},
				{[]string{"receive-message", "--queue-url", url}, ""},
				{[]string{"delete-message", "--queue-url", url, "--receipt-handle", "HANDLE"}, ""},
				{[]string{"delete-message-batch", "--queue-url", url, "--entries", "Id=1,ReceiptHandle=HANDLE", "--query", "Successful"}, "1"},
				{[]string{"delete-message", "--queue-url", url, "--receipt-handle", "none"}, "!ReceiptHandleIsInvalid"},
				{[]string{"purge-queue", "--queue-url", url}, ""},
				{[]string{"delete-queue", "--queue-url", url}, ""},
				{[]string{"send-message", "--queue-url", url, "--message-body", "hello"}, "!AWS.SimpleQueueService.NonExistentQueue"},
				{[]string{"list-queues", "--output", "json"}, ""},
			} {
				args := []string{"--endpoint-url", h.url, "--output", "text", "sqs"}
				for _, a := range step.args {
					args = append(args, strings.ReplaceAll(a, "HANDLE", handle))
				}
				out, err := h.run(program, args...)
				if step.want == "HANDLE" {
					handle = out
					continue
				}
				want, refused := strings.CutPrefix(step.want, "!")
				if (err != nil) != refused || !strings.Contains(out, want) || step.want == "" && out != "" && out != "None" {
					t.Errorf("%s: %v\n%s\nwant %s", strings.Join(step.args, " "), err, out, step.want)
				}
			}
			if h.log.Len() > 0 {
				t.Errorf("log: %s", h.log)
			}
		})
	}
}
