package bucket

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"time"
)

// Settings say which bucket of which store an [S3] is, and who asks.
type Settings struct {
	Endpoint     string // http or https, host, perhaps a port and a path; "" is Amazon's for the Region
	Region       string // "" is us-east-1 if there is an Endpoint
	Name         string // of the bucket
	AccessKey    string
	SecretKey    string `json:"-"`
	SessionToken string `json:"-"` // "" is none
	PathStyle    bool   // the bucket is the beginning of the path, not of the host's name

	// Timeout is how long the store may take over one request, with its repetitions; 0 is a minute. Completing a large object may
	// take five times as long. A part of 16 MiB must get through in it.
	Timeout time.Duration
}

// String returns the settings without the credentials. %v and %#v print this too.
func (s Settings) String() string {
	where := s.Endpoint
	if where == "" {
		where = "Amazon S3"
	}
	if s.validateEndpoint() != nil {
		where = "an endpoint that is not valid"
	}
	return fmt.Sprintf("bucket %q at %s, region %q", s.Name, where, s.Region)
}

// GoString implements [fmt.GoStringer].
func (s Settings) GoString() string { return s.String() }

var validName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]$`)

// Validate reports what is wrong with the settings, as far as can be known without asking the store.
func (s Settings) Validate() error {
	switch {
	case !validName.MatchString(s.Name):
		return fmt.Errorf("the name of the bucket %q must be 3 to 255 letters, digits, dots, hyphens and underscores", s.Name)
	case s.Region == "" && s.Endpoint == "":
		return errors.New("without an endpoint there must be a region")
	case s.AccessKey == "" || s.SecretKey == "":
		return errors.New("there must be an access key and its secret")
	case s.Timeout < 0:
		return errors.New("the timeout must not be negative")
	}
	return s.validateEndpoint()
}

// validateEndpoint quotes nothing, because somebody may have put his password there.
func (s Settings) validateEndpoint() error {
	if s.Endpoint == "" {
		return nil
	}
	u, err := url.Parse(s.Endpoint)
	switch {
	case err != nil:
		return errors.New("the endpoint is not a URL")
	case u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		return errors.New("the endpoint must be http://host or https://host")
	case u.User != nil:
		return errors.New("the endpoint must not hold credentials; they have settings of their own")
	case u.RawQuery != "" || u.Fragment != "":
		return errors.New("the endpoint must end with its path")
	}
	return nil
}
