// Package client sends signed requests to a vault API and reads its refusals.
//
// It builds a request from a method, a path and a body, signs it, sends it
// once, and hands the reply over as it comes; a refusal becomes a *[Error]
// that wraps a [*glacier.Error]. Bodies stream: their hashes are the caller's
// to know beforehand.
//
// It does not retry, has no notion of the single operations, and does not
// look at the bytes of a reply.
package client

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"firn/glacier"
	"firn/internal/sigv4"
	"firn/treehash"
)

// A Config is what a Client is made of.
type Config struct {
	Endpoint string // base URL, such as http://127.0.0.1:9420; required
	Key      sigv4.Credentials
	Region   string // that requests are signed for; required

	// Keys, if set, is asked for the key before each request, in place of Key:
	// for keys that are temporary and are renewed. It may be called concurrently.
	Keys func(context.Context) (sigv4.Credentials, error)
	// TLS says whose certificates HTTP's default trusts; nil trusts the system's.
	TLS *tls.Config
	// HTTP sends the requests; default is a client of its own, which follows
	// no redirects and has no timeout.
	HTTP *http.Client
	// Now is the clock that dates signatures; default time.Now.
	Now func() time.Time
}

// A Client sends requests. It may be used concurrently.
type Client struct {
	endpoint string // without a slash at the end
	cfg      Config
}

// New returns a Client. It connects to nothing yet.
func New(cfg Config) (*Client, error) {
	u, err := url.Parse(cfg.Endpoint)
	if err != nil {
		return nil, fmt.Errorf("parse endpoint: %w", err)
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, fmt.Errorf("endpoint %q is not an http or https URL", cfg.Endpoint)
	}
	if cfg.Region == "" {
		return nil, errors.New("no region to sign for")
	}
	if cfg.HTTP == nil {
		transport := http.DefaultTransport.(*http.Transport).Clone()
		transport.DisableCompression = true // ranges and lengths are those of the bytes
		transport.MaxIdleConnsPerHost = 64
		transport.TLSClientConfig = cfg.TLS
		cfg.HTTP = &http.Client{
			Transport:     transport,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		}
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Client{endpoint: strings.TrimSuffix(cfg.Endpoint, "/"), cfg: cfg}, nil
}

// A Request is what is asked.
type Request struct {
	Method string
	// Path is escaped and begins with a slash; it may have a query. It is sent
	// as it stands, dots included.
	Path string
	// Header is sent beside what every request has; nil if nothing is.
	Header http.Header
	Body   Body
}

// A Body is the body of a request. The zero Body is empty.
type Body struct {
	data   []byte    // read anew each time
	reader io.Reader // if there is no data
	size   int64
	hash   treehash.Hash // linear
	known  bool          // hash is set; else the body is empty
}

// Bytes is a body that is at hand. It can be sent more than once, and must not
// be changed meanwhile.
func Bytes(b []byte) Body {
	return Body{data: b, size: int64(len(b)), hash: sha256.Sum256(b), known: true}
}

// Stream is a body of size bytes, the SHA-256 of which is linear. It can be
// sent once. A reader that is an io.Closer is closed.
func Stream(r io.Reader, size int64, linear treehash.Hash) Body {
	return Body{reader: r, size: size, hash: linear, known: true}
}

// Do sends a request. A reply below 400 is returned as it is, and its body is
// the caller's to close; any other is a *[Error].
func (c *Client) Do(ctx context.Context, q Request) (*http.Response, error) {
	r, err := c.build(ctx, q)
	if err != nil {
		return nil, err
	}
	resp, err := c.cfg.HTTP.Do(r)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode < 400 {
		return resp, nil
	}
	defer resp.Body.Close()
	return nil, readError(resp)
}

// build makes the signed request.
func (c *Client) build(ctx context.Context, q Request) (*http.Request, error) {
	if !strings.HasPrefix(q.Path, "/") {
		return nil, fmt.Errorf("path %q does not begin with a slash", q.Path)
	}
	reader := q.Body.reader
	if q.Body.data != nil {
		reader = bytes.NewReader(q.Body.data)
	}
	r, err := http.NewRequestWithContext(ctx, q.Method, c.endpoint+q.Path, reader)
	if err != nil {
		return nil, fmt.Errorf("build request: %w", err)
	}
	for name, values := range q.Header {
		r.Header[http.CanonicalHeaderKey(name)] = values
	}
	r.Header.Set(glacier.HeaderVersion, glacier.Version)
	hash := q.Body.hash
	if q.Body.known {
		r.ContentLength = q.Body.size
		r.Header.Set(glacier.HeaderContentSHA256, hash.String())
		if q.Body.size == 0 {
			r.Body = http.NoBody // else the length would count as unknown
		}
	} else {
		hash = sha256.Sum256(nil)
	}
	key := c.cfg.Key
	if c.cfg.Keys != nil {
		if key, err = c.cfg.Keys(ctx); err != nil {
			return nil, fmt.Errorf("get key to sign with: %w", err)
		}
	}
	sigv4.Sign(r, key, c.cfg.Region, glacier.Service, hex.EncodeToString(hash[:]), c.cfg.Now())
	return r, nil
}

// Endpoint is the base URL that requests go to.
func (c *Client) Endpoint() string { return c.endpoint }
