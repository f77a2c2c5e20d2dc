package forward

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"firn/internal/topic"
)

// signer is the user in whose name a password is a secret to sign with, and is not sent.
const signer = "hmac"

func parseWebhook(endpoint string) (*target, error) {
	g := grammar{schemes: map[string]string{"http": "80", "https": "443"}, hosts: 1}
	return g.parse(endpoint)
}

// sendWebhook posts the body. It does not read the answer beyond its status.
//
// With a secret, Firn-Signature is "sha256=" and the hexadecimal HMAC-SHA256 of Firn-Timestamp, which is in seconds since 1970, a full
// stop, and the body.
func (f *Forwarder) sendWebhook(ctx context.Context, t *target, m *topic.Outgoing) error {
	content := body(m)
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, t.url.String(), bytes.NewReader(content))
	if err != nil {
		return permanent(errors.New("the endpoint is not a valid URL"))
	}
	r.Header.Set("User-Agent", userAgent)
	r.Header.Set("Content-Type", contentType(m))
	for _, h := range origin(m) {
		r.Header.Set(h.name, h.value)
	}
	timestamp := strconv.FormatInt(f.cfg.Now().Unix(), 10)
	r.Header.Set("Firn-Timestamp", timestamp)
	switch {
	case t.user == signer && t.password != "":
		r.Header.Set("Firn-Signature", "sha256="+webhookSignature(t.password, timestamp, content))
	case t.user != "" || t.password != "":
		r.SetBasicAuth(t.user, t.password)
	}
	answer, err := f.http.Do(r)
	if err != nil {
		return withoutURL(err)
	}
	_ = answer.Body.Close() // how it goes on is of no interest
	return judge(answer.StatusCode)
}

func webhookSignature(secret, timestamp string, content []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(timestamp + "."))
	mac.Write(content)
	return hex.EncodeToString(mac.Sum(nil))
}

// judge tells which statuses are worth another try.
func judge(status int) error {
	err := fmt.Errorf("the endpoint answered with status %d", status)
	switch {
	case status >= 200 && status < 300:
		return nil
	case status >= 500, status == http.StatusTooManyRequests, status == http.StatusRequestTimeout:
		return err
	}
	return permanent(err)
}

// withoutURL takes away what the client puts before the reason, which repeats the URL.
func withoutURL(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}
