package sqs_test

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// foreign runs a program of other people's as alice's root.
func (h *house) foreign(program string, args ...string) (out string, err error) {
	h.t.Helper()
	cmd := exec.CommandContext(h.t.Context(), program, args...)
	home := h.t.TempDir()
	cmd.Env = []string{
		"PATH=/usr/local/bin:/usr/bin:/bin", "HOME=" + home,
		"AWS_ACCESS_KEY_ID=" + h.root.key.AccessKeyID, "AWS_SECRET_ACCESS_KEY=" + h.root.key.SecretAccessKey,
		"AWS_DEFAULT_REGION=" + region, "AWS_EC2_METADATA_DISABLED=true", "AWS_PAGER=",
		"AWS_CONFIG_FILE=" + filepath.Join(home, "none"), "AWS_SHARED_CREDENTIALS_FILE=" + filepath.Join(home, "none"),
		"ENDPOINT=" + h.url, "PYTHONDONTWRITEBYTECODE=1",
	}
	var text, errors strings.Builder
	cmd.Stdout, cmd.Stderr = &text, &errors
	err = cmd.Run()
	if err != nil {
		h.t.Log(errors.String())
	}
	return strings.TrimSpace(text.String()), err
}

// everywhere lists the places where a program is installed: different ones
// speak different protocols.
func everywhere(program string) (list []string) {
	for _, dir := range []string{"/usr/bin", "/usr/local/bin", "/root/.pyenv/shims"} {
		if path, err := exec.LookPath(filepath.Join(dir, program)); err == nil {
			list = append(list, path)
		}
	}
	return list
}

func TestTmp(t *testing.T) {
	h := build(t)
	for _, args := range []string{"create-queue --queue-name work", "list-queues", "get-queue-url --queue-name work", "get-queue-url --queue-name none",
		"send-message --queue-url " + h.queueURL("work") + ` --message-body hello --message-attributes {"a":{"DataType":"String","StringValue":"x"},"b":{"DataType":"Binary","BinaryValue":"aGVsbG8="}}`,
		"receive-message --attribute-names All --message-attribute-names All --queue-url " + h.queueURL("work"),
		"get-queue-attributes --attribute-names All --queue-url " + h.queueURL("work"),
	} {
		for _, aws := range []string{"/usr/bin/aws", "/root/.pyenv/versions/3.11.7/bin/aws"} {
			out, err := h.foreign(aws, append([]string{"--endpoint-url", h.url, "sqs"}, strings.Fields(args)...)...)
			t.Log(aws, args, out, err)
		}
	}
	t.Log(h.log.String())
}
