package cli

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/url"
	"os"
	"reflect"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/ec2rolecreds"
	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"
	"github.com/spf13/pflag"

	"firn/glacier"
	"firn/internal/client"
	"firn/internal/sigv4"
)

// Defaults of a connection that nothing says anything about.
const (
	DefaultEndpoint = "http://127.0.0.1:9420"
	DefaultRegion   = "us-east-1"
)

// amazon is what stands for Amazon's own endpoint where a URL could.
const amazon = "aws"

// ConnectionHelp says how a verb finds whom to ask, and what with.
const ConnectionHelp = `Firn's client finds the server, the region and the key as the AWS CLI does. The
first of each list that says something counts.

Server:
  --endpoint-url URL
  AWS_ENDPOINT_URL_GLACIER, then AWS_ENDPOINT_URL
  endpoint_url of glacier in the services section of the profile
  endpoint_url of the profile
  ` + DefaultEndpoint + `, where firn dev and firn serve listen

The word aws in place of a URL means Amazon's own service in the region, in whichever
of its partitions that is: https://glacier.REGION.amazonaws.com, or the endpoint for
FIPS or for IPv6, if AWS_USE_FIPS_ENDPOINT or AWS_USE_DUALSTACK_ENDPOINT is true, or
use_fips_endpoint or use_dualstack_endpoint of the profile. So this asks Amazon:

  firn vault list --endpoint-url aws --region eu-west-1

AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true leaves out all but --endpoint-url. As with
the AWS CLI, a URL in AWS_ENDPOINT_URL or in a profile's endpoint_url is that of every
service, and so of the one that roles are assumed with; AWS_ENDPOINT_URL_GLACIER
and the services section are about vaults alone.

Region:
  --region NAME
  AWS_REGION, then AWS_DEFAULT_REGION
  region of the profile
  the one in the name of Amazon's endpoint; ` + DefaultRegion + ` for any other server

Key:
  --profile NAME: what that profile says
  AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, and AWS_SESSION_TOKEN
  AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN
  the profile in AWS_PROFILE, or default: keys, role_arn with source_profile or
  credential_source, SSO, credential_process
  the container's or, if Amazon is asked, the instance's role

Profiles are in ~/.aws/config and ~/.aws/credentials, or in the files that
AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE name. Keys that end are renewed
while a verb runs. Certificates are checked against --ca-bundle, AWS_CA_BUNDLE,
ca_bundle of the profile, or else those of the system. AWS_MAX_ATTEMPTS is how
often a request is sent that fails for the moment (default 10).`

// A connection is what the command line says about whom to ask.
type connection struct {
	endpoint, profile, region, account, caBundle string
	noVerify                                     bool
}

// flags registers them.
func (c *connection) flags(fs *pflag.FlagSet) {
	fs.StringVar(&c.endpoint, "endpoint-url", "", "server to ask; the word aws is Amazon's own")
	fs.StringVar(&c.profile, "profile", "", "profile of the AWS configuration files")
	fs.StringVar(&c.region, "region", "", "region, as it stands in signatures and ARNs")
	fs.StringVar(&c.account, "account-id", string(glacier.CallersAccount), "account whose vaults are meant; - is the key's")
	fs.StringVar(&c.caBundle, "ca-bundle", "", "file with the certificates to trust, in PEM")
	fs.BoolVar(&c.noVerify, "no-verify-ssl", false, "trust any certificate: for tests only")
}

// connectionFlags are their names, in the order in which help has them.
const connectionFlags = "endpoint-url profile region account-id ca-bundle no-verify-ssl"

// A place is whom to ask, and about which account.
type place struct {
	client           *client.Client
	endpoint, region string
	account          glacier.AccountID
	attempts         int // 0: the default
}

// resolve finds the place. Its errors are the command line's or the
// configuration's.
func (c *connection) resolve(ctx context.Context) (*place, error) {
	account := glacier.AccountID(c.account)
	if account != glacier.CallersAccount && !account.Valid() {
		return nil, fmt.Errorf("--account-id %q is neither twelve digits nor -", c.account)
	}
	cfg, err := c.load(ctx, false)
	if err != nil {
		return nil, err
	}
	endpoint, err := c.endpointURL(ctx, &cfg)
	if err != nil {
		return nil, err
	}
	region, elsewhere, err := regionOf(endpoint, cfg.Region)
	if err != nil {
		return nil, err
	}
	if endpoint == amazon {
		if endpoint, region, err = amazonEndpoint(ctx, &cfg, region); err != nil {
			return nil, err
		}
	}
	if !elsewhere { // the roles of Amazon's instances are good for Amazon
		if cfg, err = c.load(ctx, true); err != nil {
			return nil, err
		}
	}
	keys, err := keysOf(ctx, cfg.Credentials)
	if err != nil {
		return nil, err
	}
	p := &place{endpoint: endpoint, region: region, account: account, attempts: cfg.RetryMaxAttempts}
	p.client, err = client.New(client.Config{Endpoint: endpoint, Region: region, Keys: keys, TLS: c.tls(&cfg)})
	return p, err
}

// load reads environment and files. instance says whether the instance that
// this may run on is asked for its role.
func (c *connection) load(ctx context.Context, instance bool) (aws.Config, error) {
	state := imds.ClientDisabled
	if instance {
		state = imds.ClientDefaultEnableState
	}
	options := []func(*config.LoadOptions) error{config.WithEC2IMDSClientEnableState(state), config.WithServiceOptions(ownEndpoint)}
	if c.profile != "" {
		options = append(options, config.WithSharedConfigProfile(c.profile))
	}
	if c.region != "" {
		options = append(options, config.WithRegion(c.region))
	}
	if c.caBundle != "" {
		f, err := os.Open(c.caBundle)
		if err != nil {
			return aws.Config{}, fmt.Errorf("--ca-bundle: %w", err)
		}
		defer f.Close()
		options = append(options, config.WithCustomCABundle(f))
	}
	cfg, err := config.LoadDefaultConfig(ctx, options...)
	if missing, ok := errors.AsType[config.SharedConfigProfileNotExistError](err); ok {
		return cfg, fmt.Errorf("the AWS configuration files have no profile %q", missing.Profile)
	}
	if err != nil {
		return cfg, fmt.Errorf("read the AWS configuration: %w", err)
	}
	return cfg, nil
}

// ownEndpoint gives services that keys come from, such as STS, their own
// endpoints where the word for Amazon's was said for all.
func ownEndpoint(_ string, options any) {
	endpoint := reflect.ValueOf(options).Elem().FieldByName("BaseEndpoint")
	if !endpoint.IsValid() {
		return
	}
	if said, ok := endpoint.Interface().(*string); ok && aws.ToString(said) == amazon {
		endpoint.SetZero()
	}
}

// The sources of a configuration know the endpoints of single services.
type (
	serviceEndpoint interface {
		GetServiceBaseEndpoint(ctx context.Context, sdkID string) (string, bool, error)
	}
	ignoresEndpoints interface {
		GetIgnoreConfiguredEndpoints(context.Context) (bool, bool, error)
	}
)

// endpointURL is the endpoint that is configured, or the default. The variable
// for all services comes before the profile's endpoint of this one.
func (c *connection) endpointURL(ctx context.Context, cfg *aws.Config) (string, error) {
	if c.endpoint != "" {
		return c.endpoint, nil
	}
	for _, source := range cfg.ConfigSources {
		if s, ok := source.(ignoresEndpoints); ok {
			ignore, said, err := s.GetIgnoreConfiguredEndpoints(ctx)
			if err != nil || ignore {
				return DefaultEndpoint, err
			}
			if said {
				break
			}
		}
	}
	for _, source := range cfg.ConfigSources {
		if s, ok := source.(serviceEndpoint); ok {
			if u, said, err := s.GetServiceBaseEndpoint(ctx, "Glacier"); err != nil || said {
				return u, err
			}
		}
		if env, ok := source.(config.EnvConfig); ok && env.BaseEndpoint != "" {
			return env.BaseEndpoint, nil
		}
	}
	return cmp.Or(aws.ToString(cfg.BaseEndpoint), DefaultEndpoint), nil
}

// regionOf is the region to sign for, and whether the endpoint is somebody
// else's than Amazon's.
func regionOf(endpoint, region string) (_ string, elsewhere bool, err error) {
	if endpoint == amazon {
		if region == "" {
			return "", false, errors.New("no region: Amazon's endpoint is one for each region: give --region, or set AWS_REGION")
		}
		return region, false, nil
	}
	u, err := url.Parse(endpoint)
	if err != nil {
		return "", false, fmt.Errorf("endpoint %q is not a URL", endpoint)
	}
	named := amazonRegion(u)
	if named != "" && region != "" && region != named {
		return "", false, fmt.Errorf("the endpoint %s is in region %s, and the region is set to %s", endpoint, named, region)
	}
	return cmp.Or(named, region, DefaultRegion), !IsAmazon(endpoint), nil
}

// keysOf returns what gets the key to sign with, having tried it once.
func keysOf(ctx context.Context, provider aws.CredentialsProvider) (func(context.Context) (sigv4.Credentials, error), error) {
	keys := func(ctx context.Context) (sigv4.Credentials, error) {
		key, err := provider.Retrieve(ctx)
		return sigv4.Credentials{AccessKeyID: key.AccessKeyID, SecretAccessKey: key.SecretAccessKey, SessionToken: key.SessionToken}, err
	}
	if _, err := keys(ctx); err != nil {
		if aws.IsCredentialsProvider(provider, (*ec2rolecreds.Provider)(nil)) {
			return nil, errors.New("there is no key to sign with: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a --profile that has one")
		}
		return nil, fmt.Errorf("get the key to sign with: %w", err)
	}
	return keys, nil
}

// tls says whose certificates are trusted; nil trusts the system's.
func (c *connection) tls(cfg *aws.Config) *tls.Config {
	if c.noVerify {
		return &tls.Config{InsecureSkipVerify: true}
	}
	if built, ok := cfg.HTTPClient.(*awshttp.BuildableClient); ok {
		if t := built.GetTransport().TLSClientConfig; t != nil && t.RootCAs != nil {
			return &tls.Config{RootCAs: t.RootCAs}
		}
	}
	return nil
}
