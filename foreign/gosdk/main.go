// Command gosdk is a session with aws-sdk-go-v2: one walk through the service with an unmodified client. It takes ENDPOINT,
// AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION and FIRN_TAR (a file of 130 MiB or more to archive) from the environment,
// prints a line for each thing that holds, and exits 1 at the first difference.
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/glacier"
)

const (
	mib       = 1 << 20
	vault     = "gosdk.session"
	other     = "gosdk.other"
	kept      = "gosdk.kept"
	missing   = "gosdk.none"
	timeLimit = 2 * time.Minute
)

// session is what the steps share. A step runs alone and in the order of main's list.
type session struct {
	glacier *glacier.Client
	region  string
	account string // as the first Location tells it
	tar     []byte
	book    []entry // what the inventory of vault must say, in order
}

// entry is one archive as the inventory must show it.
type entry struct {
	ArchiveID, ArchiveDescription string
	Size                          int64
	SHA256TreeHash                string
	data                          []byte
}

func main() {
	if err := run(); err != nil {
		fmt.Println("DIFFERENT", err)
		os.Exit(1)
	}
}

func run() error {
	ctx, cancel := context.WithTimeout(context.Background(), timeLimit)
	defer cancel()
	tar, err := os.ReadFile(os.Getenv("FIRN_TAR"))
	if err != nil {
		return err
	}
	s := &session{glacier: connect(os.Getenv("AWS_ACCESS_KEY_ID"), os.Getenv("AWS_SECRET_ACCESS_KEY")), region: os.Getenv("AWS_REGION"), tar: tar}
	steps := []struct {
		what string
		do   func(context.Context) error
	}{
		{"create a vault, twice, describe it, waiter VaultExists", s.createVault},
		{"list vaults by pages of 10, 1 and 3", s.listVaults},
		{"vaults named ., .., ... and -", s.oddNames},
		{"add, list and remove tags", s.tags},
		{"upload a tar whole, 1 byte, and every kind of description", s.upload},
		{"uploads refused: wrong tree hash, no bytes, missing vault", s.uploadRefused},
		{"7 parts of 1 MiB out of order, one replaced; list parts by pages; complete wrongly, rightly, twice", s.smallParts},
		{"parts of 8 MiB, six at a time", s.bigParts},
		{"list multipart uploads by pages, abort one twice", s.uploads},
		{"retrieve the tar whole and in ranges, checksums on exactly the aligned ones", s.retrieve},
		{"ranged retrievals, aligned and not", s.retrieveRanges},
		{"list jobs by pages and filters", s.jobs},
		{"inventories in JSON and CSV", s.inventories},
		{"ranged inventories with Limit and Marker", s.rangedInventories},
		{"ask an archive a question", s.query},
		{"errors: missing vault, another vault's archive, full vault, account, secret, key", s.refusals},
		{"delete archives, twice one; their finished output stays; delete vaults, waiter VaultNotExists", s.remove},
		{"leave a vault with an archive and an open upload", s.leave},
	}
	for _, step := range steps {
		if err := step.do(ctx); err != nil {
			return fmt.Errorf("%s: %w", step.what, err)
		}
		fmt.Println("ok", step.what)
	}
	return nil
}

// connect makes a client for ENDPOINT, in everything else as it comes.
func connect(accessKey, secretKey string) *glacier.Client {
	return glacier.New(glacier.Options{
		BaseEndpoint: aws.String(os.Getenv("ENDPOINT")),
		Region:       os.Getenv("AWS_REGION"),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: accessKey, SecretAccessKey: secretKey}, nil
		}),
	})
}

func (s *session) arn(name string) string {
	return fmt.Sprintf("arn:aws:glacier:%s:%s:vaults/%s", s.region, s.account, name)
}
