package awsapi

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"firn/internal/sigv4"
)

const (
	// clientTimeout is how long a Client waits for a whole reply.
	clientTimeout = time.Minute
	// maxReply bounds a reply: a page of a thousand users.
	maxReply = 4 << 20
)

// A Client sends the requests of one API to a server. It may be used
// concurrently. It sends each once, and follows no redirects.
type Client struct {
	endpoint        string
	key             sigv4.Credentials
	region, service string
	http            *http.Client
}

// NewClient returns a Client of the server at a base URL, such as
// http://127.0.0.1:9420, that signs for a region and a service. It connects to
// nothing yet.
func NewClient(endpoint string, key sigv4.Credentials, region, service string) (*Client, error) {
	u, err := url.Parse(endpoint)
	if err != nil {
		return nil, fmt.Errorf("parse endpoint: %w", err)
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, fmt.Errorf("endpoint %q is not an http or https URL", endpoint)
	}
	if key.AccessKeyID == "" || key.SecretAccessKey == "" {
		return nil, errors.New("there is no access key to sign with")
	}
	return &Client{endpoint: strings.TrimSuffix(endpoint, "/") + "/", key: key, region: region, service: service, http: &http.Client{
		Timeout:       clientTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// Through returns a Client that sends its requests by other means.
func (c *Client) Through(h *http.Client) *Client {
	other := *c
	other.http = h
	return &other
}

// Do sends a form and returns the reply's document, for [Decode]. A refusal is
// an [*Error].
func (c *Client) Do(ctx context.Context, form url.Values) ([]byte, error) {
	body := form.Encode()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.endpoint, strings.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("build request: %w", err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	r.Header.Set("User-Agent", "firn")
	hash := sha256.Sum256([]byte(body))
	sigv4.Sign(r, c.key, c.region, c.service, hex.EncodeToString(hash[:]), time.Now())
	resp, err := c.http.Do(r)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	document, err := io.ReadAll(io.LimitReader(resp.Body, maxReply))
	if err != nil {
		return nil, fmt.Errorf("read the reply: %w", err)
	}
	if resp.StatusCode == http.StatusOK {
		return document, nil
	}
	return nil, readError(resp.StatusCode, document)
}

// readError reads a refusal. What is not in the API's words is not shown: it
// may be anything.
func readError(status int, document []byte) error {
	if e := ReadError(status, document); e != nil {
		return e
	}
	return fmt.Errorf("reply with status %d, and not in the words of the API", status)
}
