package access_test

import (
	"fmt"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"firn/internal/access"
	"firn/internal/disk"
	"firn/internal/sigv4"
	"firn/internal/store/local"
	"firn/internal/vault"
)

// The whole of an access check of a user whose own policy, the vault's access
// policy and its lock have 20 KB each: looking up what guards the vault, the
// archive whose age is asked for, and the verdict. DeleteArchive is asked, so
// the archive is looked up, too.
func BenchmarkAuthorize(b *testing.B) {
	for _, tt := range []struct {
		name string
		size int
	}{{"none", 0}, {"20KB", 20_000}} {
		b.Run(tt.name, func(b *testing.B) {
			s, q := crowded(b, tt.size)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := s.Authorize(b.Context(), q); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// crowded makes a vault whose policies have about size bytes each.
func crowded(b *testing.B, size int) (*access.Service, access.Request) {
	b.Helper()
	must := func(err error) {
		if err != nil {
			b.Fatal(err)
		}
	}
	st, err := local.Open(local.Config{FS: disk.NewMem(64 << 20), Catalog: filepath.Join(b.TempDir(), "catalog.db")})
	must(err)
	b.Cleanup(func() { must(st.Close()) })
	s, err := access.New(access.Config{Store: st, Region: region, IDs: st.IDKey()})
	must(err)
	ctx := b.Context()
	_, _, err = s.CreateAccount(ctx, alice, "")
	must(err)
	vaults := vault.New(vault.Config{Store: st, Region: region, IDs: st.IDKey()})
	must(vaults.CreateVault(ctx, alice, photos))
	q := ask(access.RootOf(alice), "DeleteArchive")
	q.Client = access.Client{Addr: netip.MustParseAddr("203.0.113.9"), UserAgent: "Boto3/1.26.27 Python/3.11.2 Linux/6.1.0"}
	if size == 0 {
		return s, q
	}
	access1, lock := filler("Allow", `"Principal":{"AWS":"arn:aws:iam::111122223333:user/ann"},`, size), filler("Deny", `"Principal":"*",`, size)
	must(vaults.SetVaultAccessPolicy(ctx, alice, photos, &access1))
	_, err = vaults.InitiateVaultLock(ctx, alice, photos, &lock)
	must(err)
	_, err = s.CreateUser(ctx, alice, "ann")
	must(err)
	must(s.PutPolicy(ctx, alice, "ann", "own", filler("Allow", "", size)))
	key, err := s.CreateKey(ctx, alice, "ann")
	must(err)
	r := httptest.NewRequest("GET", "http://localhost:9420/-/vaults/photos", nil)
	sigv4.Sign(r, sigv4.Credentials{AccessKeyID: key.ID, SecretAccessKey: key.Secret}, region, "glacier", hash(""), time.Now())
	q.Caller, err = s.Authenticate(r, "glacier", noBody)
	must(err)
	return s, q
}

// filler is a policy of many statements, the last of which fits.
func filler(effect, principal string, size int) string {
	var b strings.Builder
	b.WriteString(`{"Version":"2012-10-17","Statement":[`)
	for i := 0; b.Len() < size-900; i++ {
		fmt.Fprintf(&b, `{"Sid":"s%d","Effect":%q,%s"Action":["glacier:Delete*","glacier:UploadArchive"],"Resource":"arn:aws:glacier:us-east-1:111122223333:vaults/*",`+
			`"Condition":{"IpAddress":{"aws:SourceIp":["10.%d.0.0/16","192.168.%d.0/24"]},"StringLike":{"aws:UserAgent":"*curl*%d*"},`+
			`"NumericLessThan":{"glacier:ArchiveAgeInDays":"%d"}}},`, i, effect, principal, i%256, i%256, i, i)
	}
	action := "DeleteArchive"
	if effect == "Deny" {
		action = "DeleteVault"
	}
	fmt.Fprintf(&b, `{"Effect":%q,%s"Action":"glacier:%s","Resource":"arn:aws:glacier:us-east-1:111122223333:vaults/*"}]}`, effect, principal, action)
	return b.String()
}
