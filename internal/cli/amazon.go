package cli

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/glacier"
)

// The sources of a configuration know which of Amazon's endpoints is wanted.
type (
	saysFIPS interface {
		GetUseFIPSEndpoint(context.Context) (aws.FIPSEndpointState, bool, error)
	}
	saysDualStack interface {
		GetUseDualStackEndpoint(context.Context) (aws.DualStackEndpointState, bool, error)
	}
)

// amazonEndpoint is Amazon's own endpoint in a region, and the region: that which the
// SDKs choose.
func amazonEndpoint(ctx context.Context, cfg *aws.Config, region string) (endpoint, real string, err error) {
	p := sdk.EndpointParameters{UseFIPS: aws.Bool(false), UseDualStack: aws.Bool(false)}
	if err := variants(ctx, cfg, &p); err != nil {
		return "", "", err
	}
	// Names from the time when there was no other way to say it.
	real = strings.TrimSuffix(strings.TrimPrefix(region, "fips-"), "-fips")
	if real != region {
		p.UseFIPS = aws.Bool(true)
	}
	p.Region = &real
	found, err := sdk.NewDefaultEndpointResolverV2().ResolveEndpoint(ctx, p)
	switch {
	case err != nil:
		return "", "", fmt.Errorf("no such endpoint of Amazon in the region %s: %w", region, err)
	case amazonRegion(&found.URI) != real:
		return "", "", fmt.Errorf("%q is no region", region)
	}
	return found.URI.String(), real, nil
}

// variants says what the environment and the profile say, whichever comes first.
func variants(ctx context.Context, cfg *aws.Config, p *sdk.EndpointParameters) error {
	var errs []error
	fips, stack := false, false
	for _, source := range cfg.ConfigSources {
		if s, ok := source.(saysFIPS); ok && !fips {
			state, said, err := s.GetUseFIPSEndpoint(ctx)
			errs, fips = append(errs, err), said
			*p.UseFIPS = state == aws.FIPSEndpointStateEnabled
		}
		if s, ok := source.(saysDualStack); ok && !stack {
			state, said, err := s.GetUseDualStackEndpoint(ctx)
			errs, stack = append(errs, err), said
			*p.UseDualStack = state == aws.DualStackEndpointStateEnabled
		}
	}
	return errors.Join(errs...)
}

// amazonDomains are what the names of Amazon's endpoints end with, in all its
// partitions.
const amazonDomains = "amazonaws.com api.aws amazonaws.com.cn api.amazonwebservices.com.cn amazonaws.eu api.amazonwebservices.eu " +
	"c2s.ic.gov api.aws.ic.gov sc2s.sgov.gov api.aws.scloud csp.hci.ic.gov api.aws.hci.ic.gov cloud.adc-e.uk api.cloud-aws.adc-e.uk"

// IsAmazon reports whether an endpoint is one of Amazon's.
func IsAmazon(endpoint string) bool {
	u, err := url.Parse(endpoint)
	if err != nil {
		return false
	}
	_, is := amazonHost(u)
	return is
}

// amazonHost is what stands before the domain in the name of an endpoint of
// Amazon's.
func amazonHost(u *url.URL) (name string, is bool) {
	host := strings.ToLower(strings.TrimSuffix(u.Hostname(), "."))
	for domain := range strings.FieldsSeq(amazonDomains) {
		if name, is = strings.CutSuffix(host, "."+domain); is {
			return name, true
		}
	}
	return "", false
}

var amazonName = regexp.MustCompile(`^glacier(?:-fips)?\.([a-z0-9-]+)$`)

// amazonRegion is the region in the name of an endpoint of Amazon's, empty if there is
// none, as in that of a VPC's endpoint.
func amazonRegion(u *url.URL) string {
	name, _ := amazonHost(u)
	if m := amazonName.FindStringSubmatch(name); m != nil {
		return m[1]
	}
	return ""
}
