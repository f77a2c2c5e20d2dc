package sns_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"testing"
)

// TestSession runs session.py with boto3 and the AWS CLI.
func TestSession(t *testing.T) {
	if testing.Short() {
		t.Skip("-short")
	}
	const python = "/usr/bin/python3"
	if exec.Command(python, "-c", "import boto3").Run() != nil || exec.Command("/usr/bin/aws", "--version").Run() != nil {
		t.Skip("no boto3 or no AWS CLI here: ./check installs them")
	}
	h := build(t, nil)
	s := h.subscriber()
	subscribed := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case m := <-s.got:
			_ = json.NewEncoder(w).Encode(m)
		case <-r.Context().Done():
		}
	}))
	defer subscribed.Close()
	cmd := exec.CommandContext(t.Context(), python, "testdata/session.py")
	cmd.Env = append(os.Environ(),
		"ENDPOINT="+h.url, "SUBSCRIBER="+s.url, "SUBSCRIBED="+subscribed.URL, "AWS_DEFAULT_REGION="+region, "AWS_EC2_METADATA_DISABLED=true",
		"AWS_CONFIG_FILE=/nonexistent", "AWS_SHARED_CREDENTIALS_FILE=/nonexistent", "PYTHONDONTWRITEBYTECODE=1", "AWS_REGION="+region,
		"AWS_ACCESS_KEY_ID="+h.root.AccessKeyID, "AWS_SECRET_ACCESS_KEY="+h.root.SecretAccessKey)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
