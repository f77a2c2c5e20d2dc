package bucket

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/google/go-cmp/cmp"
)

func TestS3(t *testing.T) {
	t.Run("the store of the test", func(t *testing.T) {
		run(t, func(t *testing.T) subject {
			f := newFake(t, nil)
			t.Cleanup(func() {
				if uploads, _ := f.left(); uploads > 0 {
					t.Errorf("%d uploads are left", uploads)
				}
			})
			b := f.open(t, nil)
			return subject{Bucket: b, read: b.read}
		})
	})
	t.Run("a real one", func(t *testing.T) {
		where := strings.Fields(os.Getenv("FIRN_S3_TEST"))
		if len(where) != 4 {
			t.Skip(`FIRN_S3_TEST is not "endpoint accesskey secret bucket", so no real S3 store is tried`)
		}
		b, err := NewS3(Settings{Endpoint: where[0], AccessKey: where[1], SecretKey: where[2], Name: where[3], PathStyle: true})
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now().UTC().Format("20060102T150405.000000")
		run(t, func(t *testing.T) subject {
			return subject{Bucket: b, read: b.read, own: fmt.Sprintf("firn-test/%s/%s/", began, t.Name()[strings.LastIndexByte(t.Name(), '/')+1:])}
		})
		t.Run("refusals", func(t *testing.T) { testRealRefusals(t, where) })
	})
}

// read returns the object of a key.
func (b *S3) read(t *testing.T, key string) ([]byte, bool) {
	t.Helper()
	out, err := b.client.GetObject(context.Background(), &s3.GetObjectInput{Bucket: &b.name, Key: &key})
	if e := answer(err); e != nil && e.Status == http.StatusNotFound {
		return nil, false
	}
	if err != nil {
		t.Fatal(err)
	}
	defer out.Body.Close()
	data, err := io.ReadAll(out.Body)
	if err != nil {
		t.Fatal(err)
	}
	return data, true
}

func testRealRefusals(t *testing.T, where []string) {
	right := Settings{Endpoint: where[0], AccessKey: where[1], SecretKey: where[2], Name: where[3], PathStyle: true}
	for name, change := range map[string]func(*Settings){
		"wrong secret": func(s *Settings) { s.SecretKey += "x" },
		"unknown key":  func(s *Settings) { s.AccessKey += "x" },
		"no bucket":    func(s *Settings) { s.Name += "-not-there" },
	} {
		s := right
		change(&s)
		b, err := NewS3(s)
		if err != nil {
			t.Fatal(err)
		}
		err = PutBytes(context.Background(), b, "x", Options{}, []byte("x"))
		t.Logf("%s: %v", name, err)
		if !errors.Is(err, ErrDenied) || strings.Contains(err.Error(), s.SecretKey) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestOptionsInRequests(t *testing.T) {
	o := Options{
		ContentType: "text/csv", CannedACL: "bucket-owner-full-control", Encryption: "aws:kms", KMSKey: "key-1", KMSContext: `{"a":"?~?>"}`, StorageClass: "STANDARD_IA",
		Grants: []Grant{
			{Permission: "READ", Type: "CanonicalUser", ID: "79a5"},
			{Permission: "READ", Type: "AmazonCustomerByEmail", Email: "a@example.com"},
			{Permission: "FULL_CONTROL", Type: "Group", URI: "http://acs.amazonaws.com/groups/global/AllUsers"},
			{Permission: "READ_ACP", ID: "1"},
			{Permission: "WRITE_ACP", ID: "2"},
		},
		Tags: map[string]string{"b": "1 + 1", "a": "x&y=z", "ü": ""}, Metadata: map[string]string{"Made-By": "firn"},
	}
	want := map[string]string{
		"Content-Type":                                "text/csv",
		"X-Amz-Acl":                                   "bucket-owner-full-control",
		"X-Amz-Grant-Read":                            `id="79a5", emailAddress="a@example.com"`,
		"X-Amz-Grant-Full-Control":                    `uri="http://acs.amazonaws.com/groups/global/AllUsers"`,
		"X-Amz-Grant-Read-Acp":                        `id="1"`,
		"X-Amz-Grant-Write-Acp":                       `id="2"`,
		"X-Amz-Server-Side-Encryption":                "aws:kms",
		"X-Amz-Server-Side-Encryption-Context":        "eyJhIjoiP34/PiJ9", // where another alphabet would have no slash
		"X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id": "key-1",
		"X-Amz-Storage-Class":                         "STANDARD_IA",
		"X-Amz-Tagging":                               "%C3%BC=&a=x%26y%3Dz&b=1%20%2B%201",
		"X-Amz-Meta-Made-By":                          "firn",
	}
	f := newFake(t, nil)
	for request, size := range map[string]int{"put": 5, "begin": PartSize + 1} {
		for name, o := range map[string]Options{"all": o, "none": {}} {
			if err := PutBytes(context.Background(), f.open(t, nil), "x", o, noise(size)); err != nil {
				t.Fatal(err)
			}
			for header, value := range want {
				got := f.head(request).Get(header)
				if name == "none" && header != "Content-Type" {
					value = ""
				}
				if got != value && (name == "all" || header != "Content-Type") {
					t.Errorf("%s with %s options: %s is %q, not %q", request, name, header, got, value)
				}
			}
			for header := range f.head(request) {
				if strings.Contains(header, "Checksum") || strings.Contains(header, "Trailer") {
					t.Errorf("%s has the header %s", request, header)
				}
			}
		}
	}
}

func TestOptionsThatMakeNoRequest(t *testing.T) {
	for name, o := range map[string]Options{
		"line break in metadata":      {Metadata: map[string]string{"a": "b\r\nX-Amz-Acl: public-read"}},
		"line break in a name":        {Metadata: map[string]string{"a\n": "b"}},
		"nameless metadata":           {Metadata: map[string]string{"": "b"}},
		"metadata with a name twice":  {Metadata: map[string]string{"a": "1", "A": "2"}},
		"line break in the type":      {ContentType: "text/csv\n"},
		"line break in the ACL":       {CannedACL: "private\n"},
		"line break in the key":       {KMSKey: "k\x00"},
		"line break in the class":     {StorageClass: "a\nb"},
		"unknown permission":          {Grants: []Grant{{Permission: "WRITE", ID: "1"}}},
		"grant to nobody":             {Grants: []Grant{{Permission: "READ"}}},
		"grant that says two":         {Grants: []Grant{{Permission: "READ", ID: `1", id="2`}}},
		"line break in the grantee":   {Grants: []Grant{{Permission: "READ", URI: "http://x\n"}}},
		"line break in the algorithm": {Encryption: "AES256\n"},
	} {
		_, err := newFake(t, nil).open(t, nil).Create(context.Background(), "x", o)
		if _, ok := errors.AsType[Refusal](err); !ok || !errors.Is(err, ErrDenied) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAnswers(t *testing.T) {
	for _, c := range []struct {
		name          string
		status        int
		code, message string
		is            error // nil: temporary
		tries         int
		says          string
	}{
		{"no permission", 403, "AccessDenied", "Access Denied", ErrDenied, 1, "403 AccessDenied: Access Denied"},
		{"no bucket", 404, "NoSuchBucket", "The specified bucket does not exist", ErrDenied, 1, "404 NoSuchBucket"},
		{"bad argument", 400, "InvalidArgument", "no such class", ErrDenied, 1, "InvalidArgument: no such class"},
		{"another region", 301, "PermanentRedirect", "elsewhere", ErrDenied, 1, "301 PermanentRedirect"},
		{"not known to the store", 501, "NotImplemented", "what is a grant?", ErrDenied, 1, "NotImplemented"},
		{"expired", 400, "ExpiredToken", "too late", ErrCredentials, 0, "ExpiredToken"},
		{"nobody's key", 403, "InvalidAccessKeyId", "who?", ErrCredentials, 1, "InvalidAccessKeyId"},
		{"another secret", 403, "SignatureDoesNotMatch", "hm", ErrCredentials, 1, "SignatureDoesNotMatch"},
		{"clock that is wrong", 403, "RequestTimeTooSkewed", "late", nil, 0, "RequestTimeTooSkewed"},
		{"the body was slow", 400, "RequestTimeout", "hurry", nil, attempts, "RequestTimeout"},
		{"the body was damaged", 400, "BadDigest", "hm", nil, 0, "BadDigest"},
		{"busy", 503, "SlowDown", "slower", nil, attempts, "503 SlowDown"},
		{"broken", 500, "InternalError", "oops", nil, attempts, "500 InternalError: oops"},
		{"moving", 307, "TemporaryRedirect", "for now", nil, 0, "307 TemporaryRedirect"},
		{"full", 507, "XMinioStorageFull", "no room", ErrFull, 0, "507 XMinioStorageFull"},
		{"over its quota", 403, "QuotaExceeded", "no room", ErrFull, 0, "QuotaExceeded"},
		{"many words", 400, "Bad", strings.Repeat("ü", 500), ErrDenied, 1, strings.Repeat("ü", 150) + "…"},
		{"a code that is the status", 400, "400", "bad key", ErrDenied, 1, "answers 400: bad key"},
		{"words of two lines", 400, "Bad", "one\ntwo", ErrDenied, 1, "one two"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFake(t, func(w http.ResponseWriter, r *http.Request, _ string, _ int) bool {
				io.Copy(io.Discard, r.Body)
				refuse(w, c.status, c.code, c.message)
				return true
			})
			err := PutBytes(context.Background(), f.open(t, nil), "x", Options{}, []byte("x"))
			denied := c.is == ErrDenied || c.is == ErrCredentials
			if errors.Is(err, ErrDenied) != denied || errors.Is(err, ErrCredentials) != (c.is == ErrCredentials) || errors.Is(err, ErrFull) != (c.is == ErrFull) || err == nil {
				t.Errorf("is of the wrong kind: %v", err)
			}
			if !strings.Contains(err.Error(), c.says) {
				t.Errorf("says %v, not %s", err, c.says)
			}
			if n := f.count("put"); c.tries > 0 && n != c.tries {
				t.Errorf("%d tries, not %d", n, c.tries)
			}
		})
	}
}

// TestElsewhere: what is signed for one store is not sent to another because the first says so.
func TestElsewhere(t *testing.T) {
	other := newFake(t, nil)
	for _, status := range []int{http.StatusMovedPermanently, http.StatusFound, http.StatusTemporaryRedirect, http.StatusPermanentRedirect} {
		f := newFake(t, func(w http.ResponseWriter, r *http.Request, _ string, _ int) bool {
			w.Header().Set("Location", other.URL+r.URL.Path)
			refuse(w, status, "Elsewhere", "over there")
			return true
		})
		if err := PutBytes(context.Background(), f.open(t, nil), "x", Options{}, []byte("x")); err == nil || other.count("put")+other.count("get") > 0 {
			t.Errorf("%d: %v, and %d requests elsewhere", status, err, other.count("put")+other.count("get"))
		}
	}
}

// hangUp ends the connection of a request.
func hangUp(http.ResponseWriter) { panic(http.ErrAbortHandler) }

func TestPassingFaults(t *testing.T) {
	broken := func(w http.ResponseWriter) { refuse(w, 500, "InternalError", "oops") }
	large := noise(2*PartSize + 1)
	if testing.Short() {
		large = large[:PartSize+1]
	}
	for _, request := range []string{"put", "begin", "part", "complete", "delete"} {
		for name, answer := range map[string]func(http.ResponseWriter){"500": broken, "connection reset": hangUp} {
			t.Run(name+" on "+request, func(t *testing.T) {
				f := newFake(t, func(w http.ResponseWriter, _ *http.Request, got string, n int) bool {
					if got != request || n >= attempts {
						return false
					}
					answer(w)
					return true
				})
				b := f.open(t, nil)
				s := subject{Bucket: b, read: b.read}
				s.put(t, "small", []byte("x"))
				s.put(t, "large", large)
				s.want(t, "small", []byte("x"))
				s.want(t, "large", large)
				if err := b.Remove(context.Background(), "small"); err != nil {
					t.Error(err)
				}
				s.want(t, "small", nil)
			})
		}
	}
}

// A part that fails for good: the upload is aborted by Close. The store answers without looking at the part, and is heard all the same.
func TestFailedPartsAreAborted(t *testing.T) {
	for _, request := range []string{"part", "complete"} {
		t.Run(request, func(t *testing.T) {
			f := newFake(t, func(w http.ResponseWriter, _ *http.Request, got string, _ int) bool {
				if got == request {
					refuse(w, 500, "InternalError", "oops")
				}
				return got == request
			})
			b := f.open(t, nil)
			err := PutBytes(context.Background(), b, "x", Options{}, noise(PartSize+1))
			if e, ok := errors.AsType[*Error](err); !ok || e.Code != "InternalError" || errors.Is(err, ErrDenied) {
				t.Errorf("says %v", err)
			}
			if uploads, objects := f.left(); f.count("abort") != 1 || uploads != 0 || objects != 0 {
				t.Errorf("%d aborts; %d uploads and %d objects are left", f.count("abort"), uploads, objects)
			}
		})
	}
}

func TestHangingStore(t *testing.T) {
	release := make(chan struct{})
	asked := make(chan struct{}, 10)
	f := newFake(t, func(_ http.ResponseWriter, r *http.Request, _ string, _ int) bool {
		io.Copy(io.Discard, r.Body)
		asked <- struct{}{}
		<-release
		return true
	})
	defer close(release)
	t.Run("the timeout", func(t *testing.T) {
		b := f.open(t, func(s *Settings) { s.Timeout = 20 * time.Millisecond })
		err := PutBytes(context.Background(), b, "x", Options{}, []byte("x"))
		if err == nil || errors.Is(err, ErrDenied) || !strings.Contains(err.Error(), "no answer within 20ms") {
			t.Errorf("says %v", err)
		}
	})
	t.Run("the caller", func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		go func() { <-asked; cancel() }()
		if err := PutBytes(ctx, f.open(t, nil), "x", Options{}, []byte("x")); !errors.Is(err, context.Canceled) {
			t.Errorf("says %v", err)
		}
	})
}

func TestDeadEndpoint(t *testing.T) {
	f := newFake(t, nil)
	b := f.open(t, nil)
	f.Close()
	err := PutBytes(context.Background(), b, "x", Options{}, []byte("x"))
	if err == nil || errors.Is(err, ErrDenied) {
		t.Errorf("says %v", err)
	}
}

func TestRemoveWhereAbsenceIsAnError(t *testing.T) {
	f := newFake(t, func(w http.ResponseWriter, _ *http.Request, _ string, n int) bool {
		refuse(w, 404, []string{"NoSuchKey", "NoSuchBucket"}[n-1], "nothing")
		return true
	})
	b := f.open(t, nil)
	if err := b.Remove(context.Background(), "x"); err != nil {
		t.Error(err)
	}
	if err := b.Remove(context.Background(), "x"); !errors.Is(err, ErrDenied) {
		t.Errorf("says %v", err)
	}
}

// A small object has a small buffer, and a large one never more than a part.
func TestMemory(t *testing.T) {
	o, err := newFake(t, nil).open(t, nil).Create(context.Background(), "x", Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer o.Close()
	u := o.(*upload)
	for _, c := range []struct{ write, most int }{{2000, firstBuffer}, {100_000, 128 << 10}, {PartSize - 102_000, PartSize}, {PartSize, PartSize}, {PartSize, PartSize}} {
		if _, err := u.Write(make([]byte, c.write)); err != nil {
			t.Fatal(err)
		}
		if cap(u.buf) > c.most {
			t.Errorf("after %d bytes more, the buffer has %d", c.write, cap(u.buf))
		}
	}
}

// The bucket does not grow parts beyond what S3 takes.
func TestTooManyParts(t *testing.T) {
	f := newFake(t, nil)
	o, err := f.open(t, nil).Create(context.Background(), "x", Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer o.Close()
	if _, err := o.Write(noise(PartSize + 1)); err != nil {
		t.Fatal(err)
	}
	u := o.(*upload)
	for len(u.parts) < maxParts {
		u.parts = append(u.parts, u.parts[0])
	}
	if err := o.Commit(); !errors.Is(err, ErrDenied) || f.count("part") != 1 {
		t.Errorf("%d parts sent, and %v", f.count("part"), err)
	}
}

func TestSettings(t *testing.T) {
	good := Settings{Endpoint: "https://s3.example.com:9000/base", Name: "results", AccessKey: "AK", SecretKey: "SECRETKEY", SessionToken: "TOKEN"}
	for _, c := range []struct {
		name   string
		change func(*Settings)
		says   string // "" is valid
	}{
		{"an endpoint", func(*Settings) {}, ""},
		{"Amazon", func(s *Settings) { s.Endpoint, s.Region = "", "eu-west-1" }, ""},
		{"Amazon, but where", func(s *Settings) { s.Endpoint = "" }, "region"},
		{"no bucket", func(s *Settings) { s.Name = "" }, "name of the bucket"},
		{"path in the bucket", func(s *Settings) { s.Name = "a/../b" }, "name of the bucket"},
		{"no key", func(s *Settings) { s.AccessKey = "" }, "access key"},
		{"no secret", func(s *Settings) { s.SecretKey = "" }, "access key"},
		{"endpoint without a scheme", func(s *Settings) { s.Endpoint = "s3.example.com" }, "http://host"},
		{"another scheme", func(s *Settings) { s.Endpoint = "file:///etc" }, "http://host"},
		{"credentials in the endpoint", func(s *Settings) { s.Endpoint = "https://AK:SECRETKEY@host" }, "must not hold credentials"},
		{"credentials in an endpoint that is no URL", func(s *Settings) { s.Endpoint = "https://AK:SECRETKEY@host:x y" }, "not a URL"},
		{"query", func(s *Settings) { s.Endpoint += "?a=SECRETKEY" }, "end with its path"},
		{"timeout", func(s *Settings) { s.Timeout = -1 }, "negative"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := good
			c.change(&s)
			b, err := NewS3(s)
			if c.says == "" && err != nil || c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)) {
				t.Errorf("says %v", err)
			}
			var all bytes.Buffer
			fmt.Fprintf(&all, "%v %s %v %+v %#v %v %+v", err, s, &s, s, s, b, b)
			for _, secret := range []string{"SECRETKEY", "TOKEN"} {
				if strings.Contains(all.String(), secret) {
					t.Errorf("%s in %s", secret, all.String())
				}
			}
		})
	}
	if diff := cmp.Diff(`bucket "results" at https://s3.example.com:9000/base, region ""`, good.String()); diff != "" {
		t.Error(diff)
	}
}

// What the store refuses is told without what it was asked with.
func TestErrorsHoldNoCredentials(t *testing.T) {
	for name, answer := range map[string]func(http.ResponseWriter){
		"refused": func(w http.ResponseWriter) { refuse(w, 403, "SignatureDoesNotMatch", "no") },
		"no XML":  func(w http.ResponseWriter) { http.Error(w, "<html>", http.StatusBadGateway) },
		"reset":   hangUp,
	} {
		f := newFake(t, func(w http.ResponseWriter, _ *http.Request, _ string, _ int) bool { answer(w); return true })
		err := PutBytes(context.Background(), f.open(t, nil), "x", Options{}, []byte("x"))
		if text := fmt.Sprintf("%v %+v", err, err); err == nil || strings.Contains(text, "hush") || strings.Contains(text, "psst") {
			t.Errorf("%s: %s", name, text)
		}
	}
}
