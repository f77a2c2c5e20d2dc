package topic

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	userAgent = "Amazon Simple Notification Service Agent"

	dialTimeout = 10 * time.Second
	// maxResponse is how much of a response is read and thrown away, and
	// drainTime how long that may take: it serves only to use the connection
	// again.
	maxResponse       = 64 << 10
	drainTime         = time.Second
	maxResponseHeader = 64 << 10
	maxIdleConns      = 256
	idleConnTimeout   = 90 * time.Second
)

// newClient returns the client that messages are posted with. It knows of no
// proxies, follows no redirects, and unless it may reaches no private address.
func newClient(allowPrivate bool) *http.Client {
	dialer := &net.Dialer{Timeout: dialTimeout, KeepAlive: 30 * time.Second}
	if !allowPrivate {
		dialer.Control = refusePrivate
	}
	return &http.Client{
		Transport: &http.Transport{
			DialContext:            dialer.DialContext,
			ForceAttemptHTTP2:      true,
			DisableCompression:     true,
			TLSHandshakeTimeout:    dialTimeout,
			MaxResponseHeaderBytes: maxResponseHeader,
			MaxIdleConns:           maxIdleConns,
			MaxIdleConnsPerHost:    2,
			IdleConnTimeout:        idleConnTimeout,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// An httpSender posts messages to HTTP endpoints as SNS does.
//
// https://docs.aws.amazon.com/sns/latest/dg/http-header.html
type httpSender struct {
	scheme       string
	client       *http.Client
	allowPrivate bool
}

// Check implements [Sender].
func (h *httpSender) Check(endpoint string) error {
	u, err := url.Parse(endpoint)
	switch {
	case err != nil:
		return errors.New("not a URL")
	case !strings.EqualFold(u.Scheme, h.scheme):
		return flaw("Endpoint must match the specified protocol") // SNS's words
	case u.Hostname() == "", u.Opaque != "":
		return errors.New("no host")
	case !h.allowPrivate && privateHost(u.Hostname()):
		return errPrivate
	}
	return nil
}

// Send implements [Sender]. Only 2xx is success. As with SNS, 5xx and 429 may
// pass and all other answers are for good; failures of the network may pass.
func (h *httpSender) Send(ctx context.Context, endpoint string, m *Outgoing) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	body := string(m.Envelope)
	if m.Raw {
		body = m.Message
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint, strings.NewReader(body))
	if err != nil {
		return &PermanentError{errors.New("the endpoint is not a URL")}
	}
	setHeader(req.Header, m)
	res, err := h.client.Do(req)
	if err != nil {
		return unwrapURL(ctx, err)
	}
	defer res.Body.Close()
	// What comes now cannot change the outcome, so it must not take long.
	timer := time.AfterFunc(drainTime, cancel)
	defer timer.Stop()
	_, _ = io.CopyN(io.Discard, res.Body, maxResponse)
	return judge(res.StatusCode)
}

func setHeader(h http.Header, m *Outgoing) {
	h.Set("User-Agent", userAgent)
	h.Set("Content-Type", m.ContentType)
	h.Set("x-amz-sns-message-type", m.Type)
	h.Set("x-amz-sns-message-id", m.MessageID)
	h.Set("x-amz-sns-topic-arn", string(m.Topic))
	if m.Type == TypeNotification {
		h.Set("x-amz-sns-subscription-arn", string(m.Subscription))
	}
	if m.Raw {
		h.Set("x-amz-sns-rawdelivery", "true")
	}
}

// judge returns what a status means.
func judge(status int) error {
	switch {
	case 200 <= status && status <= 299:
		return nil
	case status >= 500, status == http.StatusTooManyRequests:
		return fmt.Errorf("the endpoint answered %d", status)
	default:
		return &PermanentError{fmt.Errorf("the endpoint answered %d", status)}
	}
}

// unwrapURL takes the URL out of an error of the client: it may hold a secret.
func unwrapURL(ctx context.Context, err error) error {
	var of *url.Error
	if errors.As(err, &of) {
		err = of.Err
	}
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return fmt.Errorf("no answer within %v", sendTimeout)
	}
	return err
}
