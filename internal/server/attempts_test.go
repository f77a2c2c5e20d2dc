package server

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"firn/glacier"
	"firn/internal/client"
	"firn/internal/sigv4"
	"firn/treehash"
)

// A siege is a server with a locked vault, "worm", that keeps its one archive
// for a year, and somebody who wants the archive gone.
type siege struct {
	*house
	archive, lockID string
}

const wormARN = "arn:aws:glacier:us-east-1:111122223333:vaults/worm"

// keepAYear is the guide's own example of a lock.
const keepAYear = `{"Version":"2012-10-17","Statement":[{"Sid":"keep","Effect":"Deny","Principal":"*","Action":"glacier:DeleteArchive",` +
	`"Resource":"` + wormARN + `","Condition":{"NumericLessThan":{"glacier:ArchiveAgeInDays":"365"}}}]}`

func newSiege(t *testing.T, change func(*Config)) *siege {
	t.Helper()
	s := &siege{house: newHouse(t, change)}
	s.must(client.Request{Method: "PUT", Path: "/-/vaults/worm"})
	s.archive = s.upload("worm", "evidence")
	got := s.must(client.Request{Method: "POST", Path: "/-/vaults/worm/lock-policy", Body: client.Bytes(policyDocument(keepAYear))})
	s.lockID = got.header.Get(glacier.HeaderLockID)
	s.must(client.Request{Method: "POST", Path: "/-/vaults/worm/lock-policy/" + s.lockID})
	return s
}

func policyDocument(text string) []byte { return fmt.Appendf(nil, `{"Policy":%q}`, text) }

func (s *siege) upload(vault, text string) string {
	s.t.Helper()
	got := s.must(client.Request{
		Method: "POST", Path: "/-/vaults/" + vault + "/archives", Body: client.Bytes([]byte(text)),
		Header: http.Header{glacier.HeaderTreeHash: {treehash.Sum([]byte(text)).String()}},
	})
	return got.header.Get(glacier.HeaderArchiveID)
}

// delete asks for the archive's end.
func (s *siege) delete() client.Request {
	return client.Request{Method: "DELETE", Path: "/-/vaults/worm/archives/" + s.archive}
}

// holds fails the test if the archive can be deleted, or cannot be retrieved.
func (s *siege) holds() {
	s.t.Helper()
	if got := s.call(s.delete()); got.code != glacier.AccessDenied {
		s.t.Errorf("the archive is deleted: %d %s %s", got.status, got.code, got.message)
	}
	got := s.must(client.Request{Method: "POST", Path: "/-/vaults/worm/jobs", Body: client.Bytes(fmt.Appendf(nil, `{"Type":"archive-retrieval","ArchiveId":%q}`, s.archive))})
	if got.header.Get(glacier.HeaderJobID) == "" {
		s.t.Error("the archive cannot be retrieved")
	}
}

// user makes somebody in an account, and has him sign what is sent from then
// on.
func (s *siege) user(account glacier.AccountID, policies ...string) {
	s.t.Helper()
	ctx, keys := context.Background(), s.srv.Access()
	check := func(err error) {
		if err != nil {
			s.t.Fatal(err)
		}
	}
	_, err := keys.CreateUser(ctx, account, "mallory")
	check(err)
	for _, p := range policies {
		check(keys.AttachPolicy(ctx, account, "mallory", p))
	}
	key, err := keys.CreateKey(ctx, account, "mallory")
	check(err)
	s.as(sigv4.Credentials{AccessKeyID: key.ID, SecretAccessKey: key.Secret})
}

func (s *siege) as(key sigv4.Credentials) {
	s.t.Helper()
	c, err := client.New(client.Config{Endpoint: s.srv.URL(), Region: testRegion, Key: key})
	if err != nil {
		s.t.Fatal(err)
	}
	s.client = c
}

// How I tried to get around the lock, over the API. What can be tried with the
// disk and the clock in hand is in the tests of the store.
func TestAttemptsOnALock(t *testing.T) {
	refused := func(s *siege, q client.Request) {
		s.t.Helper()
		if got := s.call(q); got.status < 400 {
			s.t.Errorf("%s %s: %d", q.Method, q.Path, got.status)
		}
	}
	for _, tt := range []struct {
		name   string
		change func(*Config)
		try    func(*siege)
	}{
		{"as root", nil, func(s *siege) { refused(s, s.delete()) }},
		{"as an administrator", nil, func(s *siege) {
			s.user(testAccount, "AdministratorAccess", "AmazonGlacierFullAccess")
			refused(s, s.delete())
		}},
		{"from another account, invited by the access policy", nil, func(s *siege) {
			s.must(client.Request{Method: "PUT", Path: "/-/vaults/worm/access-policy", Body: client.Bytes(policyDocument(
				`{"Statement":{"Effect":"Allow","Principal":{"AWS":"444455556666"},"Action":"glacier:*","Resource":"` + wormARN + `"}}`))})
			_, _, err := s.srv.Access().CreateAccount(context.Background(), "444455556666", "")
			if err != nil {
				s.t.Fatal(err)
			}
			s.user("444455556666", "AdministratorAccess")
			q := s.delete()
			q.Path = strings.Replace(q.Path, "/-/", "/"+testAccount+"/", 1)
			refused(s, q)
		}},
		{"with an access policy that allows everything", nil, func(s *siege) {
			s.must(client.Request{Method: "PUT", Path: "/-/vaults/worm/access-policy", Body: client.Bytes(policyDocument(
				`{"Statement":{"Effect":"Allow","Principal":"*","Action":"glacier:*","Resource":"*"}}`))})
			refused(s, s.delete())
		}},
		{"by aborting the lock", nil, func(s *siege) { refused(s, client.Request{Method: "DELETE", Path: "/-/vaults/worm/lock-policy"}) }},
		{"by beginning a softer lock", nil, func(s *siege) {
			refused(s, client.Request{Method: "POST", Path: "/-/vaults/worm/lock-policy", Body: client.Bytes(policyDocument(strings.Replace(keepAYear, "365", "0", 1)))})
		}},
		{"by completing another lock", nil, func(s *siege) {
			refused(s, client.Request{Method: "POST", Path: "/-/vaults/worm/lock-policy/AAAAAAAAAAAAAAAAAAAAAAAA"})
		}},
		{"by completing it again, and aborting then", nil, func(s *siege) {
			s.must(client.Request{Method: "POST", Path: "/-/vaults/worm/lock-policy/" + s.lockID})
			refused(s, client.Request{Method: "DELETE", Path: "/-/vaults/worm/lock-policy"})
		}},
		{"by deleting the vault, and making it anew", nil, func(s *siege) {
			refused(s, client.Request{Method: "DELETE", Path: "/-/vaults/worm"})
			s.must(client.Request{Method: "PUT", Path: "/-/vaults/worm"}) // that exists, so nothing happens
		}},
		{"by deleting the account", nil, func(s *siege) {
			if s.srv.Access().DeleteAccount(context.Background(), testAccount) == nil {
				s.t.Error("an account with a vault is deleted")
			}
		}},
		{"through other spellings of the path", nil, func(s *siege) {
			id := s.archive
			for _, path := range []string{
				"/-/vaults/worm/archives/" + id + "/", "/-/vaults//worm/archives/" + id, "//-/vaults/worm/archives/" + id,
				"/-/vaults/./worm/archives/" + id, "/-/vaults/x/../worm/archives/" + id, "/-/vaults/worm%2Farchives%2F" + id,
				"/-/vaults/w%6Frm/archives/" + id, "/-/vaults/WORM/archives/" + id, "/" + testAccount + "/vaults/worm/archives/" + id,
				"/-/vaults/worm/archives/" + id + "?x=y", "/-/vaults/worm/archives/%" + fmt.Sprintf("%02X", id[0]) + id[1:],
				"/-/vaults/worm%00/archives/" + id, "/-/vaults/worm/archives/" + id + "%00",
			} {
				s.call(client.Request{Method: "DELETE", Path: path}) // one is of a vault that cannot exist, which is a success
			}
		}},
		{"through another vault's name", nil, func(s *siege) {
			s.must(client.Request{Method: "PUT", Path: "/-/vaults/free"})
			refused(s, client.Request{Method: "DELETE", Path: "/-/vaults/free/archives/" + s.archive})
			s.must(client.Request{Method: "DELETE", Path: "/-/vaults/free"})
		}},
		{"with a job that is wrapped, and wrapped again", nil, func(s *siege) {
			s.must(client.Request{Method: "PUT", Path: "/-/vaults/sealed"})
			id := s.upload("sealed", "x")
			lock := strings.NewReplacer("vaults/worm", "vaults/sealed", "DeleteArchive", "InitiateJob").Replace(keepAYear)
			got := s.must(client.Request{Method: "POST", Path: "/-/vaults/sealed/lock-policy", Body: client.Bytes(policyDocument(lock))})
			s.must(client.Request{Method: "POST", Path: "/-/vaults/sealed/lock-policy/" + got.header.Get(glacier.HeaderLockID)})
			job := fmt.Sprintf(`{"Type":"archive-retrieval","ArchiveId":%q}`, id)
			for _, wrapping := range []string{`%s`, `{"jobParameters":%s}`, `{"jobParameters":{"jobParameters":%s}}`, `{"jobParameters":{"jobParameters":{"jobParameters":%s}}}`, `{"jobParameters":{"ArchiveId":5,"jobParameters":%s}}`} {
				refused(s, client.Request{Method: "POST", Path: "/-/vaults/sealed/jobs", Body: client.Bytes(fmt.Appendf(nil, wrapping, job))})
			}
		}},
		{"with another method in a header", nil, func(s *siege) {
			refused(s, client.Request{Method: "POST", Path: s.delete().Path, Header: http.Header{"X-Http-Method-Override": {"DELETE"}}})
		}},
		{"with a User-Agent that is too much for the policy", nil, func(s *siege) {
			q := s.delete()
			q.Header = http.Header{"User-Agent": {strings.Repeat("a*", 25_000)}}
			refused(s, q)
		}},
		{"with a signature made before the lock", nil, func(s *siege) {
			s.must(client.Request{Method: "PUT", Path: "/-/vaults/later"})
			id := s.upload("later", "x")
			lock := strings.ReplaceAll(keepAYear, "vaults/worm", "vaults/later")
			r := s.signed("DELETE", "/-/vaults/later/archives/"+id)
			got := s.must(client.Request{Method: "POST", Path: "/-/vaults/later/lock-policy", Body: client.Bytes(policyDocument(lock))})
			s.must(client.Request{Method: "POST", Path: "/-/vaults/later/lock-policy/" + got.header.Get(glacier.HeaderLockID)})
			if status := s.send(r); status != http.StatusForbidden {
				s.t.Errorf("status %d", status)
			}
		}},
		{"by retrieving it, and letting the job end", func(c *Config) { c.Timing.OutputLife = time.Minute }, func(s *siege) {
			s.must(client.Request{Method: "POST", Path: "/-/vaults/worm/jobs", Body: client.Bytes(fmt.Appendf(nil, `{"Type":"archive-retrieval","ArchiveId":%q}`, s.archive))})
			s.srv.sweep(context.Background())
		}},
		{"with a restart", nil, func(s *siege) { s.restart(false) }},
		{"with a restart without the catalog", nil, func(s *siege) { s.restart(true) }},
		{"with a new root key", nil, func(s *siege) {
			s.cfg.RootKey = Key{ID: "AKIANEWROOTNEWROOT00", Secret: "another secret of some length"}
			s.restart(false)
		}},
		{"with another profile", nil, func(s *siege) {
			s.stop()
			timing, err := AWS.Timing()
			if err != nil {
				s.t.Fatal(err)
			}
			s.cfg.Profile, s.cfg.Timing = AWS, timing
			s.start()
		}},
		{"with the operator's word that the clock is right", nil, func(s *siege) {
			s.cfg.ConfirmClock = true
			s.restart(false)
		}},
		{"with the operator's word that losses are accepted", nil, func(s *siege) {
			s.cfg.AcceptLoss = true
			s.restart(false)
		}},
		{"with the operator's word, and without the catalog", nil, func(s *siege) {
			s.cfg.AcceptLoss = true
			s.restart(true)
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newSiege(t, tt.change)
			tt.try(s)
			s.as(sigv4.Credentials{AccessKeyID: s.cfg.RootKey.ID, SecretAccessKey: s.cfg.RootKey.Secret})
			s.holds()
		})
	}
}

// A clock that is set ahead while the server is down makes no archive older
// than a week, however often it is tried. (One that is set while it runs is in
// the tests of the store.)
func TestAttemptWithTheClock(t *testing.T) {
	var ahead time.Duration // changed while the server is down only
	s := newSiege(t, func(c *Config) { c.Now = func() time.Time { return time.Now().Add(ahead) } })
	for range 20 {
		s.stop()
		ahead += 365 * 24 * time.Hour
		s.start()
		s.holds()
	}
	s.stop()
	s.cfg.ConfirmClock = true
	s.start()
	s.holds()
}

// The client's address is what the connection says, unless a proxy that is
// trusted says otherwise: a lock that asks for it cannot be talked into
// anything.
func TestAttemptWithForwardedFor(t *testing.T) {
	const office = "203.0.113.7"
	lock := `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"glacier:DeleteArchive","Resource":"*",` +
		`"Condition":{"NotIpAddress":{"aws:SourceIp":"203.0.113.0/24"}}}]}`
	for _, tt := range []struct {
		name      string
		proxies   []netip.Prefix
		forwarded []string
		deleted   bool
	}{
		{name: "a stranger says so", forwarded: []string{office}},
		{name: "a proxy says so", proxies: loopback(), forwarded: []string{office}, deleted: true},
		{name: "a stranger tells a proxy so", proxies: loopback(), forwarded: []string{office + ", 198.51.100.1"}},
		{name: "a proxy behind a proxy", proxies: loopback(), forwarded: []string{"198.51.100.1", office + ", 127.0.0.9"}, deleted: true},
		{name: "a proxy says nothing", proxies: loopback()},
		{name: "a proxy says nonsense", proxies: loopback(), forwarded: []string{office + ", nonsense"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := &siege{house: newHouse(t, func(c *Config) { c.TrustedProxies = tt.proxies })}
			s.must(client.Request{Method: "PUT", Path: "/-/vaults/worm"})
			s.archive = s.upload("worm", "x")
			s.must(client.Request{Method: "POST", Path: "/-/vaults/worm/lock-policy", Body: client.Bytes(policyDocument(lock))})
			q := s.delete()
			q.Header = http.Header{"X-Forwarded-For": tt.forwarded}
			if deleted := s.call(q).status < 400; deleted != tt.deleted {
				t.Errorf("deleted: %v", deleted)
			}
		})
	}
}

func loopback() []netip.Prefix { return []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")} }

// Half a thousand deletes race with the lock. When the lock has been
// acknowledged, not one more archive goes.
func TestAttemptToRaceALock(t *testing.T) {
	s := &siege{house: newHouse(t, nil)}
	s.must(client.Request{Method: "PUT", Path: "/-/vaults/worm"})
	var ids []string
	for i := range 200 {
		ids = append(ids, s.upload("worm", fmt.Sprint(i)))
	}
	var locked sync.WaitGroup
	var mu sync.Mutex
	var after bool // the lock was acknowledged
	late := 0      // archives deleted by a request sent after that
	locked.Go(func() {
		s.must(client.Request{Method: "POST", Path: "/-/vaults/worm/lock-policy", Body: client.Bytes(policyDocument(keepAYear))})
		mu.Lock()
		after = true
		mu.Unlock()
	})
	var deletes sync.WaitGroup
	for w := range 4 {
		deletes.Go(func() {
			for i := w; i < len(ids); i += 4 {
				mu.Lock()
				was := after
				mu.Unlock()
				got := s.call(client.Request{Method: "DELETE", Path: "/-/vaults/worm/archives/" + ids[i]})
				if was && got.status < 400 {
					mu.Lock()
					late++
					mu.Unlock()
				}
			}
		})
	}
	locked.Wait()
	deletes.Wait()
	if late > 0 {
		t.Errorf("%d archives were deleted after the lock", late)
	}
}

// Every sort of signature that is not good.
func TestAttemptsWithSignatures(t *testing.T) {
	s := newSiege(t, nil)
	path := s.delete().Path
	for _, tt := range []struct {
		name   string
		change func(*http.Request)
	}{
		{"unsigned", func(r *http.Request) { r.Header.Del("Authorization") }},
		{"truncated", func(r *http.Request) {
			a := r.Header.Get("Authorization")
			r.Header.Set("Authorization", a[:len(a)-1])
		}},
		{"truncated to nothing", func(r *http.Request) {
			a := r.Header.Get("Authorization")
			r.Header.Set("Authorization", a[:strings.Index(a, "Signature=")+len("Signature=")])
		}},
		{"replayed on another path", func(r *http.Request) { r.URL.Path += "A" }},
		{"replayed with another method", func(r *http.Request) { r.Method = "GET" }},
		{"replayed with a query", func(r *http.Request) { r.URL.RawQuery = "a=b" }},
		{"replayed when it has expired", func(r *http.Request) { s.sign(r, testRegion, "glacier", time.Now().Add(-6*time.Minute)) }},
		{"from the future", func(r *http.Request) { s.sign(r, testRegion, "glacier", time.Now().Add(6*time.Minute)) }},
		{"for another region", func(r *http.Request) { s.sign(r, "eu-west-1", "glacier", time.Now()) }},
		{"for another service", func(r *http.Request) { s.sign(r, testRegion, "s3", time.Now()) }},
		{"for users and keys", func(r *http.Request) { s.sign(r, testRegion, "iam", time.Now()) }},
		{"with a date altered", func(r *http.Request) {
			r.Header.Set("X-Amz-Date", time.Now().Add(time.Minute).UTC().Format("20060102T150405Z"))
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := s.signed("DELETE", path)
			tt.change(r)
			if status := s.send(r); status < 400 {
				t.Errorf("status %d", status)
			}
		})
	}
	s.holds()
}

// signed is a request that root has signed now, to be sent later.
func (s *siege) signed(method, path string) *http.Request {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), method, s.srv.URL()+path, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set(glacier.HeaderVersion, glacier.Version)
	s.sign(r, testRegion, glacier.Service, time.Now())
	return r
}

func (s *siege) sign(r *http.Request, region, service string, at time.Time) {
	const empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	r.Header.Del("Authorization")
	sigv4.Sign(r, sigv4.Credentials{AccessKeyID: s.cfg.RootKey.ID, SecretAccessKey: s.cfg.RootKey.Secret}, region, service, empty, at)
}

func (s *siege) send(r *http.Request) (status int) {
	s.t.Helper()
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		s.t.Fatal(err)
	}
	resp.Body.Close()
	return resp.StatusCode
}
